//! Whether cuts sculpt the spectrum: in control windows and their side-bands, the share of events that passes at each mass.

use super::axis;
use super::control;
use crate::figures::fit_quality::written;
use crate::figures::{FigureTable, palette, panels};
use crate::plan::work::SearchedWindow;
use crate::statistics::band::Band;
use crate::statistics::search::intervals::{ONE_SIGMA, clopper_pearson};
use crate::statistics::search::sculpting::PassedBin;
use crate::store::Results;
use drapes_draw::{
    Axis, Corner, Dash, Guide, Legend, Mark, Marker, Panel, Picture, Point, Points, Row, Style,
};

/// The rows that have the edges of the window.
const WINDOW: &str = "window";
/// What stands before the cut in the name of the row that has its p-value.
const P: &str = "p of ";
/// Windows that are drawn at most; the table has all.
const MOST_WINDOWS: usize = 12;
/// Panels in a row.
const COLUMNS: usize = 3;

/// The share that passes in each bin over that at all masses, a curve for each cut of each control window; empty without any. They are
/// not blind.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for cut in control::of_all(results) {
        let Some(found) = cut.sculpting() else { continue };
        let masses = results.job.signal_region_of(&cut.window.point);
        let (panel, curve) = (masses.to_string(), cut.efficiency.to_string());
        for bin in &found.bins {
            let interval = clopper_pearson(bin.behind, bin.before, ONE_SIGMA);
            let band = Band {
                mean: bin.behind as f64 / bin.before.max(1) as f64 / found.share,
                low: interval.low / found.share,
                high: interval.high / found.share,
                n: bin.behind as usize,
            };
            table.push(&panel, &curve, mean_mass(cut.window, bin), band, None);
        }
        if let Some(p) = found.p {
            table.push_value(&panel, &format!("{P}{curve}"), found.bins.len() as f64, p);
        }
        if table.curve(&panel, WINDOW).is_empty() {
            for edge in [masses.low, masses.high] {
                table.push_value(&panel, WINDOW, edge.0, 0.0);
            }
        }
    }
    axis::push(&mut table, &results.job);
    table
}

/// The mean mass of the events of a joined bin, each at the middle of its own: a bin that reaches over masses which are left out has
/// none of them in its middle.
fn mean_mass(window: &SearchedWindow, bin: &PassedBin) -> f64 {
    let places = bin.first..=bin.last;
    let middle = |place: usize| f64::midpoint(window.edges[place], window.edges[place + 1]);
    let weighted: f64 = places.map(|place| f64::from(window.spectrum[place]) * middle(place)).sum();
    weighted / bin.before.max(1) as f64
}

/// A panel a control window, which is shaded; a cut that takes no notice of the mass lies on the line at 1.
pub fn picture(table: &FigureTable) -> Picture {
    let windows: Vec<&str> =
        table.panels().into_iter().filter(|panel| !table.curve(panel, WINDOW).is_empty()).collect();
    let drawn: Vec<Panel> = windows.iter().take(MOST_WINDOWS).map(|window| panel(table, window)).collect();
    let more = if windows.len() > MOST_WINDOWS {
        format!("; the first {MOST_WINDOWS} of {} windows", windows.len())
    } else {
        String::new()
    };
    let rows = drawn.chunks(COLUMNS).map(|row| Row { height: 200.0, ..Row::new(row.to_vec()) });
    Picture {
        legend: Legend::Above,
        footnote: Some(format!(
            "share of the data that passes, over that at all masses, in bins of ten expected events or more; 68% intervals; *p* of χ²: \
             the same share everywhere{more}"
        )),
        frame_width: 250.0,
        ..Picture::new(rows.collect())
    }
}

fn is_cut(curve: &str) -> bool {
    curve.parse::<f64>().is_ok()
}

/// The cuts of all windows, from the weakest.
fn cuts(table: &FigureTable) -> Vec<&str> {
    let mut cuts: Vec<&str> = vec![];
    for row in table.rows.iter().filter(|row| is_cut(&row.curve)) {
        if !cuts.contains(&row.curve.as_str()) {
            cuts.push(&row.curve);
        }
    }
    let value = |cut: &str| cut.parse::<f64>().unwrap_or_default();
    cuts.sort_by(|one, other| value(other).total_cmp(&value(one)));
    cuts
}

fn panel(table: &FigureTable, window: &str) -> Panel {
    let curves: Vec<&str> = table.curves(window).into_iter().filter(|curve| is_cut(curve)).collect();
    let unit = axis::unit(&axis::read(table));
    let mut note = format!("{} {unit}", window.replace('-', "–"));
    let mut marks = vec![];
    // Windows that some cuts have no numbers in have the colours of the others.
    let cuts = cuts(table);
    for curve in &curves {
        let place = cuts.iter().position(|cut| cut == curve).unwrap_or(0);
        let points = table.curve(window, curve).into_iter();
        let points = points.map(|row| Point::within(row.x, row.mean, row.low, row.high)).collect();
        let style = Style::line(palette::shade((place + 1) as f64 / cuts.len() as f64)).marked(Marker::Disc);
        // No line between them: it would lead through the masses that are left out.
        marks.push(Mark::Points(Points::new(format!("*ε* = {curve}"), style, points)));
        if let Some(p) = table.curve(window, &format!("{P}{curve}")).first() {
            note.push_str(&format!("\n*p* = {} at *ε* = {curve}", written(p.mean)));
        }
    }
    let edges: Vec<f64> = table.curve(window, WINDOW).iter().map(|row| row.x).collect();
    let mut guides = vec![Guide::Horizontal { y: 1.0, dash: Dash::Dotted, label: None }];
    if let [from, to] = edges[..] {
        guides.push(Guide::Shade { from, to, label: None });
    }
    let y = Axis::linear("relative share that passes").starting_at(0.0);
    Panel {
        guides,
        note: Some(panels::note(note, Corner::TopLeft)),
        ..Panel::new(Axis::linear(axis::read(table)), y, marks)
    }
}
