//! What tasks compute: a file for each kind, with all that is known of it but how it is done.
//!
//! To add a kind of task, write its file with a structure that is [`TaskKind`] and, where its records hold something of its
//! own, [`Recorded`]; name the file below, and the kind in the table [`every_kind`]. Plans, fingerprints, prices, the check of
//! memory, the key to lower where a task demands too much, the dispatcher's outlook, records, results, exports and logs all
//! read the descriptor. How it is done stands in a file of `src/task/` of `drapes`, which takes the table from here.

mod classify;
mod classify_together;
pub mod closure_by_trees;
mod fit;
mod groups;
pub mod jet_summary;
mod make_jets;
mod make_pool;
mod make_template;
pub mod model_of_template;
mod planning;
mod points_together;
pub mod pseudo_experiments;
mod recorded;
mod resample;
pub mod search_window;
mod sensitivity;
pub mod template_summary;
#[cfg(test)]
mod toy;
mod train_denoisers;
mod train_flows;
mod train_jets;
mod train_kinematics;
mod training;
mod window_classifiers;

pub use classify::{Classification, Classifier, Classify, DivergedClassifier, SampleSizes};
pub use classify_together::ClassifyTogether;
pub use closure_by_trees::{ClosureByTrees, MadeTemplate, TestedClosure};
pub use fit::{Fit, MassFit};
pub use jet_summary::{JetQuantity, JetSpectrum, JetSummary};
pub use make_jets::MakeJets;
pub use make_pool::{MadePool, MakePool};
pub use make_template::MakeTemplate;
pub use planning::Planning;
pub use pseudo_experiments::{PseudoCount, PseudoExperiment, PseudoExperiments, PseudoWindow};
pub use recorded::{Content, Histogram, Network, Recorded};
pub use resample::Resample;
pub use search_window::{
    CutOutcome, FeatureBehind, FeatureLook, Passed, SearchWindow, SearchedWindow, WindowCut,
};
pub use sensitivity::{SensedCount, SensedExperiment, SensedWindow, SensitivityExperiments};
pub use template_summary::{
    Displacement, FeatureDistance, FeatureSpectra, PairDensity, TemplateSummary, ValueShares,
};
pub use train_denoisers::TrainDenoisers;
pub use train_flows::{FlowTraining, TrainFlows};
pub use train_jets::TrainJets;
pub use train_kinematics::TrainKinematics;
pub use training::{DenoiserTraining, Loss, NoiseLoss};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::IntoStaticStr;

use super::cost::EventCounts;
use super::cost::keys::{Cost, Key, raised_most};
use super::cost::memory::MemoryDemand;
use super::{PaceKind, Plan, Stage, TaskId};
use crate::job::{Chip, Job, ScanPoint};
use crate::plan::Rates;

/// A trained model: the task that trains it, and the place of the model in that task.
pub type ModelPlace = (TaskId, usize);

/// The table of the kinds of task, for a macro that is given all of it. A kind stands behind those whose tasks it needs.
///
/// A row says what the kind is called in [`Work`] (and in its JSON), which structure describes it, and what its result is
/// called in [`TaskResult`]; over-sampled data have no row for a result, for they leave that of a template.
#[macro_export]
macro_rules! every_kind {
    ($with:ident $($more:tt)*) => {
        $with! {
            Fit(fit::Fit) leaves Fit;
            Train(train_denoisers::TrainDenoisers) leaves Train;
            TrainKinematics(train_kinematics::TrainKinematics) leaves TrainKinematics;
            TrainJets(train_jets::TrainJets) leaves TrainJets;
            TrainFlow(train_flows::TrainFlows) leaves TrainFlow;
            Template(make_template::MakeTemplate) leaves Template;
            TemplateJets(make_jets::MakeJets) leaves Jets;
            Resample(resample::Resample);
            Pool(make_pool::MakePool) leaves Pool;
            Closure(closure_by_trees::ClosureByTrees) leaves Closure;
            Window(search_window::SearchWindow) leaves Window;
            Pseudo(pseudo_experiments::PseudoExperiments) leaves Pseudo;
            Sensitivity(sensitivity::SensitivityExperiments) leaves Sensitivity;
            Classify(classify::Classify) leaves Classify;
            ClassifyTogether(classify_together::ClassifyTogether) leaves ClassifiedTogether;
            $($more)*
        }
    };
}

macro_rules! kinds {
    ($($work:ident($file:ident::$kind:ident) $(leaves $result:ident)?;)*) => {
        /// What a task computes.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr)]
        #[serde(tag = "work", rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        #[allow(missing_docs, reason = "each has its description in its own file")]
        pub enum Work {
            $($work($file::$kind),)*
        }

        impl Work {
            /// The descriptor of the work.
            pub fn kind(&self) -> &dyn TaskKind {
                match self {
                    $(Self::$work(kind) => kind,)*
                }
            }
        }

        /// The results of a task, without its arrays.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs, reason = "each has its description in the file of its kind")]
        pub enum TaskResult {
            $($($result(<$file::$kind as Recorded>::Result),)?)*
        }

        impl TaskResult {
            /// The networks that were trained; of classifiers those that diverged.
            pub fn networks(&self) -> Vec<Network> {
                match self {
                    $($(Self::$result(result) => $file::$kind::networks(result),)?)*
                }
            }

            /// What the log of the rank says of the result, a line each.
            pub fn remarks(&self, job: &Job) -> Vec<String> {
                match self {
                    $($(Self::$result(result) => $file::$kind::remarks(result, job),)?)*
                }
            }

            /// The distributions in the result, for export.
            pub fn histograms<'a>(&'a self, job: &'a Job) -> Vec<Histogram<'a>> {
                match self {
                    $($(Self::$result(result) => $file::$kind::histograms(result, job),)?)*
                }
            }
        }

        $($(
            impl ResultOf<$file::$kind> for TaskResult {
                fn of_kind(&self) -> Option<&<$file::$kind as Recorded>::Result> {
                    match self {
                        Self::$result(result) => Some(result),
                        _ => None,
                    }
                }
            }
        )?)*

        /// Adds the tasks of every kind to a plan.
        pub(super) fn plan_every_kind(planning: &mut Planning<'_>) {
            $($file::$kind::plan(planning);)*
        }

        /// What a user should know of a plan before it runs.
        pub(super) fn notes_of_every_kind(plan: &Plan) -> Vec<String> {
            [$($file::$kind::notes(plan),)*].concat()
        }
    };
}

