//! `plan`: what a job would compute, and what that costs.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use serde_json::json;

use super::answer;
use super::layout::{columns, duration};
use crate::axes::{AXES, AxisValue, distinct};
use crate::dispatch::{Graph, Known, Simulated, Simulation};
use crate::error::{Error, Exit};
use crate::figures::label;
use crate::job::{DEFAULTS, Job, JobFile};
use crate::plan::{self, Stage, TaskId};
use crate::point::ScanPoint;
use crate::price::demand::{Demand, LONGEST_RUN, longest, most_memory, size};
use crate::price::memory::Chip;
use crate::price::{EventCounts, Price};
use crate::rates::Rates;

/// Shows what a job computes, how long it takes and how much disk it needs; computes nothing.
///
/// Times are estimated from the event numbers under [pricing] in the job file and from measured rates of one
/// processor core.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  \
    drapes plan jobs/demo.toml\n  \
    drapes plan jobs/fig04_05.toml --ranks 64\n  \
    drapes plan jobs/paper.toml --simulate-ranks 64 --simulate-ranks 1024\n  \
    drapes plan jobs/demo.toml --tasks\n  \
    drapes plan --defaults > my_job.toml")]
pub struct Plan {
    /// The job file.
    #[arg(required_unless_present = "defaults")]
    job: Option<PathBuf>,
    /// Print a complete, commented job file instead.
    #[arg(long)]
    defaults: bool,
    /// Also estimate the time on so many ranks.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    ranks: Option<u32>,
    /// Measured rates of a device, as `cargo bench --bench throughput -- --rates FILE` writes them.
    #[arg(long, value_name = "FILE")]
    rates: Option<PathBuf>,
    /// Also simulate the scan on so many ranks, message by message; may be repeated.
    #[arg(long = "simulate-ranks", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    simulated_ranks: Vec<u32>,
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
            answer(DEFAULTS);
            return Ok(Exit::Done);
        };
        let job = JobFile::open(path)?.check()?;
        answer(self.of(&job)?);
        Ok(Exit::Done)
    }

    /// What is printed of a job.
    fn of(&self, job: &Job) -> Result<String, Error> {
        let plan = plan::Plan::of(job);
        let rates = self.rates.as_deref().map_or(Ok(Rates::CPU_CORE), Rates::read)?;
        let price = Price::of(job, &plan, EventCounts::estimated(job), &rates);
        Ok(match self.format {
            Format::Text => self.text(job, &plan, &price, &rates.device),
            Format::Json => format!("{:#}\n", self.json(job, &plan, &price, &rates.device)),
        })
    }

    fn rank_counts(&self) -> Vec<usize> {
        let mut counts: BTreeSet<usize> = [1, 2, 8, 64].into();
        counts.extend(self.ranks.map(|ranks| ranks as usize));
        counts.into_iter().collect()
    }

    fn text(&self, job: &Job, plan: &plan::Plan, price: &Price, device: &str) -> String {
        let mut text = format!("{}: {} points, {} tasks\n\n", job.name, job.points.len(), plan.tasks.len());
        text.push_str(&axes(job));
        let headings = ["stage", "tasks", &format!("on one {device}"), "what"].map(str::to_owned);
        let mut lines = vec![headings.to_vec()];
        for stage in Stage::ALL {
            let seconds = stage_seconds(plan, price, stage);
            let count = plan.stage(stage).count();
            lines.push(vec![
                stage.word().to_owned(),
                count.to_string(),
                duration(seconds),
                what(job, plan, stage),
            ]);
        }
        text.push('\n');
        text.push_str(&columns(&lines));
        for note in plan.notes() {
            text.push_str(&format!("\nnote: {note}\n"));
        }
        text.push_str("\nestimated time\n");
        let none = vec![false; plan.tasks.len()];
        let lines = self
            .rank_counts()
            .into_iter()
            .map(|ranks| vec![format!("{ranks} × {device}"), duration(price.makespan(plan, &none, ranks))]);
        text.push_str(&columns(&lines.collect::<Vec<_>>()));
        text.push_str(&demands(job, plan, price));
        if let Some(warning) = self.warning(job, plan, price) {
            text.push_str(&format!("\nwarning: {warning}\n"));
        }
        text.push_str(&self.simulations(plan, price));
        if self.tasks {
            text.push('\n');
            let lines = plan.tasks.iter().zip(&price.seconds).map(|(task, seconds)| {
                let needs = task.needs.iter().map(|TaskId(id)| id.as_str()).collect::<Vec<_>>().join(", ");
                vec![task.id.to_string(), duration(*seconds), needs]
            });
            text.push_str(&columns(&lines.collect::<Vec<_>>()));
        }
        text
    }

    /// That a run would be refused for its length.
    fn warning(&self, job: &Job, plan: &plan::Plan, price: &Price) -> Option<String> {
        let most = self.rank_counts().into_iter().max().unwrap_or(1);
        let none = vec![false; plan.tasks.len()];
        let time = price.makespan(plan, &none, most);
        let longest = longest(job, plan, price, |_| true).filter(|_| time > LONGEST_RUN)?;
        Some(format!(
            "{most} ranks would take {} (`drapes run` refuses more than {}; the longest task is {}, with {}) lower {}",
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

    fn json(&self, job: &Job, plan: &plan::Plan, price: &Price, device: &str) -> serde_json::Value {
        let none = vec![false; plan.tasks.len()];
        let stages = Stage::ALL.map(|stage| {
            let (tasks, seconds) = (plan.stage(stage).count(), stage_seconds(plan, price, stage));
            json!({ "stage": stage.word(), "tasks": tasks, "seconds": seconds })
        });
        let times = self
            .rank_counts()
            .into_iter()
            .map(|ranks| json!({ "ranks": ranks, "seconds": price.makespan(plan, &none, ranks) }));
        let tasks = plan
            .tasks
            .iter()
            .zip(&price.seconds)
            .map(|(task, seconds)| json!({ "id": task.id, "needs": task.needs, "seconds": seconds }));
        json!({
            "name": job.name,
            "points": job.points.len(),
            "device": device,
            "notes": plan.notes(),
            "stages": stages,
            "times": times.collect::<Vec<_>>(),
            "bytes": price.bytes,
            "memory_bytes": memory(job, plan).map(|most| most.amount),
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
        })
    }
}

/// Disk of all tasks, and memory of the largest.
fn demands(job: &Job, plan: &plan::Plan, price: &Price) -> String {
    let mut text = format!("\ndisk: about {}\n", size(price.bytes.max(1e5)));
    if let Some(most) = memory(job, plan).filter(|most| most.amount > SMALL_MEMORY) {
        text.push_str(&format!(
            "memory: about {} beside the events, for {} ({} is what lowers it)\n",
            size(most.amount),
            most.task,
            most.lower
        ));
    }
    text
}

/// What any machine has for a rank.
const SMALL_MEMORY: f64 = 1e9;

fn memory(job: &Job, plan: &plan::Plan) -> Option<Demand> {
    let tasks: Vec<&plan::Task> = plan.tasks.iter().collect();
    most_memory(job, &tasks, EventCounts::estimated(job), Chip::Core)
}

fn stage_seconds(plan: &plan::Plan, price: &Price, stage: Stage) -> f64 {
    let of_stage = plan.tasks.iter().zip(&price.seconds).filter(|(task, _)| task.work.stage() == stage);
    of_stage.map(|(_, seconds)| seconds).sum()
}

/// The values of each axis, by method; axes that no point has are left out.
fn axes(job: &Job) -> String {
    let methods = distinct(job.points.iter().map(ScanPoint::method));
    let values = |method: &str, axis: AxisValue| {
        let points = job.points.iter().filter(|point| point.method() == method);
        let mut known = HashSet::new();
        let mut values: Vec<String> = points.filter_map(axis).collect();
        values.retain(|value| known.insert(value.clone()));
        shortened(values)
    };
    let mut lines = vec![vec!["method".to_owned()]];
    lines.extend(methods.iter().map(|method| vec![label(method).to_owned()]));
    for (heading, axis) in AXES {
        let column: Vec<Vec<String>> = methods.iter().map(|method| values(method, axis)).collect();
        if column.iter().all(Vec::is_empty) {
            continue;
        }
        lines[0].push(heading.to_owned());
        for (line, values) in lines[1..].iter_mut().zip(column) {
            line.push(if values.is_empty() { "-".to_owned() } else { values.join(" ") });
        }
    }
    columns(&lines)
}

/// A list that fits on a line: long ones keep their beginning, their end, and their number.
fn shortened(mut values: Vec<String>) -> Vec<String> {
    const MOST: usize = 24;
    let count = values.len();
    if count > MOST {
        values.splice(MOST / 2..count - 1, ["…".to_owned()]);
        values.push(format!("({count} values)"));
    }
    values
}

/// What a stage is about, in numbers.
fn what(job: &Job, plan: &plan::Plan, stage: Stage) -> String {
    match stage {
        Stage::Fit => "dijet fits".to_owned(),
        Stage::Train => {
            let (mut denoisers, mut flows, mut kinematics, mut jets) = (0, 0, 0, 0);
            for task in plan.stage(stage) {
                match &task.work {
                    plan::Work::Train { samples, .. } => denoisers += samples.len(),
                    plan::Work::TrainFlow { samples, .. } => flows += samples.len(),
                    plan::Work::TrainKinematics { samples } => kinematics += samples.len(),
                    plan::Work::TrainJets { samples } => jets += samples.len(),
                    _ => {}
                }
            }
            let counted = [
                (denoisers, "denoisers", job.denoiser.epochs),
                (flows, "flows", job.flow.base.epochs),
                (kinematics, "models of kinematics", job.denoiser.epochs),
                (jets, "jet models", job.jet_model.epochs),
            ];
            let there = counted.iter().filter(|(count, ..)| *count > 0);
            let parts = there.map(|(count, what, epochs)| format!("{count} {what}, {epochs} epochs"));
            parts.collect::<Vec<_>>().join("; ")
        }
        Stage::Template => {
            let diffused =
                |point: &ScanPoint| point.template().is_some_and(|made| made.method.flow().is_none());
            let steps = format!("{} steps an event", job.sampler.steps);
            if job.points.iter().any(diffused) { steps } else { "one pass an event".to_owned() }
        }
        Stage::Classify => {
            format!("{} classifiers a point, {} epochs", job.classifiers_per_point(), job.classifier.epochs)
        }
    }
}

#[cfg(test)]
mod tests;
