//! Figs. 6, 7 and 19: figures of merit against the noise strength at which partial diffusion turns round.

use super::measure::Measure;
use super::palette::{self, Marked};
use super::{panels, select};
use crate::figures::FigureTable;
use crate::job::{ClassifierKind, SignalCount};
use crate::store::{PointResults, Results};
use drapes_draw::{Axis, Dash, Guide, Legend, Mark, Panel, Picture, Row};

/// The methods of Fig. 6, in which ∅ begins at less noise, too.
const CLOSURE: [&str; 4] = ["sr", "sb", "mc", "noise"];

/// Fig. 6: closure without signal.
pub fn closure(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let none = SignalCount(0);
    push_scans(
        &mut table,
        Measure::Closure.word(),
        Measure::Closure,
        &select::by_strength(results, ClassifierKind::Mlp, none, &CLOSURE),
    );
    table.only_if_some_curve_runs()
}

/// Figs. 7 and 19: significance improvement with signal, one row of panels an injection; the references have the
/// same value at both ends.
pub fn improvement(name: &str, results: &Results, measures: &[Measure]) -> FigureTable {
    let mut table = FigureTable::new(name);
    for injection in select::injections(results) {
        let scans = select::by_strength(results, ClassifierKind::Mlp, injection, &select::PARTIAL);
        let sigmas = || scans.iter().map(|(sigma, _)| *sigma);
        let (least, most) = (sigmas().fold(f64::INFINITY, f64::min), sigmas().fold(0.0, f64::max));
        if least >= most {
            continue;
        }
        for measure in measures {
            let panel = format!("{}-s{injection}", measure.word());
            for found in select::headline(results, injection, &select::REFERENCES) {
                if let Some((band, passing)) = measure.of(found) {
                    for end in [least, most] {
                        table.push(&panel, found.point.method(), end, band, passing);
                    }
                }
            }
            push_scans(&mut table, &panel, *measure, &scans);
        }
    }
    table.only_if(|row| select::PARTIAL.contains(&row.curve.as_str()))
}

fn push_scans(table: &mut FigureTable, panel: &str, measure: Measure, scans: &[(f64, &PointResults)]) {
    for (sigma, found) in scans {
        if let Some((band, passing)) = measure.of(found) {
            table.push(panel, found.point.method(), *sigma, band, passing);
        }
    }
}

pub fn picture(table: &FigureTable) -> Picture {
    let mut injections: Vec<Option<&str>> = Vec::new();
    for (_, injection) in table.panels().into_iter().map(split) {
        if !injections.contains(&injection) {
            injections.push(injection);
        }
    }
    let rows = injections.into_iter().map(|injection| {
        let panels = table.panels().into_iter().filter(|panel| split(panel).1 == injection);
        Row::new(panels.filter_map(|panel| one(table, panel)).collect())
    });
    let passing = table.rows.iter().any(|row| row.background_events.is_some());
    let bands = if passing { panels::BANDS_AND_MARKERS } else { panels::BANDS };
    Picture {
        legend: Legend::Above,
        footnote: Some(panels::moving_together(bands, panels::SHARED_NOISE)),
        ..Picture::new(rows.collect())
    }
}

/// The word of the figure of merit, and the injection where the panel has one.
fn split(panel: &str) -> (&str, Option<&str>) {
    panel.rsplit_once("-s").map_or((panel, None), |(measure, injection)| (measure, Some(injection)))
}

fn one(table: &FigureTable, panel: &str) -> Option<Panel> {
    let (measure, injection) = split(panel);
    let measure = Measure::named(measure)?;
    let (low, high) = ends(table, panel);
    let marks = table.curves(panel).into_iter().map(|word| {
        let rows = table.curve(panel, word);
        if injection.is_some() && select::REFERENCES.contains(&word) {
            let mut line = palette::curve(word, &rows, Marked::No);
            // Lines go on to the sides of the frame, markers keep clear of them.
            for (point, end) in line.points.iter_mut().zip([low, high]) {
                point.x = end;
            }
            Mark::Curve(line)
        } else {
            Mark::Curve(palette::curve(word, &rows, Marked::Yes))
        }
    });
    let (text, neutral) = match injection {
        Some(count) => {
            let text = format!("{}\n{}", panels::injected(count), measure.note());
            (text, Guide::Horizontal { y: 1.0, dash: Dash::Dotted, label: None })
        }
        None => (measure.note(), Guide::Horizontal { y: 0.5, dash: Dash::Dashed, label: None }),
    };
    let x = Axis::log("noise strength *σ*′ [standard deviations]").within(low, high);
    Some(Panel { guides: vec![neutral], ..Panel::new(x, measure.axis(), marks.collect()).noted(text) })
}

/// The range of noise strengths with some room on both sides.
fn ends(table: &FigureTable, panel: &str) -> (f64, f64) {
    let rows = || table.rows.iter().filter(|row| row.panel == panel).map(|row| row.x);
    let (least, most) = (rows().fold(f64::INFINITY, f64::min), rows().fold(0.0, f64::max));
    let room = (most / least).powf(0.04);
    (least / room, most * room)
}
