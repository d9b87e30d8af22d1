//! What a plan costs before it runs: core-seconds, makespan, disk.

use crate::dispatch::{Pace, makespan};
pub mod demand;
pub mod jets;
mod keys;
mod measured;
pub mod memory;

pub use measured::Measured;

use crate::generated::{FlowKind, Generated, Scope, Start};
use crate::job::noise_grid::{NoiseGrid, evaluations};
use crate::job::{FlowNetwork, Job};
use crate::plan::{Kind, Plan, Task, Work};
use crate::point::{ClassifierKind, Contest, ScanPoint};
use crate::quantities::Oversampling;
use crate::rates::Rates;

/// Event numbers that a price follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCounts {
    /// Events that a denoiser trains on.
    pub side_band: usize,
    /// Data events of the signal region.
    pub signal_region: usize,
    /// Events of the other sample in the signal region.
    pub other_sample: usize,
    /// Independent background of the signal region.
    pub independent: usize,
}

impl EventCounts {
    /// The estimate that a job carries.
    pub fn estimated(job: &Job) -> Self {
        Self {
            side_band: job.pricing.side_band_events,
            signal_region: job.pricing.signal_region_events,
            other_sample: job.pricing.other_sample_events,
            independent: job.pricing.independent_background_events,
        }
    }

    /// Events that a template is made of at an over-sampling.
    pub fn template(&self, template: &Generated, oversampling: Oversampling) -> f64 {
        let starts = match template.method.starts() {
            Start::SignalRegion => self.signal_region,
            Start::SideBands => self.side_band,
            Start::OtherSample => self.other_sample,
        };
        starts as f64 * f64::from(oversampling.0)
    }
}

/// The price of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// Seconds of each task on one rank, in the order of the plan.
    pub seconds: Vec<f64>,
    /// Bytes of arrays and records.
    pub bytes: f64,
}

impl Price {
    /// Prices every task.
    pub fn of(job: &Job, plan: &Plan, counts: EventCounts, rates: &Rates) -> Self {
        let seconds = plan.tasks.iter().map(|task| seconds(job, task, counts, rates)).collect();
        let bytes = plan.tasks.iter().map(|task| bytes(job, task, counts)).sum();
        Self { seconds, bytes }
    }

    /// The same where each kind of work takes so many times as long.
    pub fn at_pace(mut self, plan: &Plan, pace: &Pace) -> Self {
        for (seconds, task) in self.seconds.iter_mut().zip(&plan.tasks) {
            *seconds *= pace.of(Kind::of(&task.work)).unwrap_or(1.0);
        }
        self
    }

    /// Core-seconds (or GPU-seconds) of all tasks.
    pub fn total(&self) -> f64 {
        self.seconds.iter().sum()
    }

    /// Seconds until `ranks` ranks have done the plan.
    pub fn makespan(&self, plan: &Plan, done: &[bool], ranks: usize) -> f64 {
        makespan(plan, &self.seconds, done, ranks)
    }
}

/// Multiply-adds of dense layers of equal width, which is also their number of weights. In floating point: a job may
/// name any numbers, and no product of them may overflow.
fn weights(inputs: usize, layers: usize, width: usize, outputs: usize) -> f64 {
    let [inputs, layers, width, outputs] = [inputs, layers, width, outputs].map(|count| count as f64);
    inputs * width + (layers - 1.0) * width * width + width * outputs
}

/// Multiply-adds of a denoiser for one event.
pub fn denoiser_weights(job: &Job) -> f64 {
    let features = job.data.features.len();
    denoiser_of(job, features)
}

/// Multiply-adds of the model of the jets' kinematics for one event: a denoiser of eight numbers.
fn kinematics_weights(job: &Job) -> f64 {
    denoiser_of(job, KINEMATICS)
}

fn denoiser_of(job: &Job, features: usize) -> f64 {
    let denoiser = &job.denoiser;
    weights(features + denoiser.noise_features + 1, denoiser.hidden_layers, denoiser.width, features)
}

/// Numbers that the model of the jets' kinematics generates.
const KINEMATICS: usize = 8;

