//! When a training is saved and when it stops.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::file::{CheckpointFile, NoUse, Progress, Snapshot};
use super::notice::Notice;
use crate::error::Error;
use crate::progress_sink::{NoProgress, ProgressSink};

/// A training whose state can be saved between two steps.
pub trait Resumable {
    /// Everything that later steps depend on.
    fn snapshot(&self) -> Snapshot;

    /// Takes over the state of a snapshot; none if it belongs to another training, and then nothing has changed.
    fn restore(&mut self, snapshot: &Snapshot) -> Option<()>;
}

/// Accompanies a training: reports its progress, saves it from time to time, and stops it when it must.
pub struct Checkpointer<'a> {
    sink: &'a dyn ProgressSink,
    /// Who is told of checkpoints.
    listener: Option<&'a dyn Fn(Notice)>,
    file: Option<CheckpointFile>,
    /// Time between two checkpoints.
    every: Duration,
    tried: Cell<Instant>,
    /// When it was saved last, or had begun.
    saved: Cell<Instant>,
    start: Instant,
    /// Seconds of work before the training was stopped.
    earlier: Cell<f64>,
    /// The share that is done, as it was told last.
    share: Cell<f64>,
    /// The share that is saved.
    kept: Cell<f64>,
    /// The share from which it has gone on.
    began: Cell<f64>,
}

impl<'a> Checkpointer<'a> {
    /// A checkpointer that saves a training in a file.
    pub fn new(sink: &'a dyn ProgressSink, file: CheckpointFile, every: Duration) -> Self {
        Self { file: Some(file), every, ..Self::without_file(sink) }
    }

    /// The checkpointer, with a listener that hears of checkpoints.
    pub fn telling(self, listener: &'a dyn Fn(Notice)) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// A checkpointer of a training that is not worth saving.
    pub fn without_file(sink: &'a dyn ProgressSink) -> Self {
        let now = Instant::now();
        Self {
            sink,
            listener: None,
            file: None,
            every: Duration::MAX,
            tried: Cell::new(now),
            saved: Cell::new(now),
            start: now,
            earlier: Cell::new(0.0),
            share: Cell::new(0.0),
            kept: Cell::new(0.0),
            began: Cell::new(0.0),
        }
    }

    /// The share of the training that is done, from 0 to 1.
    pub fn progress(&self, share: f64) {
        self.share.set(share);
        self.sink.progress(share);
    }

    /// All work so far, whether it is saved or not.
    pub fn so_far(&self) -> Progress {
        let seconds = self.earlier.get() + self.start.elapsed().as_secs_f64();
        Progress { seconds, share: self.share.get() }
    }

    /// Whether more is saved than what it has begun with.
    pub fn has_got_further(&self) -> bool {
        self.kept.get() > self.began.get()
    }

    /// The share from which it would go on.
    pub fn kept(&self) -> f64 {
        self.kept.get()
    }

    /// Ends a training that is not saved when it must stop.
    ///
    /// # Errors
    /// It must.
    pub fn stop_if_told(&self) -> Result<(), Error> {
        if self.sink.should_stop() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// Restores a training to where it was stopped, if there is a checkpoint.
    pub fn resume(&self, training: &mut impl Resumable) {
        let Some(file) = &self.file else { return };
        let restored = match file.read() {
            Ok(None) => return,
            Ok(Some((snapshot, progress))) => {
                training.restore(&snapshot).map(|()| progress).ok_or(NoUse::Foreign)
            }
            Err(why) => Err(why),
        };
        self.tell(match restored {
            Ok(Progress { seconds, share }) => {
                self.earlier.set(seconds);
                self.share.set(share);
                self.kept.set(share);
                self.began.set(share);
                Notice::GoesOn { seconds }
            }
            Err(why) => Notice::BeginsAnew { why },
        });
    }

    /// Seconds of work before the training was stopped; zero if it was not.
    pub fn earlier(&self) -> f64 {
        self.earlier.get()
    }

    /// The training has ended and its result is stored, or nothing can come of it: it needs its checkpoint no more.
    pub fn finish(&self) {
        if let Some(file) = &self.file {
            file.remove();
        }
    }

    /// Called between two steps, with the share that is done: saves the training when it is time, and ends it when it must
    /// stop.
    ///
    /// # Errors
    /// The training must stop; and where it cannot be saved then, that is the error. (Before its end, a checkpoint that
    /// cannot be written is no reason to lose the training as well: it goes on, and there may be room again next time.)
    pub fn save_or_stop(&self, training: &impl Resumable, share: f64) -> Result<(), Error> {
        self.progress(share);
        let stop = self.sink.should_stop();
        if stop || self.tried.get().elapsed() >= self.every {
            let saved = self.save(training);
            self.tried.set(Instant::now());
            match saved {
                Err(error) if stop => return Err(error),
                Err(error) => self.tell(Notice::NotSaved { reason: error.to_string() }),
                Ok(()) => self.saved.set(Instant::now()),
            }
        }
        if stop { Err(Error::Stopped) } else { Ok(()) }
    }

    /// Ends work that has heard between two of its steps that it must stop: saves it as it was after the last one, at this
    /// share.
    pub fn stopped(&self, work: &impl Resumable, share: f64) -> Error {
        let reached = self.share.get();
        self.share.set(share);
        let saved = self.save(work);
        self.share.set(reached);
        saved.err().unwrap_or(Error::Stopped)
    }

    fn save(&self, training: &impl Resumable) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        let snapshot = training.snapshot();
        let progress = self.so_far();
        file.write(&snapshot, progress).map_err(|error| Error::NotSaved {
            bytes: snapshot.bytes() as f64,
            lost: self.saved.get().elapsed().as_secs_f64(),
            source: Box::new(error),
        })?;
        self.kept.set(progress.share);
        Ok(())
    }

    fn tell(&self, notice: Notice) {
        if let Some(listener) = self.listener {
            listener(notice);
        }
    }
}

impl ProgressSink for Checkpointer<'_> {
    fn progress(&self, share: f64) {
        self.progress(share);
    }

    fn should_stop(&self) -> bool {
        self.sink.should_stop()
    }
}

impl Default for Checkpointer<'_> {
    fn default() -> Self {
        Self::without_file(&NoProgress)
    }
}
