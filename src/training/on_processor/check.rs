//! What the kernels of every model must satisfy.

use super::*;
use crate::training::{Trained, TrainedMember};

fn numbers(tensor: &Tensor) -> Vec<f32> {
    Vec::<f32>::try_from(&tensor.flatten(0, -1)).expect("numbers")
}

/// Compares losses and gradients of kernels with those that tensors give.
pub fn kernels_agree<M: Model>(mut training: Training<M>) {
    // Nothing may stay at zero: a zero output layer would hide mistakes below it.
    let shift = Tensor::arange(training.parameters.numel() as i64, (Kind::Float, Device::Cpu)).sin() * 0.1;
    training.parameters += shift.view_as(&training.parameters);
    let steps = 3;
    let block = training.model.draw(&mut training.members, steps);
    let kernels = training.model.fused(&block).expect("kernels for this model");
    let layers = kernels.layers();
    assert_eq!(training.parameters.size()[1] as usize, layers.flat_len());
    // A step that changes no parameter and keeps its gradient as the first moment.
    let still = Rule { clip: None, moments: (1.0, 1.0), keep: 1.0, rate: 0.0, epsilon: 1.0, pull: 0.0 };
    for step in 0..steps {
        let mut losses = training.loss.zeros_like();
        let gradient = training.model.gradient(&training.network, &block, step, &mut losses);
        for member in 0..training.members.len() {
            let mut state = MemberState::new(layers, false);
            let own = numbers(&training.parameters.get(member as i64));
            layers.pad(&own, &mut state.parameters);
            let loss = kernels.take(member, &[(step, still)], &mut state);
            let expected = losses.double_value(&[member as i64]);
            assert!((f64::from(loss) / expected - 1.0).abs() < 1e-5, "{loss} where it should be {expected}");
            let expected = numbers(&gradient.get(member as i64));
            let (mut found, mut after) = (vec![0.0; own.len()], vec![0.0; own.len()]);
            layers.flatten(&state.first, &mut found);
            layers.flatten(&state.parameters, &mut after);
            assert_eq!(own, after);
            let scale = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            let apart = expected.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(scale > 1e-3, "a gradient to compare with");
            assert!(apart < 1e-5 * scale, "{apart} of {scale} in step {step} of member {member}");
        }
    }
}

/// Compares the parameters and the losses of two trainings: neither may be further apart than that, parameters as a share of their norm.
pub fn trained_alike<M>(found: &Trained<M>, expected: &Trained<M>, limits: (f64, f32)) {
    let apart = trained_apart(found, expected);
    assert!(apart.0 < limits.0 && apart.1 < limits.1, "{apart:?}");
}

/// How far the parameters and the losses of two trainings are apart.
///
/// Of parameters it is the norm for the member that is furthest apart, as a share of its own, and not the largest distance: where a gradient is next to nothing, its rounding
/// decides which way Adam goes, and that differs between processors.
pub fn trained_apart<M>(found: &Trained<M>, expected: &Trained<M>) -> (f64, f32) {
    assert_eq!(found.members.len(), expected.members.len());
    let norm = |of: &Tensor| of.norm().double_value(&[]);
    let (mut parameters, mut losses) = (0.0_f64, 0.0_f32);
    for (index, (one, other)) in found.members.iter().zip(&expected.members).enumerate() {
        let [own, others] = [found, expected].map(|trained| trained.parameters.get(index as i64));
        assert!(own.isfinite().all().int64_value(&[]) == 1, "no number");
        parameters = parameters.max(norm(&(&own - &others)) / norm(&others));
        let of = |member: &TrainedMember| -> Vec<f32> {
            let each = member.history.losses.iter();
            each.flat_map(|loss| [Some(loss.training), loss.validation]).flatten().collect()
        };
        let (one, other) = (of(one), of(other));
        assert!(one.len() == other.len() && !one.is_empty() && one.iter().all(|loss| loss.is_finite()));
        losses = one.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(losses, f32::max);
    }
    (parameters, losses)
}
