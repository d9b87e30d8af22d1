use drapes_analysis::job::FlowNetwork;
use drapes_analysis::plan::random_stream::Stream;
use rand_distr::{Distribution, StandardNormal};
use tch::{Device, Kind};

use super::*;

const NETWORK: FlowNetwork = FlowNetwork { layers: 3, blocks: 2, width: 13, epochs: 1, learning_rate: 1e-3 };

pub fn shape(features: usize) -> FlowShape {
    FlowShape::new(features, &NETWORK, 5, 3.0)
}

fn normals(shape: &[i64], seed: u64) -> Tensor {
    let mut generator = Stream::of_job(seed).generator();
    let values: Vec<f64> =
        (0..shape.iter().product::<i64>()).map(|_| StandardNormal.sample(&mut generator)).collect();
    Tensor::from_slice(&values).reshape(shape)
}

/// Parameters of flows that are far from the identity, in double precision.
pub fn parameters(shape: FlowShape, members: usize) -> Tensor {
    let streams: Vec<Stream> = (0..members).map(|member| Stream::of_job(1).branch(member)).collect();
    let start = shape.initial(&streams, Device::Cpu).to_kind(Kind::Double);
    let shift = normals(&start.size(), 9) * 0.08;
    start + shift
}

/// Events partly in the tails, and their context.
pub fn events(members: i64, features: i64, batch: i64) -> (Tensor, Tensor) {
    (normals(&[members, features, batch], 2) * 1.7, normals(&[members, 1, batch], 3))
}

pub fn largest(of: &Tensor) -> f64 {
    of.abs().max().double_value(&[])
}

#[test]
fn a_new_flow_is_the_identity() {
    for layers in [2, 3] {
        new_flow_is_the_identity(FlowShape { layers, ..shape(3) });
    }
}

fn new_flow_is_the_identity(shape: FlowShape) {
    let flow = Flow::over(shape, &shape.initial(&[Stream::of_job(1)], Device::Cpu));
    let (x, context) = events(1, 3, 100);
    let (x, context) = (x.to_kind(Kind::Float), context.to_kind(Kind::Float));
    let pass = flow.forward(&x, &context);
    assert!(largest(&(pass.value - x)) < 1e-5 && largest(&pass.log_det) < 1e-5);
}

#[test]
fn the_inverse_undoes_the_flow_in_single_precision_too() {
    for (kind, error) in [(Kind::Double, 1e-8), (Kind::Float, 1e-4)] {
        let shape = FlowShape { layers: 4, ..shape(4) };
        let flow = Flow::over(shape, &parameters(shape, 2).to_kind(kind));
        let (x, context) = events(2, 4, 300);
        let (x, context) = (x.to_kind(kind), context.to_kind(kind));
        let there = flow.forward(&x, &context);
        assert!(largest(&(&there.value - &x)) > 0.5, "the flow does something");
        let back = flow.inverse(&there.value, &context);
        assert!(largest(&(&back.value - &x)) < error, "{}", largest(&(&back.value - &x)));
        assert!(largest(&(&back.log_det + &there.log_det)) < 100.0 * error);
        assert!(largest(&(flow.image(&x, &context) - &there.value)) < 1e-12);
        assert!(largest(&(flow.preimage(&there.value, &context) - &back.value)) < 1e-12);
        let tails = x.abs().gt(3.0).sum(Kind::Int64).int64_value(&[]);
        assert!(tails > 10, "{tails} values lie in the tails");
    }
}

#[test]
fn densities_are_those_of_finite_differences() {
    let shape = shape(3);
    let flow = Flow::over(shape, &parameters(shape, 1));
    let (x, context) = events(1, 3, 50);
    let step = 1e-6;
    let columns: Vec<Tensor> = (0..3)
        .map(|feature| {
            let shift = x.zeros_like();
            let _ = shift.narrow(1, feature, 1).fill_(step);
            let value = |x: &Tensor| flow.forward(x, &context).value;
            ((value(&(&x + &shift)) - value(&(&x - &shift))) / (2.0 * step)).squeeze_dim(0).transpose(0, 1)
        })
        .collect();
    let jacobian = Tensor::stack(&columns, 2);
    let (_, log_det) = jacobian.slogdet();
    assert!(largest(&(log_det - flow.forward(&x, &context).log_det.flatten(0, -1))) < 1e-3);
}

