//! The end of a step in one pass over the parameters of a member: clipping, Adam, weight decay and running average.

use pulp::{Simd, WithSimd};

use super::aligned::Aligned;
use super::state::MemberState;

/// What the optimiser does in a step.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The largest norm of a gradient.
    pub clip: Option<f32>,
    /// How far the average of the gradient, and of its square, moves towards that of this step.
    pub moments: (f32, f32),
    /// What weight decay leaves of a parameter.
    pub keep: f32,
    /// A parameter falls by so much of first moment / (√second moment + epsilon).
    pub rate: f32,
    /// Keeps parameters still that hardly have a gradient.
    pub epsilon: f32,
    /// How far the running average of the parameters moves towards them.
    pub pull: f32,
}

/// Takes a step by the gradient that a member's state holds.
pub struct Descend<'a> {
    /// What happens.
    pub rule: Rule,
    /// Whose parameters, moments and average change.
    pub state: &'a mut MemberState,
}

impl WithSimd for Descend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Rule { clip, moments, keep, rate, epsilon, pull } = self.rule;
        let MemberState { parameters, first, second, average, gradient, .. } = self.state;
        let gradient = S::as_simd_f32s(gradient).0;
        let shortened = simd.splat_f32s(clip.map_or(1.0, |limit| shortened(simd, gradient, limit)));
        let (pull_first, pull_second) = (simd.splat_f32s(moments.0), simd.splat_f32s(moments.1));
        let (keep, rate, epsilon) = (simd.splat_f32s(keep), simd.splat_f32s(-rate), simd.splat_f32s(epsilon));
        let moments = vectors::<S>(first).iter_mut().zip(vectors::<S>(second));
        for ((g, (first, second)), p) in gradient.iter().zip(moments).zip(vectors::<S>(parameters)) {
            let g = simd.mul_f32s(*g, shortened);
            *first = simd.mul_add_f32s(pull_first, simd.sub_f32s(g, *first), *first);
            let square = simd.mul_f32s(g, g);
            *second = simd.mul_add_f32s(pull_second, simd.sub_f32s(square, *second), *second);
            let scale = simd.add_f32s(simd.sqrt_f32s(*second), epsilon);
            let step = simd.div_f32s(simd.mul_f32s(*first, rate), scale);
            *p = simd.mul_add_f32s(*p, keep, step);
        }
        if let Some(average) = average {
            let pull = simd.splat_f32s(pull);
            for (average, p) in vectors::<S>(average).iter_mut().zip(vectors::<S>(parameters)) {
                *average = simd.mul_add_f32s(pull, simd.sub_f32s(*p, *average), *average);
            }
        }
    }
}

#[inline(always)]
fn vectors<S: Simd>(values: &mut Aligned) -> &mut [S::f32s] {
    S::as_mut_simd_f32s(values).0
}

/// What makes a gradient no longer than `limit`; no number where it is none.
#[inline(always)]
fn shortened<S: Simd>(simd: S, gradient: &[S::f32s], limit: f32) -> f32 {
    let mut sums = [simd.splat_f32s(0.0); 4];
    for portion in gradient.chunks(4) {
        for (sum, g) in sums.iter_mut().zip(portion) {
            *sum = simd.mul_add_f32s(*g, *g, *sum);
        }
    }
    let sum = simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]));
    let factor = limit / simd.reduce_sum_f32s(sum).sqrt();
    if factor > 1.0 { 1.0 } else { factor }
}
