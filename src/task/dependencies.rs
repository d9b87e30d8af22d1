//! Whether the results that a task depends on can be read.
//!
//! A file that cannot be read is no file that is lost: a notebook may have it open, a server may be starting again, or a
//! network file system may still remember that it was not there. It is looked at again before anything is made again.

use drapes_analysis::plan::{Stage, Task, TaskId};
use drapes_analysis::store::Store;
use drapes_analysis::store::record::TaskResult;

use super::{Perform, Workplace};
use crate::arrays::{AfterWait, ArrayReader, Fault, Retries};
use crate::error::Error;
use crate::progress_sink::ProgressSink;
use crate::training::Checkpointer;

/// How often a task is tried whose needs could not be read and then could.
const TRIES: usize = 3;

impl Workplace {
    /// Computes a task; again, if something that it needs could not be read for a moment.
    ///
    /// # Errors
    /// What the task finds; [`Error::UnreadableInput`] where its needs cannot be read after all.
    pub(super) fn compute_or_retry(
        &self,
        task: &Task,
        kind: &dyn Perform,
        checkpointer: &Checkpointer<'_>,
        sink: &dyn ProgressSink,
    ) -> Result<TaskResult, Error> {
        let mut tried = 0;
        loop {
            let error = match self.compute(&task.id, kind, checkpointer) {
                Err(error) if error.is_of_reading() => error,
                other => return other,
            };
            tried += 1;
            let needs = self.unreadable(task, sink)?;
            if !needs.is_empty() {
                return Err(Error::UnreadableInput { needs, source: Box::new(error) });
            }
            if tried == TRIES {
                return Err(error);
            }
            self.log.looks_again(&task.id, &error);
        }
    }

    /// Those tasks that this one needs and whose results cannot be read, whatever their records say, after several looks.
    ///
    /// # Errors
    /// The task was told to stop while it waited for the next look.
    pub(super) fn unreadable(&self, task: &Task, sink: &dyn ProgressSink) -> Result<Vec<TaskId>, Error> {
        Ok(unreadable_after_retries(&self.store, &task.needs, sink)?.into_iter().cloned().collect())
    }
}

/// Those of some finished tasks whose results cannot be read, after several looks over some seconds; of what somebody else
/// has open for writing, over a minute.
///
/// # Errors
/// Whoever waits was told to stop.
pub fn unreadable_after_retries<'a>(
    store: &Store,
    tasks: &'a [TaskId],
    sink: &dyn ProgressSink,
) -> Result<Vec<&'a TaskId>, Error> {
    let mut retries = Retries::default();
    loop {
        let bad: Vec<&TaskId> = tasks.iter().filter(|task| !is_readable(store, task)).collect();
        let Some(fault) =
            bad.iter().map(|task| fault(store, task)).max_by_key(|fault| matches!(fault, Fault::Busy))
        else {
            return Ok(bad);
        };
        match retries.wait(&fault, sink) {
            AfterWait::Retry => store.refresh(),
            AfterWait::GiveUp => return Ok(bad),
            AfterWait::Stop => return Err(Error::Stopped),
        }
    }
}

/// Whether the result of a finished task can be read: its record, and its arrays, each to the last value.
pub fn is_readable(store: &Store, task: &TaskId) -> bool {
    store.result(task).is_ok()
        && (!has_arrays(task) || ArrayReader::of(store, task).and_then(|arrays| arrays.check()).is_ok())
}

/// Whether a task leaves arrays: fits and classifiers leave records only.
pub fn has_arrays(task: &TaskId) -> bool {
    [Stage::Train, Stage::Template].iter().any(|stage| task.0.starts_with(&format!("{}/", stage.word())))
}

fn fault(store: &Store, task: &TaskId) -> Fault {
    let own = store.arrays(task);
    if matches!(own.try_exists(), Ok(false)) { Fault::of(&store.folded_arrays()) } else { Fault::of(&own) }
}
