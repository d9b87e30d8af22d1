//! Fig. 5: significance improvement at fixed rejections against the signal in the data.

use super::palette::{self, Marked};
use crate::draw::{Axis, Corner, Dash, Guide, Mark, Note, Panel, Picture, Place, Row, TopAxis};
use crate::metrics::QUOTED_REJECTIONS;
use crate::quantities::SignalCount;
use crate::record::Classifier;
use crate::results::Results;
use crate::table::FigureTable;

/// The curve that carries the second axis: S/√B at each injection.
const SIGNIFICANCE: &str = "s_over_sqrt_b";

/// A figure of merit of one classifier.
type Value = fn(&Classifier) -> Option<f64>;

pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let mut injections: Vec<(SignalCount, f64, f64)> = Vec::new();
    for found in &results.points {
        if let Some(count) = found.point.n_signal()
            && !injections.iter().any(|(known, ..)| *known == count)
        {
            injections.push((count, found.sizes.data_signal as f64, found.sizes.significance()));
        }
    }
    injections.sort_by_key(|(count, ..)| *count);
    let values: [Value; 2] =
        [|classifier| classifier.performance.sic_at_1e3, |classifier| classifier.performance.sic_at_5e3];
    for (rejection, value) in QUOTED_REJECTIONS.into_iter().zip(values) {
        let panel = format!("rejection-{rejection}");
        let mut rows = Vec::new();
        for (count, in_region, _) in &injections {
            for found in palette::headline(results, *count) {
                if let Some(band) = found.band(value) {
                    let passing = found.background_events() / rejection;
                    rows.push((found.point.method(), *in_region, band, passing));
                }
            }
        }
        rows.sort_by_key(|(word, ..)| palette::rank(word));
        for (word, in_region, band, passing) in rows {
            table.push(&panel, word, in_region, band, Some(passing));
        }
        for (_, in_region, significance) in &injections {
            table.push_value(&panel, SIGNIFICANCE, *in_region, *significance);
        }
    }
    table
}

pub fn picture(table: &FigureTable) -> Picture {
    let panels = table.panels().into_iter().map(|panel| {
        let positive = table.rows.iter().filter(|row| row.panel == panel && row.x > 0.0).map(|row| row.x);
        let (least, most) =
            positive.fold((f64::INFINITY, 0.0), |(least, most), x| (x.min(least), x.max(most)));
        // Injections are spread over decades; zero then has no place on the axis.
        let label = "signal events in the signal region";
        let x = if most > 5.0 * least { Axis::log(label) } else { Axis::linear(label) };
        let words = table.curves(panel).into_iter().filter(|word| *word != SIGNIFICANCE);
        let marks = words.map(|word| {
            let rows: Vec<_> = table.curve(panel, word).into_iter().filter(|row| row.x > 0.0).collect();
            Mark::Curve(palette::curve(word, &rows, Marked::Yes))
        });
        let y = Axis::linear("significance improvement *ε*_{S}/√*ε*_{B}").starting_at(0.0);
        let rejection: f64 =
            panel.strip_prefix("rejection-").and_then(|text| text.parse().ok()).unwrap_or(0.0);
        let text = format!("1/*ε*_{{B}} = {}", palette::grouped(rejection as u32));
        Panel {
            note: Some(Note { text, place: Place::At(Corner::TopLeft) }),
            top: Some(top(table, panel)),
            guides: vec![Guide::Horizontal { y: 1.0, dash: Dash::Dashed, label: None }],
            ..Panel::new(x, y, marks.collect())
        }
    });
    Picture {
        footnote: Some(
            "mean and 68% band of all classifiers; hollow: fewer than 25 background events pass".to_owned(),
        ),
        ..Picture::new(vec![Row::new(panels.collect())])
    }
}

/// Round values of S/√B where they lie on the axis of events.
fn top(table: &FigureTable, panel: &str) -> TopAxis {
    let rows = table.curve(panel, SIGNIFICANCE);
    let events_per_unit = rows.iter().find(|row| row.mean > 0.0).map_or(f64::NAN, |row| row.x / row.mean);
    let round = [0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0];
    let ticks = round.into_iter().map(|value| (value * events_per_unit, value.to_string()));
    TopAxis { label: "*S*/√*B* before any selection".to_owned(), ticks: ticks.collect() }
}
