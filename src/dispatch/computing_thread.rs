//! The computing thread of a rank, which does tasks while the main thread talks to other ranks.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use drapes_analysis::dispatch::PROGRESS_EVERY;

use super::assignment::Assignment;
use super::environment::Environment;
use super::message::{Ended, Message};
use crate::error::{Error, RanksError};
use crate::progress_sink::ProgressSink;

/// The computing thread of a rank, seen from its main thread.
pub struct ComputingThread {
    assignments: Sender<Assignment>,
    reports: Receiver<Message>,
    halt: Arc<AtomicBool>,
}

/// The computing thread's end.
pub struct ComputingThreadEnd {
    inbox: Receiver<Assignment>,
    speaker: Sender<Message>,
    halt: Arc<AtomicBool>,
}

/// Something that does tasks; a trait, so that tests of dispatching need no data.
pub trait Performer {
    /// Gets everything that tasks need, and says what that is.
    ///
    /// # Errors
    /// Something is missing, and this is what: the rank does nothing.
    fn prepare(&mut self) -> Result<Environment, String> {
        Ok(Environment::default())
    }

    /// Does a task from beginning to end.
    fn perform(&mut self, assignment: &Assignment, sink: &dyn ProgressSink) -> Ended;

    /// Whether the device still works, asked after a task has failed or was let down.
    ///
    /// # Errors
    /// It does not, and this is why.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl ComputingThread {
    /// The two ends of a worker: one for the main thread, one for [`work`].
    pub fn new() -> (Self, ComputingThreadEnd) {
        let (assignments, inbox) = channel();
        let (speaker, reports) = channel();
        let halt = Arc::new(AtomicBool::new(false));
        let end = ComputingThreadEnd { inbox, speaker, halt: Arc::clone(&halt) };
        (Self { assignments, reports, halt }, end)
    }

    /// Gives the computing thread a task.
    pub(super) fn assign(&self, assignment: Assignment) {
        // The computing thread ends only after this end is dropped, or has said that it can compute no more.
        let _ = self.assignments.send(assignment);
    }

    /// Makes the task that runs, and all that follow, stop at the next good moment.
    pub fn halt(&self) {
        self.halt.store(true, Ordering::Relaxed);
    }

    /// The next report of the computing thread, if there is one within this time.
    pub(super) fn report(&self, within: Duration, rank: usize) -> Result<Option<Message>, Error> {
        match self.reports.recv_timeout(within) {
            Ok(report) => Ok(Some(report)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                let reason = "its computing thread has ended (see its message above)".to_owned();
                Err(RanksError::Broke { rank, reason }.into())
            }
        }
    }
}

/// Does tasks until there are no more; runs on the computing thread.
pub fn run_tasks(end: &ComputingThreadEnd, performer: &mut dyn Performer) {
    let environment = performer.prepare();
    if end.speaker.send(Message::Ready(environment)).is_err() {
        return;
    }
    while let Ok(assignment) = end.inbox.recv() {
        let task = assignment.place;
        let sink = Reporter { task, end, told: Cell::new(Instant::now()) };
        let ended = performer.perform(&assignment, &sink);
        let unusable = match &ended {
            Ended::Failed { .. } | Ended::LetDown { .. } => performer.check().err(),
            _ => None,
        };
        let retires = unusable.is_some();
        if end.speaker.send(Message::Ended(task, ended, unusable)).is_err() {
            return;
        }
        if retires {
            // No task comes any more, but a thread that ends would pass for one that broke.
            while end.inbox.recv().is_ok() {}
            return;
        }
    }
}

struct Reporter<'a> {
    task: usize,
    end: &'a ComputingThreadEnd,
    told: Cell<Instant>,
}

impl ProgressSink for Reporter<'_> {
    fn progress(&self, share: f64) {
        if self.told.get().elapsed() >= PROGRESS_EVERY {
            self.told.set(Instant::now());
            let _ = self.end.speaker.send(Message::Progress(self.task, share));
        }
    }

    fn should_stop(&self) -> bool {
        self.end.halt.load(Ordering::Relaxed)
    }
}
