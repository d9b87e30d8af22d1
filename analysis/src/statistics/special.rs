//! Tails of distributions where they are small, and differences that would lose their digits.
//!
//! Crates have the incomplete beta function and its inverse; those that were tried end their continued fraction early, or take a
//! quadrature of few nodes, where counts are thousands or a tail is below 10⁻¹⁶. A search quotes such tails, so that they are
//! computed here as logarithms.

use std::f64::consts::{LN_2, PI, SQRT_2};

/// From here on the tail of the normal distribution is its asymptotic series: twelve terms leave less than 10⁻¹⁵.
const FAR: f64 = 20.0;
/// Below this, x − ln(1 + x) is its power series.
const NEAR_ZERO: f64 = 0.01;
/// Steps of a continued fraction; one of a million events on either side takes a few thousand near the mean.
const MOST_STEPS: u32 = 200_000;

/// x − ln(1 + x), to all digits where x is near 0.
///
/// The deviance of a Poisson count n of mean μ is 2n times this at x = μ/n − 1.
pub fn log_deficit(x: f64) -> f64 {
    if x.abs() >= NEAR_ZERO {
        return x - x.ln_1p();
    }
    // x²/2 − x³/3 + x⁴/4 − …, from the smallest term.
    let sum = (2..=10).rev().fold(0.0, |sum, power| 1.0 / f64::from(power) - x * sum);
    x * x * sum
}

/// ln P(a standard normal exceeds z).
pub fn ln_normal_tail(z: f64) -> f64 {
    if z < 0.0 {
        return (-0.5 * libm::erfc(-z / SQRT_2)).ln_1p();
    }
    if z < FAR {
        return libm::erfc(z / SQRT_2).ln() - LN_2;
    }
    // φ(z)/z · (1 − 1/z² + 3/z⁴ − 15/z⁶ + …).
    let inverse = (z * z).recip();
    let series = (1..=12).rev().fold(1.0, |sum, term| 1.0 - f64::from(2 * term - 1) * inverse * sum);
    -0.5 * z * z - z.ln() - 0.5 * (2.0 * PI).ln() + series.ln()
}

/// ln(1 − eˣ) of an x that is not above 0.
pub fn ln_complement(x: f64) -> f64 {
    if x > -LN_2 { (-x.exp_m1()).ln() } else { (-x.exp()).ln_1p() }
}

/// A probability and its complement, as logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LnTails {
    /// ln P(below).
    pub below: f64,
    /// ln P(above).
    pub above: f64,
}

/// The regularised incomplete beta function `I_x`(a, b), and 1 − `I_x`(a, b), of x and 1 − x: the smaller of the two should have
/// all its digits.
///
/// Source: the continued fraction of NIST's Digital Library of Mathematical Functions, 8.17.22, for x below
/// (a + 1) / (a + b + 2), where it converges fast, and the symmetry 8.17.4 above; Lentz's evaluation as Thompson and Barnett
/// modified it (J. Comput. Phys. 64 (1986) 490).
///
/// # Panics
/// In builds with assertions, unless a and b are above 0, and x and 1 − x are not below.
pub fn ln_beta_tails(a: f64, b: f64, [x, y]: [f64; 2]) -> LnTails {
    debug_assert!(a > 0.0 && b > 0.0 && x >= 0.0 && y >= 0.0, "I_{x}({a}, {b})");
    if x > (a + 1.0) / (a + b + 2.0) {
        let LnTails { below, above } = lower_beta(b, a, [y, x]);
        return LnTails { below: above, above: below };
    }
    lower_beta(a, b, [x, y])
}

/// P(K < n) below, and P(K ≥ n) above, of a Poisson count K.
///
/// # Panics
/// In builds with assertions, unless the mean is above 0.
pub fn ln_poisson_tails(n: u64, mean: f64) -> LnTails {
    debug_assert!(mean > 0.0, "a mean of {mean}");
    if n == 0 {
        return LnTails { below: f64::NEG_INFINITY, above: 0.0 };
    }
    let count = n as f64;
    // The tail on the far side of n from the mean is its first probability times a sum that converges.
    let ln_first = count * mean.ln() - mean - libm::lgamma(count + 1.0);
    let (mut term, mut sum, mut place) = (1.0, 1.0, count);
    if mean < count {
        while term > f64::EPSILON * sum {
            place += 1.0;
            term *= mean / place;
            sum += term;
        }
        let above = (ln_first + sum.ln()).min(0.0);
        return LnTails { below: ln_complement(above), above };
    }
    while term > f64::EPSILON * sum {
        place -= 1.0;
        term *= place / mean;
        sum += term;
    }
    let below = (ln_first + (count / mean).ln() + sum.ln()).min(0.0);
    LnTails { below, above: ln_complement(below) }
}

/// The incomplete beta function below its mean.
fn lower_beta(a: f64, b: f64, [x, y]: [f64; 2]) -> LnTails {
    if x <= 0.0 {
        return LnTails { below: f64::NEG_INFINITY, above: 0.0 };
    }
    let ln_power =
        |exponent: f64, base: f64, rest: f64| exponent * if rest < 0.5 { (-rest).ln_1p() } else { base.ln() };
    let ln_front = ln_power(a, x, y) + ln_power(b, y, x) - a.ln() - ln_beta(a, b);
    let below = (ln_front - beta_fraction(a, b, x).ln()).min(0.0);
    LnTails { below, above: ln_complement(below) }
}

