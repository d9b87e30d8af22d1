//! One line of text: how it is written as SVG, and how wide it will be.

use std::fmt::Write;

use resvg::usvg::{Node, Tree};

use super::{
    Colour, font,
    markup::{self, Level, Slant},
    svg::{self, Svg},
};

/// Size of sub- and superscripts over the size of their line.
const SCRIPT: f64 = 0.7;
/// Depth of subscripts over the size of their line.
const LOWERED: f64 = 0.2;
/// Height of superscripts over the size of their line.
const RAISED: f64 = 0.4;

/// Which end of a text stands at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// The direction of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Level,
    Upwards,
}

/// The weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// Everything about a line of text but its words and its position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub size: f64,
    pub anchor: Anchor,
    pub turn: Turn,
    pub weight: Weight,
    pub colour: Colour,
}

impl Look {
    /// A black horizontal text of the given size.
    pub fn new(size: f64, anchor: Anchor) -> Self {
        Self { size, anchor, turn: Turn::Level, weight: Weight::Regular, colour: Colour::BLACK }
    }
}

/// Writes a line of text with its base line at the given position.
pub(crate) fn write(svg: &mut Svg, markup: &str, (x, y): (f64, f64), look: Look) {
    let anchor = match look.anchor {
        Anchor::Start => None,
        Anchor::Middle => Some("middle"),
        Anchor::End => Some("end"),
    };
    let turn = match look.turn {
        Turn::Level => None,
        Turn::Upwards => Some(format!("rotate(-90 {} {})", svg::number(x), svg::number(y))),
    };
    let weight = (look.weight == Weight::Bold).then_some("bold");
    let colour = (look.colour != Colour::BLACK).then_some(look.colour);
    svg.element("text")
        .number("x", x)
        .number("y", y)
        .number("font-size", look.size)
        .maybe("font-weight", weight)
        .maybe("text-anchor", anchor)
        .maybe("fill", colour)
        .maybe("transform", turn)
        .around(&spans(markup, look.size));
}

/// The width in points that a line of text takes in figures, at the given font size.
///
/// The text is laid out by the same code that draws it, so that kerning, scripts and italics count.
pub fn width(markup: &str, size: f64) -> f64 {
    width_of(markup, size, Weight::Regular)
}

/// The width of a line of text of some weight.
pub(crate) fn width_of(markup: &str, size: f64, weight: Weight) -> f64 {
    let mut svg = Svg::default();
    svg.element("svg").word("xmlns", "http://www.w3.org/2000/svg").open();
    write(&mut svg, markup, (0.0, 0.0), Look { weight, ..Look::new(size, Anchor::Start) });
    // Text that draws nothing, such as a single space, is no node of the tree and has no width.
    Tree::from_str(&svg.finish(), &font::options())
        .ok()
        .and_then(|tree| extent(tree.root().children()))
        .unwrap_or(0.0)
}

fn extent(nodes: &[Node]) -> Option<f64> {
    nodes.iter().find_map(|node| match node {
        Node::Text(text) => Some(f64::from(text.bounding_box().width())),
        Node::Group(group) => extent(group.children()),
        Node::Path(_) | Node::Image(_) => None,
    })
}

/// The largest size up to the given one at which a line of text is no wider than the room.
pub(crate) fn fitting(markup: &str, size: f64, room: f64) -> f64 {
    let width = width(markup, size);
    if width > room { size * (room / width).max(0.05) } else { size }
}

/// The runs of a line as text and spans; shifts are relative, which every viewer understands.
fn spans(markup: &str, size: f64) -> String {
    let mut spans = String::new();
    let mut height = 0.0;
    for run in markup::runs(markup) {
        let (script, level) = match run.level {
            Level::Base => (None, 0.0),
            Level::Below => (Some(SCRIPT * size), LOWERED * size),
            Level::Above => (Some(SCRIPT * size), -RAISED * size),
        };
        let shift: f64 = level - height;
        height = level;
        let text = svg::escaped(&run.text);
        if run.level == Level::Base && run.slant == Slant::Upright && shift.abs() < 1e-9 {
            spans.push_str(&text);
            continue;
        }
        spans.push_str("<tspan");
        if shift.abs() > 1e-9 {
            let _ = write!(spans, " dy=\"{}\"", svg::number(shift));
        }
        if let Some(size) = script {
            let _ = write!(spans, " font-size=\"{}\"", svg::number(size));
        }
        if run.slant == Slant::Italic {
            spans.push_str(" font-style=\"italic\"");
        }
        let _ = write!(spans, ">{text}</tspan>");
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_grow_with_text_and_size() {
        let one = width("catalogue inclusion", 10.0);
        assert!((80.0..140.0).contains(&one), "{one}");
        assert!((width("catalogue inclusion", 20.0) / one - 2.0).abs() < 0.02);
        assert!(width("catalogue inclusions", 10.0) > one);
        assert!(width_of("catalogue inclusion", 10.0, Weight::Bold) > one);
    }

    #[test]
    fn markup_takes_no_width_and_scripts_little() {
        let digits = width("105", 20.0);
        let power = width("10^{5}", 20.0);
        assert!(power < digits && power > width("10", 20.0), "{power} {digits}");
        assert!(width("", 20.0).abs() < 1e-9);
    }

    #[test]
    fn all_signs_of_scientific_labels_have_glyphs() {
        let missing = width("\u{10ffff}", 100.0);
        for sign in "ε√σ±×−≥≤→→μΔφηΛℓ∞\u{2009}\u{2013}".chars() {
            let width = width(&format!("x{sign}x"), 100.0) - 2.0 * super::width("x", 100.0);
            assert!(width > 0.0 && (width - missing).abs() > 1e-6, "{sign}: {width}");
        }
    }

    #[test]
    fn text_returns_to_its_line_after_a_script() {
        assert_eq!(
            spans("a_{b}c", 10.0),
            "a<tspan dy=\"2\" font-size=\"7\">b</tspan><tspan dy=\"-2\">c</tspan>"
        );
        assert_eq!(spans("5 < 6", 10.0), "5 &lt; 6");
    }

    #[test]
    fn fitting_text_shrinks_but_never_grows() {
        let size = fitting("mean monthly improvement", 16.0, 100.0);
        assert!(size < 16.0 && width("mean monthly improvement", size) < 101.0);
        assert!((fitting("S/B", 16.0, 100.0) - 16.0).abs() < 1e-9);
    }
}
