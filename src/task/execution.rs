//! How a task runs: computed, checked, its record stored; and what becomes of it where something goes wrong on the way.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime};

use drapes_analysis::dispatch::{Attempt, Fault};
use drapes_analysis::job::Chip;
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::plan::price::EventCounts;
use drapes_analysis::plan::price::memory::MemoryDemand;
use drapes_analysis::plan::{Task, TaskId, TaskKind};
use drapes_analysis::store::record::{Outcome, RunInfo, TaskRecord, TaskResult};

use super::perform::{Perform, performing};
use super::{Workplace, stopping};
use crate::device::free_bytes;
use crate::device::free_memory;
use crate::dispatch::Ended;
use crate::error::Error;
use crate::progress_sink::ProgressSink;
use crate::training::{CheckpointFile, Checkpointer, Notice};

/// What happens to the checkpoint of a task that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CheckpointFate {
    /// Tried again, the training goes on from there.
    Keep,
    /// The training is complete, or would leave the finite numbers again.
    Remove,
}

/// A task while it is done.
struct Execution<'a> {
    task: &'a Task,
    fingerprint: &'a Fingerprint,
    /// How it is done.
    kind: &'a dyn Perform,
    attempt: Attempt,
    sink: &'a dyn ProgressSink,
    checkpointer: &'a Checkpointer<'a>,
    start: Instant,
}

/// The result of computing a task once.
struct Tried {
    outcome: Outcome,
    checkpoint: CheckpointFate,
    /// What of the machine is to blame for a failure.
    fault: Option<Fault>,
}

impl Tried {
    /// A task whose failure is its own. Where it left the finite numbers, it would do so again from its checkpoint.
    fn failed(error: &Error) -> Self {
        let is_lost = matches!(error, Error::Diverged { .. } | Error::NotFinite { .. });
        let checkpoint = if is_lost { CheckpointFate::Remove } else { CheckpointFate::Keep };
        Self { outcome: Outcome::Failed { reason: error.to_string() }, checkpoint, fault: error.fault() }
    }
}

impl Workplace {
    /// Does a task and stores its record. Whatever goes wrong in the task becomes a failed record, unless it was told to
    /// stop, the machine has let it down for the first time, or nothing can be stored: then it has none.
    pub fn perform(
        &self,
        task: &Task,
        fingerprint: &Fingerprint,
        attempt: Attempt,
        sink: &dyn ProgressSink,
    ) -> Ended {
        self.perform_as(task, performing(&task.work), fingerprint, attempt, sink)
    }

    /// As [`Workplace::perform`], with the kind of the task given: tests bring one of their own.
    pub(super) fn perform_as(
        &self,
        task: &Task,
        kind: &dyn Perform,
        fingerprint: &Fingerprint,
        attempt: Attempt,
        sink: &dyn ProgressSink,
    ) -> Ended {
        let file = CheckpointFile {
            path: self.store.checkpoint(&task.id),
            fingerprint: fingerprint.clone(),
            device: self.place.device.clone(),
        };
        self.log.begins(&task.id);
        let note = |notice: Notice| self.log.notes(&task.id, &notice);
        let checkpointer = Checkpointer::new(sink, file, self.save_every).telling(&note);
        let start = Instant::now();
        let execution =
            Execution { task, fingerprint, kind, attempt, sink, checkpointer: &checkpointer, start };
        let Tried { outcome, checkpoint, .. } = match self.try_once(&execution) {
            Ok(tried) => tried,
            Err(ended) => return ended,
        };
        let record = self.record(&execution, outcome);
        if let Err(error) = self.store.write_record(&record) {
            return self.not_stored(&execution, &error.into());
        }
        // A device that broke near the end of a long training is no reason to begin anew when it is tried again.
        if checkpoint == CheckpointFate::Remove {
            checkpointer.finish();
        }
        self.store.forget_stop(&task.id);
        self.log.ends(&record, &self.job);
        match record.outcome {
            Outcome::Done(_) => Ended::Done { seconds: record.run.seconds },
            Outcome::Failed { reason } => Ended::Failed { reason },
        }
    }

