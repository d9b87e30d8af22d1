//! What a plan costs before it runs: core-seconds, makespan, disk.

use crate::job::{Job, Solver};
use crate::plan::{Plan, Task, Work};
use crate::point::ScanPoint;
use crate::schedule::makespan;

/// Arithmetic throughput of one rank, in 10⁹ floating-point operations a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Training of classifier ensembles.
    pub classifier: f64,
    /// Training of denoisers.
    pub denoiser: f64,
    /// Sampling.
    pub sampler: f64,
}

impl Rates {
    /// One core of a 2.4 GHz server processor with AVX2, as `cargo bench --bench throughput` prints them.
    pub const CPU_CORE: Self = Self { classifier: 30.0, denoiser: 30.0, sampler: 35.0 };
}

/// Event numbers that a price follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCounts {
    /// Events that a denoiser trains on.
    pub side_band: usize,
    /// Data events of the signal region.
    pub signal_region: usize,
}

impl EventCounts {
    /// The estimate that a job carries.
    pub fn estimated(job: &Job) -> Self {
        Self { side_band: job.pricing.side_band_events, signal_region: job.pricing.signal_region_events }
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
    pub fn of(job: &Job, plan: &Plan, counts: EventCounts, rates: Rates) -> Self {
        let seconds = plan.tasks.iter().map(|task| seconds(job, task, counts, rates)).collect();
        let bytes = plan.tasks.iter().map(|task| bytes(job, task, counts)).sum();
        Self { seconds, bytes }
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

/// Multiply-adds of a chain of dense layers, which is also its number of weights.
fn weights(widths: impl IntoIterator<Item = usize>) -> f64 {
    let widths: Vec<usize> = widths.into_iter().collect();
    widths.windows(2).map(|pair| (pair[0] * pair[1]) as f64).sum()
}

fn denoiser_weights(job: &Job) -> f64 {
    let features = job.data.features.len();
    let hidden = std::iter::repeat_n(job.denoiser.width, job.denoiser.hidden_layers);
    weights(std::iter::once(features + job.denoiser.noise_features + 1).chain(hidden).chain([features]))
}

fn classifier_weights(job: &Job) -> f64 {
    let hidden = std::iter::repeat_n(job.classifier.width, job.classifier.hidden_layers);
    weights(std::iter::once(job.data.features.len()).chain(hidden).chain([1]))
}

/// Two operations a weight forward, four backward.
const TRAINING: f64 = 6.0;
const INFERENCE: f64 = 2.0;

fn seconds(job: &Job, task: &Task, counts: EventCounts, rates: Rates) -> f64 {
    let (operations, rate) = match &task.work {
        Work::Fit { .. } => return 0.1,
        Work::Train { samples } => {
            let events = samples.len() * job.denoiser.epochs * counts.side_band;
            (TRAINING * denoiser_weights(job) * events as f64, rates.denoiser)
        }
        Work::Template { oversampling, .. } => {
            let evaluations = match job.sampler.solver {
                Solver::Heun => 2 * (job.sampler.steps - 1),
                Solver::Euler => job.sampler.steps - 1,
            };
            let events = oversampling.0 as usize * counts.signal_region;
            (INFERENCE * denoiser_weights(job) * (evaluations * events) as f64, rates.sampler)
        }
        Work::Classify { point, seeds, .. } => {
            let training_share = f64::from(job.classifier.folds - 2) / f64::from(job.classifier.folds);
            let events = classified_events(point, counts) * training_share * job.classifier.epochs as f64;
            let members = (seeds.len() * job.classifier.folds as usize) as f64;
            (TRAINING * classifier_weights(job) * events * members, rates.classifier)
        }
    };
    operations / (rate * 1e9)
}

/// Data and template events of a point.
fn classified_events(point: &ScanPoint, counts: EventCounts) -> f64 {
    let oversampling = point.oversampling().map_or(1, |factor| factor.0);
    ((1 + oversampling) as usize * counts.signal_region) as f64
}

fn bytes(job: &Job, task: &Task, counts: EventCounts) -> f64 {
    let columns = (job.data.features.len() + 1) as f64;
    match &task.work {
        Work::Fit { .. } => 8e3,
        Work::Train { samples } => samples.len() as f64 * (4.0 * denoiser_weights(job) + 1e4),
        Work::Template { oversampling, .. } => {
            4.0 * columns * (oversampling.0 as usize * counts.signal_region) as f64
        }
        Work::Classify { seeds, .. } => {
            // Curves on the common grids and losses, as text.
            let values = 230.0 + 3.0 * job.classifier.epochs as f64;
            (seeds.len() * job.classifier.folds as usize) as f64 * values * 16.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{DEFAULTS, JobFile};

    #[test]
    fn the_prices_of_the_paper_are_those_of_its_arithmetic() {
        let job = JobFile::from_text("job.toml", DEFAULTS).check().expect("a good job");
        let plan = Plan::of(&job);
        let price = Price::of(&job, &plan, EventCounts::estimated(&job), Rates::CPU_CORE);
        // 22·64 + 3·64² + 64·5 weights, 700 passes over 420,000 events.
        let training = 6.0 * 14_016.0 * 700.0 * 420_000.0 / (Rates::CPU_CORE.denoiser * 1e9);
        let index = plan.tasks.iter().position(|task| task.id.0.starts_with("train/")).expect("a training");
        assert!((price.seconds[index] / training - 1.0).abs() < 1e-9);
        assert!(price.makespan(&plan, &vec![false; plan.tasks.len()], 9) < price.total() / 5.0);
    }
}
