//! Some events up by a flow and others down by its inverse, with one gradient for both, for a GPU: few operators, whatever
//! they cost.
//!
//! A layer's parameters learn from the gradient of its own values, which the layers behind it pass on. So that no layer
//! waits for another, each passes it on by a small matrix: U, the derivatives of its values by its inputs, upwards, and
//! their inverse V downwards, since
//!
//! ```text
//! y = f(x; θ), y fixed:  dx = −(∂f/∂x)⁻¹ (∂f/∂θ) dθ.
//! ```
//!
//! The matrices of all layers and of both ways follow from one pass back through all conditioners side by side, for each
//! row of the matrix at once; then the gradients of all parameters from another one. Features lie in their order, so that
//! U is triangular.

use tch::Tensor;

use super::super::dense::{DenseNetworks, DensePlaces};
use super::super::spline;
use super::{Flow, FlowGradient, Hidden};

/// Events that went up and events that went down, side by side in the batch in this order.
pub struct BothWays {
    /// The values behind both ways, `[members, features, 2 · half]`.
    pub value: Tensor,
    /// ln |det ∂value/∂input|, `[members, 1, 2 · half]`.
    pub log_det: Tensor,
    half: i64,
    networks: DenseNetworks,
    /// Of all layers, as members.
    hidden: Hidden,
    splines: spline::Passed,
}

/// What each layer passes on to the next, upwards and downwards: `[members, layers, …, half]`.
struct PassedOn {
    /// U[j, f] = ∂(value f)/∂(input j).
    up: Tensor,
    /// Its inverse, for the events that go down.
    down: Tensor,
    /// The gradient of the inputs by ln of the slopes, `[members, layers, features, 2 · half]`, times that of the loss by
    /// these.
    by_slopes: Tensor,
}

impl Flow {
    /// Some events up and as many others down; none where passes do not go through dense networks.
    ///
    /// # Shapes
    /// `low` and `high` `[members, features, half]`, `distance` `[members, 1, half]`.
    pub fn both_ways(&self, low: &Tensor, high: &Tensor, distance: &Tensor) -> Option<BothWays> {
        let places = self.dense.as_ref()?;
        let networks = places.networks(&self.flat);
        let size = low.size();
        let (layers, half) = (self.layers.len() as i64, size[2]);
        let hidden = Hidden::room(&self.shape.conditioner, [size[0], layers, 2 * half], low);
        let room = || {
            let numbers = self.shape.conditioner.outputs as i64;
            Tensor::empty([size[0], layers, size[1], numbers, half], (low.kind(), low.device()))
        };
        // A room for each way, since kernels of splines take each number of all events in a row.
        let raw = [room(), room()];
        let mut up = low.shallow_clone();
        for (index, conditioner) in networks.layers.iter().enumerate() {
            let (place, raw) = (hidden.place(index, 0, half), raw[0].select(1, index as i64));
            if index > 0 {
                up = reversed(&up);
            }
            place.begin(distance, &up);
            conditioner.group(&place, 0, &conditioner.raw_of(&raw, 0));
            up = self.shape.spline.forward(&up, &raw).value;
        }
        let mut down = self.in_order(high.shallow_clone());
        for (index, conditioner) in self.layers.iter().enumerate().rev() {
            let (place, raw) = (hidden.place(index, half, half), raw[1].select(1, index as i64));
            place.begin(distance, &down);
            self.solve_in((&place, &raw), conditioner, &down);
            down = conditioner.features(&place);
            if index > 0 {
                down = reversed(&down);
            }
        }
        let value = Tensor::cat(&[self.in_order(up), down], 2);
        // What both ways have seen of all layers, as though it had gone up.
        let hidden = hidden.as_members();
        let raw = Tensor::cat(&raw, 4).flatten(0, 1);
        let splines = self.shape.spline.forward(&self.layers[0].features(&hidden), &raw);
        let log_slopes = splines.log_slope.view([size[0], -1, 2 * half]);
        let log_det = log_slopes.sum_dim_intlist([1_i64].as_slice(), true, low.kind());
        let _ = log_det.narrow(2, half, half).neg_();
        Some(BothWays { value, log_det, half, networks, hidden, splines })
    }

