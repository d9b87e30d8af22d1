//! The ends of an axis from its description and the data.

use super::{Axis, Range, Scale, scale::Interval};

/// Space on both sides of the data over the length of the axis.
const PADDING: f64 = 0.05;
/// Values beyond this are taken for accidents; their differences would overflow.
const LARGEST: f64 = 1e150;
const SMALLEST: f64 = 1e-150;

/// The smallest interval that holds all finite values seen so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    low: f64,
    high: f64,
    positive: f64,
}

impl Default for Extent {
    fn default() -> Self {
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY, positive: f64::INFINITY }
    }
}

impl Extent {
    /// Takes one more value into account, unless it is not finite.
    pub fn add(&mut self, value: f64) {
        if value.is_finite() && value.abs() <= LARGEST {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
            if value >= SMALLEST {
                self.positive = self.positive.min(value);
            }
        }
    }

    /// Takes the lower end of a band around a mean into account.
    ///
    /// Bands of few entries reach down to nearly nothing and would fill a logarithmic axis with empty decades.
    pub fn add_below(&mut self, low: f64, mean: f64) {
        let positive = self.positive;
        self.add(low);
        self.positive = positive;
        if low.is_finite() && mean.is_finite() {
            self.positive = self.positive.min(low.max(mean / 10.0).max(SMALLEST));
        }
    }

    /// The ends of the data on a scale, if there are any data.
    fn ends(&self, scale: Scale) -> Option<(f64, f64)> {
        let low = match scale {
            Scale::Linear => self.low,
            Scale::Log => self.positive,
        };
        (low <= self.high).then_some((low, self.high))
    }
}

/// Whether the data may touch the ends of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Margin {
    Tight,
    Padded,
}

/// What an axis shows.
pub(crate) fn interval(axis: &Axis, data: &Extent, margin: Margin) -> Interval {
    let scale = axis.scale;
    let usable = |limit: f64| {
        limit.is_finite() && limit.abs() <= LARGEST && (scale == Scale::Linear || limit >= SMALLEST)
    };
    let (low, high) = match axis.range {
        Range::Auto => (None, None),
        Range::Fixed(one, other) if one > other => (Some(other), Some(one)),
        Range::Fixed(low, high) => (Some(low), Some(high)),
        Range::From(low) => (Some(low), None),
    };
    let (low, high) = (low.filter(|limit| usable(*limit)), high.filter(|limit| usable(*limit)));
    let (auto_low, auto_high) = automatic(data, scale, margin, low);
    let (low, high) = (low.unwrap_or(auto_low), high.unwrap_or(auto_high));
    let (low, high) = if enough(low, high) { (low, high) } else { widened(low, low, scale) };
    Interval { low, high, scale }
}

/// Whether two limits are far enough apart for ticks between them.
fn enough(low: f64, high: f64) -> bool {
    high > low && high - low > 1e-9 * low.abs().max(high.abs())
}

/// Limits that show all data, given the lower one if it is fixed already.
fn automatic(data: &Extent, scale: Scale, margin: Margin, fixed: Option<f64>) -> (f64, f64) {
    let Some((low, high)) = data.ends(scale) else {
        return match (scale, fixed) {
            (Scale::Linear, None) => (0.0, 1.0),
            (Scale::Linear, Some(low)) => (low, low + 1.0),
            (Scale::Log, None) => (1.0, 10.0),
            (Scale::Log, Some(low)) => (low, low * 10.0),
        };
    };
    let start = fixed.unwrap_or(low);
    if !enough(start, high) {
        return widened(start, high.max(start), scale);
    }
    match (scale, margin) {
        (_, Margin::Tight) => (low, high),
        (Scale::Linear, Margin::Padded) => {
            let padding = PADDING * (high - start);
            // Counts and shares start at zero unless all of them are far from it.
            let low = if low >= 0.0 && low < 0.3 * high { 0.0 } else { low - padding };
            let high = if high <= 0.0 && high > 0.3 * start { 0.0 } else { high + padding };
            (low, high)
        }
        (Scale::Log, Margin::Padded) => {
            let padding = (high / start).powf(PADDING);
            (round_below(low / padding), round_above(high * padding))
        }
    }
}

