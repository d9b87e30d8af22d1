//! The products of masked layers: forward, back, and of the gradients of weights. Events lie side by side, so that a group of
//! nodes may have any size.

use pulp::{Simd, WithSimd};

use super::blocks::{Blocks, cover};
use crate::fused::layers::TILE;
use crate::fused::product::vectors_at;

/// A dense layer of one group of nodes, among the parameters of all.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where the weights begin, `(rows, width)`.
    pub weight: usize,
    /// Where the biases begin.
    pub bias: usize,
    /// From a row of weights to the next.
    pub width: usize,
    /// The first of its outputs among those of all groups.
    pub first: usize,
    /// Its outputs.
    pub rows: usize,
    /// Its inputs: the first ones.
    pub depth: usize,
}

/// What becomes of the outputs of a part.
pub struct Outputs<'a> {
    /// They are put here or added to what is here, `(outputs of all groups, TILE)`.
    pub sum: Option<(Sum, &'a mut [f32])>,
    /// What comes of that behind a ReLU.
    pub rectified: Option<&'a mut [f32]>,
}

/// What outputs do to what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// They replace it.
    New,
    /// They are added.
    Added,
}

/// The outputs of a part.
pub struct Answer<'a> {
    /// Which part.
    pub part: &'a Part,
    /// The parameters of all.
    pub parameters: &'a [f32],
    /// What it is given, `(depth or more, TILE)`.
    pub x: &'a [f32],
    /// Where the outputs go.
    pub outputs: Outputs<'a>,
}

impl WithSimd for Answer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let rows = self.part.rows;
        cover(simd, &mut self, rows, TILE / S::F32_LANES);
    }
}

impl Blocks for Answer<'_> {
    #[inline(always)]
    fn block<S: Simd, const R: usize, const C: usize>(&mut self, simd: S, row: usize, first: usize) {
        let Part { weight, bias, width, depth, first: offset, .. } = *self.part;
        let vectors = TILE / S::F32_LANES;
        let bias = &self.parameters[bias + row..][..R];
        let weight: [&[f32]; R] =
            std::array::from_fn(|r| &self.parameters[weight + (row + r) * width..][..depth]);
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        for (sums, bias) in sums.iter_mut().zip(bias) {
            *sums = [simd.splat_f32s(*bias); C];
        }
        for (k, x) in (0..depth).zip(S::as_simd_f32s(self.x).0.chunks_exact(vectors)) {
            let x = vectors_at::<S, C>(x, first);
            for (weight, sums) in weight.iter().zip(&mut sums) {
                let weight = simd.splat_f32s(weight[k]);
                for (x, sum) in x.iter().zip(sums) {
                    *sum = simd.mul_add_f32s(weight, *x, *sum);
                }
            }
        }
        let at = (offset + row) * vectors + first;
        if let Some((how, out)) = &mut self.outputs.sum {
            let out = &mut S::as_mut_simd_f32s(out).0[at..];
            for (r, sums) in sums.iter_mut().enumerate() {
                for (out, sum) in out[r * vectors..][..C].iter_mut().zip(sums) {
                    if *how == Sum::Added {
                        *sum = simd.add_f32s(*sum, *out);
                    }
                    *out = *sum;
                }
            }
        }
        if let Some(out) = &mut self.outputs.rectified {
            let out = &mut S::as_mut_simd_f32s(out).0[at..];
            for (r, sums) in sums.iter().enumerate() {
                for (out, sum) in out[r * vectors..][..C].iter_mut().zip(sums) {
                    // In this order, what is no number remains none.
                    *out = simd.max_f32s(simd.splat_f32s(0.0), *sum);
                }
            }
        }
    }
}

/// The gradient of some inputs of parts, from the gradients of their outputs.
pub struct Return<'a> {
    /// Those parts that have these inputs.
    pub parts: &'a [Part],
    /// The parameters of all.
    pub parameters: &'a [f32],
    /// The gradient of the outputs, `(outputs of all groups, TILE)`.
    pub d: &'a [f32],
    /// Which inputs.
    pub inputs: (usize, usize),
    /// Where the inputs are outputs of a ReLU, these: elsewhere than above zero no gradient passes.
    pub gate: Option<&'a [f32]>,
    /// What the gradient is added to.
    pub onto: Option<&'a [f32]>,
    /// The sum, `(inputs of all groups, TILE)`.
    pub out: &'a mut [f32],
}

impl WithSimd for Return<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let rows = self.inputs.1;
        cover(simd, &mut self, rows, TILE / S::F32_LANES);
    }
}

