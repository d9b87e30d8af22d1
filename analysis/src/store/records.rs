//! The records of tasks: what is done and what is not.

use std::fs::{self, File};
use std::io::ErrorKind;

use super::header::Header;
use super::{Store, StoredJob, write_durably};
use crate::error::Error;
use crate::fingerprint::{Fingerprint, fingerprints};
use crate::plan::{Plan, Task, TaskId};
use crate::record::{RunInfo, TaskRecord, TaskResult};

/// What the directory knows of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskState {
    /// It has a valid record with a result.
    Done(RunInfo),
    /// Its record says that it failed.
    Failed {
        /// The reason.
        reason: String,
        /// Where and for how long it was tried.
        run: RunInfo,
    },
    /// It has no record.
    Missing,
    /// A file stands where its record should, but it is torn or belongs to other inputs; it will be replaced.
    Ignored {
        /// Why the file does not count.
        why: &'static str,
    },
}

impl TaskState {
    /// Whether the task needs no more work.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// Why a record that is not whole does not count.
const TORN: &str = "its record is torn or not one of drapes";
/// Why a whole record does not count.
const FOREIGN: &str = "its record belongs to other inputs or another version";

impl Store {
    /// Stores a record: after this the task is done, whatever happens to the machine.
    ///
    /// # Errors
    /// The record cannot be written.
    pub fn write_record(&self, record: &TaskRecord) -> Result<(), Error> {
        write_durably(&self.record(&record.id), &record.to_line())
    }

    /// Removes the record of a task, wherever it lies, so that the task is done again.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn forget(&self, task: &TaskId) -> Result<(), Error> {
        // The folded one first: behind a record of its own it would count again.
        self.unfold(task)?;
        self.remove_own_record(task)
    }

    pub(super) fn remove_own_record(&self, task: &TaskId) -> Result<(), Error> {
        self.remove(&format!("tasks/{task}.json"))
    }

    /// The result of a finished task.
    ///
    /// # Errors
    /// The task has no valid record with a result.
    pub fn result(&self, task: &TaskId) -> Result<TaskResult, Error> {
        let mut path = self.record(task);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(source) => {
                let Some(line) = self.folded()?.line(task) else {
                    return Err(Error::CannotRead { what: "the record", path, source });
                };
                path = self.folded_records();
                line
            }
        };
        let corrupt = |reason: String| Error::Corrupt { path: path.clone(), reason };
        let record: TaskRecord = serde_json::from_slice(&text).map_err(|error| corrupt(error.to_string()))?;
        record.into_result().ok_or_else(|| corrupt(format!("{task} failed")))
    }

    /// The state of every task of a plan.
    pub fn states(&self, stored: &StoredJob, plan: &Plan) -> Vec<TaskState> {
        let expected = fingerprints(&stored.job, &stored.inputs, plan);
        plan.tasks.iter().zip(&expected).map(|(task, expected)| self.state(task, expected)).collect()
    }

    /// The state of a task that should have this fingerprint.
    pub fn state(&self, task: &Task, expected: &Fingerprint) -> TaskState {
        let found = match File::open(self.record(&task.id)) {
            Ok(file) => match Header::read(&file) {
                Ok(Some(header)) => header,
                Ok(None) | Err(_) => return TaskState::Ignored { why: TORN },
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let folded = self.folded().ok().and_then(|folded| folded.line(&task.id));
                match folded.and_then(|line| Header::of_line(&line)) {
                    Some(header) => header,
                    None => return TaskState::Missing,
                }
            }
            Err(_) => return TaskState::Ignored { why: "its record cannot be opened" },
        };
        let Header { id, fingerprint, run, failed } = found;
        match failed {
            _ if id != task.id || fingerprint != *expected => TaskState::Ignored { why: FOREIGN },
            Some(reason) => TaskState::Failed { reason, run },
            None => TaskState::Done(run),
        }
    }
}
