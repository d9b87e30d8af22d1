//! A dense layer of every member.

use tch::{Kind, Tensor};

/// Weights and biases of one layer, as views into the ensemble's parameters.
pub struct Dense {
    /// `[members, inputs, outputs]`
    weight: Tensor,
    /// `[members, 1, outputs]`
    bias: Tensor,
}

/// The gradients of a layer's parameters.
pub struct DenseGradient {
    pub weight: Tensor,
    pub bias: Tensor,
}

impl Dense {
    pub fn new(weight: Tensor, bias: Tensor) -> Self {
        Self { weight, bias }
    }

    /// `x w + b`: `[members, batch, inputs]` to `[members, batch, outputs]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        if self.is_narrow() {
            let transposed = self.weight.transpose(1, 2).bmm(&x.transpose(1, 2));
            return transposed.transpose(1, 2).contiguous().g_add_(&self.bias);
        }
        self.bias.baddbmm(x, &self.weight, 1.0, 1.0)
    }

    /// Gradients of the parameters, from the layer's input and the gradient of its output.
    pub fn gradient(&self, x: &Tensor, d_out: &Tensor) -> DenseGradient {
        let weight = if self.is_narrow() {
            d_out.transpose(1, 2).bmm(x).transpose(1, 2)
        } else {
            x.transpose(1, 2).bmm(d_out)
        };
        DenseGradient { weight, bias: d_out.sum_dim_intlist([1_i64].as_slice(), true, Kind::Float) }
    }

    /// The gradient of the input.
    pub fn backward(&self, d_out: &Tensor) -> Tensor {
        d_out.bmm(&self.weight.transpose(1, 2))
    }

    /// Whether the matrix products should be transposed: on a CPU, products with a few columns take as long
    /// as products with many, but products with a few rows do not.
    fn is_narrow(&self) -> bool {
        self.weight.size()[2] < 16
    }
}
