//! Rank 0: hands out the tasks of a plan and hears how they end.

use std::time::{Duration, Instant};

use drapes_analysis::dispatch::{Dispatcher, Ending, Halt};

use super::message::{Ended, Message, Transport};
use super::pause::Pause;
use super::worker::Worker;
use crate::error::Error;
use crate::stop::{Clock, Signals};

/// How often tasks of other jobs in the same directory are looked at.
const LOOK_AROUND: Duration = Duration::from_secs(2);

/// Whoever follows what happens.
pub trait Observer {
    /// A rank has begun a task.
    fn began(&mut self, task: usize, rank: usize);
    /// A share of a task is done.
    fn progress(&mut self, task: usize, share: f64);
    /// A task has ended.
    fn ended(&mut self, task: usize, rank: usize, ended: &Ended);
    /// A task cannot be done, because one that it needs has failed.
    fn lost(&mut self, task: usize, needs: usize);
    /// A rank computes no more.
    fn retired(&mut self, rank: usize, reason: &str);
    /// Nothing more is handed out, and what runs is told to stop.
    fn halting(&mut self, why: Halt);
    /// Time goes by.
    ///
    /// # Errors
    /// The run has lost its right to work here.
    fn pulse(&mut self) -> Result<(), Error>;
}

/// The end of a task that another job does, if it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It has a result.
    Done,
    /// It has failed.
    Failed,
}

/// Other jobs that work in the same directory, each on its share of the tasks.
pub trait Neighbours {
    /// The end of a task of theirs; none if it has not ended.
    fn news(&mut self, task: usize) -> Option<News>;
    /// Whether any of them is still at work.
    fn at_work(&mut self) -> bool;
}

/// There are no other jobs.
pub struct Nobody;

impl Neighbours for Nobody {
    fn news(&mut self, _task: usize) -> Option<News> {
        None
    }

    fn at_work(&mut self) -> bool {
        false
    }
}

/// The work of rank 0.
pub struct Leader<'a> {
    /// The way to the other ranks.
    pub transport: &'a dyn Transport,
    /// Its own computing thread.
    pub worker: &'a Worker,
    /// Decides who does what next.
    pub dispatcher: &'a mut Dispatcher,
    /// The time, and when the run must end.
    pub clock: &'a Clock,
    /// What the system says.
    pub signals: &'a Signals,
    /// Who follows what happens.
    pub observer: &'a mut dyn Observer,
    /// Other jobs in the directory.
    pub neighbours: &'a mut dyn Neighbours,
}

impl Leader<'_> {
    /// Hands out tasks until they are done or must stop, then ends all ranks.
    ///
    /// # Errors
    /// Results cannot be stored, a rank cannot be understood, or the right to work here is lost.
    pub fn lead(mut self) -> Result<(), Error> {
        let mut not_stored = Vec::new();
        let (mut pause, mut looked) = (Pause::new(), Instant::now());
        let mut told = false;
        loop {
            self.look_at_clock_and_signals();
            self.hand_out()?;
            if let Some(why) = self.dispatcher.halted().filter(|_| !told) {
                told = true;
                self.halt_all(why)?;
            }
            if self.dispatcher.is_over() {
                break;
            }
            if looked.elapsed() >= LOOK_AROUND {
                looked = Instant::now();
                self.look_around();
            }
            self.observer.pulse()?;
            let (rank, message) = match self.transport.receive()? {
                Some(found) => found,
                None => match self.worker.report(pause.longer(), 0)? {
                    Some(report) => (0, report),
                    None => continue,
                },
            };
            pause.reset();
            not_stored.extend(self.hear(rank, message));
        }
        for rank in 1..self.transport.size() {
            self.transport.send(rank, &Message::Stop)?;
        }
        if not_stored.is_empty() { Ok(()) } else { Err(Error::NotStored { reasons: not_stored }) }
    }

    fn look_at_clock_and_signals(&mut self) {
        if self.signals.received() {
            self.dispatcher.halt(Halt::Signal);
        } else if self.clock.is_late() {
            self.dispatcher.halt(Halt::Deadline);
        }
    }

    fn hand_out(&mut self) -> Result<(), Error> {
        while let Some((task, rank)) = self.dispatcher.next(self.clock.now()) {
            self.observer.began(task, rank);
            if rank == 0 {
                self.worker.assign(task);
            } else {
                self.transport.send(rank, &Message::Assign(task))?;
            }
        }
        Ok(())
    }

    /// Tells all ranks to stop what they do.
    fn halt_all(&mut self, why: Halt) -> Result<(), Error> {
        self.observer.halting(why);
        self.worker.halt();
        for rank in 1..self.transport.size() {
            self.transport.send(rank, &Message::Halt)?;
        }
        Ok(())
    }

    /// Takes note of what a rank says; what could not be stored ends the run once all ranks have stopped.
    fn hear(&mut self, rank: usize, message: Message) -> Option<String> {
        match message {
            Message::Progress(task, share) => self.observer.progress(task, share),
            Message::Signalled => self.dispatcher.halt(Halt::Signal),
            Message::Retired(reason) => {
                self.observer.retired(rank, &reason);
                self.dispatcher.retire(rank);
            }
            Message::Ended(task, ended) => {
                self.observer.ended(task, rank, &ended);
                let ending = match &ended {
                    Ended::Done { seconds } => Ending::Done(*seconds),
                    Ended::Failed { .. } => Ending::Failed,
                    Ended::Stopped | Ended::NotStored { .. } => Ending::Stopped,
                };
                for lost in self.dispatcher.ended(task, rank, ending) {
                    self.observer.lost(lost, task);
                }
                if let Ended::NotStored { reason } = ended {
                    self.dispatcher.halt(Halt::Storage);
                    return Some(reason);
                }
            }
            _ => {}
        }
        None
    }

    /// Looks at the tasks of other jobs, and whether it is worth waiting for them.
    fn look_around(&mut self) {
        let elsewhere: Vec<usize> = self.dispatcher.schedule().elsewhere().collect();
        // Asked first: what they finish as they end is seen below.
        let at_work = self.neighbours.at_work();
        for task in elsewhere {
            match self.neighbours.news(task) {
                Some(News::Done) => self.dispatcher.completed_elsewhere(task),
                Some(News::Failed) => {
                    for lost in self.dispatcher.failed_elsewhere(task) {
                        self.observer.lost(lost, task);
                    }
                }
                None => {}
            }
        }
        if !at_work && self.dispatcher.is_stuck() {
            self.dispatcher.halt(Halt::Others);
        }
    }
}
