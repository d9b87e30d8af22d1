//! Significance improvement of DRAPES ∅ over injection and over-sampling.

use super::measure::Measure;
use super::palette;
use super::{panels, select};
use crate::figures::FigureTable;
use crate::job::method_names;
use crate::store::Results;
use crate::text::grouped;
use drapes_draw::{Axis, Cell, Cells, Colour, Mark, Panel, Picture, Row};

/// Light end of the colours; the dark end is the method's own colour.
const LIGHT: Colour = Colour::hex(0xf7_f0f9);

/// One curve an injection, from the least signal; empty with a single factor.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for injection in results.injections().into_iter().filter(|count| count.0 > 0) {
        for (factor, found) in select::noise_by_factor(results, injection) {
            if let Some((band, passing)) = Measure::AtLow.of(found) {
                let x = f64::from(factor.0);
                table.push(Measure::AtLow.word(), &injection.to_string(), x, band, passing);
            }
        }
    }
    table.only_if_some_curve_runs()
}

pub fn picture(table: &FigureTable) -> Picture {
    let panel = Measure::AtLow.word();
    let mut factors: Vec<f64> = table.rows.iter().map(|row| row.x).collect();
    factors.sort_by(f64::total_cmp);
    factors.dedup();
    let injections = table.curves(panel);
    let highest = table.rows.iter().map(|row| row.mean).fold(1e-9, f64::max);
    let mut cells = Vec::new();
    for (bottom, injection) in (0_u8..).zip(&injections) {
        for row in table.curve(panel, injection) {
            let Some(left) = factors.iter().position(|factor| factor.total_cmp(&row.x).is_eq()) else {
                continue;
            };
            let (left, bottom) = (left as f64, f64::from(bottom));
            let value = format!("{:.1}", row.mean);
            cells.push(Cell {
                x: (left, left + 1.0),
                y: (bottom, bottom + 1.0),
                colour: LIGHT.towards(palette::colour("noise"), row.mean / highest),
                text: if palette::is_reliable(row) { value } else { format!("({value})") },
            });
        }
    }
    let centre = |index: usize| index as f64 + 0.5;
    let factor_names =
        factors.iter().enumerate().map(|(index, factor)| (centre(index), format!("×{factor}")));
    let count = |text: &str| text.parse().map_or_else(|_| text.to_owned(), grouped);
    let injection_names = injections.iter().enumerate().map(|(index, text)| (centre(index), count(text)));
    let x = Axis::linear("over-sampling of the template").within(0.0, factors.len() as f64);
    let y = Axis::linear("injected signal events").within(0.0, injections.len() as f64);
    let map = Panel::new(
        x.named(factor_names.collect()),
        y.named(injection_names.collect()),
        vec![Mark::Cells(Cells { cells })],
    );
    Picture {
        title: Some(format!(
            "{}: *ε*_{{S}}/√*ε*_{{B}} at {}",
            method_names::label("noise"),
            Measure::AtLow.note()
        )),
        footnote: Some(panels::moving_together(
            "mean of all classifiers; in brackets: fewer than 25 background events pass",
            panels::SHARED_TEMPLATES,
        )),
        frame_width: (70.0 * factors.len() as f64).clamp(400.0, 700.0),
        ..Picture::new(vec![Row {
            height: (38.0 * injections.len() as f64).clamp(210.0, 500.0),
            ..Row::new(vec![map])
        }])
    }
}
