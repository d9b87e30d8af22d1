//! The numbers of a step on a GPU, which lie on the device so that a recorded step can be repeated with others.

use tch::Tensor;

/// Numbers that Adam and the running average take in a step, for each member.
pub(super) const NUMBERS: usize = 4;

/// What Adam and the running average take in a step; each `[members, 1]`.
pub(super) struct StepNumbers {
    /// Over −rate √(1 − β₂ᵗ) / (1 − β₁ᵗ).
    pub inverse_rate: Tensor,
    /// What weight decay leaves.
    pub keep: Tensor,
    /// ε √(1 − β₂ᵗ), times the number above.
    pub epsilon: Tensor,
    /// How far the running average moves: not at all where a member has ended.
    pub pull: Tensor,
}

impl StepNumbers {
    pub fn of(numbers: &Tensor) -> Self {
        let column = |index: i64| numbers.narrow(1, index, 1);
        Self { inverse_rate: column(0), keep: column(1), epsilon: column(2), pull: column(3) }
    }
}
