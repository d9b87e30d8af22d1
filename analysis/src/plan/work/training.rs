//! What records hold of trainings of any kind: losses on the way, and how each denoiser was trained.

use serde::{Deserialize, Serialize};

use super::Network;
use crate::job::{NoisePath, Scope, TrainingSample};

/// How one denoiser was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DenoiserTraining {
    /// Which events it learnt from.
    pub scope: Scope,
    /// The path that events took to noise. Absent where it is that of the paper.
    #[serde(default, skip_serializing_if = "NoisePath::is_diffusion")]
    pub path: NoisePath,
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

impl DenoiserTraining {
    /// The networks of a training.
    pub fn networks(trainings: &[Self]) -> Vec<Network> {
        let network =
            |training: &Self| Network { name: training.sample.to_string(), diverged: training.diverged };
        trainings.iter().map(network).collect()
    }

    /// A line for each that was too short for the warm-up that the job asks for.
    pub fn short_warmups(trainings: &[Self], asked: usize) -> Vec<String> {
        let short = trainings.iter().filter(|training| training.warmup_steps < asked);
        let told = short.map(|Self { warmup_steps, steps, .. }| {
            format!("warm-up of {warmup_steps} steps instead of {asked}, for {steps} in all")
        });
        told.collect()
    }
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
