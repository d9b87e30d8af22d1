//! Writing and reading the records of tasks, which decide whether a task is done.

use std::fs::{self, File};
use std::io::ErrorKind;

use serde::Serialize;

use super::again::read_again;
use super::header::Header;
use super::{Store, StoredJob, write_durably};
use crate::error::Error;
use crate::plan::{Fingerprint, Plan, Task, TaskId, earlier_fingerprints, fingerprints};
use crate::store::seal::Seal;
use crate::store::{RunInfo, TaskRecord, TaskResult};

/// What the record of a task says, if there is one.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordState {
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

impl RecordState {
    fn of(header: Header, task: &Task, expected: &Fingerprint) -> Self {
        let Header { id, fingerprint, run, failed } = header;
        match failed {
            _ if id != task.id || fingerprint != *expected => Self::Ignored { why: FOREIGN },
            Some(reason) => Self::Failed { reason, run },
            None => Self::Done(run),
        }
    }

    /// The state of a task that has no record of its own, by the line of a folded one if it has that and it can be read.
    pub(super) fn of_folded(line: Result<Option<Vec<u8>>, ()>, task: &Task, expected: &Fingerprint) -> Self {
        match line.map(|line| line.as_deref().and_then(Header::of_line)) {
            Ok(Some(header)) => Self::of(header, task, expected),
            Ok(None) => Self::Missing,
            Err(()) => Self::Ignored { why: "the folded records cannot be read" },
        }
    }

    /// Whether a file stands where its record should and is damaged.
    pub fn is_torn(&self) -> bool {
        *self == Self::Ignored { why: TORN }
    }

    /// Whether a whole record stands there that does not count.
    pub fn is_foreign(&self) -> bool {
        *self == Self::Ignored { why: FOREIGN }
    }

    /// Whether the task needs no more work.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// Who has made the records of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MadeBy {
    /// This version of drapes, or nobody yet.
    ThisVersion,
    /// An earlier one, of the same job and inputs.
    AnEarlierVersion,
    /// There are records, and none of them is known to be of this job and its inputs.
    Others,
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
        self.remove(&format!("tasks/{task}.json"))
    }

    /// The result of a finished task.
    ///
    /// # Errors
    /// The task has no valid record with a result.
    pub fn result(&self, task: &TaskId) -> Result<TaskResult, Error> {
        let mut path = self.record(task);
        let text = match read_again(|| fs::read(&path)) {
            Ok(text) => text,
            Err(source) => {
                let folded =
                    if source.kind() == ErrorKind::NotFound { self.folded_line(task)? } else { None };
                let Some(line) = folded else {
                    return Err(Error::CannotRead { what: "the record", path, source });
                };
                path = self.folded_records();
                line
            }
        };
        let corrupt = |reason: String| Error::Corrupt { path: path.clone(), reason };
        if Seal::of(&text) == Seal::Broken {
            return Err(corrupt(format!("the record of {task} does not have the digest that stands in it")));
        }
        let record: TaskRecord = serde_json::from_slice(&text).map_err(|error| corrupt(error.to_string()))?;
        record.into_result().ok_or_else(|| corrupt(format!("{task} failed")))
    }

    /// The state of every task of a plan.
    pub fn states(&self, stored: &StoredJob, plan: &Plan) -> Vec<RecordState> {
        let expected = fingerprints(&stored.job, &stored.inputs, plan);
        self.survey(plan, &expected).states
    }

    /// The same for who computes nothing: where no record is of this version, those of the latest earlier one that has made some.
    ///
    /// A later version may give other numbers, so that a run does all tasks again; what is finished is no less finished.
    pub fn states_as_made(&self, stored: &StoredJob, plan: &Plan) -> (Vec<RecordState>, MadeBy) {
        let states = self.states(stored, plan);
        let counts = |states: &[RecordState]| {
            states.iter().any(|state| matches!(state, RecordState::Done(_) | RecordState::Failed { .. }))
        };
        if counts(&states) || !states.iter().any(RecordState::is_foreign) {
            return (states, MadeBy::ThisVersion);
        }
        let earlier = earlier_fingerprints(&stored.job, &stored.inputs, plan);
        let found = earlier.map(|expected| self.survey(plan, &expected).states).find(|states| counts(states));
        found.map_or((states, MadeBy::Others), |states| (states, MadeBy::AnEarlierVersion))
    }

    /// The state of a task that should have this fingerprint.
    pub fn state(&self, task: &Task, expected: &Fingerprint) -> RecordState {
        let path = self.record(&task.id);
        let found = match read_again(|| File::open(&path).and_then(|file| Header::read(&file))) {
            Ok(Some(header)) => header,
            Ok(None) => return RecordState::Ignored { why: TORN },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return RecordState::of_folded(self.folded_line(&task.id).map_err(|_| ()), task, expected);
            }
            Err(_) => return RecordState::Ignored { why: "its record cannot be read" },
        };
        RecordState::of(found, task, expected)
    }
}
