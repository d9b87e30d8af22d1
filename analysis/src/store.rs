//! The directory of a scan.
//!
//! ```text
//! DIR/job.toml            the job file as given          DIR/results.csv       one row a classifier
//! DIR/job.json            the checked job, the inputs    DIR/figures/          tables and pictures
//! DIR/tasks/STAGE/ID.json the record, written last       DIR/logs/rank-NNN.log
//! DIR/tasks/STAGE/ID.h5   arrays (weights, events)
//! ```

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::fingerprint::{Fingerprint, InputFile, fingerprints};
use crate::job::{Job, JobFile};
use crate::plan::{Plan, Stage, TaskId};
use crate::record::{Outcome, TaskRecord, TaskResult};

/// A directory of results.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
}

/// A job with the files that it read, as it lies beside its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredJob {
    /// The job.
    pub job: Job,
    /// Its input files by content.
    pub inputs: Vec<InputFile>,
}

/// What the directory knows of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskState {
    /// It has a valid record.
    Done(Box<TaskRecord>),
    /// Its record says that it failed.
    Failed {
        /// The reason.
        reason: String,
    },
    /// It has no record.
    Missing,
    /// A file stands where its record should, but it is torn or belongs to other inputs; it will be replaced.
    Ignored {
        /// Why the file does not count.
        why: &'static str,
    },
}

impl TaskState {
    /// Whether the task needs no more work.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

impl Store {
    /// Opens a directory for a job: a new one, or one that holds results of the same job.
    ///
    /// # Errors
    /// The directory cannot be written, or holds the results of another job (the keys that differ are named).
    pub fn create(directory: &Path, file: &JobFile, stored: &StoredJob) -> Result<Self, Error> {
        let store = Self { directory: directory.to_owned() };
        for stage in Stage::ALL {
            let folder = directory.join("tasks").join(stage.word());
            // Named as the user named it: where nothing can be made, the folder inside says little.
            fs::create_dir_all(&folder)
                .map_err(|source| Error::CannotWrite { path: directory.to_owned(), source })?;
        }
        if directory.join("job.json").exists() {
            let keys = differences(&store.job()?, stored);
            if !keys.is_empty() {
                return Err(Error::OtherJob { path: directory.to_owned(), keys });
            }
        }
        store.write("job.toml", file.text().as_bytes())?;
        store.write_json("job.json", stored)?;
        Ok(store)
    }

    /// Opens a directory that holds results.
    ///
    /// # Errors
    /// It holds none.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        if !directory.join("job.json").exists() {
            return Err(Error::NotResults { path: directory.to_owned() });
        }
        Ok(Self { directory: directory.to_owned() })
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

    /// Where the arrays of a task lie.
    pub fn arrays(&self, task: &TaskId) -> PathBuf {
        self.directory.join("tasks").join(format!("{task}.h5"))
    }

    fn record(&self, task: &TaskId) -> PathBuf {
        self.directory.join("tasks").join(format!("{task}.json"))
    }

    /// Stores a record: after this the task is done, whatever happens to the machine.
    ///
    /// # Errors
    /// The record cannot be written.
    pub fn write_record(&self, record: &TaskRecord) -> Result<(), Error> {
        let path = self.record(&record.id);
        write_durably(&path, &to_json(record))
    }

    /// The result of a finished task.
    ///
    /// # Errors
    /// The task has no valid record with a result.
    pub fn result(&self, task: &TaskId) -> Result<TaskResult, Error> {
        let path = self.record(task);
        let text = fs::read(&path).map_err(|source| Error::CannotRead {
            what: "the record",
            path: path.clone(),
            source,
        })?;
        let corrupt = |reason: String| Error::Corrupt { path: path.clone(), reason };
        let record: TaskRecord = serde_json::from_slice(&text).map_err(|error| corrupt(error.to_string()))?;
        record.into_result().ok_or_else(|| corrupt("the task failed".to_owned()))
    }

    /// The state of every task of a plan.
    pub fn states(&self, stored: &StoredJob, plan: &Plan) -> Vec<TaskState> {
        let expected = fingerprints(&stored.job, &stored.inputs, plan);
        plan.tasks.iter().zip(&expected).map(|(task, expected)| self.state(&task.id, expected)).collect()
    }

    fn state(&self, task: &TaskId, expected: &Fingerprint) -> TaskState {
        let Ok(text) = fs::read(self.record(task)) else { return TaskState::Missing };
        let Ok(record) = serde_json::from_slice::<TaskRecord>(&text) else {
            return TaskState::Ignored { why: "its record is torn or not one of drapes" };
        };
        if record.id != *task || record.fingerprint != *expected {
            return TaskState::Ignored { why: "its record belongs to other inputs or another version" };
        }
        match record.outcome {
            Outcome::Done(_) => TaskState::Done(Box::new(record)),
            Outcome::Failed { reason } => TaskState::Failed { reason },
        }
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

    /// Moves a figure's table to `figures/earlier/` and removes its pictures: the results no longer give it.
    ///
    /// # Errors
    /// The table is there and cannot be moved.
    pub fn set_aside(&self, figure: &str) -> Result<(), Error> {
        let folder = self.directory.join("figures");
        let table = folder.join(format!("{figure}.csv"));
        if !table.exists() {
            return Ok(());
        }
        let earlier = folder.join("earlier");
        let moved = fs::create_dir_all(&earlier)
            .and_then(|()| fs::rename(&table, earlier.join(format!("{figure}.csv"))));
        moved.map_err(|source| Error::CannotWrite { path: table, source })?;
        for kind in ["svg", "png", "pdf"] {
            // A picture that is not there needs no removal.
            let _ = fs::remove_file(folder.join(format!("{figure}.{kind}")));
        }
        Ok(())
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

    fn read_json<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<T, Error> {
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
    // Our records have text keys and no failing serialisers, so this cannot fail; an empty file would be
    // reported as torn.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Writes beside the target, waits for the disk, then renames.
///
/// # Errors
/// Any of these steps fails; the target is then as it was.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        // The rename itself must survive a power cut.
        path.parent().map_or(Ok(()), |parent| fs::File::open(parent)?.sync_all())
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&part);
        Error::CannotWrite { path: path.to_owned(), source }
    })
}

/// The dotted keys in which two jobs differ in a way that changes results.
fn differences(old: &StoredJob, new: &StoredJob) -> Vec<String> {
    let mut keys = Vec::new();
    compare("", &old.job.physics(), &new.job.physics(), &mut keys);
    for input in &new.inputs {
        if old.inputs.iter().any(|known| known.name == input.name && known.sha256 != input.sha256) {
            keys.push(format!("the content of {}", input.name));
        }
    }
    keys
}

fn compare(path: &str, old: &Value, new: &Value, keys: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let side =
                    |tree: &serde_json::Map<String, Value>| tree.get(name).cloned().unwrap_or(Value::Null);
                compare(&path, &side(old), &side(new), keys);
            }
        }
        _ if old != new => keys.push(match path {
            "points" => "scan".to_owned(),
            other => other.to_owned(),
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
