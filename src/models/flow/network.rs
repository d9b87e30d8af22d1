//! Conditional autoregressive flows of an ensemble: exact densities, exact inverses, and the gradients of both.

mod both_ways;

use std::rc::Rc;

use tch::Tensor;

use super::conditioner::{Conditioner, Hidden};
use super::dense::{DenseNetworks, DensePlaces};
use super::shape::FlowShape;
use super::spline;
use crate::device::can_record;

/// Flows of all members, over shared parameters.
pub struct Flow {
    shape: FlowShape,
    /// `[members, len]`
    flat: Tensor,
    layers: Vec<Conditioner>,
    /// Where passes from data to the base go through dense networks.
    dense: Option<Rc<DensePlaces>>,
}

/// The gradient of a flow's parameters, `[members, len]`, and views of it.
pub struct FlowGradient {
    /// All gradients of a member in a row.
    pub flat: Tensor,
    layers: Vec<Conditioner>,
    /// Of the dense networks, where there are any.
    dense: Option<DenseNetworks>,
}

/// The result of a pass through a flow, with what its gradient needs.
pub struct Pass {
    /// The values behind it, `[members, features, batch]`.
    pub value: Tensor,
    /// ln |det ∂value/∂input|, `[members, 1, batch]`.
    pub log_det: Tensor,
    /// In the order of the layers that it passed.
    layers: Vec<LayerPass>,
    /// The dense networks that it went through, if it did.
    dense: Option<DenseNetworks>,
}

struct LayerPass {
    hidden: Hidden,
    splines: spline::Passed,
}

impl Flow {
    /// The flows of `[members, len]` parameters, which they share.
    ///
    /// # Panics
    /// If the parameters are not as many as the layout's.
    pub fn over(shape: FlowShape, flat: &Tensor) -> Self {
        let dense = can_record(flat.device()).then(|| Rc::new(DensePlaces::new(shape, flat.device())));
        Self { shape, flat: flat.shallow_clone(), layers: conditioners(shape, flat), dense }
    }

    /// Passes go as they do on a GPU.
    #[cfg(test)]
    pub(super) fn go_through_dense_networks(&mut self) {
        self.dense = Some(Rc::new(DensePlaces::new(self.shape, self.flat.device())));
    }

    /// Whether passes go through dense networks, as on a GPU.
    pub(super) fn goes_through_dense_networks(&self) -> bool {
        self.dense.is_some()
    }

    /// The network behind each flow.
    pub(super) fn shape(&self) -> &FlowShape {
        &self.shape
    }

    /// The parameters, `[members, len]`.
    pub(super) fn parameters(&self) -> &Tensor {
        &self.flat
    }

