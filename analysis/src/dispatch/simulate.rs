//! A scan in virtual time, by the same dispatcher as a real one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

use super::costs::LeaderCosts;
use super::dispatcher::{Dispatcher, Ending, Limits};
use super::graph::Graph;
use super::outlook::{IfStopped, Outlook};
use super::schedule::{Known, Schedule};
use crate::plan::{Pace, PaceKind, Plan, Stream};

/// A rank says at most so often how far its task is.
pub const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Where nothing comes, ranks look for messages so often, since MPI has no call that waits without using a core: a hundred looks
/// a second, each some microseconds, and no task is so short that it matters.
pub const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// How ranks and network behave in a simulated scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulation {
    /// Ranks; rank 0 works too.
    pub ranks: usize,
    /// Seconds from the sending of a message until the other rank sees it.
    pub latency: f64,
    /// Seconds that rank 0 needs for its work, one piece after the other.
    pub costs: LeaderCosts,
    /// Tasks take their price times a factor between 1 − spread and 1 + spread.
    pub spread: f64,
}

/// What a simulated scan was like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulated {
    /// Seconds from the start of the ranks until rank 0 ends.
    pub makespan: f64,
    /// Of them those before the first task is handed out: rank 0 makes the plan.
    pub start: f64,
    /// Of them those after the last task has ended: rank 0 makes tables and pictures.
    pub conclusion: f64,
    /// Share of the ranks' time in which they had nothing to do, start and end included.
    pub idle: f64,
    /// Messages to and from rank 0, those about the progress of tasks included: as many as there can be.
    pub messages: usize,
    /// Share of the time between start and end in which rank 0 was busy with messages and its watch.
    pub leader_load: f64,
    /// Tasks handed out for each second that the dispatcher itself took, on the machine that simulated.
    pub assignments_a_second: f64,
}

impl Simulation {
    /// Ranks on an ordinary cluster: 50 µs between them, then up to the longest pause until the message is seen, and a rank 0
    /// that takes as long as ours was measured to take.
    pub fn of(ranks: usize) -> Self {
        let latency = 50e-6 + LONGEST_PAUSE.as_secs_f64();
        Self { ranks, latency, costs: LeaderCosts::MEASURED, spread: 0.2 }
    }

    /// Ranks that wait for nothing but what their tasks need.
    fn ideal(ranks: usize) -> Self {
        Self { ranks, latency: 0.0, costs: LeaderCosts::NONE, spread: 0.0 }
    }

    /// Runs tasks of these prices.
    pub fn run(&self, graph: &Graph, seconds: &[f64], known: &[Known]) -> Simulated {
        let outlook = |seconds: &f64| Outlook {
            kind: PaceKind::Perceptrons,
            seconds: *seconds,
            left: None,
            if_stopped: IfStopped::Lost,
        };
        let began = std::time::Instant::now();
        let schedule = Schedule::new(graph.clone(), seconds, known);
        let outlooks = seconds.iter().map(outlook).collect();
        let dispatcher = Dispatcher::new(schedule, outlooks, self.ranks, Limits::default(), Pace::default());
        let mut run = SimulatedRun {
            simulation: *self,
            dispatcher,
            generator: Stream::of_job(0).branch("simulation").generator(),
            arrivals: BinaryHeap::new(),
            leader_free: 0.0,
            leader_busy: 0.0,
            seen: 0.0,
            telling: 0,
            worked: 0.0,
            handed_out: 0,
            messages: 0.0,
            end: 0.0,
        };
        run.run(seconds);
        let taken = began.elapsed().as_secs_f64();
        let start = self.costs.start * seconds.len() as f64;
        let pictures = if run.handed_out > 0 { self.costs.pictures } else { 0.0 };
        let conclusion = self.costs.conclusion * run.handed_out as f64 + pictures;
        let makespan = start + run.end + conclusion;
        let total = makespan * self.ranks as f64;
        Simulated {
            makespan,
            start,
            conclusion,
            idle: if total > 0.0 { (1.0 - run.worked / total).max(0.0) } else { 0.0 },
            messages: run.messages.round() as usize,
            // More than it can do is asked of a leader that is always busy.
            leader_load: if run.end > 0.0 { (run.leader_busy / run.end).min(1.0) } else { 0.0 },
            assignments_a_second: run.handed_out as f64 / taken.max(1e-9),
        }
    }
}

