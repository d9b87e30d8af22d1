//! Steps of one member after the other.

use pulp::{Arch, Simd, WithSimd};

use super::descend::{Descend, Rule};
use super::layers::Layers;
use super::state::MemberState;

/// Kernels that take steps of an ensemble's members.
pub trait MemberSteps {
    /// Where parameters lie.
    fn layers(&self) -> &Layers;

    /// Takes some steps of a block with one member, each by its rule, and adds their losses to that of its state, which it returns.
    fn take(&self, member: usize, steps: &[(usize, Rule)], state: &mut MemberState) -> f32;
}

/// What one member learns in some steps.
pub trait Learning {
    /// Computes a step's loss, and adds its gradient to one that is zero.
    fn gradient<S: Simd>(&mut self, simd: S, step: usize, parameters: &[f32], gradient: &mut [f32]) -> f32;
}

/// Takes the steps of one member, with the longest vectors that the processor knows.
pub fn take(learning: impl Learning, steps: &[(usize, Rule)], state: &mut MemberState) -> f32 {
    Arch::new().dispatch(TakeSteps { learning, steps, state })
}

struct TakeSteps<'a, L> {
    learning: L,
    steps: &'a [(usize, Rule)],
    state: &'a mut MemberState,
}

impl<L: Learning> WithSimd for TakeSteps<'_, L> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> f32 {
        for (step, rule) in self.steps {
            let MemberState { parameters, gradient, .. } = &mut *self.state;
            gradient.fill(0.0);
            self.state.loss += self.learning.gradient(simd, *step, parameters, gradient);
            simd.vectorize(Descend { rule: *rule, state: self.state });
        }
        self.state.loss
    }
}
