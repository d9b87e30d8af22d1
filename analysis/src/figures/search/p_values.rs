//! Local p-values of a search against mass: a curve for each cut and estimate, with lines at whole standard deviations.

use super::axis;
use super::numbers::{Estimate, of_all};
use crate::figures::FigureTable;
use crate::figures::palette;
use crate::statistics::search::p_value::PValue;
use crate::store::Results;
use crate::store::unblinding::Blinding;
use drapes_draw::{
    Axis, Colour, Curve, Dash, Guide, Legend, Mark, Marker, Panel, Picture, Point, Row, Style,
};

const PANEL: &str = "local p";
/// p-values below are drawn here: what is further down would press all others together.
const LEAST: f64 = 1e-20;
/// Standard deviations that have a line.
const LINES: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 5.0];
/// Those that are drawn where the axis reaches below this.
const TOLD: [f64; 2] = [3.0, 5.0];
const CROWDED: f64 = 1e-10;

/// The p-values of all windows at their centres; empty while the search is blind.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    if results.blinding() == Blinding::Blind {
        return table;
    }
    let all = of_all(results);
    let mut cuts = vec![1.0];
    cuts.extend(results.job.search.iter().flat_map(|search| search.efficiencies.iter().copied()));
    // The names of curves: `template-0.01`, `side-bands-1`.
    for estimate in Estimate::BOTH {
        for cut in &cuts {
            let curve = format!("{}-{cut}", estimate.word());
            let mut points: Vec<(f64, f64)> = all
                .iter()
                .filter(|found| found.efficiency.to_bits() == cut.to_bits())
                .filter_map(|found| {
                    let window = found.regions.signal;
                    let p = found.evidence(estimate)?.quoted().value();
                    Some((f64::midpoint(window.low.0, window.high.0), p.max(f64::MIN_POSITIVE)))
                })
                .collect();
            points.sort_by(|one, other| one.0.total_cmp(&other.0));
            for (mass, p) in points {
                table.push_value(PANEL, &curve, mass, p);
            }
        }
    }
    axis::push(&mut table, &results.job);
    axis::push_windows(&mut table, all.iter().map(|found| axis::centre(found.regions.signal)));
    table
}

/// Shades by cut, solid lines for the template and dashed ones for the fit of side-bands.
pub fn picture(table: &FigureTable) -> Picture {
    let curves = table.curves(PANEL);
    let cut_of = |curve: &str| curve.rsplit_once('-').map_or("", |(_, cut)| cut).to_owned();
    let mut cuts: Vec<String> = vec![];
    for cut in curves.iter().map(|curve| cut_of(curve)) {
        if cut != "1" && !cuts.contains(&cut) {
            cuts.push(cut);
        }
    }
    let windows = axis::windows(table, |panel, _| panel == PANEL);
    let mark = |curve: &&str| {
        let cut = cut_of(curve);
        let estimate = Estimate::BOTH.into_iter().find(|estimate| curve.starts_with(estimate.word()));
        let place = cuts.iter().position(|one| *one == cut);
        let colour =
            place.map_or(Colour::GREY, |place| palette::shade((place + 1) as f64 / cuts.len().max(1) as f64));
        let (dash, marker, from) = match estimate {
            Some(Estimate::SideBands) => (Dash::Dashed, Marker::Square, "fit of the side-bands"),
            _ => (Dash::Solid, Marker::Disc, "template"),
        };
        let label = if place.is_none() { format!("no cut, {from}") } else { format!("*ε* = {cut}, {from}") };
        let points =
            table.curve(PANEL, curve).iter().map(|row| Point::exact(row.x, row.mean.max(LEAST))).collect();
        let points = axis::with_gaps(points, &windows);
        let style = Style::line(colour).dashed(dash).marked(marker);
        Mark::Curve(Curve::new(&label, style, points))
    };
    let marks: Vec<Mark> = curves.iter().map(mark).collect();
    let smallest = table.rows.iter().filter(|row| row.panel == PANEL).map(|row| row.mean).fold(1.0, f64::min);
    let low = PValue::of_z(LINES[4]).value().min(smallest.max(LEAST)) / 10.0;
    let guide = |sigmas: f64| Guide::Horizontal {
        y: PValue::of_z(sigmas).value(),
        dash: Dash::Dotted,
        label: Some(format!("{sigmas}σ")),
    };
    // Where the axis is long all lines would be so close that nobody could tell whose label is whose.
    let lines = LINES.into_iter().filter(|sigmas| low >= CROWDED || TOLD.contains(sigmas));
    let x = Axis::linear(axis::read(table));
    let panel = Panel {
        guides: lines.map(guide).collect(),
        ..Panel::new(x, Axis::log("local *p*").within(low, 1.0), marks)
    };
    Picture {
        legend: Legend::Above,
        footnote: Some(
            "one-sided, of each window by itself, and not calibrated; without fits that do not describe their side-bands; below 10⁻²⁰ \
             drawn there"
                .to_owned(),
        ),
        ..Picture::new(vec![Row::new(vec![panel])])
    }
}
