//! Is a calculated p-value as rare as it says?

use crate::statistics::search::intervals::{Interval, ONE_SIGMA, clopper_pearson};
use crate::statistics::search::p_value::PValue;

/// Calculated p-values of pseudo-experiments without signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Their logarithms, from the smallest.
    sorted: Vec<f64>,
}

/// How often a calculated p-value is at most so large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationPoint {
    /// The calculated p-value.
    pub calculated: f64,
    /// The share of pseudo-experiments that have at most this.
    pub empirical: f64,
    /// The central 68% interval of that share.
    pub band: Interval,
}

/// A p-value that pseudo-experiments have corrected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CorrectedP {
    /// Between those of pseudo-experiments.
    Interpolated(f64),
    /// Below all of them: all that is known is that it is at most this.
    AtMost(f64),
}

impl CorrectedP {
    /// The p-value, or its bound.
    pub fn value(self) -> f64 {
        match self {
            Self::Interpolated(p) | Self::AtMost(p) => p,
        }
    }
}

impl Calibration {
    /// Of the p-values that pseudo-experiments have.
    pub fn of(p_values: impl IntoIterator<Item = PValue>) -> Self {
        let mut sorted: Vec<f64> = p_values.into_iter().map(PValue::ln).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted }
    }

    /// The pseudo-experiments.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The empirical against the calculated rate at some p-values: on the diagonal where p-values are what they say.
    pub fn curve(&self, calculated: &[f64]) -> Vec<CalibrationPoint> {
        let all = self.sorted.len() as u64;
        let point = |calculated: f64| {
            let below = self.as_low(calculated.ln()) as u64;
            CalibrationPoint {
                calculated,
                empirical: below as f64 / all.max(1) as f64,
                band: clopper_pearson(below, all, ONE_SIGMA),
            }
        };
        calculated.iter().copied().map(point).collect()
    }

    /// What a calculated p-value is worth: the rank that it has among those of pseudo-experiments, over n + 1.
    ///
    /// Between two of them it is interpolated in the logarithms of both. It rises with the calculated one; of equal ones the largest
    /// rank counts. Above the largest it goes to 1 at 1. Below the smallest only a bound is known, 1 / (n + 1).
    pub fn correct(&self, calculated: PValue) -> CorrectedP {
        let (above, ranks) = (self.as_low(calculated.ln()), (self.sorted.len() + 1) as f64);
        if above == 0 {
            return CorrectedP::AtMost(1.0 / ranks);
        }
        let rank = |rank: usize| (rank as f64 / ranks).ln();
        let left = (self.sorted[above - 1], rank(above));
        let right = self.sorted.get(above).map_or((0.0, 0.0), |next| (*next, rank(above + 1)));
        let width = right.0 - left.0;
        let share = if width > 0.0 { (calculated.ln() - left.0) / width } else { 0.0 };
        // From a p-value of 0 all is infinitely far.
        let share = if share.is_finite() { share } else { 1.0 };
        CorrectedP::Interpolated((left.1 + share * (right.1 - left.1)).exp())
    }

    /// How many have at most this logarithm.
    fn as_low(&self, ln: f64) -> usize {
        self.sorted.partition_point(|p| *p <= ln)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform p-values raised to a power.
    fn powers(power: f64) -> Calibration {
        Calibration::of((1..=999).rev().map(|i| PValue::new((f64::from(i) / 1000.0).powf(power))))
    }

    #[test]
    fn uniform_p_values_lie_on_the_diagonal_and_stay_as_they_are() {
        let calibration = powers(1.0);
        for point in calibration.curve(&[0.5, 0.05, 0.01]) {
            assert!((point.empirical - point.calculated).abs() < 2e-3, "{point:?}");
            assert!(point.band.low < point.calculated && point.calculated < point.band.high, "{point:?}");
        }
        for p in [0.9995, 0.5, 0.0305, 0.001] {
            let CorrectedP::Interpolated(found) = calibration.correct(PValue::new(p)) else { panic!("{p}") };
            assert!((found - p).abs() < 2e-4 * p, "{p}: {found}");
        }
    }

    #[test]
    fn p_values_that_are_too_small_are_raised_and_below_all_is_a_bound() {
        let calibration = powers(2.0);
        let curve = calibration.curve(&[0.05]);
        assert!(curve[0].band.low > 0.2, "{curve:?}");
        let found = calibration.correct(PValue::new(0.01)).value();
        assert!((found - 0.1).abs() < 1e-3, "{found}");
        assert_eq!(calibration.correct(PValue::of_z(9.0)), CorrectedP::AtMost(1e-3));
        assert_eq!(Calibration::of([]).correct(PValue::new(0.2)), CorrectedP::AtMost(1.0));
    }

    #[test]
    fn a_corrected_p_rises_with_the_calculated_one_over_ties_and_zeros() {
        let p_values = [0.0, 0.02, 0.02, 0.02, 0.4, 1.0, 1.0];
        let calibration = Calibration::of(p_values.map(PValue::new));
        let steps: Vec<f64> = [0.0, 1e-300, 0.01, 0.02, 0.1, 0.4, 0.9, 1.0]
            .map(|p| calibration.correct(PValue::new(p)).value())
            .into();
        assert!(steps.is_sorted(), "{steps:?}");
        assert!((steps[3] - 0.5).abs() < 1e-12 && (steps[7] - 0.875).abs() < 1e-12, "{steps:?}");
    }
}
