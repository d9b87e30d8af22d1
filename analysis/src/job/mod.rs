//! What a user asks for: a job file, checked and complete.
//!
//! A [`JobFile`] is text that may be wrong; a [`Job`] cannot be.

mod axes;
mod bookkeeping;
mod change;
mod document;
mod file;
mod flow;
mod growth;
mod jets;
mod limits;
mod noise_embedding;
mod read;
mod sampling;
mod seeds;
mod truth;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::generated::{Inputs, TrainingSample};
use crate::point::ScanPoint;
use crate::quantities::{ClassifierSeed, Gev, Oversampling, SigmaPrime, SignalCount};
use crate::regions::Regions;

pub use crate::solver::{SamplerSettings, Solver};

pub use change::Change;
pub use file::JobFile;
pub use flow::{FlowNetwork, FlowSettings, KeptMoment};
pub use growth::{Generation, Growth};
pub use jets::{JetClassifierSettings, JetInputs, JetModelSettings, Momentum, Precision};
pub use noise_embedding::NoiseEmbedding;

/// The complete, commented job file that gives every key its default.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// A complete and consistent request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Version of the job file's layout.
    pub schema: u32,
    /// What the results are called.
    pub name: String,
    /// Where all random numbers begin.
    pub seed: u64,
    /// The events.
    pub data: Data,
    /// The largest share of a sample's events that may occur more than once, in it or in another one. It decides whether
    /// a run begins, never what comes out.
    #[serde(default = "usual_share")]
    pub most_repeated: f64,
    /// True background outside of the data.
    pub independent_background: IndependentBackground,
    /// Signal region, nominal side-bands and collision energy.
    pub regions: Regions,
    /// √s of the dijet fit.
    pub collision_energy: Gev,
    /// The diffusion model and its training.
    pub denoiser: DenoiserSettings,
    /// How the reverse diffusion is solved.
    pub sampler: SamplerSettings,
    /// The normalizing flows and their training.
    pub flow: FlowSettings,
    /// The diffusion model of jets' constituents and its training.
    pub jet_model: JetModelSettings,
    /// Another sample of background events, where MC starts.
    pub other_sample: OtherSample,
    /// Template events for each event that a method starts from, where a scan names no other.
    pub oversampling: Oversampling,
    /// Where partial diffusion turns round, where a scan names no other.
    pub sigma_prime: SigmaPrime,
    /// The same for constituents.
    pub sigma_prime_llv: SigmaPrime,
    /// What generated constituents sum to.
    pub momentum_llv: Momentum,
    /// The classifiers and their training.
    pub classifier: ClassifierSettings,
    /// The boosted trees, where a scan asks for them.
    pub trees: TreeSettings,
    /// The classifiers of jets' constituents and their training.
    pub jet_classifier: JetClassifierSettings,
    /// When a scan ends with a warning.
    #[serde(default)]
    pub closure: ClosureSettings,
    /// How the work is cut into tasks.
    pub compute: ComputeSettings,
    /// Event numbers that price a plan before the data are read.
    pub pricing: Pricing,
    /// What is drawn.
    pub figures: FigureSettings,
    /// The points of the scan, each once.
    pub points: Vec<ScanPoint>,
    /// When points and seeds came to the job of a directory; empty for a job that has not grown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generations: Vec<Generation>,
}

/// What a job has that was stored before there was this key.
fn usual_share() -> f64 {
    0.01
}

/// Where the events come from and which columns are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// The file of signal and background events.
    pub events: PathBuf,
    /// Where the files lie, relative to the job file; not part of what the results depend on.
    #[serde(skip)]
    pub directory: PathBuf,
    /// How the file is laid out.
    pub layout: Layout,
    /// The column in which the signal is a resonance (GeV).
    pub resonant: String,
    /// The columns that are generated and classified.
    pub features: Vec<String>,
    /// The column that is 1 for simulated signal.
    pub label: String,
    /// Numbers that stand for a missing value. Absent from the text of jobs without any, whose results do not depend on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<f64>,
}

/// How a file of events is laid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// The published LHC Olympics features: two jets' momenta, masses and N-subjettiness.
    LhcoFeatures,
    /// Named columns: a group of 1-D HDF5 datasets, or a CSV file.
    Table {
        /// The HDF5 group.
        group: String,
    },
}

/// True background that never enters the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndependentBackground {
    /// There is none.
    None,
    /// A share of the signal region's background is kept out of the data.
    Withheld {
        /// The share, between 0 and 1.
        fraction: f64,
    },
    /// Further background events.
    File {
        /// The file, laid out as the data.
        events: PathBuf,
    },
    /// A share of the signal region's background, and further events.
    WithheldAndFile {
        /// The share, between 0 and 1.
        fraction: f64,
        /// The file, laid out as the data.
        events: PathBuf,
    },
}

impl IndependentBackground {
    /// The share of the signal region's background that is kept out of the data.
    pub fn withheld(&self) -> Option<f64> {
        match self {
            Self::Withheld { fraction } | Self::WithheldAndFile { fraction, .. } => Some(*fraction),
            Self::None | Self::File { .. } => None,
        }
    }

    /// The file of further events.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File { events } | Self::WithheldAndFile { events, .. } => Some(events),
            Self::None | Self::Withheld { .. } => None,
        }
    }
}

/// Another sample of background events, such as another generator's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherSample {
    /// There is none.
    None,
    /// Events of a file.
    File {
        /// The file, laid out as the data.
        events: PathBuf,
    },
}

