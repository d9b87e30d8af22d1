//! A one-sided p-value and its Z.

use crate::statistics::special::{ln_complement, ln_normal_tail};

/// Newton's steps to Z: few, as the logarithm of the tail is nearly a parabola.
const MOST_STEPS: u32 = 100;

/// A one-sided p-value: the probability, without signal, of an outcome at least as far on the side of signal.
///
/// It is kept as a logarithm, for beyond 37σ a double holds no such number.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct PValue {
    ln: f64,
}

impl PValue {
    /// Of a probability.
    ///
    /// # Panics
    /// In builds with assertions, unless it lies between 0 and 1.
    pub fn new(p: f64) -> Self {
        Self::of_ln(p.ln())
    }

    /// Of the logarithm of a probability.
    ///
    /// # Panics
    /// In builds with assertions, if that is above 0 or not a number.
    pub fn of_ln(ln: f64) -> Self {
        debug_assert!(ln <= 0.0, "no logarithm of a probability: {ln}");
        Self { ln }
    }

    /// Of a Z: the upper tail of a standard normal.
    pub fn of_z(z: f64) -> Self {
        Self { ln: ln_normal_tail(z) }
    }

    /// The probability; 0 where it is below the least double, which its logarithm is not.
    pub fn value(self) -> f64 {
        self.ln.exp()
    }

    /// Its natural logarithm.
    pub fn ln(self) -> f64 {
        self.ln
    }

    /// The Z whose upper tail it is; infinite at 0 and at 1, negative above one half.
    pub fn z(self) -> f64 {
        if self.ln == f64::NEG_INFINITY {
            return f64::INFINITY;
        }
        if self.ln > -std::f64::consts::LN_2 {
            return -Self { ln: ln_complement(self.ln) }.z();
        }
        // The logarithm of the tail is concave and falls: from anywhere, Newton's method comes to Z from above.
        let mut z = (-2.0 * self.ln).sqrt();
        for _ in 0..MOST_STEPS {
            let tail = ln_normal_tail(z);
            let slope = -(-0.5 * z * z - 0.5 * (2.0 * std::f64::consts::PI).ln() - tail).exp();
            let step = (self.ln - tail) / slope;
            z += step;
            if step.abs() <= 1e-15 * z.abs().max(1e-3) {
                break;
            }
        }
        z
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_and_z_are_those_of_tables() {
        for (z, p) in [(0.0, 0.5), (1.644_853_626_951_472_6, 0.05), (5.0, 2.866_515_718_791_939e-7)] {
            assert!((PValue::new(p).z() - z).abs() < 1e-12, "{z}: {}", PValue::new(p).z());
            assert!((PValue::of_z(z).value() / p - 1.0).abs() < 1e-13, "{z}");
        }
    }

    #[test]
    fn z_comes_back_from_its_p_from_the_middle_to_far_beyond_the_least_double() {
        for z in [-6.0, -2.5, -0.1, 0.0, 1e-6, 0.3, 3.0, 8.0, 19.999, 20.001, 37.0, 45.0, 200.0, 1e4] {
            let found = PValue::of_z(z).z();
            // Above a p of one half its complement has fewer digits.
            assert!((found - z).abs() < 1e-9 * z.abs().max(1.0), "{z}: {found}");
        }
        assert!(PValue::of_z(45.0).value() < f64::MIN_POSITIVE && PValue::of_z(45.0).ln() < -1000.0);
    }

    #[test]
    fn certain_and_impossible_outcomes_have_infinite_z() {
        let [impossible, certain] = [0.0, 1.0].map(|p| PValue::new(p).z());
        assert!(impossible > f64::MAX && certain < f64::MIN, "{impossible} and {certain}");
    }
}
