//! Which methods a figure shows, and how each of them looks.

use crate::draw::{Colour, Curve, Dash, Marker, Point, Style, Weak};
use crate::metrics::RELIABLE_BACKGROUND_EVENTS;
use crate::quantities::SignalCount;
use crate::results::{PointResults, Results};
use crate::table::Row;

/// Name and look of a curve.
struct Look {
    word: &'static str,
    label: &'static str,
    colour: Colour,
    dash: Dash,
    marker: Marker,
}

/// Every method in the order of legends and tables; the colours are those of the paper's captions.
const LOOKS: [Look; 4] = [
    Look {
        word: "supervised",
        label: "Supervised",
        colour: Colour::hex(0x11_1111),
        dash: Dash::Solid,
        marker: Marker::Square,
    },
    Look {
        word: "over_idealised",
        label: "Over-idealised",
        colour: Colour::hex(0x2a_8c3c),
        dash: Dash::Solid,
        marker: Marker::Triangle,
    },
    Look {
        word: "idealised",
        label: "Idealised",
        colour: Colour::hex(0x7f_b069),
        dash: Dash::Solid,
        marker: Marker::Wedge,
    },
    Look {
        word: "noise",
        label: "DRAPES ∅",
        colour: Colour::hex(0x7b_2d8e),
        dash: Dash::Solid,
        marker: Marker::Disc,
    },
];

/// The name of a method for people.
pub fn label(word: &str) -> &str {
    LOOKS.iter().find(|look| look.word == word).map_or(word, |look| look.label)
}

/// The place of a method in tables and legends.
pub fn rank(word: &str) -> usize {
    LOOKS.iter().position(|look| look.word == word).unwrap_or(LOOKS.len())
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
    let look = LOOKS.iter().find(|look| look.word == word);
    let mut style = match look {
        Some(look) => Style::line(look.colour).dashed(look.dash),
        None => Style::line(Colour::GREY),
    };
    if marked == Marked::Yes {
        style = style.marked(look.map_or(Marker::Diamond, |look| look.marker));
    }
    let reliable = RELIABLE_BACKGROUND_EVENTS as f64;
    let points = rows.iter().map(|row| Point {
        weak: if row.background_events.is_some_and(|events| events < reliable) {
            Weak::Yes
        } else {
            Weak::No
        },
        ..Point::within(row.x, row.mean, row.low, row.high)
    });
    Curve::new(label(word), style, points.collect())
}

/// One point of each method at an injection, in the order of legends: with the job's own side-bands and
/// over-sampling where there is a choice.
pub fn headline(results: &Results, n_signal: SignalCount) -> Vec<&PointResults> {
    let nominal = |found: &PointResults| {
        let side_bands = found.point.side_bands().is_none_or(|window| window == results.job.regions.outer);
        let oversampling = found.point.oversampling().is_none_or(|factor| factor == results.job.oversampling);
        (side_bands, oversampling)
    };
    let mut best: Vec<&PointResults> = Vec::new();
    for found in &results.points {
        if found.point.n_signal().is_some_and(|count| count != n_signal) {
            continue;
        }
        match best.iter_mut().find(|known| known.point.method() == found.point.method()) {
            Some(known) if nominal(found) > nominal(known) => *known = found,
            Some(_) => {}
            None => best.push(found),
        }
    }
    best.sort_by_key(|found| rank(found.point.method()));
    best
}

/// The injections that have panels of their own: those that the job names, as far as there are results; else
/// the two largest.
pub fn injections(results: &Results) -> Vec<SignalCount> {
    let mut found: Vec<SignalCount> =
        results.points.iter().filter_map(|found| found.point.n_signal()).collect();
    found.sort_unstable();
    found.dedup();
    let named: Vec<SignalCount> =
        results.job.figures.injections.iter().copied().filter(|count| found.contains(count)).collect();
    if !named.is_empty() {
        return named;
    }
    found.retain(|count| count.0 > 0);
    found.split_off(found.len().saturating_sub(2))
}

/// A whole number with its thousands apart.
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
