//! Where data lie inside a frame.

use super::{Scale, scale::Interval};

/// Farther outside than this nothing is placed, because readers of PDF handle only so large coordinates.
const FAR: f64 = 9_999.0;

/// A frame whose upper left corner is the origin; all coordinates are in points, and y grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub width: f64,
    pub height: f64,
    pub x: Interval,
    pub y: Interval,
}

impl Frame {
    /// The horizontal place of a value; none if the axis cannot show it.
    pub fn x(&self, value: f64) -> Option<f64> {
        self.x.fraction(value).map(|fraction| (fraction * self.width).clamp(-FAR, FAR))
    }

    /// The vertical place of a value; none if the axis cannot show it.
    pub fn y(&self, value: f64) -> Option<f64> {
        self.y.fraction(value).map(|fraction| ((1.0 - fraction) * self.height).clamp(-FAR, FAR))
    }

    /// The vertical place of a value, below the frame if a logarithmic axis never reaches it.
    pub fn y_or_below(&self, value: f64) -> Option<f64> {
        match self.y.scale {
            Scale::Log if value.is_finite() && value <= 0.0 => Some(2.0 * self.height),
            Scale::Log | Scale::Linear => self.y(value),
        }
    }

    /// Both coordinates of a point; none if one axis cannot show it.
    pub fn place(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        self.x(x).zip(self.y(y))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A frame of 100 x 100 points for both axes from 1 to 100.
    pub(crate) fn square(scale: Scale) -> Frame {
        let interval = Interval { low: 1.0, high: 100.0, scale };
        Frame { width: 100.0, height: 100.0, x: interval, y: interval }
    }

    #[test]
    fn large_values_are_up() {
        let frame = square(Scale::Log);
        assert_eq!(frame.place(1.0, 100.0), Some((0.0, 0.0)));
        assert_eq!(frame.place(100.0, 1.0), Some((100.0, 100.0)));
    }

    #[test]
    fn what_an_axis_cannot_show_has_no_place() {
        let frame = square(Scale::Log);
        assert_eq!(frame.place(0.0, 1.0), None);
        assert_eq!(frame.y(-1.0), None);
        assert_eq!(frame.y_or_below(-1.0), Some(200.0));
        assert_eq!(frame.y_or_below(f64::NAN), None);
        assert_eq!(square(Scale::Linear).place(f64::INFINITY, 1.0), None);
        assert_eq!(square(Scale::Linear).x(1e300), Some(FAR));
    }
}
