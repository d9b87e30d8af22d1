//! How fast this machine is at the work of a job: a moment of each kind, on events that nobody has seen.
//!
//! A run whose machine is not known does a moment of each kind of work that matters, twice, before it says how long it
//! will take. What is computed is thrown away: it draws from no stream of the job and writes no file. Which kinds of task can
//! be tried, and how, their descriptors say ([`Trial`](crate::task::Trial)).

mod classifiers;
mod clock;
mod jets;
mod members;
mod models;

use std::panic::{AssertUnwindSafe, catch_unwind};

use drapes_analysis::dispatch::Known;
use drapes_analysis::job::Job;
use drapes_analysis::machine::{Seen, Shown};
use drapes_analysis::plan::rates::{Origin, Rates};
use drapes_analysis::plan::{PaceKind, Plan, Task};
use tch::Device;

use crate::task::performing;

/// A kind of work that makes up less than this of a scan is not worth a trial.
const LEAST_SHARE: f64 = 0.03;
/// A scan that ends within so many seconds of work a rank needs no better estimate.
const SHORT: f64 = 15.0;

/// Seconds of work a rank that need no better estimate, by rates of this origin. A guess may be wrong by any factor: on a GPU that
/// nobody has measured, what seems to be over in a moment is tried all the same.
pub fn short(origin: Origin) -> f64 {
    match origin {
        Origin::Measured => SHORT,
        Origin::Guessed => 0.0,
    }
}

/// Tasks to try: the largest of each kind that matters to what is left and is not known; none where fewer than `short` seconds of
/// work are left.
pub fn worth_trying(plan: &Plan, seconds: &[f64], known: &[Known], short: f64, shown: &Shown) -> Vec<Task> {
    let open = || {
        plan.tasks.iter().zip(seconds).zip(known).filter(|(_, known)| **known == Known::Open).map(|(t, _)| t)
    };
    let total: f64 = open().map(|(_, seconds)| seconds).sum();
    if total < short {
        return vec![];
    }
    let of = |kind: PaceKind| open().filter(move |(task, _)| task.work.pace() == kind);
    let matters = |kind: &PaceKind| of(*kind).map(|(_, seconds)| seconds).sum::<f64>() >= LEAST_SHARE * total;
    let untried = PaceKind::ALL.into_iter().filter(|kind| !shown.knows(*kind)).filter(matters);
    let largest = untried.filter_map(|kind| of(kind).max_by(|one, other| one.1.total_cmp(other.1)));
    largest.map(|(task, _)| task).filter(|task| performing(&task.work).trial().is_some()).cloned().collect()
}

/// Measures a moment of each of these tasks, against its price at these rates, one after the other and then all once more. Of both
/// the slower one counts: a processor that was idle is faster for a second than it stays, and others may use it meanwhile. A trial
/// that fails tells nothing: if the work itself cannot be done here, its task says so.
pub fn of(job: &Job, tasks: &[Task], device: Device, rates: &Rates) -> Shown {
    let moment = |task: &Task| -> Option<Seen> {
        let trial = performing(&task.work).trial()?;
        catch_unwind(AssertUnwindSafe(|| trial.moment(job, device, rates))).ok().flatten()
    };
    let [first, second] = [(); 2].map(|()| tasks.iter().map(moment).collect::<Vec<_>>());
    let mut shown = Shown::default();
    for (task, both) in tasks.iter().zip(first.into_iter().zip(second)) {
        if let Some(seen) = slower(both) {
            shown.learn(task.work.pace(), seen);
        }
    }
    shown
}

/// The slower of two moments, or the one that there is.
fn slower((first, second): (Option<Seen>, Option<Seen>)) -> Option<Seen> {
    let both = [first, second].into_iter().flatten();
    both.filter(Seen::is_sane).max_by(|one, other| one.pace().total_cmp(&other.pace()))
}

#[cfg(test)]
mod tests;
