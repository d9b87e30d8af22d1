//! A task of kind *window*: classifiers tell the data of a window of a search from its template.

use drapes_analysis::job::Injected;
use drapes_analysis::job::regions::{Region, Regions};
use drapes_analysis::job::template_spec::{Start, TemplateSpec};
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::work::search_window::fine_edges;
use drapes_analysis::plan::work::{CutOutcome, Passed, SearchWindow, SearchedWindow, WindowCut};
use drapes_analysis::statistics::search::cut::{FoldCut, Judged};
use drapes_analysis::statistics::search::effective::effective_events;
use drapes_analysis::store::record::TaskResult;
use ndarray::{ArrayView1, Axis, concatenate};

use super::feature_looks::{Behind, looks};
use super::window_scores::Scores;
use super::{Perform, Trial, Workplace, template, window_classifiers};
use crate::arrays::{ArrayWriter, Column};
use crate::error::Error;
use crate::models::classifier::{DealtClass, OutOfFold};
use crate::sample::split::Sample;
use crate::training::Checkpointer;

impl Perform for SearchWindow {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let (Some(template), Some(search)) = (self.point.template(), &place.job.search) else {
            unreachable!("a window has a template, and its job a search")
        };
        let sample = place.sample()?;
        let events = WindowEvents::of(sample, &template, place.job.regions_of(&template.sample))?;
        let made = template_class(place, self, &template)?;
        let data = DealtClass::of_single(sample.features(&events.inside));
        let stream = place.stream().branch("search").branch(self.point);
        let beside = sample.features(&events.beside);
        let further = (beside.view(), search.trainings);
        let classes = (&made.class, &data);
        let found =
            window_classifiers::scores((place, &self.point), classes, further, &stream, checkpointer)?;
        let diverged = found.as_ref().map_or(0, |found| found.diverged);
        let scores = found.map(|found| {
            let unseen = made.folds_of_side_bands(&template, &found, events.beside.len());
            Scores::averaged(found, search.trainings, unseen, &stream)
        });
        let has_truth = search.injected != Injected::Unlabelled;
        let signal = |chosen: &[usize]| has_truth.then(|| events.signal(chosen));
        let (mut cuts, mut behind) = (vec![], vec![]);
        for efficiency in search.efficiencies.iter().copied() {
            let cut =
                scores.as_ref().map(|scores| FoldCut::of_share(&scores.template, Self::FOLDS, efficiency));
            let outcome = match (&scores, &cut) {
                (Some(scores), Some(Some(cut))) => {
                    let passed = passed(cut, scores, made.origins.as_deref(), &events);
                    CutOutcome::Passed(Passed { signal: signal(&cut.passing(&scores.data)), ..passed })
                }
                (Some(_), _) => CutOutcome::FewPass,
                (None, _) => CutOutcome::FewToLearn,
            };
            behind.push(scores.as_ref().zip(cut.flatten()).map(|(scores, cut)| Behind {
                template: cut.passing(&scores.template),
                data: cut.passing(&scores.data),
            }));
            cuts.push(WindowCut { efficiency, outcome });
        }
        let all: Vec<usize> = (0..events.inside.len()).collect();
        let found = SearchedWindow {
            point: self.point,
            n_data: events.inside.len(),
            n_signal: signal(&all),
            n_template: made.class.count(),
            cuts,
            diverged,
            looks: looks(made.class.features(), data.features(), &behind),
            spectrum: events.histogram(all, 0..events.beside.len()),
            edges: events.edges.clone(),
        };
        store(place, id, &events, scores.as_ref())?;
        Ok(TaskResult::Window(found))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

/// The template of a window.
struct MadeClass {
    class: DealtClass,
    /// The event that each began as; none where they began as noise.
    origins: Option<Vec<usize>>,
}

impl MadeClass {
    /// The fold of each side-band event in whose trees none of its copies took part, where the template begins as these events: the
    /// others have learnt them as template. None where it begins as something else.
    fn folds_of_side_bands(
        &self,
        template: &TemplateSpec,
        found: &OutOfFold,
        events: usize,
    ) -> Option<Vec<u32>> {
        let origins = self.origins.as_ref().filter(|_| template.method.starts() == Start::SideBands)?;
        let mut folds = vec![0; events];
        for (origin, judged) in origins.iter().zip(&found.template) {
            folds[*origin] = judged.fold;
        }
        Some(folds)
    }
}

/// The template of a window, by all of its models, copies of an event together.
fn template_class(
    place: &Workplace,
    window: &SearchWindow,
    template: &TemplateSpec,
) -> Result<MadeClass, Error> {
    let starts = template::starts(place, template)?.len();
    let mut parts = vec![];
    for (maker, (_, share)) in window.makers().zip(window.point.templates()) {
        parts.push(template::read(place, maker, starts * share.0 as usize)?);
    }
    let features = match <[_; 1]>::try_from(parts) {
        Ok([all]) => all,
        Err(parts) => {
            let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
            concatenate(Axis(0), &views).expect("templates of one job have as many features")
        }
    };
    if !template.method.moves_events() {
        return Ok(MadeClass { class: DealtClass::of_single(features), origins: None });
    }
    let origins: Vec<usize> = (0..features.nrows()).map(|row| row % starts).collect();
    Ok(MadeClass { class: DealtClass::of_copies(features, &origins), origins: Some(origins) })
}

/// The data of a window and of its side-bands.
struct WindowEvents<'a> {
    sample: &'a Sample,
    /// Events of the sample in the window.
    inside: Vec<u32>,
    /// Those of its side-bands.
    beside: Vec<u32>,
    edges: Vec<f64>,
}

