//! A residual network: the denoiser of high-level variables.

use tch::Tensor;

use super::activation::{activate, deactivate_to};
use super::dense::{Dense, DenseGradient, OutputGradients};
use super::layout::{Initial, Layout};
use super::norm::{Normalised, normalise};

/// An ensemble of residual networks over shared parameters.
///
/// The first hidden layer is dense; each further one adds `act(dense(norm(h)))` to `h`; the output is
/// `dense(norm(h))` and starts at zero. Where a [`Modulation`] is asked for, `norm(h)` becomes `norm(h) (1 + a) + b`.
///
/// Source: four hidden layers of 64 nodes, paper section 3.1; the rest is our decision.
pub struct ResNet {
    layers: Vec<Dense>,
    modulation: Option<Modulation>,
    /// What makes a and b of each layer behind the first.
    modulating: Vec<Dense>,
}

/// The last inputs are a condition: a and b of each layer behind the first are linear in them, and 0 at the start.
///
/// Source: W. Peebles, S. Xie, arXiv:2212.09748, for layers that are normalised adaptively and start as if they were not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modulation {
    /// Inputs of the condition.
    pub inputs: usize,
}

/// What a layer sees of `h`, and what the gradient needs of it.
struct Seen {
    normalised: Normalised,
    /// 1 + a; none without a modulation.
    scale: Option<Tensor>,
    values: Tensor,
}

impl ResNet {
    /// Parameters of a member: the layers, and behind them what modulates these.
    pub fn layout(
        inputs: usize,
        (hidden_layers, width): (usize, usize),
        outputs: usize,
        modulation: Option<Modulation>,
    ) -> Layout {
        let mut layout = Layout::default();
        let fan_in = |inputs| Initial::FanIn { inputs };
        layout.push_dense(inputs, width, fan_in(inputs), fan_in(inputs));
        for _ in 1..hidden_layers {
            layout.push_dense(width, width, fan_in(width), fan_in(width));
        }
        layout.push_dense(width, outputs, Initial::Zero, Initial::Zero);
        for Modulation { inputs } in modulation.iter().flat_map(|own| std::iter::repeat_n(own, hidden_layers))
        {
            layout.push_dense(*inputs, 2 * width, Initial::Zero, Initial::Zero);
        }
        layout
    }

    /// The networks of `[members, len]` parameters, which they share.
    ///
    /// # Panics
    /// If the layout is not one of [`ResNet::layout`] with this modulation.
    pub fn over(layout: &Layout, flat: &Tensor, modulation: Option<Modulation>) -> Self {
        let mut views = layout.views(flat).into_iter();
        let mut layers = Vec::new();
        while let (Some(weight), Some(bias)) = (views.next(), views.next()) {
            layers.push(Dense::new(weight, bias));
        }
        // A modulation for every layer but the first.
        let own = if modulation.is_some() { layers.len().div_ceil(2) } else { layers.len() };
        let modulating = layers.split_off(own);
        assert!(layers.len() > 1, "a residual network has an input and an output layer");
        Self { layers, modulation, modulating }
    }

