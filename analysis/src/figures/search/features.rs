//! What was selected in the most significant window: each feature of the data behind its cut, beside the template behind the same cut
//! and before it. Features in which the selected data are least like the template come first.

use super::numbers::{CutNumbers, Estimate, of_all};
use crate::figures::{FigureTable, histogram, palette, panels};
use crate::job::{Job, hlv};
use crate::plan::work::{FeatureBehind, FeatureLook};
use crate::statistics::band::Band;
use crate::statistics::search::intervals::{ONE_SIGMA, garwood};
use crate::store::Results;
use crate::store::unblinding::Blinding;
use drapes_draw::{
    Axis, Colour, Corner, Filling, Legend, Mark, Marker, Panel, Picture, Point, Points, Row, Steps, Style,
};

const BEFORE: &str = "template before the cut";
const TEMPLATE: &str = "template";
const DATA: &str = "data";
/// The curve of the largest differences of cumulative shares: of the template behind the cut in `x`, of the data in `mean`.
const MOVED: &str = "moved";
/// The panel that says which selection is shown: window, cut and unit in the name of its curve, its data and template events.
const SELECTION: &str = "selection";
/// Cuts above this select too much of the background to show what is new in them.
const STRONG: f64 = 0.01;
/// Data that a selection has at least, where no cut is strong.
const FEW: usize = 10;
/// Panels in a row.
const COLUMNS: usize = 3;

/// The selection with the smallest p-value; while the search is blind, the template alone of a window and a cut that no data have
/// chosen.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let (all, blinding) = (of_all(results), results.blinding());
    let chosen = match blinding {
        Blinding::Open => most_significant(&all),
        Blinding::Blind => unseen(&results.job, &all),
    };
    let Some(found) = chosen else { return table };
    let Some(cut) = place(found) else { return table };
    let mut ranked = vec![];
    for (feature, look) in results.job.data.features.iter().zip(&found.window.looks) {
        if let Some(behind) = look.cuts.get(cut).and_then(Option::as_ref) {
            ranked.push((feature, look, behind));
        }
    }
    ranked.sort_by(|one, other| moved(other.2, blinding).total_cmp(&moved(one.2, blinding)));
    for (feature, look, behind) in &ranked {
        push(&mut table, feature, look, behind, blinding);
    }
    if let (Some(passed), false) = (found.passed, table.rows.is_empty()) {
        let unit = &results.job.unit;
        let selection = format!("{} {unit} at {}", found.regions.signal, found.efficiency);
        let data = if blinding == Blinding::Open { passed.data as f64 } else { 0.0 };
        table.push_value(SELECTION, &selection, passed.template as f64, data);
    }
    table
}

/// The cut of the smallest quoted p-value among strong ones with a look at their features; without any, the strongest that enough
/// data pass.
fn most_significant<'a, 'b>(all: &'b [CutNumbers<'a>]) -> Option<&'b CutNumbers<'a>> {
    let ln_p = |found: &CutNumbers<'_>| {
        let both = Estimate::BOTH.into_iter().filter_map(|estimate| found.evidence(estimate));
        both.map(|excess| excess.quoted().ln()).reduce(f64::min)
    };
    let looked = || all.iter().filter(|found| place(found).is_some() && !found.window.looks.is_empty());
    let strong = looked().filter(|found| found.efficiency <= STRONG);
    let strong = strong.filter_map(|found| Some((found, ln_p(found)?)));
    let smallest = strong.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(found, _)| found);
    let enough = looked().filter(|found| found.passed.is_some_and(|passed| passed.data >= FEW));
    smallest.or_else(|| enough.min_by(|one, other| one.efficiency.total_cmp(&other.efficiency)))
}

/// The job's own window, or the first, at its strongest cut that is told.
fn unseen<'a, 'b>(job: &Job, all: &'b [CutNumbers<'a>]) -> Option<&'b CutNumbers<'a>> {
    let looked = || all.iter().filter(|found| place(found).is_some() && !found.window.looks.is_empty());
    let own =
        looked().find(|found| found.regions.signal == job.regions.signal).or_else(|| looked().next())?;
    let of_window = looked().filter(|found| std::ptr::eq(found.window, own.window));
    of_window.min_by(|one, other| one.efficiency.total_cmp(&other.efficiency))
}

/// The place of a cut among those of its window; none before a cut, and where nothing is told of it.
fn place(found: &CutNumbers<'_>) -> Option<usize> {
    found.passed?;
    found.window.cuts.iter().position(|cut| cut.efficiency.to_bits() == found.efficiency.to_bits())
}

