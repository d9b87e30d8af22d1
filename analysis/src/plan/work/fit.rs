//! The dijet fit of the side-bands' mass spectrum.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{IfStopped, Settings, TaskKind, Work};
use crate::job::{Job, TemplateSpec, TrainingSample};
use crate::plan::cost::EventCounts;
use crate::plan::cost::keys::{Cost, Key};
use crate::plan::cost::memory::Chip;
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// The dijet fit of the side-bands' mass spectrum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// What is fitted.
    pub sample: TrainingSample,
}

impl Fit {
    /// The task that fits a sample.
    pub fn task(sample: TrainingSample) -> Task {
        Task::new(Self::id(sample), Work::Fit(Self { sample }))
    }

    /// The name of that task.
    pub fn id(sample: TrainingSample) -> TaskId {
        TaskId(format!("fit/dijet-{sample}"))
    }

    /// The name of the fit that a template draws its target masses from, where it draws them.
    pub fn id_for(template: &TemplateSpec) -> Option<TaskId> {
        template.method.draws_masses().then(|| Self::id(template.sample))
    }
}

impl TaskKind for Fit {
    fn name(&self) -> &'static str {
        "fit"
    }

    fn pace(&self) -> PaceKind {
        PaceKind::Fit
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([of.split, of.job.collision_energy])
    }

    fn seconds(&self, _job: &Job, _counts: EventCounts, _rates: &Rates) -> f64 {
        0.1
    }

    fn bytes(&self, _job: &Job, _counts: EventCounts) -> f64 {
        8e3
    }

    fn memory(&self, _job: &Job, _counts: EventCounts, _chip: Chip) -> f64 {
        0.0
    }

    fn keys(&self, _job: &Job, _cost: Cost) -> Vec<Key> {
        vec![]
    }

    fn if_stopped(&self) -> IfStopped {
        IfStopped::Lost
    }
}
