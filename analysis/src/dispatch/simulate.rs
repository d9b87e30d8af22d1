//! A scan in virtual time, by the same dispatcher as a real one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

use super::dispatcher::{Dispatcher, Ending, Limits};
use super::graph::Graph;
use super::outlook::{IfStopped, Outlook};
use super::pace::Pace;
use super::schedule::{Known, Schedule};
use crate::plan::{Plan, Stage};
use crate::stream::Stream;

/// A rank says at most so often how far its task is.
pub const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// How ranks and network behave in a simulated scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulation {
    /// Ranks; rank 0 works too.
    pub ranks: usize,
    /// Seconds that a message travels.
    pub latency: f64,
    /// Seconds that rank 0 needs for a message, one after the other.
    pub service: f64,
    /// Tasks take their price times a factor between 1 − spread and 1 + spread.
    pub spread: f64,
}

/// What a simulated scan was like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulated {
    /// Seconds until the last task has ended.
    pub makespan: f64,
    /// Share of the ranks' time in which they had nothing to do.
    pub idle: f64,
    /// Messages to and from rank 0, those about the progress of tasks included: as many as there can be.
    pub messages: usize,
    /// Share of the time in which rank 0 was busy with messages.
    pub leader_load: f64,
    /// Tasks handed out for each second that the dispatcher itself took, on the machine that simulated.
    pub assignments_a_second: f64,
}

impl Simulation {
    /// Ranks on an ordinary cluster: 50 µs to rank 0, and as long for it to deal with a message. With Open MPI on one host
    /// and a core for each rank, both were measured to be shorter by far (docs/performance.md).
    pub fn of(ranks: usize) -> Self {
        Self { ranks, latency: 50e-6, service: 50e-6, spread: 0.2 }
    }

    /// Runs tasks of these prices.
    pub fn run(&self, graph: &Graph, seconds: &[f64], known: &[Known]) -> Simulated {
        let outlook = |seconds: &f64| Outlook {
            stage: Stage::Classify,
            seconds: *seconds,
            left: None,
            if_stopped: IfStopped::Lost,
        };
        let began = std::time::Instant::now();
        let schedule = Schedule::new(graph.clone(), seconds, known);
        let outlooks = seconds.iter().map(outlook).collect();
        let dispatcher = Dispatcher::new(schedule, outlooks, self.ranks, Limits::default(), Pace::default());
        let mut course = Course {
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
        course.run(seconds);
        let taken = began.elapsed().as_secs_f64();
        let total = course.end * self.ranks as f64;
        Simulated {
            makespan: course.end,
            idle: if total > 0.0 { (1.0 - course.worked / total).max(0.0) } else { 0.0 },
            messages: course.messages.round() as usize,
            // More than it can do is asked of a leader that is always busy.
            leader_load: if course.end > 0.0 { (course.leader_busy / course.end).min(1.0) } else { 0.0 },
            assignments_a_second: course.handed_out as f64 / taken.max(1e-9),
        }
    }
}

/// A scan as it goes on.
struct Course {
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

impl Course {
    fn run(&mut self, seconds: &[f64]) {
        self.hand_out(0.0, seconds);
        while let Some(Reverse((arrival, task, rank))) = self.arrivals.pop() {
            let arrival = arrival as f64 / 1e9;
            self.hear_of_progress(arrival);
            self.telling -= usize::from(rank != 0);
            let now = self.serve(arrival, rank);
            self.end = self.end.max(arrival);
            self.dispatcher.ended(task, rank, Ending::Done(seconds[task]));
            self.hand_out(now, seconds);
        }
    }

    /// Rank 0 deals with a message when it has dealt with those before; that to and from itself costs nothing.
    fn serve(&mut self, arrival: f64, rank: usize) -> f64 {
        if rank == 0 {
            return arrival;
        }
        self.messages += 1.0;
        self.leader_free = self.leader_free.max(arrival) + self.simulation.service;
        self.leader_busy += self.simulation.service;
        self.leader_free
    }

    /// Rank 0 hears of the progress of all tasks that run elsewhere, evenly until `now`. There may be millions of these
    /// messages, so they are no events of their own but a stream, which rank 0 deals with as it can.
    fn hear_of_progress(&mut self, now: f64) {
        let passed = now - self.seen;
        let count = self.telling as f64 * passed / PROGRESS_EVERY.as_secs_f64();
        let work = count * self.simulation.service;
        let behind = (self.leader_free - self.seen).max(0.0);
        self.leader_free = now + (behind + work - passed).max(0.0);
        self.leader_busy += work;
        self.messages += count;
        self.seen = now;
    }

