//! One task from beginning to end.

mod class_samples;
mod classify;
mod dependencies;
mod distance;
mod fit;
mod flow;
mod jet_models;
mod jet_summary;
mod jet_template;
mod partial_jet_template;
mod partial_template;
mod perform;
mod spectrum;
mod stopping;
mod summary;
mod template;
mod train;
mod weights;

use std::any::Any;
use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use drapes_analysis::dispatch::{Attempt, Fault, Shard};
use drapes_analysis::job::Job;
use drapes_analysis::job::template_spec::Inputs;
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::plan::price::EventCounts;
use drapes_analysis::plan::price::memory::{Chip, Need};
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::{Task, TaskId, TaskKind};
use drapes_analysis::store::record::{Outcome, RunInfo, TaskRecord, TaskResult};
use drapes_analysis::store::{Store, StoredJob};
use tch::Device;

use crate::data::{self, Label};
use crate::device::{self, free_memory};
use crate::dispatch::{Ended, Environment};
use crate::doctor::free_bytes;
use crate::error::Error;
use crate::progress_sink::ProgressSink;
use crate::provenance::Versions;
use crate::rank_log::RankLog;
use crate::repeats;
use crate::split::Sample;
use crate::training::{CheckpointFile, Checkpointer, Notice};

use perform::{Perform, performing};

pub use dependencies::{has_arrays, is_readable, unreadable_after_retries};

/// What may come of the checkpoint of a task that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CheckpointFate {
    /// Tried again, the training goes on from there.
    Keep,
    /// The training is complete, or would leave the finite numbers again.
    Remove,
}

/// Where a rank works: the directory, the data and the device.
pub struct Workplace {
    store: Store,
    job: Job,
    data_directory: PathBuf,
    device: Device,
    place: RunInfo,
    log: RankLog,
    /// Read at the first task, kept for the others.
    sample: OnceCell<Sample>,
    /// Time between two checkpoints of a training.
    save_every: Duration,
    /// This rank's share of the host's free memory, where it is known.
    memory: Option<f64>,
    /// Whether the device still computes; tests break it here.
    check: fn(Device) -> Result<(), String>,
}

impl Workplace {
    /// A workplace; the data are not read yet.
    pub fn new(
        store: Store,
        stored: StoredJob,
        data_directory: PathBuf,
        device: Device,
        place: RunInfo,
        shard: Shard,
    ) -> Self {
        let log = RankLog::open(&store, &place, shard);
        Self {
            store,
            job: stored.job,
            data_directory,
            device,
            place,
            log,
            sample: OnceCell::new(),
            save_every: Duration::MAX,
            memory: None,
            check: device::check,
        }
    }

    /// The same workplace with its events already read.
    pub fn with_sample(self, sample: Sample) -> Self {
        Self { sample: OnceCell::from(sample), ..self }
    }

    /// The same workplace, where trainings are saved so often.
    pub fn saving_every(self, save_every: Duration) -> Self {
        Self { save_every, ..self }
    }

    /// Reads the data, and says what is worked with here.
    ///
    /// # Errors
    /// The data cannot be used here.
    pub fn prepare(&self) -> Result<Environment, Error> {
        self.sample().map(environment)
    }

    /// The same workplace, where no task may take more memory than this.
    pub fn with_memory(self, memory: Option<f64>) -> Self {
        Self { memory, ..self }
    }

    /// What is computed on.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Whether the device still computes.
    ///
    /// # Errors
    /// It does not, and this is why.
    pub fn check_device(&self) -> Result<(), String> {
        (self.check)(self.device)
    }

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

