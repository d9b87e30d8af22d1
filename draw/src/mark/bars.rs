//! Filled bars from zero, as for residuals.

use super::{
    super::{Colour, rect::Rect},
    Drawn, Extent, Frame, Ink, Interval, Margin, Svg, Swatch, Values, bins, reach_of_bins,
};

/// One filled bar from zero per bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// Text in the legend, in markup.
    pub label: Option<String>,
    /// Colour of the bars.
    pub colour: Colour,
    /// Edges of the bins in rising order, one more than heights.
    pub edges: Vec<f64>,
    /// Signed height of each bar.
    pub heights: Vec<f64>,
}

impl Bars {
    /// Bars that the legend explains.
    pub fn new(label: impl Into<String>, colour: Colour, edges: Vec<f64>, heights: Vec<f64>) -> Self {
        Self { label: Some(label.into()), colour, edges, heights }
    }

    fn rects(&self, frame: &Frame) -> Vec<Rect> {
        let foot = frame.y_or_below(0.0);
        let rect = |(low, high, height): (f64, f64, f64)| {
            let (foot, top) = foot.zip(frame.y_or_below(height))?;
            let (left, right) = frame.x(low).zip(frame.x(high))?;
            let (width, height) = ((right - left).abs(), (foot - top).abs());
            Some(Rect { x: left.min(right), y: top.min(foot), width, height })
        };
        bins(&self.edges, &self.heights).filter_map(rect).filter(|rect| rect.height > 0.0).collect()
    }
}

impl Drawn for Bars {
    fn reach_x(&self, x: &mut Extent) {
        self.edges.iter().for_each(|edge| x.add(*edge));
    }

    fn reach_y(&self, shown: &Interval, y: &mut Extent) {
        reach_of_bins(&self.edges, &self.heights, shown, y);
    }

    fn margin(&self) -> Margin {
        Margin::Tight
    }

    fn shade(&self, frame: &Frame, svg: &mut Svg) {
        for rect in self.rects(frame) {
            svg.element("rect")
                .number("x", rect.x)
                .number("y", rect.y)
                .number("width", rect.width)
                .number("height", rect.height)
                .word("fill", self.colour)
                .word("stroke", Colour::WHITE)
                .number("stroke-width", 0.5)
                .end();
        }
    }

    fn trace(&self, _: &Frame, _: &mut Svg) {}

    fn ink(&self, frame: &Frame, ink: &mut Ink) {
        for rect in self.rects(frame) {
            let sides = (rect.y, rect.bottom());
            ink.band((rect.x, sides), (rect.right(), sides));
            ink.line((rect.x, rect.y), (rect.right(), rect.y));
        }
    }

    fn key(&self) -> Option<(&str, Swatch)> {
        self.label.as_deref().map(|label| (label, Swatch::Area(self.colour)))
    }

    fn colour(&self) -> Option<Colour> {
        Some(self.colour)
    }

    fn values(&self) -> Values {
        Values::Bins(bins(&self.edges, &self.heights).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scale, scale::Interval};

    #[test]
    fn bars_go_up_and_down_from_zero() {
        let interval = Interval { low: -10.0, high: 10.0, scale: Scale::Linear };
        let frame = Frame { width: 100.0, height: 100.0, x: interval, y: interval };
        let bars = Bars::new("", Colour::BLACK, vec![-10.0, 0.0, 5.0, 10.0], vec![5.0, -5.0, f64::NAN]);
        let rects = bars.rects(&frame);
        assert_eq!(rects.len(), 2);
        assert!((rects[0].bottom() - 50.0).abs() < 1e-9 && (rects[0].height - 25.0).abs() < 1e-9);
        assert!((rects[1].y - 50.0).abs() < 1e-9);
    }
}