impl OtherSample {
    /// Its file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File { events } => Some(events),
            Self::None => None,
        }
    }
}

/// The diffusion model and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DenoiserSettings {
    /// Hidden layers of the residual network.
    pub hidden_layers: usize,
    /// Nodes of a hidden layer.
    pub width: usize,
    /// Features of the noise strength.
    pub noise_features: usize,
    /// What these are.
    #[serde(default, skip_serializing_if = "NoiseEmbedding::goes_without_saying")]
    pub noise_embedding: NoiseEmbedding,
    /// Passes over the side-band events.
    pub epochs: usize,
    /// Events a step.
    pub batch: usize,
    /// Learning rate after the warm-up.
    pub learning_rate: f64,
    /// Longest linear warm-up, in steps.
    pub warmup_steps: usize,
    /// The learning rate after the warm-up.
    pub schedule: Schedule,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Largest norm of a member's gradient.
    pub gradient_clip: f64,
    /// Share of the old average kept at each step.
    pub ema_decay: f64,
    /// What the squared error is taken of.
    pub loss_weighting: LossWeighting,
    /// How features are brought to zero mean and unit variance.
    pub marginals: Marginals,
    /// Mean of ln σ in training.
    pub log_noise_mean: f64,
    /// Standard deviation of ln σ in training.
    pub log_noise_std: f64,
    /// Share of the side-band events kept aside.
    pub validation_fraction: f64,
}

/// The course of a learning rate after its warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It follows a quarter wave of a cosine down to zero.
    Cosine,
}

/// What the squared error of the diffusion loss is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossWeighting {
    /// The network's own target: every noise strength counts alike.
    Edm,
    /// The denoised event, as the paper prints it.
    Printed,
}

/// How features are brought to zero mean and unit variance before the model sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marginals {
    /// By shift and scale.
    Standardised,
    /// By the increasing map that makes each of them a unit normal.
    Gaussian,
}

/// The classifiers and their training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifierSettings {
    /// Hidden layers.
    pub hidden_layers: usize,
    /// Nodes of a hidden layer.
    pub width: usize,
    /// Passes over the training parts.
    pub epochs: usize,
    /// Events a step.
    pub batch: usize,
    /// Learning rate at the start of the cosine schedule.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Parts of the cross-validation.
    pub folds: u32,
    /// Seeds, in the order of the file.
    pub seeds: Vec<ClassifierSeed>,
}

/// Gradient-boosted trees: histograms, binary cross-entropy, stopped early on the validation part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TreeSettings {
    /// Most trees.
    pub iterations: usize,
    /// Shrinkage of each tree.
    pub learning_rate: f64,
    /// Most leaves of a tree.
    pub leaves: usize,
    /// Trees without improvement after which training stops.
    pub patience: usize,
}

/// When a scan ends with a warning that its templates are not like true background.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosureSettings {
    /// The AUC of true background against template above which a template fails.
    pub threshold: f64,
}

impl Default for ClosureSettings {
    /// As in the default job file, for jobs that were stored before there was such a key.
    fn default() -> Self {
        Self { threshold: 0.55 }
    }
}

/// How the work is cut into tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComputeSettings {
    /// Denoisers trained together.
    pub denoisers_per_task: usize,
    /// Flows trained together.
    pub flows_per_task: usize,
    /// Classifier seeds trained together.
    pub classifier_seeds_per_task: usize,
    /// Models of jets' constituents trained together.
    pub jet_models_per_task: usize,
    /// Seeds of constituent classifiers trained together.
    pub jet_classifier_seeds_per_task: usize,
    /// Intra-op threads of a rank; another number may change the last bits of a result.
    pub threads: usize,
}

/// Event numbers that price a plan before the data are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pricing {
    /// Events that a denoiser trains on.
    pub side_band_events: usize,
    /// Data events of the signal region.
    pub signal_region_events: usize,
    /// Events of the other sample in the signal region.
    pub other_sample_events: usize,
    /// Independent background of the signal region.
    pub independent_background_events: usize,
    /// Mean number of constituents of a jet.
    pub constituents_per_jet: usize,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureSettings {
    /// Injections that have panels of their own.
    pub injections: Vec<SignalCount>,
}

impl Job {
    /// The same job as a JSON tree without what cannot change a result.
    pub fn physics(&self) -> serde_json::Value {
        let mut tree = serde_json::to_value(self).unwrap_or_default();
        if let Some(keys) = tree.as_object_mut() {
            for key in ["name", "most_repeated", "pricing", "figures", "closure", "generations"] {
                keys.remove(key);
            }
        }
        tree
    }

    /// The classifier settings that a training depends on: all but the list of seeds, which a task names.
    pub fn classifier_training(&self) -> ClassifierSettings {
        ClassifierSettings { seeds: Vec::new(), ..self.classifier.clone() }
    }

    /// The regions of some data.
    pub fn regions_of(&self, sample: &TrainingSample) -> Regions {
        Regions { signal: sample.signal_region.unwrap_or(self.regions.signal), outer: sample.side_bands }
    }

    /// What events must be read for: constituents where any point has to do with them.
    pub fn inputs(&self) -> Inputs {
        let any = self.points.iter().any(|point| point.classifier.inputs() == Inputs::Llv);
        if any { Inputs::Llv } else { Inputs::Hlv }
    }

    /// Classifiers of one scan point.
    pub fn classifiers_per_point(&self) -> usize {
        self.classifier.seeds.len() * self.classifier.folds as usize
    }
}

#[cfg(test)]
mod tests;
