use drapes_analysis::plan::random_stream::Stream;
use tch::Device;

use super::*;

const SHAPE: ClassAttentionShape = ClassAttentionShape { width: 8, heads: 2, hidden: 12, layers: 2 };
const COUNTS: [usize; 6] = [3, 5, 1, 5, 2, 4];
const SLOTS: i64 = 5;

fn layout(shape: ClassAttentionShape) -> Layout {
    let mut layout = Layout::default();
    shape.push(&mut layout);
    layout
}

fn parameters(layout: &Layout) -> Tensor {
    let streams: Vec<Stream> = (0..2).map(|member| Stream::of_job(1).branch(member)).collect();
    layout.initial(&streams, Device::Cpu) * 2.0
}

fn network(shape: ClassAttentionShape, flat: &Tensor) -> ClassAttention {
    ClassAttention::take(shape, &mut layout(shape).views(flat).into_iter())
}

fn wave(shape: &[i64], step: f64) -> Tensor {
    let count = shape.iter().product::<i64>();
    (Tensor::arange(count, (Kind::Float, Device::Cpu)) * step).sin().reshape(shape)
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

fn padding() -> Padding {
    Padding::new(&COUNTS, 2, SLOTS as usize, Device::Cpu)
}

fn elements() -> Tensor {
    wave(&[2, 3 * SLOTS, 8], 0.7)
}

/// The same in plain operations that libtorch records, with keys and values of every element.
fn textbook(flat: &Tensor, elements: &Tensor, padding: &Padding) -> Tensor {
    let mut views = layout(SHAPE).views(flat).into_iter();
    let mut next = || views.next().expect("a view for each block of the layout");
    let norm = |x: &Tensor| x.layer_norm([8], None::<Tensor>, None::<Tensor>, 1e-5, false);
    let mut token = next().expand([2, 3, 8], false);
    // [members, sets, slots, width]
    let elements = norm(elements).view([2, 3, SLOTS, 8]);
    let mask = padding.mask().expect("a mask").view([2, 3, 1, SLOTS]);
    for _ in 0..SHAPE.layers {
        let mut dense = |x: &Tensor| x.matmul(&next()) + next();
        let q = dense(&norm(&token)).view([2, 3, 2, 1, 4]);
        let mut by_head = || {
            let matrix = next().view([2, 2, 8, 4]).transpose(1, 2).reshape([2, 1, 8, 8]);
            elements.matmul(&matrix).view([2, 3, SLOTS, 2, 4]).transpose(2, 3)
        };
        let (k, v) = (by_head(), by_head());
        let scores = q.matmul(&k.transpose(3, 4)).view([2, 3, 2, SLOTS]) / 2.0 + &mask;
        let attended = scores.softmax(-1, Kind::Float).unsqueeze(3).matmul(&v).reshape([2, 3, 8]);
        let mut dense = |x: &Tensor| x.matmul(&next()) + next();
        token = &token + dense(&attended);
        let z = dense(&norm(&token));
        let hidden = z.relu() - (-&z).relu() * 0.1;
        token = &token + dense(&hidden);
    }
    token
}

#[test]
fn tokens_and_written_gradients_are_those_of_the_textbook() {
    let layout = layout(SHAPE);
    let flat = parameters(&layout).set_requires_grad(true);
    let (x, padding) = (elements().set_requires_grad(true), padding());
    let expected = textbook(&flat, &x, &padding);
    let d_token = wave(&[2, 3, 8], 0.3);
    let objective = (&expected * &d_token).sum(Kind::Float);
    let recorded = Tensor::run_backward(&[objective], &[&flat, &x], false, false);
    let (flat, x) = (flat.detach(), x.detach());
    let class_attention = network(SHAPE, &flat);
    let (token, saved) = class_attention.forward_saving(&x, &padding);
    assert!(difference(&token, &expected.detach()) < 1e-5);
    assert!(difference(&token, &class_attention.forward(&x, &padding)) < 1e-7);
    let gradient = flat.zeros_like();
    let sum = network(SHAPE, &gradient);
    // Gradients are summed: a second time gives twice as much.
    for times in [1.0, 2.0] {
        let d_elements = class_attention.backward(&saved, &padding, &d_token, &sum);
        let scale = recorded[0].abs().max().double_value(&[]);
        assert!(scale > 0.1, "a gradient to compare with");
        assert!(difference(&(&recorded[0] * times), &gradient) < 1e-5 * scale);
        assert!(recorded[1].abs().max().double_value(&[]) > 0.1, "a gradient to compare with");
        assert!(difference(&recorded[1], &d_elements) < 1e-5);
        let padded = padding.elements().expect("some padding").lt(0.5);
        assert!(d_elements.masked_select(&padded).abs().max().double_value(&[]) == 0.0);
    }
}

#[test]
fn a_token_is_the_direct_sum_over_elements_in_any_order() {
    // A set of its own, its elements in another order and without padding, has the same token.
    let flat = parameters(&layout(SHAPE));
    let x = elements();
    let together = network(SHAPE, &flat).forward(&x, &padding());
    for (set, count) in (0..).zip(COUNTS) {
        let (member, set) = (set / 3, set % 3);
        let order: Vec<i64> = (0..count as i64).rev().map(|slot| set * SLOTS + slot).collect();
        let alone = x.narrow(0, member, 1).index_select(1, &Tensor::from_slice(&order));
        let own = network(SHAPE, &flat.narrow(0, member, 1));
        let token = own.forward(&alone, &Padding::new(&[count], 1, count, Device::Cpu));
        assert!(difference(&token, &together.narrow(0, member, 1).narrow(1, set, 1)) < 1e-5);
    }
    assert!(difference(&together.get(0), &together.get(1)) > 0.01, "members differ");
}

#[test]
fn sixteen_bits_give_the_same_up_to_their_precision() {
    let flat = parameters(&layout(SHAPE));
    let (x, padding) = (elements(), padding());
    let run = |kind: Kind| {
        let class_attention = network(SHAPE, &flat.to_kind(kind));
        let (token, saved) = class_attention.forward_saving(&x, &padding);
        assert_eq!(token.kind(), Kind::Float);
        let gradient = flat.zeros_like();
        let d_elements = class_attention.backward(&saved, &padding, &token.cos(), &network(SHAPE, &gradient));
        (token, gradient, d_elements)
    };
    let (exact, rounded) = (run(Kind::Float), run(Kind::BFloat16));
    for (exact, rounded) in [(exact.0, rounded.0), (exact.1, rounded.1), (exact.2, rounded.2)] {
        let found = difference(&exact, &rounded) / exact.abs().max().double_value(&[]);
        assert!((1e-5..0.1).contains(&found), "{found}");
    }
}

#[test]
fn the_norms_of_a_gpu_give_the_same() {
    crate::nn::as_on_a_gpu(tokens_and_written_gradients_are_those_of_the_textbook);
}
