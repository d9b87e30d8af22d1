//! What a job demands of the machine, before anything is computed: the most of each kind, and the key that lowers it.

use super::memory::need;
use super::{EventCounts, Price};
use crate::job::{Chip, Job};
use crate::plan::cost::keys::Cost;
use crate::plan::{Plan, Task, TaskId};
use crate::text::YEAR;

/// A run that would take longer than this is a mistake in the job.
pub const LONGEST_RUN: f64 = 100.0 * YEAR;

/// The task that demands most, and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// The task.
    pub task: TaskId,
    /// Bytes, or seconds on one rank.
    pub amount: f64,
    /// The key of the job that lowers it.
    pub lower: &'static str,
}

/// The task that needs most memory, among those that are still to be done.
pub fn most_memory(job: &Job, tasks: &[&Task], counts: EventCounts, chip: Chip) -> Option<Demand> {
    let needs = tasks.iter().map(|task| (*task, need(job, task, counts, chip)));
    let (task, need) = needs.max_by(|a, b| a.1.bytes.total_cmp(&b.1.bytes))?;
    Some(Demand { task: task.id.clone(), amount: need.bytes, lower: need.lower })
}

/// The key of a job that makes a task shorter.
pub fn shorter(job: &Job, task: &Task) -> &'static str {
    task.work.kind().lower(job, Cost::Time)
}

/// The longest task.
pub fn longest(job: &Job, plan: &Plan, price: &Price, open: impl Fn(usize) -> bool) -> Option<Demand> {
    let tasks = plan.tasks.iter().zip(&price.seconds).enumerate().filter(|(index, _)| open(*index));
    let (_, (task, seconds)) = tasks.max_by(|a, b| a.1.1.total_cmp(b.1.1))?;
    Some(Demand { task: task.id.clone(), amount: *seconds, lower: task.work.kind().lower(job, Cost::Time) })
}

/// The task that stores most.
pub fn most_disk(job: &Job, tasks: &[&Task], counts: EventCounts) -> Option<Demand> {
    let stored = tasks.iter().map(|task| (*task, super::bytes(job, task, counts)));
    let (task, amount) = stored.max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Demand { task: task.id.clone(), amount, lower: task.work.kind().lower(job, Cost::Disk) })
}

/// Bytes as people say them: `12 kB`, `3.4 MB`, `1.2 GB`, `56 TB`.
pub fn size(bytes: f64) -> String {
    // A sum of nothing is −0.
    match bytes + 0.0 {
        b if b < 1e6 => format!("{:.0} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b if b < 1e12 => format!("{:.1} GB", b / 1e9),
        b if b < 1e18 => format!("{:.0} TB", b / 1e12),
        _ => "more than a million TB".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{DEFAULTS, JobFile};
    use crate::plan::Rates;

    fn demands(text: &str) -> [Demand; 3] {
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        let plan = Plan::of(&job);
        let counts = EventCounts::estimated(&job);
        let price = Price::of(&job, &plan, counts, &Rates::CPU_CORE);
        let tasks: Vec<&Task> = plan.tasks.iter().collect();
        [
            most_memory(&job, &tasks, counts, Chip::Core).expect("a task"),
            longest(&job, &plan, &price, |_| true).expect("a task"),
            most_disk(&job, &tasks, counts).expect("a task"),
        ]
    }

    #[test]
    fn the_paper_fits_a_laptop() {
        let [memory, time, disk] = demands(&DEFAULTS);
        assert!(memory.amount < 4e9, "{memory:?}");
        assert!(time.amount < 0.1 * YEAR, "{time:?}");
        assert!(disk.amount < 1e9, "{disk:?}");
    }

    #[test]
    fn what_is_too_much_is_named_by_its_key() {
        let with = |from: &str, to: &str| demands(&DEFAULTS.replacen(from, to, 1));
        let [memory, time, _] = with("width = 64", "width = 100000000");
        assert!(memory.amount > 1e15 && memory.lower == "denoiser.width", "{memory:?}");
        assert!(time.amount > LONGEST_RUN && time.lower == "denoiser.width", "{time:?}");
        let [memory, time, disk] = with("oversampling = 5", "oversampling = 4000000000");
        for demand in [&memory, &time, &disk] {
            assert_eq!(demand.lower, "template.oversampling", "{demand:?}");
        }
        assert!(disk.amount > 1e15, "{disk:?}");
        // As many as a number of epochs can be, of a sample that is twice as large as the paper's.
        let larger = DEFAULTS.replacen("side_band_events = 420000", "side_band_events = 840000", 1);
        let [_, time, _] = demands(&larger.replacen("epochs = 700", "epochs = 4000000000", 1));
        assert!(time.amount > LONGEST_RUN && time.lower == "denoiser.epochs", "{time:?}");
        let [memory, ..] = with("folds = 5", "folds = 4000000000");
        assert_eq!(memory.lower, "classifier.folds");
        let [memory, ..] = with("batch = 128", "batch = 4000000000");
        assert_eq!(memory.lower, "classifier.batch");
        let [memory, ..] = with("hidden_layers = 4", "hidden_layers = 1000000000");
        assert_eq!(memory.lower, "denoiser.hidden_layers");
    }

    #[test]
    fn sizes_have_their_unit() {
        assert_eq!([2.5e3, 3.4e6, 1.2e9, 5.6e13].map(size), ["2 kB", "3.4 MB", "1.2 GB", "56 TB"]);
        assert_eq!(size(std::iter::empty::<f64>().sum()), "0 kB");
        assert_eq!(size(1e30), "more than a million TB");
    }
}
