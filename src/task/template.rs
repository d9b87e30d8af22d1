//! Events that models make: background templates in the signal region, and over-sampled data (GenSR).

use drapes_analysis::generated::{Generated, Start, TemplateMethod, TrainingSample};
use drapes_analysis::noise_grid::NoiseGrid;
use drapes_analysis::plan::TaskId;
use drapes_analysis::quantities::Oversampling;
use drapes_analysis::record::TaskResult;
use drapes_analysis::regions::Region;
use drapes_analysis::stream::Stream;
use drapes_analysis::template_summary::TemplateSummary;
use ndarray::{Array2, ArrayView1};
use rand_distr::Distribution;

use super::summary::{self, Made};
use super::{Workplace, flow, train};
use crate::arrays::{ArrayReader, ArrayWriter};
use crate::diffusion::{Denoiser, Sampler};
use crate::dijet::DijetShape;
use crate::error::Error;
use crate::flow::{FlowModel, Journey};
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
    let stream = stream(place, &template);
    let masses = match fit {
        Some(fit) => {
            let mut generator = stream.branch("target masses").generator();
            let window = shape(place, fit)?.within(place.job.regions_of(&template.sample).signal);
            window.sample_iter(&mut generator).take(count).collect()
        }
        None => starts.masses.iter().copied().cycle().take(count).collect::<Vec<f64>>(),
    };
    let events = Events { starts: &starts, masses: &masses };
    let made = match template.method.flow() {
        Some(kind) => of_flow(place, &template, &events, &flow::read(place, kind, model)?, watch),
        None => of_denoiser(place, &template, &events, &train::read(place, model)?, watch),
    };
    store(place, id, &masses, &made.features)?;
    let grid = made.grid.as_ref();
    let summary = summary::summarise(
        place,
        &Made { template: Some(template), grid, starts: &starts, features: &made.features },
    )?;
    Ok(TemplateSummary { in_tails: made.in_tails, ..summary })
}

/// What a template starts from and where it goes.
struct Events<'a> {
    starts: &'a RegionEvents,
    /// Masses of the template (GeV).
    masses: &'a [f64],
}

/// The features of a template, and what is to be known of their making.
struct Outcome {
    features: Array2<f32>,
    /// The noise strengths that were visited.
    grid: Option<NoiseGrid>,
    /// Share of the starting values that a flow left alone.
    in_tails: Option<f64>,
}

fn of_flow(
    place: &Workplace,
    template: &Generated,
    events: &Events<'_>,
    flow: &FlowModel,
    watch: &dyn Watch,
) -> Outcome {
    let Events { starts, masses } = *events;
    let journey = match template.method {
        TemplateMethod::Cathode => {
            let features = flow.sample(masses, &stream(place, template), watch);
            return Outcome { features, grid: None, in_tails: None };
        }
        TemplateMethod::Feta => Journey::Correction(masses),
        _ => Journey::Masses { own: &starts.masses, target: masses },
    };
    Outcome {
        features: flow.transport(starts.features.view(), journey, watch),
        grid: None,
        in_tails: Some(flow.share_in_tails(starts.features.view())),
    }
}

fn of_denoiser(
    place: &Workplace,
    template: &Generated,
    events: &Events<'_>,
    denoiser: &Denoiser,
    watch: &dyn Watch,
) -> Outcome {
    let grid = NoiseGrid::of(&place.job.sampler, template);
    let solver = place.job.sampler.with(template.integration).solver;
    let sampler = Sampler { denoiser, grid: &grid, solver, device: place.device };
    let stream = stream(place, template);
    let features = match template.method {
        TemplateMethod::Noise => sampler.from_noise(events.masses, &stream, watch),
        _ => sampler.from_events(events.starts.features.view(), events.masses, &stream, watch),
    };
    Outcome { features, grid: Some(grid), in_tails: None }
}

/// The same noise and masses for every σ′ and solver: what differs is then what is studied.
fn stream(place: &Workplace, template: &Generated) -> Stream {
    place.stream().branch("template").branch(template.method.word()).branch(template.sample)
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
