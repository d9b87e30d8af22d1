//! Figs. 9 to 11: templates and classifiers of jets' constituents (LLV) beside those of features (HLV).
//!
//! Curves of constituents are solid, those of features dashed, as in the paper.

use super::measure::Measure;
use super::palette::{self, Marked};
use super::{panels, roc, select};
use crate::figures::FigureTable;
use crate::figures::table::Row as TableRow;
use crate::job::{ClassifierKind, Inputs, Kinematics, SignalCount, method_names};
use crate::store::{PointResults, Results};
use drapes_draw::{Axis, Curve, Dash, Guide, Legend, Mark, Panel, Picture, Row, Style, Weak};

/// The methods of Fig. 9; the references with constituents only.
const METHODS: [&str; 5] = ["supervised", "over_idealised", "idealised", "noise", "sr"];
/// The methods whose features are shown too.
const BOTH: [&str; 3] = ["noise", "sr", "sb"];
/// The methods that diffuse existing jets.
const PARTIAL: [&str; 2] = ["sr", "sb"];
/// The methods of Fig. 11.
const BY_INJECTION: [&str; 4] = ["supervised", "over_idealised", "idealised", "noise"];

/// The word of a curve: a method and its inputs.
fn word(found: &PointResults) -> String {
    let kinematics = match found.point.kinematics() {
        Some(Kinematics::Diffused) => DIFFUSED,
        _ => "",
    };
    format!("{}{kinematics}-{}", found.point.method(), found.point.classifier.inputs().word())
}

/// What words of methods that diffuse kinematics, too, end with.
const DIFFUSED: &str = "_diffused";

/// Points at an injection: of constituents, and of features for methods that generate.
fn headline<'a>(results: &'a Results, n_signal: SignalCount, methods: &[&str]) -> Vec<&'a PointResults> {
    let mut found = select::headline_by(results, ClassifierKind::Transformer, n_signal, methods);
    let of_features = select::headline(results, n_signal, methods);
    found.extend(of_features.into_iter().filter(|found| BOTH.contains(&found.point.method())));
    found
}

fn has_constituents(row: &TableRow) -> bool {
    row.curve.ends_with("-llv")
}

/// Fig. 9: background rejection and significance improvement.
pub fn rejections(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for injection in select::injections(results) {
        let points = headline(results, injection, &METHODS);
        roc::push_panels(&mut table, injection, &points, word);
    }
    table.only_if(has_constituents)
}

pub fn rejections_picture(table: &FigureTable) -> Picture {
    let picture = roc::picture_of(table, |word, rows| curve(word, rows, Marked::No));
    let footnote = panels::moving_together(panels::BANDS_THAT_END, panels::SHARED_EVALUATION);
    Picture { footnote: Some(footnote), ..picture }
}

/// Fig. 10: closure without signal, and significance improvement with signal, against σ′.
pub fn strengths(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let measures = [(SignalCount(0), Measure::Closure)];
    let with_signal = select::injections(results).into_iter().max().filter(|count| count.0 > 0);
    for (injection, measure) in measures.into_iter().chain(with_signal.map(|count| (count, Measure::AtHigh)))
    {
        let panel = format!("{}-s{injection}", measure.word());
        let mut scans = select::by_strength(results, ClassifierKind::Transformer, injection, &PARTIAL);
        // Features stand beside constituents, not alone.
        let there = |method: &&str| scans.iter().any(|(_, found)| found.point.method() == *method);
        let both: Vec<&str> = PARTIAL.into_iter().filter(there).collect();
        scans.extend(select::by_strength(results, ClassifierKind::Mlp, injection, &both));
        scans.extend(select::by_strength_of_kinematics(results, injection));
        let sigmas = || scans.iter().map(|(sigma, _)| *sigma);
        let (least, most) = (sigmas().fold(f64::INFINITY, f64::min), sigmas().fold(0.0, f64::max));
        if least >= most {
            continue;
        }
        let kind = ClassifierKind::Transformer;
        let references: &[&str] = if injection.0 == 0 { &["noise"] } else { &["supervised", "noise"] };
        for found in select::headline_by(results, kind, injection, references) {
            if let Some((band, passing)) = measure.of(found) {
                for end in [least, most] {
                    table.push(&panel, &word(found), end, band, passing);
                }
            }
        }
        for (sigma, found) in scans {
            if let Some((band, passing)) = measure.of(found) {
                table.push(&panel, &word(found), sigma, band, passing);
            }
        }
    }
    table.only_if(|row| row.curve == "sr-llv" || row.curve == "sb-llv")
}

