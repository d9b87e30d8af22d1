//! A kind of task that no job has: the sum of the masses of a fitted sample.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Fit, IfStopped, Settings, TaskKind, Work};
use crate::job::{Job, TrainingSample};
use crate::plan::cost::EventCounts;
use crate::plan::cost::keys::{Cost, Key, defaults};
use crate::plan::cost::memory::Chip;
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// The sum of the masses of a sample, once the sample is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Toy {
    /// Whose masses are added up.
    pub sample: TrainingSample,
}

impl Toy {
    /// The task that adds up the masses of a sample.
    pub fn task(sample: TrainingSample) -> Task {
        Task::new(TaskId(format!("fit/toy-{sample}")), Work::Toy(Self { sample }))
    }
}

impl TaskKind for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn pace(&self) -> PaceKind {
        PaceKind::Fit
    }

    fn needs(&self) -> Vec<TaskId> {
        vec![Fit::id(self.sample)]
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([of.split, of.job.trees.leaves])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, _rates: &Rates) -> f64 {
        job.trees.leaves as f64 * counts.side_band as f64
    }

    fn bytes(&self, _job: &Job, counts: EventCounts) -> f64 {
        1e6 * counts.side_band as f64
    }

    fn memory(&self, _job: &Job, counts: EventCounts, _chip: Chip) -> f64 {
        1e12 * counts.side_band as f64
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        match cost {
            Cost::Time | Cost::Memory => {
                vec![("trees.leaves", job.trees.leaves, defaults().trees.leaves)]
            }
            Cost::Disk => vec![],
        }
    }

    fn if_stopped(&self) -> IfStopped {
        IfStopped::GoesOn
    }
}
