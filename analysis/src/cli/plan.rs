//! `plan`: what a job would compute, and what that costs.

mod groupings;
mod priced;
mod scan;
mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::json;

use super::{answer, tell};
use crate::dispatch::{Graph, Known, Simulated, Simulation, makespan};
use crate::error::{Error, Exit};
use crate::job::noise_grid::NoiseGrid;
use crate::job::{Change, ClassifierKind, Comparison, DEFAULTS, Job, JobFile, ScanPoint, Search};
use crate::machine::Memory;
use crate::plan::device_kind::chip_of;
use crate::plan::price::demand::{Demand, LONGEST_RUN, longest, most_memory, size};
use crate::plan::price::{EventCounts, Price, bytes};
use crate::plan::work::{SearchWindow, Trained};
use crate::plan::{self, Rates, Stage, TaskId, TaskKind};
use crate::text::{columns, columns_on_page, counted, duration, wrapped, wrapped_behind};

use groupings::{Groupings, Tasks};
use priced::Priced;

/// Shows what a job computes, how long it takes and how much disk it needs; computes nothing.
///
/// A row for each method, with the axes that vary; what points share is computed once. Times are estimated from the
/// event numbers under [pricing] in the job file and from what runs have shown on this machine, else from the rates of
/// some processor core.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  \
    drapes plan jobs/demo.toml\n  \
    drapes plan jobs/fig04_05.toml --ranks 64\n  \
    drapes plan jobs/paper.toml --simulate-ranks 64 --simulate-ranks 1024\n  \
    drapes plan jobs/demo.toml --points\n  \
    drapes plan jobs/demo.toml --set denoiser.epochs=100 --set 'scan.0.n_signal=[0,500]'\n  \
    drapes plan jobs/demo.toml --tasks\n  \
    drapes plan jobs/fig04_05.toml --rates core.json --rates gpu.json\n  \
    drapes plan --defaults > my_job.toml")]
pub struct Plan {
    /// The job file.
    #[arg(required_unless_present = "defaults")]
    job: Option<PathBuf>,
    /// Print a complete, commented job file instead.
    #[arg(long)]
    defaults: bool,
    /// Change a key of the job, as if it stood in the file: denoiser.epochs=100, 'name="other"', or scan.0.oversampling=5 for
    /// the first [[scan]] block. Values are TOML; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", conflicts_with = "defaults")]
    changes: Vec<Change>,
    /// Also estimate the time on so many ranks.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    ranks: Option<u32>,
    /// Measured rates of a device, as `cargo bench --bench throughput -- --rates FILE` writes them (with --device cuda
    /// for a GPU); may be repeated, for a column each.
    #[arg(long, value_name = "FILE")]
    rates: Vec<PathBuf>,
    /// Also simulate the scan on so many ranks, message by message; may be repeated.
    #[arg(long = "simulate-ranks", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    simulated_ranks: Vec<u32>,
    /// List every point of the scan.
    #[arg(long)]
    points: bool,
    /// List every task with its price.
    #[arg(long)]
    tasks: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

impl Plan {
    pub fn run(&self) -> Result<Exit, Error> {
        let Some(path) = self.job.as_ref().filter(|_| !self.defaults) else {
            answer(DEFAULTS.as_str());
            return Ok(Exit::Done);
        };
        answer(self.of(&JobFile::open(path)?.with(self.changes.clone()))?);
        Ok(Exit::Done)
    }

    /// What is printed of a job.
    fn of(&self, file: &JobFile) -> Result<String, Error> {
        let groupings = Groupings::of(file)?;
        let rates = self.rates.iter().map(|path| Rates::read(path)).collect::<Result<Vec<_>, _>>()?;
        let priced = priced::on_devices(&groupings, rates, &memory_of_machine());
        Ok(match self.format {
            Format::Text => self.text(&priced),
            Format::Json => format!("{:#}\n", self.json(&priced)),
        })
    }

    fn rank_counts(&self) -> Vec<usize> {
        let mut counts: BTreeSet<usize> = [1, 2, 8, 64].into();
        counts.extend(self.ranks.map(|ranks| ranks as usize));
        counts.into_iter().collect()
    }

