//! What tests ask of every network: gradients equal finite differences, and no member of an ensemble depends on another.

use drapes_analysis::plan::random_stream::Stream;
use tch::{Device, Kind, Tensor};

use super::{Layout, with_the_norms_of_a_gpu};

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
    with_the_norms_of_a_gpu(compare);
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