/// ln B(a, b), by the ratio of gamma functions where one argument is large: their logarithms would cancel.
fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = (a.min(b), a.max(b));
    if large < 20.0 {
        return libm::lgamma(small) + libm::lgamma(large) - libm::lgamma(small + large);
    }
    // Stirling's series of ln Γ(large + small) − ln Γ(large), DLMF 5.11.1.
    let rest = |x: f64| (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1260.0 * x * x)) / (x * x)) / x;
    let sum = small + large;
    let rise = small * large.ln() + (sum - 0.5) * (small / large).ln_1p() - small + rest(sum) - rest(large);
    libm::lgamma(small) - rise
}

/// 1 + d₁/(1 + d₂/(1 + …)) of the incomplete beta function.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut value, mut numerators, mut denominators) = (1.0, 1.0, 0.0);
    for step in 1..MOST_STEPS {
        let m = f64::from(step / 2);
        let d = if step % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        denominators = 1.0 / away_from_zero(1.0 + d * denominators);
        numerators = away_from_zero(1.0 + d / numerators);
        let factor = numerators * denominators;
        value *= factor;
        if (factor - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, relative: f64) {
        assert!((found - expected).abs() <= relative * expected.abs(), "{found} instead of {expected}");
    }

    #[test]
    fn deficits_keep_their_digits_near_zero_and_join_the_closed_form() {
        near(log_deficit(1e-9), 0.5e-18 - 1e-27 / 3.0, 1e-14);
        near(log_deficit(-1e-9), 0.5e-18 + 1e-27 / 3.0, 1e-14);
        for x in [0.009_999_999_f64, -0.009_999_999] {
            near(log_deficit(x), x - x.ln_1p(), 1e-11);
        }
        near(log_deficit(1.0), 1.0 - LN_2, 1e-15);
    }

    #[test]
    fn normal_tails_are_those_of_tables_however_far() {
        for (z, tail) in [(0.0, 0.5), (1.0, 0.158_655_253_931_457_05), (5.0, 2.866_515_718_791_939e-7)] {
            near(ln_normal_tail(z), f64::ln(tail), 1e-14);
            near(ln_normal_tail(-z).exp(), 1.0 - tail, 1e-14);
        }
        // The series meets the function where one takes over from the other.
        near(ln_normal_tail(FAR), libm::erfc(FAR / SQRT_2).ln() - LN_2, 1e-14);
        // log_ndtr(-100) of scipy.
        near(ln_normal_tail(100.0), -5_005.524_208_694_205, 1e-14);
    }

    #[test]
    fn poisson_tails_are_sums_of_probabilities_on_either_side_of_the_mean() {
        let e = (-3.0_f64).exp();
        near(ln_poisson_tails(3, 3.0).below.exp(), e * 8.5, 1e-14);
        near(ln_poisson_tails(5, 3.0).above.exp(), 1.0 - e * (8.5 + 4.5 + 3.375), 1e-13);
        near(ln_poisson_tails(1, 1e-9).above.exp(), 1e-9 - 0.5e-18, 1e-13);
        near(ln_poisson_tails(2, 800.0).below, -800.0 + 801.0_f64.ln(), 1e-14);
        assert_eq!(ln_poisson_tails(0, 3.0), LnTails { below: f64::NEG_INFINITY, above: 0.0 });
        // 10⁶ events over as many are about as often more as less.
        near(ln_poisson_tails(1_000_000, 1e6).below.exp(), 0.5, 1e-3);
    }

    fn tails(a: f64, b: f64, x: f64) -> LnTails {
        ln_beta_tails(a, b, [x, 1.0 - x])
    }

    #[test]
    fn incomplete_beta_functions_of_whole_numbers_are_binomial_sums() {
        // I_x(1, b) = 1 − (1 − x)^b, I_x(a, 1) = x^a, and I_½(a, a) = ½ to large a.
        near(tails(1.0, 7.0, 0.3).below.exp(), 1.0 - 0.7_f64.powi(7), 1e-14);
        near(tails(1.0, 7.0, 0.3).above.exp(), 0.7_f64.powi(7), 1e-13);
        near(tails(400.0, 1.0, 0.01).below, 400.0 * 0.01_f64.ln(), 1e-14);
        for a in [0.5, 10.0, 19.0, 21.0, 1e4, 1e6] {
            near(tails(a, a, 0.5).below, -LN_2, 1e-8);
        }
        // Three of five, at least, at 0.2.
        let sum = 10.0 * 0.008 * 0.64 + 5.0 * 0.0016 * 0.8 + 0.000_32;
        near(tails(3.0, 3.0, 0.2).below.exp(), sum, 1e-14);
        assert_eq!(tails(2.0, 3.0, 0.0), LnTails { below: f64::NEG_INFINITY, above: 0.0 });
        assert_eq!(tails(2.0, 3.0, 1.0), LnTails { below: 0.0, above: f64::NEG_INFINITY });
    }
}