pub fn strengths_picture(table: &FigureTable) -> Picture {
    let panels = table.panels().into_iter().filter_map(|panel| {
        let (measure, injection) = panel.rsplit_once("-s")?;
        let measure = Measure::named(measure)?;
        let rows = || table.rows.iter().filter(|row| row.panel == panel).map(|row| row.x);
        let (least, most) = (rows().fold(f64::INFINITY, f64::min), rows().fold(0.0, f64::max));
        let room = (most / least).powf(0.04);
        let marks = table.curves(panel).into_iter().map(|word| {
            let rows = table.curve(panel, word);
            if PARTIAL.iter().any(|method| word.starts_with(method)) {
                return Mark::Curve(curve(word, &rows, Marked::Yes));
            }
            // A reference is a line from side to side.
            let mut line = curve(word, &rows, Marked::Yes);
            line.style.marker = None;
            for (point, end) in line.points.iter_mut().zip([least / room, most * room]) {
                point.x = end;
            }
            Mark::Curve(line)
        });
        let neutral = if measure == Measure::Closure { 0.5 } else { 1.0 };
        let text = match measure {
            Measure::Closure => measure.note(),
            _ => format!("{}\n{}", panels::injected(injection), measure.note()),
        };
        let x = Axis::log("noise strength *σ*′ [standard deviations]").within(least / room, most * room);
        let guide = Guide::Horizontal { y: neutral, dash: Dash::Dotted, label: None };
        Some(Panel { guides: vec![guide], ..Panel::new(x, measure.axis(), marks.collect()).noted(text) })
    });
    Picture {
        legend: Legend::Above,
        footnote: Some(panels::moving_together(panels::BANDS_AND_MARKERS, panels::SHARED_NOISE)),
        ..Picture::new(vec![Row::new(panels.collect())])
    }
}

/// Fig. 11: significance improvement against injected signal.
pub fn injections(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for measure in Measure::QUOTED {
        let mut rows = Vec::new();
        let mut significances: Vec<(f64, f64)> = Vec::new();
        for count in results.injections() {
            let points = headline(results, count, &BY_INJECTION);
            let Some(sizes) = select::most_drawn(&points).map(|found| found.sizes) else { continue };
            let in_region = sizes.data_signal as f64;
            significances.push((in_region, sizes.significance()));
            for found in points {
                if let Some((band, passing)) = measure.of(found) {
                    rows.push((rank(found), word(found), in_region, band, passing));
                }
            }
        }
        if rows.is_empty() {
            // Too few events for this rejection: a panel without curves would show nothing.
            continue;
        }
        rows.sort_by_key(|(rank, ..)| *rank);
        for (_, word, in_region, band, passing) in rows {
            table.push(measure.word(), &word, in_region, band, passing);
        }
        for (in_region, significance) in significances {
            table.push_value(measure.word(), super::injections::SIGNIFICANCE, in_region, significance);
        }
    }
    table.only_if(|row| has_constituents(row) && row.x > 0.0)
}

fn rank(found: &PointResults) -> (usize, bool) {
    (method_names::rank(found.point.method()), found.point.classifier.inputs() == Inputs::Hlv)
}

pub fn injections_picture(table: &FigureTable) -> Picture {
    super::injections::picture_of(table, |word, rows| curve(word, rows, Marked::Yes))
}

/// The curve of a method and its inputs.
fn curve(word: &str, rows: &[&TableRow], marked: Marked) -> Curve {
    let (method, inputs) = word.rsplit_once('-').unwrap_or((word, ""));
    let (method, diffused) = method.strip_suffix(DIFFUSED).map_or((method, false), |method| (method, true));
    let plain = palette::curve(method, rows, marked);
    let (dash, name) = match Inputs::named(inputs) {
        Some(Inputs::Hlv) => (Dash::Dashed, "HLV"),
        _ if diffused => (Dash::DashDot, "LLV, kinematics too"),
        _ => (Dash::Solid, "LLV"),
    };
    let label = format!("{} ({name})", method_names::label(method));
    // Dashes show which inputs a curve is of, so they cannot show as well that few events pass: there markers are hollow, and
    // lines without markers end.
    let mut points = plain.points;
    match marked {
        Marked::Yes => {
            for point in points.iter_mut().filter(|point| point.weak == Weak::Yes) {
                point.weak = Weak::Hollow;
            }
        }
        Marked::No => points.retain(|point| point.weak == Weak::No),
    }
    Curve { label: Some(label), style: Style { dash, ..plain.style }, points }
}
