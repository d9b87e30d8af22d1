//! The dispatcher: it decides which rank does which task, and when no more tasks are handed out.

use std::collections::HashMap;

use super::outlook::{IfStopped, Outlook};
use super::schedule::Schedule;
use super::trust::{Attempt, Fault, Trust};
use crate::plan::Pace;

/// The limits that end a run before its tasks are done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// When the run must have ended, in seconds of the caller's clock.
    pub deadline: Option<f64>,
    /// Failed tasks after which nothing more is handed out.
    pub max_failures: Option<usize>,
}

/// The reason why no more tasks are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// What is left does not end before the deadline.
    Deadline,
    /// Somebody wants the run to stop.
    Signal,
    /// Too many tasks have failed.
    Failures,
    /// Results cannot be stored.
    Storage,
    /// No rank can compute any more.
    NoRanks,
    /// What is left waits for tasks that others do, and they have stopped.
    Others,
}

/// How a task ended on a rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// It has a result, after so many seconds.
    Done(f64),
    /// It has failed.
    Failed,
    /// It was stopped, or its result could not be stored.
    Stopped,
    /// The rank's machine was at fault (no memory, no files, a broken device): another rank is to try the task.
    LetDown(Fault),
}

/// Hands out tasks to ranks.
///
/// It neither waits nor sends messages: its caller tells it the time and what has happened.
pub struct Dispatcher {
    schedule: Schedule,
    outlooks: Vec<Outlook>,
    limits: Limits,
    pace: Pace,
    idle: Vec<usize>,
    /// All ranks, whether or not they can compute.
    size: usize,
    retired: Vec<usize>,
    trust: Trust,
    /// Tasks that have failed on a machine at fault and wait for a rank on which they have not.
    held: Vec<usize>,
    running: usize,
    /// Tasks that were handed out.
    begun: usize,
    failures: usize,
    halt: Option<Halt>,
    /// Ready tasks that would not end in time, with the pace at which that was so.
    late: Vec<(usize, Option<f64>)>,
    /// How often tasks were done again because nobody could read their results.
    repeated: HashMap<usize, u32>,
}

/// What happens to a task that cannot read the results which it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It waits until these tasks, whose results are unreadable, have been done again.
    First(Vec<usize>),
    /// These tasks were done again several times and their results are still unreadable: the run ends.
    TooOften,
}

/// A task is begun if it ends before the deadline although it takes longer than expected by this factor.
const CAUTION: f64 = 1.2;
/// A training that goes on another time is begun if so many seconds are left for it.
const WORTH_BEGINNING: f64 = 1.0;
/// A task that was too long is looked at again when its stage has become faster by this factor.
const FASTER: f64 = 0.9;
/// A result that cannot be read is made again so often. More than once, since ranks that found it so at the same time are
/// heard one after the other.
const REPEATS: u32 = 3;

impl Dispatcher {
    /// A dispatcher to ranks `0..ranks`, all of them idle.
    ///
    /// # Panics
    /// If the outlooks are not as many as the tasks of the schedule.
    pub fn new(schedule: Schedule, outlooks: Vec<Outlook>, ranks: usize, limits: Limits, pace: Pace) -> Self {
        // Rank 0 is the last of the stack: it works like the others, and first where there is little to do.
        let idle = (0..ranks).rev().collect();
        Self {
            schedule,
            outlooks,
            limits,
            pace,
            idle,
            size: ranks,
            retired: Vec::new(),
            trust: Trust::new(ranks),
            held: Vec::new(),
            running: 0,
            begun: 0,
            failures: 0,
            halt: None,
            late: Vec::new(),
            repeated: HashMap::new(),
        }
    }

    /// The same where no rank gets a task before it has joined.
    pub fn of_ranks_that_join(mut self) -> Self {
        self.idle.clear();
        self
    }

