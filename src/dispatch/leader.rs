//! Rank 0: hands out the tasks of a plan and hears how they end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use drapes_analysis::dispatch::{Attempt, Dispatcher, Ending, Fault, Halt, Repeat};
use drapes_analysis::plan::TaskId;
use drapes_analysis::store::Activity;

use super::assignment::Assignments;
use super::computing_thread::ComputingThread;
use super::environment::Environment;
use super::last_heard::{LastHeard, SILENT};
use super::message::{Ended, Message, Transport};
use super::poll_interval::PollInterval;
use super::stop_ranks::stop_ranks;
use crate::dispatch::stop::{Clock, Signals};
use crate::error::{Error, RanksError};

/// The shortest time between two polls of what other jobs have done in the same directory.
const POLL_SHARDS: Duration = Duration::from_secs(2);
/// Where a poll takes long, as on a slow file system, the time between two polls is so many times as long.
const REST: u32 = 50;
/// The time between two checks for silent ranks.
const CHECK_SILENCE: Duration = Duration::from_millis(500);
/// Where all that runs is on ranks that were not heard of for so long, they are not waited for.
const GIVEN_UP: Duration = Duration::from_secs(300);

/// An observer of the run, such as the progress bar and the status file.
pub trait Observer {
    /// A rank has begun a task.
    fn began(&mut self, task: usize, rank: usize);
    /// A share of a task is done.
    fn progress(&mut self, task: usize, share: f64);
    /// A task has ended.
    fn ended(&mut self, task: usize, rank: usize, ended: &Ended);
    /// A task cannot be done, because one that it needs has failed.
    fn lost(&mut self, task: usize, needs: usize);
    /// A rank is not heard of any more, or again.
    fn silent(&mut self, rank: usize, host: &str, silence: Option<Duration>);
    /// A rank computes no more.
    fn retired(&mut self, rank: usize, host: &str, reason: &str);
    /// Nothing more is handed out, and what runs is told to stop.
    fn halting(&mut self, why: Halt);
    /// A task that was done is done again: nobody can read its result.
    fn repeated(&mut self, task: usize);
    /// There is something to do, or all that is left waits for other jobs.
    fn activity(&mut self, activity: Activity);
    /// Time goes by.
    ///
    /// # Errors
    /// The run has lost its right to work here.
    fn tick(&mut self) -> Result<(), Error>;
}

/// The end of a task that another job does, if it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskElsewhere {
    /// It has a result.
    Done,
    /// It has failed.
    Failed,
}

/// Other jobs that work in the same directory, each on its share of the tasks.
pub trait OtherShards {
    /// The end of a task of theirs; none if it has not ended.
    fn news(&mut self, task: usize) -> Option<TaskElsewhere>;
    /// Whether one of these tasks belongs to a job that is at work and does not merely wait in its turn.
    fn is_at_work(&mut self, awaited: &[usize]) -> bool;
}

/// There are no other jobs.
pub struct NoOtherShards;

impl OtherShards for NoOtherShards {
    fn news(&mut self, _task: usize) -> Option<TaskElsewhere> {
        None
    }

    fn is_at_work(&mut self, _awaited: &[usize]) -> bool {
        false
    }
}

/// Results as rank 0 itself can read them.
pub trait ResultReader {
    /// Whether the result of a task can be read here.
    fn is_readable(&mut self, task: usize) -> bool;
}

/// The work of rank 0.
pub struct Leader<'a> {
    /// The way to the other ranks.
    pub transport: &'a dyn Transport,
    /// What every rank must work with.
    pub environment: Environment,
    /// The host of each rank.
    pub hosts: Vec<String>,
    /// What ranks are told of their tasks.
    pub assignments: &'a dyn Assignments,
    /// What rank 0 can read where another rank says that it cannot.
    pub results: &'a mut dyn ResultReader,
    /// Its own computing thread.
    pub computing_thread: &'a ComputingThread,
    /// Decides who does what next.
    pub dispatcher: &'a mut Dispatcher,
    /// The time, and when the run must end.
    pub clock: &'a Clock,
    /// What the system says.
    pub signals: &'a Signals,
    /// Who follows what happens.
    pub observer: &'a mut dyn Observer,
    /// Other jobs in the directory.
    pub other_shards: &'a mut dyn OtherShards,
    /// How long those whose tasks are needed may be absent: they may be about to start, or to start again.
    pub patience: Duration,
}