    /// One flow of the ensemble.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn member(&self, member: usize) -> Self {
        let flat = self.flat.narrow(0, member as i64, 1);
        Self { shape: self.shape, layers: conditioners(self.shape, &flat), flat, dense: self.dense.clone() }
    }

    /// Room for a gradient.
    pub fn gradient(&self) -> FlowGradient {
        let flat = self.flat.zeros_like();
        let dense = self.dense.as_ref().map(|places| places.gradient(&flat));
        FlowGradient { layers: conditioners(self.shape, &flat), flat, dense }
    }

    /// Values and densities: from data to the base, or from left to right.
    ///
    /// # Shapes
    /// `x` `[members, features, batch]`, `context` `[members, 1, batch]`.
    pub fn forward(&self, x: &Tensor, context: &Tensor) -> Pass {
        let mut pass = Pass::begin(x);
        pass.dense = self.dense.as_ref().map(|places| places.networks(&self.flat));
        for index in 0..self.layers.len() {
            if index > 0 {
                pass.value = pass.value.flip([1_i64].as_slice());
            }
            let conditioner = pass.conditioner(self, index);
            let hidden = conditioner.begin(context, &pass.value);
            let raw = self.buffers(&pass.value);
            for group in 0..conditioner.groups() {
                conditioner.group(&hidden, group, &conditioner.raw_of(&raw, group));
            }
            let splines = self.shape.spline.forward(&pass.value, &raw);
            pass.push(hidden, splines, Direction::Forward);
        }
        pass.value = self.in_order(pass.value);
        pass
    }

    /// The inputs whose values are `y`, and the density of the way back.
    ///
    /// # Shapes
    /// As [`Flow::forward`].
    pub fn inverse(&self, y: &Tensor, context: &Tensor) -> Pass {
        let mut pass = Pass::begin(&self.in_order(y.shallow_clone()));
        for (index, conditioner) in self.layers.iter().enumerate().rev() {
            let (hidden, raw) = self.solve(conditioner, &pass.value, context);
            let splines = self.shape.spline.forward(&conditioner.features(&hidden), &raw);
            pass.push(hidden, splines, Direction::Inverse);
            pass.value = conditioner.features(&pass.layers[pass.layers.len() - 1].hidden);
            if index > 0 {
                pass.value = pass.value.flip([1_i64].as_slice());
            }
        }
        pass
    }

    /// From the gradients of a forward passage's values and densities to those of its inputs, and of the parameters
    /// where they are wanted.
    ///
    /// # Shapes
    /// `d_value` `[members, features, batch]`; `d_log_det` broadcasts to it.
    pub fn backward(
        &self,
        pass: &Pass,
        d_value: &Tensor,
        d_log_det: &Tensor,
        gradient: Option<&FlowGradient>,
    ) -> Tensor {
        let mut d_value = self.in_order(d_value.shallow_clone());
        for index in (0..self.layers.len()).rev() {
            let LayerPass { hidden, splines } = &pass.layers[index];
            let conditioner = pass.conditioner(self, index);
            let spline::Gradient { input, raw } = splines.backward(&self.shape.spline, &d_value, d_log_det);
            let backward = hidden.begin_backward();
            let gradient = gradient.map(|gradient| match &gradient.dense {
                Some(dense) => &dense.layers[index],
                None => &gradient.layers[index],
            });
            for group in (0..conditioner.groups()).rev() {
                let d_out = conditioner.raw_of(&raw, group);
                conditioner.group_backward((hidden, &backward), group, &d_out, &input, gradient);
            }
            d_value = if index > 0 { input.flip([1_i64].as_slice()) } else { input };
        }
        if let (Some(places), Some(gradient)) = (&self.dense, gradient)
            && let Some(dense) = &gradient.dense
        {
            places.collect(dense, &gradient.flat);
        }
        d_value
    }

    /// As [`Flow::backward`], for a pass of the inverse.
    pub fn backward_inverse(
        &self,
        pass: &Pass,
        d_value: &Tensor,
        d_log_det: &Tensor,
        gradient: Option<&FlowGradient>,
    ) -> Tensor {
        let mut d_value = d_value.copy();
        let last = self.layers.len() - 1;
        for (index, conditioner) in self.layers.iter().enumerate() {
            if index > 0 {
                d_value = d_value.flip([1_i64].as_slice());
            }
            let LayerPass { hidden, splines } = &pass.layers[last - index];
            let backward = hidden.begin_backward();
            let gradient = gradient.map(|gradient| &gradient.layers[index]);
            let mut d_inputs: Vec<Tensor> = Vec::with_capacity(self.features());
            for feature in (0..self.features()).rev() {
                let at = feature as i64;
                // Complete: what depends on this feature has been passed back.
                let d_feature = d_value.narrow(1, at, 1);
                let of_feature = splines.feature(at);
                let spline::Gradient { input, raw } =
                    of_feature.backward_inverse(&self.shape.spline, &d_feature, d_log_det);
                let d_out = raw.select(1, 0);
                conditioner.group_backward((hidden, &backward), feature, &d_out, &d_value, gradient);
                d_inputs.push(input);
            }
            d_inputs.reverse();
            d_value = Tensor::cat(&d_inputs, 1);
        }
        self.in_order(d_value)
    }

    /// Behind the last layer, features come back into their order where an odd number of reversals lies before: a flow
    /// that has learnt nothing is then the identity.
    fn in_order(&self, value: Tensor) -> Tensor {
        if self.layers.len().is_multiple_of(2) { value.flip([1_i64].as_slice()) } else { value }
    }

    /// As the value of [`Flow::forward`], without what a gradient would need.
    pub fn image(&self, x: &Tensor, context: &Tensor) -> Tensor {
        let mut value = x.shallow_clone();
        for (index, conditioner) in self.layers.iter().enumerate() {
            if index > 0 {
                value = value.flip([1_i64].as_slice());
            }
            let hidden = conditioner.begin(context, &value);
            let raw = self.buffers(&value);
            for group in 0..conditioner.groups() {
                conditioner.group(&hidden, group, &raw.select(1, group as i64));
            }
            value = self.shape.spline.forward(&value, &raw).value;
        }
        self.in_order(value)
    }

    /// As the value of [`Flow::inverse`], without what a gradient would need.
    pub fn preimage(&self, y: &Tensor, context: &Tensor) -> Tensor {
        let mut value = self.in_order(y.shallow_clone());
        for (index, conditioner) in self.layers.iter().enumerate().rev() {
            let (hidden, _) = self.solve(conditioner, &value, context);
            value = conditioner.features(&hidden);
            if index > 0 {
                value = value.flip([1_i64].as_slice());
            }
        }
        value
    }

    /// Inverts a layer, one feature after the other; gives what passed and the raw numbers of its splines.
    fn solve(&self, conditioner: &Conditioner, value: &Tensor, context: &Tensor) -> (Hidden, Tensor) {
        let hidden = conditioner.begin(context, value);
        let raw = self.buffers(value);
        self.solve_in((&hidden, &raw), conditioner, value);
        (hidden, raw)
    }

    /// The same in a place that has begun.
    fn solve_in(&self, (hidden, raw): (&Hidden, &Tensor), conditioner: &Conditioner, value: &Tensor) {
        for feature in 0..self.features() {
            let at = feature as i64;
            conditioner.group(hidden, feature, &raw.select(1, at));
            let of_feature = |all: &Tensor| all.narrow(1, at, 1);
            let x = self.shape.spline.inverse(&of_feature(value), &of_feature(raw));
            conditioner.set(hidden, feature, &x);
        }
    }

    /// ln p(x | context) of a flow to a unit normal.
    ///
    /// # Shapes
    /// As [`Flow::forward`]; the result is `[members, 1, batch]`.
    pub fn log_density(&self, x: &Tensor, context: &Tensor) -> Tensor {
        let pass = self.forward(x, context);
        log_normal(&pass.value) + pass.log_det
    }

    fn features(&self) -> usize {
        self.shape.conditioner.features
    }

    /// Room for the raw numbers of all splines.
    fn buffers(&self, features: &Tensor) -> Tensor {
        let size = features.size();
        let shape = [size[0], size[1], self.shape.conditioner.outputs as i64, size[2]];
        Tensor::empty(shape, (features.kind(), features.device()))
    }
}

