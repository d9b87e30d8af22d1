//! Lines and shades that help to read the data.

use super::{
    Colour, Dash, Style,
    frame::Frame,
    ink::Ink,
    keys,
    label::{self, Anchor, Look, Turn},
    path,
    rect::Rect,
    sizes,
    svg::Svg,
};

/// Space between a guide and its label.
const GAP: f64 = 5.0;

/// A line or a shade across the whole frame, below the data.
#[derive(Debug, Clone, PartialEq)]
pub enum Guide {
    /// A line at one value of y.
    Horizontal {
        /// Where it lies.
        y: f64,
        /// How it is broken.
        dash: Dash,
        /// Text along the line, in markup.
        label: Option<String>,
    },
    /// A line at one value of x.
    Vertical {
        /// Where it lies.
        x: f64,
        /// How it is broken.
        dash: Dash,
        /// Text along the line, in markup.
        label: Option<String>,
    },
    /// A shaded interval of x, such as a window of interest.
    Shade {
        /// Lower end.
        from: f64,
        /// Upper end.
        to: f64,
        /// Text inside, in markup.
        label: Option<String>,
    },
}

/// A possible place of the label of a guide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    pub rect: Rect,
    pub turn: Turn,
}

impl Spot {
    /// Writes a label at this place.
    pub fn write(&self, svg: &mut Svg, markup: &str) {
        let look = Look { turn: self.turn, colour: Colour::GREY, ..Look::new(sizes::GUIDE, Anchor::Start) };
        let rise = sizes::CAPITAL * sizes::GUIDE;
        let place = match self.turn {
            Turn::Level => (self.rect.x, self.rect.y + rise),
            Turn::Upwards => (self.rect.x + rise, self.rect.bottom()),
        };
        label::write(svg, markup, place, look);
    }
}

impl Guide {
    /// The text of the guide.
    pub(crate) fn label(&self) -> Option<&str> {
        match self {
            Self::Horizontal { label, .. } | Self::Vertical { label, .. } | Self::Shade { label, .. } => {
                label.as_deref()
            }
        }
    }

    /// Draws the guide without its label.
    pub(crate) fn draw(&self, frame: &Frame, svg: &mut Svg) {
        let style = |dash| Style { width: sizes::GUIDE_STROKE, ..Style::line(Colour::GREY).dashed(dash) };
        match *self {
            Self::Horizontal { y, dash, .. } => {
                if let Some(y) = frame.y(y) {
                    keys::stroke(svg, &path::segment((0.0, y), (frame.width, y)), style(dash));
                }
            }
            Self::Vertical { x, dash, .. } => {
                if let Some(x) = frame.x(x) {
                    keys::stroke(svg, &path::segment((x, 0.0), (x, frame.height)), style(dash));
                }
            }
            Self::Shade { from, to, .. } => {
                if let Some((left, right)) = sides(frame, from, to) {
                    svg.element("rect")
                        .number("x", left)
                        .number("y", 0.0)
                        .number("width", right - left)
                        .number("height", frame.height)
                        .word("fill", Colour::GREY)
                        .word("fill-opacity", 0.14)
                        .end();
                }
            }
        }
    }

    /// Adds the line, which texts should not lie on.
    pub(crate) fn ink(&self, frame: &Frame, ink: &mut Ink) {
        match *self {
            Self::Horizontal { y, .. } => {
                if let Some(y) = frame.y(y) {
                    ink.line((0.0, y), (frame.width, y));
                }
            }
            Self::Vertical { x, .. } => {
                if let Some(x) = frame.x(x) {
                    ink.line((x, 0.0), (x, frame.height));
                }
            }
            Self::Shade { .. } => {}
        }
    }

    /// Places where the label may stand, best first; all lie inside the frame.
    pub(crate) fn spots(&self, frame: &Frame) -> Vec<Spot> {
        let Some(markup) = self.label() else { return Vec::new() };
        let (long, wide) = (label::width(markup, sizes::GUIDE), sizes::GUIDE);
        let (top, end) = (sizes::INSET, frame.height - sizes::INSET - long);
        let level = |x, y| Spot { rect: Rect { x, y, width: long, height: wide }, turn: Turn::Level };
        let upwards = |x, y| Spot { rect: Rect { x, y, width: wide, height: long }, turn: Turn::Upwards };
        let spots = match *self {
            Self::Horizontal { y, .. } => frame.y(y).map(|y| {
                let (left, right) = (sizes::INSET, frame.width - sizes::INSET - long);
                let (above, below) = (y - GAP - wide, y + GAP);
                vec![level(right, above), level(left, above), level(right, below), level(left, below)]
            }),
            Self::Vertical { x, .. } => frame.x(x).map(|x| {
                let (left, right) = (x - GAP - wide, x + GAP);
                vec![upwards(right, top), upwards(left, top), upwards(right, end), upwards(left, end)]
            }),
            Self::Shade { from, to, .. } => sides(frame, from, to).map(|(left, right)| {
                let centre = 0.5 * (left + right);
                if right - left > long + 2.0 * GAP {
                    let low = frame.height - sizes::INSET - wide;
                    vec![level(centre - 0.5 * long, top), level(centre - 0.5 * long, low)]
                } else if right - left > wide + GAP {
                    vec![upwards(centre - 0.5 * wide, top), upwards(centre - 0.5 * wide, end)]
                } else {
                    vec![level(right + GAP, top), level(left - GAP - long, top)]
                }
            }),
        };
        let inside = |spot: &Spot| {
            let rect = spot.rect;
            rect.x >= 0.0 && rect.y >= 0.0 && rect.right() <= frame.width && rect.bottom() <= frame.height
        };
        spots.unwrap_or_default().into_iter().filter(inside).collect()
    }
}

/// The visible sides of a shade.
fn sides(frame: &Frame, from: f64, to: f64) -> Option<(f64, f64)> {
    let (from, to) = frame.x(from).zip(frame.x(to))?;
    let (left, right) = (from.min(to).max(0.0), from.max(to).min(frame.width));
    (left < right).then_some((left, right))
}

#[cfg(test)]
mod tests {
    use super::{super::frame::tests::square, *};
    use crate::Scale;

    #[test]
    fn a_label_that_is_too_wide_for_its_shade_is_turned() {
        let frame = Frame { width: 300.0, height: 300.0, ..square(Scale::Linear) };
        let turn = |from, to| {
            let label = Some("window of x...".to_owned());
            Guide::Shade { from, to, label }.spots(&frame).first().map(|spot| spot.turn)
        };
        assert_eq!(turn(20.0, 80.0), Some(Turn::Level));
        assert_eq!(turn(40.0, 50.0), Some(Turn::Upwards));
        assert_eq!(turn(40.0, 40.1), Some(Turn::Level));
    }

    #[test]
    fn labels_stay_inside_and_guides_outside_have_none() {
        let frame = square(Scale::Log);
        let label = || Some("y = 1".to_owned());
        let low = Guide::Horizontal { y: 1.0, dash: Dash::Dashed, label: label() };
        assert!(low.spots(&frame).iter().all(|spot| spot.rect.bottom() <= frame.height));
        assert_eq!(Guide::Vertical { x: -1.0, dash: Dash::Dotted, label: label() }.spots(&frame), []);
        assert_eq!(Guide::Vertical { x: 500.0, dash: Dash::Dotted, label: label() }.spots(&frame), []);
    }
}
