//! The directory of a scan.
//!
//! ```text
//! DIR/job.toml            the job file, with changes     DIR/results.csv       one row a classifier
//! DIR/job.json            the checked job, the inputs    DIR/figures/          tables and pictures
//! DIR/tasks/ID.json       the record, written last       DIR/logs/rank-NNN.log
//! DIR/tasks/ID.h5         arrays (weights, events)       DIR/running/          who works here now, who is asked to stop
//! DIR/drawn.json          what tables and pictures are of
//! DIR/report.html         all of it on one page         DIR/search.csv        one row a window and cut of a search
//! DIR/unblinded.json      who has unblinded a search    DIR/closure.csv       tests of templates by trees
//! DIR/control_searches.json  what searches of events without signal have counted behind the cuts of this one
//! DIR/warnings.json        what the last run has warned of
//! DIR/variance.csv        where bands come from         DIR/differences.csv   which method is better, in pairs
//! DIR/tasks/ID.stopped     how far a stopped task came, and in what time
//! DIR/tasks/ID.checkpoint  what it goes on from    DIR/tasks/folded.*    records and arrays after `compact`
//! ```
//!
//! - In: a job with its input files, and the record of each task ([`record`]) when it has ended.
//! - Out: the state of each task ([`task_state`]), the time behind it ([`accounting`]), and the records of finished points
//!   ([`results`]).
//! - No equation of the paper lives here. A record is written last and carries a digest of itself ([`seal`]), and a lock keeps
//!   two runs from working in one directory.
//! - It may use `dispatch`, `machine` and what lies below them, and knows no figure.

pub mod accounting;
mod again;
mod apart;
mod arrivals;
mod aside;
mod claim;
pub mod control_searches;
mod directory_lock;
mod durable;
mod folded;
mod folding;
mod foresee;
mod grouping;
mod growth;
mod header;
mod identity;
mod lock_owner;
mod names;
pub mod record;
mod records;
mod request;
pub mod results;
pub mod seal;
mod stopped;
mod survey;
mod sweep;
pub mod task_state;
pub mod unblinding;
mod warnings;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

pub use accounting::{TimeSpent, time_spent};
pub use apart::SetApart;
pub use arrivals::Arrivals;
pub use aside::SideTable;
pub use directory_lock::{DirectoryLock, LockTimeout, Process};
pub use durable::{part_of, sync_folder_of, write_durably};
pub use folding::Folding;
pub use foresee::Foreseen;
pub use header::Header;
pub use identity::Identity;
pub use lock_owner::{Activity, Doing, Liveness, LockOwner, RunningTask, seconds_left};
pub use record::{
    Classification, Classifier, DenoiserTraining, DivergedClassifier, FlowTraining, Loss, MassFit, NoiseLoss,
    Outcome, ResultOf, RunInfo, SampleSizes, TaskRecord, TaskResult,
};
pub use records::{MadeBy, RecordState};
pub use request::StopRequest;
pub use results::{PointResults, Results};
pub use seal::digest_of;
pub use stopped::{Further, Stop};
pub use survey::Survey;
pub use task_state::{Tally, TaskState, task_states};

pub use crate::plan::work::{
    Displacement, FeatureDistance, FeatureSpectra, JetQuantity, JetSpectrum, JetSummary, PairDensity,
    TemplateSummary, ValueShares,
};

use crate::dispatch::Shard;
use crate::error::Error;
use crate::job::{EventFile, Job, JobFile};
use crate::plan::{InputFile, TaskId};
use folded::Folded;

/// A directory of results.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
    /// The index of folded records, read when it is first needed.
    folded: Arc<Mutex<Option<Arc<Folded>>>>,
}

/// A job with the files that it read, as it lies beside its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredJob {
    /// The job.
    pub job: Job,
    /// Its input files by content.
    pub inputs: Vec<InputFile>,
}

impl StoredJob {
    /// The digest of the content of a file of events; nothing where the job reads none.
    pub fn content_of(&self, which: EventFile) -> &str {
        let place = self.job.event_files().position(|(file, _)| file == which);
        place.and_then(|place| self.inputs.get(place)).map_or("", |input| input.sha256.as_str())
    }
}

