//! The training of models of jets' constituents.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::{ModelName, Planning, templates};
use super::{DenoiserTraining, Network, Recorded, Settings, TaskKind, Trained, Work};
use crate::job::{Chip, Inputs, Job, ScanPoint, TrainingSample};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{SINGLE, TRAINED, jet_values};
use crate::plan::cost::{EventCounts, at_rate, jets, stored_networks};
use crate::plan::{PaceKind, Rates};

/// The training of models of a jet's constituents, together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainJets {
    /// The data of each member.
    pub samples: Vec<TrainingSample>,
}

impl TrainJets {
    /// What a model is called.
    pub fn model_name() -> ModelName {
        ModelName { one: "jet-model".to_owned(), several: "jet-models".to_owned() }
    }

    /// The models of constituents that points need.
    fn wanted(points: &[ScanPoint]) -> Vec<((), TrainingSample)> {
        let templates = templates(points).into_iter().map(|wanted| wanted.what);
        let of_jets = templates.filter(|what| what.inputs == Inputs::Llv && what.method.flow().is_none());
        of_jets.map(|what| ((), what.sample)).collect()
    }
}

impl TaskKind for TrainJets {
    fn plan(planning: &mut Planning<'_>) {
        let together = planning.job().compute.jet_models_per_task;
        planning.train(
            Self::wanted,
            together,
            |()| Self::model_name(),
            |_, (), samples| Work::TrainJets(Self { samples }),
        );
    }

    fn pace(&self) -> PaceKind {
        PaceKind::JetModel
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([of.split, of.job.jet_model, of.noise, of.job.compute.threads])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        at_rate(jets::training(job, counts.side_band) * self.samples.len() as f64, rates.jet_model)
    }

    fn bytes(&self, job: &Job, _counts: EventCounts) -> f64 {
        stored_networks(self.samples.len(), jets::jet_model_weights(job))
    }

    fn memory(&self, job: &Job, counts: EventCounts, chip: Chip) -> f64 {
        let parameters = self.samples.len() as f64 * SINGLE * TRAINED * jets::jet_model_weights(job);
        let values = jet_values(job, chip.learnt_together());
        parameters + values + jets::bytes(job, counts.side_band as f64)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = keys::jet_model(job, cost);
        keys.push(("compute.jet_models_per_task", self.samples.len(), 1));
        keys
    }

    fn trained(&self, job: &Job) -> Option<Trained> {
        Some(Trained { count: self.samples.len(), what: "jet model", epochs: job.jet_model.epochs })
    }
}

impl Recorded for TrainJets {
    type Result = Vec<DenoiserTraining>;

    fn networks(trainings: &Vec<DenoiserTraining>) -> Vec<Network> {
        DenoiserTraining::networks(trainings)
    }

    fn remarks(trainings: &Vec<DenoiserTraining>, job: &Job) -> Vec<String> {
        DenoiserTraining::short_warmups(trainings, job.jet_model.warmup_steps)
    }
}
