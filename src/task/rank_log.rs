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
use drapes_analysis::store::record::{DivergedClassifier, Outcome, RunInfo, TaskRecord, TaskResult};

use crate::training::Notice;

/// The prefix of the names of a shard's logs; empty where one job does the whole scan.
pub fn prefix(shard: Shard) -> String {
    if shard == Shard::WHOLE { String::new() } else { format!("shard-{}-", shard.index) }
}

/// The networks that left the finite numbers, by their names, and when.
fn diverged(result: &TaskResult) -> Vec<(String, f64)> {
    let names: Vec<String> = match result {
        TaskResult::Train(trainings)
        | TaskResult::TrainKinematics(trainings)
        | TaskResult::TrainJets(trainings) => {
            trainings.iter().map(|training| training.sample.to_string()).collect()
        }
        TaskResult::TrainFlow(flows) => flows.iter().map(|flow| flow.sample.to_string()).collect(),
        TaskResult::Classify(found) => {
            let name = |one: &DivergedClassifier| {
                format!("the classifier of seed {}, fold {}", one.seed.0, one.fold.0)
            };
            found.diverged.iter().map(name).collect()
        }
        TaskResult::Fit(_) | TaskResult::Template(_) | TaskResult::Jets(_) => vec![],
    };
    let epochs = names.into_iter().zip(result.diverged());
    epochs.filter_map(|(name, epoch)| Some((name, epoch?))).collect()
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
        match &record.outcome {
            Outcome::Done(result) => {
                let (asked, trainings) = match result.as_ref() {
                    TaskResult::Train(trainings) | TaskResult::TrainKinematics(trainings) => {
                        (job.denoiser.warmup_steps, trainings.as_slice())
                    }
                    TaskResult::TrainJets(trainings) => (job.jet_model.warmup_steps, trainings.as_slice()),
                    _ => (0, [].as_slice()),
                };
                for training in trainings.iter().filter(|training| training.warmup_steps < asked) {
                    let (warmup, steps) = (training.warmup_steps, training.steps);
                    let why = format!("warm-up of {warmup} steps instead of {asked}, for {steps} in all");
                    self.line(&record.id, why);
                }
                if let TaskResult::TrainFlow(flows) = result.as_ref() {
                    for flow in flows {
                        let (sample, share, tail) = (flow.sample, 100.0 * flow.in_tails, job.flow.tail);
                        let what = format!(
                            "{sample}: {share:.3}% of the feature values lie beyond flow.tail = {tail}"
                        );
                        self.line(&record.id, what);
                    }
                }
                for (network, epoch) in diverged(result) {
                    self.line(&record.id, format!("{network} diverged at epoch {epoch:.1}"));
                }
                self.line(&record.id, format!("done in {:.1} s", record.run.seconds));
            }
            Outcome::Failed { reason } => self.line(&record.id, format!("failed: {reason}")),
        }
    }

    fn line(&self, task: &TaskId, what: impl Display) {
        let Some(mut file) = self.file.as_ref() else { return };
        let now = humantime::format_rfc3339_seconds(SystemTime::now());
        // One write a line, so that lines of a shared file system's other ranks never mix with it.
        let _ = file.write_all(format!("{now} {} {task}: {what}\n", self.place).as_bytes());
    }
}
