//! A task that makes one copy of a template of jets: their kinematics first, then their constituents.

use std::ops::Range;

use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::regions::Region;
use drapes_analysis::job::template_spec::{TemplateMethod, TemplateSpec};
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::MakeJets;
use drapes_analysis::store::record::TaskResult;
use ndarray::{Array2, ArrayView1};
use rand::seq::IndexedRandom;
use rand_distr::Distribution;
use rand_pcg::Pcg64;

use super::jet_models::{self, KinematicModel};
use super::template::{Part, shape, stream};
use super::unfinished_jet_template::UnfinishedJetTemplate;
use super::{Perform, Trial, Workplace, jet_summary};
use crate::arrays::{ArrayReader, ArrayWriter, Column};
use crate::error::Error;
use crate::models::diffusion::{Condition, Sampler};
use crate::models::jet_model::JetSampler;
use crate::progress_sink::ProgressSink;
use crate::sample::jets::{self, EventJets, Jets, KINEMATIC_FEATURES, Outline};
use crate::training::Checkpointer;

/// Events whose jets are stored together.
const PORTION: usize = 1 << 16;
/// How much of the work is spent on kinematics, as progress counts it.
const OF_KINEMATICS: f64 = 0.02;

impl Perform for MakeJets {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let template = self.template;
        let starts = starts(place, &template)?;
        let stream = stream(place, &template).branch("copy").branch(self.copy);
        let masses = masses(place, self, &starts, &stream)?;
        let grid = NoiseGrid::of(&place.job.sampler, &template);
        let noise = match template.method {
            TemplateMethod::Noise => "starting noise",
            _ => "added noise",
        };
        let mut unfinished_template = UnfinishedJetTemplate::new(2 * masses.len(), &stream.branch(noise));
        checkpointer.resume(&mut unfinished_template);
        let kinematics = self.kinematics.as_ref().map(|model| {
            let model = jet_models::read_kinematics(place, model)?;
            // Made again where the work goes on: they are a small part of it.
            let part = Part {
                whole: checkpointer,
                begin: checkpointer.kept(),
                len: (OF_KINEMATICS - checkpointer.kept()).max(0.0),
            };
            let kinematics = Kinematics { template, model, grid: &grid, starts: &starts, masses: &masses };
            kinematics.outlines(place, &stream.branch("kinematics"), &part)
        });
        let kinematics = kinematics.transpose()?;
        let from = match (template.method, &kinematics) {
            (TemplateMethod::Noise, _) => None,
            (_, None) => Some(place.sample()?.jets().select(&starts)),
            (_, Some(outlines)) => {
                let generator = &mut stream.branch("constituents of larger jets").generator();
                Some(fitted(&place.sample()?.jets().select(&starts), outlines, generator))
            }
        };
        let denoiser = jet_models::read_jets(place, &self.jets)?;
        let solver = place.job.sampler.with(template.integration).solver;
        let momentum = place.job.momentum_llv;
        let sampler = JetSampler { denoiser: &denoiser, grid: &grid, solver, momentum, device: place.device };
        solve(&sampler, &mut unfinished_template, from.as_ref(), kinematics.as_deref(), checkpointer)?;
        let made = unfinished_template.jets();
        let writer = ArrayWriter::create(&place.store.arrays(id))?;
        writer.list("masses_gev", ArrayView1::from(&masses))?;
        writer.describe("masses_gev", &[Column::new(&place.job.data.resonant, &place.job.unit.0)])?;
        for (part, first) in (0..made.events()).step_by(PORTION).enumerate() {
            let events: Vec<u32> = (first as u32..made.events().min(first + PORTION) as u32).collect();
            jets::write(&writer, part, &made.select(&events))?;
        }
        writer.finish()?;
        let summary = jet_summary::summarise(place, template, self.copy, &grid, made)?;
        Ok(TaskResult::Jets(Box::new(summary)))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

/// Makes all jets, from where they were stopped: of these, or of these outlines.
fn solve(
    sampler: &JetSampler<'_>,
    unfinished_template: &mut UnfinishedJetTemplate,
    from: Option<&Jets>,
    outlines: Option<&[Outline]>,
    checkpointer: &Checkpointer<'_>,
) -> Result<(), Error> {
    let (ready, portion) = (sampler.denoiser.ready(), sampler.portion());
    let begin = |rows: Range<usize>, noise: &mut Pcg64| match (from, outlines) {
        (Some(jets), _) => sampler.batch_from_jets(jets, rows, noise),
        (None, Some(outlines)) => sampler.batch_from_noise(&outlines[rows], noise),
        (None, None) => unreachable!("jets from noise have a model of their kinematics"),
    };
    while !unfinished_template.is_complete() {
        let batch = unfinished_template.batch(portion, begin);
        if batch.is_solved() {
            let jets = sampler.finished(batch)?;
            unfinished_template.add(&jets);
            continue;
        }
        let share = |unfinished_template: &UnfinishedJetTemplate| {
            OF_KINEMATICS + (1.0 - OF_KINEMATICS) * unfinished_template.share(portion)
        };
        checkpointer.save_or_stop(unfinished_template, share(unfinished_template))?;
        if let Err(error) =
            sampler.solve_group(&ready, unfinished_template.batch(portion, begin), checkpointer)
        {
            let share = share(unfinished_template);
            return Err(if matches!(error, Error::Stopped) {
                checkpointer.stopped(unfinished_template, share)
            } else {
                error
            });
        }
    }
    checkpointer.progress(1.0);
    Ok(())
}

/// Which events the method starts from; of those of ∅ only the number counts.
pub fn starts(place: &Workplace, template: &TemplateSpec) -> Result<Vec<u32>, Error> {
    let region = match template.method {
        TemplateMethod::SideBand => Region::SideBand,
        _ => Region::Signal,
    };
    let regions = place.job.regions_of(&template.sample);
    let all = place.sample()?;
    Ok(all.with_jets(all.chosen(template.sample.injection, &regions, region)?))
}

/// The dijet masses of the events to be made (GeV).
fn masses(place: &Workplace, request: &MakeJets, starts: &[u32], stream: &Stream) -> Result<Vec<f64>, Error> {
    let Some(fit) = &request.fit else {
        let sample = place.sample()?;
        return Ok(starts.iter().map(|event| sample.mass(*event)).collect());
    };
    let mut generator = stream.branch("target masses").generator();
    let window = shape(place, fit)?.within(place.job.regions_of(&request.template.sample).signal);
    Ok(window.sample_iter(&mut generator).take(starts.len()).collect())
}

/// What the jets of a copy are made from as wholes, before their constituents.
struct Kinematics<'a> {
    template: TemplateSpec,
    model: KinematicModel,
    grid: &'a NoiseGrid,
    /// The events that the method starts from.
    starts: &'a [u32],
    /// Dijet masses of the events to be made (GeV).
    masses: &'a [f64],
}