    /// The gradient of the parameters by those of what [`Flow::both_ways`] has found.
    ///
    /// # Shapes
    /// `d_value` `[members, features, 2 · half]`, `d_log_det` `[members, 1, 2 · half]`.
    ///
    /// # Panics
    /// If the gradient has no room for dense networks, through which both ways have gone.
    pub fn backward_both_ways(
        &self,
        ways: &BothWays,
        d_value: &Tensor,
        d_log_det: &Tensor,
        gradient: &FlowGradient,
    ) {
        let places = self.dense.as_ref().expect("both ways went through dense networks");
        let dense = gradient.dense.as_ref().expect("room for their gradients");
        let half = ways.half;
        // Downwards the density has the slopes below the line.
        let by_slope = d_log_det.copy();
        let _ = by_slope.narrow(2, half, half).neg_();
        let passed_on = self.passed_on(places, ways, &by_slope);
        let d_values = self.gradients_of_values(d_value, half, &passed_on);
        let layers = self.layers.len() as i64;
        let size = by_slope.size();
        let by_slopes = by_slope.unsqueeze(1).expand([size[0], layers, 1, size[2]], false).flatten(0, 1);
        let raw = ways.splines.backward(&self.shape.spline, &d_values.flatten(0, 1), &by_slopes).raw;
        let networks = places.side_by_side(&ways.networks);
        networks.store_gradient(&ways.hidden, &raw.flatten(1, 2), &places.side_by_side(dense));
        places.collect(dense, &gradient.flat);
    }

    /// How the layers pass gradients on.
    fn passed_on(&self, places: &DensePlaces, ways: &BothWays, by_slope: &Tensor) -> PassedOn {
        let BothWays { half, hidden, splines, .. } = ways;
        let (features, batch) = (self.features() as i64, 2 * half);
        let (ones, zeros) = (splines.value.ones_like(), splines.value.zeros_like());
        let of_values = splines.backward(&self.shape.spline, &ones, &zeros);
        let of_slopes = splines.backward(&self.shape.spline, &zeros, &ones);
        // A seed for each feature's value, and one for the slopes of all.
        let [values, slopes] = places.seeds();
        let d_out = (of_values.raw.unsqueeze(3) * values).addcmul_(&of_slopes.raw.unsqueeze(3), slopes);
        let seeds = features + 1;
        let d_out = d_out.view([d_out.size()[0], -1, seeds * batch]);
        let networks = places.side_by_side(&ways.networks);
        let shape = [-1, self.layers.len() as i64, features, seeds, batch];
        let found = networks.features_gradient(hidden, &d_out, seeds).view(shape);
        let matrices = found.narrow(3, 0, features);
        // Its own spline moves a feature, too; last come the members, the layers, the events and then the features.
        let of_values = of_values.input.view([shape[0], shape[1], features, batch]).transpose(2, 3);
        let _ = matrices.diagonal(0, 2, 3).g_add_(&of_values);
        let _ =
            found.select(3, features).g_add_(&of_slopes.input.view([shape[0], shape[1], features, batch]));
        let by_slopes = found.select(3, features) * by_slope.unsqueeze(1);
        let down = inverse_of_triangular(&matrices.narrow(4, *half, *half));
        PassedOn { up: matrices.narrow(4, 0, *half), down, by_slopes }
    }

    /// The gradients of the values of each layer, `[members, layers, features, 2 · half]`, as though all had gone up.
    fn gradients_of_values(&self, d_value: &Tensor, half: i64, passed_on: &PassedOn) -> Tensor {
        let PassedOn { up, down, by_slopes } = passed_on;
        let layers = self.layers.len() as i64;
        let mut d_up = self.in_order(d_value.narrow(2, 0, half));
        let mut ups = vec![];
        for layer in (0..layers).rev() {
            ups.push(d_up.shallow_clone());
            if layer > 0 {
                let by_slopes = by_slopes.select(1, layer).narrow(2, 0, half);
                d_up = reversed(&(product(&up.select(1, layer), &d_up) + by_slopes));
            }
        }
        ups.reverse();
        let mut d_down = d_value.narrow(2, half, half);
        let mut downs = vec![];
        for layer in 0..layers {
            if layer > 0 {
                d_down = reversed(&d_down);
            }
            let by_slopes = by_slopes.select(1, layer).narrow(2, half, half);
            d_down = product(&down.select(1, layer), &(d_down + by_slopes));
            downs.push(d_down.shallow_clone());
        }
        Tensor::cat(&[Tensor::stack(&ups, 1), Tensor::stack(&downs, 1).neg_()], 3)
    }
}

