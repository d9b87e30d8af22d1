//! Lines of means in semi-transparent bands.

use super::{
    super::{
        Colour, Style, Weak, keys,
        marker::{self, Dot},
        path, sizes,
    },
    Drawn, Extent, Frame, Ink, Interval, Margin, Point, Svg, Swatch, Values,
};

/// A line through the means of its points in a band from their lower to their upper ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Text in the legend, in markup.
    pub label: Option<String>,
    /// Look of the line; the band has its colour.
    pub style: Style,
    /// Points in the order in which the line joins them.
    pub points: Vec<Point>,
}

/// A stretch of the line that is drawn in one way.
struct Stroke {
    weak: Weak,
    points: Vec<(f64, f64)>,
}

impl Curve {
    /// A curve that the legend explains.
    pub fn new(label: impl Into<String>, style: Style, points: Vec<Point>) -> Self {
        Self { label: Some(label.into()), style, points }
    }

    /// The line in stretches; a stretch between a weak point and any other is weak.
    fn strokes(&self, frame: &Frame) -> Vec<Stroke> {
        let mut strokes: Vec<Stroke> = Vec::new();
        let mut last: Option<((f64, f64), Weak)> = None;
        for point in &self.points {
            let place = frame.place(point.x, point.mean);
            if let (Some(place), Some((from, before))) = (place, last) {
                let weak = if before == Weak::Yes { before } else { point.weak };
                match strokes.last_mut() {
                    Some(stroke) if stroke.weak == weak && stroke.points.last() == Some(&from) => {
                        stroke.points.push(place);
                    }
                    _ => strokes.push(Stroke { weak, points: vec![from, place] }),
                }
            }
            last = place.map(|place| (place, point.weak));
        }
        strokes
    }

    /// The band in stretches of x, upper and lower height.
    fn bands(&self, frame: &Frame) -> Vec<Vec<(f64, (f64, f64))>> {
        let place = |point: &Point| {
            let heights = frame.y_or_below(point.high).zip(frame.y_or_below(point.low))?;
            Some((frame.x(point.x)?, heights))
        };
        let places: Vec<_> = self.points.iter().map(place).collect();
        let stretches =
            places.split(Option::is_none).map(|stretch| stretch.iter().copied().flatten().collect());
        stretches.filter(|stretch: &Vec<_>| stretch.len() > 1).collect()
    }

    fn has_band(&self) -> bool {
        self.points.iter().any(|point| point.high > point.low)
    }

    /// Points that no line reaches, because both neighbours are missing.
    fn lonely(&self, frame: &Frame) -> Vec<((f64, f64), Weak)> {
        let place = |point: &Point| frame.place(point.x, point.mean);
        let alone = |index: usize| {
            let before = index.checked_sub(1).and_then(|index| self.points.get(index)).and_then(place);
            before.is_none() && self.points.get(index + 1).and_then(place).is_none()
        };
        let places = self.points.iter().enumerate().filter(|(index, _)| alone(*index));
        places.filter_map(|(_, point)| Some((place(point)?, point.weak))).collect()
    }
}

impl Drawn for Curve {
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
        if self.style.marker.is_some() { Margin::Padded } else { Margin::Tight }
    }

    fn shade(&self, frame: &Frame, svg: &mut Svg) {
        if !self.has_band() {
            return;
        }
        for band in self.bands(frame) {
            let above = band.iter().map(|(x, (above, _))| (*x, *above));
            let below = band.iter().rev().map(|(x, (_, below))| (*x, *below));
            svg.element("path")
                .word("d", path::polygon(&above.chain(below).collect::<Vec<_>>()))
                .word("fill", self.style.colour)
                .word("fill-opacity", sizes::BAND_OPACITY)
                .end();
        }
    }

    fn trace(&self, frame: &Frame, svg: &mut Svg) {
        for stroke in self.strokes(frame) {
            let dash = match stroke.weak {
                Weak::Yes => self.style.dash.weakened(),
                Weak::No | Weak::Hollow => self.style.dash,
            };
            keys::stroke(svg, &path::polyline(&stroke.points), self.style.dashed(dash));
        }
        match self.style.marker {
            Some(shape) => {
                let place = |point: &Point| Some((frame.place(point.x, point.mean)?, point.weak));
                for (place, weak) in self.points.iter().filter_map(place) {
                    let dot = Dot { shape, colour: self.style.colour, weak, radius: sizes::MARKER };
                    marker::draw(svg, place, dot);
                }
            }
            None => {
                for ((x, y), _) in self.lonely(frame) {
                    let dot = svg.element("circle").number("cx", x).number("cy", y);
                    dot.number("r", self.style.width).word("fill", self.style.colour).end();
                }
            }
        }
    }

    fn ink(&self, frame: &Frame, ink: &mut Ink) {
        for stroke in self.strokes(frame) {
            stroke.points.windows(2).for_each(|ends| ink.line(ends[0], ends[1]));
        }
        for (place, _) in self.lonely(frame) {
            ink.line(place, place);
        }
        if self.has_band() {
            for band in self.bands(frame) {
                band.windows(2).for_each(|ends| ink.band(ends[0], ends[1]));
            }
        }
    }

    fn key(&self) -> Option<(&str, Swatch)> {
        let swatch = if self.has_band() { Swatch::Band(self.style) } else { Swatch::Line(self.style) };
        self.label.as_deref().map(|label| (label, swatch))
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

    const STYLE: Style = Style::line(Colour(1, 2, 3));

    fn strokes(curve: &Curve) -> Vec<String> {
        let drawing = drawing(curve, Scale::Linear);
        drawing.lines().filter(|line| line.contains("stroke=")).map(str::to_owned).collect()
    }

    #[test]
    fn a_missing_mean_breaks_the_line() {
        let means = [10.0, 20.0, f64::NAN, 30.0, 40.0, 50.0];
        let points = means.iter().enumerate().map(|(x, mean)| Point::exact(x as f64 * 20.0, *mean));
        assert_eq!(strokes(&Curve::new("", STYLE, points.collect())).len(), 2);
    }

    #[test]
    fn weak_parts_are_dashed_up_to_the_next_strong_point() {
        let weak = [Weak::No, Weak::No, Weak::Yes, Weak::Yes, Weak::No, Weak::No];
        let points = weak.iter().enumerate().map(|(x, weak)| {
            let x = 10.0 + 10.0 * x as f64;
            Point { weak: *weak, ..Point::exact(x, x) }
        });
        let strokes = strokes(&Curve::new("", STYLE, points.collect()));
        let dashed: Vec<_> = strokes.iter().map(|line| line.contains("dasharray")).collect();
        assert_eq!(dashed, [false, true, false]);
    }

    #[test]
    fn a_point_between_missing_ones_is_a_dot() {
        let points = vec![Point::exact(1.0, f64::NAN), Point::exact(50.0, 50.0), Point::exact(f64::NAN, 1.0)];
        let drawing = drawing(&Curve::new("", STYLE, points), Scale::Linear);
        assert!(drawing.contains("<circle") && !drawing.contains("<path"));
    }

    #[test]
    fn a_band_below_a_log_axis_leaves_through_the_bottom() {
        let points = vec![Point::within(1.0, 10.0, -1.0, 50.0), Point::within(100.0, 10.0, 5.0, 50.0)];
        assert!(drawing(&Curve::new("", STYLE, points), Scale::Log).contains("200Z"));
    }
}
