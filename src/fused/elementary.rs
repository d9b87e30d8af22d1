//! Exponentials and logarithms of whole vectors, to about 10⁻⁷ of their values.
//!
//! Source: the reductions to a small range are the textbook's; the polynomials are those of Cephes (`expf`, `logf`).

#![allow(
    clippy::excessive_precision,
    clippy::unreadable_literal,
    reason = "coefficients as their source gives them"
)]

use pulp::Simd;

/// 1.5 · 2²³: a float to which a small whole number is added holds it in its lowest bits.
const WHOLE: f32 = 12_582_912.0;
/// Beyond, e^x leaves the normal numbers.
const EXPONENTS: (f32, f32) = (-87.0, 88.0);
/// ln 2 as a short number and the rest, so that products of the first with whole numbers are exact.
const LN_2: (f32, f32) = (0.693359375, -2.12194440e-4);
/// The exponent of one, in the bits of a float.
const ONE: u32 = 127 << 23;

/// a + b x
#[inline(always)]
fn next<S: Simd>(simd: S, a: f32, b: S::f32s, x: S::f32s) -> S::f32s {
    simd.mul_add_f32s(b, x, simd.splat_f32s(a))
}

/// e^x; what is no number remains none.
#[inline(always)]
pub fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // In this order, what is no number remains none.
    let x = simd.max_f32s(simd.splat_f32s(EXPONENTS.0), simd.min_f32s(simd.splat_f32s(EXPONENTS.1), x));
    let whole = simd.splat_f32s(WHOLE);
    let shifted = simd.mul_add_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), whole);
    let twos = simd.sub_f32s(shifted, whole);
    let rest = simd.mul_add_f32s(twos, simd.splat_f32s(-LN_2.0), x);
    let rest = simd.mul_add_f32s(twos, simd.splat_f32s(-LN_2.1), rest);
    let mut sum = simd.splat_f32s(1.9875691500e-4);
    for coefficient in
        [1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1.0, 1.0]
    {
        sum = next(simd, coefficient, sum, rest);
    }
    // All but the lowest bits of `shifted` leave at the top.
    let bits = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let power = simd.transmute_f32s_u32s(simd.add_u32s(bits, simd.splat_u32s(ONE)));
    simd.mul_f32s(sum, power)
}

/// ln x of positive numbers, which is −∞ where they are too small to be normal; what is no number remains none.
#[inline(always)]
pub fn ln<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let bits = simd.transmute_u32s_f32s(x);
    // The exponent as a float: its bits below those of 2²³.
    let exponent = simd.wrapping_dyn_shr_u32s(bits, simd.splat_u32s(23));
    let two_to_23 = 8_388_608.0_f32;
    let exponent = simd.transmute_f32s_u32s(simd.or_u32s(exponent, simd.splat_u32s(two_to_23.to_bits())));
    let twos = simd.sub_f32s(exponent, simd.splat_f32s(two_to_23 + 127.0));
    let fraction = simd.or_u32s(simd.and_u32s(bits, simd.splat_u32s((1 << 23) - 1)), simd.splat_u32s(ONE));
    let fraction = simd.transmute_f32s_u32s(fraction);
    // From √½ to √2.
    let is_large = simd.greater_than_f32s(fraction, simd.splat_f32s(std::f32::consts::SQRT_2));
    let fraction = simd.select_f32s(is_large, simd.mul_f32s(fraction, simd.splat_f32s(0.5)), fraction);
    let twos = simd.select_f32s(is_large, simd.add_f32s(twos, one), twos);
    let rest = simd.sub_f32s(fraction, one);
    let square = simd.mul_f32s(rest, rest);
    let mut sum = simd.splat_f32s(7.0376836292e-2);
    for coefficient in [
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    ] {
        sum = next(simd, coefficient, sum, rest);
    }
    let small = simd.mul_f32s(simd.mul_f32s(sum, square), rest);
    let small = simd.mul_add_f32s(twos, simd.splat_f32s(LN_2.1), small);
    let small = simd.mul_add_f32s(square, simd.splat_f32s(-0.5), small);
    let found = simd.mul_add_f32s(twos, simd.splat_f32s(LN_2.0), simd.add_f32s(rest, small));
    let is_small = simd.less_than_f32s(x, simd.splat_f32s(f32::MIN_POSITIVE));
    let found = simd.select_f32s(is_small, simd.splat_f32s(f32::NEG_INFINITY), found);
    simd.select_f32s(simd.equal_f32s(x, x), found, x)
}

