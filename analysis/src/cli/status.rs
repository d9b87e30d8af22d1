//! `status`: what is done, what failed and why, what is waiting.

use std::path::PathBuf;

use serde_json::json;

use super::answer;
use super::layout::{columns, duration};
use super::plan::Format;
use crate::error::{Error, Exit};
use crate::plan::{Plan, Stage, Task};
use crate::price::{EventCounts, Price};
use crate::rates::Rates;
use crate::store::{Store, TaskState};

/// Shows what a scan has done, what failed and why, and how much is left.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  drapes status out/demo\n  drapes status out/demo --format json\n\n\
    Ends with 0 if all tasks are done, with 4 if some failed, and with 75 if some are missing.")]
pub struct Status {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The state of a task in one word.
fn word(state: &TaskState) -> &'static str {
    match state {
        TaskState::Done(_) => "done",
        TaskState::Failed { .. } => "failed",
        TaskState::Missing => "missing",
        TaskState::Ignored { .. } => "ignored",
    }
}

impl Status {
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        let stored = store.job()?;
        let plan = Plan::of(&stored.job);
        let states = store.states(&stored, &plan);
        let done: Vec<bool> = states.iter().map(TaskState::is_done).collect();
        let price = Price::of(&stored.job, &plan, EventCounts::estimated(&stored.job), &Rates::CPU_CORE);
        let left = price.makespan(&plan, &done, 1);
        match self.format {
            Format::Text => {
                answer(text(&stored.job.name, &plan, &states));
                if !done.iter().all(|done| *done) {
                    let command = store.command();
                    answer(format_args!(
                        "\nleft: about {} on one core; go on with\n  {command}\n",
                        duration(left)
                    ));
                }
            }
            Format::Json => answer(format_args!("{:#}\n", as_json(&stored.job.name, &plan, &states, left))),
        }
        let failed = states.iter().any(|state| matches!(state, TaskState::Failed { .. }));
        Ok(match (failed, done.iter().all(|done| *done)) {
            (_, true) => Exit::Done,
            (true, _) => Exit::TasksFailed,
            _ => Exit::Deadline,
        })
    }
}

fn text(name: &str, plan: &Plan, states: &[TaskState]) -> String {
    let done = states.iter().filter(|state| state.is_done()).count();
    let mut text = format!("{name}: {done} of {} tasks done\n\n", plan.tasks.len());
    let mut lines = vec![["stage", "done", "failed", "left", "time spent"].map(str::to_owned).to_vec()];
    for stage in Stage::ALL {
        let of_stage = || plan.tasks.iter().zip(states).filter(move |(task, _)| task.work.stage() == stage);
        let count = |wanted: &str| of_stage().filter(|(_, state)| word(state) == wanted).count();
        let spent: f64 = of_stage().map(|(_, state)| seconds(state)).sum();
        let left = count("missing") + count("ignored");
        lines.push(vec![
            stage.word().to_owned(),
            count("done").to_string(),
            count("failed").to_string(),
            left.to_string(),
            duration(spent),
        ]);
    }
    text.push_str(&columns(&lines));
    for (task, state) in plan.tasks.iter().zip(states) {
        match state {
            TaskState::Failed { reason } => text.push_str(&format!("\nfailed: {}\n  {reason}\n", task.id)),
            TaskState::Ignored { why } => text.push_str(&format!("\nnot counted: {}\n  {why}\n", task.id)),
            TaskState::Done(_) | TaskState::Missing => {}
        }
    }
    text
}

fn seconds(state: &TaskState) -> f64 {
    if let TaskState::Done(record) = state { record.run.seconds } else { 0.0 }
}

fn as_json(name: &str, plan: &Plan, states: &[TaskState], left: f64) -> serde_json::Value {
    let entry = |(task, state): (&Task, &TaskState)| {
        let reason = match state {
            TaskState::Failed { reason } => Some(reason.as_str()),
            TaskState::Ignored { why } => Some(*why),
            _ => None,
        };
        json!({ "id": task.id, "state": word(state), "reason": reason, "seconds": seconds(state) })
    };
    let tasks: Vec<_> = plan.tasks.iter().zip(states).map(entry).collect();
    json!({ "name": name, "tasks": tasks, "core_seconds_left": left })
}
