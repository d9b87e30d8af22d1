//! The cost of a plan on each device whose speed is known.

use super::groupings::{Groupings, Tasks};
use crate::dispatch::makespan;
use crate::figures::Figure;
use crate::job::Job;
use crate::machine::{Memory, Shown, device_of};
use crate::plan::cost::keys::defaults;
use crate::plan::device_kind::CORE;
use crate::plan::price::{EventCounts, Price};
use crate::plan::{Company, Rates};
use crate::text::{duration, wrapped, wrapped_behind};

/// The source of the times of a device.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// From a file that the user has given.
    Given,
    /// From tasks and trials of so many seconds on this machine, or on a GPU of this kind.
    Shown {
        /// Seconds of work.
        seconds: f64,
    },
    /// From the rates that are built in, of another machine.
    BuiltIn,
}

impl Source {
    /// In one word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Shown { .. } => "measured",
            Self::BuiltIn => "built-in",
        }
    }
}

/// A plan at the rates of a device.
pub struct Priced<'a> {
    /// What is computed there.
    pub tasks: &'a Tasks,
    pub price: Price,
    /// As people say it: `core`, `NVIDIA H200`.
    pub device: String,
    pub source: Source,
    /// Seconds of tables and pictures at the end.
    ending: f64,
}

impl Priced<'_> {
    /// Seconds until so many ranks have done all of the plan, with tables and pictures.
    pub fn time(&self, ranks: usize) -> f64 {
        let plan = &self.tasks.plan;
        makespan(plan, &self.price.seconds, &vec![false; plan.tasks.len()], ranks) + self.ending
    }
}

/// A job on the devices whose rates are given, on a core, and on the GPUs that runs of this user have measured.
pub fn on_devices<'a>(groupings: &'a Groupings, given: Vec<Rates>, memory: &Memory) -> Vec<Priced<'a>> {
    let Tasks { job, plan } = groupings.on(CORE);
    let figures = Figure::count_of(job, plan);
    let core = memory.of(&device_of(CORE, job.compute.threads)).0;
    // Whatever tasks run on, tables and pictures are made by a core.
    let ending = core.drawing(figures);
    let price = |rates: Rates, source: Source, shown: &Shown| {
        let tasks = groupings.on(&rates.device);
        let Tasks { job, plan } = tasks;
        let price = Price::of(job, plan, EventCounts::estimated(job), &rates).at_pace(plan, &shown.pace());
        Priced { tasks, price, device: rates.device.into_owned(), source, ending }
    };
    let none = Shown::default();
    let mut priced: Vec<Priced<'_>> =
        given.into_iter().map(|rates| price(rates, Source::Given, &none)).collect();
    let is_there = |priced: &[Priced<'_>], device: &str| {
        priced.iter().any(|priced| priced.device.eq_ignore_ascii_case(device))
    };
    // What a core takes is told in any case: everybody has one.
    if !is_there(&priced, CORE) {
        let source =
            if core.is_empty() { Source::BuiltIn } else { Source::Shown { seconds: core.seconds() } };
        priced.push(price(Rates::CPU_CORE, source, &core));
    }
    for (gpu, shown) in memory.gpus() {
        if !is_there(&priced, &gpu) {
            let source = Source::Shown { seconds: shown.seconds() };
            priced.push(price(Rates::of_kind(&gpu, &[]).0, source, &shown));
        }
    }
    priced
}

/// How the work is grouped on each device, where that differs.
pub fn groupings(priced: &[Priced<'_>]) -> String {
    let first = priced[0].tasks;
    let is_first = |priced: &Priced<'_>| std::ptr::eq(priced.tasks, first) || priced.tasks.plan == first.plan;
    if priced.iter().all(is_first) {
        return String::new();
    }
    let mut text = "grouped for the device that a scan is begun on\n".to_owned();
    for Priced { device, tasks: Tasks { job, plan }, .. } in priced {
        let line = format!("{device}: {} tasks, {}", plan.tasks.len(), Company::of(job, plan));
        text.push_str(&wrapped_behind("  ", &line));
    }
    text
}

/// That the numbers of events are those of other data, where the job says nothing of its own: a search in a small file would seem to
/// take hours.
pub fn event_numbers(job: &Job) -> String {
    let usual = defaults();
    if job.pricing != usual.pricing || job.data.events.file_name() == usual.data.events.file_name() {
        return String::new();
    }
    wrapped(
        "events: as many as the LHC Olympics have, for the job has no [pricing]; `drapes run JOB --dry-run` counts those of the data",
    )
}

/// Where the times come from, and how to get those that are not there.
pub fn sources(priced: &[Priced<'_>]) -> String {
    let mut text = String::new();
    for Priced { device, source, .. } in priced {
        match source {
            Source::Given => {}
            Source::Shown { seconds } => text.push_str(&wrapped(&format!(
                "{device}: as runs have shown it here, in {} of work",
                duration(*seconds)
            ))),
            Source::BuiltIn => text.push_str(&wrapped(&format!(
                "{device}: that of another machine, this one may take a third or three times as long; `drapes run` measures it \
                 and remembers it"
            ))),
        }
    }
    if priced.iter().any(|priced| priced.device != CORE) {
        text.push_str(&wrapped(
            "sharing: one rank leaves most of a large GPU idle; four did about twice the work of one on networks of events, on an \
             H100 with NVIDIA's MPS (`--share-gpus=4`, docs/operations.md#devices)",
        ));
    }
    if priced.iter().all(|priced| priced.device == CORE) {
        text.push_str(
            "GPU: not known, nobody has measured one here; `drapes run` on a GPU measures and remembers it, or\n  \
             cargo bench --bench throughput -- --device cuda --rates gpu.json\n  \
             drapes plan JOB --rates gpu.json      (data/rates/h100.json is that of an H100)\n",
        );
    }
    text
}
