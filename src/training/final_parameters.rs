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
            (ResultOf::RunningAverage { .. }, Some(average)) => average,
            _ => present,
        }
    }

    /// The running average, where there is one.
    pub fn average(&mut self) -> Option<&mut Tensor> {
        let is_average = matches!(self.result, ResultOf::RunningAverage { .. });
        self.parameters.as_mut().filter(|_| is_average)
    }

    /// After a step; an entry of `learning` for each member.
    pub fn step(&mut self, present: &Tensor, learning: &[bool]) {
        if let (ResultOf::RunningAverage { decay }, Some(average)) = (self.result, &mut self.parameters) {
            move_average(average, present, 1.0 - decay, learning);
        }
    }

    /// How far a running average moves in a step.
    pub fn pull(&self) -> f64 {
        match self.result {
            ResultOf::RunningAverage { decay } => 1.0 - decay,
            ResultOf::RecordedMoment(_) | ResultOf::LastStep => 0.0,
        }
    }

    /// As [`FinalParameters::step`], by numbers that are on the device, `[members, 1]`.
    pub fn step_by(&mut self, present: &Tensor, pull: &Tensor) {
        if let (ResultOf::RunningAverage { .. }, Some(average)) = (self.result, &mut self.parameters) {
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

    #[test]
    fn only_members_that_learn_are_averaged() {
        let start = Tensor::from_slice(&[0.0_f32, 0.0]).reshape([2, 1]);
        let mut kept = FinalParameters::new(&start, ResultOf::RunningAverage { decay: 0.75 });
        let there = Tensor::from_slice(&[1.0_f32, 1.0]).reshape([2, 1]);
        kept.step(&there, &[true, true]);
        kept.step(&there, &[true, false]);
        let expected = Tensor::from_slice(&[0.4375_f32, 0.25]).reshape([2, 1]);
        assert!((kept.validated(&there) - expected).abs().max().double_value(&[]) < 1e-6);
    }
}
