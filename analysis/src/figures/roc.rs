//! Fig. 4: background rejection against signal efficiency, and significance improvement against rejection.

use super::palette::{self, Marked};
use crate::draw::{Axis, Corner, Curve, Mark, Note, Panel, Picture, Place, Row};
use crate::metrics::{efficiency_grid, rejection_grid};
use crate::quantities::SignalCount;
use crate::results::{PointResults, Results};
use crate::table::FigureTable;

const ROC: &str = "roc";
const SIC: &str = "sic";

pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for injection in palette::injections(results) {
        let points = palette::headline(results, injection);
        for point in &points {
            push_roc(&mut table, &panel(ROC, injection), point);
        }
        for point in &points {
            push_sic(&mut table, &panel(SIC, injection), point);
        }
    }
    table
}

fn panel(kind: &str, injection: SignalCount) -> String {
    format!("{kind}-{injection}")
}

fn push_roc(table: &mut FigureTable, panel: &str, point: &PointResults) {
    let background = point.background_events();
    for (index, efficiency) in efficiency_grid().enumerate() {
        let value = |rejections: &[Option<f32>]| rejections.get(index).copied().flatten().map(f64::from);
        if let Some(band) = point.band(|classifier| value(&classifier.performance.rejection)) {
            let passing = background / band.mean;
            table.push(panel, point.point.method(), efficiency, band, Some(passing));
        }
    }
}

fn push_sic(table: &mut FigureTable, panel: &str, point: &PointResults) {
    let background = point.background_events();
    for (index, rejection) in rejection_grid().enumerate() {
        let value = |efficiencies: &[Option<f32>]| {
            efficiencies
                .get(index)
                .copied()
                .flatten()
                .map(|efficiency| f64::from(efficiency) * rejection.sqrt())
        };
        if let Some(band) = point.band(|classifier| value(&classifier.performance.efficiency)) {
            table.push(panel, point.point.method(), rejection, band, Some(background / rejection));
        }
    }
}

pub fn picture(table: &FigureTable) -> Picture {
    let panels = table.panels();
    let injections: Vec<&str> = panels.iter().filter_map(|panel| panel.strip_prefix("roc-")).collect();
    let furthest = furthest(table);
    let rows = injections.into_iter().map(|injection| {
        let curves = |kind: &str| -> Vec<Mark> {
            let panel = format!("{kind}-{injection}");
            let curve =
                |word: &&str| -> Curve { palette::curve(word, &table.curve(&panel, word), Marked::No) };
            table.curves(&panel).iter().map(curve).map(Mark::Curve).collect()
        };
        let count = injection.parse().map_or_else(|_| injection.to_owned(), palette::grouped);
        let note = || Some(Note { text: format!("{count} injected"), place: Place::At(Corner::TopRight) });
        let efficiency = Axis::linear("signal efficiency *ε*_{S}").within(0.0, 1.0);
        let rejection = || Axis::log("background rejection 1/*ε*_{B}").within(1.0, furthest);
        let sic = Axis::linear("significance improvement *ε*_{S}/√*ε*_{B}").starting_at(0.0);
        let roc = Panel { note: note(), ..Panel::new(efficiency, rejection(), curves(ROC)) };
        let sic = Panel { note: note(), ..Panel::new(rejection(), sic, curves(SIC)) };
        Row::new(vec![roc, sic])
    });
    Picture {
        footnote: Some(
            "mean and 68% band of all classifiers; dashed: fewer than 25 background events".to_owned(),
        ),
        ..Picture::new(rows.collect())
    }
}

/// The decade in which the statistics of the best curve end.
fn furthest(table: &FigureTable) -> f64 {
    let sic = table.rows.iter().filter(|row| row.panel.starts_with(SIC));
    let largest = sic.map(|row| row.x).fold(10.0, f64::max);
    10_f64.powf(largest.log10().ceil()).min(1e5)
}
