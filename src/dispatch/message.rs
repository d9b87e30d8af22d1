//! The messages between ranks, as JSON, and the transport that carries them.

use std::path::PathBuf;

use drapes_analysis::dispatch::Fault;
use drapes_analysis::plan::{Task, TaskId};
use serde::{Deserialize, Serialize};

use super::assignment::Assignment;
use super::environment::Environment;
use super::poll_interval::PollInterval;
use crate::device::{DeviceAssignment, RankHardware};
use crate::error::{Error, RanksError};

/// The messages between rank 0 and the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// A rank has started, and this is its hardware.
    Hello(RankHardware),
    /// Rank 0 has a job for all, which it broadcasts next.
    Begin {
        /// Where the data lie.
        data_directory: PathBuf,
        /// What the rank computes on.
        assignment: DeviceAssignment,
        /// Its share of the host's free memory, where it is known.
        memory: Option<f64>,
        /// Threads that it may have at work that needs no GPU.
        processors: usize,
        /// Tasks to do a moment of, while rank 0 measures how long that takes beside the others.
        trials: Vec<Task>,
    },
    /// A rank has its device and its data, and this is what it works with; or it cannot work, and this is why.
    Ready(Result<Environment, String>),
    /// Do this task.
    Assign(Box<Assignment>),
    /// A rank that has nothing else to say is there.
    Alive,
    /// A share of the task is done.
    Progress(usize, f64),
    /// The task has ended; with the reason why the rank can compute no more, where that is so. One message says both, so that no run
    /// is over, and no other task is given to the rank, between the two.
    Ended(usize, Ended, Option<String>),
    /// The rank was told by a signal to stop.
    Signalled,
    /// Stop the task at the next good moment, and tell how it ended.
    Halt,
    /// There is no more work.
    Stop,
    /// The rank has heard that there is no more work, and ends.
    Left,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ended {
    /// Its result is stored.
    Done {
        /// Wall time.
        seconds: f64,
    },
    /// It has failed, and a record says why.
    Failed {
        /// Why.
        reason: String,
    },
    /// It was stopped before its end.
    Stopped,
    /// It was not done, because of the machine: another rank is to try it.
    LetDown {
        /// What of the machine.
        fault: Fault,
        /// What was found.
        reason: String,
    },
    /// It was not done, since results of tasks that it needs cannot be read, although they are recorded as done.
    UnreadableInput {
        /// Those tasks.
        needs: Vec<TaskId>,
        /// What was found.
        reason: String,
    },
    /// It has a result, or failed, or was stopped, and that could not be stored.
    NotStored {
        /// Why.
        reason: String,
    },
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
        serde_json::from_slice(bytes)
            .map_err(|error| RanksError::Message { rank, reason: error.to_string() }.into())
    }
}

/// A way to talk to the other ranks.
pub trait Transport {
    /// This rank.
    fn rank(&self) -> usize;
    /// The number of ranks.
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
    let mut poll_interval = PollInterval::new();
    loop {
        match transport.receive()? {
            Some(found) => return Ok(found),
            None => std::thread::sleep(poll_interval.longer()),
        }
    }
}
