//! The log of a rank: `DIR/logs/rank-NNN.log`, a line an event, kept over restarts. Shards have ranks of
//! equal numbers, hence files of their own: `shard-I-rank-NNN.log`.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::time::SystemTime;

use drapes_analysis::dispatch::Shard;
use drapes_analysis::job::Job;
use drapes_analysis::plan::TaskId;
use drapes_analysis::store::Store;
use drapes_analysis::store::record::{RunInfo, TaskRecord};

use crate::training::Notice;

/// The prefix of the names of a shard's logs; empty where one job does the whole scan.
pub fn prefix(shard: Shard) -> String {
    if shard == Shard::WHOLE { String::new() } else { format!("shard-{}-", shard.index) }
}

/// The log of one rank.
///
/// A log that cannot be written is no reason to stop: results are stored elsewhere.
pub struct RankLog {
    file: Option<File>,
    place: String,
}

impl RankLog {
    /// Opens the log of a rank, behind what it holds already.
    pub fn open(store: &Store, place: &RunInfo, shard: Shard) -> Self {
        let folder = store.directory().join("logs");
        let path = folder.join(format!("{}rank-{:03}.log", prefix(shard), place.rank));
        let file = std::fs::create_dir_all(folder)
            .and_then(|()| OpenOptions::new().create(true).append(true).open(path));
        Self { file: file.ok(), place: format!("{} rank {} {}", place.host, place.rank, place.device) }
    }

    /// A task begins.
    pub fn begins(&self, task: &TaskId) {
        self.line(task, "begins");
    }

    /// Logs a notice about the checkpoint of a training.
    pub fn notes(&self, task: &TaskId, notice: &Notice) {
        self.line(task, notice);
    }

    /// A task was told to stop.
    pub fn stopped(&self, task: &TaskId) {
        self.line(task, "stopped before its end");
    }

    /// Logs that an input of a task could not be read for a moment.
    pub fn looks_again(&self, task: &TaskId, error: &dyn Display) {
        self.line(task, format!("tried again, it could be read at the next look: {error}"));
    }

    /// A task is rescheduled: results that it needs cannot be read, or the machine lets it down.
    pub fn rescheduled(&self, task: &TaskId, reason: &str) {
        self.line(task, format!("put back: {reason}"));
    }

    /// The result of a task could not be stored.
    pub fn not_stored(&self, task: &TaskId, reason: &str) {
        self.line(task, format!("not stored: {reason}"));
    }

    /// A task has ended.
    pub fn ends(&self, record: &TaskRecord, job: &Job) {
        for line in record.told(job) {
            self.line(&record.id, line);
        }
    }

    fn line(&self, task: &TaskId, what: impl Display) {
        let Some(mut file) = self.file.as_ref() else { return };
        let now = humantime::format_rfc3339_seconds(SystemTime::now());
        // One write a line, so that lines of a shared file system's other ranks never mix with it.
        let _ = file.write_all(format!("{now} {} {task}: {what}\n", self.place).as_bytes());
    }
}
