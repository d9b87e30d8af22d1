//! The leaky activation of denoisers and transformers, as in the public code of the paper's authors.

use tch::Tensor;

/// Slope for negative inputs.
const LEAK: f64 = 0.1;

/// Leaky ReLU. (`Tensor::leaky_relu` has its slope fixed at 0.01. The gradient of one, which multiplies by the slope where a value
/// is negative, is one if it is given the value to multiply.)
pub fn activate(x: &Tensor) -> Tensor {
    x.leaky_relu_backward(x, LEAK, false)
}

/// The gradient before the activation, from that behind it and the activation's value.
pub fn deactivate(d_out: &Tensor, activation: &Tensor) -> Tensor {
    activation.leaky_relu_backward(d_out, LEAK, true)
}

/// The same, written to a place.
pub fn deactivate_to(place: &Tensor, d_out: &Tensor, activation: &Tensor) {
    let _ = activation.leaky_relu_backward_grad_input(place, d_out, LEAK, true);
}