    /// Computes a task to a result or to a failure that is its own.
    ///
    /// # Errors
    /// It ends without a record: it was stopped, what it needs cannot be read, nothing can be stored, or the machine has let
    /// it down.
    fn try_once(&self, execution: &Execution<'_>) -> Result<Tried, Ended> {
        let &Execution { task, fingerprint, kind, attempt, sink, checkpointer, .. } = execution;
        // Nothing that a panic could leave half-done is used again: arrays have no name yet, the sample is whole.
        let computed =
            catch_unwind(AssertUnwindSafe(|| self.compute_or_retry(task, kind, checkpointer, sink)));
        let tried = match computed {
            Ok(Ok(result)) => {
                let outcome = Outcome::Done(Box::new(result));
                return Ok(Tried { outcome, checkpoint: CheckpointFate::Remove, fault: None });
            }
            Ok(Err(Error::Stopped)) => {
                stopping::note(&self.store, task, fingerprint, &self.place.device, checkpointer);
                self.log.stopped(&task.id);
                return Err(Ended::Stopped);
            }
            Ok(Err(Error::UnreadableInput { needs, source })) => {
                return Err(self.unreadable_input(task, needs, source.to_string()));
            }
            Ok(Err(error)) if error.is_of_storage() => {
                return Err(self.not_stored(execution, &error));
            }
            Ok(Err(error)) => Tried::failed(&error),
            Err(panic) => {
                let (reason, fault) = panic_reason(panic.as_ref(), self.need(kind));
                Tried { outcome: Outcome::Failed { reason }, checkpoint: CheckpointFate::Keep, fault }
            }
        };
        let Outcome::Failed { reason } = &tried.outcome else { return Ok(tried) };
        match self.unreadable(task, sink) {
            Ok(needs) if needs.is_empty() => {}
            // What it needs is at fault, and can be made again.
            Ok(needs) => return Err(self.unreadable_input(task, needs, reason.clone())),
            Err(_) => {
                self.log.stopped(&task.id);
                return Err(Ended::Stopped);
            }
        }
        let let_down =
            if attempt == Attempt::First { self.let_down(task, reason, tried.fault) } else { None };
        match let_down {
            Some(ended) => Err(ended),
            None => Ok(tried),
        }
    }

    /// How a task ended, if the machine was at fault and not the task: the device is broken, or `fault` names the files or the
    /// memory. Another rank may do it then.
    fn let_down(&self, task: &Task, reason: &str, fault: Option<Fault>) -> Option<Ended> {
        // A device that is gone fails every task, and its reason is the better one.
        let broken = self.check_device().err();
        let found =
            broken.map(|why| (Fault::Device, format!("{reason} ({} is broken: {why})", self.place.device)));
        let (fault, reason) = found.or(fault.map(|fault| (fault, reason.to_owned())))?;
        self.log.rescheduled(&task.id, &reason);
        Some(Ended::LetDown { fault, reason })
    }

    /// The record of a task that has ended, which any reader of JSON can read: else it is that of a failure.
    fn record(&self, execution: &Execution<'_>, outcome: Outcome) -> TaskRecord {
        let Execution { task, fingerprint, checkpointer, start, .. } = execution;
        let diverged = match &outcome {
            Outcome::Done(result) => result.diverged().into_iter().flatten().count(),
            Outcome::Failed { .. } => 0,
        };
        let seconds = checkpointer.earlier() + start.elapsed().as_secs_f64();
        let began = SystemTime::now().checked_sub(start.elapsed());
        let began = began.and_then(|began| began.duration_since(SystemTime::UNIX_EPOCH).ok());
        // Milliseconds, for the bars of the report.
        let began = began.map(|began| (began.as_secs_f64() * 1e3).round() / 1e3);
        let run = RunInfo { seconds, began, diverged, ..self.place.clone() };
        let (id, fingerprint) = (task.id.clone(), (*fingerprint).clone());
        let mut record = TaskRecord { id, fingerprint, run, outcome };
        if let Err(reason) = record.readable() {
            record.outcome = Outcome::Failed { reason };
        }
        record
    }

