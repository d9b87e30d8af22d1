//! The little samples of marks that a legend shows.

use super::{
    Colour, Dash, Marker, Style, Weak,
    marker::{self, Dot},
    path,
    rect::Rect,
    sizes,
    svg::Svg,
};

/// A sample of how a mark looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Swatch {
    /// A line without a band.
    Line(Style),
    /// A line in a band.
    Band(Style),
    /// A point with an error bar.
    Point(Style, Marker),
    /// A filled area.
    Area(Colour),
}

impl Swatch {
    /// The same sample of a line whose band is too narrow to be seen.
    pub fn without_band(self) -> Self {
        match self {
            Self::Band(style) => Self::Line(style),
            other => other,
        }
    }

    /// The colour of the mark.
    pub fn colour(&self) -> Colour {
        match *self {
            Self::Line(style) | Self::Band(style) | Self::Point(style, _) => style.colour,
            Self::Area(colour) => colour,
        }
    }

    /// Draws the sample into a rectangle.
    pub fn draw(&self, svg: &mut Svg, rect: Rect) {
        let centre = (rect.x + 0.5 * rect.width, rect.y + 0.5 * rect.height);
        match *self {
            Self::Line(style) => line(svg, rect, style),
            Self::Band(style) => {
                area(svg, rect, style.colour, sizes::BAND_OPACITY);
                line(svg, rect, style);
            }
            Self::Point(style, shape) => {
                let bar = path::segment((centre.0, rect.y - 1.0), (centre.0, rect.bottom() + 1.0));
                stroke(svg, &bar, Style { dash: Dash::Solid, ..style });
                dot(svg, centre, shape, style, sizes::POINT);
            }
            Self::Area(colour) => area(svg, rect, colour, 1.0),
        }
    }
}

/// Draws path data as a line in some style.
pub(crate) fn stroke(svg: &mut Svg, path: &str, style: Style) {
    if path.is_empty() {
        return;
    }
    svg.element("path")
        .word("d", path)
        .word("fill", "none")
        .word("stroke", style.colour)
        .number("stroke-width", style.width)
        .maybe("stroke-dasharray", style.dash.lengths(style.width))
        .end();
}

fn line(svg: &mut Svg, rect: Rect, style: Style) {
    let y = rect.y + 0.5 * rect.height;
    stroke(svg, &path::segment((rect.x, y), (rect.right(), y)), style);
    if let Some(shape) = style.marker {
        dot(svg, (rect.x + 0.5 * rect.width, y), shape, style, sizes::MARKER);
    }
}

fn dot(svg: &mut Svg, place: (f64, f64), shape: Marker, style: Style, radius: f64) {
    marker::draw(svg, place, Dot { shape, colour: style.colour, weak: Weak::No, radius });
}

fn area(svg: &mut Svg, rect: Rect, colour: Colour, opacity: f64) {
    svg.element("rect")
        .number("x", rect.x)
        .number("y", rect.y)
        .number("width", rect.width)
        .number("height", rect.height)
        .word("fill", colour)
        .maybe("fill-opacity", (opacity < 1.0).then_some(opacity))
        .end();
}
