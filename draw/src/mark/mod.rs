//! Data as they are drawn into a frame; every kind of mark has its own file.

mod bars;
mod cells;
mod curve;
mod points;
mod steps;

use super::{
    Colour, Weak,
    frame::Frame,
    ink::Ink,
    keys::Swatch,
    limits::{Extent, Margin},
    scale::Interval,
    svg::Svg,
};

pub use bars::Bars;
pub use cells::{Cell, Cells};
pub use curve::Curve;
pub use points::Points;
pub use steps::{Filling, Steps};

/// Something that shows data.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line of means in a band.
    Curve(Curve),
    /// A histogram.
    Steps(Steps),
    /// Points with vertical error bars.
    Points(Points),
    /// Filled bars from zero.
    Bars(Bars),
    /// A map of coloured cells.
    Cells(Cells),
}

/// A value with its uncertainty; parts that are not finite are left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Horizontal position.
    pub x: f64,
    /// Vertical position.
    pub mean: f64,
    /// Lower end of the band or error bar.
    pub low: f64,
    /// Upper end of the band or error bar.
    pub high: f64,
    /// Whether too few entries stand behind the value.
    pub weak: Weak,
}

impl Point {
    /// A point without uncertainty.
    pub const fn exact(x: f64, y: f64) -> Self {
        Self { x, mean: y, low: y, high: y, weak: Weak::No }
    }

    /// A point with a band from `low` to `high`.
    pub const fn within(x: f64, mean: f64, low: f64, high: f64) -> Self {
        Self { x, mean, low, high, weak: Weak::No }
    }
}

/// What a picture needs to know of a kind of mark.
pub(crate) trait Drawn {
    /// Adds the values that the x axis should show.
    fn reach_x(&self, x: &mut Extent);
    /// Adds the values that the y axis should show for the given part of the x axis.
    fn reach_y(&self, shown: &Interval, y: &mut Extent);
    /// Whether the x axis may end where the data do.
    fn margin(&self) -> Margin;
    /// Draws what lies below all lines: bands and areas.
    fn shade(&self, frame: &Frame, svg: &mut Svg);
    /// Draws lines and markers.
    fn trace(&self, frame: &Frame, svg: &mut Svg);
    /// Adds what texts should keep clear of.
    fn ink(&self, frame: &Frame, ink: &mut Ink);
    /// The label and the sample for the legend.
    fn key(&self) -> Option<(&str, Swatch)>;
    /// The colour that tells the mark from others; none for a map, which has many.
    fn colour(&self) -> Option<Colour>;
    /// The values behind the drawing.
    fn values(&self) -> Values;
}

/// The values that a mark shows, as a page of HTML tells them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    /// Points with their uncertainties.
    Points(Vec<Point>),
    /// Lower edge, upper edge and height of each bin.
    Bins(Vec<(f64, f64, f64)>),
    /// The cells of a map.
    Cells(Vec<Cell>),
}

impl Mark {
    /// The mark as something that can be drawn.
    pub(crate) fn drawn(&self) -> &dyn Drawn {
        match self {
            Self::Curve(curve) => curve,
            Self::Steps(steps) => steps,
            Self::Points(points) => points,
            Self::Bars(bars) => bars,
            Self::Cells(cells) => cells,
        }
    }
}

/// The bins of a histogram: lower edge, upper edge and height of each.
fn bins<'a>(edges: &'a [f64], heights: &'a [f64]) -> impl Iterator<Item = (f64, f64, f64)> + 'a {
    edges.windows(2).zip(heights).map(|(edges, height)| (edges[0], edges[1], *height))
}

/// Adds the heights of the bins that are shown, and zero, where every bin begins.
fn reach_of_bins(edges: &[f64], heights: &[f64], shown: &Interval, y: &mut Extent) {
    for (low, high, height) in bins(edges, heights) {
        if shown.shows(low) || shown.shows(high) {
            y.add(height);
            y.add(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::frame::tests::square, *};
    use crate::{Colour, Scale, Style};

    /// All that a mark draws into a square frame.
    pub(super) fn drawing(mark: &dyn Drawn, scale: Scale) -> String {
        let frame = square(scale);
        let mut svg = Svg::default();
        mark.shade(&frame, &mut svg);
        mark.trace(&frame, &mut svg);
        mark.ink(&frame, &mut Ink::new(frame.width, frame.height));
        svg.finish()
    }

    #[test]
    fn values_that_are_not_finite_reach_no_drawing() {
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e300, 50.0, f64::NAN];
        let points: Vec<_> = odd
            .iter()
            .flat_map(|a| odd.map(|b| Point { x: *a, mean: b, low: *a, high: b, weak: Weak::No }))
            .collect();
        let style = Style::line(Colour::BLACK);
        let marks = [
            Mark::Curve(Curve::new("curve", style, points.clone())),
            Mark::Points(Points::new("points", style, points)),
            Mark::Steps(Steps::new("steps", style, odd.to_vec(), odd.to_vec())),
            Mark::Bars(Bars::new("bars", Colour::BLACK, odd.to_vec(), odd.to_vec())),
        ];
        for mark in &marks {
            for scale in [Scale::Linear, Scale::Log] {
                let drawing = drawing(mark.drawn(), scale);
                assert!(!drawing.contains("NaN") && !drawing.contains("inf"), "{drawing}");
                let longest = drawing.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
                assert!(longest <= Some(6), "{drawing}");
            }
        }
    }
}
