//! Training steps of a GPU, which is given work faster than it does it: the time of many steps, after those that set up. On a
//! processor those of denoisers and flows too: what surrounds the steps of a real training would be most of a short one.

use std::cell::RefCell;
use std::time::Instant;

use drapes::models::classifier::{
    ClassRows, ClassifierFamily, DataTruth, Member, Perceptrons, SmallestFold, TemplateFolds, TemplateTruth,
    TwoSample,
};
use drapes::models::diffusion::{self, DenoiserShape, TrainingEvents, train};
use drapes::models::flow::{self, Flow, FlowEvents, Objective, train as train_flows};
use drapes::progress_sink::ProgressSink;
use drapes::training::Checkpointer;
use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::job::template_spec::FlowKind;
use drapes_analysis::job::{ClassifierSettings, DenoiserSettings, FlowNetwork, FlowSettings, Job};
use drapes_analysis::plan::random_stream::Stream;
use tch::{Cuda, Device};

use super::{FEATURES, flow_events, flow_shape, normals};

/// Blocks that set up, and all that are watched.
const FIRST: usize = 8;
/// Seconds of a measurement.
const MOMENT: f64 = 1.0;
/// Epochs that no measurement sees the end of.
const EPOCHS: usize = 100_000;

/// Lets a training run for a moment.
#[derive(Default)]
struct Clock(RefCell<Vec<Instant>>);

impl ProgressSink for Clock {
    fn progress(&self, _share: f64) {}

    fn should_stop(&self) -> bool {
        let mut ticks = self.0.borrow_mut();
        // What was given to it before is done at both ends of the moment; in between nobody waits.
        if ticks.len() == FIRST {
            wait();
        }
        ticks.push(Instant::now());
        ticks.len() > FIRST + 4 && ticks[FIRST].elapsed().as_secs_f64() > MOMENT
    }
}

/// Until a GPU has done what it was given.
fn wait() {
    if Cuda::is_available() {
        Cuda::synchronize(0);
    }
}

impl Clock {
    /// Seconds of a block.
    fn seconds(&self) -> f64 {
        wait();
        let ticks = self.0.borrow();
        ticks[FIRST].elapsed().as_secs_f64() / (ticks.len() - 1 - FIRST) as f64
    }
}

/// A training step of one of `members` denoisers.
pub fn denoiser(job: &Job, members: usize, device: Device) -> (f64, &'static str) {
    let settings = DenoiserSettings { epochs: EPOCHS, validation_fraction: 0.0, ..job.denoiser.clone() };
    let events: Vec<TrainingEvents> = (0..members as u64)
        .map(|seed| TrainingEvents {
            rows: normals(256 * 50, FEATURES + 1, seed),
            stream: Stream::of_job(seed),
        })
        .collect();
    let (shape, clock) = (DenoiserShape::new(FEATURES, &settings, &job.sampler), Clock::default());
    assert!(
        train(shape, &settings, &events, device, &Checkpointer::without_file(&clock)).is_err(),
        "it was stopped"
    );
    (clock.seconds() / (diffusion::STEPS_A_BLOCK * members) as f64 * 1e6, "µs a model step")
}

/// A training step of one of `members` classifiers of features.
pub fn classifier(job: &Job, members: usize, device: Device) -> (f64, &'static str) {
    let settings = ClassifierSettings { epochs: EPOCHS, ..job.classifier.clone() };
    let (data, template, none) =
        (normals(6_000, FEATURES, 1), normals(30_000, FEATURES, 2), normals(0, FEATURES, 3));
    let labels = vec![false; data.nrows()];
    let two_sample = TwoSample {
        data: data.view(),
        data_truth: DataTruth::Simulated(&labels),
        template: template.view(),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: none.view(),
        unseen_signal: none.view(),
        counts: None,
    };
    let rows = |share: usize| ClassRows {
        data: (0..data.nrows() * share / 5).collect(),
        template: (0..template.nrows() * share / 5).collect(),
    };
    let members: Vec<Member> = (0..members as u64)
        .map(|member| Member {
            seed: ClassifierSeed(0),
            fold: Fold(0),
            training: rows(3),
            validation: rows(1),
            evaluated: rows(1),
            stream: Stream::of_job(member),
        })
        .collect();
    let smallest = SmallestFold { batches: super::TRAINING_EVENTS / settings.batch, validation: 1000 };
    let (family, clock) = (Perceptrons { settings: &settings, device }, Clock::default());
    let found = family.train(&two_sample, &members, smallest, &Checkpointer::without_file(&clock));
    assert!(found.is_err(), "it was stopped");
    (clock.seconds() / (Perceptrons::STEPS_A_BLOCK * members.len()) as f64 * 1e6, "µs a model step")
}

/// A training step of one of `members` flows; a top flow's with the density that its events are judged by.
pub fn flow(job: &Job, kind: FlowKind, members: usize, device: Device) -> (f64, &'static str) {
    let settings = FlowSettings { validation_fraction: 0.0, ..job.flow.clone() };
    let network = FlowNetwork { epochs: EPOCHS, ..job.flow.network(kind) };
    let events: Vec<FlowEvents> = (0..members as u64).map(|seed| flow_events(job, seed)).collect();
    let streams: Vec<Stream> = (0..members as u64).map(Stream::of_job).collect();
    let objective = kind.base_density().map_or(Objective::Density, |judge| {
        let shape = flow_shape(job, judge);
        Objective::Transport(Flow::over(shape, &shape.initial(&streams, device)))
    });
    let (sizes, clock) = ((&settings, &network), Clock::default());
    let checkpointer = Checkpointer::without_file(&clock);
    assert!(train_flows(flow_shape(job, kind), sizes, &objective, &events, device, &checkpointer).is_err());
    (clock.seconds() / (flow::STEPS_A_BLOCK * members) as f64 * 1e6, "µs a model step")
}
