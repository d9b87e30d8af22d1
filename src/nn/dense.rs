//! A dense layer of all members of an ensemble at once, with its gradient.

use std::cell::Cell;

use tch::{Kind, Tensor};

use super::as_on_a_gpu::computes_as_a_gpu;

/// Weights and biases of one layer, as views into the ensemble's parameters; or, as views into a gradient, the place where
/// it is summed.
pub struct Dense {
    /// `[members, inputs, outputs]`
    weight: Tensor,
    /// `[members, 1, outputs]`
    bias: Option<Tensor>,
    /// Of a place where gradients are summed, whether that of the biases still is zero.
    bias_is_zero: Cell<bool>,
}

/// The gradients of a layer's parameters.
pub struct DenseGradient {
    pub weight: Tensor,
    pub bias: Tensor,
}

impl Dense {
    pub fn new(weight: Tensor, bias: Tensor) -> Self {
        Self { weight, bias: Some(bias), bias_is_zero: Cell::new(true) }
    }

    /// A layer without biases.
    pub fn unbiased(weight: Tensor) -> Self {
        Self { weight, bias: None, bias_is_zero: Cell::new(true) }
    }

    /// `x w + b`: `[members, batch, inputs]` to `[members, batch, outputs]`, in the precision of the weights.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let x = &self.rounded(x);
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
        DenseGradient { weight: self.weight_gradient(x, d_out), bias: sum_of_events(d_out) }
    }

    /// The gradient of the weights alone.
    pub fn weight_gradient(&self, x: &Tensor, d_out: &Tensor) -> Tensor {
        if is_narrow(&self.weight) {
            d_out.transpose(1, 2).bmm(x).transpose(1, 2)
        } else {
            x.transpose(1, 2).bmm(d_out)
        }
    }

    /// Nodes of its output.
    pub fn outputs(&self) -> i64 {
        self.weight.size()[2]
    }

    /// In the precision of the weights, as products take it.
    pub fn rounded(&self, x: &Tensor) -> Tensor {
        x.to_kind(self.weight.kind())
    }

    /// Adds the gradients of the parameters to `sum`, which is zero at first and may be of higher precision, from the layer's input and the
    /// gradient of its output, as it is and [`Dense::rounded`].
    pub fn accumulate(&self, x: &Tensor, (d_out, rounded): (&Tensor, &Tensor), sum: &Self) {
        let (kind, x) = (self.weight.kind(), self.rounded(x));
        let mut weight = sum.weight.shallow_clone();
        if is_narrow(&self.weight) {
            let _ = weight.g_add_(&rounded.transpose(1, 2).bmm(&x).transpose(1, 2));
        } else if kind == sum.weight.kind() {
            let _ = weight.baddbmm_(&x.transpose(1, 2), rounded);
        } else {
            let _ = weight.g_add_(&x.transpose(1, 2).bmm(rounded));
        }
        let Some(bias) = &sum.bias else { return };
        // The first sum is written where it belongs: on a GPU, a kernel less is time.
        if sum.bias_is_zero.replace(false) && computes_as_a_gpu(bias.device()) {
            let _ = d_out.sum_intlist_out(bias, [1_i64].as_slice(), true, Kind::Float);
        } else {
            let _ = bias.shallow_clone().g_add_(&sum_of_events(d_out));
        }
    }

    /// The gradient of the input, in the precision of the weights.
    pub fn backward(&self, d_out: &Tensor) -> Tensor {
        self.rounded(d_out).bmm(&self.weight.transpose(1, 2))
    }
}

/// `[members, batch, outputs]` to `[members, 1, outputs]`.
fn sum_of_events(d_out: &Tensor) -> Tensor {
    d_out.sum_dim_intlist([1_i64].as_slice(), true, Kind::Float)
}

/// The gradients of what the layers of a network answer, side by side: one sum gives the gradients of all biases.
pub struct OutputGradients {
    /// `[members, batch, outputs of all layers, and some that nothing is written to]`
    all: Tensor,
    /// The place of each layer.
    places: Vec<Tensor>,
}

impl OutputGradients {
    /// Room for those of these layers, for a batch.
    pub fn room(layers: &[Dense], x: &Tensor) -> Self {
        // Whole vectors of four, so that every event begins at one.
        let count = (layers.iter().map(Dense::outputs).sum::<i64>() + 3) / 4 * 4;
        let all = Tensor::empty([x.size()[0], x.size()[1], count], (Kind::Float, x.device()));
        let mut next = 0;
        let place = |layer: &Dense| {
            let (first, outputs) = (next, layer.outputs());
            next += outputs;
            all.narrow(2, first, outputs)
        };
        let places = layers.iter().map(place).collect();
        Self { all, places }
    }

    /// The place of a layer's, `[members, batch, outputs]`.
    pub fn of(&self, layer: usize) -> &Tensor {
        &self.places[layer]
    }

    /// The gradients of the biases of all layers, each `[members, 1, outputs]`.
    pub fn biases(&self) -> impl Iterator<Item = Tensor> {
        let sums = sum_of_events(&self.all);
        let mut next = 0;
        self.places.iter().map(move |place| {
            let (first, outputs) = (next, place.size()[2]);
            next += outputs;
            sums.narrow(2, first, outputs)
        })
    }
}

/// Whether products with a matrix should be transposed: on a CPU, products with a few columns take as long as products with
/// many, but products with a few rows do not. A GPU does not care.
pub fn is_narrow(matrix: &Tensor) -> bool {
    matrix.size()[2] < 16 && !computes_as_a_gpu(matrix.device())
}
