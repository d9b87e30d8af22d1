//! A residual network: the denoiser of high-level variables.

use tch::Tensor;

use super::activation::{activate, deactivate};
use super::dense::{Dense, DenseGradient};
use super::layout::{Initial, Layout};
use super::norm::{Normalised, normalise};

/// An ensemble of residual networks over shared parameters.
///
/// The first hidden layer is dense; each further one adds `act(dense(norm(h)))` to `h`; the output is
/// `dense(norm(h))` and starts at zero.
///
/// Source: four hidden layers of 64 nodes, paper section 3.1; the rest is our decision.
pub struct ResNet {
    input: Dense,
    blocks: Vec<Dense>,
    output: Dense,
}

/// What a forward pass saves of a block for the gradient.
struct Saved {
    normalised: Normalised,
    activation: Tensor,
}

impl ResNet {
    /// Parameters of a member.
    pub fn layout(inputs: usize, hidden_layers: usize, width: usize, outputs: usize) -> Layout {
        let mut layout = Layout::default();
        let fan_in = |inputs| Initial::FanIn { inputs };
        layout.push_dense(inputs, width, fan_in(inputs), fan_in(inputs));
        for _ in 1..hidden_layers {
            layout.push_dense(width, width, fan_in(width), fan_in(width));
        }
        layout.push_dense(width, outputs, Initial::Zero, Initial::Zero);
        layout
    }

    /// The networks of `[members, len]` parameters, which they share.
    ///
    /// # Panics
    /// If the layout is not one of [`ResNet::layout`].
    pub fn over(layout: &Layout, flat: &Tensor) -> Self {
        let mut views = layout.views(flat).into_iter();
        let mut layers = Vec::new();
        while let (Some(weight), Some(bias)) = (views.next(), views.next()) {
            layers.push(Dense::new(weight, bias));
        }
        let output = layers.pop().expect("a residual network has an output layer");
        let mut layers = layers.into_iter();
        let input = layers.next().expect("a residual network has an input layer");
        Self { input, blocks: layers.collect(), output }
    }

    /// # Shapes
    /// `[members, batch, inputs]` to `[members, batch, outputs]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let mut h = activate(&self.input.forward(x));
        for block in &self.blocks {
            h = &h + activate(&block.forward(&normalise(&h).values));
        }
        self.output.forward(&normalise(&h).values)
    }

    /// Runs forward, asks for the gradient of the output, and runs backward.
    ///
    /// # Shapes
    /// `x` `[members, batch, inputs]`; `d_output` maps outputs to their gradient, both
    /// `[members, batch, outputs]`; the result is `[members, len]`.
    pub fn gradient(&self, x: &Tensor, d_output: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
        let first = activate(&self.input.forward(x));
        let mut h = first.shallow_clone();
        let mut saved = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let normalised = normalise(&h);
            let activation = activate(&block.forward(&normalised.values));
            // A new tensor: the first `h` shares its memory with `first`, which the backward pass needs.
            h = &h + &activation;
            saved.push(Saved { normalised, activation });
        }
        let last = normalise(&h);
        let d_out = d_output(&self.output.forward(&last.values));

        let mut gradients: Vec<DenseGradient> = Vec::with_capacity(self.blocks.len() + 2);
        gradients.push(self.output.gradient(&last.values, &d_out));
        let mut d_h = last.backward(&self.output.backward(&d_out));
        for (block, saved) in self.blocks.iter().zip(&saved).rev() {
            let d = deactivate(&d_h, &saved.activation);
            gradients.push(block.gradient(&saved.normalised.values, &d));
            d_h += saved.normalised.backward(&block.backward(&d));
        }
        gradients.push(self.input.gradient(x, &deactivate(&d_h, &first)));
        let blocks: Vec<Tensor> =
            gradients.into_iter().rev().flat_map(|block| [block.weight, block.bias]).collect();
        Layout::flatten(&blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn the_written_gradient_is_the_recorded_one() {
        for hidden_layers in [1, 4] {
            let layout = ResNet::layout(7, hidden_layers, 12, 3);
            check::gradients_agree(
                &layout,
                7,
                |flat, x| ResNet::over(&layout, flat).forward(x),
                |flat, x, d| ResNet::over(&layout, flat).gradient(x, |_| d.shallow_clone()),
            );
        }
    }

    #[test]
    fn members_do_not_mix() {
        let layout = ResNet::layout(4, 3, 16, 2);
        check::members_are_alone(&layout, 4, |flat, x| ResNet::over(&layout, flat).forward(x));
    }
}