    /// A rank is ready to work.
    pub fn join(&mut self, rank: usize) {
        if self.retired.contains(&rank) || self.idle.contains(&rank) {
            return;
        }
        // Rank 0 is the last of the stack, whoever comes when.
        let place = if rank == 0 { self.idle.len() } else { 0 };
        self.idle.insert(place, rank);
        self.release_held();
    }

    /// The next task to hand out, and the rank that gets it.
    pub fn next(&mut self, now: f64) -> Option<(usize, usize)> {
        if self.halt.is_some() || self.idle.is_empty() {
            return None;
        }
        loop {
            let Some(task) = self.schedule.take() else {
                self.halt_if_stuck();
                return None;
            };
            if !self.ends_in_time(task, now) {
                self.late.push((task, self.pace.of(self.outlooks[task].kind)));
                continue;
            }
            if let Some(place) = self.place_for(task) {
                self.running += 1;
                self.begun += 1;
                return Some((task, self.idle.remove(place)));
            }
            self.held.push(task);
        }
    }

    /// The place among the idle ranks of the one that gets a task: the last one on which it has not failed. None if a rank on
    /// which it has not failed still works, and is worth waiting for.
    fn place_for(&self, task: usize) -> Option<usize> {
        let is_good = |rank: &usize| !self.trust.was_let_down(task, *rank);
        self.idle.iter().rposition(is_good).or_else(|| {
            let is_worth_waiting = (0..self.size).any(|rank| is_good(&rank) && !self.retired.contains(&rank));
            (!is_worth_waiting).then(|| self.idle.len() - 1)
        })
    }

    /// Whether a task that fails by a fault of the machine is tried again or counts as failed.
    pub fn attempt(&self, task: usize) -> Attempt {
        self.trust.attempt(task)
    }

    /// Whether so many tasks have failed on a rank that it gets no more.
    pub fn is_used_up(&self, rank: usize) -> bool {
        self.trust.is_used_up(rank)
    }

    /// Tasks that were held back are looked at again: a rank has become idle, or one is no longer worth waiting for.
    fn release_held(&mut self) {
        for task in std::mem::take(&mut self.held) {
            self.schedule.reschedule(task);
        }
    }

    /// Where nothing runs and nothing can be begun, nothing will change any more, unless others end their tasks.
    fn halt_if_stuck(&mut self) {
        if self.running == 0
            && self.held.is_empty()
            && !self.late.is_empty()
            && !self.schedule.waits_for_others()
        {
            self.halt = Some(Halt::Deadline);
        }
    }

    fn ends_in_time(&self, task: usize, now: f64) -> bool {
        let Some(deadline) = self.limits.deadline else { return true };
        let Outlook { if_stopped, .. } = self.outlooks[task];
        let left = deadline - now;
        CAUTION * self.expected(task) <= left || (if_stopped == IfStopped::GoesOn && left >= WORTH_BEGINNING)
    }

    /// Expected seconds of a task: what it has shown itself, or its price at the pace so far.
    pub fn expected(&self, task: usize) -> f64 {
        let Outlook { kind, seconds, left, .. } = self.outlooks[task];
        left.unwrap_or_else(|| seconds * self.pace.of(kind).unwrap_or(1.0))
    }

    /// A task has ended on a rank, which is idle again. Returns the tasks that are lost with it.
    pub fn ended(&mut self, task: usize, rank: usize, ending: Ending) -> Vec<usize> {
        self.running -= 1;
        if !self.retired.contains(&rank) {
            self.idle.push(rank);
        }
        self.release_held();
        match ending {
            Ending::Done(taken) => {
                self.trust.done(rank);
                let Outlook { kind, seconds, .. } = self.outlooks[task];
                self.pace.learn(kind, seconds, taken);
                self.schedule.complete(task);
                self.look_again();
                vec![]
            }
            Ending::Failed => {
                self.trust.failed(task, rank);
                self.failures += 1;
                if self.limits.max_failures.is_some_and(|most| self.failures >= most) {
                    self.halt(Halt::Failures);
                }
                self.schedule.fail(task)
            }
            Ending::Stopped => {
                self.schedule.reschedule(task);
                vec![]
            }
            Ending::LetDown(fault) => {
                self.trust.let_down(task, rank, fault);
                self.schedule.reschedule(task);
                vec![]
            }
        }
    }

