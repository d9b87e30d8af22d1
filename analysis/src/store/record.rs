//! The record of a finished task: its result and where it was computed.

use serde::{Deserialize, Serialize};

use crate::job::Job;
pub use crate::plan::work::{
    Classification, Classifier, DenoiserTraining, DivergedClassifier, FlowTraining, Loss, MassFit, NoiseLoss,
    ResultOf, SampleSizes, TaskResult,
};
use crate::plan::{Fingerprint, TaskId};
use crate::store::seal::sealed;

/// The record of a task; the task is done if and only if it exists and its fingerprint matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// The task.
    pub id: TaskId,
    /// What the result depends on.
    pub fingerprint: Fingerprint,
    /// Where and how long, which alone differ when a task is repeated.
    pub run: RunInfo,
    /// How it ended. Last, so that all else can be read without it.
    pub outcome: Outcome,
}

impl TaskRecord {
    /// The record as it lies on disk: JSON in one line, with a digest as its last field. A file without the newline at its end
    /// is torn.
    pub fn to_line(&self) -> Vec<u8> {
        // Records have text keys and no failing serialisers, so this cannot fail.
        sealed(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Whether the record can be read again once it is written: JSON knows no NaN and no infinity.
    ///
    /// # Errors
    /// The reason why not.
    pub fn readable(&self) -> Result<(), String> {
        let text = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        serde_json::from_slice::<Self>(&text).map(|_| ()).map_err(|error| {
            format!(
                "its result holds a value that is no number ({error}) please report this with the job file"
            )
        })
    }

    /// How the task ended, for the log of the rank, a line each.
    pub fn told(&self, job: &Job) -> Vec<String> {
        let result = match &self.outcome {
            Outcome::Done(result) => result,
            Outcome::Failed { reason } => return vec![format!("failed: {reason}")],
        };
        let mut lines = result.remarks(job);
        let diverged = result.networks().into_iter().filter_map(|network| {
            network.diverged.map(|epoch| format!("{} diverged at epoch {epoch:.1}", network.name))
        });
        lines.extend(diverged);
        lines.push(format!("done in {:.1} s", self.run.seconds));
        lines
    }

    /// The result, of a task that has one.
    pub fn into_result(self) -> Option<TaskResult> {
        match self.outcome {
            Outcome::Done(result) => Some(*result),
            Outcome::Failed { .. } => None,
        }
    }
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has results.
    Done(Box<TaskResult>),
    /// It has none, and this is why.
    Failed {
        /// The reason, for a person.
        reason: String,
    },
}

/// Where a task ran, how long it took, and how many of its networks diverged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The machine.
    pub host: String,
    /// The MPI rank.
    pub rank: usize,
    /// The device, as `cpu` or `cuda:0`.
    pub device: String,
    /// Wall time.
    pub seconds: f64,
    /// When the task began here, in seconds since 1970; none in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<f64>,
    /// Of the networks that it trained, those that left the finite numbers: it stands here so that it can be told without
    /// the results.
    #[serde(default, skip_serializing_if = "none")]
    pub diverged: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn none(count: &usize) -> bool {
    *count == 0
}
