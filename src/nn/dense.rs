//! A dense layer of all members of an ensemble at once, with its gradient.

use tch::{Kind, Tensor};

/// Weights and biases of one layer, as views into the ensemble's parameters; or, as views into a gradient, the place where
/// it is summed.
pub struct Dense {
    /// `[members, inputs, outputs]`
    weight: Tensor,
    /// `[members, 1, outputs]`
    bias: Option<Tensor>,
}

/// The gradients of a layer's parameters.
pub struct DenseGradient {
    pub weight: Tensor,
    pub bias: Tensor,
}

impl Dense {
    pub fn new(weight: Tensor, bias: Tensor) -> Self {
        Self { weight, bias: Some(bias) }
    }

    /// A layer without biases.
    pub fn unbiased(weight: Tensor) -> Self {
        Self { weight, bias: None }
    }

    /// `x w + b`: `[members, batch, inputs]` to `[members, batch, outputs]`, in the precision of the weights.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let x = &x.to_kind(self.weight.kind());
        if is_narrow(&self.weight) {
            let transposed = self.weight.transpose(1, 2).bmm(&x.transpose(1, 2));
            let mut product = transposed.transpose(1, 2).contiguous();
            return match &self.bias {
                Some(bias) => product.g_add_(bias),
                None => product,
            };
        }
        match &self.bias {
            Some(bias) => bias.baddbmm(x, &self.weight, 1.0, 1.0),
            None => x.bmm(&self.weight),
        }
    }

    /// Gradients of the parameters, from the layer's input and the gradient of its output.
    pub fn gradient(&self, x: &Tensor, d_out: &Tensor) -> DenseGradient {
        let weight = if is_narrow(&self.weight) {
            d_out.transpose(1, 2).bmm(x).transpose(1, 2)
        } else {
            x.transpose(1, 2).bmm(d_out)
        };
        DenseGradient { weight, bias: d_out.sum_dim_intlist([1_i64].as_slice(), true, Kind::Float) }
    }

    /// Adds the gradients of the parameters to `sum`, which may be of higher precision.
    pub fn accumulate(&self, x: &Tensor, d_out: &Tensor, sum: &Self) {
        let kind = self.weight.kind();
        let (x, rounded) = (x.to_kind(kind), d_out.to_kind(kind));
        let mut weight = sum.weight.shallow_clone();
        if is_narrow(&self.weight) {
            let _ = weight.g_add_(&rounded.transpose(1, 2).bmm(&x).transpose(1, 2));
        } else if kind == sum.weight.kind() {
            let _ = weight.baddbmm_(&x.transpose(1, 2), &rounded);
        } else {
            let _ = weight.g_add_(&x.transpose(1, 2).bmm(&rounded));
        }
        if let Some(bias) = &sum.bias {
            let d_bias = d_out.sum_dim_intlist([1_i64].as_slice(), true, Kind::Float);
            let _ = bias.shallow_clone().g_add_(&d_bias);
        }
    }

    /// The gradient of the input, in the precision of the weights.
    pub fn backward(&self, d_out: &Tensor) -> Tensor {
        d_out.to_kind(self.weight.kind()).bmm(&self.weight.transpose(1, 2))
    }
}

/// Whether products with a matrix should be transposed: on a CPU, products with a few columns take as long as products with
/// many, but products with a few rows do not. A GPU does not care.
pub fn is_narrow(matrix: &Tensor) -> bool {
    matrix.size()[2] < 16 && !matrix.device().is_cuda()
}