    fn hand_out(&mut self, mut now: f64, seconds: &[f64]) {
        while let Some((task, rank)) = self.dispatcher.next(now) {
            self.handed_out += 1;
            now = self.serve(now, rank);
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
    let ideal = Simulation { ranks, latency: 0.0, service: 0.0, spread: 0.0 };
    let known: Vec<Known> = done.iter().map(|done| if *done { Known::Done } else { Known::Open }).collect();
    let found = ideal.run(&Graph::of(plan), seconds, &known).makespan;
    if found < LONGEST_CLOCK {
        return found;
    }
    // Beyond what the simulation's clock can count: no less than all work on all ranks, nor than the longest task.
    let left = || seconds.iter().zip(done).filter(|(_, done)| !**done).map(|(seconds, _)| seconds.max(0.0));
    left().fold(left().sum::<f64>() / ranks as f64, f64::max).max(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ideal(ranks: usize) -> Simulation {
        Simulation { ranks, latency: 0.0, service: 0.0, spread: 0.0 }
    }

    #[test]
    fn ranks_share_the_work() {
        let graph = Graph::from_needs(&[vec![], vec![], vec![], vec![0, 1, 2]]);
        let seconds = [2.0, 2.0, 2.0, 1.0];
        for (ranks, expected) in [(1, 7.0), (2, 5.0), (3, 3.0), (100, 3.0)] {
            let found = ideal(ranks).run(&graph, &seconds, &[Known::Open; 4]);
            assert!((found.makespan - expected).abs() < 1e-5, "{found:?}");
            assert!((found.idle - (1.0 - 7.0 / (expected * ranks as f64))).abs() < 1e-5, "{found:?}");
        }
    }

    #[test]
    fn a_slow_leader_keeps_ranks_waiting() {
        let graph = Graph::from_needs(&vec![vec![]; 10_000]);
        let seconds = vec![1.0; 10_000];
        let run = |service| {
            Simulation { service, latency: 1e-3, ..Simulation::of(1000) }.run(
                &graph,
                &seconds,
                &[Known::Open; 10_000],
            )
        };
        let (fast, slow) = (run(1e-6), run(1e-3));
        // 1,000 ranks and a task a second each are 2,000 messages a second, two more than a millisecond each allows.
        assert!(fast.idle < 0.15 && slow.idle > 0.45, "{fast:?} {slow:?}");
        assert!(slow.leader_load > 0.9 && fast.leader_load < 0.01, "{fast:?} {slow:?}");
    }

    #[test]
    fn long_tasks_tell_how_far_they_are() {
        let graph = Graph::from_needs(&vec![vec![]; 2000]);
        let run = |service| {
            let simulation = Simulation { service, spread: 0.0, ..Simulation::of(1001) };
            simulation.run(&graph, &[100.0; 2000], &[Known::Open; 2000])
        };
        // A message a second of each of a thousand ranks, and hardly any other.
        let found = run(50e-6);
        assert!((found.messages as f64 / found.makespan - 1000.0).abs() < 50.0, "{found:?}");
        assert!((found.leader_load - 0.05).abs() < 0.005, "{found:?}");
        // A leader that takes two milliseconds for each cannot follow, and the others wait for it.
        let late = run(2e-3);
        assert!(late.leader_load > 0.99 && late.makespan > 1.3 * found.makespan, "{late:?}");
    }

    #[test]
    fn a_million_tasks_on_ten_thousand_ranks_are_handed_out_in_seconds() {
        // A scan: a hundred trainings, a hundred templates each, a hundred chunks of classifiers each.
        let mut needs: Vec<Vec<u32>> = vec![vec![]; 100];
        needs.extend((0..10_000).map(|template| vec![template / 100]));
        needs.extend((0..990_000).map(|chunk| vec![100 + chunk / 99]));
        let seconds: Vec<f64> = needs
            .iter()
            .enumerate()
            .map(|(task, needs)| if needs.is_empty() { 600.0 } else { 20.0 + (task % 17) as f64 })
            .collect();
        let graph = Graph::from_needs(&needs);
        let known = vec![Known::Open; needs.len()];
        for ranks in [1, 100, 10_000] {
            let found = Simulation::of(ranks).run(&graph, &seconds, &known);
            let total: f64 = seconds.iter().sum();
            assert!(found.makespan > 0.9 * total / ranks as f64, "{found:?}");
            assert_eq!(found.messages == 0, ranks == 1);
            // Seen: over a million a second when optimised; a debug build is slower.
            assert!(found.assignments_a_second > 100_000.0, "{found:?}");
        }
    }
}