impl Store {
    fn at(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), folded: Arc::default() }
    }

    /// Opens a directory for a job: a new one, or one that holds results of the same job or of
    /// one that it has grown from.
    ///
    /// # Errors
    /// The directory cannot be written, is somebody else's, or holds finished results that this job would change (the keys
    /// that differ are named).
    pub fn create(directory: &Path, file: &JobFile, stored: &StoredJob) -> Result<Self, Error> {
        let store = Self::begin(directory, file, stored)?;
        store.settle(file, stored, Shard::WHOLE)?;
        Ok(store)
    }

    /// As [`Store::create`], but leaves the job that is stored there as it is: somebody may be working at it.
    ///
    /// # Errors
    /// As [`Store::create`].
    pub fn begin(directory: &Path, file: &JobFile, stored: &StoredJob) -> Result<Self, Error> {
        Self::claim(directory)?;
        let store = Self::at(directory);
        // Named as the user named it: where nothing can be made, a folder inside says little.
        let cannot_write = |source| Error::CannotWrite { path: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(cannot_write)?;
        // Another shard may have begun it since this one looked how it is grouped.
        store.succeed(&store.as_grouped_here(file, stored)?)?;
        Ok(store)
    }

    /// Opens a directory that holds results.
    ///
    /// # Errors
    /// It holds none.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let store = Self::at(directory);
        if store.holds_job() { Ok(store) } else { Err(store.no_results()) }
    }

    /// The directory itself.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The job of the results.
    ///
    /// # Errors
    /// `job.json` cannot be read.
    pub fn job(&self) -> Result<StoredJob, Error> {
        self.read_json("job.json")
    }

    /// Where the arrays of a task lie, unless they are folded.
    pub fn arrays(&self, task: &TaskId) -> PathBuf {
        self.tasks().join(format!("{task}.h5"))
    }

    /// Where a task that was stopped keeps its state.
    pub fn checkpoint(&self, task: &TaskId) -> PathBuf {
        self.tasks().join(format!("{task}.checkpoint"))
    }

    /// Where the arrays of folded tasks lie, in a group for each task.
    pub fn folded_arrays(&self) -> PathBuf {
        self.tasks().join("folded.h5")
    }

    fn record(&self, task: &TaskId) -> PathBuf {
        self.tasks().join(format!("{task}.json"))
    }

    fn tasks(&self) -> PathBuf {
        self.directory.join("tasks")
    }

    /// Writes a file of the directory so that readers see the old or the new one, never a part.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let path = self.directory.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .map_err(|source| Error::CannotWrite { path: parent.to_owned(), source })?;
        }
        write_durably(&path, bytes)?;
        Ok(path)
    }

    /// As [`Store::write`], with a value as readable JSON.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<PathBuf, Error> {
        self.write(name, &to_json(value))
    }

    /// Removes a file of the directory, if it is there.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.directory.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::CannotWrite { path, source })
            }
            _ => Ok(()),
        }
    }

    /// Adds a line of JSON to a file of the directory; several processes may do so at the same time.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&self, name: &str, value: &impl Serialize) -> Result<(), Error> {
        let path = self.directory.join(name);
        let mut line = serde_json::to_vec(value).unwrap_or_default();
        line.push(b'\n');
        let write = || -> std::io::Result<()> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            // One write, so that lines of several jobs do not mix.
            fs::OpenOptions::new().create(true).append(true).open(&path)?.write_all(&line)
        };
        write().map_err(|source| Error::CannotWrite { path: path.clone(), source })
    }

    /// The command that goes on with the job of this directory.
    pub fn command(&self) -> String {
        #[derive(Deserialize)]
        struct Started {
            command: String,
        }
        let directory = self.directory.display();
        let started: Result<Started, _> = self.read_json("provenance.json");
        started.map_or_else(
            |_| format!("drapes run {directory}/job.toml --data-dir FOLDER_OF_THE_DATA --out {directory}"),
            |started| started.command,
        )
    }

    pub(crate) fn read_json<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<T, Error> {
        let path = self.directory.join(name);
        let text = fs::read(&path).map_err(|source| Error::CannotRead {
            what: "the stored job",
            path: path.clone(),
            source,
        })?;
        serde_json::from_slice(&text).map_err(|source| Error::Corrupt { path, reason: source.to_string() })
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    // Our values have text keys and no failing serialisers, so this cannot fail; an empty file would be
    // reported as torn.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests;
