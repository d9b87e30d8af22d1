//! `control.csv`: a row for each control window and cut, with the p-value that it has by δ of the others.

use serde::Serialize;

use super::control::{ControlCut, Region, regions};
use super::scatters::Scatters;
use super::window::is_same;
use crate::figures::table::round;
use crate::statistics::search::background::{Normalisation, TemplateCut, expected_background};
use crate::statistics::search::control::{ControlCount, combined};
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::quoted::quoted_p;
use crate::store::Results;

/// A row of `control.csv`.
#[derive(Serialize)]
struct ControlRow<'a> {
    control_low_gev: f64,
    control_high_gev: f64,
    efficiency: f64,
    n_window: usize,
    n_template: usize,
    n_template_passing: usize,
    n: usize,
    expected: f64,
    delta: f64,
    delta_error: f64,
    /// The p-value of N over what the template says, corrected by δ of the other control windows.
    p_by_others: Option<f64>,
    sculpting_chi2: Option<f64>,
    sculpting_bins: Option<usize>,
    sculpting_p: Option<f64>,
    jump_in_window: Option<f64>,
    /// The search of other events that the window is of; nothing for one of this search.
    search: &'a str,
}

impl<'a> ControlRow<'a> {
    fn of(all: &[Region<'a>], place: usize, scatters: &Scatters) -> Self {
        let Region { search, window, n_data, n_template, cut, own } = &all[place];
        let delta = cut.count.delta(scatters.at(cut.efficiency));
        let sculpted = own.as_ref().and_then(ControlCut::sculpting);
        Self {
            control_low_gev: window.low.0,
            control_high_gev: window.high.0,
            efficiency: cut.efficiency,
            n_window: *n_data,
            n_template: *n_template,
            n_template_passing: cut.n_template_passing,
            n: found(&cut.count),
            expected: round(cut.count.expected),
            delta: round(delta.value),
            delta_error: round(delta.error),
            p_by_others: p_by_others(all, place, scatters).map(|p| round(p.value())),
            sculpting_chi2: sculpted.as_ref().map(|found| round(found.chi_squared)),
            sculpting_bins: sculpted.as_ref().map(|found| found.bins.len()),
            sculpting_p: sculpted.and_then(|found| found.p).map(round),
            jump_in_window: own.as_ref().and_then(|cut| cut.jump(*window)).map(round),
            search: search.unwrap_or_default(),
        }
    }
}

/// Data behind a cut.
fn found(count: &ControlCount) -> usize {
    count.found.round() as usize
}

/// The p-value of one control window behind its cut, as that of a window that is searched, by δ of all others behind the same cut; none
/// where there are no others.
///
/// It is uniform where δ and its spread hold for windows that did not measure them, and where they are known: of two or three windows
/// the spread is hardly known, and p is too often small if there is one.
pub fn p_by_others(all: &[Region<'_>], place: usize, scatters: &Scatters) -> Option<PValue> {
    let Region { n_data, n_template, cut, .. } = &all[place];
    let others = all
        .iter()
        .enumerate()
        .filter(|(other, region)| *other != place && is_same(region.cut.efficiency, cut.efficiency));
    let others: Vec<ControlCount> = others.map(|(_, region)| region.cut.count).collect();
    let scatter = scatters.at(cut.efficiency);
    let template = TemplateCut {
        before: *n_template as f64,
        behind: cut.n_template_passing as f64,
        independent: cut.count.independent,
        scatter,
    };
    let counted = Normalisation::Counted(*n_data as f64);
    let background = expected_background(&template, counted, combined(&others, scatter)?.delta).ok()?;
    Some(quoted_p(found(&cut.count), background))
}

/// All control windows and cuts as CSV, those of other searches below; none where there are none. They are never blind.
pub fn csv(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let (all, scatters) = (regions(results), Scatters::of(results));
    for place in 0..all.len() {
        // Writing to memory cannot fail, and every row has the same fields.
        let _ = writer.serialize(ControlRow::of(&all, place, &scatters));
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}