fn reversed(value: &Tensor) -> Tensor {
    value.flip([1_i64].as_slice())
}

/// A matrix times a vector for each event: `[members, rows, columns, batch]` and `[members, columns, batch]`.
fn product(matrix: &Tensor, vector: &Tensor) -> Tensor {
    (matrix * vector.unsqueeze(1)).sum_dim_intlist([2_i64].as_slice(), false, vector.kind())
}

/// The inverses of triangular matrices with nothing below the diagonal, from the last row to the first.
///
/// # Shapes
/// `[members, layers, rows, columns, batch]`, as is the result.
fn inverse_of_triangular(matrices: &Tensor) -> Tensor {
    let kind = matrices.kind();
    let inverse = matrices.zeros_like();
    let _ = inverse.diagonal(0, 2, 3).fill_(1.0);
    let rows = matrices.size()[2];
    for row in (0..rows).rev() {
        let mut own = inverse.select(2, row);
        let behind = rows - 1 - row;
        if behind > 0 {
            let weights = matrices.select(2, row).narrow(2, row + 1, behind).unsqueeze(3);
            let known = inverse.narrow(2, row + 1, behind);
            own -= (weights * known).sum_dim_intlist([2_i64].as_slice(), false, kind);
        }
        own /= matrices.select(2, row).narrow(2, row, 1);
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::super::super::objective::{GradientBuffers, Objective, Output};
    use super::super::tests::{events, largest, parameters, shape};
    use super::*;
    use crate::models::flow::FlowShape;

    #[test]
    fn both_ways_at_once_are_one_after_the_other() {
        for (layers, features, members, batch) in
            [(1, 4, 2, 60), (2, 1, 1, 62), (3, 2, 1, 62), (4, 5, 2, 60), (4, 4, 3, 2)]
        {
            let shape = FlowShape { layers, ..shape(features) };
            let base = || Flow::over(shape, &(parameters(shape, members) * 0.9));
            let flow = Flow::over(shape, &parameters(shape, members));
            let mut dense = Flow::over(shape, &parameters(shape, members));
            dense.go_through_dense_networks();
            let (x, mass) = events(members as i64, features as i64, batch);
            let rows = Tensor::cat(&[x, mass], 1);
            let objective = Objective::Transport(base());
            let of = |flow: &Flow| {
                let buffers = GradientBuffers::new(&objective, flow);
                let found = objective.evaluate(flow, &rows, &Output::Gradient(&buffers));
                [found.loss, found.gradient.expect("it was wanted")]
            };
            for (found, expected) in of(&dense).iter().zip(&of(&flow)) {
                let apart = largest(&(found - expected)) / largest(expected);
                assert!(apart < 1e-9, "{layers} layers, {features} features, {members} members: {apart}");
            }
        }
    }

    #[test]
    fn inverses_of_triangular_matrices_give_one() {
        let (size, kind) = (4_i64, (tch::Kind::Double, tch::Device::Cpu));
        let numbers =
            (Tensor::arange(2 * 3 * size * size * 5, kind).square().sin() * 2.0).view([2, 3, size, size, 5]);
        let upper = Tensor::ones([size, size], kind).triu(0).unsqueeze(2);
        let matrices = numbers * upper;
        let _ = matrices.diagonal(0, 2, 3).abs_().g_add_scalar_(0.2);
        let last = |of: &Tensor| of.permute([0, 1, 4, 2, 3]).contiguous();
        let product = last(&matrices).matmul(&last(&inverse_of_triangular(&matrices)));
        assert!(largest(&(product - Tensor::eye(size, kind))) < 1e-9);
    }
}
