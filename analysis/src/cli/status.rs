//! `status`: which tasks are done, run, have failed and why, and which wait for which others.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use serde_json::json;

use super::answer;
use super::plan::Format;
use super::scene::{AtWork, Scene};
use super::watch::Watch;
use crate::dispatch::makespan;
use crate::error::{Error, Exit};
use crate::job::Growth;
use crate::plan::price::{EventCounts, Price};
use crate::plan::{Plan, Rates, Stage, Task};
use crate::store::task_state::pace_so_far;
use crate::store::{
    Liveness, LockOwner, MadeBy, Store, TaskState, TimeSpent, seconds_left, task_states, time_spent,
};
use crate::text::{columns, duration};

/// Shows what a scan has done, what runs, what failed and why, what waits for what, and how much is left.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "EXAMPLES\n  drapes status out/demo\n  drapes status out/demo --watch\n  drapes status out/demo --list failed\n  \
    drapes status out/demo --format json\n\n\
    Ends with 0 if all tasks are done, with 4 if some failed, and with 75 if some are missing."
)]
pub struct Status {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
    /// List every task of this state: done, failed, lost, running, ready or waiting.
    #[arg(long, value_name = "STATE", value_parser = clap::builder::PossibleValuesParser::new(TaskState::WORDS))]
    list: Option<String>,
    /// Go on looking until nobody works at it any more, and show it as `run` does.
    #[arg(long, conflicts_with_all = ["list", "format"])]
    watch: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The most tasks, and causes of waiting, that are named unless all are asked for.
const LISTED: usize = 8;

/// Everything that is shown.
struct Overview {
    name: String,
    growth: Option<Growth>,
    /// Who has made what is done.
    made_by: MadeBy,
    plan: Plan,
    task_states: Vec<TaskState>,
    /// Time behind each task.
    spent: Vec<TimeSpent>,
    owners: Vec<(LockOwner, Liveness)>,
    /// Expected seconds to the end, and on how many ranks.
    left: (f64, usize),
    /// Expected seconds of each task as a whole.
    expected: Vec<f64>,
}

impl Status {
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        let overview = if self.watch { watch(&store)? } else { Overview::of(&store)? };
        match (self.format, &self.list) {
            (Format::Json, state) => answer(format_args!("{:#}\n", overview.json(state.as_deref()))),
            (Format::Text, Some(state)) => answer(overview.list(state)),
            (Format::Text, None) => {
                answer(overview.text());
                if overview.count("failed") > 0 {
                    let command = store.command();
                    answer(format_args!("\ntry the failed tasks again with\n  {command} --retry-failed\n"));
                } else if overview.count("done") < overview.plan.tasks.len() && !overview.is_at_work() {
                    answer(format_args!("\ngo on with\n  {}\n", store.command()));
                }
            }
        }
        Ok(match (overview.count("failed"), overview.count("done") == overview.plan.tasks.len()) {
            (_, true) => Exit::Done,
            (1.., _) => Exit::TasksFailed,
            _ => Exit::Deadline,
        })
    }
}

/// Shows the progress of a scan until no process works at it any more, or the user ends it. Returns its last state.
fn watch(store: &Store) -> Result<Overview, Error> {
    let mut watch = Watch::begin();
    loop {
        let look = Instant::now();
        store.refresh();
        let overview = Overview::of(store)?;
        let tasks: Vec<_> =
            overview.tasks().map(|(task, task_state)| (task.id.0.as_str(), task_state)).collect();
        watch.show(&overview.scene(), &tasks);
        if !overview.is_at_work() || !watch.wait(look) {
            return Ok(overview);
        }
    }
}

