//! The leaky activation of denoisers and transformers, as in the public code of the paper's authors.

use tch::Tensor;

/// Slope for negative inputs.
const LEAK: f64 = 0.1;

/// Leaky ReLU. (`Tensor::leaky_relu` has its slope fixed at 0.01.)
pub fn activate(x: &Tensor) -> Tensor {
    x.prelu(&Tensor::full([1], LEAK, (x.kind(), x.device())))
}

/// The gradient before the activation, from that behind it and the activation's value.
pub fn deactivate(d_out: &Tensor, activation: &Tensor) -> Tensor {
    activation.leaky_relu_backward(d_out, LEAK, true)
}
