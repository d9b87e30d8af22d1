//! The state of each task of a scan: done, failed, running, or waiting, and for which others.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use crate::plan::device_kind::{CORE, is_same_kind, kind_of};
use crate::plan::{Pace, Plan, TaskId};
use crate::store::{Liveness, LockOwner, RecordState, RunInfo};

/// The state of a task, from its record, those of the tasks that it needs, and what running processes say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TaskState {
    /// It has a result.
    Done {
        /// The machine, device and time of the computation.
        run: RunInfo,
    },
    /// It has failed; `drapes run --retry-failed` tries again.
    Failed {
        /// Why.
        reason: String,
        /// Where and how long it was tried.
        run: RunInfo,
    },
    /// It needs a task that has failed.
    Lost {
        /// That task.
        needs: TaskId,
    },
    /// A rank works at it.
    Running {
        /// The host of the process that hands out the tasks.
        host: String,
        /// The rank.
        rank: usize,
        /// When it began, in seconds since 1970.
        since: u64,
        /// The share that is done.
        share: f64,
    },
    /// It needs tasks that are not done.
    Waiting {
        /// Those tasks.
        needs: Vec<TaskId>,
    },
    /// It could begin.
    Ready,
    /// It could begin: its record is there but does not count.
    Ignored {
        /// Why not.
        why: &'static str,
    },
}

impl TaskState {
    /// The words for the states, in the order of columns.
    pub const WORDS: [&str; 6] = ["done", "failed", "lost", "running", "ready", "waiting"];

    /// The state in one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Lost { .. } => "lost",
            Self::Running { .. } => "running",
            Self::Ready | Self::Ignored { .. } => "ready",
            Self::Waiting { .. } => "waiting",
        }
    }

    /// Where and how long the task was worked at, if it has ended.
    pub fn run(&self) -> Option<&RunInfo> {
        match self {
            Self::Done { run } | Self::Failed { run, .. } => Some(run),
            _ => None,
        }
    }
}

/// The state of every task of a plan.
pub fn task_states(plan: &Plan, states: &[RecordState], owners: &[(LockOwner, Liveness)]) -> Vec<TaskState> {
    let alive = owners.iter().filter(|(_, liveness)| *liveness == Liveness::Alive);
    // Failed tasks that somebody is about to try again.
    let retrying: HashSet<&TaskId> = alive.clone().flat_map(|(owner, _)| &owner.doing.retrying).collect();
    let running: HashMap<&TaskId, TaskState> = alive
        .flat_map(|(owner, _)| {
            owner.doing.running.iter().map(|task| {
                let host = owner.process.host.clone();
                let (rank, since, share) = (task.rank, task.since, task.share);
                (&task.task, TaskState::Running { host, rank, since, share })
            })
        })
        .collect();
    let mut done: HashSet<&TaskId> = HashSet::new();
    // The failed task behind each task that cannot be done.
    let mut lost: HashMap<&TaskId, &TaskId> = HashMap::new();
    let mut task_states = Vec::with_capacity(plan.tasks.len());
    // Dependencies come first in a plan.
    for (task, state) in plan.tasks.iter().zip(states) {
        let behind = task.needs.iter().find_map(|need| lost.get(need).copied());
        let waits = || task.needs.iter().filter(|need| !done.contains(need)).cloned().collect::<Vec<_>>();
        task_states.push(match state {
            RecordState::Done(run) => {
                done.insert(&task.id);
                TaskState::Done { run: run.clone() }
            }
            RecordState::Failed { reason, run }
                if !running.contains_key(&task.id) && !retrying.contains(&task.id) =>
            {
                lost.insert(&task.id, &task.id);
                TaskState::Failed { reason: reason.clone(), run: run.clone() }
            }
            RecordState::Missing | RecordState::Ignored { .. } | RecordState::Failed { .. } => {
                if let Some(running) = running.get(&task.id) {
                    running.clone()
                } else if let Some(needs) = behind {
                    lost.insert(&task.id, needs);
                    TaskState::Lost { needs: needs.clone() }
                } else if let needs @ [_, ..] = &waits()[..] {
                    TaskState::Waiting { needs: needs.to_vec() }
                } else if let RecordState::Ignored { why } = state {
                    TaskState::Ignored { why }
                } else {
                    TaskState::Ready
                }
            }
        });
    }
    task_states
}

/// How many tasks of a plan have ended, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// With a result.
    pub done: usize,
    /// Without one: failed, or lost with one that has failed.
    pub failed: usize,
    /// Those that are still to be done.
    pub left: usize,
}

impl Tally {
    /// Counts the tasks of a plan at which nobody works.
    pub fn of(plan: &Plan, states: &[RecordState]) -> Self {
        Self::of_selected(plan, states, &vec![true; plan.tasks.len()])
    }

    /// The same of some of its tasks.
    pub fn of_selected(plan: &Plan, states: &[RecordState], selected: &[bool]) -> Self {
        let mut tally = Self::default();
        let all = task_states(plan, states, &[]).into_iter().zip(selected);
        for (task_state, _) in all.filter(|(_, selected)| **selected) {
            match task_state {
                TaskState::Done { .. } => tally.done += 1,
                TaskState::Failed { .. } | TaskState::Lost { .. } => tally.failed += 1,
                _ => tally.left += 1,
            }
        }
        tally
    }
}