#[cfg(not(test))]
every_kind!(kinds);
#[cfg(test)]
every_kind!(kinds Toy(toy::Toy) leaves Toy;);

/// A result that may be one of this kind of task.
pub trait ResultOf<K: Recorded> {
    /// The result, if it is one of this kind.
    fn of_kind(&self) -> Option<&K::Result>;
}

impl TaskResult {
    /// For each network of a training the epoch at which it left the finite numbers, if it did.
    pub fn diverged(&self) -> Vec<Option<f64>> {
        self.networks().into_iter().map(|network| network.diverged).collect()
    }
}

impl Work {
    /// The kind of task in one word, as in JSON.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// The kind of work whose measured pace applies to it.
    pub fn pace(&self) -> PaceKind {
        self.kind().pace()
    }

    /// The stage that the task belongs to, as in its id.
    pub fn stage(&self) -> Stage {
        self.kind().stage()
    }
}

/// The descriptor of a kind of task: what is known of a task before it is done.
pub trait TaskKind {
    /// Adds the tasks of this kind that a job needs to those of the kinds before it in the table.
    fn plan(planning: &mut Planning<'_>)
    where
        Self: Sized;

    /// What a user should know of the tasks of this kind in a plan before it runs.
    fn notes(_plan: &Plan) -> Vec<String>
    where
        Self: Sized,
    {
        vec![]
    }

    /// The points of the scan that the task is a result of, if it is of some.
    fn points(&self) -> Vec<&ScanPoint> {
        vec![]
    }

    /// The kind of work, for what is learnt of speed: tasks of one are slower or faster than their price by one factor.
    fn pace(&self) -> PaceKind;

    /// The stage that it belongs to, which its id begins with.
    fn stage(&self) -> Stage {
        self.pace().stage()
    }

    /// The tasks whose files it reads.
    fn needs(&self) -> Vec<TaskId> {
        vec![]
    }

    /// Those of them that one of its points needs.
    fn needs_of(&self, _point: &ScanPoint) -> Vec<TaskId> {
        self.needs()
    }

    /// Which part of the job the result depends on. It goes into the fingerprint, beside the work itself, the input files and
    /// the fingerprints of the needs.
    fn settings(&self, of: &Settings<'_>) -> Value;

    /// A word for each of the different [`settings`](Self::settings) within the kind: a scan has many tasks and few settings,
    /// which are digested once.
    fn settings_variant(&self) -> &'static str {
        ""
    }

    /// Seconds on one rank of these rates.
    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64;

    /// Bytes of arrays and of the record.
    fn bytes(&self, job: &Job, counts: EventCounts) -> f64;

    /// Bytes that it works in, beside the sample that its rank has read. Never more than it really takes: a task that would
    /// fit is not to be refused.
    fn memory(&self, job: &Job, counts: EventCounts, chip: Chip) -> f64;

    /// The keys of the job that raise its cost. If several are raised by the same factor, the one that lowers the cost most
    /// comes first.
    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key>;

    /// What happens to the work if it is stopped: most kinds write checkpoints.
    fn if_stopped(&self) -> IfStopped {
        IfStopped::GoesOn
    }

    /// The models that it trains, if it is a training.
    fn trained(&self, _job: &Job) -> Option<Trained> {
        None
    }
}

impl dyn TaskKind + '_ {
    /// The key of the job that lowers a cost most.
    pub fn lower(&self, job: &Job, cost: Cost) -> &'static str {
        raised_most(&self.keys(job, cost))
    }

    /// The memory that it works in, and what to change where there is less.
    pub fn need(&self, job: &Job, counts: EventCounts, chip: Chip) -> MemoryDemand {
        MemoryDemand { bytes: self.memory(job, counts, chip), lower: self.lower(job, Cost::Memory) }
    }
}

/// The job as fingerprints see it, with what several kinds of task depend on.
pub struct Settings<'a> {
    /// The job.
    pub job: &'a Job,
    /// What decides which events are data: the regions, and what is withheld.
    pub split: Value,
    /// The noise strengths that trainings learn.
    pub noise: Value,
    /// The other sample and its files, for those who start from it.
    pub other_sample: Value,
    /// The simulated signal and its file, for those who put it among pseudo-data.
    pub simulated_signal: Value,
}

/// What happens to the work of a task that is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfStopped {
    /// It goes on from there another time.
    GoesOn,
    /// It is lost.
    Lost,
}

/// Models that a task trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trained {
    /// How many.
    pub count: usize,
    /// What one of them is called.
    pub what: &'static str,
    /// Passes over their events.
    pub epochs: usize,
}

#[cfg(test)]
mod tests;
