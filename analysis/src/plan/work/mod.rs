//! What tasks compute: a file for each kind, with all that is known of it before it is done.
//!
//! To add a kind of task, write its file with a structure that is [`TaskKind`], and name it once in [`Work`] and once in
//! [`Work::kind`]. Fingerprints, prices, the check of memory, the key to lower where a task demands too much, and the
//! dispatcher's outlook all read the descriptor. How it is done stands in a file of `src/task/` of `drapes`, which
//! `src/task/perform.rs` names; what its result adds to tables stands in `store/results.rs`.

mod classify;
mod fit;
mod make_jets;
mod make_template;
mod resample;
#[cfg(test)]
mod toy;
mod train_denoisers;
mod train_flows;
mod train_jets;
mod train_kinematics;

pub use classify::Classify;
pub use fit::Fit;
pub use make_jets::MakeJets;
pub use make_template::MakeTemplate;
pub use resample::Resample;
#[cfg(test)]
pub use toy::Toy;
pub use train_denoisers::TrainDenoisers;
pub use train_flows::TrainFlows;
pub use train_jets::TrainJets;
pub use train_kinematics::TrainKinematics;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cost::EventCounts;
use super::cost::keys::{Cost, Key, raised_most};
use super::cost::memory::{Chip, MemoryDemand};
use super::{PaceKind, Stage, TaskId};
use crate::job::Job;
use crate::plan::Rates;

/// A trained model: the task that trains it, and the place of the model in that task.
pub type ModelPlace = (TaskId, usize);

/// What a task computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Work {
    /// The dijet fit of the side-bands' mass spectrum.
    Fit(Fit),
    /// The training of denoisers, together.
    Train(TrainDenoisers),
    /// The training of flows, together.
    TrainFlow(TrainFlows),
    /// The training of models of the jets' kinematics, together.
    TrainKinematics(TrainKinematics),
    /// The training of models of a jet's constituents, together.
    TrainJets(TrainJets),
    /// One copy of a template of jets' constituents.
    TemplateJets(MakeJets),
    /// The events of a background template in the signal region.
    Template(MakeTemplate),
    /// Over-sampled data of the signal region, from a model that has learnt them (GenSR).
    Resample(Resample),
    /// A chunk of a point's classifiers.
    Classify(Classify),
    /// A kind of task for tests, which shows that adding a kind takes one file.
    #[cfg(test)]
    Toy(Toy),
}

impl Work {
    /// The descriptor of the work. This is the only place that tells the kinds of task apart.
    pub fn kind(&self) -> &dyn TaskKind {
        match self {
            Self::Fit(kind) => kind,
            Self::Train(kind) => kind,
            Self::TrainFlow(kind) => kind,
            Self::TrainKinematics(kind) => kind,
            Self::TrainJets(kind) => kind,
            Self::TemplateJets(kind) => kind,
            Self::Template(kind) => kind,
            Self::Resample(kind) => kind,
            Self::Classify(kind) => kind,
            #[cfg(test)]
            Self::Toy(kind) => kind,
        }
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
    /// The name of the kind, as the JSON of [`Work`] has it.
    fn name(&self) -> &'static str;

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

    /// What happens to the work if it is stopped.
    fn if_stopped(&self) -> IfStopped;

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
