//! The training of models of the jets' kinematics.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::{ModelName, Planning, templates};
use super::{DenoiserTraining, Network, Recorded, Settings, TaskKind, Trained, Work};
use crate::job::{Chip, Inputs, Job, ScanPoint, TrainingSample};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{SINGLE, TRAINED};
use crate::plan::cost::{
    EventCounts, TRAINING, at_rate, kinematics_weights, looks, product, stored_networks,
};
use crate::plan::{PaceKind, Rates};

/// The training of models of the jets' kinematics, together: denoisers of eight numbers an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainKinematics {
    /// The data of each member.
    pub samples: Vec<TrainingSample>,
}

impl TrainKinematics {
    /// What a model is called.
    pub fn model_name() -> ModelName {
        ModelName { one: "kinematic-model".to_owned(), several: "kinematic-models".to_owned() }
    }

    /// The models of the jets' kinematics that points need.
    fn wanted(points: &[ScanPoint]) -> Vec<((), TrainingSample)> {
        let templates = templates(points).into_iter().map(|wanted| wanted.what);
        let of_jets = templates.filter(|what| {
            what.inputs == Inputs::Llv && what.method.flow().is_none() && what.makes_kinematics()
        });
        of_jets.map(|what| ((), what.sample)).collect()
    }
}

impl TaskKind for TrainKinematics {
    fn plan(planning: &mut Planning<'_>) {
        let together = planning.job().compute.denoisers_per_task;
        planning.train(
            Self::wanted,
            together,
            |()| Self::model_name(),
            |_, (), samples| Work::TrainKinematics(Self { samples }),
        );
    }

    fn pace(&self) -> PaceKind {
        PaceKind::Kinematics
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!(["kinematics", of.split, of.job.denoiser, of.noise, of.job.compute.threads])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let (members, events) = (self.samples.len(), counts.side_band);
        let steps = TRAINING * product([job.denoiser.epochs, events]);
        let each = steps + looks::of_denoiser(events, job.denoiser.validation_fraction);
        at_rate(kinematics_weights(job) * each * members as f64, rates.denoiser(members))
    }

    fn bytes(&self, job: &Job, _counts: EventCounts) -> f64 {
        stored_networks(self.samples.len(), kinematics_weights(job))
    }

    fn memory(&self, job: &Job, _counts: EventCounts, _chip: Chip) -> f64 {
        self.samples.len() as f64 * SINGLE * TRAINED * kinematics_weights(job)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        keys::denoiser(job, self.samples.len(), cost)
    }

    fn trained(&self, job: &Job) -> Option<Trained> {
        Some(Trained { count: self.samples.len(), what: "model of kinematics", epochs: job.denoiser.epochs })
    }
}

impl Recorded for TrainKinematics {
    type Result = Vec<DenoiserTraining>;

    fn networks(trainings: &Vec<DenoiserTraining>) -> Vec<Network> {
        DenoiserTraining::networks(trainings)
    }

    fn remarks(trainings: &Vec<DenoiserTraining>, job: &Job) -> Vec<String> {
        DenoiserTraining::short_warmups(trainings, job.denoiser.warmup_steps)
    }
}
