use drapes_analysis::plan::random_stream::Stream;
use tch::{Device, Kind};

use super::*;

const SHAPE: EncoderShape = EncoderShape { inputs: 3, context: 4, width: 8, heads: 2, hidden: 16, blocks: 2 };
const COUNTS: [usize; 6] = [3, 5, 2, 5, 2, 4];
const SLOTS: i64 = 5;

fn layout(shape: EncoderShape) -> Layout {
    let mut layout = Layout::default();
    shape.push(&mut layout);
    layout
}

fn parameters(layout: &Layout) -> Tensor {
    let streams: Vec<Stream> = (0..2).map(|member| Stream::of_job(1).branch(member)).collect();
    layout.initial(&streams, Device::Cpu)
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

fn encoder(shape: EncoderShape, layout: &Layout, flat: &Tensor) -> Encoder {
    Encoder::take(shape, &mut layout.views(flat).into_iter())
}

/// Inputs and context.
fn inputs() -> (Tensor, Tensor) {
    (wave(&[2, 3 * SLOTS, 3], 0.7), wave(&[2, 3, 4], 1.3))
}

/// The same network in plain operations that libtorch records, the context beside the elements' own inputs.
struct Textbook {
    views: std::vec::IntoIter<Tensor>,
    shape: EncoderShape,
    context: Option<Tensor>,
}

impl Textbook {
    fn next(&mut self) -> Tensor {
        self.views.next().expect("a view for each block of the layout")
    }

    fn dense(&mut self, x: &Tensor) -> Tensor {
        x.matmul(&self.next()) + self.next()
    }

    fn feed_forward(&mut self, x: &Tensor) -> Tensor {
        let mut weight = self.next();
        let mut inputs = x.shallow_clone();
        if let Some(context) = self.context.as_ref().map(Tensor::shallow_clone) {
            weight = Tensor::cat(&[weight, self.next()], 1);
            inputs = Tensor::cat(&[inputs, context.repeat_interleave_self_int(SLOTS, 1, None)], 2);
        }
        let z = inputs.matmul(&weight) + self.next();
        let hidden = z.relu() - (-&z).relu() * 0.1;
        self.dense(&hidden)
    }

    fn norm(&self, h: &Tensor) -> Tensor {
        h.layer_norm([self.shape.width as i64], None::<Tensor>, None::<Tensor>, 1e-5, false)
    }

    fn forward(mut self, x: &Tensor, padding: &Padding) -> Tensor {
        let mut h = self.feed_forward(x);
        let (sets, heads) = (padding.all_sets(), self.shape.heads as i64);
        for _ in 0..self.shape.blocks {
            let qkv = self.dense(&self.norm(&h)).view([sets, SLOTS, 3, heads, -1]);
            let [q, k, v] = [0, 1, 2].map(|part| qkv.select(2, part).transpose(1, 2));
            let scores = q.matmul(&k.transpose(2, 3)) / (q.size()[3] as f64).sqrt();
            let scores = scores + padding.mask().expect("a mask");
            let values = scores.softmax(-1, Kind::Float).matmul(&v).transpose(1, 2).reshape(h.size());
            h = &h + self.dense(&values);
            h = &h + self.feed_forward(&self.norm(&h));
        }
        h
    }
}

#[test]
fn results_and_written_gradients_are_those_of_the_textbook() {
    for shape in [SHAPE, EncoderShape { context: 0, ..SHAPE }] {
        let layout = layout(shape);
        let flat = parameters(&layout).set_requires_grad(true);
        let (x, context) = inputs();
        let context = (shape.context > 0).then(|| context.set_requires_grad(true));
        let padding = padding();
        let textbook = Textbook {
            views: layout.views(&flat).into_iter(),
            shape,
            context: context.as_ref().map(Tensor::shallow_clone),
        };
        let expected = textbook.forward(&x, &padding);
        let d_h = padding.zeroed(&wave(&[2, 3 * SLOTS, 8], 0.3));
        let leaves: Vec<&Tensor> = std::iter::once(&flat).chain(context.as_ref()).collect();
        let recorded = Tensor::run_backward(&[(&expected * &d_h).sum(Kind::Float)], &leaves, false, false);
        let (flat, context) = (flat.detach(), context.as_ref().map(Tensor::detach));
        let network = encoder(shape, &layout, &flat);
        for kernel in [AttentionKernel::Written, AttentionKernel::Fused] {
            let (h, saved) = network.forward_saving(&x, context.as_ref(), &padding, kernel);
            assert!(difference(&padding.zeroed(&h), &padding.zeroed(&expected.detach())) < 1e-5);
            let gradient = flat.zeros_like();
            let sum = encoder(shape, &layout, &gradient);
            // Gradients are summed: a second time gives twice as much.
            for times in [1.0, 2.0] {
                let d_context = network.backward(&saved, context.as_ref(), d_h.copy(), &sum);
                let scale = recorded[0].abs().max().double_value(&[]);
                assert!(scale > 0.1, "a gradient to compare with");
                assert!(difference(&(&recorded[0] * times), &gradient) < 1e-5 * scale);
                if let Some(d_context) = d_context {
                    assert!(recorded[1].abs().max().double_value(&[]) > 0.01, "a gradient to compare with");
                    assert!(difference(&recorded[1], &d_context) < 1e-5);
                }
                if kernel == AttentionKernel::Fused {
                    // What is recorded can be followed back once.
                    break;
                }
            }
        }
    }
}

#[test]
fn what_lies_in_padded_slots_changes_nothing() {
    let layout = layout(SHAPE);
    let flat = parameters(&layout);
    let (x, context) = inputs();
    let padding = padding();
    let elements = padding.elements().expect("some padding");
    let spoilt = x.masked_fill(&elements.lt(0.5), f64::NAN);
    let network = encoder(SHAPE, &layout, &flat);
    for kernel in [AttentionKernel::Written, AttentionKernel::Fused] {
        let run = |x: &Tensor| {
            let (h, saved) = network.forward_saving(x, Some(&context), &padding, kernel);
            let gradient = flat.zeros_like();
            let d_h = padding.zeroed(&h.cos());
            network.backward(&saved, Some(&context), d_h, &encoder(SHAPE, &layout, &gradient));
            (padding.zeroed(&h), gradient)
        };
        let ((clean, clean_gradient), (found, gradient)) = (run(&x), run(&spoilt));
        assert!(difference(&clean, &found) < 1e-6 && difference(&clean_gradient, &gradient) < 1e-6);
        assert!(gradient.abs().max().double_value(&[]) > 0.1);
        // A set of its own, without padding, is encoded in the same way.
        let alone = Padding::new(&[3], 1, 3, Device::Cpu);
        let first = encoder(SHAPE, &layout, &flat.narrow(0, 0, 1));
        let h = first.forward(
            &x.narrow(0, 0, 1).narrow(1, 0, 3),
            Some(&context.narrow(0, 0, 1).narrow(1, 0, 1)),
            &alone,
            kernel,
        );
        assert!(difference(&h, &clean.narrow(0, 0, 1).narrow(1, 0, 3)) < 1e-5);
    }
}

#[test]
fn the_order_of_elements_is_kept_and_nothing_else() {
    let layout = layout(SHAPE);
    let network = encoder(SHAPE, &layout, &parameters(&layout));
    let (x, context) = inputs();
    let full = Padding::new(&[5; 6], 2, 5, Device::Cpu);
    let order = Tensor::from_slice(&[3_i64, 0, 4, 2, 1]);
    let permuted = |x: &Tensor| x.view([2, 3, SLOTS, -1]).index_select(2, &order).reshape([2, 3 * SLOTS, -1]);
    let run = |x: &Tensor| network.forward(x, Some(&context), &full, AttentionKernel::Written);
    assert!(difference(&permuted(&run(&x)), &run(&permuted(&x))) < 1e-5);
    assert!(difference(&run(&x), &run(&permuted(&x))) > 0.01, "elements differ");
}

#[test]
fn members_do_not_mix() {
    let layout = layout(SHAPE);
    let flat = parameters(&layout);
    let (x, context) = inputs();
    let together =
        encoder(SHAPE, &layout, &flat).forward(&x, Some(&context), &padding(), AttentionKernel::Written);
    for member in 0..2_i64 {
        let counts = &COUNTS[3 * member as usize..3 * member as usize + 3];
        let padding = Padding::new(counts, 1, SLOTS as usize, Device::Cpu);
        let of = |all: &Tensor| all.narrow(0, member, 1);
        let network = encoder(SHAPE, &layout, &of(&flat));
        let alone = network.forward(&of(&x), Some(&of(&context)), &padding, AttentionKernel::Written);
        assert!(difference(&padding.zeroed(&alone), &padding.zeroed(&of(&together))) < 1e-5);
    }
}

#[test]
fn sixteen_bits_give_the_same_up_to_their_precision() {
    let layout = layout(SHAPE);
    let flat = parameters(&layout);
    let (x, context) = inputs();
    let padding = padding();
    for kernel in [AttentionKernel::Written, AttentionKernel::Fused] {
        let run = |kind: Kind| {
            let network = encoder(SHAPE, &layout, &flat.to_kind(kind));
            let (h, saved) = network.forward_saving(&x, Some(&context), &padding, kernel);
            assert_eq!(h.kind(), Kind::Float);
            let gradient = flat.zeros_like();
            let d_h = padding.zeroed(&h);
            network.backward(&saved, Some(&context), d_h, &encoder(SHAPE, &layout, &gradient));
            (padding.zeroed(&h), gradient)
        };
        let ((exact, exact_gradient), (rounded, gradient)) = (run(Kind::Float), run(Kind::BFloat16));
        let scale = exact_gradient.abs().max().double_value(&[]);
        let found = [difference(&exact, &rounded), difference(&exact_gradient, &gradient) / scale];
        assert!(found.iter().all(|found| (1e-5..0.05).contains(found)), "{kernel:?} {found:?}");
    }
}

#[test]
fn the_norms_of_a_gpu_give_the_same() {
    crate::nn::as_on_a_gpu(results_and_written_gradients_are_those_of_the_textbook);
}