impl Overview {
    fn of(store: &Store) -> Result<Self, Error> {
        let stored = store.job()?;
        let plan = Plan::of(&stored.job);
        let owners = store.lock_owners();
        // Whoever is at work does the tasks of earlier versions again.
        let (states, made_by) = if is_at_work(&owners) {
            (store.states(&stored, &plan), MadeBy::ThisVersion)
        } else {
            store.states_as_made(&stored, &plan)
        };
        let task_states = task_states(&plan, &states, &owners);
        let spent = time_spent(store, &plan, &task_states);
        let price = Price::of(&stored.job, &plan, EventCounts::estimated(&stored.job), &Rates::CPU_CORE);
        let pace = pace_so_far(&plan, &price.seconds, &task_states);
        let tasks = plan.tasks.iter().zip(&price.seconds);
        let expected: Vec<f64> =
            tasks.map(|(task, price)| price * pace.of(task.work.pace()).unwrap_or(1.0)).collect();
        let ahead = |(whole, task_state): (&f64, &TaskState)| match task_state {
            TaskState::Running { share, .. } => whole * (1.0 - share),
            _ => *whole,
        };
        let still: Vec<f64> = expected.iter().zip(&task_states).map(ahead).collect();
        let over: Vec<bool> = task_states
            .iter()
            .map(|task_state| ["done", "failed", "lost"].contains(&task_state.word()))
            .collect();
        let alive = owners.iter().filter(|(_, liveness)| *liveness == Liveness::Alive);
        let ranks = alive.map(|(owner, _)| owner.ranks).sum::<usize>().max(1);
        let left = seconds_left(&owners).unwrap_or_else(|| makespan(&plan, &still, &over, ranks));
        let left = (left, ranks);
        let growth = stored.job.growth();
        Ok(Self { name: stored.job.name, growth, made_by, plan, task_states, spent, owners, left, expected })
    }

    fn count(&self, word: &str) -> usize {
        self.task_states.iter().filter(|task_state| task_state.word() == word).count()
    }

    fn is_at_work(&self) -> bool {
        is_at_work(&self.owners)
    }

    fn tasks(&self) -> impl Iterator<Item = (&Task, &TaskState)> {
        self.plan.tasks.iter().zip(&self.task_states)
    }