#[test]
fn a_feature_does_not_depend_on_those_behind_it() {
    let one_layer = FlowShape { layers: 1, ..shape(4) };
    let flow = Flow::over(one_layer, &parameters(one_layer, 1));
    let (x, context) = events(1, 4, 20);
    let moved = x.copy();
    let _ = moved.narrow(1, 2, 1).g_add_scalar_(0.3);
    let change = flow.forward(&moved, &context).value - flow.forward(&x, &context).value;
    assert!(largest(&change.narrow(1, 0, 2)) < 1e-12);
    assert!(largest(&change.narrow(1, 2, 1)) > 1e-3 && largest(&change.narrow(1, 3, 1)) > 1e-6);
    let other = flow.forward(&x, &(&context + 0.5)).value - flow.forward(&x, &context).value;
    assert!(largest(&other.narrow(1, 0, 1)) > 1e-3, "the first feature depends on the context");
}

#[test]
fn densities_integrate_to_one() {
    // Over a grid that covers the tails, at two contexts and for two members at once.
    for features in [1_i64, 2] {
        let shape = shape(features as usize);
        let flow = Flow::over(shape, &parameters(shape, 2));
        let (points, reach) = (401_i64, 8.0);
        let axis = Tensor::linspace(-reach, reach, points, (Kind::Double, Device::Cpu));
        let grid = if features == 1 {
            axis.reshape([1, 1, -1])
        } else {
            Tensor::stack(&Tensor::meshgrid(&[&axis, &axis]), 0).reshape([1, 2, -1])
        };
        let count = points.pow(features as u32);
        let x = grid.expand([2, features, count], false).contiguous();
        for mass in [-1.0, 0.7] {
            let context = Tensor::full([2, 1, count], mass, (Kind::Double, Device::Cpu));
            let cell = (2.0 * reach / (points - 1) as f64).powi(features as i32);
            let total = flow.log_density(&x, &context).exp().sum_dim_intlist(
                [1_i64, 2].as_slice(),
                false,
                Kind::Double,
            ) * cell;
            assert!(largest(&(&total - 1.0)) < 1e-3, "{features}: {total:?}");
        }
    }
}

/// The largest difference of written and numerical derivatives of an objective by parameters, relative to the largest.
fn worst(flat: &Tensor, written: &Tensor, objective: impl Fn(&Tensor) -> Tensor) -> f64 {
    let step = 1e-6;
    let len = flat.size()[1];
    let mut worst: f64 = 0.0;
    // Every seventh parameter touches each layer of each group.
    for index in (0..len).step_by(7) {
        let shift = flat.zeros_like();
        let _ = shift.narrow(1, index, 1).fill_(step);
        let difference = (objective(&(flat + &shift)) - objective(&(flat - &shift))) / (2.0 * step);
        worst = worst.max(largest(&(difference - written.select(1, index))));
    }
    worst / largest(written)
}

