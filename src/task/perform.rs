//! How tasks are done: each kind in the file that has its name, and here the one place that tells them apart.

use drapes_analysis::plan::{TaskId, TaskKind, Work};
use drapes_analysis::store::record::TaskResult;

use super::Workplace;
use crate::error::Error;
use crate::training::Checkpointer;

/// A kind of task that can be done: its descriptor, which says what is known of it before, and the work itself.
pub trait Perform: TaskKind {
    /// Does the task from beginning to end, or from where it was stopped; stores its arrays and returns the rest.
    ///
    /// # Errors
    /// What it needs cannot be read, its arrays cannot be stored, it was told to stop, or the work has failed.
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error>;
}

/// How this work is done.
pub fn performing(work: &Work) -> &dyn Perform {
    match work {
        Work::Fit(kind) => kind,
        Work::Train(kind) => kind,
        Work::TrainFlow(kind) => kind,
        Work::TrainKinematics(kind) => kind,
        Work::TrainJets(kind) => kind,
        Work::TemplateJets(kind) => kind,
        Work::Template(kind) => kind,
        Work::Resample(kind) => kind,
        Work::Classify(kind) => kind,
    }
}
