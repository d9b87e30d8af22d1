//! A kind of task that no real job has, to show that a kind is one file: the sum of the masses of a fitted sample, for jobs
//! that are called `toy`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::Planning;
use super::{Content, Fit, Histogram, IfStopped, Network, Recorded, Settings, TaskKind, Work};
use crate::job::{Chip, Job, TrainingSample};
use crate::plan::cost::EventCounts;
use crate::plan::cost::keys::{Cost, Key, defaults};
use crate::plan::{PaceKind, Plan, Rates, Task, TaskId};

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
    fn plan(planning: &mut Planning<'_>) {
        if planning.job().name == "toy" {
            for wanted in planning.templates() {
                planning.push(Self::task(wanted.what.sample));
            }
        }
    }

    fn notes(plan: &Plan) -> Vec<String> {
        let toys = plan.tasks.iter().filter(|task| matches!(task.work, Work::Toy(_))).count();
        if toys == 0 { vec![] } else { vec![format!("the job has {toys} toys")] }
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

/// What a toy leaves in its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToySum {
    /// Whose masses were added up.
    pub sample: TrainingSample,
    /// GeV.
    pub sum: f64,
    /// Edges of two bins, GeV.
    pub edges: [f64; 3],
    /// Events in them.
    pub counts: [f64; 2],
}

impl Recorded for Toy {
    type Result = ToySum;

    fn networks(found: &ToySum) -> Vec<Network> {
        vec![Network { name: "the toy's network".to_owned(), diverged: Some(found.sum) }]
    }

    fn remarks(found: &ToySum, job: &Job) -> Vec<String> {
        vec![format!("a sum of {} GeV for {} leaves", found.sum, job.trees.leaves)]
    }

    fn histograms<'a>(found: &'a ToySum, job: &'a Job) -> Vec<Histogram<'a>> {
        vec![Histogram {
            quantity: &job.data.resonant,
            label: "*m* [GeV]".to_owned(),
            edges: &found.edges,
            content: Content::Events,
            samples: vec![("toy", &found.counts), ("empty", &[])],
        }]
    }
}
