//! Noisy events x = x₀ + σ n of a training step, as the network sees them, and the loss on them.

use drapes_analysis::job::{DenoiserSettings, LossWeighting};
use tch::{Kind, Tensor};

use super::denoiser::DenoiserShape;
use super::noise::NoisyInput;

/// Noisy events as the network sees them, and what it should answer.
pub struct Noisy {
    /// What it is given.
    pub input: Tensor,
    /// What it should answer.
    pub target: Tensor,
    /// Weight of each event's squared error; none where all count alike.
    weight: Option<Tensor>,
}

impl Noisy {
    /// # Shapes
    /// `rows` `[members, batch, features + 1]`, mapped; `normals` likewise.
    pub fn new(shape: &DenoiserShape, settings: &DenoiserSettings, rows: &Tensor, normals: &Tensor) -> Self {
        let features = shape.features as i64;
        let (clean, mass) = (rows.narrow(2, 0, features), rows.narrow(2, features, 1));
        let (strength, noise) = (normals.narrow(2, 0, 1), normals.narrow(2, 1, features));
        let NoisyInput { sigma, scaled, target, c_out } =
            NoisyInput::new(&clean, &noise, &strength, &shape.noise_law(settings));
        Self {
            input: shape.network_input(&scaled, &sigma, &mass),
            target,
            weight: match settings.loss_weighting {
                LossWeighting::Edm => None,
                LossWeighting::Printed => Some(c_out.square()),
            },
        }
    }

    /// Mean squared error of each member `[members]`, and its gradient.
    pub fn loss_and_gradient(&self, out: &Tensor) -> (Tensor, Tensor) {
        let size = out.size();
        let count = (size[1] * size[2]) as f64;
        let error = out - &self.target;
        let weighted = self.weight.as_ref().map_or_else(|| error.shallow_clone(), |weight| &error * weight);
        let loss = (&weighted * &error).sum_dim_intlist([1_i64, 2].as_slice(), false, Kind::Float) / count;
        (loss, weighted * (2.0 / count))
    }
}
