//! Significance improvement against background rejection: one panel an injection or a side-band width.

use super::measure::IMPROVEMENT;
use super::{palette, panels};
use crate::figures::FigureTable;
use crate::figures::table::Row;
use crate::statistics::metrics::rejection_grid;
use crate::store::PointResults;
use drapes_draw::{Axis, Corner, Curve, Legend, Mark, Panel, Picture};

/// Adds the curve of a point.
pub fn push(table: &mut FigureTable, panel: &str, curve: &str, point: &PointResults) {
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
            table.push(panel, curve, rejection, band, Some(background / rejection));
        }
    }
}

/// The axis of rejections up to the decade in which the longest curve ends.
pub fn axis<'a>(rows: impl Iterator<Item = &'a Row>) -> Axis {
    let largest = rows.map(|row| row.x).fold(10.0, f64::max);
    let end = 10_f64.powf(largest.log10().ceil()).min(1e5);
    Axis::log("background rejection 1/*ε*_{B}").within(1.0, end)
}

/// The axis of improvements.
pub fn improvement() -> Axis {
    Axis::linear(IMPROVEMENT).starting_at(0.0)
}

/// How a curve is drawn where few background events pass.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Few {
    /// It goes on, dashed.
    Dashed,
    /// It ends, because dashes tell methods apart.
    End,
}

/// All panels of a table that has no others, with curves made from the word and the rows of each.
pub fn picture(
    table: &FigureTable,
    few: Few,
    note: impl Fn(&str) -> String,
    curve: impl Fn(&str, &[&Row]) -> Curve,
) -> Picture {
    let shown = |row: &&Row| few == Few::Dashed || palette::is_reliable(row);
    let panels = table.panels().into_iter().map(|panel| {
        let marks = table.curves(panel).into_iter().map(|word| {
            let rows: Vec<&Row> = table.curve(panel, word).into_iter().filter(shown).collect();
            Mark::Curve(curve(word, &rows))
        });
        Panel {
            note: Some(panels::note(note(panel), Corner::TopLeft)),
            ..Panel::new(axis(table.rows.iter().filter(shown)), improvement(), marks.collect())
        }
    });
    let footnote = match few {
        Few::Dashed => panels::BANDS_AND_DASHES,
        Few::End => panels::BANDS_THAT_END,
    };
    Picture {
        legend: Legend::Above,
        footnote: Some(panels::moving_together(footnote, panels::SHARED_EVALUATION)),
        ..Picture::new(panels::rows(panels.collect(), 3))
    }
}