    /// # Shapes
    /// `[members, batch, inputs]` to `[members, batch, outputs]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let condition = self.condition(x);
        let mut h = activate(&self.layers[0].forward(x));
        let last = self.layers.len() - 1;
        for (place, block) in self.layers.iter().enumerate().take(last).skip(1) {
            h = &h + activate(&block.forward(&self.seen(place, &h, condition.as_ref()).values));
        }
        self.layers[last].forward(&self.seen(last, &h, condition.as_ref()).values)
    }

    /// The inputs that modulate.
    fn condition(&self, x: &Tensor) -> Option<Tensor> {
        let Modulation { inputs } = self.modulation?;
        Some(x.narrow(2, x.size()[2] - inputs as i64, inputs as i64))
    }

    /// What the layer at a place, which is not the first, sees.
    fn seen(&self, place: usize, h: &Tensor, condition: Option<&Tensor>) -> Seen {
        let normalised = normalise(h);
        let Some(condition) = condition else {
            let values = normalised.values.shallow_clone();
            return Seen { normalised, scale: None, values };
        };
        let made = self.modulating[place - 1].forward(condition);
        let halves = made.chunk(2, 2);
        let scale = &halves[0] + 1.0;
        let values = &normalised.values * &scale + &halves[1];
        Seen { normalised, scale: Some(scale), values }
    }

    /// Runs forward, asks for the gradient of the output, and runs backward.
    ///
    /// # Shapes
    /// `x` `[members, batch, inputs]`; `d_output` is given the outputs and writes their gradient to the place beside them,
    /// both `[members, batch, outputs]`; the result is `[members, len]`.
    pub fn gradient(&self, x: &Tensor, d_output: impl FnOnce(&Tensor, &Tensor)) -> Tensor {
        let condition = self.condition(x);
        let first = activate(&self.layers[0].forward(x));
        let mut h = first.shallow_clone();
        let last = self.layers.len() - 1;
        let mut saved = Vec::with_capacity(last);
        for (place, block) in self.layers.iter().enumerate().take(last).skip(1) {
            let seen = self.seen(place, &h, condition.as_ref());
            let activation = activate(&block.forward(&seen.values));
            // A new tensor: the first `h` shares its memory with `first`, which the backward pass needs.
            h = &h + &activation;
            saved.push((seen, activation));
        }
        let seen = self.seen(last, &h, condition.as_ref());
        let d = OutputGradients::room(&self.layers, x);
        d_output(&self.layers[last].forward(&seen.values), d.of(last));

        let (mut weights, mut of_modulation) = (Vec::with_capacity(last + 1), Vec::new());
        weights.push(self.layers[last].weight_gradient(&seen.values, d.of(last)));
        let d_seen = self.layers[last].backward(d.of(last));
        let mut d_h = self.unseen(last, &seen, &d_seen, condition.as_ref(), &mut of_modulation);
        for (place, (seen, activation)) in (1..last).zip(&saved).rev() {
            deactivate_to(d.of(place), &d_h, activation);
            weights.push(self.layers[place].weight_gradient(&seen.values, d.of(place)));
            let d_seen = self.layers[place].backward(d.of(place));
            d_h += self.unseen(place, seen, &d_seen, condition.as_ref(), &mut of_modulation);
        }
        deactivate_to(d.of(0), &d_h, &first);
        weights.push(self.layers[0].weight_gradient(x, d.of(0)));
        let of_layers = weights.into_iter().rev().zip(d.biases()).flat_map(|(weight, bias)| [weight, bias]);
        let of_modulation = of_modulation.into_iter().rev().flat_map(|block| [block.weight, block.bias]);
        let blocks: Vec<Tensor> = of_layers.chain(of_modulation).collect();
        Layout::flatten(&blocks)
    }

    /// The gradient of `h` from that of what a layer sees; the gradient of what modulates the layer is put behind the others.
    fn unseen(
        &self,
        place: usize,
        seen: &Seen,
        d_seen: &Tensor,
        condition: Option<&Tensor>,
        of_modulation: &mut Vec<DenseGradient>,
    ) -> Tensor {
        let (Some(scale), Some(condition)) = (&seen.scale, condition) else {
            return seen.normalised.backward(d_seen);
        };
        let d_made = Tensor::cat(&[&(d_seen * &seen.normalised.values), d_seen], 2);
        of_modulation.push(self.modulating[place - 1].gradient(condition, &d_made));
        seen.normalised.backward(&(d_seen * scale))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn the_written_gradient_is_the_recorded_one() {
        let modulated = Some(Modulation { inputs: 4 });
        for (hidden_layers, modulation) in [(1, None), (4, None), (1, modulated), (4, modulated)] {
            let layout = ResNet::layout(7, (hidden_layers, 12), 3, modulation);
            check::gradients_agree(
                &layout,
                7,
                |flat, x| ResNet::over(&layout, flat, modulation).forward(x),
                |flat, x, d| {
                    ResNet::over(&layout, flat, modulation)
                        .gradient(x, |_, place| place.shallow_clone().copy_(d))
                },
            );
        }
    }

    #[test]
    fn a_modulated_network_begins_as_one_that_is_not_and_then_scales_by_its_condition() {
        let modulation = Some(Modulation { inputs: 2 });
        let (plain, modulated) =
            (ResNet::layout(5, (3, 8), 2, None), ResNet::layout(5, (3, 8), 2, modulation));
        // Every layer behind the first, the output among them, has a scale and a shift for each of its nodes.
        assert_eq!(modulated.len() - plain.len(), 3 * (2 * 16 + 16));
        let flat = Tensor::rand([1, modulated.len() as i64], (tch::Kind::Float, tch::Device::Cpu));
        let own = flat.narrow(1, 0, plain.len() as i64).contiguous();
        let x = Tensor::rand([1, 6, 5], (tch::Kind::Float, tch::Device::Cpu));
        let answer = |flat: &Tensor| ResNet::over(&modulated, flat, modulation).forward(&x);
        let zeros =
            Tensor::zeros([1, (modulated.len() - plain.len()) as i64], (tch::Kind::Float, tch::Device::Cpu));
        let expected = ResNet::over(&plain, &own, None).forward(&x);
        let apart = |found: &Tensor| (found - &expected).abs().max().double_value(&[]);
        assert!(apart(&answer(&Tensor::cat(&[&own, &zeros], 1))) < 1e-6);
        assert!(apart(&answer(&flat)) > 1e-2);
    }

    #[test]
    fn padding_changes_nothing() {
        for hidden_layers in [1, 4] {
            check::padding_changes_nothing(
                &ResNet::layout(22, (hidden_layers, 32), 5, None),
                22,
                |layout, flat, x| ResNet::over(layout, flat, None).forward(x),
                |layout, flat, x, d| {
                    ResNet::over(layout, flat, None).gradient(x, |_, place| place.shallow_clone().copy_(d))
                },
            );
        }
    }

    #[test]
    fn members_do_not_mix() {
        for modulation in [None, Some(Modulation { inputs: 3 })] {
            let layout = ResNet::layout(4, (3, 16), 2, modulation);
            check::members_are_alone(&layout, 4, |flat, x| {
                ResNet::over(&layout, flat, modulation).forward(x)
            });
        }
    }
}
