//! Ranks that are threads of one process, for tests of everything but MPI.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::message::{Message, Transport};
use crate::error::{Error, RanksError};

/// A rank that is a thread.
pub struct Threads {
    rank: usize,
    senders: Vec<Sender<(usize, Vec<u8>)>>,
    inbox: Receiver<(usize, Vec<u8>)>,
}

impl Threads {
    /// So many ranks that can reach each other.
    pub fn world(size: usize) -> Vec<Self> {
        let (senders, inboxes): (Vec<_>, Vec<_>) = (0..size).map(|_| channel()).unzip();
        let rank = |(rank, inbox)| Self { rank, senders: senders.clone(), inbox };
        inboxes.into_iter().enumerate().map(rank).collect()
    }
}

impl Transport for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.senders.len()
    }

    fn send(&self, to: usize, message: &Message) -> Result<(), Error> {
        let gone = |_| RanksError::Broke { rank: to, reason: "its thread has ended".to_owned() }.into();
        self.senders[to].send((self.rank, message.to_bytes())).map_err(gone)
    }

    fn receive(&self) -> Result<Option<(usize, Message)>, Error> {
        match self.inbox.try_recv() {
            Ok((from, bytes)) => Message::from_bytes(from, &bytes).map(|message| Some((from, message))),
            Err(_) => Ok(None),
        }
    }
}