/// A scan as it goes on.
struct SimulatedRun {
    simulation: Simulation,
    dispatcher: Dispatcher,
    generator: Pcg64,
    /// Ends of tasks as rank 0 hears of them: nanoseconds, task, rank.
    arrivals: BinaryHeap<Reverse<(u64, usize, usize)>>,
    leader_free: f64,
    leader_busy: f64,
    /// The last moment up to which the progress of tasks was told.
    seen: f64,
    /// Ranks that work at a task and tell rank 0 how far they are.
    telling: usize,
    worked: f64,
    handed_out: usize,
    messages: f64,
    end: f64,
}

impl SimulatedRun {
    fn run(&mut self, seconds: &[f64]) {
        self.hand_out(0.0, seconds);
        while let Some(Reverse((arrival, task, rank))) = self.arrivals.pop() {
            let arrival = arrival as f64 / 1e9;
            self.hear_of_progress(arrival);
            self.telling -= usize::from(rank != 0);
            let now = self.serve(arrival, rank, self.simulation.costs.end);
            self.end = self.end.max(arrival);
            self.dispatcher.ended(task, rank, Ending::Done(seconds[task]));
            self.hand_out(now, seconds);
        }
    }

    /// Rank 0 deals with a message when it has dealt with those before; what it tells itself is no message, but work all the
    /// same.
    fn serve(&mut self, arrival: f64, rank: usize, cost: f64) -> f64 {
        self.messages += f64::from(u8::from(rank != 0));
        self.leader_free = self.leader_free.max(arrival) + cost;
        self.leader_busy += cost;
        self.leader_free
    }

    /// Rank 0 hears of the progress of all tasks that run elsewhere and watches them, evenly until `now`. There may be millions
    /// of these messages, so they are no events of their own but a stream, which rank 0 deals with as it can.
    fn hear_of_progress(&mut self, now: f64) {
        let passed = now - self.seen;
        let count = self.telling as f64 * passed / PROGRESS_EVERY.as_secs_f64();
        let LeaderCosts { message, watching, .. } = self.simulation.costs;
        let work = count * message + self.telling as f64 * passed * watching;
        let behind = (self.leader_free - self.seen).max(0.0);
        self.leader_free = now + (behind + work - passed).max(0.0);
        self.leader_busy += work;
        self.messages += count;
        self.seen = now;
    }

    fn hand_out(&mut self, mut now: f64, seconds: &[f64]) {
        while let Some((task, rank)) = self.dispatcher.next(now) {
            self.handed_out += 1;
            now = self.serve(now, rank, self.simulation.costs.assignment);
            let latency = if rank == 0 { 0.0 } else { self.simulation.latency };
            let taken = seconds[task].max(0.0) * self.factor();
            self.worked += taken;
            self.telling += usize::from(rank != 0);
            let arrival = now + taken + 2.0 * latency;
            self.arrivals.push(Reverse(((arrival * 1e9) as u64, task, rank)));
        }
    }

    fn factor(&mut self) -> f64 {
        let uniform = f64::from(self.generator.next_u32()) / f64::from(u32::MAX);
        1.0 + self.simulation.spread * (2.0 * uniform - 1.0)
    }
}

/// Seconds that the simulation's clock, nanoseconds in 64 bits, counts safely: 300 years.
const LONGEST_CLOCK: f64 = 1e10;

/// Seconds until `ranks` ranks have done a plan, if nothing takes longer than its price.
pub fn makespan(plan: &Plan, seconds: &[f64], done: &[bool], ranks: usize) -> f64 {
    // More ranks than tasks have nothing to do.
    let ranks = ranks.clamp(1, plan.tasks.len().max(1));
    let known: Vec<Known> = done.iter().map(|done| if *done { Known::Done } else { Known::Open }).collect();
    let found = Simulation::ideal(ranks).run(&Graph::of(plan), seconds, &known).makespan;
    if found < LONGEST_CLOCK {
        return found;
    }
    // Beyond what the simulation's clock can count: no less than all work on all ranks, nor than the longest task.
    let left = || seconds.iter().zip(done).filter(|(_, done)| !**done).map(|(seconds, _)| seconds.max(0.0));
    left().fold(left().sum::<f64>() / ranks as f64, f64::max).max(found)
}

#[cfg(test)]
mod tests;
