//! The trainings of diffusion models.

use std::collections::HashMap;

use super::work::{TrainDenoisers, TrainJets, TrainKinematics};
use super::{Task, TaskId, Work, grouped, groups, model_key};
use crate::job::{Job, Scope, TrainingSample};

/// A diffusion model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// Of the features.
    Denoiser(Scope),
    /// Of the jets' kinematics.
    Kinematics,
    /// Of a jet's constituents.
    Jets,
}

impl Model {
    /// The word in ids.
    fn word(self) -> &'static str {
        match self {
            Self::Denoiser(Scope::SideBands) => "denoiser",
            Self::Denoiser(Scope::Everything) => "gensr",
            Self::Kinematics => "kinematic-model",
            Self::Jets => "jet-model",
        }
    }

    /// How many train together.
    fn per_task(self, job: &Job) -> usize {
        match self {
            Self::Denoiser(_) | Self::Kinematics => job.compute.denoisers_per_task,
            Self::Jets => job.compute.jet_models_per_task,
        }
    }

    fn training(self, samples: Vec<TrainingSample>) -> Work {
        match self {
            Self::Denoiser(scope) => Work::Train(TrainDenoisers { scope, samples }),
            Self::Kinematics => Work::TrainKinematics(TrainKinematics { samples }),
            Self::Jets => Work::TrainJets(TrainJets { samples }),
        }
    }
}

/// The trainings of models, and where each model is trained: the task, and the place in it.
pub struct Trainings {
    pub tasks: Vec<Task>,
    pub places: HashMap<(Model, String), (TaskId, usize)>,
}

impl Trainings {
    /// Cuts the trainings of models into tasks.
    ///
    /// Members of one training learn from the same masses, hence take about the same number of steps. `eras` are the models
    /// that each generation of points needs.
    pub fn of(models: &[(Model, TrainingSample)], eras: &[Vec<(Model, TrainingSample)>], job: &Job) -> Self {
        let mut trainings = Self { tasks: Vec::new(), places: HashMap::new() };
        for together in grouped(models.iter().copied(), |(model, sample)| (*model, window(sample))) {
            let (model, per_task) = (together[0].0, together[0].0.per_task(job));
            for (chunk, group) in groups(&together, eras, per_task, model_key) {
                let samples: Vec<TrainingSample> = group.iter().map(|(_, sample)| *sample).collect();
                let id = match &samples[..] {
                    [sample] if per_task == 1 => format!("train/{}-{sample}", model.word()),
                    _ => format!("train/{}s-{}-c{chunk:02}", model.word(), window(&samples[0])),
                };
                let id = TaskId(id);
                for (member, sample) in samples.iter().enumerate() {
                    trainings.places.insert((model, sample.to_string()), (id.clone(), member));
                }
                trainings.tasks.push(Task::new(id, model.training(samples)));
            }
        }
        trainings
    }
}

/// Side-bands and signal region, as in ids.
pub fn window(sample: &TrainingSample) -> String {
    let TrainingSample { side_bands, signal_region, .. } = sample;
    signal_region.map_or_else(|| format!("w{side_bands}"), |region| format!("w{side_bands}-r{region}"))
}