    /// The same of a task that is done in this way.
    fn perform_as(
        &self,
        task: &Task,
        kind: &dyn Perform,
        fingerprint: &Fingerprint,
        attempt: Attempt,
        sink: &dyn ProgressSink,
    ) -> Ended {
        let start = Instant::now();
        let checkpoint = CheckpointFile {
            path: self.store.checkpoint(&task.id),
            fingerprint: fingerprint.clone(),
            device: self.place.device.clone(),
        };
        self.log.begins(&task.id);
        let note = |notice: Notice| self.log.notes(&task.id, &notice);
        let checkpointer = Checkpointer::new(sink, checkpoint, self.save_every).telling(&note);
        let (mut checkpoint_fate, mut fault) = (CheckpointFate::Keep, None);
        // Nothing that a panic could leave half-done is used again: arrays have no name yet, the sample is whole.
        let outcome =
            match catch_unwind(AssertUnwindSafe(|| self.compute_or_retry(task, kind, &checkpointer, sink))) {
                Ok(Ok(result)) => {
                    checkpoint_fate = CheckpointFate::Remove;
                    Outcome::Done(Box::new(result))
                }
                Ok(Err(Error::Stopped)) => {
                    stopping::note(&self.store, (task, fingerprint), &self.place.device, &checkpointer);
                    self.log.stopped(&task.id);
                    return Ended::Stopped;
                }
                Ok(Err(Error::UnreadableInput { needs, source })) => {
                    return self.unreadable_input(task, needs, source.to_string());
                }
                Ok(Err(error)) if error.is_of_storage() => {
                    return self.not_stored(&task.id, kind, attempt, &error);
                }
                Ok(Err(error)) => {
                    fault = error.fault();
                    if matches!(error, Error::Diverged { .. } | Error::NotFinite { .. }) {
                        checkpoint_fate = CheckpointFate::Remove;
                    }
                    Outcome::Failed { reason: error.to_string() }
                }
                Err(panic) => {
                    let (reason, of_memory) = panic_reason(panic.as_ref(), self.need(kind));
                    fault = of_memory;
                    Outcome::Failed { reason }
                }
            };
        if let Outcome::Failed { reason } = &outcome {
            match self.unreadable(task, sink) {
                Ok(needs) if needs.is_empty() => {}
                // What it needs is at fault, and can be made again.
                Ok(needs) => return self.unreadable_input(task, needs, reason.clone()),
                Err(_) => {
                    self.log.stopped(&task.id);
                    return Ended::Stopped;
                }
            }
        }
        if let Outcome::Failed { reason } = &outcome
            && attempt == Attempt::First
        {
            // A device that is gone fails every task, and its reason is the better one.
            let broken = self.check_device().err();
            let found = broken
                .map(|why| (Fault::Device, format!("{reason} ({} is broken: {why})", self.place.device)));
            if let Some((fault, reason)) = found.or(fault.map(|fault| (fault, reason.clone()))) {
                self.log.rescheduled(&task.id, &reason);
                return Ended::LetDown { fault, reason };
            }
        }
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
        let mut record = TaskRecord { id: task.id.clone(), fingerprint: fingerprint.clone(), run, outcome };
        if let Err(reason) = record.readable() {
            record.outcome = Outcome::Failed { reason };
        }
        if let Err(error) = self.store.write_record(&record) {
            return self.not_stored(&task.id, kind, attempt, &error.into());
        }
        // A device that broke near the end of a long training is no reason to begin anew when it is tried again.
        if checkpoint_fate == CheckpointFate::Remove {
            checkpointer.finish();
        }
        self.store.forget_stop(&task.id);
        self.log.ends(&record, &self.job);
        match record.outcome {
            Outcome::Done(_) => Ended::Done { seconds: record.run.seconds },
            Outcome::Failed { reason } => Ended::Failed { reason },
        }
    }

    fn unreadable_input(&self, task: &Task, needs: Vec<TaskId>, reason: String) -> Ended {
        self.log.rescheduled(&task.id, &reason);
        Ended::UnreadableInput { needs, reason }
    }