/// ln(1 + e^x), and its derivative.
#[inline(always)]
pub fn softplus<S: Simd>(simd: S, x: S::f32s) -> (S::f32s, S::f32s) {
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    let is_negative = simd.less_than_f32s(x, zero);
    let small = exp(simd, simd.select_f32s(is_negative, x, simd.neg_f32s(x)));
    let sum = simd.add_f32s(one, small);
    // What rounding has taken from the sum is given back to its logarithm.
    let lost = simd.div_f32s(simd.sub_f32s(small, simd.sub_f32s(sum, one)), sum);
    let logarithm = simd.add_f32s(ln(simd, sum), lost);
    let value = simd.add_f32s(logarithm, simd.select_f32s(is_negative, zero, x));
    let slope = simd.div_f32s(simd.select_f32s(is_negative, small, one), sum);
    (value, slope)
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;

    struct Each<'a> {
        x: &'a [f32],
        /// e^x, ln x, and ln(1 + e^x) with its derivative.
        found: [&'a mut [f32]; 4],
    }

    impl WithSimd for Each<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let [exps, logarithms, values, slopes] = self.found.map(|found| S::as_mut_simd_f32s(found).0);
            for (index, x) in S::as_simd_f32s(self.x).0.iter().enumerate() {
                exps[index] = exp(simd, *x);
                logarithms[index] = ln(simd, *x);
                (values[index], slopes[index]) = softplus(simd, *x);
            }
        }
    }

    fn each(x: &[f32]) -> [Vec<f32>; 4] {
        let mut found = [(); 4].map(|()| vec![0.0; x.len()]);
        Arch::new().dispatch(Each { x, found: found.each_mut().map(Vec::as_mut_slice) });
        found
    }

    fn worst(x: &[f32], found: &[f32], exact: impl Fn(f64) -> f64) -> f64 {
        let each =
            x.iter().zip(found).map(|(x, found)| (f64::from(*found) / exact(f64::from(*x)) - 1.0).abs());
        each.fold(0.0, f64::max)
    }

    #[test]
    fn values_are_exact_to_single_precision() {
        let x: Vec<f32> =
            (0..1 << 16).map(|index| (index as f32 / f32::from(1_u16 << 15) - 1.0) * 86.9).collect();
        let [exps, _, values, slopes] = each(&x);
        assert!(worst(&x, &exps, f64::exp) < 2e-7, "{}", worst(&x, &exps, f64::exp));
        let softplus = |x: f64| x.exp().ln_1p();
        assert!(worst(&x, &values, softplus) < 3e-7, "{}", worst(&x, &values, softplus));
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        assert!(worst(&x, &slopes, sigmoid) < 3e-7, "{}", worst(&x, &slopes, sigmoid));
        let positive: Vec<f32> = x.iter().map(|x| x.exp()).collect();
        let [_, logarithms, ..] = each(&positive);
        // Near one the logarithm itself is small, and exact to what its argument can tell.
        let apart = positive.iter().zip(&logarithms).map(|(x, found)| {
            let exact = f64::from(*x).ln();
            (f64::from(*found) - exact).abs() / exact.abs().max(0.1)
        });
        let apart = apart.fold(0.0, f64::max);
        assert!(apart < 3e-7, "{apart}");
    }

    #[test]
    fn the_ends_of_the_range_are_finite_and_what_is_no_number_remains_none() {
        let x = [[-1e9_f32, f32::NEG_INFINITY, 1e9, f32::NAN]; 8].concat();
        let [exps, logarithms, values, slopes] = each(&x);
        assert!(exps[0] < 2e-38 && exps[1] < 2e-38 && exps[2] > 1e38 && exps[2].is_finite());
        assert!(each(&[1e-40, 0.0].repeat(8))[1].iter().all(|logarithm| *logarithm == f32::NEG_INFINITY));
        assert!(values[0] < 2e-38 && slopes[0] < 2e-38 && values[2] >= 1e9 && slopes[2] >= 1.0);
        assert!([exps[3], logarithms[3], values[3], slopes[3]].iter().all(|value| value.is_nan()));
    }
}