    /// The progress as the terminal of a run shows it.
    fn scene(&self) -> Scene<'_> {
        let alive = self.owners.iter().filter(|(_, liveness)| *liveness == Liveness::Alive);
        // One run numbers its ranks; those of several are told apart by their hosts.
        let several = alive.count() > 1;
        let mut at_work = vec![];
        let mut worked = 0.0;
        for ((task, task_state), expected) in self.tasks().zip(&self.expected) {
            match task_state {
                TaskState::Running { host, rank, since, share } => {
                    worked += share * expected;
                    at_work.push(AtWork {
                        rank: *rank,
                        host: several.then_some(host.as_str()),
                        task: &task.id.0,
                        share: *share,
                        seconds: seconds_since(*since),
                        left: (1.0 - share) * expected,
                    });
                }
                TaskState::Done { .. } | TaskState::Failed { .. } | TaskState::Lost { .. } => {
                    worked += expected;
                }
                _ => {}
            }
        }
        let ended = ["done", "failed"].iter().map(|word| self.count(word)).sum();
        let share = worked / self.expected.iter().sum::<f64>().max(1e-9);
        let (left, ranks) = self.left;
        Scene { ended, tasks: self.plan.tasks.len(), share, left: Some(left), ranks, at_work }
    }

    /// Hours spent on cores and on GPUs.
    fn spent(&self) -> (f64, f64) {
        let all = self.spent.iter().fold(TimeSpent::default(), |sum, one| sum.and(one));
        (all.core_seconds / 3600.0, all.gpu_seconds / 3600.0)
    }

    fn text(&self) -> String {
        let mut text =
            format!("{}: {} of {} tasks done\n", self.name, self.count("done"), self.plan.tasks.len());
        if let Some(growth) = &self.growth {
            text.push_str(&format!("{growth}\n"));
        }
        // Those of others are named task by task.
        if self.made_by == MadeBy::AnEarlierVersion {
            text.push_str("by an earlier version of drapes; `drapes run` would do its tasks again, since numbers may differ\n");
        }
        text.push('\n');
        // Columns that are empty for all stages say nothing.
        let words: Vec<&str> = TaskState::WORDS
            .into_iter()
            .filter(|word| ["done", "failed"].contains(word) || self.count(word) > 0)
            .collect();
        let headings = std::iter::once("stage").chain(words.iter().copied()).chain(["time spent"]);
        let mut lines = vec![headings.map(str::to_owned).collect::<Vec<_>>()];
        for stage in Stage::ALL {
            let of_stage = || self.tasks().filter(move |(task, _)| task.work.stage() == stage);
            let count = |word: &&str| {
                of_stage().filter(|(_, task_state)| task_state.word() == *word).count().to_string()
            };
            let of_tasks = self.plan.tasks.iter().zip(&self.spent);
            let of_tasks = of_tasks.filter(|(task, _)| task.work.stage() == stage);
            let spent = duration(of_tasks.fold(0.0, |sum, (_, spent)| sum + spent.seconds()));
            let line = std::iter::once(stage.word().to_owned()).chain(words.iter().map(count)).chain([spent]);
            lines.push(line.collect());
        }
        text.push_str(&columns(&lines));
        let (cores, gpus) = self.spent();
        text.push_str(&format!("\nspent: {cores:.2} core-hours, {gpus:.2} GPU-hours\n"));
        text.push_str(&self.diverged());
        if self.count("done") + self.count("failed") + self.count("lost") < self.plan.tasks.len() {
            let (seconds, ranks) = self.left;
            let on = if ranks == 1 { "one rank".to_owned() } else { format!("{ranks} ranks") };
            text.push_str(&format!("left: about {} on {on}\n", duration(seconds)));
        }
        for (owner, liveness) in &self.owners {
            match liveness {
                Liveness::Alive => text.push_str(&format!("\nat work: {owner}\n")),
                Liveness::Dead => text.push_str(&format!("\ndied at work: {owner}\n")),
            }
        }
        let notable =
            self.tasks().filter_map(|(task, task_state)| Some((task, task_state, notable(task_state)?)));
        let mut notable: Vec<_> = notable.collect();
        let more = notable.len().saturating_sub(LISTED);
        notable.truncate(LISTED);
        for (task, task_state, line) in notable {
            text.push_str(&format!("\n{}: {}\n  {line}\n", task_state.word(), task.id));
        }
        if more > 0 {
            text.push_str(&format!("\nand {more} more: --list failed, --list running\n"));
        }
        text + &self.causes()
    }

    /// How many networks of finished tasks left the finite numbers; nothing where none did.
    fn diverged(&self) -> String {
        let of = |wanted: Stage| {
            let tasks = self.tasks().filter(|(task, _)| task.work.stage() == wanted);
            tasks.filter_map(|(_, task_state)| task_state.run()).map(|run| run.diverged).sum::<usize>()
        };
        let stages = [
            (Stage::Train, "trained models diverged, and what needs them fails"),
            (Stage::Classify, "classifiers diverged, and are left out"),
        ];
        let counted = stages.map(|(stage, what)| match of(stage) {
            0 => String::new(),
            count => format!("{count} {what}: `--list done` names their tasks\n"),
        });
        counted.concat()
    }

    /// How many tasks wait for what, or are lost with what: one line for each cause.
    fn causes(&self) -> String {
        let mut causes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for task_state in &self.task_states {
            match task_state {
                TaskState::Waiting { needs } => *causes.entry(("waiting for", &needs[0].0)).or_default() += 1,
                TaskState::Lost { needs } => *causes.entry(("lost with", &needs.0)).or_default() += 1,
                _ => {}
            }
        }
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let more = causes.len().saturating_sub(LISTED);
        causes.truncate(LISTED);
        let mut text = String::new();
        for ((how, what), count) in causes {
            text.push_str(&format!("\n{how} {what}: {count}"));
        }
        if more > 0 {
            text.push_str(&format!("\nand for {more} more: --list waiting, --list lost"));
        }
        if text.is_empty() { text } else { text + "\n" }
    }

    fn list(&self, word: &str) -> String {
        let chosen = self.tasks().filter(|(_, task_state)| task_state.word() == word);
        let lines = chosen.map(|(task, task_state)| format!("{}{}", task.id, behind(task_state)));
        let text = lines.collect::<Vec<_>>().join("\n");
        if text.is_empty() { text } else { text + "\n" }
    }

    /// Everything for programs; the tasks of one state alone, if one is given.
    fn json(&self, state: Option<&str>) -> serde_json::Value {
        let tasks: Vec<_> = self
            .tasks()
            .filter(|(_, task_state)| state.is_none_or(|state| state == task_state.word()))
            .map(|(task, task_state)| {
                let mut entry = serde_json::to_value(task_state).unwrap_or_default();
                entry["id"] = json!(task.id);
                entry["state"] = json!(task_state.word());
                entry
            })
            .collect();
        let (cores, gpus) = self.spent();
        let counts: serde_json::Map<_, _> =
            TaskState::WORDS.iter().map(|word| ((*word).to_owned(), json!(self.count(word)))).collect();
        json!({
            "name": self.name,
            "growth": self.growth,
            "made_by": self.made_by,
            "counts": counts,
            "tasks": tasks,
            "core_hours": cores,
            "gpu_hours": gpus,
            "seconds_left": self.left.0,
            "ranks": self.left.1,
            "at_work": self.owners.iter().filter(|(_, liveness)| *liveness == Liveness::Alive)
                .map(|(owner, _)| owner).collect::<Vec<_>>(),
        })
    }
}

