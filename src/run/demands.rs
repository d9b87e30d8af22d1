//! Checks before the first task that this machine can meet what a job demands: threads, memory, disk, and a length of time that
//! somebody may wait for.

use std::path::Path;

use drapes_analysis::dispatch::makespan;
use drapes_analysis::job::{Chip, Job};
use drapes_analysis::plan::device_kind::{ANY_GPU, CORE};
use drapes_analysis::plan::price::demand::{Demand, LONGEST_RUN, longest, most_disk, most_memory};
use drapes_analysis::plan::price::{EventCounts, Price};
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::plan::{Plan, Task};

use crate::device::RankHardware;
use crate::device::free_bytes;
use crate::error::DemandError;

/// What the machine has.
pub struct Supply<'a> {
    /// Ranks at work.
    pub ranks: usize,
    /// What they compute on.
    pub chip: Chip,
    /// Memory that the rank with the largest share may take, where the system says it.
    pub memory: Option<f64>,
    /// Where results go.
    pub folder: &'a Path,
}

/// Estimates of disk are good to this factor: beyond it a scan cannot end, within it somebody may free space.
const FAR_BEYOND: f64 = 2.0;

/// Compares what the open tasks of a job demand with what there is. What may become too little is a warning.
///
/// # Errors
/// There is too little of something, whatever happens.
pub fn check(
    job: &Job,
    plan: &Plan,
    counts: EventCounts,
    open: &[bool],
    supply: &Supply<'_>,
) -> Result<Option<String>, DemandError> {
    let tasks: Vec<&Task> =
        plan.tasks.iter().zip(open).filter(|(_, open)| **open).map(|(task, _)| task).collect();
    // How fast a GPU is nobody needs to know to find a mistake in the job.
    let kind = if supply.chip == Chip::Gpu { ANY_GPU } else { CORE };
    let price = Price::of(job, plan, counts, &Rates::of_kind(kind, &[]).0);
    let done: Vec<bool> = open.iter().map(|open| !open).collect();
    let seconds = makespan(plan, &price.seconds, &done, supply.ranks);
    if seconds > LONGEST_RUN
        && let Some(Demand { task, amount, lower }) = longest(job, plan, &price, |index| open[index])
    {
        return Err(DemandError::Time { seconds, ranks: supply.ranks, task, longest: amount, lower });
    }
    // On a GPU an allocation that does not fit fails by itself, with a message.
    let memory = supply.memory.filter(|_| supply.chip == Chip::Core);
    if let (Some(has), Some(most)) = (memory, most_memory(job, &tasks, counts, supply.chip))
        && most.amount > has
    {
        let Demand { task, amount: needs, lower } = most;
        return Err(DemandError::Memory { task, needs, has, lower, ranks: supply.ranks });
    }
    check_disk(job, &tasks, counts, supply.folder)
}

fn check_disk(
    job: &Job,
    tasks: &[&Task],
    counts: EventCounts,
    folder: &Path,
) -> Result<Option<String>, DemandError> {
    let needs: f64 = tasks.iter().map(|task| drapes_analysis::plan::price::bytes(job, task, counts)).sum();
    // The folder itself may not be there yet.
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = absolute.ancestors().find(|folder| folder.exists());
    let (Some(has), Some(most)) = (there.and_then(free_bytes), most_disk(job, tasks, counts)) else {
        return Ok(None);
    };
    let error = DemandError::Disk { folder: folder.to_owned(), needs, has, lower: most.lower };
    match needs {
        needs if needs > FAR_BEYOND * has => Err(error),
        needs if needs > has => Ok(Some(error.to_string())),
        _ => Ok(None),
    }
}

/// Checks that no rank starts more threads than it has processors: thousands of them freeze a machine.
///
/// # Errors
/// One would.
pub fn check_threads(job: &Job, ranks_hardware: &[RankHardware]) -> Result<(), DemandError> {
    let threads = job.compute.threads;
    let least = ranks_hardware.iter().enumerate().min_by_key(|(_, hardware)| hardware.processors.len());
    match least {
        Some((rank, hardware)) if threads > hardware.processors.len() => Err(DemandError::Threads {
            threads,
            rank,
            host: hardware.host.clone(),
            processors: hardware.processors.len(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use drapes_analysis::error::Exit;
    use drapes_analysis::job::{DEFAULTS, JobFile};

    use super::*;

    fn checked(from: &str, to: &str, memory: f64) -> Result<Option<String>, DemandError> {
        let job = JobFile::from_text("job.toml", DEFAULTS.replacen(from, to, 1)).check().expect("a job");
        let plan = Plan::of(&job);
        let open = vec![true; plan.tasks.len()];
        let folder = Path::new("not/there/yet");
        let supply = Supply { ranks: 2, chip: Chip::Core, memory: Some(memory), folder };
        check(&job, &plan, EventCounts::estimated(&job), &open, &supply)
    }

    #[test]
    fn too_much_of_anything_is_refused_with_its_key() {
        assert_eq!(checked("", "", 8e9).expect("it fits"), None);
        for (from, to, exit, key) in [
            ("width = 64", "width = 100000000", Exit::BadRequest, "lower denoiser.width"),
            (
                "oversampling = 5",
                "oversampling = 4000000000",
                Exit::BadRequest,
                "lower template.oversampling",
            ),
            ("folds = 5", "folds = 50000", Exit::Environment, "lower classifier.folds, or start fewer ranks"),
            (
                "noise_features = 16",
                "noise_features = 4000000",
                Exit::Environment,
                "lower denoiser.noise_features",
            ),
        ] {
            let error = checked(from, to, 8e9).expect_err(to);
            assert_eq!(error.kind(), exit, "{to}: {error}");
            assert!(error.to_string().contains(key), "{to}: {error}");
        }
    }

    #[test]
    fn a_rank_has_no_more_threads_than_processors() {
        let hardware = |processors: u32| RankHardware {
            host: "x".to_owned(),
            processors: (0..processors).collect(),
            gpus: vec![],
            has_driver: false,
            free_memory: None,
        };
        let text = DEFAULTS.replacen("threads = 1", "threads = 3", 1);
        let job = JobFile::from_text("job.toml", text).check().expect("a job");
        assert!(check_threads(&job, &[hardware(3), hardware(4)]).is_ok());
        let error = check_threads(&job, &[hardware(4), hardware(2)]).expect_err("one has two");
        assert_eq!(error.kind(), Exit::BadRequest);
        let expected = "compute.threads is 3 (rank 1 on x may use 2 processors";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
