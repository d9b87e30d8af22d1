//! The binary cross-entropy of a tile, and its gradient.

use pulp::{Simd, WithSimd};

use super::elementary::softplus;

/// Adds weighted binary cross-entropies. All slices have whole vectors; a row that does not count has a weight of zero and a
/// finite logit.
pub struct CrossEntropy<'a> {
    /// What the network answered.
    pub logits: &'a [f32],
    /// What it should have answered: 1 for data, 0 for the template.
    pub truth: &'a [f32],
    /// A weight for each row.
    pub weights: &'a [f32],
    /// The gradient of the loss, for a weight of one.
    pub slope: f32,
    /// The gradient of the logits.
    pub d_logits: &'a mut [f32],
}

impl WithSimd for CrossEntropy<'_> {
    /// The weighted sum.
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let mut sum = simd.splat_f32s(0.0);
        let slope = simd.splat_f32s(self.slope);
        let answers = S::as_simd_f32s(self.logits).0.iter().zip(S::as_simd_f32s(self.truth).0);
        let weights = S::as_simd_f32s(self.weights).0.iter();
        for (((logit, truth), weight), d_logit) in
            answers.zip(weights).zip(S::as_mut_simd_f32s(self.d_logits).0)
        {
            // −ln of the chance of the truth is ln(1 + e^z) − truth · z, whose derivative is the sigmoid less the truth.
            let (value, sigmoid) = softplus(simd, *logit);
            let loss = simd.sub_f32s(value, simd.mul_f32s(*truth, *logit));
            sum = simd.mul_add_f32s(loss, *weight, sum);
            *d_logit = simd.mul_f32s(simd.mul_f32s(simd.sub_f32s(sigmoid, *truth), *weight), slope);
        }
        simd.reduce_sum_f32s(sum)
    }
}
