//! What is done to single rows of a tile between two products.

use pulp::{Simd, WithSimd};

/// Keeps the deviation of constant activations from zero.
const EPSILON: f32 = 1e-5;
/// Rows that are normalised side by side: the sum of a vector's values is a chain of instructions that wait for each other.
const ROWS: usize = 16;

/// Layer normalisation without scale and shift.
pub struct Normalise<'a> {
    /// `(rows, width)`
    pub x: &'a [f32],
    /// `(rows, width)`
    pub out: &'a mut [f32],
    /// One over the standard deviation of each row.
    pub inverse_deviation: &'a mut [f32],
    /// Columns, which are whole vectors.
    pub width: usize,
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.width;
        let share = 1.0 / width as f32;
        let portions = self.x.chunks(ROWS * width).zip(self.out.chunks_mut(ROWS * width));
        for ((x, out), inverse) in portions.zip(self.inverse_deviation.chunks_mut(ROWS)) {
            let mut means = [0.0; ROWS];
            for (x, mean) in x.chunks_exact(width).zip(&mut means) {
                let mut sum = simd.splat_f32s(0.0);
                for x in S::as_simd_f32s(x).0 {
                    sum = simd.add_f32s(sum, *x);
                }
                *mean = simd.reduce_sum_f32s(sum) * share;
            }
            let mut variances = [0.0; ROWS];
            for ((x, mean), variance) in x.chunks_exact(width).zip(&means).zip(&mut variances) {
                let mean = simd.splat_f32s(*mean);
                let mut sum = simd.splat_f32s(0.0);
                for x in S::as_simd_f32s(x).0 {
                    let centred = simd.sub_f32s(*x, mean);
                    sum = simd.mul_add_f32s(centred, centred, sum);
                }
                *variance = simd.reduce_sum_f32s(sum) * share;
            }
            for (inverse, variance) in inverse.iter_mut().zip(variances) {
                *inverse = 1.0 / (variance + EPSILON).sqrt();
            }
            let rows = x.chunks_exact(width).zip(out.chunks_exact_mut(width));
            for ((x, out), (mean, inverse)) in rows.zip(means.iter().zip(inverse)) {
                let (mean, scale) = (simd.splat_f32s(*mean), simd.splat_f32s(*inverse));
                for (out, x) in S::as_mut_simd_f32s(out).0.iter_mut().zip(S::as_simd_f32s(x).0) {
                    *out = simd.mul_f32s(simd.sub_f32s(*x, mean), scale);
                }
            }
        }
    }
}

/// The backward pass of layer normalisation, added to the gradient of a residual sum; then that of the activation that was
/// added last to this sum.
pub struct Denormalise<'a> {
    /// The gradient of the normalised values.
    pub d_out: &'a [f32],
    /// The normalised values.
    pub normalised: &'a [f32],
    /// One over the standard deviation of each row.
    pub inverse_deviation: &'a [f32],
    /// The gradient of the sum.
    pub d_sum: &'a mut [f32],
    /// What was added last.
    pub activation: &'a [f32],
    /// The gradient before the activation.
    pub d_before: &'a mut [f32],
    /// Columns, which are whole vectors.
    pub width: usize,
    /// Slope of the activation for negative values.
    pub leak: f32,
}

impl WithSimd for Denormalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.width;
        let share = 1.0 / width as f32;
        let zero = simd.splat_f32s(0.0);
        let leak = simd.splat_f32s(self.leak);
        let inputs = self.d_out.chunks_exact(width).zip(self.normalised.chunks_exact(width));
        let inputs = inputs.zip(self.activation.chunks_exact(width)).zip(self.inverse_deviation);
        let outputs = self.d_sum.chunks_exact_mut(width).zip(self.d_before.chunks_exact_mut(width));
        for ((((d, n), a), inverse), (d_sum, d_before)) in inputs.zip(outputs) {
            let (d, n, a) = (S::as_simd_f32s(d).0, S::as_simd_f32s(n).0, S::as_simd_f32s(a).0);
            let (mut sum, mut slope) = (zero, zero);
            for (d, n) in d.iter().zip(n) {
                sum = simd.add_f32s(sum, *d);
                slope = simd.mul_add_f32s(*d, *n, slope);
            }
            let mean = simd.splat_f32s(simd.reduce_sum_f32s(sum) * share);
            let slope = simd.splat_f32s(-simd.reduce_sum_f32s(slope) * share);
            let inverse = simd.splat_f32s(*inverse);
            let (d_sum, d_before) = (S::as_mut_simd_f32s(d_sum).0, S::as_mut_simd_f32s(d_before).0);
            let inputs = d.iter().zip(n).zip(a);
            for (((d, n), a), (d_sum, d_before)) in inputs.zip(d_sum.iter_mut().zip(d_before)) {
                let d = simd.mul_add_f32s(*n, slope, simd.sub_f32s(*d, mean));
                let d = simd.mul_add_f32s(d, inverse, *d_sum);
                *d_sum = d;
                *d_before = simd.select_f32s(simd.greater_than_f32s(*a, zero), d, simd.mul_f32s(d, leak));
            }
        }
    }
}
