//! How long the tasks of this run will take: prices, what this machine has shown, and a moment of trial where it has shown
//! nothing yet. What ended tasks teach is written down for the next run.

use std::time::Instant;

use drapes_analysis::cli::{Loudness, inform, loudness, tell};
use drapes_analysis::dispatch::Known;
use drapes_analysis::figures::Figure;
use drapes_analysis::job::Job;
use drapes_analysis::machine::{Memory, Seen, Shown, device_of};
use drapes_analysis::plan::device_kind::{is_same_kind, kind_of};
use drapes_analysis::plan::price::{EventCounts, Price};
use drapes_analysis::plan::rates::{Origin, Rates};
use drapes_analysis::plan::{Pace, PaceKind, Plan, Task};
use drapes_analysis::store::RecordState;
use tch::Device;

use super::compute::COMPUTING;
use super::prices;
use super::trial;
use crate::device;

/// What was known of the machine before a run counts as so many seconds of work, so that what the run itself measures soon counts more.
pub(super) const KNOWN_BEFORE: f64 = 5.0;
/// Shorter tasks teach nothing: they read and write more than they compute.
const TELLING: f64 = 0.5;

/// The expected times of tasks on the ranks of a run.
pub struct Estimates {
    rates: Rates,
    origin: Origin,
    /// None where the user has given rates: those count, and nothing is learnt.
    memory: Option<Memory>,
    /// The kind of device, and how the memory calls it.
    kind: String,
    device: String,
    /// What was known before, and what trials have shown.
    shown: Shown,
    tried: Shown,
    /// Seconds of each task at the built-in prices.
    seconds: Vec<f64>,
    /// Figures that may come of the plan, and since when they are drawn.
    figures: usize,
    drawing: Option<Instant>,
}

impl Estimates {
    /// Those of a kind of device, for so many events, by rates that the user has given or by what is remembered.
    pub fn new(kind: &str, given: &[Rates], (job, plan): (&Job, &Plan), counts: EventCounts) -> Self {
        let memory = Some(Memory::of_user()).filter(|_| given.is_empty());
        let device = device_of(kind, job.compute.threads);
        let (shown, problem) = memory.as_ref().map(|memory| memory.of(&device)).unwrap_or_default();
        if let Some(problem) = problem {
            inform(format_args!(
                "note: what earlier runs have learnt about this machine cannot be used: {problem}"
            ));
        }
        let (rates, origin) = prices::rates(kind, given);
        let seconds = Price::of(job, plan, counts, &rates).seconds;
        let (kind, tried, figures) = (kind.to_owned(), Shown::default(), Figure::count_of(job, plan));
        Self { rates, origin, memory, kind, device, shown, tried, seconds, figures, drawing: None }
    }

    /// Tasks whose kinds are to be tried before the run says how long it takes.
    pub fn to_try(&self, plan: &Plan, known: &[Known], ranks: usize) -> Vec<Task> {
        if self.memory.is_none() {
            return vec![];
        }
        let short = trial::short(self.origin) * ranks as f64;
        trial::worth_trying(plan, &self.expected(plan, &self.shown.pace()), known, short, &self.shown)
    }

    /// Measures a moment of each of these tasks.
    pub fn try_out(&mut self, job: &Job, tasks: &[Task], own: Device) {
        if tasks.is_empty() {
            return;
        }
        inform(format_args!(
            "measuring this machine at {} for a moment (remembered for the next run)",
            match tasks.len() {
                1 => "one kind of work".to_owned(),
                kinds => format!("{kinds} kinds of work"),
            }
        ));
        self.tried = try_out(job, tasks, own, &self.rates);
        self.shown.add(&self.tried);
        if loudness() == Loudness::Verbose {
            for kind in PaceKind::ALL.iter().filter(|kind| self.tried.has(**kind)) {
                let pace = self.tried.pace().of(*kind).unwrap_or(1.0);
                tell(format_args!("{}: {pace:.2} times its price", kind.word()));
            }
        }
    }

    /// How long work takes against its price, as far as that is known before the run.
    pub fn pace(&self) -> Pace {
        self.shown.pace().lightened(KNOWN_BEFORE)
    }

    /// Seconds of each task at the built-in prices, or those of the user's rates.
    pub fn seconds(&self) -> &[f64] {
        &self.seconds
    }

    /// Seconds of each task at a pace.
    pub fn expected(&self, plan: &Plan, pace: &Pace) -> Vec<f64> {
        let price = Price { seconds: self.seconds.clone(), bytes: 0.0 };
        price.at_pace(plan, pace).seconds
    }

    /// Says so where the times are a guess.
    pub fn tell_of_guess(&self) {
        if self.origin == Origin::Guessed && self.shown.is_empty() {
            prices::tell_of_guess(&self.kind);
        }
    }

    /// Seconds that tables, pictures and the page take at the end.
    pub fn ending(&self) -> f64 {
        self.shown.drawing(self.figures)
    }

    /// Tables, pictures and the page are made from now on.
    pub fn begin_to_draw(&mut self) {
        self.drawing = Some(Instant::now());
    }

    /// Writes down what these tasks have taken, and the pictures if they were drawn.
    pub fn remember(&self, plan: &Plan, states: &[RecordState], ended: &[usize]) {
        let Some(memory) = &self.memory else { return };
        let mut learnt = self.tried.clone();
        for task in ended {
            let RecordState::Done(run) = &states[*task] else { continue };
            if run.seconds >= TELLING && is_same_kind(kind_of(&run.device), &self.kind) {
                let seen = Seen { priced: self.seconds[*task], taken: run.seconds };
                learnt.learn(plan.tasks[*task].work.pace(), seen);
            }
        }
        if let Some(begin) = self.drawing {
            learnt.learn_figures(self.figures, begin.elapsed().as_secs_f64());
        }
        let problem = if learnt == Shown::default() { None } else { memory.add(&self.device, &learnt) };
        if let Some(problem) = problem.filter(|_| loudness() == Loudness::Verbose) {
            tell(format_args!("note: what this run has learnt about the machine is not kept: {problem}"));
        }
    }
}

/// Measures a moment of each of these tasks, in a thread of its own: its settings are those of computing threads.
pub fn try_out(job: &Job, tasks: &[Task], own: Device, rates: &Rates) -> Shown {
    let threads = job.compute.threads;
    let measure = || {
        device::prepare_cpu(threads);
        trial::of(job, tasks, own, rates)
    };
    // Its panics are failed trials, as those of a task are a failed task.
    let builder = || std::thread::Builder::new().name(COMPUTING.to_owned());
    std::thread::scope(|scope| {
        let spawned = builder().spawn_scoped(scope, measure);
        spawned.ok().and_then(|thread| thread.join().ok()).unwrap_or_default()
    })
}
