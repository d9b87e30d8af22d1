//! Events that models make: background templates in the signal region, and over-sampled data (GenSR).

use drapes_analysis::generated::{Generated, Start, TemplateMethod, TrainingSample};
use drapes_analysis::noise_grid::NoiseGrid;
use drapes_analysis::plan::TaskId;
use drapes_analysis::quantities::Oversampling;
use drapes_analysis::record::TaskResult;
use drapes_analysis::regions::Region;
use drapes_analysis::template_summary::TemplateSummary;
use ndarray::{Array2, ArrayView1};
use rand_distr::Distribution;

use super::summary::{self, Made};
use super::{Workplace, flow, train};
use crate::arrays::{ArrayReader, ArrayWriter};
use crate::diffusion::Sampler;
use crate::dijet::DijetShape;
use crate::error::Error;
use crate::flow::Journey;
use crate::split::RegionEvents;
use crate::watch::Watch;

/// What is to be made.
pub struct Order {
    pub template: Generated,
    pub oversampling: Oversampling,
}

pub fn make(
    place: &Workplace,
    id: &TaskId,
    order: &Order,
    model: &(TaskId, usize),
    fit: Option<&TaskId>,
    watch: &dyn Watch,
) -> Result<TemplateSummary, Error> {
    let Order { template, oversampling } = *order;
    let starts = starts(place, &template)?;
    let count = starts.len() * oversampling.0 as usize;
    // The same noise and masses for every σ′ and solver: what differs is then what is studied.
    let stream = place.stream().branch("template").branch(template.method.word()).branch(template.sample);
    let masses = match fit {
        Some(fit) => {
            let mut generator = stream.branch("target masses").generator();
            let window = shape(place, fit)?.within(place.job.regions_of(&template.sample).signal);
            window.sample_iter(&mut generator).take(count).collect()
        }
        None => starts.masses.iter().copied().cycle().take(count).collect::<Vec<f64>>(),
    };
    let mut in_tails = None;
    let (features, grid) = match template.method.flow() {
        Some(kind) => {
            let flow = flow::read(place, kind, model)?;
            let journey = match template.method {
                TemplateMethod::Cathode => None,
                TemplateMethod::Feta => Some(Journey::Correction(&masses)),
                _ => Some(Journey::Masses { own: &starts.masses, target: &masses }),
            };
            let features = match journey {
                Some(journey) => {
                    in_tails = Some(flow.share_in_tails(starts.features.view()));
                    flow.transport(starts.features.view(), journey, watch)
                }
                None => flow.sample(&masses, &stream, watch),
            };
            (features, None)
        }
        None => {
            let denoiser = train::read(place, model)?;
            let grid = NoiseGrid::of(&place.job.sampler, &template);
            let solver = place.job.sampler.with(template.integration).solver;
            let sampler = Sampler { denoiser: &denoiser, grid: &grid, solver, device: place.device };
            let features = match template.method {
                TemplateMethod::Noise => sampler.from_noise(&masses, &stream, watch),
                _ => sampler.from_events(starts.features.view(), &masses, &stream, watch),
            };
            (features, Some(grid))
        }
    };
    store(place, id, &masses, &features)?;
    let made = Made { template: Some(template), grid: grid.as_ref(), starts: &starts, features: &features };
    Ok(TemplateSummary { in_tails, ..summary::summarise(place, &made)? })
}

/// Data of the signal region from a model that has learnt them, at their own masses.
///
/// Source: the paper, appendix B.2.
pub fn resample(
    place: &Workplace,
    id: &TaskId,
    sample: TrainingSample,
    oversampling: Oversampling,
    model: &(TaskId, usize),
    watch: &dyn Watch,
) -> Result<TemplateSummary, Error> {
    let data = signal_region(place, sample)?;
    let count = data.len() * oversampling.0 as usize;
    let stream = place.stream().branch("data from noise").branch(sample);
    let masses: Vec<f64> = data.masses.iter().copied().cycle().take(count).collect();
    let denoiser = train::read(place, model)?;
    let grid = NoiseGrid::full(&place.job.sampler);
    let solver = place.job.sampler.solver;
    let sampler = Sampler { denoiser: &denoiser, grid: &grid, solver, device: place.device };
    let features = sampler.from_noise(&masses, &stream, watch);
    store(place, id, &masses, &features)?;
    let made = Made { template: None, grid: Some(&grid), starts: &data, features: &features };
    summary::summarise(place, &made)
}

/// The events that a method starts from.
pub fn starts(place: &Workplace, template: &Generated) -> Result<RegionEvents, Error> {
    match template.method.starts() {
        Start::SignalRegion => signal_region(place, template.sample),
        Start::SideBands => {
            let regions = place.job.regions_of(&template.sample);
            place.sample()?.data(template.sample.n_signal, &regions, Region::SideBand)
        }
        Start::OtherSample => {
            place.sample()?.other_in(&place.job.regions_of(&template.sample), Region::Signal)
        }
    }
}

fn signal_region(place: &Workplace, sample: TrainingSample) -> Result<RegionEvents, Error> {
    place.sample()?.data(sample.n_signal, &place.job.regions_of(&sample), Region::Signal)
}

fn store(place: &Workplace, id: &TaskId, masses: &[f64], features: &Array2<f32>) -> Result<(), Error> {
    if let Some(value) = features.iter().find(|value| !value.is_finite()) {
        return Err(Error::NotFinite { what: format!("a generated feature is {value}") });
    }
    let writer = ArrayWriter::create(&place.store.arrays(id))?;
    writer.table("features", features.view())?;
    writer.list("masses_gev", ArrayView1::from(masses))?;
    writer.finish()
}

fn shape(place: &Workplace, fit: &TaskId) -> Result<DijetShape, Error> {
    match place.store.result(fit)? {
        TaskResult::Fit(fit) => Ok(DijetShape::of(&fit, place.job.collision_energy)),
        _ => unreachable!("the record of a fit is a fit"),
    }
}

/// The first events of a finished template, `(events, features)`.
pub fn read(place: &Workplace, id: &TaskId, events: usize) -> Result<Array2<f32>, Error> {
    ArrayReader::open(&place.store.arrays(id))?.first_rows("features", events)
}
