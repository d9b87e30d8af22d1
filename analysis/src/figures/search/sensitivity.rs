//! Injected against found: what searches of pseudo-data with simulated signal find of it, a panel a window.

use super::numbers;
use super::sensed::{of_all, of_mass_alone};
use crate::figures::{FigureTable, palette, panels};
use crate::statistics::band::Band;
use crate::store::Results;
use drapes_draw::{
    Axis, Colour, Corner, Curve, Dash, Guide, Legend, Mark, Marker, Panel, Picture, Point, Row, Style,
};

/// The curve of what the mass alone would find.
const ALONE: &str = "mass alone";
/// Windows that are drawn at most; the table has all.
const MOST_WINDOWS: usize = 12;
/// Panels in a row.
const COLUMNS: usize = 3;

/// The found Z of each window and cut against the injected S/√B, with the band of pseudo-experiments; beside it that of a count over the
/// fit of the side-bands before any cut. Empty without pseudo-experiments with signal.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let (sensed, found) = (of_all(results), numbers::of_all(results));
    let mut alone: Vec<(String, f64, f64)> = vec![];
    for one in &sensed {
        let panel = format!("{} {}", results.job.signal_region_of(one.point), results.job.unit);
        let band = Band::of(one.z.iter().copied().map(Some));
        if let Some(band) = band {
            table.push(&panel, &one.efficiency.to_string(), one.strength, band, None);
        }
        let before = found.iter().find(|found| found.window.point == *one.point && found.efficiency >= 1.0);
        let fitted = before.and_then(|found| Some(found.fit_that_describes()?.excess.background));
        let is_known = alone
            .iter()
            .any(|(known, strength, _)| *known == panel && strength.to_bits() == one.strength.to_bits());
        if let (Some(fitted), false) = (fitted, is_known) {
            alone.push((panel, one.strength, of_mass_alone(fitted, one.mean_signal)));
        }
    }
    for (panel, strength, z) in alone {
        table.push_value(&panel, ALONE, strength, z);
    }
    table
}

/// A shade and a band for each cut, the mass alone dashed, and the strength itself dotted.
pub fn picture(table: &FigureTable) -> Picture {
    let windows = table.panels();
    let panels: Vec<Panel> = windows.iter().take(MOST_WINDOWS).map(|window| panel(table, window)).collect();
    let more = if windows.len() > MOST_WINDOWS {
        format!("; the first {MOST_WINDOWS} of {} windows", windows.len())
    } else {
        String::new()
    };
    let rows = panels.chunks(COLUMNS).map(|row| Row { height: 200.0, ..Row::new(row.to_vec()) });
    Picture {
        legend: Legend::Above,
        footnote: Some(format!(
            "pseudo-experiments with simulated signal: mean and 68%; background and template are drawn from the model of each \
             window, which has not seen the signal{more}"
        )),
        frame_width: 250.0,
        ..Picture::new(rows.collect())
    }
}

fn panel(table: &FigureTable, window: &str) -> Panel {
    let curves = table.curves(window);
    let cuts = curves.iter().filter(|curve| **curve != ALONE).count().max(1) as f64;
    let points = |curve: &str| -> Vec<Point> {
        let mut rows = table.curve(window, curve);
        rows.sort_by(|one, other| one.x.total_cmp(&other.x));
        rows.iter().map(|row| Point::within(row.x, row.mean, row.low, row.high)).collect()
    };
    let mut marks = vec![];
    for (place, curve) in curves.iter().filter(|curve| **curve != ALONE).enumerate() {
        let style = Style::line(palette::shade((place + 1) as f64 / cuts)).marked(Marker::Disc);
        marks.push(Mark::Curve(Curve::new(format!("*ε* = {curve}"), style, points(curve))));
    }
    let alone = points(ALONE);
    if !alone.is_empty() {
        let style = Style::line(Colour::GREY).dashed(Dash::Dashed).marked(Marker::Square);
        marks.push(Mark::Curve(Curve::new("mass alone, fit of the side-bands", style, alone)));
    }
    let strongest = table.rows.iter().map(|row| row.x).fold(0.0, f64::max);
    let diagonal = vec![Point::exact(0.0, 0.0), Point::exact(strongest, strongest)];
    let style = Style::line(Colour::GREY).dashed(Dash::Dotted);
    marks.push(Mark::Curve(Curve::new("*S*/√*B* itself", style, diagonal)));
    let guide = |y: f64| Guide::Horizontal { y, dash: Dash::Solid, label: Some(format!("{y}σ")) };
    Panel {
        guides: vec![guide(0.0), guide(5.0)],
        note: Some(panels::note(window.replace('-', "–"), Corner::TopLeft)),
        ..Panel::new(
            Axis::linear("injected *S*/√*B*").within(0.0, 1.05 * strongest),
            Axis::linear("found *Z*"),
            marks,
        )
    }
}