/// Limits around values that lie too close together.
fn widened(low: f64, high: f64, scale: Scale) -> (f64, f64) {
    match scale {
        Scale::Linear => {
            let room = (0.5 * low.abs().max(high.abs())).max(0.5);
            (low - room, high + room)
        }
        Scale::Log => (round_below(low / 3.0), round_above(high * 3.0)),
    }
}

/// The largest number of one digit that is not above a value.
fn round_below(value: f64) -> f64 {
    let (decade, within) = split(value);
    (within + 1e-9).floor() * decade
}

/// The smallest number of one digit that is not below a value.
fn round_above(value: f64) -> f64 {
    let (decade, within) = split(value);
    (within - 1e-9).ceil() * decade
}

/// A value as a power of ten and a factor from 1 to 10.
fn split(value: f64) -> (f64, f64) {
    let decade = 10f64.powi((value.log10() + 1e-9).floor() as i32);
    (decade, value / decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(axis: &Axis, values: &[f64]) -> (f64, f64) {
        let mut extent = Extent::default();
        for value in values {
            extent.add(*value);
        }
        let interval = interval(axis, &extent, Margin::Padded);
        (interval.low, interval.high)
    }

    fn close((a, b): (f64, f64), (c, d): (f64, f64)) {
        assert!(
            (a - c).abs() < 1e-9 * c.abs().max(1.0) && (b - d).abs() < 1e-9 * d.abs().max(1.0),
            "{a} {b}, not {c} {d}"
        );
    }

    #[test]
    fn data_get_a_little_space_and_zero_is_kept() {
        close(limits(&Axis::linear(""), &[10.0, 20.0]), (9.5, 20.5));
        close(limits(&Axis::linear(""), &[1.0, 20.0]), (0.0, 20.95));
        close(limits(&Axis::linear(""), &[-10.0, 10.0, f64::NAN, f64::INFINITY]), (-11.0, 11.0));
    }

    #[test]
    fn log_axes_end_at_round_numbers_and_ignore_what_they_cannot_show() {
        close(limits(&Axis::log(""), &[0.0, -3.0, 1.3, 800.0]), (0.9, 2000.0));
        close(limits(&Axis::log(""), &[1.0, 1e5]), (0.5, 2e5));
    }

    #[test]
    fn degenerate_data_still_give_an_interval() {
        close(limits(&Axis::linear(""), &[]), (0.0, 1.0));
        close(limits(&Axis::log(""), &[-1.0]), (1.0, 10.0));
        close(limits(&Axis::linear(""), &[0.0, 0.0]), (-0.5, 0.5));
        close(limits(&Axis::linear(""), &[8.0]), (4.0, 12.0));
        close(limits(&Axis::log(""), &[30.0]), (10.0, 90.0));
        close(limits(&Axis::linear("").starting_at(50.0), &[1.0]), (50.0, 75.0));
    }

    #[test]
    fn impossible_limits_are_replaced() {
        close(limits(&Axis::linear("").within(1.0, 0.0), &[]), (0.0, 1.0));
        close(limits(&Axis::linear("").within(f64::NAN, 5.0), &[1.0, 2.0]), (0.95, 5.0));
        close(limits(&Axis::log("").within(0.0, 100.0), &[2.0, 50.0]), (1.0, 100.0));
        let (low, high) = limits(&Axis::linear("").within(3.0, 3.0), &[]);
        assert!(low < high);
        let (low, high) = limits(&Axis::linear("").within(-f64::MAX, f64::MAX), &[]);
        assert!(high - low < f64::INFINITY);
    }
}
