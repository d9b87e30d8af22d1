//! Data points with error bars.

use super::{
    super::{
        Colour, Dash, Marker, Style, keys,
        marker::{self, Dot},
        path, sizes,
    },
    Drawn, Extent, Frame, Ink, Interval, Margin, Point, Svg, Swatch, Values,
};

/// Markers with vertical error bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// Text in the legend, in markup.
    pub label: Option<String>,
    /// Look of markers and bars; discs where no marker is chosen.
    pub style: Style,
    /// The points; weak ones are hollow.
    pub points: Vec<Point>,
}

impl Points {
    /// Points that the legend explains.
    pub fn new(label: impl Into<String>, style: Style, points: Vec<Point>) -> Self {
        Self { label: Some(label.into()), style: Style { width: 1.3, ..style }, points }
    }

    fn shape(&self) -> Marker {
        self.style.marker.unwrap_or(Marker::Disc)
    }

    /// The two ends of an error bar.
    fn bar(point: &Point, frame: &Frame) -> Option<((f64, f64), (f64, f64))> {
        let x = frame.x(point.x)?;
        Some(((x, frame.y_or_below(point.low)?), (x, frame.y_or_below(point.high)?)))
    }
}

impl Drawn for Points {
    fn reach_x(&self, x: &mut Extent) {
        self.points.iter().filter(|point| point.mean.is_finite()).for_each(|point| x.add(point.x));
    }

    fn reach_y(&self, shown: &Interval, y: &mut Extent) {
        for point in self.points.iter().filter(|point| shown.shows(point.x)) {
            y.add(point.mean);
            y.add(point.high);
            y.add_below(point.low, point.mean);
        }
    }

    fn margin(&self) -> Margin {
        Margin::Padded
    }

    fn shade(&self, _: &Frame, _: &mut Svg) {}

    fn trace(&self, frame: &Frame, svg: &mut Svg) {
        let bars = self.points.iter().filter(|point| point.high > point.low);
        let bars: String = bars
            .filter_map(|point| Self::bar(point, frame))
            .map(|(low, high)| path::segment(low, high))
            .collect();
        keys::stroke(svg, &bars, self.style.dashed(Dash::Solid));
        for point in &self.points {
            if let Some(place) = frame.place(point.x, point.mean) {
                let (shape, colour) = (self.shape(), self.style.colour);
                marker::draw(svg, place, Dot { shape, colour, weak: point.weak, radius: sizes::POINT });
            }
        }
    }

    fn ink(&self, frame: &Frame, ink: &mut Ink) {
        for point in &self.points {
            if let Some((low, high)) = Self::bar(point, frame) {
                ink.line(low, high);
            }
            if let Some((x, y)) = frame.place(point.x, point.mean) {
                ink.line((x - 3.0, y), (x + 3.0, y));
            }
        }
    }

    fn key(&self) -> Option<(&str, Swatch)> {
        self.label.as_deref().map(|label| (label, Swatch::Point(self.style, self.shape())))
    }

    fn colour(&self) -> Option<Colour> {
        Some(self.style.colour)
    }

    fn values(&self) -> Values {
        Values::Points(self.points.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::drawing, *};
    use crate::Scale;

    #[test]
    fn exact_points_have_no_bars() {
        let style = Style::line(Colour::BLACK);
        let exact = Points::new("", style, vec![Point::exact(10.0, 20.0)]);
        assert!(!drawing(&exact, Scale::Linear).contains("<path"));
        let counted = Points::new("", style, vec![Point::within(10.0, 20.0, 15.0, 25.0)]);
        assert!(drawing(&counted, Scale::Linear).contains("<path"));
    }
}