/// Adds a feature: densities, so that bins of unlike width can be compared.
fn push(
    table: &mut FigureTable,
    feature: &str,
    look: &FeatureLook,
    behind: &FeatureBehind,
    blinding: Blinding,
) {
    let FeatureLook { edges, .. } = look;
    let widths: Vec<f64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let densities = |counts: &[u32]| -> Vec<f64> {
        let all = counts.iter().sum::<u32>().max(1);
        counts.iter().zip(&widths).map(|(count, width)| f64::from(*count) / f64::from(all) / width).collect()
    };
    histogram::push(table, feature, BEFORE, edges, &densities(&look.template));
    histogram::push(table, feature, TEMPLATE, edges, &densities(&behind.template));
    let all = f64::from(behind.data.iter().sum::<u32>().max(1));
    if blinding == Blinding::Open {
        for ((pair, width), count) in edges.windows(2).zip(&widths).zip(&behind.data) {
            let interval = garwood(u64::from(*count), ONE_SIGMA);
            let density = |events: f64| events / all / width;
            let band = Band {
                mean: density(f64::from(*count)),
                low: density(interval.low),
                high: density(interval.high),
                n: *count as usize,
            };
            table.push(feature, DATA, f64::midpoint(pair[0], pair[1]), band, None);
        }
    }
    table.push_value(feature, MOVED, behind.template_moved, moved(behind, blinding));
}

/// By what features are ranked: how far the selected data are from the template before the cut; while these are withheld, and where
/// there are none, how far the template behind the cut is.
fn moved(behind: &FeatureBehind, blinding: Blinding) -> f64 {
    match blinding {
        Blinding::Open => behind.data_moved.unwrap_or(behind.template_moved),
        Blinding::Blind => behind.template_moved,
    }
}

/// A panel a feature, the most telling first.
pub fn picture(table: &FigureTable) -> Picture {
    let features: Vec<&str> = table.panels().into_iter().filter(|panel| *panel != SELECTION).collect();
    let panels: Vec<Panel> = features.iter().map(|feature| of_feature(table, feature)).collect();
    let rows = panels::rows(panels, COLUMNS).into_iter().map(|row| Row { height: 190.0, ..row });
    Picture {
        legend: Legend::Above,
        footnote: Some(footnote(table)),
        frame_width: 260.0,
        ..Picture::new(rows.collect())
    }
}

/// Which selection it is, and in what order features stand.
fn footnote(table: &FigureTable) -> String {
    let selection = table.rows.iter().find(|row| row.panel == SELECTION);
    let (name, template, data) =
        selection.map_or(("", 0.0, 0.0), |row| (row.curve.as_str(), row.x, row.mean));
    let (window, cut) = name.split_once(" at ").unwrap_or((name, ""));
    let window = window.replace('-', "–");
    let order = "*D* is the largest difference of cumulative shares from the template before the cut";
    if table.rows.iter().any(|row| row.curve == DATA) {
        format!(
            "window {window}, *ε* = {cut}: {data} data and {template} template events behind the cut, each of area 1; {order}"
        )
    } else {
        format!(
            "window {window}, *ε* = {cut}: {template} template events behind the cut; the search is blind, and *D* that of the \
             template; {order}"
        )
    }
}

fn of_feature(table: &FigureTable, feature: &str) -> Panel {
    let before =
        histogram::steps(table, feature, BEFORE, BEFORE, Style { width: 1.3, ..Style::line(Colour::GREY) });
    let template = histogram::steps(
        table,
        feature,
        TEMPLATE,
        "template behind the cut",
        Style::line(palette::colour("noise")),
    );
    let mut marks = vec![Mark::Steps(Steps { filling: Filling::Light, ..template }), Mark::Steps(before)];
    let data: Vec<Point> = table
        .curve(feature, DATA)
        .iter()
        .filter(|row| row.n > 0)
        .map(|row| Point::within(row.x, row.mean, row.low, row.high))
        .collect();
    if !data.is_empty() {
        let ink = Style::line(Colour::BLACK).marked(Marker::Disc);
        marks.push(Mark::Points(Points::new("selected data", ink, data)));
    }
    let moved = table.curve(feature, MOVED).first().map_or(f64::NAN, |row| row.mean);
    // Densities of features have units of their own: no two panels share an axis.
    let top = 1.15
        * table
            .rows
            .iter()
            .filter(|row| row.panel == feature && row.curve != MOVED)
            .map(|row| row.high)
            .fold(1e-9, f64::max);
    let (edges, _) = histogram::read(table, feature, BEFORE);
    let x = Axis::linear(hlv::label(feature));
    let x = match (edges.first(), edges.last()) {
        (Some(low), Some(high)) => x.within(*low, *high),
        _ => x,
    };
    Panel {
        note: Some(panels::note(format!("*D* = {moved:.2}"), Corner::TopRight)),
        ..Panel::new(x, Axis::linear("density").within(0.0, top), marks)
    }
}
