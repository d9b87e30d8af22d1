//! Tasks: a job's settings and records of earlier tasks come in, a record and arrays go out.
//!
//! Each kind of task is done in a file that says how for its descriptor in `analysis/src/plan/work/`. `template.rs` makes
//! templates (how many steps a partial diffusion takes, Eq. 3.1 of the paper, is said by `analysis/src/job/noise_grid.rs`),
//! `class_samples.rs` says what is classified against what. This room knows files and
//! records, and no ranks: those are the business of [`crate::dispatch`] and [`crate::run`].

mod class_samples;
mod classify;
mod classify_together;
mod closure_by_trees;
mod dependencies;
mod distance;
mod execution;
mod feature_looks;
mod fit;
mod flow;
mod jet_models;
mod jet_summary;
mod jet_template;
mod perform;
mod pseudo_experiments;
mod pseudo_search;
pub mod rank_log;
mod search_window;
mod sensitivity;
mod spectrum;
mod stopping;
mod summary;
mod template;
mod train;
mod unfinished_jet_template;
mod unfinished_template;
mod weights;
mod window_classifiers;
mod window_scores;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use drapes_analysis::dispatch::Shard;
use drapes_analysis::job::template_spec::Inputs;
use drapes_analysis::job::{EventFile, Job, ScanPoint, Truth};
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::store::record::RunInfo;
use drapes_analysis::store::{Store, StoredJob};
use tch::Device;

use crate::data::{self, DataError, Label};
use crate::device;
use crate::device::provenance::Versions;
use crate::dispatch::Environment;
use crate::error::{AskedBy, Error};
use crate::models::classifier::BoostedTrees;
use crate::sample::repeats;
use crate::sample::split::Sample;
use crate::task::rank_log::RankLog;

use perform::Perform;
pub(crate) use perform::{Trial, performing, seen};

pub use dependencies::{has_arrays, is_readable, unreadable_after_retries};

/// Bytes of a value of an event of which trees learn: as it is read, as they take it, its bin, and their gradients.
const BYTES_OF_A_VALUE: f64 = 40.0;

/// The workplace of a rank: the directory, the data and the device.
pub struct Workplace {
    store: Store,
    job: Job,
    data_directory: PathBuf,
    device: Device,
    place: RunInfo,
    log: RankLog,
    /// Read at the first task, kept for the others.
    sample: OnceCell<Sample>,
    /// Time between two checkpoints of a training.
    save_every: Duration,
    /// This rank's share of the host's free memory, where it is known.
    memory: Option<f64>,
    /// This rank's share of what was free of its GPU's memory before anything was computed; libtorch keeps what it takes.
    gpu_memory: Option<f64>,
    /// Threads that it may have at work that needs no GPU.
    processors: usize,
    /// Whether the device still computes; tests break it here.
    check: fn(Device) -> Result<(), String>,
}

impl Workplace {
    /// A workplace; the data are not read yet.
    pub fn new(
        store: Store,
        stored: StoredJob,
        data_directory: PathBuf,
        device: Device,
        place: RunInfo,
        shard: Shard,
    ) -> Self {
        let log = RankLog::open(&store, &place, shard);
        Self {
            processors: stored.job.compute.threads,
            store,
            job: stored.job,
            data_directory,
            device,
            place,
            log,
            sample: OnceCell::new(),
            save_every: Duration::MAX,
            memory: None,
            gpu_memory: None,
            check: device::check,
        }
    }

    /// The same workplace with its events already read.
    pub fn with_sample(self, sample: Sample) -> Self {
        Self { sample: OnceCell::from(sample), ..self }
    }

    /// The workplace, with this time between two checkpoints.
    pub fn saving_every(self, save_every: Duration) -> Self {
        Self { save_every, ..self }
    }

    /// Reads the data, and returns the environment of this rank.
    ///
    /// # Errors
    /// The data cannot be used here.
    pub fn prepare(&self) -> Result<Environment, Error> {
        self.sample().map(environment)
    }

    /// The workplace, with a limit on the memory of a task on a GPU.
    pub fn with_gpu_memory(self, gpu_memory: Option<f64>) -> Self {
        Self { gpu_memory, ..self }
    }

    /// The workplace, with a limit on the memory of a task.
    pub fn with_memory(self, memory: Option<f64>) -> Self {
        Self { memory, ..self }
    }

    /// The workplace, with this number of threads at work that needs no GPU.
    pub fn with_processors(self, processors: usize) -> Self {
        // A container may have a smaller share of the processors that it sees.
        let most = std::thread::available_parallelism().map_or(usize::MAX, std::num::NonZeroUsize::get);
        Self { processors: processors.min(most), ..self }
    }

