//! From values to fractions of an axis and back.

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps have equal lengths.
    Linear,
    /// Equal ratios have equal lengths.
    Log,
}

/// The part of a scale that an axis shows; `low < high`, and both are positive on a logarithmic scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub low: f64,
    pub high: f64,
    pub scale: Scale,
}

impl Interval {
    /// Where a value lies: 0 at the lower end, 1 at the upper one; none for a value the scale cannot show.
    pub fn fraction(&self, value: f64) -> Option<f64> {
        let fraction = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log if value > 0.0 => (value / self.low).ln() / (self.high / self.low).ln(),
            Scale::Log => return None,
        };
        fraction.is_finite().then_some(fraction)
    }

    /// Whether a value lies between the ends.
    pub fn shows(&self, value: f64) -> bool {
        self.fraction(value).is_some_and(|fraction| (-1e-9..=1.0 + 1e-9).contains(&fraction))
    }

    /// The interval with its upper end moved up until it is `factor` times as long.
    pub fn stretched(&self, factor: f64) -> Self {
        let high = match self.scale {
            Scale::Linear => self.low + (self.high - self.low) * factor,
            Scale::Log => self.low * (self.high / self.low).powf(factor),
        };
        if high.is_finite() { Self { high, ..*self } } else { *self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_log_axis_is_the_geometric_mean() {
        let interval = Interval { low: 1.0, high: 1e4, scale: Scale::Log };
        assert!((interval.fraction(100.0).expect("positive") - 0.5).abs() < 1e-12);
        assert_eq!(interval.fraction(0.0), None);
        assert_eq!(interval.fraction(-1.0), None);
        assert_eq!(interval.fraction(f64::NAN), None);
    }

    #[test]
    fn stretching_moves_the_upper_end_only() {
        let interval = Interval { low: 2.0, high: 4.0, scale: Scale::Linear }.stretched(1.5);
        assert!((interval.high - 5.0).abs() < 1e-12);
        let interval = Interval { low: 1.0, high: 100.0, scale: Scale::Log }.stretched(1.5);
        assert!((interval.high - 1000.0).abs() < 1e-9);
    }
}
