//! By how much more data than their templates say passes cuts in control windows, against the share of the template that passes.

use super::control::{Deltas, regions};
use super::scatters::Scatters;
use crate::figures::excess::{published_curve, push_published};
use crate::figures::{FigureTable, palette};
use crate::statistics::band::Band;
use crate::statistics::closure::Measured;
use crate::store::Results;
use drapes_draw::{
    Axis, Colour, Curve, Dash, Guide, Legend, Mark, Marker, Panel, Picture, Point, Points, Row, Style,
};

/// The panel of δ as windows that are searched take it, with what others have published.
const TAKEN: &str = "control windows";
/// The panel with a curve for each control window.
const EACH: &str = "each control window";
/// The curve of the mean.
const MEAN: &str = "mean";

/// δ of each cut with its error as windows that are searched take it, and δ̂ of each control window; empty without any. They are not blind.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let (mut table, scatters) = (FigureTable::new(name), Scatters::of(results));
    for cut in Deltas::of(results).cuts() {
        let Some(found) = cut.excess else { continue };
        // The error is relative to 1 + δ.
        let error = found.delta.error * (1.0 + found.delta.value);
        push(
            &mut table,
            (TAKEN, MEAN),
            cut.efficiency,
            (Measured { value: found.delta.value, error }, found.regions),
        );
    }
    for region in regions(results) {
        let curve = match region.search {
            None => region.window.to_string(),
            Some(search) => format!("{} of {search}", region.window),
        };
        push(
            &mut table,
            (EACH, &curve),
            region.cut.efficiency,
            (region.cut.count.delta(scatters.at(region.cut.efficiency)), 1),
        );
    }
    push_published(&mut table, TAKEN);
    table
}

fn push(
    table: &mut FigureTable,
    (panel, curve): (&str, &str),
    efficiency: f64,
    (delta, n): (Measured, usize),
) {
    let Measured { value, error } = delta;
    table.push(
        panel,
        curve,
        efficiency,
        Band { mean: value, low: value - error, high: value + error, n },
        None,
    );
}

/// A point a window and cut, and the mean that is taken with its error.
pub fn picture(table: &FigureTable) -> Picture {
    let windows = table.curves(EACH);
    let points = |panel: &str, curve: &str, aside: f64| -> Vec<Point> {
        let rows = table.curve(panel, curve).into_iter();
        rows.map(|row| Point::within(row.x * aside, row.mean, row.low, row.high)).collect()
    };
    let mut marks: Vec<Mark> = vec![];
    for word in table.curves(TAKEN) {
        let exact = table.curve(TAKEN, word).iter().map(|row| Point::exact(row.x, row.mean)).collect();
        marks
            .extend(published_curve(word, Curve::new("", Style::line(Colour::GREY), exact)).map(Mark::Curve));
    }
    for (place, window) in windows.iter().enumerate() {
        // Side by side, so that their errors can be told apart.
        let aside = 1.1 + 0.5 * (place as f64 / windows.len() as f64);
        let style = Style::line(Colour::hex(0xb0_b0_b0)).marked(Marker::Disc);
        // The legend explains them once.
        let label = (place == 0).then(|| "each control window".to_owned());
        marks.push(Mark::Points(Points { label, ..Points::new("", style, points(EACH, window, aside)) }));
    }
    let style = Style::line(palette::shade(1.0)).marked(Marker::Square);
    marks.push(Mark::Points(Points::new(
        "their mean, as searched windows take it",
        style,
        points(TAKEN, MEAN, 1.0 / 1.1),
    )));
    let panel = Panel {
        guides: vec![Guide::Horizontal { y: 0.0, dash: Dash::Solid, label: None }],
        ..Panel::new(
            Axis::log("share *ε* of the template that passes"),
            Axis::linear("excess in control windows *δ* = *N*/(*εN*_{SR}) − 1"),
            marks,
        )
    };
    Picture {
        legend: Legend::Above,
        footnote: Some(
            "bars: numbers of events, of the mean also by how much windows differ beyond them; windows and mean are drawn beside their cut; published values \
             are of other events and features"
                .to_owned(),
        ),
        ..Picture::new(vec![Row::new(vec![panel])])
    }
}
