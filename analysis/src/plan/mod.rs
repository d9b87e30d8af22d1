//! From a job to tasks: what is computed once, what depends on what, and what it costs.
//!
//! - In: a [`Job`].
//! - Out: a [`Plan`], dependencies first; what each task's result depends on ([`fingerprint`]); core-seconds, memory and disk
//!   ([`price`], at the [`rates`] of a device); the random numbers that belong to each purpose ([`random_stream`]).
//! - Each kind of task has one file in [`work`]; no equation of the paper lives here but the sizes of its networks
//!   ([`cost`]).
//! - It may use `job` and what lies below it.

mod company;
pub mod cost;
pub mod device_kind;
pub mod fingerprint;
mod pace;
mod pace_kind;
pub mod price;
pub mod random_stream;
pub mod rates;
mod select;
pub mod work;

pub use company::Company;
pub use pace::Pace;
pub use pace_kind::PaceKind;

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::job::Job;

pub use fingerprint::{Fingerprint, InputFile, earlier_fingerprints, fingerprints};
pub use random_stream::Stream;
pub use rates::Rates;
pub use select::Selector;
use work::Planning;
pub use work::{IfStopped, TaskKind, Work};

/// The readable name of a task; also the stem of its files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub String);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The stages of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Stage {
    /// Dijet fits.
    Fit,
    /// Trainings.
    Train,
    /// Templates.
    Template,
    /// Classifiers.
    Classify,
}

impl Stage {
    /// All stages, in the order of the chain.
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// The word for the stage in ids.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// A unit of work that one rank does from beginning to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its name.
    pub id: TaskId,
    /// What it computes.
    pub work: Work,
    /// The tasks whose files it reads.
    pub needs: Vec<TaskId>,
}

impl Task {
    /// A task of this name, which needs what its work reads.
    pub fn new(id: TaskId, work: Work) -> Self {
        let needs = work.kind().needs();
        Self { id, work, needs }
    }
}

/// Every task of a job, dependencies first.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The tasks.
    pub tasks: Vec<Task>,
}

impl Plan {
    /// Expands a job. What two points share (a fit, a training, a template) is one task.
    pub fn of(job: &Job) -> Self {
        let mut planning = Planning::of(job);
        work::plan_every_kind(&mut planning);
        Self { tasks: planning.into_tasks() }
    }

    /// The tasks of one stage.
    pub fn stage(&self, stage: Stage) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(move |task| task.work.stage() == stage)
    }

    /// What a user should know of the plan before it runs.
    pub fn notes(&self) -> Vec<String> {
        work::notes_of_every_kind(self)
    }

    /// The position of a task.
    pub fn position(&self, id: &TaskId) -> Option<usize> {
        self.tasks.iter().position(|task| task.id == *id)
    }
}

#[cfg(test)]
mod tests;