/// Trouble that is not the fault of a task and ends the run.
enum Trouble {
    /// A result, a failure or a checkpoint could not be stored.
    NotStored(String),
    /// What was just made cannot be read.
    NotReadable(String),
}

/// When each rank was heard of, and the task that it runs.
struct RankStates {
    last_heard: LastHeard,
    /// When it was last looked who is silent.
    called: Instant,
    /// The task of each rank that runs one.
    running: BTreeMap<usize, usize>,
    /// Ranks of which it was told that they are silent.
    silent: Vec<bool>,
}

impl RankStates {
    fn new(ranks: usize) -> Self {
        let now = Instant::now();
        Self {
            last_heard: LastHeard::new(ranks, now),
            called: now,
            running: BTreeMap::new(),
            silent: vec![false; ranks],
        }
    }
}

impl Leader<'_> {
    /// Hands out tasks until they are done or must stop, then ends all ranks. Returns those that did not answer at the end.
    ///
    /// # Errors
    /// Results cannot be stored, a rank cannot be understood, ranks do not answer when they must stop, or the right to work
    /// here is lost.
    pub fn run(mut self) -> Result<Vec<usize>, Error> {
        let (mut not_stored, mut not_readable) = (Vec::new(), None);
        let (mut poll_interval, mut next_look) = (PollInterval::new(), Instant::now() + POLL_SHARDS);
        let (mut told, mut useless_since) = (None, None);
        let mut ranks = RankStates::new(self.transport.size());
        loop {
            self.look_at_clock_and_signals();
            self.hand_out(&mut ranks)?;
            if let Some(why) = self.dispatcher.halted().filter(|_| told.is_none()) {
                told = Some(Instant::now());
                self.halt_all(why)?;
            }
            ranks.last_heard.listens(Instant::now());
            if ranks.called.elapsed() >= CHECK_SILENCE {
                ranks.called = Instant::now();
                self.look_for_silent_ranks(&mut ranks, told)?;
            }
            if self.dispatcher.is_over() {
                break;
            }
            if Instant::now() >= next_look {
                let start = Instant::now();
                self.poll_other_shards(&mut useless_since);
                next_look = Instant::now() + POLL_SHARDS.max(REST * start.elapsed());
            }
            self.observer.tick()?;
            let (rank, message) = match self.transport.receive()? {
                Some(found) => found,
                None => match self.computing_thread.report(poll_interval.longer(), 0)? {
                    Some(report) => (0, report),
                    None => continue,
                },
            };
            poll_interval.reset();
            self.mark(&mut ranks, rank, &message);
            match self.hear(rank, message) {
                Some(Trouble::NotStored(reason)) => not_stored.push(reason),
                Some(Trouble::NotReadable(reason)) => not_readable = not_readable.or(Some(reason)),
                None => {}
            }
        }
        let absent = stop_ranks(self.transport)?;
        match not_readable {
            _ if !not_stored.is_empty() => Err(Error::NotStored { reasons: not_stored }),
            Some(reason) => Err(Error::NotReadable { reason }),
            None => Ok(absent),
        }
    }

    /// Notes that a rank was heard of, and whether it still runs a task.
    fn mark(&mut self, ranks: &mut RankStates, rank: usize, message: &Message) {
        ranks.last_heard.heard_from(rank, Instant::now());
        if ranks.silent[rank] {
            ranks.silent[rank] = false;
            self.observer.silent(rank, &self.hosts[rank], None);
        }
        if let Message::Ended(..) = message {
            ranks.running.remove(&rank);
        }
    }

    /// Tells of ranks that are not heard of any more, and ends the run where it would wait for them in vain.
    fn look_for_silent_ranks(&mut self, ranks: &mut RankStates, told: Option<Instant>) -> Result<(), Error> {
        // What this process computes itself is heard of while its main thread lives.
        for rank in 1..self.transport.size() {
            let silence = ranks.last_heard.silence(rank);
            if silence >= SILENT && !ranks.silent[rank] {
                ranks.silent[rank] = true;
                self.observer.silent(rank, &self.hosts[rank], Some(silence));
            }
        }
        let RankStates { last_heard, running, silent, .. } = ranks;
        let Some(told) = told.map(|told| told.elapsed().as_secs_f64()) else {
            let all_given_up = || running.keys().all(|rank| last_heard.silence(*rank) >= GIVEN_UP);
            if !running.is_empty() && all_given_up() && !self.dispatcher.has_ready() {
                return Err(self.no_answer(running.keys().copied(), "while its task runs"));
            }
            return Ok(());
        };
        // Near the deadline a rank need not have been silent for long.
        let patience = self.clock.patience_with_silent();
        let quiet = Duration::from_secs_f64(patience / 2.0).min(SILENT);
        let is_silent = |rank: &usize| silent[*rank] || (*rank > 0 && last_heard.silence(*rank) >= quiet);
        let is_up = told >= self.clock.patience_with_busy();
        if running.is_empty() || !(is_up || told >= patience && running.keys().all(is_silent)) {
            return Ok(());
        }
        Err(self.no_answer(running.keys().copied(), "although told to stop"))
    }

    fn no_answer(&self, ranks: impl Iterator<Item = usize>, during: &'static str) -> Error {
        let named = |rank: usize| (rank, self.hosts.get(rank).cloned());
        RanksError::NoAnswer { ranks: ranks.map(named).collect(), during }.into()
    }

    fn look_at_clock_and_signals(&mut self) {
        if self.signals.received() {
            self.dispatcher.halt(Halt::Signal);
        } else if self.clock.is_late() {
            self.dispatcher.halt(Halt::Deadline);
        }
    }

    fn hand_out(&mut self, ranks: &mut RankStates) -> Result<(), Error> {
        while let Some((task, rank)) = self.dispatcher.next(self.clock.now()) {
            self.observer.began(task, rank);
            ranks.running.insert(rank, task);
            let attempt = self.dispatcher.attempt(task);
            let assignment = self.assignments.of(task, attempt);
            if rank == 0 {
                self.computing_thread.assign(assignment);
            } else {
                self.transport.send(rank, &Message::Assign(Box::new(assignment)))?;
            }
        }
        Ok(())
    }

    /// Tells all ranks to stop what they do.
    fn halt_all(&mut self, why: Halt) -> Result<(), Error> {
        self.observer.halting(why);
        self.computing_thread.halt();
        for rank in 1..self.transport.size() {
            self.transport.send(rank, &Message::Halt)?;
        }
        Ok(())
    }

    /// Acts on a message of a rank; trouble ends the run once all ranks have stopped.
    fn hear(&mut self, rank: usize, message: Message) -> Option<Trouble> {
        match message {
            Message::Progress(task, share) => self.observer.progress(task, share),
            Message::Signalled => self.dispatcher.halt(Halt::Signal),
            Message::Ready(environment) => {
                match environment.map(|environment| environment.mismatch(&self.environment)) {
                    Ok(None) => self.dispatcher.join(rank),
                    Ok(Some(reason)) | Err(reason) => self.retire(rank, &reason),
                }
            }
            Message::Ended(task, Ended::UnreadableInput { needs, reason }, _) => {
                return self.do_again(task, rank, &needs, reason);
            }
            Message::Ended(task, ended, unusable) => {
                self.observer.ended(task, rank, &ended);
                let ending = match &ended {
                    Ended::Done { seconds } => Ending::Done(*seconds),
                    Ended::Failed { .. } => Ending::Failed,
                    Ended::LetDown { fault, .. } => Ending::LetDown(*fault),
                    Ended::Stopped | Ended::UnreadableInput { .. } | Ended::NotStored { .. } => {
                        Ending::Stopped
                    }
                };
                for lost in self.dispatcher.ended(task, rank, ending) {
                    self.observer.lost(lost, task);
                }
                match (unusable, &ended) {
                    (Some(reason), _) => self.retire(rank, &reason),
                    (None, Ended::LetDown { reason, .. } | Ended::Failed { reason }) => {
                        self.retire_if_used_up(rank, reason);
                    }
                    _ => {}
                }
                if let Ended::NotStored { reason } = ended {
                    self.dispatcher.halt(Halt::Storage);
                    return Some(Trouble::NotStored(reason));
                }
            }
            _ => {}
        }
        None
    }

    fn retire(&mut self, rank: usize, reason: &str) {
        self.observer.retired(rank, &self.hosts[rank], reason);
        self.dispatcher.retire(rank);
    }

    fn retire_if_used_up(&mut self, rank: usize, reason: &str) {
        if self.dispatcher.is_used_up(rank) {
            self.retire(
                rank,
                &format!("it has let several tasks down, one after the other; the last: {reason}"),
            );
        }
    }

    /// Has tasks done again whose results a task could not read; trouble if that was tried before. What rank 0 can read is
    /// not done again on the word of another rank: its place is to blame, and the task goes elsewhere.
    fn do_again(&mut self, task: usize, rank: usize, needs: &[TaskId], reason: String) -> Option<Trouble> {
        let places = needs.iter().filter_map(|need| self.assignments.need(task, need));
        let unreadable: Vec<usize> = places.filter(|need| !self.results.is_readable(*need)).collect();
        if unreadable.is_empty() {
            let attempt = self.dispatcher.attempt(task);
            self.observer.ended(task, rank, &Ended::LetDown { fault: Fault::Files, reason: reason.clone() });
            self.dispatcher.ended(task, rank, Ending::LetDown(Fault::Files));
            self.retire_if_used_up(rank, &reason);
            if attempt == Attempt::First {
                return None;
            }
            // Two ranks cannot read a result that rank 0 can: trying further ranks would be guesswork.
            self.dispatcher.halt(Halt::Storage);
            return Some(Trouble::NotReadable(reason));
        }
        let repeat = self.dispatcher.unreadable_input(task, rank, &unreadable);
        self.observer.ended(
            task,
            rank,
            &Ended::UnreadableInput { needs: needs.to_vec(), reason: reason.clone() },
        );
        match repeat {
            Repeat::First(tasks) => {
                for task in tasks {
                    self.observer.repeated(task);
                }
                None
            }
            Repeat::TooOften => Some(Trouble::NotReadable(reason)),
        }
    }

    /// Polls the tasks of other jobs that are needed here, and decides whether they are worth waiting for: `useless_since` is since
    /// when it is not.
    fn poll_other_shards(&mut self, useless_since: &mut Option<Instant>) {
        let awaited = self.dispatcher.schedule().awaited();
        // First whether the other jobs are at work, then what they have finished: a job that ends in between has stored its
        // results by the time that they are looked for.
        let is_at_work = self.dispatcher.is_stuck() && self.other_shards.is_at_work(&awaited);
        for task in awaited {
            match self.other_shards.news(task) {
                Some(TaskElsewhere::Done) => self.dispatcher.completed_elsewhere(task),
                Some(TaskElsewhere::Failed) => {
                    for lost in self.dispatcher.failed_elsewhere(task) {
                        self.observer.lost(lost, task);
                    }
                }
                None => {}
            }
        }
        let is_stuck = self.dispatcher.is_stuck();
        self.observer.activity(if is_stuck { Activity::Waiting } else { Activity::Working });
        if !is_stuck || is_at_work {
            *useless_since = None;
        } else if useless_since.get_or_insert_with(Instant::now).elapsed() >= self.patience
            || self.dispatcher.schedule().awaited().is_empty()
        {
            self.dispatcher.give_up_waiting();
        }
    }
}
