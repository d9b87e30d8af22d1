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

    /// Whether a double holds the probability with all its digits, or it is 0.
    pub fn is_held(self) -> bool {
        self.value() >= f64::MIN_POSITIVE || self.ln == f64::NEG_INFINITY
    }

    /// The probability in text, also where no double holds it: `4.7e-77`, `1.3e-400`.
    pub fn scientific(self, digits: usize) -> String {
        if self.is_held() {
            return format!("{:.digits$e}", self.value());
        }
        let decades = self.ln / std::f64::consts::LN_10;
        let mantissa = format!("{:.digits$}", 10_f64.powf(decades - decades.floor()));
        // What is rounded up to 10 is 1 of the next decade.
        if mantissa.starts_with("10") {
            return format!("{:.digits$}e{}", 1.0, decades.floor() + 1.0);
        }
        format!("{mantissa}e{}", decades.floor())
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
    fn a_probability_that_no_double_holds_is_written_all_the_same() {
        assert_eq!(PValue::new(0.05).scientific(1), "5.0e-2");
        assert_eq!(PValue::of_ln(-400.0 * std::f64::consts::LN_10 + 1.3_f64.ln()).scientific(2), "1.30e-400");
        let nearly = PValue::of_ln(-400.0 * std::f64::consts::LN_10 + 9.96_f64.ln());
        assert_eq!(nearly.scientific(1), "1.0e-399");
        assert_eq!(PValue::of_ln(f64::NEG_INFINITY).scientific(1), "0.0e0");
        assert!(PValue::of_z(37.0).is_held() && !PValue::of_z(38.0).is_held());
    }

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