impl<'a> WindowEvents<'a> {
    fn of(sample: &'a Sample, template: &TemplateSpec, regions: Regions) -> Result<Self, Error> {
        let chosen = |region| sample.chosen(template.sample.injection, &regions, region);
        let (inside, beside) = (chosen(Region::Signal)?, chosen(Region::SideBand)?);
        Ok(Self { sample, inside, beside, edges: fine_edges(&regions) })
    }

    /// How many of these events of the window are simulated signal.
    fn signal(&self, chosen: &[usize]) -> usize {
        chosen.iter().filter(|place| self.sample.is_signal(self.inside[**place])).count()
    }

    /// The spectrum of some events of the window and of the side-bands.
    fn histogram(
        &self,
        inside: impl IntoIterator<Item = usize>,
        beside: impl IntoIterator<Item = usize>,
    ) -> Vec<u32> {
        let mut counts = vec![0; self.edges.len() - 1];
        let inside = inside.into_iter().map(|place| self.inside[place]);
        for event in inside.chain(beside.into_iter().map(|place| self.beside[place])) {
            let mass = self.sample.mass(event);
            let above = self.edges.partition_point(|edge| *edge <= mass);
            if let Some(count) = above.checked_sub(1).and_then(|bin| counts.get_mut(bin)) {
                *count += 1;
            }
        }
        counts
    }
}

/// What passes a cut; nothing is said of the truth.
fn passed(cut: &FoldCut, scores: &Scores, origins: Option<&[usize]>, events: &WindowEvents<'_>) -> Passed {
    let template = cut.passing(&scores.template);
    let independent = match origins {
        None => template.len() as f64,
        Some(origins) => {
            let mut copies = vec![0_u64; origins.iter().max().map_or(0, |last| last + 1)];
            for row in &template {
                copies[origins[*row]] += 1;
            }
            effective_events(copies)
        }
    };
    let data = cut.passing(&scores.data);
    Passed {
        thresholds: cut.thresholds.iter().map(|score| score.is_finite().then_some(*score)).collect(),
        template: template.len(),
        independent,
        data: data.len(),
        signal: None,
        spectrum: events.histogram(data, cut.passing(&scores.beside)),
    }
}

/// Stores every score beside the row of its event in the file.
fn store(
    place: &Workplace,
    id: &TaskId,
    events: &WindowEvents<'_>,
    scores: Option<&Scores>,
) -> Result<(), Error> {
    let Some(scores) = scores else { return Ok(()) };
    let writer = ArrayWriter::create(&place.store.arrays(id))?;
    let resonant = &place.job.data.resonant;
    for (part, chosen, judged) in
        [("data", &events.inside, &scores.data), ("side_bands", &events.beside, &scores.beside)]
    {
        let rows: Vec<u32> = chosen.iter().map(|event| events.sample.row(*event)).collect();
        let masses: Vec<f64> = chosen.iter().map(|event| events.sample.mass(*event)).collect();
        list(&writer, &format!("{part}_row"), &rows, Column::new("row of the file, from 0", "1"))?;
        list(&writer, &format!("{part}_mass"), &masses, Column::new(resonant, &place.job.unit.0))?;
        of_events(&writer, part, judged)?;
    }
    let by_all = Column::new("score by all folds, larger for what is more like data", "1");
    list(&writer, "side_bands_score_by_all", &scores.beside_by_all, by_all)?;
    of_events(&writer, "template", &scores.template)?;
    writer.finish()
}

fn of_events(writer: &ArrayWriter, part: &str, judged: &[Judged]) -> Result<(), Error> {
    let (scores, folds): (Vec<f32>, Vec<u32>) = judged.iter().map(|event| (event.score, event.fold)).unzip();
    let score = Column::new("score, larger for what is more like data", "1");
    list(writer, &format!("{part}_score"), &scores, score)?;
    list(writer, &format!("{part}_fold"), &folds, Column::new("fold whose classifiers gave the score", "1"))
}

fn list<T: hdf5::H5Type>(
    writer: &ArrayWriter,
    name: &str,
    values: &[T],
    column: Column<'_>,
) -> Result<(), Error> {
    writer.list(name, ArrayView1::from(values))?;
    writer.describe(name, &[column])
}
