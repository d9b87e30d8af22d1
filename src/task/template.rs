//! Background templates in the signal region.

use drapes_analysis::plan::{TaskId, TrainingSample};
use drapes_analysis::point::TemplateMethod;
use drapes_analysis::quantities::Oversampling;
use drapes_analysis::record::{TaskResult, TemplateSummary};
use drapes_analysis::regions::Region;
use ndarray::{Array2, ArrayView1};
use rand_distr::Distribution;

use super::{Workplace, train};
use crate::arrays::{ArrayReader, ArrayWriter};
use crate::diffusion::{NoiseGrid, Sampler};
use crate::dijet::DijetShape;
use crate::error::Error;
use crate::scaler::Scaler;
use crate::watch::Watch;

/// What is to be made.
pub struct Order {
    pub method: TemplateMethod,
    pub sample: TrainingSample,
    pub oversampling: Oversampling,
}

pub fn make(
    place: &Workplace,
    id: &TaskId,
    order: &Order,
    model: &(TaskId, usize),
    fit: &TaskId,
    watch: &dyn Watch,
) -> Result<TemplateSummary, Error> {
    let regions = place.job.regions_with(order.sample.side_bands);
    let n_data = place.sample()?.data(order.sample.n_signal, &regions, Region::Signal)?.len();
    let count = n_data * order.oversampling.0 as usize;
    let stream = place.stream().branch("template").branch(order.method.word()).branch(order.sample);
    let denoiser = train::read(place, model)?;
    let grid = NoiseGrid::full(&place.job.sampler);
    let (solver, device) = (place.job.sampler.solver, place.device);
    let sampler = Sampler { denoiser: &denoiser, grid: &grid, solver, device };
    let (masses, features) = match order.method {
        TemplateMethod::Noise => {
            let shape = shape(place, fit)?;
            let mut generator = stream.branch("target masses").generator();
            let masses: Vec<f64> =
                shape.within(regions.signal).sample_iter(&mut generator).take(count).collect();
            let features = sampler.from_noise(&masses, &stream, watch);
            (masses, features)
        }
    };
    if let Some(value) = features.iter().find(|value| !value.is_finite()) {
        return Err(Error::NotFinite { what: format!("a generated feature is {value}") });
    }
    let writer = ArrayWriter::create(&place.store.arrays(id))?;
    writer.table("features", features.view())?;
    writer.list("masses_gev", ArrayView1::from(&masses))?;
    writer.finish()?;
    let Scaler { mean, deviation } = Scaler::of(features.view());
    Ok(TemplateSummary { n_events: count, means: mean, deviations: deviation })
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
