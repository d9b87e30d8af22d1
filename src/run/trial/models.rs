//! Trials of denoisers and flows: their training, and sampling from them.

use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::template_spec::FlowKind;
use drapes_analysis::job::{DenoiserSettings, FlowNetwork, FlowSettings, Job};
use drapes_analysis::machine::Seen;
use drapes_analysis::plan::cost::{
    INFERENCE, TRAINING, denoiser_weights, flow_training_operations, flow_weights,
};
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::plan::work::{MakeTemplate, Resample, TrainDenoisers, TrainFlows};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use tch::Device;

use super::clock::{self, Clock};
use crate::models::diffusion::{self, Condition, Denoiser, DenoiserShape, Sampler, TrainingEvents, train};
use crate::models::flow::{self, Flow, FlowEvents, FlowModel, FlowShape, Objective, train as train_flows};
use crate::progress_sink::NoProgress;
use crate::sample::marginals::ColumnMaps;
use crate::task::{Trial, seen};
use crate::training::Checkpointer;

impl Trial for TrainDenoisers {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        let members = self.samples.len();
        denoisers(job, members, device).map(|taken| seen(taken, rates.denoiser(members)))
    }
}

impl Trial for TrainFlows {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        let members = self.samples.len();
        flows(job, self.flow, members, device).map(|taken| seen(taken, rates.flow(self.flow, members)))
    }
}

impl Trial for MakeTemplate {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        match self.template.method.flow() {
            Some(flow) => flow_sampling(job, flow, device).map(|taken| seen(taken, rates.flow_sampler)),
            None => sampling(job, device).map(|taken| seen(taken, rates.sampler)),
        }
    }
}

impl Trial for Resample {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        sampling(job, device).map(|taken| seen(taken, rates.sampler))
    }
}

/// A training that is long enough never to end, or to look at its losses, within a trial.
pub const EPOCHS: usize = 100_000;
/// Batches of events that a trial has.
const BATCHES: usize = 4;
/// Larger batches are not tried: a trial must not need memory that the job does not.
pub const LARGEST_BATCH: usize = 1 << 16;
/// Events that are made at most: as many as a GPU makes together.
const MOST: usize = 1 << 17;

/// Rows of random numbers.
pub fn normals(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut generator = Stream::of_job(seed).generator();
    Array2::from_shape_simple_fn((rows, columns), || StandardNormal.sample(&mut generator))
}

/// Operations and seconds of some training steps of denoisers.
fn denoisers(job: &Job, members: usize, device: Device) -> Option<(f64, f64)> {
    let settings = DenoiserSettings { epochs: EPOCHS, validation_fraction: 0.0, ..job.denoiser.clone() };
    let (features, batch) = (job.data.generated().len(), settings.batch);
    if batch > LARGEST_BATCH {
        return None;
    }
    let event = |seed| TrainingEvents {
        rows: normals(BATCHES * batch, features + 1, seed),
        stream: Stream::of_job(seed),
    };
    let events: Vec<TrainingEvents> = (0..members as u64).map(event).collect();
    let (shape, clock) = (DenoiserShape::new(features, &settings, &job.sampler), Clock::of(device));
    // It ends by being stopped.
    let _ = train(shape, &settings, &events, device, &Checkpointer::without_file(&clock));
    let (blocks, seconds) = clock.blocks()?;
    let seen = (blocks * diffusion::STEPS_A_BLOCK * members * batch) as f64;
    Some((TRAINING * denoiser_weights(job) * seen, seconds))
}

/// Operations and seconds of some events from noise.
fn sampling(job: &Job, device: Device) -> Option<(f64, f64)> {
    let features = job.data.generated().len();
    let shape = DenoiserShape::new(features, &job.denoiser, &job.sampler);
    let parameters = shape.layout().initial(&[Stream::of_job(1)], device);
    let maps = ColumnMaps::of(normals(100, features + 1, 1).view(), job.denoiser.marginals);
    let denoiser = Denoiser::new(shape, parameters, vec![maps]);
    let (grid, solver) = (NoiseGrid::full(&job.sampler), job.sampler.solver);
    let sampler = Sampler { denoiser: &denoiser, grid: &grid, solver, condition: Condition::Own, device };
    let mut generator = Stream::of_job(2).generator();
    let (made, seconds) = clock::events(MOST, 256, |count| {
        sampler.from_noise(&vec![0.0; count], &mut generator, &NoProgress).ok()
    })?;
    let evaluations = grid.evaluations(solver) as f64;
    Some((INFERENCE * denoiser_weights(job) * evaluations * made as f64, seconds))
}

fn flow_shape(job: &Job, kind: FlowKind) -> FlowShape {
    FlowShape::new(job.data.generated().len(), &job.flow.network(kind), job.flow.bins, job.flow.tail)
}

fn flow_events(job: &Job, rows: usize, seed: u64) -> FlowEvents {
    let rows = normals(rows, job.data.generated().len() + 1, seed);
    let maps = ColumnMaps::of(rows.view(), job.flow.marginals);
    FlowEvents { maps, rows, stream: Stream::of_job(seed), split: Stream::of_job(seed).branch("split") }
}

/// Operations and seconds of some training steps of flows, with their base densities.
fn flows(job: &Job, kind: FlowKind, members: usize, device: Device) -> Option<(f64, f64)> {
    let settings = FlowSettings { validation_fraction: 0.0, ..job.flow.clone() };
    if settings.batch > LARGEST_BATCH {
        return None;
    }
    let network = FlowNetwork { epochs: EPOCHS, ..job.flow.network(kind) };
    let seeds = 0..members as u64;
    let events: Vec<FlowEvents> =
        seeds.clone().map(|seed| flow_events(job, BATCHES * settings.batch, seed)).collect();
    let objective = match kind.base_density() {
        None => Objective::Density,
        Some(base) => {
            let shape = flow_shape(job, base);
            let streams: Vec<Stream> = seeds.map(Stream::of_job).collect();
            Objective::Transport(Flow::over(shape, &shape.initial(&streams, device)))
        }
    };
    let clock = Clock::of(device);
    let checkpointer = Checkpointer::without_file(&clock);
    // It ends by being stopped.
    let _ =
        train_flows(flow_shape(job, kind), (&settings, &network), &objective, &events, device, &checkpointer);
    let (blocks, seconds) = clock.blocks()?;
    let steps = blocks * flow::STEPS_A_BLOCK;
    Some((flow_training_operations(job, kind) * (steps * members * settings.batch) as f64, seconds))
}

/// Operations and seconds of some events from a flow.
fn flow_sampling(job: &Job, kind: FlowKind, device: Device) -> Option<(f64, f64)> {
    let shape = flow_shape(job, kind);
    let parameters = shape.initial(&[Stream::of_job(1)], device);
    let model = FlowModel { shape, parameters, maps: flow_events(job, 256, 1).maps };
    let mut generator = Stream::of_job(2).generator();
    let (made, seconds) =
        clock::events(MOST, 256, |count| model.sample(&vec![0.0; count], &mut generator, &NoProgress).ok())?;
    Some((INFERENCE * flow_weights(job, &job.flow.network(kind)) * made as f64, seconds))
}
