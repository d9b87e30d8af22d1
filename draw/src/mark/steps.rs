//! Histograms.

use super::{
    super::{Colour, Style, keys, path, sizes},
    Drawn, Extent, Frame, Ink, Interval, Margin, Svg, Swatch, Values, bins, reach_of_bins,
};

/// A histogram, drawn as its outline.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// Text in the legend, in markup.
    pub label: Option<String>,
    /// Look of the outline.
    pub style: Style,
    /// Edges of the bins in rising order, one more than heights.
    pub edges: Vec<f64>,
    /// Height of each bin.
    pub heights: Vec<f64>,
    /// Whether the area below is coloured.
    pub filling: Filling,
}

/// The area below a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filling {
    /// Left empty.
    Empty,
    /// Lightly coloured.
    Light,
}

impl Steps {
    /// An empty outline that the legend explains.
    pub fn new(label: impl Into<String>, style: Style, edges: Vec<f64>, heights: Vec<f64>) -> Self {
        Self { label: Some(label.into()), style, edges, heights, filling: Filling::Empty }
    }

    /// The outline in stretches without gaps, each from the foot of its first bin to the foot of its last.
    fn outlines(&self, frame: &Frame) -> Vec<Vec<(f64, f64)>> {
        let Some(foot) = frame.y_or_below(0.0) else { return Vec::new() };
        let mut outlines: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut reached = None;
        for (low, high, height) in bins(&self.edges, &self.heights) {
            let sides = frame.x(low).zip(frame.x(high)).zip(frame.y_or_below(height));
            if let Some(((left, right), top)) = sides {
                match outlines.last_mut() {
                    Some(outline) if reached == Some(left) => {
                        outline.pop();
                        outline.extend([(left, top), (right, top), (right, foot)]);
                    }
                    _ => outlines.push(vec![(left, foot), (left, top), (right, top), (right, foot)]),
                }
            }
            reached = sides.map(|((_, right), _)| right);
        }
        outlines
    }
}

impl Drawn for Steps {
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
        if self.filling == Filling::Light {
            for outline in self.outlines(frame) {
                let area = svg.element("path").word("d", path::polygon(&outline));
                area.word("fill", self.style.colour).word("fill-opacity", sizes::BAND_OPACITY).end();
            }
        }
    }

    fn trace(&self, frame: &Frame, svg: &mut Svg) {
        for outline in self.outlines(frame) {
            keys::stroke(svg, &path::polyline(&outline), Style { marker: None, ..self.style });
        }
    }

    fn ink(&self, frame: &Frame, ink: &mut Ink) {
        for outline in self.outlines(frame) {
            outline.windows(2).for_each(|ends| ink.line(ends[0], ends[1]));
        }
    }

    fn key(&self) -> Option<(&str, Swatch)> {
        let style = Style { marker: None, ..self.style };
        let swatch = match self.filling {
            Filling::Empty => Swatch::Line(style),
            Filling::Light => Swatch::Band(style),
        };
        self.label.as_deref().map(|label| (label, swatch))
    }

    fn colour(&self) -> Option<Colour> {
        Some(self.style.colour)
    }

    fn values(&self) -> Values {
        Values::Bins(bins(&self.edges, &self.heights).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::frame::tests::square, *};
    use crate::Scale;

    fn outlines(heights: &[f64], scale: Scale) -> Vec<Vec<(f64, f64)>> {
        let edges = (0..=heights.len()).map(|edge| 1.0 + edge as f64).collect();
        Steps::new("", Style::line(Colour::BLACK), edges, heights.to_vec()).outlines(&square(scale))
    }

    #[test]
    fn an_outline_begins_and_ends_at_zero() {
        let outlines = outlines(&[10.0, 20.0, 5.0], Scale::Linear);
        assert_eq!(outlines.len(), 1);
        assert_eq!(outlines[0].len(), 8);
        assert_eq!(outlines[0].first().map(|point| point.1), outlines[0].last().map(|point| point.1));
    }

    #[test]
    fn a_missing_bin_leaves_a_gap_and_an_empty_one_does_not() {
        assert_eq!(outlines(&[10.0, f64::NAN, 5.0], Scale::Linear).len(), 2);
        assert_eq!(outlines(&[10.0, 0.0, 5.0], Scale::Log).len(), 1);
    }
}
