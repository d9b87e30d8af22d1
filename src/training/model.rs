//! What the loop asks of a model: random numbers, gradient and validation loss, and whole steps where the model has them.

use tch::Tensor;

use super::learner::Learner;
use crate::fused::MemberSteps;

/// What an ensemble learns. The loop makes three calls: [`Model::draw`] and [`Model::gradient`] for its steps and
/// [`Model::validation`] when it records losses. Where a model has kernels, [`Model::fused`] stands for the second.
pub trait Model {
    /// Networks over the flat parameters of an ensemble, and room for what they compute.
    type Network;
    /// Random numbers of several steps, and whose events these see.
    type Block;

    /// Steps whose random numbers are drawn, and moved to the device, together. A training is saved between blocks only.
    const STEPS_A_BLOCK: usize;

    /// Networks that share the parameters, and therefore change when the optimiser changes these.
    ///
    /// # Shapes
    /// `[members, len]`
    fn network(&self, parameters: &Tensor) -> Self::Network;

    /// Draws the events and the random numbers of the next steps: those of one step after those of the other, so that it does
    /// not matter how many steps a block has.
    fn draw(&self, members: &mut [Learner], steps: usize) -> Self::Block;

    /// The same with all that does not depend on parameters computed for its steps at once: a GPU waits for each operator, however
    /// much there is to compute. (A processor would only push it out of its cache.)
    fn at_once(&self, block: Self::Block) -> Self::Block {
        block
    }

    /// The gradient of each member's loss in one step of a block; the losses are added to `loss`.
    ///
    /// # Shapes
    /// `loss` `[members]`; the result is `[members, len]`, and the loop may change it.
    fn gradient(
        &self,
        network: &Self::Network,
        block: &Self::Block,
        step: usize,
        loss: &mut Tensor,
    ) -> Tensor;

    /// One step of a block, in memory of its own, where every step runs the same kernels over tensors of the same shapes: a
    /// GPU is given them once then, and repeats them.
    fn alone(&self, _block: &Self::Block, _step: usize) -> Option<Self::Block> {
        None
    }

    /// Puts a step of a block in the place of the one that is [`Model::alone`].
    fn replace(&self, _alone: &mut Self::Block, _block: &Self::Block, _step: usize) {}

    /// Kernels that take the steps of a block on a processor, one member after the other; none where the loop is to ask for
    /// gradients.
    fn fused<'a>(&'a self, _block: &'a Self::Block) -> Option<Box<dyn MemberSteps + 'a>> {
        None
    }

    /// The losses of the members that are wanted on events that they do not learn from; none where there are none.
    ///
    /// # Shapes
    /// `parameters` `[members, len]`; `wanted` and the result have an entry for each member.
    fn validation(&self, parameters: &Tensor, wanted: &[bool]) -> Vec<Option<f32>>;
}

/// One step of a block's tensor, in memory of its own.
///
/// # Shapes
/// `[steps, …]` to `[1, …]`.
pub fn step_alone(all: &Tensor, step: usize) -> Tensor {
    all.narrow(0, step as i64, 1).copy()
}

/// Puts a step of a block's tensor in the place of another.
///
/// # Shapes
/// `all` `[steps, …]`, `alone` `[1, …]`.
pub fn put_step(alone: &mut Tensor, all: &Tensor, step: usize) {
    alone.copy_(&all.narrow(0, step as i64, 1));
}