    /// A full disk is full for all ranks; whatever else keeps this one from writing may be its own.
    fn not_stored(&self, id: &TaskId, kind: &dyn Perform, attempt: Attempt, error: &Error) -> Ended {
        let needed = match error {
            Error::NotSaved { bytes, .. } => *bytes,
            _ => kind.bytes(&self.job, EventCounts::estimated(&self.job)),
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

    fn compute(
        &self,
        id: &TaskId,
        kind: &dyn Perform,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        self.check_memory(id, kind)?;
        kind.perform(self, id, checkpointer)
    }

    /// That a large network fits, before hours are spent, or the system ends the process that took too much.
    fn check_memory(&self, id: &TaskId, kind: &dyn Perform) -> Result<(), Error> {
        self.sample()?;
        if self.device.is_cuda() {
            // It says itself when it has no more.
            return Ok(());
        }
        let Need { bytes: needs, lower } = self.need(kind);
        match [free_memory(), self.memory].into_iter().flatten().reduce(f64::min) {
            Some(has) if needs > has => Err(Error::DoesNotFit { what: id.to_string(), needs, has, lower }),
            _ => Ok(()),
        }
    }

    fn need(&self, kind: &dyn Perform) -> Need {
        let counts = self.sample.get().map(|sample| sample.counts(&self.job));
        let counts = counts.unwrap_or_else(|| EventCounts::estimated(&self.job));
        let chip = if self.device.is_cuda() { Chip::Gpu } else { Chip::Core };
        (kind as &dyn TaskKind).need(&self.job, counts, chip)
    }

    fn sample(&self) -> Result<&Sample, Error> {
        if let Some(sample) = self.sample.get() {
            return Ok(sample);
        }
        let sample = load(&self.job, &self.data_directory)?;
        Ok(self.sample.get_or_init(|| sample))
    }

    fn stream(&self) -> Stream {
        Stream::of_job(self.job.seed)
    }
}

/// What a rank with these events works with.
pub fn environment(sample: &Sample) -> Environment {
    let versions = Versions::of(None);
    Environment {
        events: sample.digest(),
        program: format!("{} {}", versions.drapes, versions.revision),
        libtorch: versions.libtorch,
    }
}

/// Reads the events of a job and assigns their parts.
///
/// # Errors
/// A file cannot be used, the job asks for more than it holds, or events occur more often than the job allows.
pub fn load(job: &Job, data_directory: &Path) -> Result<Sample, Error> {
    let mut problems = Vec::new();
    let mut read = |file: &Path, label: Label, inputs: Inputs| {
        let path = data_directory.join(file);
        let found = data::read_events(&path, &job.data, label).and_then(|events| match inputs {
            Inputs::Hlv => Ok(events),
            Inputs::Llv => events.with_jets(&path, &job.data),
        });
        found.map_err(|error| problems.push(error.into())).ok()
    };
    let inputs = job.inputs();
    let events = read(&job.data.events, Label::Expected, inputs);
    let further = job.independent_background.file().and_then(|file| read(file, Label::Optional, inputs));
    // Nothing starts from another sample's constituents.
    let other = job.other_sample.file().and_then(|file| read(file, Label::Optional, Inputs::Hlv));
    match events {
        Some(events) if problems.is_empty() => {
            let (further, other) = (further.as_ref(), other.as_ref());
            let repeats = repeats::check(job, &events, further, other)?;
            Ok(Sample::new(job, events, further, other)?.noting(repeats))
        }
        _ => Err(Error::of_all(problems).expect_err("a file that could not be read")),
    }
}

/// What a panic says, in one line: libtorch appends its whole stack. Beside it, that memory is to blame, if it is.
fn panic_reason(panic: &(dyn Any + Send), need: Need) -> (String, Option<Fault>) {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    // tch quotes the C++ message, with its newlines escaped.
    let line = text.split(['\n']).next().unwrap_or(text).split("\\nException raised").next().unwrap_or(text);
    let no_memory = NO_MEMORY.iter().any(|words| text.contains(words));
    if no_memory {
        let Need { bytes, lower } = need;
        let reason = format!("the task needs about {:.1} GB of memory ({line}) lower {lower}", bytes / 1e9);
        return (reason, Some(Fault::Memory));
    }
    (format!("the task panicked ({line}) please report this with the job file"), None)
}

/// A disk with less room than this beside what a task stores is full: quotas and reserves keep some for themselves.
const ROOM_TO_SPARE: f64 = 64e6;

/// How libtorch says that a GPU, or the system, has no more memory.
const NO_MEMORY: [&str; 3] = ["out of memory", "can't allocate memory", "not enough memory"];

#[cfg(test)]
mod tests;
