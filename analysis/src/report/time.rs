//! The time that the scan has taken: a bar for each task in the lane of its rank, and sums by stage.

use std::collections::BTreeMap;

use serde::Serialize;

use super::lanes::{Bar, Clock, Lane, lanes};
use crate::plan::{Plan, Stage, Task};
use crate::store::{RunInfo, TaskState, TimeSpent};
use crate::text::duration;

/// The most bars that are drawn one by one. If there are more, each stage of a rank is one bar.
const MOST_BARS: usize = 6_000;

/// The time that the scan has taken.
#[derive(Serialize)]
pub struct Time {
    pub core_hours: f64,
    pub gpu_hours: f64,
    pub stages: Vec<StageTime>,
    /// The tasks that took longest.
    pub longest: Vec<(String, String)>,
    #[serde(skip)]
    pub lanes: Vec<Lane>,
    /// What the bars stand for.
    #[serde(skip)]
    pub clock: Clock,
    /// Marks along the lanes: place in percent, and text.
    #[serde(skip)]
    pub ticks: Vec<(f64, String)>,
}

/// The time of a stage.
#[derive(Serialize)]
pub struct StageTime {
    pub stage: &'static str,
    pub tasks: usize,
    pub done: usize,
    pub seconds: f64,
}

impl StageTime {
    /// The time in words.
    pub fn text(&self) -> String {
        duration(self.seconds)
    }
}

impl Time {
    pub fn of(plan: &Plan, task_states: &[TaskState], spent: &[TimeSpent]) -> Self {
        let all = spent.iter().fold(TimeSpent::default(), |sum, one| sum.and(one));
        let runs: Vec<(&Task, &RunInfo)> = plan
            .tasks
            .iter()
            .zip(task_states)
            .filter_map(|(task, task_state)| Some((task, task_state.run()?)))
            .collect();
        let mut longest = runs.clone();
        longest.sort_by(|one, other| other.1.seconds.total_cmp(&one.1.seconds));
        let longest = longest.iter().take(5).map(|(task, run)| (task.id.to_string(), duration(run.seconds)));
        let (lanes, clock, length) = lanes(by_rank(&runs));
        Self {
            core_hours: all.core_seconds / 3600.0,
            gpu_hours: all.gpu_seconds / 3600.0,
            stages: stages(plan, task_states, spent),
            longest: longest.collect(),
            ticks: ticks(length),
            lanes,
            clock,
        }
    }

    /// The time spent in words.
    pub fn spent(&self) -> String {
        let hours =
            |hours: f64, what: &str| (hours > 0.0).then(|| format!("{} on {what}", duration(3600.0 * hours)));
        let spent: Vec<String> =
            [hours(self.core_hours, "cores"), hours(self.gpu_hours, "GPUs")].into_iter().flatten().collect();
        if spent.is_empty() { "no time yet".to_owned() } else { spent.join(", ") }
    }
}

fn stages(plan: &Plan, task_states: &[TaskState], spent: &[TimeSpent]) -> Vec<StageTime> {
    let of = |stage: Stage| {
        let of_stage = || {
            let tasks = plan.tasks.iter().zip(task_states).zip(spent);
            tasks.filter(move |((task, _), _)| task.work.stage() == stage)
        };
        StageTime {
            stage: stage.word(),
            tasks: of_stage().count(),
            done: of_stage().filter(|((_, task_state), _)| task_state.word() == "done").count(),
            seconds: of_stage().map(|(_, spent)| spent.seconds()).sum(),
        }
    };
    Stage::ALL.map(of).into_iter().filter(|stage| stage.tasks > 0).collect()
}

/// The bars of each rank; those of a large scan together by stage.
fn by_rank(runs: &[(&Task, &RunInfo)]) -> BTreeMap<(String, usize), Vec<Bar>> {
    let mut ranks: BTreeMap<(String, usize), Vec<Bar>> = BTreeMap::new();
    let are_single = runs.len() <= MOST_BARS;
    for (task, run) in runs {
        let bars = ranks.entry((run.host.clone(), run.rank)).or_default();
        let stage = task.work.stage().word();
        if are_single {
            bars.push(Bar { what: task.id.to_string(), stage, began: run.began, seconds: run.seconds });
        } else if let Some(bar) = bars.iter_mut().find(|bar| bar.stage == stage) {
            bar.seconds += run.seconds;
        } else {
            bars.push(Bar {
                what: format!("all tasks of {stage}"),
                stage,
                began: None,
                seconds: run.seconds,
            });
        }
    }
    ranks
}

/// Round times along the lanes.
fn ticks(length: f64) -> Vec<(f64, String)> {
    let steps = [
        1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21_600.0, 43_200.0, 86_400.0,
        604_800.0,
    ];
    let Some(step) = steps.into_iter().find(|step| length / step <= 8.0).filter(|_| length > 0.0) else {
        return vec![];
    };
    let count = (length / step).floor() as usize;
    (1..=count).map(|tick| tick as f64 * step).map(|time| (100.0 * time / length, duration(time))).collect()
}