impl Kinematics<'_> {
    /// The jets to be made, as wholes: from noise, or from those of the starting events.
    fn outlines(
        &self,
        place: &Workplace,
        stream: &Stream,
        sink: &dyn ProgressSink,
    ) -> Result<Vec<Outline>, Error> {
        let Self { template, model, grid, starts, masses } = self;
        let solver = place.job.sampler.with(template.integration).solver;
        let sampler = Sampler {
            denoiser: &model.denoiser,
            grid,
            solver,
            condition: Condition::Own,
            device: place.device,
        };
        let noise = &mut stream.branch("noise").generator();
        let features: Array2<f32> = if template.method == TemplateMethod::Noise {
            sampler.from_noise(masses, noise, sink)?
        } else {
            let events = EventJets::only(place.sample()?.jets(), starts);
            let rows = model.map.rows(events, &mut stream.branch("spread").generator());
            // The last column is their own mass.
            let features = rows.slice(ndarray::s![.., ..KINEMATIC_FEATURES]);
            // The features are smooth by now: nothing is left to spread.
            let unused = &mut stream.branch("atoms").generator();
            sampler.from_events(features, masses, (noise, unused), sink)?
        };
        model.map.jets(features.view(), masses, &mut stream.branch("azimuths").generator())
    }
}

/// Jets that partial diffusion starts from where kinematics have been diffused already: those kinematics and numbers of
/// constituents. Of a jet that has lost some, the hardest stay; one that has gained some begins them as copies of others,
/// which the noise tells apart. (Our decision; the paper keeps the kinematics.)
fn fitted(jets: &Jets, outlines: &[Outline], generator: &mut Pcg64) -> Jets {
    let total = outlines.iter().map(|outline| outline.count).sum();
    let mut fitted = Jets::with_capacity(outlines.len(), total);
    for (jet, outline) in outlines.iter().enumerate() {
        let own = jets.constituents(jet);
        let mut constituents = own[..own.len().min(outline.count)].to_vec();
        let missing = outline.count - constituents.len();
        constituents.extend((0..missing).filter_map(|_| own.choose(generator).copied()));
        constituents.sort_by(|one, next| next[0].total_cmp(&one[0]));
        fitted.push(outline.kinematics, constituents);
    }
    fitted
}

/// The first events of finished copies.
pub fn read(place: &Workplace, ids: &[TaskId], events: usize) -> Result<Jets, Error> {
    let mut jets = Jets::default();
    for id in ids {
        let copy = jets::read(&ArrayReader::of(&place.store, id)?)?;
        if jets.events() + copy.events() > events {
            let some: Vec<u32> = (0..(events - jets.events()) as u32).collect();
            jets.append(&copy.select(&some));
            break;
        }
        jets.append(&copy);
    }
    Ok(jets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::jet_model::toy;

    #[test]
    fn fitted_jets_keep_their_hardest_constituents_and_copy_others() {
        let jets = toy::jets(20, 3);
        let grown = |change: isize| -> Vec<Outline> {
            let changed = |jet: usize| Outline {
                count: jets.count(jet).saturating_add_signed(change).max(2),
                ..jets.outline(jet)
            };
            (0..jets.len()).map(changed).collect()
        };
        let generator = &mut Stream::of_job(1).generator();
        let smaller = fitted(&jets, &grown(-3), generator);
        let larger = fitted(&jets, &grown(4), generator);
        for jet in 0..jets.len() {
            let own = jets.constituents(jet);
            let count = own.len().saturating_sub(3).max(2);
            assert_eq!(smaller.constituents(jet), &own[..count]);
            assert_eq!(larger.count(jet), own.len() + 4);
            assert!(larger.constituents(jet).iter().all(|constituent| own.contains(constituent)));
            assert!(larger.constituents(jet).is_sorted_by(|one, next| one[0] >= next[0]));
        }
        assert_eq!(fitted(&jets, &grown(0), generator), jets);
    }
}