/// How fast the finished tasks of a directory were against their price, on devices of a kind.
pub fn pace<'a>(
    plan: &Plan,
    prices: &[f64],
    runs: impl Iterator<Item = Option<&'a RunInfo>>,
    kind: &str,
) -> Pace {
    let mut pace = Pace::default();
    for ((task, price), run) in plan.tasks.iter().zip(prices).zip(runs) {
        if let Some(run) = run.filter(|run| is_same_kind(kind_of(&run.device), kind)) {
            pace.learn(task.work.pace(), *price, run.seconds);
        }
    }
    pace
}

/// The same for the kind of device that did most of it so far.
pub fn pace_so_far(plan: &Plan, prices: &[f64], task_states: &[TaskState]) -> Pace {
    let runs = || task_states.iter().map(TaskState::run);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs().flatten() {
        *kinds.entry(kind_of(&run.device)).or_default() += 1;
    }
    let kind = kinds.into_iter().max_by_key(|(_, count)| *count).map_or(CORE, |(kind, _)| kind);
    pace(plan, prices, runs(), kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;
    use crate::plan::Stage;

    #[test]
    fn the_pace_is_learnt_from_devices_of_one_kind() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 5]\n\
             [compute]\ndenoisers_per_task = 1\n";
        let plan = Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
        let run =
            |device: &str, seconds| RunInfo { seconds, device: device.to_owned(), ..RunInfo::default() };
        let runs = [run("cpu", 50.0), run("cuda:0 (NVIDIA H100)", 4.0), run("cuda:1 (NVIDIA H200)", 2.0)];
        let prices = vec![10.0; plan.tasks.len()];
        let of = |kind| {
            let pace = pace(&plan, &prices, runs.iter().map(Some), kind);
            pace.of(plan.tasks[0].work.pace())
        };
        assert_eq!([of("core"), of("NVIDIA H100"), of("NVIDIA H200")], [Some(5.0), Some(0.4), Some(0.2)]);
        assert_eq!(of("NVIDIA A100"), None);
    }

    #[test]
    fn every_task_says_what_it_waits_for_or_why_it_is_lost() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 5]\n\
                    [compute]\ndenoisers_per_task = 1\n";
        let plan = Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
        let run = RunInfo { seconds: 3.0, device: "cpu".to_owned(), ..RunInfo::default() };
        let first = |stage| plan.tasks.iter().position(|task| task.work.stage() == stage).expect("a task");
        let mut states = vec![RecordState::Missing; plan.tasks.len()];
        states[first(Stage::Fit)] = RecordState::Done(run.clone());
        states[first(Stage::Train)] = RecordState::Failed { reason: "no luck".to_owned(), run };
        let found = task_states(&plan, &states, &[]);
        let words: Vec<(&str, &str)> =
            plan.tasks.iter().zip(&found).map(|(task, found)| (task.id.0.as_str(), found.word())).collect();
        for (id, word) in [
            ("fit/dijet-s0-w2800-6000", "done"),
            ("fit/dijet-s5-w2800-6000", "ready"),
            ("train/denoiser-s0-w2800-6000", "failed"),
            ("train/denoiser-s5-w2800-6000", "ready"),
            ("template/noise-s0-w2800-6000", "lost"),
            ("classify/noise-s0-w2800-6000-x5-c00-09", "lost"),
            ("template/noise-s5-w2800-6000", "waiting"),
            ("classify/noise-s5-w2800-6000-x5-c00-09", "waiting"),
        ] {
            assert!(words.contains(&(id, word)), "{id} {word}: {words:?}");
        }
        let classify = plan.tasks.iter().position(|task| task.id.0.starts_with("classify/noise-s0"));
        let failed = TaskId("train/denoiser-s0-w2800-6000".to_owned());
        assert_eq!(found[classify.expect("a task")], TaskState::Lost { needs: failed });
        let done = found.iter().filter(|found| found.word() == "done").count();
        let lost = found.iter().filter(|found| ["failed", "lost"].contains(&found.word())).count();
        let tally = Tally::of(&plan, &states);
        assert_eq!(tally, Tally { done, failed: lost, left: found.len() - done - lost });
        assert!(tally.left > 0 && done == 1 && lost > 2, "{tally:?}");
    }

    #[test]
    fn what_is_tried_again_is_not_failed_until_it_has_failed_again() {
        let text =
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
        let plan = Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
        let place = |stage| plan.tasks.iter().position(|task| task.work.stage() == stage).expect("a task");
        let failed = RecordState::Failed { reason: "no luck".to_owned(), run: RunInfo::default() };
        let (train, template) = (place(Stage::Train), place(Stage::Template));
        let mut states = vec![RecordState::Missing; plan.tasks.len()];
        states[train] = failed;
        let id = &plan.tasks[train].id;
        let words = |doing: serde_json::Value| {
            let owner = serde_json::json!({"process": {"host": "a", "pid": 1, "started": null, "space": null}, "since": 0,
                "shard": 1, "shards": 1, "ranks": 1, "running": doing["running"], "retrying": doing["retrying"]});
            let owner: LockOwner = serde_json::from_value(owner).expect("a lock owner");
            let found = task_states(&plan, &states, &[(owner, Liveness::Alive)]);
            (found[train].word(), found[template].word())
        };
        let run = serde_json::json!([{"task": id, "rank": 0, "since": 0, "share": 0.5}]);
        assert_eq!(words(serde_json::json!({"running": [], "retrying": []})), ("failed", "lost"));
        assert_eq!(words(serde_json::json!({"running": [], "retrying": [id]})), ("ready", "waiting"));
        assert_eq!(words(serde_json::json!({"running": run, "retrying": []})), ("running", "waiting"));
    }
}
