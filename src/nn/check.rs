//! What tests ask of every network: gradients equal finite differences, and no member of an ensemble depends on another.

use drapes_analysis::plan::random_stream::Stream;
use tch::{Device, Kind, Tensor};

use super::{Layout, as_on_a_gpu, pad};

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

fn parameters(layout: &Layout, members: usize) -> Tensor {
    let streams: Vec<Stream> = (0..members).map(|member| Stream::of_job(1).branch(member)).collect();
    let start = layout.initial(&streams, Device::Cpu);
    // Nothing may stay at zero: a zero output layer would hide mistakes below it.
    let shift = Tensor::arange(start.numel() as i64, (Kind::Float, Device::Cpu)).sin() * 0.3;
    start + shift.reshape([members as i64, layout.len() as i64])
}

fn inputs(members: i64, batch: i64, features: i64) -> Tensor {
    let wave = Tensor::arange(members * batch * features, (Kind::Float, Device::Cpu)) * 0.7;
    wave.sin().reshape([members, batch, features])
}

/// Compares a written gradient with the one that libtorch records.
pub fn gradients_agree(
    layout: &Layout,
    features: i64,
    forward: impl Fn(&Tensor, &Tensor) -> Tensor,
    gradient: impl Fn(&Tensor, &Tensor, &Tensor) -> Tensor,
) {
    let flat = parameters(layout, 3).set_requires_grad(true);
    let x = inputs(3, 17, features);
    let output = forward(&flat, &x);
    let d = inputs(3, 17, output.size()[2]).cos();
    let recorded = Tensor::run_backward(&[(&output * &d).sum(Kind::Float)], &[&flat], false, false).remove(0);
    let scale = recorded.abs().max().double_value(&[]);
    assert!(scale > 0.1, "a gradient to compare with");
    let compare = || {
        let written = gradient(&flat.detach(), &x, &d);
        assert!(difference(&recorded, &written) < 1e-5 * scale, "{}", difference(&recorded, &written));
    };
    compare();
    as_on_a_gpu(compare);
}

/// Compares a network with the same one in a padded layout: answers, and gradients, which are zero where it is padded.
pub fn padding_changes_nothing(
    layout: &Layout,
    features: usize,
    forward: impl Fn(&Layout, &Tensor, &Tensor) -> Tensor,
    gradient: impl Fn(&Layout, &Tensor, &Tensor, &Tensor) -> Tensor,
) {
    let own = parameters(layout, 3);
    let padded = layout.padded();
    assert!(padded.len() > layout.len());
    // What lies at a place that is padded is zero.
    let places = Tensor::arange(padded.len() as i64, (Kind::Int64, Device::Cpu)).unsqueeze(0);
    let places = padded.without_padding(&places).expand_as(&own);
    let flat = Tensor::zeros([3, padded.len() as i64], (Kind::Float, Device::Cpu)).scatter(1, &places, &own);
    let x = inputs(3, 17, features as i64);
    let wide = pad(&x, padded.with_padding(features));
    let (expected, found) = (forward(layout, &own, &x), forward(&padded, &flat, &wide));
    let outputs = expected.size()[2];
    assert!(difference(&found.narrow(2, 0, outputs), &expected) < 1e-5);
    assert!(found.size()[2] == outputs || found.narrow(2, outputs, 1).abs().max().double_value(&[]) == 0.0);
    let d = expected.cos();
    let expected = gradient(layout, &own, &x, &d);
    let found = gradient(&padded, &flat, &wide, &pad(&d, found.size()[2]));
    let scale = expected.abs().max().double_value(&[]);
    assert!(scale > 0.1, "a gradient to compare with");
    assert!(difference(&padded.without_padding(&found), &expected) < 1e-5 * scale);
    let zeros = found.scatter(1, &places, &own.zeros_like());
    assert!(zeros.equal(&zeros.zeros_like()), "a gradient where it is padded");
}

/// Compares the members of an ensemble with the same members alone.
pub fn members_are_alone(layout: &Layout, features: i64, forward: impl Fn(&Tensor, &Tensor) -> Tensor) {
    let flat = parameters(layout, 3);
    let x = inputs(3, 9, features);
    let together = forward(&flat, &x);
    for member in 0..3 {
        let alone = forward(&flat.narrow(0, member, 1), &x.narrow(0, member, 1));
        assert!(difference(&together.narrow(0, member, 1), &alone) < 1e-6);
    }
    assert!(difference(&together.get(0), &together.get(1)) > 1e-3, "members differ");
}
