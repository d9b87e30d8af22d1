//! Figs. 4 and 17: background rejection against signal efficiency, and significance improvement against rejection.

use super::palette::{self, Marked};
use super::{panels, rejection, select};
use crate::figures::FigureTable;
use crate::figures::table::Row as TableRow;
use crate::job::SignalCount;
use crate::statistics::metrics::efficiency_grid;
use crate::store::{PointResults, Results};
use drapes_draw::{Axis, Corner, Curve, Legend, Mark, Panel, Picture, Row};

const ROC: &str = "roc";
const SIC: &str = "sic";

pub fn table(name: &str, results: &Results, methods: &[&str]) -> FigureTable {
    let mut table = FigureTable::new(name);
    for injection in select::injections(results) {
        let points = select::headline(results, injection, methods);
        push_panels(&mut table, injection, &points, |found| found.point.method().to_owned());
    }
    table
}

/// Both panels of an injection, with curves called by `word`.
pub fn push_panels(
    table: &mut FigureTable,
    injection: SignalCount,
    points: &[&PointResults],
    word: impl Fn(&PointResults) -> String,
) {
    for point in points {
        push_roc(table, &panel(ROC, injection), &word(point), point);
    }
    for point in points {
        rejection::push(table, &panel(SIC, injection), &word(point), point);
    }
}

/// Fig. 17: empty without partial diffusion.
pub fn partial_table(name: &str, results: &Results) -> FigureTable {
    let table = table(name, results, &select::GENERATED);
    table.only_if(|row| select::PARTIAL.contains(&row.curve.as_str()))
}

fn panel(kind: &str, injection: SignalCount) -> String {
    format!("{kind}-{injection}")
}

fn push_roc(table: &mut FigureTable, panel: &str, curve: &str, point: &PointResults) {
    let background = point.background_events();
    for (index, efficiency) in efficiency_grid().enumerate() {
        let value = |rejections: &[Option<f32>]| rejections.get(index).copied().flatten().map(f64::from);
        if let Some(band) = point.band(|classifier| value(&classifier.performance.rejection)) {
            let passing = background / band.mean;
            table.push(panel, curve, efficiency, band, Some(passing));
        }
    }
}

pub fn picture(table: &FigureTable) -> Picture {
    picture_of(table, |word, rows| palette::curve(word, rows, Marked::No))
}

/// The picture with curves made from the word and the rows of each.
pub fn picture_of(table: &FigureTable, curve: impl Fn(&str, &[&TableRow]) -> Curve) -> Picture {
    let panels = table.panels();
    // Where signal stands apart, nothing of the background passes with it: then an injection has one of both panels only.
    let mut injections: Vec<&str> = Vec::new();
    for injection in panels.iter().filter_map(|panel| panel.split_once('-')).map(|(_, injection)| injection) {
        if !injections.contains(&injection) {
            injections.push(injection);
        }
    }
    let rejections = rejection::axis(table.rows.iter().filter(|row| row.panel.starts_with(SIC)));
    let rows = injections.into_iter().map(|injection| {
        let curves = |kind: &str| -> Vec<Mark> {
            let panel = format!("{kind}-{injection}");
            let words = table.curves(&panel).into_iter();
            words.map(|word| Mark::Curve(curve(word, &table.curve(&panel, word)))).collect()
        };
        let note = |corner| Some(panels::note(panels::injected(injection), corner));
        let efficiency = Axis::linear("signal efficiency *ε*_{S}").within(0.0, 1.0);
        let roc = Panel::new(efficiency, rejections.clone(), curves(ROC));
        let sic = Panel::new(rejections.clone(), rejection::improvement(), curves(SIC));
        Row::new(vec![
            Panel { note: note(Corner::TopRight), ..roc },
            Panel { note: note(Corner::TopLeft), ..sic },
        ])
    });
    Picture {
        legend: Legend::Above,
        footnote: Some(panels::moving_together(panels::BANDS_AND_DASHES, panels::SHARED_EVALUATION)),
        ..Picture::new(rows.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::band::Band;

    #[test]
    fn an_injection_with_one_of_both_panels_is_drawn() {
        for kind in [ROC, SIC] {
            let mut table = FigureTable::new("fig04");
            for x in [1.0, 10.0, 100.0] {
                let band = Band { mean: 2.0, low: 1.5, high: 2.5, n: 10 };
                table.push(&panel(kind, SignalCount(200)), "noise", x, band, Some(30.0));
            }
            let picture = picture(&table);
            assert_eq!(picture.rows.len(), 1, "{kind}");
            // A picture without a panel is narrow and as high as its warning is long.
            assert!(drapes_draw::png(&drapes_draw::svg(&picture), 400).is_ok(), "{kind}");
        }
    }
}
