//! All that a rank must know of a task, so that rank 0 alone makes the plan of a large scan.

use drapes_analysis::dispatch::Attempt;
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::plan::{Task, TaskId};
use serde::{Deserialize, Serialize};

/// All that a rank must know to do a task beside the job. The plan of a large scan, and the fingerprints of all its tasks, take
/// seconds and gigabytes: one rank has them, and not every rank of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Its place in the plan, by which rank 0 knows it.
    pub place: usize,
    /// The task.
    pub task: Task,
    /// What its result depends on.
    pub fingerprint: Fingerprint,
    /// What a fault of the machine means for it.
    pub attempt: Attempt,
}

/// The tasks of a plan, as rank 0 hands them out.
pub trait Assignments {
    /// The assignment of the task at a place of the plan.
    fn of(&self, place: usize, attempt: Attempt) -> Assignment;
    /// The place in the plan of a task that the one at a place needs; none if it does not.
    fn need(&self, of: usize, needed: &TaskId) -> Option<usize>;
}