fn is_at_work(owners: &[(LockOwner, Liveness)]) -> bool {
    owners.iter().any(|(_, liveness)| *liveness == Liveness::Alive)
}

/// The line on a task that needs attention or runs; none for other tasks.
fn notable(task_state: &TaskState) -> Option<String> {
    match task_state {
        TaskState::Failed { .. } | TaskState::Running { .. } | TaskState::Ignored { .. } => {
            Some(behind(task_state).trim_start_matches([':', ' ']).to_owned())
        }
        _ => None,
    }
}

/// Seconds since a moment that is given in seconds since 1970.
fn seconds_since(moment: u64) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    now.saturating_sub(moment) as f64
}

/// The text after the name of a task.
fn behind(task_state: &TaskState) -> String {
    match task_state {
        TaskState::Failed { reason, .. } => format!(": {reason}"),
        TaskState::Lost { needs } => format!(": it needs {needs}, which has failed"),
        TaskState::Running { host, rank, since, share } => {
            let since = duration(seconds_since(*since));
            format!(": {:.0}% on rank {rank} of {host}, for {since}", 100.0 * share)
        }
        TaskState::Waiting { needs } => {
            let needs: Vec<&str> = needs.iter().map(|need| need.0.as_str()).collect();
            format!(": it waits for {}", needs.join(", "))
        }
        TaskState::Ignored { why } => format!(": done again, {why}"),
        TaskState::Done { run } => {
            let diverged =
                if run.diverged == 0 { String::new() } else { format!(", {} diverged", run.diverged) };
            format!(": {} on {} of {}{diverged}", duration(run.seconds), run.device, run.host)
        }
        TaskState::Ready => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;
    use crate::plan::{earlier_fingerprints, fingerprints};
    use crate::store::{Outcome, RunInfo, StoredJob, TaskRecord, TaskResult};

    #[test]
    fn what_an_earlier_version_has_finished_is_done_and_said_to_be_its() {
        let text =
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
        let file = JobFile::from_text("job.toml", text);
        let job = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::create(directory.path(), &file, &job).expect("a new directory");
        let plan = Plan::of(&job.job);
        let look = |prints: Vec<crate::plan::Fingerprint>| {
            for (task, fingerprint) in plan.tasks.iter().zip(prints) {
                let outcome = Outcome::Done(Box::new(TaskResult::Train(vec![])));
                let run = RunInfo::default();
                store
                    .write_record(&TaskRecord { id: task.id.clone(), fingerprint, run, outcome })
                    .expect("room");
            }
            Overview::of(&store).expect("a status")
        };
        let earlier = earlier_fingerprints(&job.job, &job.inputs, &plan).next().expect("an earlier version");
        let found = look(earlier);
        assert_eq!(found.count("done"), plan.tasks.len());
        assert!(
            found.text().contains("\nby an earlier version of drapes; `drapes run` would do"),
            "{}",
            found.text()
        );
        assert_eq!(found.json(None)["made_by"], "an_earlier_version");
        let own = look(fingerprints(&job.job, &job.inputs, &plan));
        assert_eq!(own.count("done"), plan.tasks.len());
        assert!(!own.text().contains("version"), "{}", own.text());
        assert_eq!(own.json(None)["made_by"], "this_version");
    }
}
