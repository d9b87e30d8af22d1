//! Parts that many figures share: notes in a corner, rows of panels, footnotes.

use crate::text::grouped;
use drapes_draw::{Corner, Note, Panel, Place, Row};

/// The footnote on bands and dashed lines.
pub const BANDS_AND_DASHES: &str =
    "mean and 68% band of all classifiers; dashed: fewer than 25 background events";
/// The footnote on bands and hollow markers.
pub const BANDS_AND_MARKERS: &str =
    "mean and 68% band of all classifiers; hollow: fewer than 25 background events pass";
/// The footnote on bands, for figures in which dashes tell methods apart.
pub const BANDS_THAT_END: &str =
    "mean and 68% band of all classifiers; curves end where fewer than 25 background events pass";
/// The footnote on bands.
pub const BANDS: &str = "mean and 68% band of all classifiers";

/// Said of the points of a curve along injections: they are no independent measurements.
pub const SHARED_SIGNAL: &str = "points of a curve share events, as larger injections hold smaller ones";
/// The same of curves along the noise strength or the steps of a solver.
pub const SHARED_NOISE: &str = "points of a curve share events and noise";
/// Said of curves along the rejection: a point counts events that those at smaller rejections count, too.
pub const SHARED_EVALUATION: &str =
    "all curves are judged on the same events, of which each point counts some of its neighbour's";
/// Said of values side by side: over-sampled templates begin with the same events.
pub const SHARED_TEMPLATES: &str = "cells share events: larger injections and templates hold smaller ones";

/// A footnote on the bands of curves whose points move together, and on why they do.
pub fn moving_together(bands: &str, shared: &str) -> String {
    format!("{bands}; {shared}")
}

/// A note in a corner.
pub fn note(text: impl Into<String>, corner: Corner) -> Note {
    Note { text: text.into(), place: Place::At(corner) }
}

/// The number of injected events in words.
pub fn injected(count: &str) -> String {
    match count.parse() {
        Ok(0) => "no signal injected".to_owned(),
        Ok(number) => format!("{} injected", grouped(number)),
        Err(_) => format!("{count} injected"),
    }
}

/// The panels side by side, in rows of at most so many.
pub fn rows(mut panels: Vec<Panel>, columns: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    while !panels.is_empty() {
        let rest = panels.split_off(panels.len().min(columns));
        rows.push(Row::new(panels));
        panels = rest;
    }
    rows
}