/// ln of the density of a unit normal, summed over the features.
pub fn log_normal(z: &Tensor) -> Tensor {
    let squares = z.square().sum_dim_intlist([1_i64].as_slice(), true, z.kind());
    (squares + z.size()[1] as f64 * (2.0 * std::f64::consts::PI).ln()) * -0.5
}

fn conditioners(shape: FlowShape, flat: &Tensor) -> Vec<Conditioner> {
    let mut views = shape.layout().views(flat).into_iter();
    (0..shape.layers).map(|_| Conditioner::over(shape.conditioner, &mut views)).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Inverse,
}

impl Pass {
    fn begin(x: &Tensor) -> Self {
        let size = x.size();
        let log_det = Tensor::zeros([size[0], 1, size[2]], (x.kind(), x.device()));
        Self { value: x.shallow_clone(), log_det, layers: Vec::new(), dense: None }
    }

    /// The network of a layer that it went through.
    fn conditioner<'a>(&'a self, flow: &'a Flow, layer: usize) -> &'a Conditioner {
        self.dense.as_ref().map_or(&flow.layers[layer], |dense| &dense.layers[layer])
    }

    fn push(&mut self, hidden: Hidden, splines: spline::Passed, direction: Direction) {
        let log_det = splines.log_slope.sum_dim_intlist([1_i64].as_slice(), true, splines.log_slope.kind());
        match direction {
            Direction::Forward => {
                self.log_det += log_det;
                self.value = splines.value.shallow_clone();
            }
            Direction::Inverse => self.log_det -= log_det,
        }
        self.layers.push(LayerPass { hidden, splines });
    }
}

#[cfg(test)]
mod tests;
