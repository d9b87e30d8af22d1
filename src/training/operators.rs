//! The operators of a step as a GPU takes it, counted on a processor.

use drapes_operators::Operators;
use tch::{Kind, Tensor};

use super::ensemble::Training;
use super::model::Model;
use super::step_numbers::{NUMBERS, StepNumbers};

/// The operators of one step of a training.
pub fn operators_of_a_step<M: Model>(mut training: Training<M>) -> Operators {
    let block = training.model.draw(&mut training.members, 1);
    let (members, device) = (training.members.len() as i64, training.loss.device());
    let numbers = StepNumbers::of(&Tensor::zeros([members, NUMBERS as i64], (Kind::Float, device)));
    Operators::of(|| training.kernels(&block, 0, &numbers))
}
