//! Noisy events x = x₀ + σ n of a training, as the network sees them, and the loss on them.

use drapes_analysis::job::{DenoiserSettings, LossWeighting};
use tch::Tensor;

use super::denoiser::DenoiserShape;
use super::noise::NoisyInput;
use crate::nn::pad;

/// Noisy events as the network sees them, and what it should answer.
pub struct Noisy {
    /// What it is given, `[…, batch, inputs]`.
    pub input: Tensor,
    /// What it should answer, `[…, batch, features]`.
    pub target: Tensor,
    /// What an error is multiplied by in the gradient of its member's loss, as the target.
    pub slope: Tensor,
    /// The share of each squared error in the loss of its member, `[…, 1, batch · features]`.
    pub share: Tensor,
}

impl Noisy {
    /// # Shapes
    /// `rows` `[…, batch, features + 1]`, mapped; `normals` likewise.
    pub fn new(shape: &DenoiserShape, settings: &DenoiserSettings, rows: &Tensor, normals: &Tensor) -> Self {
        let features = shape.features as i64;
        let size = rows.size();
        let (outer, batch) = size.split_at(size.len() - 2);
        let [batch, columns] = [batch[0], batch[1]];
        let [rows, normals] = [rows, normals].map(|all| all.reshape([-1, batch, columns]));
        let (clean, mass) = (rows.narrow(2, 0, features), rows.narrow(2, features, 1));
        let (strength, noise) = (normals.narrow(2, 0, 1), normals.narrow(2, 1, features));
        let NoisyInput { sigma, scaled, target, c_out } =
            NoisyInput::new(&clean, &noise, &strength, &shape.noise_law(settings));
        let weight = match settings.loss_weighting {
            LossWeighting::Edm => sigma.ones_like(),
            LossWeighting::Printed => c_out.square(),
        };
        let share = (weight / (batch * features) as f64).expand_as(&target);
        let whole = |part: &Tensor, inner: &[i64]| part.reshape([outer, inner].concat());
        Self {
            input: whole(&shape.network_input(&scaled, &sigma, &mass), &[batch, -1]),
            target: whole(&target, &[batch, features]),
            slope: whole(&(&share * 2.0), &[batch, features]),
            share: whole(&share, &[1, batch * features]),
        }
    }

    /// The same for a network of so many inputs and outputs: those behind its own are zero, and have no part in the loss.
    #[must_use]
    pub fn padded(self, [inputs, outputs]: [i64; 2]) -> Self {
        let size = self.target.size();
        let share = self.share.view(&size[..]);
        let whole = [&size[..size.len() - 2], &[1, -1]].concat();
        Self {
            input: pad(&self.input, inputs),
            share: pad(&share, outputs).reshape(whole),
            target: pad(&self.target, outputs),
            slope: pad(&self.slope, outputs),
        }
    }

    /// Mean squared error of each member, weighted.
    ///
    /// # Shapes
    /// `out` `[members, batch, features]`; the result is `[members]`.
    pub fn loss(&self, out: &Tensor) -> Tensor {
        let squares = (out - &self.target).square();
        self.share.bmm(&column(&squares)).flatten(0, -1)
    }

    /// Adds the same to `loss` and writes its gradient to `d_out`: as few operators as there can be.
    pub fn descend(&self, out: &Tensor, loss: &mut Tensor, d_out: &Tensor) {
        let mut error = out - &self.target;
        let _ = error.multiply_out(d_out, &self.slope);
        let squares = error.square_();
        let _ = loss.view([-1, 1, 1]).baddbmm_(&self.share, &column(&squares));
    }
}

/// `[members, …]` to `[members, all of a member, 1]`.
fn column(values: &Tensor) -> Tensor {
    values.view([values.size()[0], -1, 1])
}
