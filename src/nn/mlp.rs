//! A plain perceptron with ReLU: the classifier of high-level variables.

use tch::Tensor;

use super::dense::{Dense, OutputGradients};
use super::layout::{Initial, Layout};

/// An ensemble of perceptrons over shared parameters.
pub struct Mlp {
    layers: Vec<Dense>,
}

impl Mlp {
    /// Parameters of a member with one output.
    ///
    /// Source: weights Xavier-uniform, biases zero, as in the CURTAINs classifiers that the paper refers to.
    pub fn layout(inputs: usize, hidden_layers: usize, width: usize) -> Layout {
        let mut layout = Layout::default();
        let mut from = inputs;
        for _ in 0..hidden_layers {
            layout.push_dense(from, width, Initial::XavierUniform, Initial::Zero);
            from = width;
        }
        layout.push_dense(from, 1, Initial::XavierUniform, Initial::Zero);
        layout
    }

    /// The networks of `[members, len]` parameters, which they share.
    pub fn over(layout: &Layout, flat: &Tensor) -> Self {
        let mut views = layout.views(flat).into_iter();
        let mut layers = Vec::new();
        while let (Some(weight), Some(bias)) = (views.next(), views.next()) {
            layers.push(Dense::new(weight, bias));
        }
        Self { layers }
    }

    /// The logits.
    ///
    /// # Shapes
    /// `[members, batch, inputs]` to `[members, batch, 1]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let mut hidden = self.hidden(x);
        self.output(hidden.pop().as_ref().unwrap_or(x))
    }

    /// Logits, and the gradient of the parameters for a gradient of the logits.
    ///
    /// # Shapes
    /// `x` `[members, batch, inputs]`; `d_logits` is given the logits and writes their gradient to the place beside them, both
    /// `[members, batch, 1]`; the result is `[members, len]`.
    pub fn gradient(&self, x: &Tensor, d_logits: impl FnOnce(&Tensor, &Tensor)) -> Tensor {
        let hidden = self.hidden(x);
        let d = OutputGradients::room(&self.layers, x);
        d_logits(&self.output(hidden.last().unwrap_or(x)), d.of(self.layers.len() - 1));
        for (below, layer) in self.layers.iter().enumerate().skip(1).rev().map(|(at, layer)| (at - 1, layer))
        {
            let behind = layer.backward(d.of(below + 1));
            let _ = hidden[below].threshold_backward_grad_input(d.of(below), &behind, 0.0);
        }
        let inputs = std::iter::once(x).chain(&hidden);
        let of_layers = self.layers.iter().zip(inputs).enumerate();
        let weights = of_layers.map(|(index, (layer, input))| layer.weight_gradient(input, d.of(index)));
        let blocks: Vec<Tensor> = weights.zip(d.biases()).flat_map(|(weight, bias)| [weight, bias]).collect();
        Layout::flatten(&blocks)
    }

    /// The activations of the hidden layers.
    fn hidden(&self, x: &Tensor) -> Vec<Tensor> {
        let mut hidden: Vec<Tensor> = Vec::with_capacity(self.layers.len());
        for layer in &self.layers[..self.layers.len() - 1] {
            let activation = layer.forward(hidden.last().unwrap_or(x)).relu_();
            hidden.push(activation);
        }
        hidden
    }

    fn output(&self, last: &Tensor) -> Tensor {
        self.layers[self.layers.len() - 1].forward(last)
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn the_written_gradient_is_the_recorded_one() {
        for hidden_layers in [1, 3] {
            let layout = Mlp::layout(5, hidden_layers, 8);
            check::gradients_agree(
                &layout,
                5,
                |flat, x| Mlp::over(&layout, flat).forward(x),
                |flat, x, d| Mlp::over(&layout, flat).gradient(x, |_, place| place.shallow_clone().copy_(d)),
            );
        }
    }

    #[test]
    fn padding_changes_nothing() {
        // Hidden layers of any width: a node without weights is rectified to zero.
        for width in [16, 24] {
            check::padding_changes_nothing(
                &Mlp::layout(5, 3, width),
                5,
                |layout, flat, x| Mlp::over(layout, flat).forward(x),
                |layout, flat, x, d| {
                    Mlp::over(layout, flat).gradient(x, |_, place| place.shallow_clone().copy_(d))
                },
            );
        }
    }

    #[test]
    fn members_do_not_mix() {
        let layout = Mlp::layout(4, 2, 16);
        check::members_are_alone(&layout, 4, |flat, x| Mlp::over(&layout, flat).forward(x));
    }
}
