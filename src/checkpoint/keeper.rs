//! When a training is saved and when it stops.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::file::{CheckpointFile, Snapshot};
use crate::error::Error;
use crate::watch::{Unwatched, Watch};

/// A training whose state can be saved between two steps.
pub trait Resumable {
    /// Everything that later steps depend on.
    fn snapshot(&self) -> Snapshot;

    /// Takes over the state of a snapshot; none if it belongs to another training.
    fn restore(&mut self, snapshot: &Snapshot) -> Option<()>;
}

/// Looks after a training: tells how far it is, saves it from time to time, and stops it when it must.
pub struct Keeper<'a> {
    watch: &'a dyn Watch,
    file: Option<CheckpointFile>,
    /// Time between two checkpoints.
    every: Duration,
    last: Cell<Instant>,
    start: Instant,
    /// Seconds of work before the training was stopped.
    earlier: Cell<f64>,
}

impl<'a> Keeper<'a> {
    /// A keeper that saves a training in a file.
    pub fn new(watch: &'a dyn Watch, file: CheckpointFile, every: Duration) -> Self {
        Self { file: Some(file), every, ..Self::watching(watch) }
    }

    /// A keeper of a training that is not worth saving.
    pub fn watching(watch: &'a dyn Watch) -> Self {
        let now = Instant::now();
        Self {
            watch,
            file: None,
            every: Duration::MAX,
            last: Cell::new(now),
            start: now,
            earlier: Cell::new(0.0),
        }
    }

    /// The share of the training that is done, from 0 to 1.
    pub fn progress(&self, share: f64) {
        self.watch.progress(share);
    }

    /// Ends a training that is not saved when it must stop.
    ///
    /// # Errors
    /// It must.
    pub fn stop_if_told(&self) -> Result<(), Error> {
        if self.watch.should_stop() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// Puts a training where it was stopped, if it was.
    pub fn resume(&self, training: &mut impl Resumable) {
        let Some((snapshot, earlier)) = self.file.as_ref().and_then(CheckpointFile::read) else { return };
        if training.restore(&snapshot).is_some() {
            self.earlier.set(earlier);
        }
    }

    /// Seconds of work before the training was stopped; zero if it was not.
    pub fn earlier(&self) -> f64 {
        self.earlier.get()
    }

    /// The training has ended, and its result is stored.
    pub fn finish(&self) {
        if let Some(file) = &self.file {
            file.remove();
        }
    }

    /// Called between two steps: saves the training when it is time, and ends it when it must stop.
    ///
    /// # Errors
    /// The training must stop. (A checkpoint that cannot be written is no reason to lose the training as well: it goes on,
    /// and the disk is told of where results are stored.)
    pub fn rest(&self, training: &impl Resumable) -> Result<(), Error> {
        let stop = self.watch.should_stop();
        if stop || self.last.get().elapsed() >= self.every {
            if let Some(file) = &self.file {
                let _ =
                    file.write(&training.snapshot(), self.earlier.get() + self.start.elapsed().as_secs_f64());
            }
            self.last.set(Instant::now());
        }
        if stop { Err(Error::Stopped) } else { Ok(()) }
    }
}

impl Default for Keeper<'_> {
    fn default() -> Self {
        Self::watching(&Unwatched)
    }
}