    fn unreadable_input(&self, task: &Task, needs: Vec<TaskId>, reason: String) -> Ended {
        self.log.rescheduled(&task.id, &reason);
        Ended::UnreadableInput { needs, reason }
    }

    /// A full disk is full for all ranks; whatever else keeps this one from writing may be its own.
    fn not_stored(&self, execution: &Execution<'_>, error: &Error) -> Ended {
        let (id, attempt) = (&execution.task.id, execution.attempt);
        let needed = match error {
            Error::NotSaved { bytes, .. } => *bytes,
            _ => execution.kind.bytes(&self.job, EventCounts::estimated(&self.job)),
        };
        let reason = format!("{id} needs about {:.1} MB: {error}", needed / 1e6);
        let has_room = free_bytes(self.store.directory()).is_none_or(|free| free > needed + ROOM_TO_SPARE);
        if attempt == Attempt::First && has_room {
            self.log.rescheduled(id, &reason);
            return Ended::LetDown { fault: Fault::Files, reason };
        }
        self.log.not_stored(id, &reason);
        Ended::NotStored { reason }
    }

    pub(super) fn compute(
        &self,
        id: &TaskId,
        kind: &dyn Perform,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        self.check_memory(id, kind)?;
        kind.perform(self, id, checkpointer)
    }

    /// Checks that a task fits into memory before hours are spent on it, or the system kills the process that took too much.
    fn check_memory(&self, id: &TaskId, kind: &dyn Perform) -> Result<(), Error> {
        self.sample()?;
        let MemoryDemand { bytes: needs, lower } = self.need(kind);
        let free = if self.device.is_cuda() {
            self.gpu_memory
        } else {
            [free_memory(), self.memory].into_iter().flatten().reduce(f64::min)
        };
        match free {
            Some(has) if needs > has => Err(Error::DoesNotFit { what: id.to_string(), needs, has, lower }),
            _ => Ok(()),
        }
    }

    fn need(&self, kind: &dyn Perform) -> MemoryDemand {
        let counts = self.sample.get().map(|sample| sample.counts(&self.job));
        let counts = counts.unwrap_or_else(|| EventCounts::estimated(&self.job));
        let chip = if self.device.is_cuda() { Chip::Gpu } else { Chip::Core };
        (kind as &dyn TaskKind).need(&self.job, counts, chip)
    }
}

/// What a panic says, in one line: libtorch appends its whole stack. Beside it, that memory is to blame, if it is.
pub(super) fn panic_reason(panic: &(dyn Any + Send), need: MemoryDemand) -> (String, Option<Fault>) {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    // tch quotes the C++ message, with its newlines escaped.
    let line = text.split(['\n']).next().unwrap_or(text).split("\\nException raised").next().unwrap_or(text);
    let no_memory = NO_MEMORY.iter().any(|words| text.contains(words));
    if no_memory {
        let MemoryDemand { bytes, lower } = need;
        let reason = format!("the task needs about {:.1} GB of memory ({line}) lower {lower}", bytes / 1e9);
        return (reason, Some(Fault::Memory));
    }
    (format!("the task panicked ({line}) please report this with the job file"), None)
}

/// A disk with less room than this beside what a task stores is full: quotas and reserves keep some for themselves.
const ROOM_TO_SPARE: f64 = 64e6;

/// How libtorch says that a GPU, or the system, has no more memory.
const NO_MEMORY: [&str; 3] = ["out of memory", "can't allocate memory", "not enough memory"];