    /// A task on a rank, which is idle again, could not read the results of some that it needs.
    pub fn unreadable_input(&mut self, task: usize, rank: usize, needs: &[usize]) -> Repeat {
        self.ended(task, rank, Ending::Stopped);
        let mut first = Vec::new();
        for need in needs {
            if self.schedule.undo(*need) {
                *self.repeated.entry(*need).or_default() += 1;
                first.push(*need);
            }
        }
        self.schedule.wait_again(task);
        if first.iter().any(|need| self.repeated[need] > REPEATS) {
            self.halt(Halt::Storage);
            return Repeat::TooOften;
        }
        Repeat::First(first)
    }

    fn look_again(&mut self) {
        let pace = &self.pace;
        let faster = |(task, judged): &(usize, Option<f64>)| {
            let now = pace.of(self.outlooks[*task].kind).unwrap_or(1.0);
            now < FASTER * judged.unwrap_or(1.0)
        };
        let (again, late) = std::mem::take(&mut self.late).into_iter().partition(faster);
        self.late = late;
        let again: Vec<(usize, Option<f64>)> = again;
        for (task, _) in again {
            self.schedule.reschedule(task);
        }
    }

    /// A task that somebody else does has ended well.
    pub fn completed_elsewhere(&mut self, task: usize) {
        self.schedule.complete(task);
    }

    /// A task that somebody else does has failed. Returns the tasks that are lost with it.
    pub fn failed_elsewhere(&mut self, task: usize) -> Vec<usize> {
        self.schedule.fail(task)
    }

    /// A rank can compute no more. A task that it has been given since ends as stopped.
    pub fn retire(&mut self, rank: usize) {
        if self.retired.contains(&rank) {
            return;
        }
        self.retired.push(rank);
        self.idle.retain(|idle| *idle != rank);
        self.release_held();
        if self.retired.len() == self.size && !self.schedule.is_over() {
            self.halt(Halt::NoRanks);
        }
    }

    /// Hands out nothing more. The first reason stands.
    pub fn halt(&mut self, why: Halt) {
        self.halt.get_or_insert(why);
    }

    /// Why nothing more is handed out; none while work goes on.
    pub fn halted(&self) -> Option<Halt> {
        self.halt
    }

    /// Seconds that the shortest task needs, where the time was too short to begin any: the same command again, with the
    /// same time, would do nothing either.
    pub fn too_short_for_any(&self) -> Option<f64> {
        if self.halt != Some(Halt::Deadline) || self.begun > 0 {
            return None;
        }
        self.schedule.open().map(|task| CAUTION * self.expected(task)).reduce(f64::min)
    }

    /// Tasks that run.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Whether nothing runs and nothing more will.
    pub fn is_over(&self) -> bool {
        self.running == 0 && (self.halt.is_some() || self.schedule.is_over())
    }

    /// Whether nothing runs and nothing can be begun although there is work left: it waits for tasks that others do.
    pub fn is_stuck(&mut self) -> bool {
        !self.is_over() && self.running == 0 && self.held.is_empty() && !self.schedule.has_ready()
    }

    /// Ends a run that is stuck and whose wait for others is in vain.
    pub fn give_up_waiting(&mut self) {
        self.halt(if self.late.is_empty() { Halt::Others } else { Halt::Deadline });
    }

    /// Whether a task waits for nothing but a rank.
    pub fn has_ready(&mut self) -> bool {
        !self.idle.is_empty() && self.schedule.has_ready()
    }

    /// Whether any task was handed out.
    pub fn has_begun(&self) -> bool {
        self.begun > 0
    }

    /// The schedule: which tasks are done, ready and waiting.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }
}

#[cfg(test)]
mod tests;
