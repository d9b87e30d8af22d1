//! Who does what next.
//!
//! Every rank has a main thread that talks and a second one that computes. Rank 0 hands out ready tasks, the
//! longest chain first, to all computing threads, its own included. Records travel back to rank 0; arrays lie
//! in the shared directory.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use drapes_analysis::plan::Plan;
use drapes_analysis::record::{Outcome, TaskRecord};
use drapes_analysis::schedule::Schedule;
use drapes_analysis::store::StoredJob;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::watch::Watch;

/// How long a main thread sleeps when there is nothing to say.
const PAUSE: Duration = Duration::from_millis(2);

/// What ranks say to each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// A rank is there.
    Hello {
        /// Where it runs.
        host: String,
    },
    /// Rank 0 has a job for all.
    Begin {
        /// The job with its input files.
        stored: Box<StoredJob>,
        /// Where the data lie.
        data_directory: PathBuf,
        /// Place among the ranks of the same host.
        local_rank: usize,
        /// Ranks of the same host.
        local_ranks: usize,
    },
    /// A rank has its device and waits for work; or it has none, and this is why.
    Ready(Result<String, String>),
    /// Do the task at this place of the plan.
    Assign(usize),
    /// A share of the task is done.
    Progress(usize, f64),
    /// The task has ended.
    Done(usize, Box<TaskRecord>),
    /// The record of a task could not be stored.
    Broken(String),
    /// There is no more work.
    Stop,
}

impl Message {
    /// The message as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Messages have text keys only and finite numbers or null, so this cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The message of bytes.
    ///
    /// # Errors
    /// They are no message.
    pub fn from_bytes(rank: usize, bytes: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(bytes).map_err(|error| Error::Message { rank, reason: error.to_string() })
    }
}

/// A way to talk to the other ranks.
pub trait Transport {
    /// This rank.
    fn rank(&self) -> usize;
    /// All ranks.
    fn size(&self) -> usize;
    /// Sends a message.
    ///
    /// # Errors
    /// The other rank cannot be reached.
    fn send(&self, to: usize, message: &Message) -> Result<(), Error>;
    /// A message that has arrived, and from whom; none if there is none yet.
    ///
    /// # Errors
    /// What arrived is no message.
    fn receive(&self) -> Result<Option<(usize, Message)>, Error>;
}

/// Waits for a message.
///
/// # Errors
/// As [`Transport::receive`].
pub fn wait(transport: &dyn Transport) -> Result<(usize, Message), Error> {
    loop {
        match transport.receive()? {
            Some(found) => return Ok(found),
            None => std::thread::sleep(PAUSE),
        }
    }
}

/// The computing thread of a rank, seen from its main thread.
pub struct Worker {
    assignments: Sender<usize>,
    reports: Receiver<Message>,
}

impl Worker {
    /// The two ends of a worker: one for the main thread, one for [`work`].
    pub fn new() -> (Self, WorkerEnd) {
        let (assignments, orders) = channel();
        let (speaker, reports) = channel();
        (Self { assignments, reports }, WorkerEnd { orders, speaker })
    }

    fn assign(&self, task: usize) {
        // The computing thread ends only after this end is dropped.
        let _ = self.assignments.send(task);
    }
}

/// The computing thread's end.
pub struct WorkerEnd {
    orders: Receiver<usize>,
    speaker: Sender<Message>,
}

/// Does tasks until there are no more; runs on the computing thread.
pub fn work(end: &WorkerEnd, mut perform: impl FnMut(usize, &dyn Watch) -> Result<TaskRecord, Error>) {
    while let Ok(task) = end.orders.recv() {
        let watch = Reporter { task, speaker: &end.speaker };
        let message = match perform(task, &watch) {
            Ok(record) => Message::Done(task, Box::new(record)),
            Err(error) => Message::Broken(error.to_string()),
        };
        if end.speaker.send(message).is_err() {
            return;
        }
    }
}

struct Reporter<'a> {
    task: usize,
    speaker: &'a Sender<Message>,
}

impl Watch for Reporter<'_> {
    fn progress(&self, share: f64) {
        let _ = self.speaker.send(Message::Progress(self.task, share));
    }
}

/// Passes orders from rank 0 to this rank's worker and its reports back, until rank 0 says stop.
///
/// # Errors
/// Rank 0 cannot be understood.
pub fn serve(transport: &dyn Transport, worker: &Worker) -> Result<(), Error> {
    loop {
        match transport.receive()? {
            Some((_, Message::Assign(task))) => worker.assign(task),
            Some((_, Message::Stop)) => return Ok(()),
            Some(_) => {}
            None => match worker.reports.recv_timeout(PAUSE) {
                Ok(report) => transport.send(0, &report)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(thread_gone(transport.rank())),
            },
        }
    }
}

fn thread_gone(rank: usize) -> Error {
    Error::RankBroke { rank, reason: "its computing thread has ended (see its message above)".to_owned() }
}

/// What rank 0 tells a person while it works.
pub trait Observer {
    /// A rank has begun a task.
    fn began(&mut self, task: usize, rank: usize);
    /// A share of a task is done.
    fn progress(&mut self, task: usize, share: f64);
    /// A task has ended.
    fn ended(&mut self, task: usize, rank: usize, record: &TaskRecord);
    /// A task cannot be done, because one that it needs has failed.
    fn lost(&mut self, task: usize, needs: usize);
}

/// Hands out the tasks of a plan that are not done, and collects their records; runs on rank 0.
///
/// Returns how many tasks have no result.
///
/// # Errors
/// A rank cannot store a record or cannot be understood.
pub fn lead(
    transport: &dyn Transport,
    worker: &Worker,
    plan: &Plan,
    schedule: &mut Schedule,
    observer: &mut dyn Observer,
) -> Result<usize, Error> {
    let mut idle: Vec<usize> = (0..transport.size()).rev().collect();
    let mut without_result = 0;
    while !schedule.is_over() {
        while !idle.is_empty()
            && let Some(task) = schedule.take()
        {
            let rank = idle.pop().unwrap_or_default();
            observer.began(task, rank);
            if rank == 0 { worker.assign(task) } else { transport.send(rank, &Message::Assign(task))? }
        }
        let (rank, message) = match transport.receive()? {
            Some(found) => found,
            None => match worker.reports.recv_timeout(PAUSE) {
                Ok(report) => (0, report),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Err(thread_gone(0)),
            },
        };
        match message {
            Message::Progress(task, share) => observer.progress(task, share),
            Message::Done(task, record) => {
                debug_assert_eq!(record.id, plan.tasks[task].id);
                observer.ended(task, rank, &record);
                idle.push(rank);
                match record.outcome {
                    Outcome::Done(_) => schedule.complete(task),
                    Outcome::Failed { .. } => {
                        without_result += 1;
                        for lost in schedule.fail(task) {
                            observer.lost(lost, task);
                            without_result += 1;
                        }
                    }
                }
            }
            Message::Broken(reason) => return Err(Error::RankBroke { rank, reason }),
            _ => {}
        }
    }
    for rank in 1..transport.size() {
        transport.send(rank, &Message::Stop)?;
    }
    Ok(without_result)
}

#[cfg(test)]
mod tests;