    fn text(&self, priced: &[Priced<'_>]) -> String {
        let Priced { tasks: Tasks { job, plan }, price, device, .. } = &priced[0];
        let mut text = wrapped(&format!(
            "{}: {}, {}",
            job.name,
            counted(job.points.len(), "point"),
            counted(plan.tasks.len(), "task")
        ));
        text.push_str(&format!("\n{}\n", scan::methods(job)));
        text.push_str(&stages(priced));
        text.push_str(&priced::groupings(priced));
        if let Some(shared) = shared::sentence(plan) {
            text.push_str(&wrapped(&shared));
        }
        for note in plan.notes() {
            text.push_str(&format!("\n{}", wrapped(&format!("note: {note}"))));
        }
        text.push_str(&format!("\nestimated time\n{}", self.times(priced)));
        text.push_str(&priced::event_numbers(job));
        text.push_str(&priced::sources(priced));
        text.push_str(&demands(&priced[0]));
        if let Some(warning) = self.warning(job, plan, price) {
            text.push_str(&format!("\n{}", wrapped(&format!("warning: {warning}"))));
        }
        text.push_str(&self.simulations(plan, price));
        if self.points {
            text.push_str(&format!("\n{}", scan::points(job, plan, price, device)));
        }
        if self.tasks {
            text.push_str(&format!("\n{}", tasks(plan, price)));
        }
        text
    }

    /// Time on so many ranks, by device.
    fn times(&self, priced: &[Priced<'_>]) -> String {
        let heading = |priced: &Priced<'_>| format!("{} each", priced.device);
        let headings = std::iter::once("ranks".to_owned()).chain(priced.iter().map(heading));
        let mut lines = vec![headings.collect::<Vec<_>>()];
        lines.extend(self.rank_counts().into_iter().map(|ranks| {
            let of = |priced: &Priced<'_>| duration(priced.time(ranks));
            std::iter::once(ranks.to_string()).chain(priced.iter().map(of)).collect()
        }));
        columns(&lines)
    }

    /// That a run would be refused for its length.
    fn warning(&self, job: &Job, plan: &plan::Plan, price: &Price) -> Option<String> {
        let most = self.rank_counts().into_iter().max().unwrap_or(1);
        let none = vec![false; plan.tasks.len()];
        let time = makespan(plan, &price.seconds, &none, most);
        let longest = longest(job, plan, price, |_| true).filter(|_| time > LONGEST_RUN)?;
        Some(format!(
            "{} would take {} (`drapes run` refuses more than {}; the longest task is {}, with {}) lower {}",
            counted(most, "rank"),
            duration(time),
            duration(LONGEST_RUN),
            longest.task,
            duration(longest.amount),
            longest.lower
        ))
    }

    fn simulate(&self, plan: &plan::Plan, price: &Price) -> Vec<(u32, Simulated)> {
        let (graph, known) = (Graph::of(plan), vec![Known::Open; plan.tasks.len()]);
        let run = |ranks: &u32| Simulation::of(*ranks as usize).run(&graph, &price.seconds, &known);
        self.simulated_ranks.iter().map(|ranks| (*ranks, run(ranks))).collect()
    }

    fn simulations(&self, plan: &plan::Plan, price: &Price) -> String {
        let found = self.simulate(plan, price);
        if found.is_empty() {
            return String::new();
        }
        let headings = ["ranks", "time", "idle", "start", "end", "messages", "a second", "rank 0 busy"]
            .map(str::to_owned);
        let mut lines = vec![headings.to_vec()];
        lines.extend(found.into_iter().map(|(ranks, found)| {
            vec![
                ranks.to_string(),
                duration(found.makespan),
                format!("{:.1}%", 100.0 * found.idle),
                duration(found.start),
                duration(found.conclusion),
                found.messages.to_string(),
                format!("{:.1}", found.messages as f64 / found.makespan.max(1e-9)),
                format!("{:.2}%", 100.0 * found.leader_load),
            ]
        }));
        format!(
            "\nsimulated, tasks within 20% of their price; start and end are rank 0's own\n{}",
            columns(&lines)
        )
    }

    /// Seconds of each stage and on so many ranks, of one device.
    fn costs(&self, priced: &Priced<'_>) -> serde_json::Value {
        let Priced { tasks: Tasks { job, plan }, price, device, source, .. } = priced;
        let stages = Stage::ALL.map(|stage| {
            let (tasks, seconds) = (plan.stage(stage).count(), stage_seconds(plan, price, stage));
            json!({ "stage": stage.word(), "tasks": tasks, "seconds": seconds })
        });
        let times = self
            .rank_counts()
            .into_iter()
            .map(|ranks| json!({ "ranks": ranks, "seconds": priced.time(ranks) }));
        json!({
            "device": device,
            "rates": source.word(),
            "compute": job.compute,
            "stages": stages,
            "times": times.collect::<Vec<_>>(),
        })
    }

    fn json(&self, priced: &[Priced<'_>]) -> serde_json::Value {
        let Priced { tasks: Tasks { job, plan }, price, .. } = &priced[0];
        let costs: Vec<_> = priced.iter().map(|priced| self.costs(priced)).collect();
        let shared = shared::sharing(plan)
            .into_iter()
            .map(|all| json!({ "stage": all.stage.word(), "tasks": all.tasks, "points": all.points }));
        let disk =
            Stage::ALL.map(|stage| json!({ "stage": stage.word(), "bytes": stage_bytes(job, plan, stage) }));
        let tasks = plan.tasks.iter().zip(&price.seconds).map(|(task, seconds)| {
            let points = task.work.kind().points().into_iter().map(ToString::to_string);
            json!({
                "id": task.id,
                "points": points.collect::<Vec<_>>(),
                "needs": task.needs,
                "seconds": seconds,
            })
        });
        let mut answer = json!({
            "name": job.name,
            "points": job.points.len(),
            "methods": scan::methods_json(job),
            "shared": shared.collect::<Vec<_>>(),
            "device": costs[0]["device"],
            "stages": costs[0]["stages"],
            "times": costs[0]["times"],
            "devices": costs,
            "notes": plan.notes(),
            "bytes": price.bytes,
            "disk": disk,
            "memory_bytes": memory(&priced[0]).map(|most| most.amount),
            "warnings": self.warning(job, plan, price).into_iter().collect::<Vec<_>>(),
            "simulated": self.simulate(plan, price).into_iter().map(|(ranks, found)| json!({
                "ranks": ranks,
                "seconds": found.makespan,
                "idle": found.idle,
                "start_seconds": found.start,
                "end_seconds": found.conclusion,
                "messages": found.messages,
                "leader_load": found.leader_load,
            })).collect::<Vec<_>>(),
            "tasks": tasks.collect::<Vec<_>>(),
        });
        if self.points {
            answer["scan"] = scan::points_json(job, plan, price).into();
        }
        answer
    }
}

/// What runs have learnt about this machine; a file that cannot be used is told and counts as none.
fn memory_of_machine() -> Memory {
    let memory = Memory::of_user();
    if let Some(problem) = memory.problem() {
        tell(format_args!(
            "note: what earlier runs have learnt about this machine cannot be used: {problem}"
        ));
    }
    memory
}

/// Every task with its price, and below it the points that it is of, if these are several, and what it needs.
fn tasks(plan: &plan::Plan, price: &Price) -> String {
    let line = |(task, seconds): (&plan::Task, &f64)| vec![task.id.to_string(), duration(*seconds)];
    let lines = columns(&plan.tasks.iter().zip(&price.seconds).map(line).collect::<Vec<_>>());
    let mut text = String::new();
    for (line, task) in lines.lines().zip(&plan.tasks) {
        text.push_str(&format!("{line}\n"));
        let points = task.work.kind().points();
        if points.len() > 1 {
            let points: Vec<String> = points.into_iter().map(ToString::to_string).collect();
            text.push_str(&wrapped_behind("    ", &format!("of {}", points.join(", "))));
        }
        let needs: Vec<&str> = task.needs.iter().map(|TaskId(id)| id.as_str()).collect();
        if !needs.is_empty() {
            text.push_str(&wrapped_behind("    ", &format!("needs {}", needs.join(", "))));
        }
    }
    text
}

/// The stages with their tasks, what they cost on each device, and what they are about.
fn stages(priced: &[Priced<'_>]) -> String {
    let Tasks { job, plan } = priced[0].tasks;
    let start = ["stage", "tasks"].map(str::to_owned).into_iter();
    let devices = priced.iter().map(|priced| format!("on one {}", priced.device));
    let mut lines = vec![start.chain(devices).chain(["what".to_owned()]).collect::<Vec<_>>()];
    for stage in Stage::ALL {
        let start = [stage.word().to_owned(), plan.stage(stage).count().to_string()].into_iter();
        let times =
            priced.iter().map(|priced| duration(stage_seconds(&priced.tasks.plan, &priced.price, stage)));
        lines.push(start.chain(times).chain([what(job, plan, stage)]).collect());
    }
    columns_on_page(&lines)
}

/// Disk of all tasks, and memory of the largest.
fn demands(priced: &Priced<'_>) -> String {
    let Priced { tasks: Tasks { job, plan }, price, .. } = priced;
    let parts = [(Stage::Train, "weights"), (Stage::Template, "templates"), (Stage::Classify, "classifiers")]
        .map(|(stage, what)| (what, stage_bytes(job, plan, stage)));
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, bytes)| *bytes >= LEAST_PART * price.bytes)
        .map(|(what, bytes)| format!("{what} {}", size(bytes)))
        .collect();
    let mut text = format!("\ndisk: about {}", size(price.bytes.max(1e5)));
    text.push_str(&if parts.len() > 1 { format!(" ({})\n", parts.join(", ")) } else { "\n".to_owned() });
    if let Some(most) = memory(priced).filter(|most| most.amount > SMALL_MEMORY) {
        text.push_str(&wrapped(&format!(
            "memory: about {} beside the events, for {} ({} is what lowers it)",
            size(most.amount),
            most.task,
            most.lower
        )));
    }
    text
}

/// A part of the disk that is smaller than this share of all is not named.
const LEAST_PART: f64 = 0.01;

/// What any machine has for a rank.
const SMALL_MEMORY: f64 = 1e9;

fn memory(priced: &Priced<'_>) -> Option<Demand> {
    let Tasks { job, plan } = priced.tasks;
    let tasks: Vec<&plan::Task> = plan.tasks.iter().collect();
    most_memory(job, &tasks, EventCounts::estimated(job), chip_of(&priced.device))
}

fn stage_seconds(plan: &plan::Plan, price: &Price, stage: Stage) -> f64 {
    let of_stage = plan.tasks.iter().zip(&price.seconds).filter(|(task, _)| task.work.stage() == stage);
    of_stage.map(|(_, seconds)| seconds).sum()
}

fn stage_bytes(job: &Job, plan: &plan::Plan, stage: Stage) -> f64 {
    let counts = EventCounts::estimated(job);
    plan.stage(stage).map(|task| bytes(job, task, counts)).sum()
}

/// What is trained, models of one name together, in the order of the kinds of work.
fn trained(job: &Job, mut kinds: Vec<&dyn TaskKind>) -> Vec<Trained> {
    kinds.sort_by_key(|kind| kind.pace());
    let mut found: Vec<Trained> = vec![];
    for of_task in kinds.into_iter().filter_map(|kind| kind.trained(job)) {
        match found.last_mut() {
            Some(last) if last.what == of_task.what => last.count += of_task.count,
            _ => found.push(of_task),
        }
    }
    found
}

/// What a stage is about, in numbers.
fn what(job: &Job, plan: &plan::Plan, stage: Stage) -> String {
    match stage {
        Stage::Fit => "dijet fits".to_owned(),
        Stage::Train => {
            let kinds: Vec<&dyn TaskKind> = plan.stage(stage).map(|task| task.work.kind()).collect();
            let parts = trained(job, kinds).into_iter().map(|Trained { count, what, epochs }| {
                format!("{}, {}", counted(count, what), counted(epochs, "epoch"))
            });
            parts.collect::<Vec<_>>().join("; ")
        }
        Stage::Template => what_is_made(job),
        Stage::Classify => {
            let mut parts = vec![];
            if job.points.iter().any(|point| !matches!(point.comparison, Comparison::Window { .. })) {
                let classifiers = counted(job.classifiers_per_point(), "classifier");
                parts.push(format!("{classifiers} a point, {}", counted(job.classifier.epochs, "epoch")));
            }
            let kind = job.points.iter().find(|point| point.is_searched()).map(|point| point.classifier);
            parts.extend(job.search.as_ref().zip(kind).map(what_is_searched));
            parts.join("; ")
        }
    }
}

/// How templates are made: the evaluations that an event takes from where it starts, and the grids of the solvers.
fn what_is_made(job: &Job) -> String {
    let mut evaluations = BTreeSet::new();
    let mut grids: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for made in job.points.iter().filter_map(ScanPoint::template).filter(|made| made.method.flow().is_none())
    {
        let sampler = job.sampler.with(made.integration);
        let each = sampler.solver.evaluations(NoiseGrid::points(&sampler, made.sigma_prime));
        evaluations.insert(made.method.mass_condition().answers() * each);
        grids.entry(sampler.solver.word()).or_default().insert(sampler.steps);
    }
    if evaluations.is_empty() {
        return "one pass an event".to_owned();
    }
    let range = |numbers: &BTreeSet<usize>| match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) if first < last => format!("{first} to {last}"),
        (first, _) => first.map_or(String::new(), usize::to_string),
    };
    let grids: Vec<String> =
        grids.iter().map(|(solver, steps)| format!("{} steps of {solver}", range(steps))).collect();
    format!("{} network evaluations an event ({})", range(&evaluations), grids.join(", "))
}

/// What is done in each window of a search.
fn what_is_searched((search, kind): (&Search, ClassifierKind)) -> String {
    let of_what = match kind {
        ClassifierKind::Trees => "training of trees",
        ClassifierKind::Mlp | ClassifierKind::Transformer => "training of perceptrons",
    };
    let trainings = counted(search.trainings * SearchWindow::FOLDS as usize, of_what);
    let mut parts = vec![format!("{trainings} a window")];
    parts.extend(search.calibration.map(|all| counted(all.experiments, "pseudo-experiment")));
    parts.extend(search.sensitivity.as_ref().map(|all| {
        let count = all.experiments * all.strengths.len();
        if search.calibration.is_some() {
            format!("{count} with signal")
        } else {
            format!("{} with signal", counted(count, "pseudo-experiment"))
        }
    }));
    parts.join(", ")
}

#[cfg(test)]
mod tests;
