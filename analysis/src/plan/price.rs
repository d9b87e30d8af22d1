//! What a plan costs before it runs: core-seconds and disk.
//!
//! What a task of a kind costs stands in the descriptor of the kind (`plan::work`), and what networks and events cost beneath
//! it (`plan::cost`); here they are added up.

pub mod demand;
mod measured;
pub mod memory;

pub use crate::plan::cost::{EventCounts, flow_weights};
pub use measured::Measured;

use crate::job::Job;
use crate::plan::{Pace, Plan, Rates, Task};

/// Seconds that a task takes beside its work: it is handed out, and its record is written and looked at. In a scan of hundreds of
/// short tasks that is what there is most of.
pub const HANDLING: f64 = 0.01;

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
        let of_task = |task: &Task| HANDLING + task.work.kind().seconds(job, counts, rates);
        let seconds = plan.tasks.iter().map(of_task).collect();
        let bytes = plan.tasks.iter().map(|task| bytes(job, task, counts)).sum();
        Self { seconds, bytes }
    }

    /// The same where each kind of work takes so many times as long.
    pub fn at_pace(mut self, plan: &Plan, pace: &Pace) -> Self {
        for (seconds, task) in self.seconds.iter_mut().zip(&plan.tasks) {
            *seconds *= pace.of(task.work.pace()).unwrap_or(1.0);
        }
        self
    }

    /// Core-seconds (or GPU-seconds) of all tasks.
    pub fn total(&self) -> f64 {
        self.seconds.iter().sum()
    }
}

/// Bytes that a task stores.
pub fn bytes(job: &Job, task: &Task, counts: EventCounts) -> f64 {
    task.work.kind().bytes(job, counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::makespan;
    use crate::job::{DEFAULTS, JobFile};

    #[test]
    fn the_prices_of_the_paper_are_those_of_its_arithmetic() {
        let job = JobFile::from_text("job.toml", DEFAULTS.as_str()).check().expect("a good job");
        let plan = Plan::of(&job);
        let price = Price::of(&job, &plan, EventCounts::estimated(&job), &Rates::CPU_CORE);
        // 22·64 + 3·64² + 64·5 weights learn in 700 passes over 420,000 events. Their losses are evaluated on 8192 events kept
        // aside, 50 times, and in the end at 24 noise strengths on as many of either part.
        let (learnt, looked) = (6.0 * 700.0 * 420_000.0, 2.0 * 8192.0 * (50.0 + 24.0 * 2.0));
        let training = 14_016.0 * (learnt + looked) / (Rates::CPU_CORE.denoiser(1) * 1e9);
        let index = plan.tasks.iter().position(|task| task.id.0.starts_with("train/")).expect("a training");
        assert!(((price.seconds[index] - HANDLING) / training - 1.0).abs() < 1e-9);
        assert!(makespan(&plan, &price.seconds, &vec![false; plan.tasks.len()], 9) < price.total() / 5.0);
    }
}
