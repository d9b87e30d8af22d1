//! What kernels hold of a member.

use super::aligned::Aligned;
use super::layers::Layers;

/// What a kernel holds of a member: all of it as [`Layers::pad`] spreads it.
pub struct MemberState {
    /// The parameters.
    pub parameters: Aligned,
    /// The average of the gradient.
    pub first: Aligned,
    /// The average of its square.
    pub second: Aligned,
    /// The running average of the parameters, where there is one.
    pub average: Option<Aligned>,
    /// The gradient of the present step.
    pub gradient: Aligned,
    /// The sum of the losses of all steps so far.
    pub loss: f32,
}

impl MemberState {
    /// Room for a member.
    pub fn new(layers: &Layers, has_average: bool) -> Self {
        let zeros = || Aligned::zeros(layers.padded_len());
        Self {
            parameters: zeros(),
            first: zeros(),
            second: zeros(),
            average: has_average.then(zeros),
            gradient: zeros(),
            loss: 0.0,
        }
    }
}