#[test]
fn gradients_of_both_directions_are_those_of_finite_differences() {
    let shape = FlowShape { layers: 2, ..shape(3) };
    let flat = parameters(shape, 2);
    let (x, context) = events(2, 3, 40);
    let (d_value, d_log_det) = (normals(&[2, 3, 40], 5), normals(&[2, 1, 40], 6));
    let sum = |pass: Pass| {
        let all = pass.value * &d_value + pass.log_det * &d_log_det / 3.0;
        all.sum_dim_intlist([1_i64, 2].as_slice(), false, Kind::Double)
    };
    for inverse in [false, true] {
        let pass = |flat: &Tensor, x: &Tensor| {
            let flow = Flow::over(shape, flat);
            if inverse { flow.inverse(x, &context) } else { flow.forward(x, &context) }
        };
        let flow = Flow::over(shape, &flat);
        let gradient = flow.gradient();
        let passed = pass(&flat, &x);
        let d_x = if inverse {
            flow.backward_inverse(&passed, &d_value, &d_log_det, Some(&gradient))
        } else {
            flow.backward(&passed, &d_value, &d_log_det, Some(&gradient))
        };
        let found = worst(&flat, &gradient.flat, |flat| sum(pass(flat, &x)));
        assert!(found < 1e-4, "inverse {inverse}: {found}");
        let step = 1e-6;
        for feature in 0..3 {
            let shift = x.zeros_like();
            let _ = shift.narrow(1, feature, 1).fill_(step);
            let per_event = |passed: Pass| {
                (passed.value * &d_value + passed.log_det * &d_log_det / 3.0).sum_dim_intlist(
                    [1_i64].as_slice(),
                    false,
                    Kind::Double,
                )
            };
            let [above, below] = [&x + &shift, &x - &shift].map(|x| per_event(pass(&flat, &x)));
            let difference = (above - below) / (2.0 * step);
            let error = largest(&(difference - d_x.select(1, feature)));
            assert!(error < 1e-3 * largest(&d_x), "inverse {inverse}, feature {feature}: {error}");
        }
    }
}

#[test]
fn members_do_not_mix() {
    let shape = shape(3);
    let flat = parameters(shape, 3);
    let (x, context) = events(3, 3, 30);
    let together = Flow::over(shape, &flat).forward(&x, &context);
    for member in 0..3 {
        let of = |all: &Tensor| all.narrow(0, member, 1);
        let alone = Flow::over(shape, &of(&flat)).forward(&of(&x), &of(&context));
        assert!(largest(&(of(&together.value) - alone.value)) < 1e-12);
        assert!(largest(&(of(&together.log_det) - alone.log_det)) < 1e-12);
    }
}

#[test]
fn masked_weights_are_not_stored() {
    let shape = FlowShape { layers: 1, ..shape(4) };
    // Weights, and a bias for each node: three layers a block pair and one output a group.
    let biases = 13 * (1 + 2 * NETWORK.blocks) + 4 * shape.spline.parameters();
    assert_eq!(shape.layout().len(), shape.conditioner.weights() + biases);
    let dense = 5 * 13 + 4 * 13 * 13 + 13 * 4 * shape.spline.parameters();
    assert!((shape.conditioner.weights() as f64) < 0.7 * dense as f64);
}

#[test]
fn dense_networks_and_their_gradients_are_those_of_the_groups() {
    let shape = shape(4);
    let flat = parameters(shape, 2);
    let groups = Flow::over(shape, &flat);
    let mut dense = Flow::over(shape, &flat);
    dense.go_through_dense_networks();
    let (x, context) = events(2, 4, 60);
    let (d_value, d_log_det) = (normals(&[2, 4, 60], 5), normals(&[2, 1, 60], 6));
    let of = |flow: &Flow| {
        let (pass, gradient) = (flow.forward(&x, &context), flow.gradient());
        let d_x = flow.backward(&pass, &d_value, &d_log_det, Some(&gradient));
        [pass.value, pass.log_det, d_x, gradient.flat]
    };
    for (found, expected) in of(&dense).iter().zip(&of(&groups)) {
        assert!(largest(expected) > 0.1 && largest(&(found - expected)) < 1e-10 * largest(expected));
    }
    // The flow of one member, and one whose parameters have changed in place.
    let member = dense.member(1).forward(&x.narrow(0, 1, 1), &context.narrow(0, 1, 1));
    assert!(largest(&(member.value - dense.forward(&x, &context).value.narrow(0, 1, 1))) < 1e-10);
    let before = dense.forward(&x, &context).value;
    let _ = flat.shallow_clone().g_mul_scalar_(1.1);
    assert!(largest(&(dense.forward(&x, &context).value - before)) > 0.01);
}
