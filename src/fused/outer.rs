//! Gradients of the parameters of a dense layer.

use pulp::{Simd, WithSimd};

use super::product::{Rows, vectors_at};

/// Adds `xᵀ d` to the gradient of the weights and the sum of all `d` to that of the biases.
pub struct OuterProduct<'a> {
    /// What the layer was given.
    pub x: Rows<'a>,
    /// Values of each row that count.
    pub depth: usize,
    /// The gradient of what it answered, `(rows, width)`.
    pub d: &'a [f32],
    /// Columns, which are whole vectors.
    pub width: usize,
    /// `(depth, width)`
    pub weight: &'a mut [f32],
    /// `(width)`
    pub bias: &'a mut [f32],
}

impl WithSimd for OuterProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let vectors = self.width / S::F32_LANES;
        match S::F32_LANES {
            16 if vectors.is_multiple_of(4) => self.columns::<S, 6, 4>(simd),
            16 if vectors.is_multiple_of(3) => self.columns::<S, 8, 3>(simd),
            16 if vectors.is_multiple_of(2) => self.columns::<S, 8, 2>(simd),
            16 => self.columns::<S, 8, 1>(simd),
            8 => self.columns::<S, 6, 2>(simd),
            _ => self.columns::<S, 4, 4>(simd),
        }
    }
}

impl OuterProduct<'_> {
    #[inline(always)]
    fn columns<S: Simd, const K: usize, const C: usize>(&mut self, simd: S) {
        for first in (0..self.width / S::F32_LANES).step_by(C) {
            let mut k = 0;
            while k + K <= self.depth {
                self.block::<S, K, C>(simd, k, first);
                k += K;
            }
            // All that is left at once, for a few sums alone would wait for each other. K is eight at most, so that seven are.
            match self.depth - k {
                0 => {}
                1 => self.block::<S, 1, C>(simd, k, first),
                2 => self.block::<S, 2, C>(simd, k, first),
                3 => self.block::<S, 3, C>(simd, k, first),
                4 => self.block::<S, 4, C>(simd, k, first),
                5 => self.block::<S, 5, C>(simd, k, first),
                6 => self.block::<S, 6, C>(simd, k, first),
                _ => self.block::<S, 7, C>(simd, k, first),
            }
            self.sum_up::<S, C>(simd, first);
        }
    }

    /// The gradient of the weights of `K` inputs and `C` vectors of outputs, whose sums stay in registers.
    #[inline(always)]
    fn block<S: Simd, const K: usize, const C: usize>(&mut self, simd: S, k: usize, first: usize) {
        let vectors = self.width / S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); C]; K];
        let d = S::as_simd_f32s(self.d).0.chunks_exact(vectors);
        for (x, d) in self.x.values.chunks_exact(self.x.stride).zip(d) {
            let d = vectors_at::<S, C>(d, first);
            for (x, sums) in x[k..k + K].iter().zip(&mut sums) {
                let x = simd.splat_f32s(*x);
                for (d, sum) in d.iter().zip(sums) {
                    *sum = simd.mul_add_f32s(x, *d, *sum);
                }
            }
        }
        let weight = S::as_mut_simd_f32s(self.weight).0;
        for (row, sums) in sums.into_iter().enumerate() {
            add(simd, &mut weight[(k + row) * vectors + first..][..C], sums);
        }
    }

    /// The gradient of `C` vectors of biases.
    #[inline(always)]
    fn sum_up<S: Simd, const C: usize>(&mut self, simd: S, first: usize) {
        let vectors = self.width / S::F32_LANES;
        let mut sums = [simd.splat_f32s(0.0); C];
        for d in S::as_simd_f32s(self.d).0.chunks_exact(vectors) {
            let d = vectors_at::<S, C>(d, first);
            for (sum, d) in sums.iter_mut().zip(d) {
                *sum = simd.add_f32s(*sum, d);
            }
        }
        add(simd, &mut S::as_mut_simd_f32s(self.bias).0[first..first + C], sums);
    }
}

/// Adds sums to what lies there.
#[inline(always)]
fn add<S: Simd, const C: usize>(simd: S, to: &mut [S::f32s], sums: [S::f32s; C]) {
    for (to, sum) in to.iter_mut().zip(sums) {
        *to = simd.add_f32s(*to, sum);
    }
}
