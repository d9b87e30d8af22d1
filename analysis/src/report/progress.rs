//! The progress of a scan.

use serde::Serialize;

use crate::dispatch::makespan;
use crate::job::Job;
use crate::plan::price::{EventCounts, Price};
use crate::plan::{Plan, Rates};
use crate::store::task_state::pace_so_far;
use crate::store::{Liveness, LockOwner, TaskState, seconds_left};
use crate::text::duration;

/// When a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// While processes may be at work.
    AtWork,
    /// At the end of this process's work, while others may still work.
    Ended,
}

/// The progress of a scan, and the tasks that run.
#[derive(Serialize)]
pub struct Progress {
    /// `finished`, `running`, `failed` or `incomplete`.
    pub state: &'static str,
    pub tasks: usize,
    pub done: usize,
    pub failed: usize,
    pub lost: usize,
    /// Share of the work that is done, by the time that tasks are expected to take.
    pub share: f64,
    /// Expected time to the end, while somebody is at work.
    pub left: Option<String>,
    pub running: Vec<Running>,
}

/// A task that a rank works at.
#[derive(Serialize)]
pub struct Running {
    pub task: String,
    pub rank: usize,
    pub host: String,
    pub percent: u32,
}

impl Progress {
    pub fn of(job: &Job, plan: &Plan, task_states: &[TaskState], owners: &[(LockOwner, Liveness)]) -> Self {
        let count = |word: &str| task_states.iter().filter(|task_state| task_state.word() == word).count();
        let (done, failed, lost) = (count("done"), count("failed"), count("lost"));
        let price = Price::of(job, plan, EventCounts::estimated(job), &Rates::CPU_CORE);
        let pace = pace_so_far(plan, &price.seconds, task_states);
        let whole = plan.tasks.iter().zip(&price.seconds);
        let whole: Vec<f64> =
            whole.map(|(task, price)| price * pace.of(task.work.pace()).unwrap_or(1.0)).collect();
        let ahead: Vec<f64> =
            whole.iter().zip(task_states).map(|(whole, task_state)| whole * ahead(task_state)).collect();
        let (all, left): (f64, f64) = (whole.iter().sum(), ahead.iter().sum());
        let alive = || owners.iter().filter(|(_, liveness)| *liveness == Liveness::Alive);
        let state = match (done == plan.tasks.len(), alive().next().is_some(), failed) {
            (true, ..) => "finished",
            (_, true, _) => "running",
            (.., 1..) => "failed",
            _ => "incomplete",
        };
        let over: Vec<bool> = ahead.iter().map(|seconds| *seconds <= 0.0).collect();
        let ranks = alive().map(|(owner, _)| owner.ranks).sum::<usize>().max(1);
        let told = seconds_left(owners).unwrap_or_else(|| makespan(plan, &ahead, &over, ranks));
        let left_of_time = (state == "running").then(|| duration(told));
        let share = if all > 0.0 { ((all - left) / all).clamp(0.0, 1.0) } else { 1.0 };
        let running = plan.tasks.iter().zip(task_states).filter_map(|(task, task_state)| match task_state {
            TaskState::Running { host, rank, share, .. } => Some(Running {
                task: task.id.to_string(),
                rank: *rank,
                host: host.clone(),
                percent: (100.0 * share).round() as u32,
            }),
            _ => None,
        });
        let running = running.collect();
        Self { state, tasks: plan.tasks.len(), done, failed, lost, share, left: left_of_time, running }
    }

    /// Whether somebody is at work.
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }

    /// The share of the work that is done in percent, rounded down: all is done only when it is.
    pub fn percent(&self) -> u32 {
        (100.0 * self.share).floor() as u32
    }
}

/// The share of a task that is still to be done.
fn ahead(task_state: &TaskState) -> f64 {
    match task_state {
        TaskState::Done { .. } | TaskState::Failed { .. } | TaskState::Lost { .. } => 0.0,
        TaskState::Running { share, .. } => 1.0 - share,
        TaskState::Waiting { .. } | TaskState::Ready | TaskState::Ignored { .. } => 1.0,
    }
}
