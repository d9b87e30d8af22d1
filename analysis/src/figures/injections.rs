//! Figs. 5, 8 and 18: significance improvement against the signal in the data.

use super::measure::Measure;
use super::palette::{self, Marked};
use super::{panels, select};
use crate::figures::FigureTable;
use crate::figures::table::Row as TableRow;
use crate::job::{SignalCount, method_names};
use crate::store::Results;
use drapes_draw::{Axis, Corner, Curve, Dash, Guide, Legend, Mark, Panel, Picture, Row, TopAxis};

/// The curve that carries the second axis: S/√B at each injection.
pub const SIGNIFICANCE: &str = "s_over_sqrt_b";

/// One panel a figure of merit.
pub fn table(name: &str, results: &Results, methods: &[&str], measures: &[Measure]) -> FigureTable {
    let mut table = FigureTable::new(name);
    let mut injections: Vec<(SignalCount, f64, f64)> = Vec::new();
    for count in results.injections() {
        if let Some(found) = select::most_drawn(&select::headline(results, count, methods)) {
            injections.push((count, found.sizes.data_signal as f64, found.sizes.significance()));
        }
    }
    for measure in measures {
        let mut rows = Vec::new();
        for (count, in_region, _) in &injections {
            for found in select::headline(results, *count, methods) {
                if let Some((band, passing)) = measure.of(found) {
                    rows.push((found.point.method(), *in_region, band, passing));
                }
            }
        }
        if rows.is_empty() {
            // Too few events for this rejection: a panel without curves would show nothing.
            continue;
        }
        rows.sort_by_key(|(word, ..)| method_names::rank(word));
        for (word, in_region, band, passing) in rows {
            table.push(measure.word(), word, in_region, band, passing);
        }
        for (_, in_region, significance) in &injections {
            table.push_value(measure.word(), SIGNIFICANCE, *in_region, *significance);
        }
    }
    table.only_if(|row| row.curve != SIGNIFICANCE && row.x > 0.0)
}

/// Fig. 8: empty without partial diffusion.
pub fn partial_table(name: &str, results: &Results) -> FigureTable {
    let table = table(name, results, &select::ALL, &Measure::QUOTED);
    table.only_if(|row| select::PARTIAL.contains(&row.curve.as_str()) && row.x > 0.0)
}

pub fn picture(table: &FigureTable) -> Picture {
    picture_of(table, |word, rows| palette::curve(word, rows, Marked::Yes))
}

/// The picture with curves made from the word and the rows of each.
pub fn picture_of(table: &FigureTable, curve: impl Fn(&str, &[&TableRow]) -> Curve) -> Picture {
    let panels = table.panels().into_iter().filter_map(|panel| {
        let measure = Measure::named(panel)?;
        let positive = table.rows.iter().filter(|row| row.panel == panel && row.x > 0.0).map(|row| row.x);
        let (least, most) =
            positive.fold((f64::INFINITY, 0.0), |(least, most), x| (x.min(least), x.max(most)));
        // Injections are spread over decades; zero then has no place on the axis.
        let label = "signal events in the signal region";
        let x = if most > 5.0 * least { Axis::log(label) } else { Axis::linear(label) };
        let words = table.curves(panel).into_iter().filter(|word| *word != SIGNIFICANCE);
        let marks = words.map(|word| {
            let rows: Vec<_> = table.curve(panel, word).into_iter().filter(|row| row.x > 0.0).collect();
            Mark::Curve(curve(word, &rows))
        });
        Some(Panel {
            note: Some(panels::note(measure.note(), Corner::TopLeft)),
            top: Some(top(table, panel)),
            guides: vec![Guide::Horizontal { y: 1.0, dash: Dash::Dashed, label: None }],
            ..Panel::new(x, measure.axis(), marks.collect())
        })
    });
    Picture {
        legend: Legend::Above,
        footnote: Some(panels::moving_together(bands(table), panels::SHARED_SIGNAL)),
        ..Picture::new(vec![Row::new(panels.collect())])
    }
}

/// Tables without the number of background events that pass cannot tell weak points from others: no marker is hollow.
fn bands(table: &FigureTable) -> &'static str {
    let known = table.rows.iter().any(|row| row.background_events.is_some());
    if known { panels::BANDS_AND_MARKERS } else { panels::BANDS }
}

/// Round values of S/√B where they lie on the axis of events.
fn top(table: &FigureTable, panel: &str) -> TopAxis {
    let rows = table.curve(panel, SIGNIFICANCE);
    let events_per_unit = rows.iter().find(|row| row.mean > 0.0).map_or(f64::NAN, |row| row.x / row.mean);
    let round = [0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0];
    let ticks = round.into_iter().map(|value| (value * events_per_unit, value.to_string()));
    TopAxis { label: "*S*/√*B* before any selection".to_owned(), ticks: ticks.collect() }
}