impl Blocks for Return<'_> {
    #[inline(always)]
    fn block<S: Simd, const R: usize, const C: usize>(&mut self, simd: S, row: usize, first: usize) {
        let vectors = TILE / S::F32_LANES;
        let row = self.inputs.0 + row;
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        for part in self.parts {
            let weights = self.parameters[part.weight..][..part.rows * part.width].chunks_exact(part.width);
            let d = S::as_simd_f32s(self.d).0[part.first * vectors..].chunks_exact(vectors);
            for (weights, d) in weights.zip(d) {
                let d = vectors_at::<S, C>(d, first);
                for (weight, sums) in weights[row..row + R].iter().zip(&mut sums) {
                    let weight = simd.splat_f32s(*weight);
                    for (d, sum) in d.iter().zip(sums) {
                        *sum = simd.mul_add_f32s(weight, *d, *sum);
                    }
                }
            }
        }
        let zero = simd.splat_f32s(0.0);
        let out = S::as_mut_simd_f32s(self.out).0;
        for (r, sums) in sums.into_iter().enumerate() {
            let at = (row + r) * vectors + first;
            for (c, mut sum) in sums.into_iter().enumerate() {
                if let Some(gate) = self.gate {
                    let gate = S::as_simd_f32s(gate).0[at + c];
                    sum = simd.select_f32s(simd.greater_than_f32s(gate, zero), sum, zero);
                }
                if let Some(onto) = self.onto {
                    sum = simd.add_f32s(sum, S::as_simd_f32s(onto).0[at + c]);
                }
                out[at + c] = sum;
            }
        }
    }
}

/// Vectors of events whose gradient of one input is summed at once.
const AT_ONCE: usize = 4;

/// The gradient of one input of parts, which is added.
pub struct ReturnInput<'a> {
    /// Those parts that have this input.
    pub parts: &'a [Part],
    /// The parameters of all.
    pub parameters: &'a [f32],
    /// The gradient of the outputs, `(outputs of all groups, TILE)`.
    pub d: &'a [f32],
    /// Which input.
    pub input: usize,
    /// The sum, `(TILE)`.
    pub out: &'a mut [f32],
}

impl WithSimd for ReturnInput<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let vectors = TILE / S::F32_LANES;
        for (portion, out) in S::as_mut_simd_f32s(self.out).0.chunks_exact_mut(AT_ONCE).enumerate() {
            for part in self.parts {
                let weights = self.parameters[part.weight..].chunks_exact(part.width).take(part.rows);
                let d = S::as_simd_f32s(self.d).0[part.first * vectors..].chunks_exact(vectors);
                for (weights, d) in weights.zip(d) {
                    let weight = simd.splat_f32s(weights[self.input]);
                    for (out, d) in out.iter_mut().zip(&d[portion * AT_ONCE..]) {
                        *out = simd.mul_add_f32s(weight, *d, *out);
                    }
                }
            }
        }
    }
}

/// Adds the gradients of a part's weights and biases.
pub struct Weigh<'a> {
    /// Which part.
    pub part: &'a Part,
    /// The gradient of the outputs, `(outputs of all groups, TILE)`.
    pub d: &'a [f32],
    /// What it was given, transposed: `(TILE, stride)`.
    pub x: &'a [f32],
    /// Whole vectors, from one event to the next.
    pub stride: usize,
    /// The gradient of all parameters.
    pub gradient: &'a mut [f32],
}

impl WithSimd for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Part { bias, first, rows, depth, .. } = *self.part;
        let d = S::as_simd_f32s(&self.d[first * TILE..]).0.chunks_exact(TILE / S::F32_LANES);
        for (bias, d) in self.gradient[bias..][..rows].iter_mut().zip(d) {
            let mut sum = simd.splat_f32s(0.0);
            for d in d {
                sum = simd.add_f32s(sum, *d);
            }
            *bias += simd.reduce_sum_f32s(sum);
        }
        cover(simd, &mut self, rows, depth.div_ceil(S::F32_LANES));
    }
}

impl Blocks for Weigh<'_> {
    #[inline(always)]
    fn block<S: Simd, const R: usize, const C: usize>(&mut self, simd: S, row: usize, first: usize) {
        let Part { weight, width, first: offset, .. } = *self.part;
        let d: [&[f32]; R] = std::array::from_fn(|r| &self.d[(offset + row + r) * TILE..][..TILE]);
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        let x = S::as_simd_f32s(self.x).0.chunks_exact(self.stride / S::F32_LANES);
        for (event, x) in (0..TILE).zip(x) {
            let x = vectors_at::<S, C>(x, first);
            for (d, sums) in d.iter().zip(&mut sums) {
                let d = simd.splat_f32s(d[event]);
                for (x, sum) in x.iter().zip(sums) {
                    *sum = simd.mul_add_f32s(d, *x, *sum);
                }
            }
        }
        let gradient = &mut self.gradient[weight + row * width..];
        for (gradient, sums) in gradient.chunks_exact_mut(width).zip(sums) {
            for (gradient, sum) in S::as_mut_simd_f32s(gradient).0[first..].iter_mut().zip(sums) {
                *gradient = simd.add_f32s(*gradient, sum);
            }
        }
    }
}

/// Rows that are transposed together.
const TURNED: usize = 8;

/// Transposes `(rows, TILE)` to `(TILE, stride)`.
pub fn turn(x: &[f32], rows: usize, stride: usize, out: &mut [f32]) {
    let (groups, _) = x[..rows * TILE].as_chunks::<TILE>();
    let (groups, rest) = groups.as_chunks::<TURNED>();
    for (group, rows) in groups.iter().enumerate() {
        for (event, out) in out.chunks_exact_mut(stride).take(TILE).enumerate() {
            let (places, _) = out.as_chunks_mut::<TURNED>();
            for (place, row) in places[group].iter_mut().zip(rows) {
                *place = row[event];
            }
        }
    }
    for (row, x) in (groups.len() * TURNED..).zip(rest) {
        for (x, out) in x.iter().zip(out.chunks_exact_mut(stride)) {
            out[row] = *x;
        }
    }
}
