//! A running average of the parameters.

use tch::{Kind, Tensor};

/// Exponential moving average, updated at each step.
pub struct RunningAverage {
    decay: f64,
    values: Tensor,
}

impl RunningAverage {
    /// Starts at the parameters.
    pub fn new(parameters: &Tensor, decay: f64) -> Self {
        Self { decay, values: parameters.copy() }
    }

    /// Moves the averages of the members that still learn towards their parameters.
    ///
    /// # Shapes
    /// Parameters `[members, len]`; an entry of `learning` for each member.
    pub fn update(&mut self, parameters: &Tensor, learning: &[bool]) {
        let pull = 1.0 - self.decay;
        if learning.iter().all(|learns| *learns) {
            let _ = self.values.lerp_(parameters, pull);
        } else {
            let pulls: Vec<f32> =
                learning.iter().map(|learns| if *learns { pull as f32 } else { 0.0 }).collect();
            let pulls =
                Tensor::from_slice(&pulls).to_kind(Kind::Float).unsqueeze(1).to_device(parameters.device());
            let _ = self.values.lerp_tensor_(parameters, &pulls.expand_as(&self.values));
        }
    }

    /// The averages, `[members, len]`.
    pub fn values(&self) -> &Tensor {
        &self.values
    }

    /// The averages, to be filled.
    pub fn values_mut(&mut self) -> &mut Tensor {
        &mut self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_members_that_learn_are_averaged() {
        let start = Tensor::from_slice(&[0.0_f32, 0.0]).reshape([2, 1]);
        let mut average = RunningAverage::new(&start, 0.75);
        let there = Tensor::from_slice(&[1.0_f32, 1.0]).reshape([2, 1]);
        average.update(&there, &[true, true]);
        average.update(&there, &[true, false]);
        let expected = Tensor::from_slice(&[0.4375_f32, 0.25]).reshape([2, 1]);
        assert!((average.values() - expected).abs().max().double_value(&[]) < 1e-6);
    }
}
