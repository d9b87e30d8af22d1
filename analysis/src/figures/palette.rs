//! The colour and name of each method, the same in all figures.
//!
//! Differs from the paper, which swaps the colours of DRAPES SR and SB from figure to figure: here SR is blue, SB
//! red and MC magenta everywhere, as in its Figs. 6, 12 and 17.

use crate::figures::table::Row;
use crate::job::method_names::label;
use crate::statistics::metrics::RELIABLE_BACKGROUND_EVENTS;
use drapes_draw::{Colour, Curve, Dash, Marker, Point, Style, Weak};

/// The look of a curve.
struct Look {
    word: &'static str,
    colour: Colour,
    dash: Dash,
    marker: Marker,
}

impl Look {
    const fn solid(word: &'static str, code: u32, marker: Marker) -> Self {
        Self { word, colour: Colour::hex(code), dash: Dash::Solid, marker }
    }
}

/// Every method.
const LOOKS: [Look; 15] = [
    Look::solid("supervised", 0x11_1111, Marker::Square),
    Look::solid("over_idealised", 0x2a_8c3c, Marker::Triangle),
    Look::solid("idealised", 0x7f_b069, Marker::Wedge),
    Look::solid("curtains_f4f", 0xe6_7e22, Marker::Square),
    Look { dash: Dash::Dashed, ..Look::solid("curtains_f4f_efficient", 0xe6_7e22, Marker::Square) },
    Look::solid("cathode", 0x00_8b8b, Marker::Triangle),
    Look::solid("feta", 0x8a_6d3b, Marker::Wedge),
    Look { dash: Dash::Dotted, ..Look::solid("flow_matching", 0x3b_6ea5, Marker::Disc) },
    Look { dash: Dash::Dashed, ..Look::solid("flow_matching_efficient", 0x3b_6ea5, Marker::Diamond) },
    Look::solid("noise", 0x7b_2d8e, Marker::Disc),
    Look { dash: Dash::Dotted, ..Look::solid("noise_efficient", 0x7b_2d8e, Marker::Diamond) },
    Look { dash: Dash::Dashed, ..Look::solid("gensr", 0x7b_2d8e, Marker::Disc) },
    Look::solid("sr", 0x1f_5fa8, Marker::Diamond),
    Look::solid("sb", 0xc0_392b, Marker::Wedge),
    Look::solid("mc", 0xe0_3fa8, Marker::Triangle),
];

/// Light and dark end of the shades of DRAPES ∅.
const SHADES: (Colour, Colour) = (Colour::hex(0xd9_a8e3), Colour::hex(0x4a_1259));

/// True background, true signal and the events that were generated from each, as in Fig. 16.
pub const TRUE_BACKGROUND: Colour = Colour::hex(0x2a_8c3c);
/// See [`TRUE_BACKGROUND`].
pub const TRUE_SIGNAL: Colour = Colour::hex(0xc0_392b);
/// See [`TRUE_BACKGROUND`].
pub const FROM_BACKGROUND: Colour = Colour::hex(0x1f_5fa8);
/// See [`TRUE_BACKGROUND`].
pub const FROM_SIGNAL: Colour = Colour::hex(0x8a_5a2b);
/// Events that a network learns from, and events that are kept aside.
pub const TRAINING: Colour = Colour::hex(0x1f_5fa8);
/// See [`TRAINING`].
pub const VALIDATION: Colour = Colour::hex(0xd3_5400);

fn look(word: &str) -> Option<&'static Look> {
    LOOKS.iter().find(|look| look.word == word)
}

/// The colour of a method.
pub fn colour(word: &str) -> Colour {
    look(word).map_or(Colour::GREY, |look| look.colour)
}

/// A shade of DRAPES ∅ between light (0) and dark (1), which stay apart for every eye and without colour.
pub fn shade(part: f64) -> Colour {
    SHADES.0.towards(SHADES.1, part)
}

/// How a curve's points are marked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// A line only: the points are many.
    No,
    /// A marker at each point.
    Yes,
}

/// The curve of a method from the rows of its table; rows that rest on too few background events are weak.
pub fn curve(word: &str, rows: &[&Row], marked: Marked) -> Curve {
    let look = look(word);
    let mut style = match look {
        Some(look) => Style::line(look.colour).dashed(look.dash),
        None => Style::line(Colour::GREY),
    };
    if marked == Marked::Yes {
        style = style.marked(look.map_or(Marker::Diamond, |look| look.marker));
    }
    let points = rows.iter().map(|row| Point {
        weak: if is_reliable(row) { Weak::No } else { Weak::Yes },
        ..Point::within(row.x, row.mean, row.low, row.high)
    });
    Curve::new(label(word), style, points.collect())
}

/// Whether enough background events stand behind a value, as far as their number is known.
pub fn is_reliable(row: &Row) -> bool {
    row.background_events.is_none_or(|events| events >= RELIABLE_BACKGROUND_EVENTS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::method_names::NAMES;

    #[test]
    fn every_method_has_a_look() {
        for (word, _) in NAMES {
            assert!(look(word).is_some(), "{word}");
        }
    }

    #[test]
    fn no_two_methods_look_alike() {
        for (index, one) in LOOKS.iter().enumerate() {
            for other in &LOOKS[..index] {
                assert!(one.colour != other.colour || one.dash != other.dash, "{} {}", one.word, other.word);
            }
        }
    }
}
