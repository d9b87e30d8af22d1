//! Figs. 12, 13, 14 and the boosted trees: significance improvement against rejection where one thing varies.

use super::palette::{self, Marked};
use super::rejection::{self, Few};
use super::{panels, select};
use crate::figures::FigureTable;
use crate::figures::table::Row;
use crate::job::{ClassifierKind, MassWindow, SignalCount, method_names};
use crate::store::{PointResults, Results};
use drapes_draw::{Curve, Dash, Picture, Style};

/// The methods of Fig. 12, and flow matching.
const WIDTHS: [&str; 8] = [
    "curtains_f4f",
    "cathode",
    "flow_matching",
    "flow_matching_efficient",
    "noise",
    "noise_efficient",
    "sr",
    "sb",
];
/// The methods that boosted trees are compared for.
const TREES: [&str; 4] = ["supervised", "over_idealised", "idealised", "noise"];
/// The ending of the words of curves of boosted trees.
const BY_TREES: &str = "-trees";

/// Fig. 12: one panel a side-band width, from narrow to wide, at the largest injection that has several.
pub fn widths(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let mut injections = select::injections(results);
    injections.sort_unstable();
    let scans = injections.into_iter().rev().map(|injection| of_widths(results, injection));
    let Some(scan) = scans.into_iter().find(|scan| scan.len() > 1) else { return table };
    for (window, points) in scan {
        // A picture is drawn from its table alone: another unit stands there.
        let unit = if results.job.unit.is_usual() { String::new() } else { format!(" {}", results.job.unit) };
        let panel = format!("{window}{unit}");
        for point in points {
            rejection::push(&mut table, &panel, point.point.method(), point);
        }
    }
    table
}

fn of_widths(results: &Results, injection: SignalCount) -> Vec<(MassWindow, Vec<&PointResults>)> {
    let usual = |found: &&PointResults| {
        let (point, method) = (&found.point, found.point.method());
        WIDTHS.contains(&method)
            && point.classifier == ClassifierKind::Mlp
            && select::is_own_sampler(point)
            && point.template().is_some_and(|template| template.sample.signal_region.is_none())
            && select::has_signal(point, injection)
            && (select::PARTIAL.contains(&method) || select::from_pure_noise(results, point))
    };
    let points = results.points.iter().filter(usual);
    let mut widths: Vec<(MassWindow, Vec<&PointResults>)> = Vec::new();
    for ((_, window), point) in
        select::nominal(results, points, |found| (found.point.method(), found.point.side_bands()))
    {
        let Some(window) = window else { continue };
        match widths.iter_mut().find(|(known, _)| *known == window) {
            Some((_, points)) => points.push(point),
            None => widths.push((window, vec![point])),
        }
    }
    for (_, points) in &mut widths {
        points.sort_by_key(|point| method_names::rank(point.point.method()));
    }
    widths.sort_by(|(one, _), (other, _)| one.width().total_cmp(&other.width()));
    widths
}

pub fn widths_picture(table: &FigureTable) -> Picture {
    let note = |panel: &str| {
        let unit = if panel.contains(' ') { "" } else { " GeV" };
        format!("side-bands\n{}{unit}", panel.replace('-', "–"))
    };
    rejection::picture(table, Few::Dashed, note, plain)
}

fn plain(word: &str, rows: &[&Row]) -> Curve {
    palette::curve(word, rows, Marked::No)
}

/// Fig. 13: over-sampling of DRAPES ∅; empty with a single factor.
pub fn factors(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for injection in select::injections(results) {
        let panel = injection.to_string();
        for found in select::headline(results, injection, &["supervised", "over_idealised"]) {
            rejection::push(&mut table, &panel, found.point.method(), found);
        }
        for (factor, found) in select::noise_by_factor(results, injection) {
            rejection::push(&mut table, &panel, &format!("noise-x{factor}"), found);
        }
    }
    let several = table
        .panels()
        .iter()
        .any(|panel| table.curves(panel).iter().filter(|curve| curve.starts_with("noise")).count() > 1);
    table.only_if(|_| several)
}

pub fn factors_picture(table: &FigureTable) -> Picture {
    let factor = |word: &str| word.strip_prefix("noise-x").and_then(|text| text.parse::<u32>().ok());
    let mut factors: Vec<u32> = table.rows.iter().filter_map(|row| factor(&row.curve)).collect();
    factors.sort_unstable();
    factors.dedup();
    let last = factors.len().saturating_sub(1).max(1) as f64;
    let curve = |word: &str, rows: &[&Row]| {
        let plain = plain(word, rows);
        let Some(factor) = factor(word) else { return plain };
        let place = factors.iter().position(|known| *known == factor).unwrap_or(0);
        Curve {
            label: Some(format!("{} ×{factor}", method_names::label("noise"))),
            style: Style { colour: palette::shade(place as f64 / last), ..plain.style },
            ..plain
        }
    };
    rejection::picture(table, Few::Dashed, panels::injected, curve)
}

/// Fig. 14: over-sampled data; empty without them.
pub fn gensr(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for injection in select::injections(results) {
        let points = select::headline(results, injection, &["noise", "gensr"]);
        if points.iter().any(|found| found.point.method() == "gensr") {
            for found in points {
                rejection::push(&mut table, &injection.to_string(), found.point.method(), found);
            }
        }
    }
    table
}

pub fn gensr_picture(table: &FigureTable) -> Picture {
    rejection::picture(table, Few::End, panels::injected, plain)
}

/// Boosted trees beside networks; empty without trees.
pub fn trees(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for injection in select::injections(results) {
        let panel = injection.to_string();
        let trees = select::headline_by(results, ClassifierKind::Trees, injection, &TREES);
        let methods: Vec<&str> = trees.iter().map(|found| found.point.method()).collect();
        for network in select::headline(results, injection, &methods) {
            rejection::push(&mut table, &panel, network.point.method(), network);
        }
        for found in &trees {
            rejection::push(&mut table, &panel, &format!("{}{BY_TREES}", found.point.method()), found);
        }
    }
    table
}

pub fn trees_picture(table: &FigureTable) -> Picture {
    let curve = |word: &str, rows: &[&Row]| match word.strip_suffix(BY_TREES) {
        Some(method) => {
            let solid = plain(method, rows);
            let label = format!("{}, trees", method_names::label(method));
            Curve { label: Some(label), style: solid.style.dashed(Dash::Dashed), ..solid }
        }
        None => plain(word, rows),
    };
    rejection::picture(table, Few::End, panels::injected, curve)
}
