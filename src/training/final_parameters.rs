//! The parameters that a training ends with: those of the last step, of the best epoch, or a running average.

use drapes_analysis::job::KeptMoment;
use drapes_analysis::store::record::Loss;
use tch::{Kind, Tensor};

use super::settings::ResultOf;

/// The parameters that will be the result, as far as the training has come.
pub struct FinalParameters {
    result: ResultOf,
    /// `[members, len]`; none where the result is what there is after the last step.
    pub parameters: Option<Tensor>,
    /// The validation loss of each member's; none where nothing is kept yet, or no events are kept aside.
    pub losses: Vec<Option<f32>>,
}

impl FinalParameters {
    pub fn new(present: &Tensor, result: ResultOf) -> Self {
        let parameters = (result != ResultOf::LastStep).then(|| present.copy());
        Self { result, parameters, losses: vec![None; present.size()[0] as usize] }
    }

    /// The parameters whose validation loss tells how far a training is.
    pub fn validated<'a>(&'a self, present: &'a Tensor) -> &'a Tensor {
        match (self.result, &self.parameters) {
            (ResultOf::RunningAverage(_), Some(average)) => average,
            _ => present,
        }
    }

    /// The running average, where there is one.
    pub fn average(&mut self) -> Option<&mut Tensor> {
        let is_average = matches!(self.result, ResultOf::RunningAverage(_));
        self.parameters.as_mut().filter(|_| is_average)
    }

    /// After a step, counted from 0; an entry of `learning` for each member.
    pub fn step(&mut self, present: &Tensor, step: usize, learning: &[bool]) {
        if let (ResultOf::RunningAverage(averaging), Some(average)) = (self.result, &mut self.parameters) {
            move_average(average, present, averaging.pull(step), learning);
        }
    }

    /// How far a running average moves in a step, counted from 0.
    pub fn pull(&self, step: usize) -> f64 {
        match self.result {
            ResultOf::RunningAverage(averaging) => averaging.pull(step),
            ResultOf::RecordedMoment(_) | ResultOf::LastStep => 0.0,
        }
    }

    /// As [`FinalParameters::step`], by numbers that are on the device, `[members, 1]`.
    pub fn step_by(&mut self, present: &Tensor, pull: &Tensor) {
        if let (ResultOf::RunningAverage(_), Some(average)) = (self.result, &mut self.parameters) {
            let _ = average.lerp_tensor_(present, &pull.expand_as(present));
        }
    }

    /// When the finite loss of a member that still learns is recorded.
    pub fn record(&mut self, member: usize, loss: &Loss, present: &Tensor) {
        let (ResultOf::RecordedMoment(moment), Some(kept)) = (self.result, &self.parameters) else { return };
        let least = self.losses[member];
        let better = loss.validation.is_none_or(|loss| least.is_none_or(|least| loss < least));
        if better || moment == KeptMoment::Last {
            let of = |all: &Tensor| all.get(member as i64);
            of(kept).copy_(&of(present));
            self.losses[member] = loss.validation;
        }
    }
}

/// Moves the averages of the members that still learn towards their parameters.
///
/// # Shapes
/// `[members, len]`; an entry of `learning` for each member.
fn move_average(average: &mut Tensor, present: &Tensor, pull: f64, learning: &[bool]) {
    if learning.iter().all(|learns| *learns) {
        let _ = average.lerp_(present, pull);
    } else {
        let pulls: Vec<f32> = learning.iter().map(|learns| if *learns { pull as f32 } else { 0.0 }).collect();
        let pulls = Tensor::from_slice(&pulls).to_kind(Kind::Float).unsqueeze(1).to_device(present.device());
        let _ = average.lerp_tensor_(present, &pulls.expand_as(average));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::settings::Averaging;

    #[test]
    fn weights_of_a_power_spread_over_a_share_of_the_training_however_long_it_is() {
        for (share, steps) in [(0.05, 4000_usize), (0.1, 400), (0.25, 1000)] {
            let averaging = Averaging::of_width(share);
            // The average of t and of t² over the steps says how their weights spread.
            let (mut mean, mut square) = (0.0, 0.0);
            for step in 0..steps {
                let (at, pull) = ((step as f64 + 0.5) / steps as f64, averaging.pull(step));
                mean += pull * (at - mean);
                square += pull * (at * at - square);
            }
            let spread = (square - mean * mean).sqrt();
            assert!((spread / share - 1.0).abs() < 0.02, "{spread} for {share}");
        }
        assert!((Averaging::of_width(0.1).pull(0) - 1.0).abs() < 1e-12, "the first step is all there is");
    }

    #[test]
    fn only_members_that_learn_are_averaged() {
        let start = Tensor::from_slice(&[0.0_f32, 0.0]).reshape([2, 1]);
        let mut kept = FinalParameters::new(&start, ResultOf::RunningAverage(Averaging::Decay(0.75)));
        let there = Tensor::from_slice(&[1.0_f32, 1.0]).reshape([2, 1]);
        kept.step(&there, 0, &[true, true]);
        kept.step(&there, 1, &[true, false]);
        let expected = Tensor::from_slice(&[0.4375_f32, 0.25]).reshape([2, 1]);
        assert!((kept.validated(&there) - expected).abs().max().double_value(&[]) < 1e-6);
    }
}
