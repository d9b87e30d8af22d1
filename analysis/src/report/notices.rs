//! Failures, warnings and notes at the top of the page, each with what to do about it.

use std::collections::BTreeMap;

use serde::Serialize;
use strum::IntoStaticStr;

use super::progress::Progress;
use crate::figures::{figure_stamp, reduce};
use crate::plan::{Plan, Stage};
use crate::store::{Results, Store, TaskState};

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Something has no result.
    Failure,
    /// Results may not mean what they seem to.
    Warning,
    /// Good to know.
    Note,
}

impl Level {
    /// The level in one word.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// A failure, warning or note, with what to do about it.
#[derive(Serialize)]
pub struct Notice {
    pub level: Level,
    pub what: String,
    /// What to do, where it does not stand in the text.
    pub remedy: Option<String>,
    /// The command that does it.
    pub command: Option<String>,
}

/// Tasks that a notice names.
const NAMED: usize = 6;

pub fn of(
    store: &Store,
    results: &Results,
    plan: &Plan,
    task_states: &[TaskState],
    progress: &Progress,
) -> Vec<Notice> {
    let mut found = failed(store, plan, task_states);
    found.extend(damaged(store, results, progress));
    found.extend(diverged(plan, task_states));
    found.extend(told(results));
    found.extend(edited(store));
    let left = progress.tasks - progress.done - progress.failed - progress.lost;
    if left > 0 && !progress.is_running() {
        found.push(Notice {
            level: Level::Note,
            what: format!("{left} of {} tasks have no result yet, and nobody is at work", progress.tasks),
            remedy: Some("The same command goes on:".to_owned()),
            command: Some(store.command()),
        });
    }
    if let Some(growth) = results.job.growth() {
        found.push(Notice { level: Level::Note, what: growth.to_string(), remedy: None, command: None });
    }
    found.sort_by_key(|notice| notice.level);
    found
}

/// Tasks that have failed, those of one reason together.
fn failed(store: &Store, plan: &Plan, task_states: &[TaskState]) -> Vec<Notice> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut lost = 0;
    for (task, task_state) in plan.tasks.iter().zip(task_states) {
        match task_state {
            TaskState::Failed { reason, .. } => reasons.entry(reason).or_default().push(&task.id.0),
            TaskState::Lost { .. } => lost += 1,
            _ => {}
        }
    }
    let also = if lost == 0 { String::new() } else { format!("; {lost} more tasks need what has failed") };
    let notice = |(reason, tasks): (&str, Vec<&str>)| Notice {
        level: Level::Failure,
        what: format!("{} failed: {reason}{also}", named(&tasks)),
        remedy: Some("When the cause is mended, this tries again:".to_owned()),
        command: Some(format!("{} --retry-failed", store.command())),
    };
    reasons.into_iter().map(notice).collect()
}

/// Some tasks by name, and how many more.
fn named(tasks: &[&str]) -> String {
    let more = tasks.len().saturating_sub(NAMED);
    let list = tasks[..tasks.len() - more].join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}

/// Records that are there and cannot be read.
fn damaged(store: &Store, results: &Results, progress: &Progress) -> Option<Notice> {
    let torn: Vec<&str> = results.torn.iter().map(|task| task.0.as_str()).collect();
    let again = if progress.is_running() {
        ("Wait until the run has ended, then:", store.command())
    } else {
        ("The same command does these tasks again:", store.command())
    };
    (!torn.is_empty()).then(|| Notice {
        level: Level::Failure,
        what: format!("the record of {} is damaged and counts for nothing here", named(&torn)),
        remedy: Some(again.0.to_owned()),
        command: Some(again.1),
    })
}

/// Networks of finished tasks that left the finite numbers.
fn diverged(plan: &Plan, task_states: &[TaskState]) -> Vec<Notice> {
    let of = |wanted: Stage| {
        let tasks = plan.tasks.iter().zip(task_states).filter(move |(task, _)| task.work.stage() == wanted);
        tasks.filter_map(|(_, task_state)| task_state.run()).map(|run| run.diverged).sum::<usize>()
    };
    let stages = [
        (
            Stage::Train,
            "trained models diverged, and what needs them fails",
            "denoiser.learning_rate or flow.base.learning_rate",
        ),
        (
            Stage::Classify,
            "classifiers diverged, and are left out of all means and bands",
            "classifier.learning_rate",
        ),
    ];
    let notice = |(stage, what, key): (Stage, &str, &str)| {
        let count = of(stage);
        (count > 0).then(|| Notice {
            level: Level::Warning,
            what: format!("{count} {what}"),
            remedy: Some(format!("A lower {key} helps.")),
            command: None,
        })
    };
    stages.into_iter().filter_map(notice).collect()
}

/// Tables that somebody has changed.
fn edited(store: &Store) -> Option<Notice> {
    let tables = figure_stamp::edited(store);
    (!tables.is_empty()).then(|| Notice {
        level: Level::Warning,
        what: figure_stamp::what_is_edited(&tables),
        remedy: Some("Tables and pictures are made from the records again by:".to_owned()),
        command: Some(format!("drapes reduce {}", store.directory().display())),
    })
}

/// The warnings and notes of the closing table.
fn told(results: &Results) -> Vec<Notice> {
    let text = reduce::summary(results);
    let notice = |line: &str| {
        let (level, what) = match (line.strip_prefix("warning: "), line.strip_prefix("note: ")) {
            (Some(what), _) => (Level::Warning, what),
            (_, Some(what)) => (Level::Note, what),
            _ => return None,
        };
        Some(Notice { level, what: what.to_owned(), remedy: None, command: None })
    };
    let mut found: Vec<Notice> = text.lines().filter_map(notice).collect();
    // One remedy for all methods, below the last of them.
    if let Some(last) = found.iter_mut().rfind(|notice| notice.what.starts_with("closure fails")) {
        last.remedy = Some(CLOSURE.to_owned());
    }
    found
}

/// The advice where closure fails.
const CLOSURE: &str = "Compare the features in the figures of templates below. Where one is to blame, it may have steps or atoms that the model \
     smooths (docs/data.md says what a feature must be); where all are, train longer (denoiser.epochs) or from more \
     side-band events.";
