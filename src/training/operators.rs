//! The operators of a step as a GPU takes it, counted on a processor.

use drapes_operators::Operators;
use tch::{Kind, Tensor};

use super::ensemble::Training;
use super::model::Model;
use super::step_numbers::{NUMBERS, StepNumbers};
use crate::nn::pad;

/// Asks for what a thread makes once: zeros that pad what networks are given.
pub fn make_what_is_made_once() {
    for kind in [Kind::Float, Kind::BFloat16] {
        drop(pad(&Tensor::ones([1, 2], (kind, tch::Device::Cpu)), 16));
    }
}

/// The operators of one step of a training, behind those that are asked for once for all steps of a block.
pub fn operators_of_a_step<M: Model>(mut training: Training<M>) -> Operators {
    make_what_is_made_once();
    let block = training.model.draw(&mut training.members, 1);
    let block = training.model.at_once(block);
    let (members, device) = (training.members.len() as i64, training.loss.device());
    let numbers = StepNumbers::of(&Tensor::zeros([members, NUMBERS as i64], (Kind::Float, device)));
    Operators::of(|| training.kernels(&block, 0, &numbers))
}

/// Compares the losses and gradients of steps, of a training and of an equal one, where all that does not depend on parameters is
/// computed for them at once, and where that is brought step by step to the same memory, as on a GPU.
pub fn steps_at_once_agree<M: Model>(mut training: Training<M>, mut equal: Training<M>) {
    let steps = 3;
    let block = training.model.draw(&mut training.members, steps);
    let at_once = equal.model.draw(&mut equal.members, steps);
    let at_once = equal.model.at_once(at_once);
    let mut alone = equal.model.alone(&at_once, 0).expect("steps of one shape");
    let mut found_before: Option<Tensor> = None;
    for step in 0..steps {
        equal.model.replace(&mut alone, &at_once, step);
        let of = |training: &Training<M>, block: &M::Block, step: usize| {
            let mut losses = training.loss.zeros_like();
            let gradient = training.model.gradient(&training.network, block, step, &mut losses);
            Tensor::cat(&[losses.unsqueeze(1), gradient], 1)
        };
        let expected = of(&training, &block, step);
        for found in [of(&equal, &at_once, step), of(&equal, &alone, 0)] {
            let apart = (&found - &expected).abs().max().double_value(&[]);
            assert!(apart < 1e-6, "{apart} in step {step}");
            assert!(found.abs().max().double_value(&[]) > 1e-2, "something to compare");
        }
        if let Some(before) = found_before.replace(expected.shallow_clone()) {
            assert!((before - expected).abs().max().double_value(&[]) > 1e-3, "steps differ");
        }
    }
}
