//! Calibration: how often p-values of pseudo-experiments without signal are as small as they say, a curve for each cut.

use super::pseudo_searches::PseudoSearch;
use crate::figures::{FigureTable, palette};
use crate::statistics::band::Band;
use crate::statistics::search::calibration::Calibration;
use crate::store::Results;
use drapes_draw::{Axis, Colour, Curve, Dash, Legend, Mark, Panel, Picture, Point, Row, Style};

const PANEL: &str = "calibration";
/// Calculated p-values to a decade.
const STEPS_A_DECADE: f64 = 8.0;
/// What of a band lies below is drawn there: its lower end is 0 where nothing was seen.
const LEAST: f64 = 1e-6;

/// The empirical rate of calculated p-values, those of all windows together, down to the rate of one experiment; empty without
/// pseudo-experiments.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let pseudo = PseudoSearch::of(results);
    for efficiency in results.job.search.iter().flat_map(|search| &search.efficiencies) {
        let cuts = pseudo.cuts().filter(|cut| cut.efficiency.to_bits() == efficiency.to_bits());
        let p_values: Vec<_> = cuts.flat_map(|cut| cut.p_values.iter().copied()).collect();
        let all = p_values.len();
        let steps = (STEPS_A_DECADE * (all.max(1) as f64).log10()).floor() as u32;
        let calculated: Vec<f64> =
            (0..=steps).rev().map(|step| 10_f64.powf(-f64::from(step) / STEPS_A_DECADE)).collect();
        if all == 0 {
            continue;
        }
        for point in Calibration::of(p_values).curve(&calculated) {
            let band = Band { mean: point.empirical, low: point.band.low, high: point.band.high, n: all };
            table.push(PANEL, &efficiency.to_string(), point.calculated, band, None);
        }
    }
    table
}

/// A shade and a band for each cut; a p-value that is what it says lies on the diagonal.
pub fn picture(table: &FigureTable) -> Picture {
    let curves = table.curves(PANEL);
    let count = curves.len().max(1) as f64;
    let mark = |(place, cut): (usize, &&str)| {
        let rows = table.curve(PANEL, cut);
        let points = rows.iter().filter(|row| row.mean > 0.0).map(|row| Point {
            low: row.low.max(LEAST),
            high: row.high,
            ..Point::exact(row.x, row.mean)
        });
        let style = Style::line(palette::shade((place + 1) as f64 / count));
        Mark::Curve(Curve::new(format!("*ε* = {cut}"), style, points.collect()))
    };
    let mut marks: Vec<Mark> = curves.iter().enumerate().map(mark).collect();
    let least = table.rows.iter().map(|row| row.x).fold(1.0, f64::min);
    let diagonal = vec![Point::exact(least, least), Point::exact(1.0, 1.0)];
    let style = Style::line(Colour::GREY).dashed(Dash::Dashed);
    marks.push(Mark::Curve(Curve::new("a p-value that is what it says", style, diagonal)));
    let low = least / 3.0;
    let panel = Panel::new(
        Axis::log("calculated local *p*").within(least, 1.0),
        Axis::log("share of pseudo-experiments below").within(low, 1.0),
        marks,
    );
    Picture {
        legend: Legend::Above,
        footnote: Some(
            "pseudo-experiments without signal, drawn from the model of each window, all windows together; bands: 68%, numbers of \
             experiments"
                .to_owned(),
        ),
        ..Picture::new(vec![Row::new(vec![panel])])
    }
}