/// Multiply-adds of a flow for one event: masked networks, of which only what is not masked is there.
///
/// A group of hidden nodes for each feature sees the mass, the features and the groups before it, and itself.
pub fn flow_weights(job: &Job, network: &FlowNetwork) -> f64 {
    let features = job.data.features.len();
    let start = |group: usize| group * network.width / features;
    let layer: f64 = (0..features)
        .map(|group| {
            let (seen, nodes) = (start(group + 1), start(group + 1) - start(group));
            let [seen, nodes, blocks] = [seen, nodes, network.blocks].map(|count| count as f64);
            nodes * (1 + group) as f64 + 2.0 * blocks * nodes * seen + (3 * job.flow.bins - 1) as f64 * seen
        })
        .sum();
    network.layers as f64 * layer
}

/// Operations of a flow's training for one event.
pub fn flow_training_operations(job: &Job, flow: FlowKind) -> f64 {
    let judged = flow.judge().map_or(0.0, |judge| {
        // A finished density is passed forward, and back to its inputs only.
        (TRAINING - INFERENCE) * flow_weights(job, &job.flow.network(judge))
    });
    TRAINING * flow_weights(job, &job.flow.network(flow)) + judged
}

/// Multiply-adds of a classifier for one event.
pub fn classifier_weights(job: &Job) -> f64 {
    weights(job.data.features.len(), job.classifier.hidden_layers, job.classifier.width, 1)
}

/// Operations a weight and event in training: two forward, four backward.
pub const TRAINING: f64 = 6.0;
/// Operations a weight and event of a finished network.
pub const INFERENCE: f64 = 2.0;
/// Share of the allowed trees that are grown before training against a template stops, as seen on the LHCO events.
const GROWN_TREES: f64 = 0.2;

fn seconds(job: &Job, task: &Task, counts: EventCounts, rates: &Rates) -> f64 {
    let (operations, rate) = match &task.work {
        Work::Fit { .. } => return 0.1,
        Work::Train { scope, samples } => {
            let events_each = match scope {
                Scope::SideBands => counts.side_band,
                Scope::Everything => counts.side_band + counts.signal_region,
            };
            let events = product([samples.len(), job.denoiser.epochs, events_each]);
            (TRAINING * denoiser_weights(job) * events, rates.denoiser(samples.len()))
        }
        Work::TrainFlow { flow, samples, .. } => {
            let events = match flow {
                // Another sample is taken to be as large as the data.
                FlowKind::Base | FlowKind::Curtains | FlowKind::CurtainsEfficient | FlowKind::Feta => {
                    counts.side_band
                }
                FlowKind::BaseOfAll => counts.side_band + counts.signal_region,
            };
            let events = product([samples.len(), job.flow.network(*flow).epochs, events]);
            (flow_training_operations(job, *flow) * events, rates.flow(*flow, samples.len()))
        }
        Work::TrainKinematics { samples } => {
            let events = product([samples.len(), job.denoiser.epochs, counts.side_band]);
            (TRAINING * kinematics_weights(job) * events, rates.denoiser(samples.len()))
        }
        Work::TrainJets { samples } => {
            (jets::training(job, product([samples.len(), counts.side_band])), rates.jet_model)
        }
        Work::TemplateJets { template, .. } => {
            let events = counts.template(template, Oversampling(1));
            let made = jets::generation(job, events, evaluations_of(job, template));
            return made / (rates.jet_sampler * 1e9) + jets::summary(events, counts.signal_region as f64);
        }
        Work::Template { template, oversampling, .. } if template.method.flow().is_some() => {
            let flow = template.method.flow().expect("a flow, as asked");
            let events = counts.template(template, *oversampling);
            (INFERENCE * flow_weights(job, &job.flow.network(flow)) * events, rates.flow_sampler)
        }
        Work::Template { template, oversampling, .. } => {
            let events = counts.template(template, *oversampling);
            (INFERENCE * denoiser_weights(job) * (evaluations_of(job, template) * events), rates.sampler)
        }
        Work::Resample { oversampling, .. } => {
            let evaluations = evaluations(NoiseGrid::points(&job.sampler, None), job.sampler.solver) as f64;
            let events = f64::from(oversampling.0) * counts.signal_region as f64;
            (INFERENCE * denoiser_weights(job) * (evaluations * events), rates.sampler)
        }
        Work::Classify { point, seeds, .. } => {
            let training_share = f64::from(job.classifier.folds - 2) / f64::from(job.classifier.folds);
            let events = classified_events(point, counts) * training_share;
            let members = product([seeds.len(), job.classifier.folds as usize]);
            match point.classifier {
                ClassifierKind::Mlp => {
                    let seen = TRAINING * events * job.classifier.epochs as f64;
                    let judged = INFERENCE * counts.independent as f64;
                    (classifier_weights(job) * (seen + judged) * members, rates.classifier)
                }
                ClassifierKind::Transformer => {
                    let each = jets::classification(job, events, counts.independent as f64);
                    (each * members, rates.jet_classifier)
                }
                ClassifierKind::Trees => {
                    let grown = GROWN_TREES * job.trees.iterations as f64;
                    (events * members * job.data.features.len() as f64 * grown, rates.trees)
                }
            }
        }
    };
    operations / (rate * 1e9)
}

