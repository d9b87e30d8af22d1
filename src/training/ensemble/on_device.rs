//! Steps on a GPU, recorded once and repeated.

use drapes_analysis::cli::tell;
use tch::{Kind, Tensor};

use super::Training;
use crate::device::{Recording, can_record, to_device_soon};
use crate::training::model::Model;
use crate::training::step_numbers::{NUMBERS, StepNumbers};

/// Steps that run one kernel after the other before they are recorded: libraries prepare themselves in the first.
const FIRST_STEPS: usize = 3;
/// Where the steps of a training on a GPU stand.
pub(super) struct OnDevice<M: Model> {
    state: State,
    /// The numbers of one step, in memory that all steps share; none before the first step, or where steps differ in shape.
    alone: Option<M::Block>,
    /// `[members, NUMBERS]`, likewise.
    numbers: Tensor,
}

enum State {
    /// One kernel after the other, so many times so far.
    First(usize),
    /// At one call.
    Recorded(Recording),
    /// One kernel after the other, always.
    Kernels,
}

impl<M: Model> OnDevice<M> {
    /// For a training that computes on a GPU; none on a processor.
    pub fn of(training: &Training<M>) -> Option<Self> {
        let device = training.loss.device();
        let numbers =
            || Tensor::zeros([training.members.len() as i64, NUMBERS as i64], (Kind::Float, device));
        device.is_cuda().then(|| Self {
            state: if can_record(device) { State::First(0) } else { State::Kernels },
            alone: None,
            numbers: numbers(),
        })
    }

    /// As on a GPU, for a training on a processor: one kernel after the other, each step from the memory of the one before, and
    /// never recorded.
    #[cfg(test)]
    pub fn as_on_a_gpu(training: &Training<M>) -> Self {
        let shape = [training.members.len() as i64, NUMBERS as i64];
        let numbers = Tensor::zeros(shape, (Kind::Float, training.loss.device()));
        Self { state: State::First(FIRST_STEPS + 1), alone: None, numbers }
    }

    /// The numbers of the next steps, `[steps, members, NUMBERS]`.
    pub fn numbers(training: &Training<M>, steps: usize) -> Tensor {
        let mut numbers = Vec::with_capacity(steps * training.members.len() * NUMBERS);
        for step in 0..steps {
            for member in 0..training.members.len() {
                let at = training.done + step;
                let rate = training.rate(member, at);
                let pull = if at < training.ends_after(member) { training.kept.pull(at) } else { 0.0 };
                let (inverse_rate, epsilon) = training.adam.divisors(rate, step + 1);
                let of_member = [inverse_rate, training.adam.keep(rate), epsilon, pull];
                numbers.extend(of_member.map(|number| number as f32));
            }
        }
        let shape = [steps as i64, training.members.len() as i64, NUMBERS as i64];
        to_device_soon(&Tensor::from_slice(&numbers).reshape(shape), training.loss.device())
    }

    /// One step of a block.
    pub fn step(&mut self, training: &mut Training<M>, block: &M::Block, numbers: &Tensor, step: usize) {
        training.adam.count();
        let numbers = numbers.get(step as i64);
        if matches!(self.state, State::Kernels) {
            return training.kernels(block, step, &StepNumbers::of(&numbers));
        }
        self.numbers.copy_(&numbers);
        match &mut self.alone {
            Some(alone) => training.model.replace(alone, block, step),
            none => *none = training.model.alone(block, step),
        }
        let Some(alone) = &self.alone else {
            self.state = State::Kernels;
            return training.kernels(block, step, &StepNumbers::of(&self.numbers));
        };
        let own = StepNumbers::of(&self.numbers);
        if matches!(self.state, State::First(FIRST_STEPS)) {
            self.state = match Recording::of(|| training.kernels(alone, 0, &own)) {
                Ok(recording) => State::Recorded(recording),
                Err(reason) => {
                    tell(format_args!(
                        "warning: the steps of a training are not recorded ({reason}); the GPU is given one kernel after the other"
                    ));
                    State::Kernels
                }
            };
        }
        match &mut self.state {
            State::Recorded(recording) => {
                // As any call to a broken GPU does.
                recording.replay().expect("the GPU repeats a recording");
            }
            State::First(done) => {
                *done += 1;
                training.kernels(alone, 0, &own);
            }
            State::Kernels => training.kernels(alone, 0, &own),
        }
    }
}
