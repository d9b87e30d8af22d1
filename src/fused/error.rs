//! The squared error of a tile, and its gradient.

use pulp::{Simd, WithSimd};

/// Adds weighted squared errors.
pub struct SquaredError<'a> {
    /// What the network answered, `(rows, width)`.
    pub out: &'a [f32],
    /// What it should have answered.
    pub target: &'a [f32],
    /// A weight for each row.
    pub weights: &'a [f32],
    /// Columns, which are whole vectors.
    pub width: usize,
    /// The gradient of the error, for a weight of one.
    pub slope: f32,
    /// The gradient of what the network answered.
    pub d_out: &'a mut [f32],
}

impl WithSimd for SquaredError<'_> {
    /// The weighted sum of squares.
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let mut sum = simd.splat_f32s(0.0);
        let slope = simd.splat_f32s(self.slope);
        let answers = self.out.chunks_exact(self.width).zip(self.target.chunks_exact(self.width));
        let rows = answers.zip(self.d_out.chunks_exact_mut(self.width)).zip(self.weights);
        for (((out, target), d_out), weight) in rows {
            let weight = simd.splat_f32s(*weight);
            let answers = S::as_simd_f32s(out).0.iter().zip(S::as_simd_f32s(target).0);
            for ((out, target), d_out) in answers.zip(S::as_mut_simd_f32s(d_out).0) {
                let error = simd.sub_f32s(*out, *target);
                let weighted = simd.mul_f32s(error, weight);
                sum = simd.mul_add_f32s(weighted, error, sum);
                *d_out = simd.mul_f32s(weighted, slope);
            }
        }
        simd.reduce_sum_f32s(sum)
    }
}
