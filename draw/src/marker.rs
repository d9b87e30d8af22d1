//! The shapes of data points.

use super::{Colour, Marker, Weak, path, svg::Svg};

/// One data point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dot {
    pub shape: Marker,
    pub colour: Colour,
    /// Weak points are hollow.
    pub weak: Weak,
    pub radius: f64,
}

/// Draws a data point.
pub(crate) fn draw(svg: &mut Svg, (x, y): (f64, f64), dot: Dot) {
    let Dot { shape, colour, weak, radius } = dot;
    let hollow = weak != Weak::No || shape == Marker::Ring;
    // A thin outline in the colour of the paper keeps points apart from the lines through them.
    let (fill, stroke, width) =
        if hollow { (Colour::WHITE, colour, 1.3) } else { (colour, Colour::WHITE, 0.6) };
    let corners = |offsets: &[(f64, f64)]| {
        let points: Vec<_> = offsets.iter().map(|(dx, dy)| (x + dx * radius, y + dy * radius)).collect();
        path::polygon(&points)
    };
    let element = match shape {
        Marker::Disc | Marker::Ring => {
            svg.element("circle").number("cx", x).number("cy", y).number("r", radius)
        }
        Marker::Square => {
            let d = corners(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]);
            svg.element("path").word("d", d)
        }
        Marker::Diamond => {
            let d = corners(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]);
            svg.element("path").word("d", d)
        }
        Marker::Triangle => {
            let d = corners(&[(0.0, -1.2), (1.15, 0.8), (-1.15, 0.8)]);
            svg.element("path").word("d", d)
        }
        Marker::Wedge => {
            let d = corners(&[(0.0, 1.2), (1.15, -0.8), (-1.15, -0.8)]);
            svg.element("path").word("d", d)
        }
    };
    element.word("fill", fill).word("stroke", stroke).number("stroke-width", width).end();
}