/// Data and template events of a point.
fn classified_events(point: &ScanPoint, counts: EventCounts) -> f64 {
    let once = counts.signal_region as f64;
    let times = |factor: Oversampling| f64::from(factor.0) * once;
    match point.contest {
        Contest::Search { template, oversampling } => once + counts.template(&template, oversampling),
        Contest::GenSr { template, oversampling, data_oversampling } => {
            times(data_oversampling) + counts.template(&template, oversampling)
        }
        Contest::OverIdealised { oversampling, .. } => once + times(oversampling),
        Contest::Idealised { .. } => 2.0 * once,
        Contest::Supervised => once + counts.independent as f64,
    }
}

/// A product of counts, of which the largest that a job can name would overflow whole numbers.
fn product<const N: usize>(counts: [usize; N]) -> f64 {
    counts.iter().map(|count| *count as f64).product()
}

/// Network evaluations for an event of a template.
fn evaluations_of(job: &Job, template: &Generated) -> f64 {
    let sampler = job.sampler.with(template.integration);
    evaluations(NoiseGrid::points(&sampler, template.sigma_prime), sampler.solver) as f64
}

/// Bytes that a task stores.
pub fn bytes(job: &Job, task: &Task, counts: EventCounts) -> f64 {
    let columns = (job.data.features.len() + 1) as f64;
    match &task.work {
        Work::Fit { .. } => 8e3,
        Work::Train { samples, .. } => samples.len() as f64 * (4.0 * denoiser_weights(job) + 1e4),
        Work::TrainFlow { flow, samples, .. } => {
            samples.len() as f64 * (4.0 * flow_weights(job, &job.flow.network(*flow)) + 1e4)
        }
        Work::TrainKinematics { samples } => samples.len() as f64 * (4.0 * kinematics_weights(job) + 1e4),
        Work::TrainJets { samples } => samples.len() as f64 * (4.0 * jets::jet_model_weights(job) + 1e4),
        Work::TemplateJets { template, .. } => jets::bytes(job, counts.template(template, Oversampling(1))),
        Work::Template { template, oversampling, .. } => {
            4.0 * columns * counts.template(template, *oversampling)
        }
        Work::Resample { oversampling, .. } => {
            4.0 * columns * (f64::from(oversampling.0) * counts.signal_region as f64)
        }
        Work::Classify { seeds, .. } => {
            // Curves on the common grids and losses, as text.
            let values = 230.0 + 3.0 * job.classifier.epochs as f64;
            product([seeds.len(), job.classifier.folds as usize]) * values * 16.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{DEFAULTS, JobFile};

    #[test]
    fn the_prices_of_the_paper_are_those_of_its_arithmetic() {
        let job = JobFile::from_text("job.toml", DEFAULTS.as_str()).check().expect("a good job");
        let plan = Plan::of(&job);
        let price = Price::of(&job, &plan, EventCounts::estimated(&job), &Rates::CPU_CORE);
        // 22·64 + 3·64² + 64·5 weights, 700 passes over 420,000 events.
        let training = 6.0 * 14_016.0 * 700.0 * 420_000.0 / (Rates::CPU_CORE.denoiser(1) * 1e9);
        let index = plan.tasks.iter().position(|task| task.id.0.starts_with("train/")).expect("a training");
        assert!((price.seconds[index] / training - 1.0).abs() < 1e-9);
        assert!(price.makespan(&plan, &vec![false; plan.tasks.len()], 9) < price.total() / 5.0);
    }
}
