//! The record of a finished task: its result and where it was computed.

use serde::{Deserialize, Serialize};

use crate::job::{ClassifierSeed, FlowKind, Fold, ScanPoint, Scope, TrainingSample};
use crate::plan::{Fingerprint, TaskId};
use crate::statistics::metrics::Performance;
use crate::store::seal::sealed;
use crate::store::{JetSummary, TemplateSummary};

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

/// The results of a task, without its arrays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskResult {
    /// A dijet fit.
    Fit(MassFit),
    /// A training.
    Train(Vec<DenoiserTraining>),
    /// A training of flows.
    TrainFlow(Vec<FlowTraining>),
    /// A training of models of the jets' kinematics.
    TrainKinematics(Vec<DenoiserTraining>),
    /// A training of models of jets' constituents.
    TrainJets(Vec<DenoiserTraining>),
    /// A template, or over-sampled data.
    Template(Box<TemplateSummary>),
    /// A copy of a template of jets' constituents.
    Jets(Box<JetSummary>),
    /// A chunk of classifiers.
    Classify(Classification),
}

impl TaskResult {
    /// For each network of a training the epoch at which it left the finite numbers, if it did.
    pub fn diverged(&self) -> Vec<Option<f64>> {
        match self {
            Self::Train(trainings) | Self::TrainKinematics(trainings) | Self::TrainJets(trainings) => {
                trainings.iter().map(|training| training.diverged).collect()
            }
            Self::TrainFlow(flows) => flows.iter().map(|flow| flow.diverged).collect(),
            Self::Classify(found) => found.diverged.iter().map(|one| Some(one.epoch)).collect(),
            Self::Fit(_) | Self::Template(_) | Self::Jets(_) => vec![],
        }
    }
}

/// A fit of f(x) = p1 (1 − x)^p2 x^(p3 + p4 ln x), x = m/√s, to the side-bands, and the spectrum around it.
///
/// Source: the paper, Eq. 3.2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MassFit {
    /// What was fitted.
    pub sample: TrainingSample,
    /// ln p1 (p1 in events per unit of x), p2, p3, p4.
    pub parameters: [f64; 4],
    /// Covariance of p2, p3, p4.
    pub covariance: [[f64; 3]; 3],
    /// Pearson χ² of the side-band bins.
    pub chi_squared: f64,
    /// Side-band bins less parameters.
    pub degrees_of_freedom: usize,
    /// Events that were fitted.
    pub n_events: usize,
    /// Bin edges (GeV) over side-bands and signal region.
    pub edges: Vec<f64>,
    /// Data events in each bin.
    pub counts: Vec<f64>,
    /// Events that the fit expects in each bin.
    pub expected: Vec<f64>,
}

/// How one denoiser was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DenoiserTraining {
    /// Which events it learnt from.
    pub scope: Scope,
    /// What it learnt from.
    pub sample: TrainingSample,
    /// Events it learnt from.
    pub n_training: usize,
    /// Events kept aside.
    pub n_validation: usize,
    /// Steps taken.
    pub steps: usize,
    /// Of them warm-up.
    pub warmup_steps: usize,
    /// Losses on the way.
    pub losses: Vec<Loss>,
    /// Losses of the finished model by noise strength; empty where they were not looked at.
    pub by_noise: Vec<NoiseLoss>,
    /// The epoch at which it left the finite numbers, if it did: what needs it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diverged: Option<f64>,
}

/// How one flow was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowTraining {
    /// What it learnt.
    pub flow: FlowKind,
    /// What it learnt from.
    pub sample: TrainingSample,
    /// Events it learnt from.
    pub n_training: usize,
    /// Events kept aside.
    pub n_validation: usize,
    /// Share of the feature values that lie in the tails, where a flow changes nothing.
    pub in_tails: f64,
    /// Steps taken.
    pub steps: usize,
    /// Losses on the way: mean negative ln of the density of mapped events.
    pub losses: Vec<Loss>,
    /// The epoch at which it left the finite numbers, if it did: what needs it fails.
    pub diverged: Option<f64>,
}

/// The loss of a finished denoiser at one noise strength: the mean square error of the network's own target, whose
/// variance is one, so that one means that nothing was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseLoss {
    /// The noise strength.
    pub sigma: f64,
    /// On events learnt from.
    pub training: f64,
    /// On events kept aside; none where there are none.
    pub validation: Option<f64>,
}

/// A loss at one moment of a training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Passes over the events so far.
    pub epoch: f64,
    /// Mean since the moment before, on the events learnt from.
    pub training: f32,
    /// On the events kept aside; none where there are none.
    pub validation: Option<f32>,
}

/// The classifiers of one chunk of seeds at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classification {
    /// The point.
    pub point: ScanPoint,
    /// The numbers of events of both classes.
    pub sizes: SampleSizes,
    /// One entry a classifier.
    pub classifiers: Vec<Classifier>,
    /// Those whose training diverged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diverged: Vec<DivergedClassifier>,
}

/// A classifier whose training diverged: its loss became infinite or no number, so that only its place in the ensemble is
/// known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DivergedClassifier {
    /// Its seed.
    pub seed: ClassifierSeed,
    /// The part it would have been evaluated on.
    pub fold: Fold,
    /// The epoch at which it diverged.
    pub epoch: f64,
}

/// Events behind a classification.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleSizes {
    /// True background among the data of the signal region.
    pub data_background: usize,
    /// True signal among the data of the signal region.
    pub data_signal: usize,
    /// Events of the other class.
    pub template: usize,
}

impl SampleSizes {
    /// S/√B of the data before any selection.
    pub fn significance(&self) -> f64 {
        self.data_signal as f64 / (self.data_background as f64).sqrt()
    }
}

/// One classifier: its place in the ensemble, its training and what it achieves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    /// Its seed.
    pub seed: ClassifierSeed,
    /// The part it is evaluated on.
    pub fold: Fold,
    /// How well it tells data from template on events it has never seen; 0.5 is a perfect template where
    /// there is no signal. None for the supervised reference, which has no template.
    pub closure_auc: Option<f64>,
    /// How well it tells true background from the template, both of events that it has never seen: as `closure_auc`, but
    /// that injected signal takes no part, so that every point has it. None in records of earlier versions.
    #[serde(default)]
    pub background_closure_auc: Option<f64>,
    /// True signal against true background.
    pub performance: Performance,
    /// Losses by epoch.
    pub losses: Vec<Loss>,
}