    /// Boosted trees of this job, of which as many are grown at once as threads and memory allow, each on so many events.
    fn trees(&self, events: usize) -> BoostedTrees<'_> {
        let each = BYTES_OF_A_VALUE * (events * (self.job.data.features.len() + 1)) as f64;
        let fit = self.memory.map_or(usize::MAX, |memory| (memory / 2.0 / each.max(1.0)) as usize);
        BoostedTrees { settings: &self.job.trees, threads: self.processors.min(fit).max(1) }
    }

    /// The device that it computes on.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Whether the device still computes.
    ///
    /// # Errors
    /// It does not, and this is why.
    pub fn check_device(&self) -> Result<(), String> {
        (self.check)(self.device)
    }

    fn sample(&self) -> Result<&Sample, Error> {
        if let Some(sample) = self.sample.get() {
            return Ok(sample);
        }
        let sample = load(&self.job, &self.data_directory)?;
        Ok(self.sample.get_or_init(|| sample))
    }

    fn stream(&self) -> Stream {
        Stream::of_job(self.job.seed)
    }
}

/// The environment of a rank that has read these events.
pub fn environment(sample: &Sample) -> Environment {
    let versions = Versions::of(None);
    Environment {
        events: sample.digest(),
        program: format!("{} {}", versions.drapes, versions.revision),
        libtorch: versions.libtorch,
    }
}

/// Reads the events of a job and assigns their parts.
///
/// # Errors
/// A file cannot be used, the job asks for more than it holds, or events occur more often than the job allows.
pub fn load(job: &Job, data_directory: &Path) -> Result<Sample, Error> {
    let mut problems = Vec::new();
    let mut read = |which: EventFile, label: Label, weight: Option<&str>, inputs: Inputs| {
        let path = data_directory.join(job.event_file(which)?);
        let found = match weight {
            None => data::read_events(&path, &job.data, label),
            Some(weight) => {
                let mut generator = Stream::of_job(job.seed).branch("weights of another sample").generator();
                data::read_unweighted(&path, &job.data, weight, &mut generator)
            }
        };
        let found = found.and_then(|events| match inputs {
            Inputs::Hlv => Ok(events),
            Inputs::Llv => events.with_jets(&path, &job.data),
        });
        found.map_err(|error| problems.push(unlabelled(error, job).of_file(which))).ok()
    };
    let inputs = job.inputs();
    let is_needed = job.points.iter().any(|point| job.truth_for(point).is_some());
    let label = match (is_needed, job.is_unlabelled()) {
        (true, _) => Label::Expected,
        (false, true) => Label::Unused,
        (false, false) => Label::Told,
    };
    let events = read(EventFile::Data, label, None, inputs);
    let further = read(EventFile::IndependentBackground, Label::Optional, None, inputs);
    // Nothing starts from another sample's constituents.
    let weight = job.other_sample.weight();
    let other = read(EventFile::OtherSample, Label::Optional, weight, Inputs::Hlv);
    let signal_files = job.event_files().map(|(which, _)| which);
    let signal_files = signal_files.filter(|which| matches!(which, EventFile::SimulatedSignal(_)));
    let simulated: Vec<data::Events> =
        signal_files.filter_map(|which| read(which, Label::OfSignal, None, Inputs::Hlv)).collect();
    match events {
        Some(events) if problems.is_empty() => {
            let (further, other) = (further.as_ref(), other.as_ref());
            let repeats = repeats::check(job, &events, further, other, &simulated)?;
            Sample::new(job, events, further, other)?
                .noting(repeats)
                .noting_small_cuts(job)
                .with_simulated(job, &simulated)
        }
        _ => Err(Error::of_all(problems).expect_err("a file that could not be read")),
    }
}

/// The error with the points of the scan that need labels, where that is what it is about.
fn unlabelled(error: DataError, job: &Job) -> Error {
    /// Points that are named for each need.
    const NAMED: usize = 3;
    let DataError::NoLabel { path, label } = error else { return error.into() };
    let mut needs: BTreeMap<Truth, Vec<String>> = BTreeMap::new();
    for point in &job.points {
        if let Some(truth) = job.truth_for(point) {
            needs.entry(truth).or_default().push(point.to_string());
        }
    }
    let told = needs.into_iter().map(|(truth, points)| {
        let names = points.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        match points.len().saturating_sub(NAMED) {
            0 => format!("{names}, {}", truth.words()),
            more => format!("{names} and {more} more, {}", truth.words()),
        }
    });
    let needs = told.collect::<Vec<_>>().join("; ");
    let mut in_need = job.points.iter().filter(|point| job.truth_for(point).is_some());
    Error::NoTruth {
        path,
        label,
        needs,
        asked_by: if in_need.all(ScanPoint::is_window) { AskedBy::Search } else { AskedBy::Scan },
    }
}

#[cfg(test)]
mod tests;
