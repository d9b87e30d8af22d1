//! Over-sampled data of the signal region (GenSR).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::{Planning, over_sampled};
use super::{ModelPlace, Settings, TaskKind, TrainDenoisers, Work};
use crate::job::{Chip, Job, NoiseGrid, NoisePath, Oversampling, Scope, TrainingSample};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{SINGLE, made_event};
use crate::plan::cost::{EventCounts, INFERENCE, at_rate, denoiser_weights, stored_events};
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// Over-sampled data of the signal region, from a model that has learnt them (GenSR).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resample {
    /// The data.
    pub sample: TrainingSample,
    /// The largest factor that any point asks for.
    pub oversampling: Oversampling,
    /// The model that has learnt them.
    pub model: ModelPlace,
}

impl Resample {
    /// The task that over-samples data, whose name has an ending where there are several of different factors.
    pub fn task(sample: TrainingSample, oversampling: Oversampling, ending: &str, model: ModelPlace) -> Task {
        Task::new(Self::id(sample, ending), Work::Resample(Self { sample, oversampling, model }))
    }

    /// The name of that task.
    pub fn id(sample: TrainingSample, ending: &str) -> TaskId {
        TaskId(format!("template/gensr-{sample}{ending}"))
    }

    /// Events that are made.
    fn events(&self, counts: EventCounts) -> f64 {
        f64::from(self.oversampling.0) * counts.signal_region as f64
    }
}

impl TaskKind for Resample {
    fn plan(planning: &mut Planning<'_>) {
        let versions = planning.versions(over_sampled);
        for data in over_sampled(&planning.job().points) {
            let model = planning
                .model(&TrainDenoisers::model_name((Scope::Everything, NoisePath::Diffusion)), data.what);
            for (oversampling, ending) in versions.all(&data.what.to_string()) {
                planning.push(Self::task(data.what, oversampling, &ending, model.clone()));
            }
        }
    }

    fn pace(&self) -> PaceKind {
        PaceKind::DiffusedTemplate
    }

    fn needs(&self) -> Vec<TaskId> {
        vec![self.model.0.clone()]
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([of.split, of.job.sampler.at_own_masses(), of.job.compute.threads])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let evaluations = job.sampler.solver.evaluations(NoiseGrid::points(&job.sampler, None)) as f64;
        at_rate(INFERENCE * denoiser_weights(job) * (evaluations * self.events(counts)), rates.sampler)
    }

    fn bytes(&self, job: &Job, counts: EventCounts) -> f64 {
        stored_events(job, self.events(counts))
    }

    fn memory(&self, job: &Job, counts: EventCounts, _chip: Chip) -> f64 {
        SINGLE * denoiser_weights(job) + made_event(job) * self.events(counts)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = vec![("data_oversampling of the scan", self.oversampling.0 as usize, 5)];
        keys.extend(keys::denoiser(job, 1, cost));
        keys.retain(|(key, ..)| !key.ends_with("epochs") && !key.ends_with("batch"));
        if cost == Cost::Time {
            keys.push(keys::steps(job, job.sampler.steps));
        }
        keys
    }
}
