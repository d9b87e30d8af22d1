//! Ticks at multiples of 1, 2 or 5 times a power of ten.

use super::{Interval, Tick};
use crate::number;

/// How many labels an axis should have.
const LABELS: std::ops::RangeInclusive<i64> = 4..=7;

/// A distance of ticks as a digit and a power of ten, so that its multiples are exact decimals.
#[derive(Debug, Clone, Copy)]
struct Step {
    digit: i32,
    exponent: i32,
}

impl Step {
    fn size(self) -> f64 {
        self.times(1)
    }

    /// A multiple of the step; powers of ten below one are divided by, because they are no exact floats.
    fn times(self, count: i64) -> f64 {
        let digits = count as f64 * f64::from(self.digit);
        match self.exponent {
            exponent @ 0.. => digits * 10f64.powi(exponent),
            exponent => digits / 10f64.powi(-exponent),
        }
    }

    /// The first and the last multiple inside an interval.
    fn multiples(self, interval: &Interval) -> (i64, i64) {
        let near = 1e-6;
        let first = (interval.low / self.size() - near).ceil();
        let last = (interval.high / self.size() + near).floor();
        (first as i64, last as i64)
    }

    /// The distance of the ticks between the labelled ones.
    fn minor(self) -> Self {
        match self.digit {
            1 => Self { digit: 2, exponent: self.exponent - 1 },
            2 => Self { digit: 5, exponent: self.exponent - 1 },
            _ => Self { digit: 1, ..self },
        }
    }
}

/// Ticks with as many labels as are good to read and fit.
pub(super) fn ticks(interval: &Interval, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let mut steps = candidates(interval);
    // Stable: of two equally good steps the finer one stays first.
    steps.sort_by_key(|step| {
        let (first, last) = step.multiples(interval);
        let count = last - first + 1;
        (LABELS.start() - count).max(count - LABELS.end()).max(0)
    });
    let chosen = steps.iter().map(|step| (*step, majors(interval, *step))).find(|(_, ticks)| fits(ticks));
    let Some((step, mut ticks)) = chosen else { return Vec::new() };
    let (first, last) = step.minor().multiples(interval);
    let per_major = step.size() / step.minor().size();
    let minor = (first..=last).filter(|count| count.rem_euclid(per_major.round() as i64) != 0);
    ticks.extend(minor.map(|count| Tick::minor(step.minor().times(count))));
    ticks.sort_by(|a, b| a.value.total_cmp(&b.value));
    ticks
}

/// Steps that give between about one and forty ticks, from fine to coarse.
fn candidates(interval: &Interval) -> Vec<Step> {
    let span = (interval.high - interval.low).log10().floor() as i32;
    let exponents = span - 1..=span + 1;
    exponents.flat_map(|exponent| [1, 2, 5].map(|digit| Step { digit, exponent })).collect()
}

fn majors(interval: &Interval, step: Step) -> Vec<Tick> {
    let (first, last) = step.multiples(interval);
    let largest = interval.low.abs().max(interval.high.abs()).log10().floor() as i32;
    let label = |value: f64| {
        if largest > 5 || step.exponent < -4 && largest < -2 {
            number::scientific(value, largest, (largest - step.exponent).clamp(0, 12) as usize)
        } else {
            number::plain(value, (-step.exponent).max(0) as usize)
        }
    };
    (first..=last).map(|count| step.times(count)).map(|value| Tick::major(value, label(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::labels, *};
    use crate::Scale;

    fn of(low: f64, high: f64) -> Vec<Tick> {
        ticks(&Interval { low, high, scale: Scale::Linear }, |_| true)
    }

    #[test]
    fn usual_ranges_have_the_ticks_one_would_draw_by_hand() {
        assert_eq!(labels(&of(0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&of(0.0, 20.0)), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(&of(2500.0, 5000.0)), ["2500", "3000", "3500", "4000", "4500", "5000"]);
        assert_eq!(labels(&of(-4.5, 4.5)), ["−4", "−2", "0", "2", "4"]);
        assert_eq!(labels(&of(0.0, 60_000.0))[1..3], ["10\u{2009}000", "20\u{2009}000"]);
    }

    #[test]
    fn minor_ticks_divide_the_distance_of_labels() {
        let ticks = of(0.0, 1.0);
        assert_eq!(ticks.len(), 21);
        assert!((ticks[1].value - 0.05).abs() < 1e-12);
        assert_eq!(of(0.0, 20.0).len(), 21);
    }

    #[test]
    fn very_large_and_very_small_numbers_are_powers() {
        assert_eq!(labels(&of(0.0, 4e6))[1], "1×10^{6}");
        assert_eq!(labels(&of(0.0, 4e-6))[1], "1×10^{−6}");
    }
}
