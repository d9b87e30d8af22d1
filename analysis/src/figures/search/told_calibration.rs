//! What the closing table says of control windows and pseudo-experiments.

use super::control::{Deltas, MeasuredCut, Region, regions};
use super::control_csv::p_by_others;
use super::numbers::{CutNumbers, of_all};
use super::pseudo_searches::{CutCalibration, NOT_UNIFORM, PseudoSearch, QUOTED_P};
use super::scatters::{MeasuredScatter, Scatters};
use super::window::{is_same, searched};
use crate::plan::work::pseudo_experiments::too_few;
use crate::statistics::search::control::ControlCount;
use crate::statistics::search::intervals::{ONE_SIGMA, clopper_pearson};
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::scatter::LEAST_PULLS;
use crate::store::Results;
use crate::store::unblinding::Blinding;
use crate::text::columns;

/// What is said below the table of windows.
pub struct Calibrated {
    /// A table of control windows and one of pseudo-experiments, where there are any.
    pub tables: String,
    /// Sentences.
    pub notes: Vec<String>,
    /// Of which cuts control windows have measured δ.
    pub control: Measured,
    /// Whether there are pseudo-experiments.
    pub has_pseudo: bool,
}

/// Of which cuts control windows have measured δ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Of all that have numbers.
    All,
    /// Of some of them.
    Some,
    /// Of none.
    None,
}

impl Measured {
    fn of(deltas: &Deltas, unmeasured: &[String]) -> Self {
        if unmeasured.is_empty() {
            Self::All
        } else if deltas.cuts().iter().any(|cut| cut.excess.is_some()) {
            Self::Some
        } else {
            Self::None
        }
    }
}

/// All of it; nothing of data behind cuts while the search is blind.
pub fn of_results(results: &Results, all: &[CutNumbers<'_>]) -> Calibrated {
    let (pseudo, deltas, scatters) = (PseudoSearch::of(results), Deltas::of(results), Scatters::of(results));
    let mut tables = String::new();
    for lines in [control_lines(results, &deltas, &scatters), calibration_lines(&pseudo, &scatters)] {
        if lines.len() > 1 {
            tables.push_str(&format!("\n{}", columns(&lines)));
        }
    }
    let unmeasured = unmeasured(&deltas, all);
    let mut notes = control_notes(results, &deltas, &unmeasured);
    notes.extend(not_uniform(results, &pseudo));
    notes.extend(unknown_scatter(&scatters));
    if results.blinding() == Blinding::Open {
        notes.extend(global(&pseudo, all));
    }
    if !pseudo.is_empty() {
        notes.extend(too_few(pseudo.len()));
    }
    Calibrated { tables, notes, control: Measured::of(&deltas, &unmeasured), has_pseudo: !pseudo.is_empty() }
}

/// A row for each cut that control windows have numbers of; where they are of several searches, of each of these as well, for windows
/// of one search share what its events have in common.
fn control_lines(results: &Results, deltas: &Deltas, scatters: &Scatters) -> Vec<Vec<String>> {
    let headings = ["control windows", "ε", "N", "expected", "δ", "spread", "p < 0.05 by the others"];
    let mut lines = vec![headings.map(str::to_owned).to_vec()];
    let all = regions(results);
    let mut sources: Vec<Option<&str>> = all.iter().map(|region| region.search).collect();
    sources.dedup();
    for cut in deltas.cuts() {
        lines.extend(control_line(cut, "", low_by_others(&all, cut.efficiency, scatters)));
        for source in sources.iter().filter(|_| sources.len() > 1) {
            let own = all.iter().filter(|region| region.search == *source);
            let own = own.filter(|region| is_same(region.cut.efficiency, cut.efficiency));
            let own: Vec<ControlCount> = own.map(|region| region.cut.count).collect();
            let own = MeasuredCut::of(cut.efficiency, &own, scatters.at(cut.efficiency));
            let name = source.map_or(" of this search".to_owned(), |name| format!(" of {name}"));
            lines.extend(control_line(&own, &name, String::new()));
        }
    }
    lines
}

/// What some windows say of a cut; nothing where they say nothing.
fn control_line(cut: &MeasuredCut, of: &str, low: String) -> Option<Vec<String>> {
    let excess = cut.excess?;
    let scale = 1.0 + excess.delta.value;
    Some(vec![
        format!("{}{of}", excess.regions),
        cut.efficiency.to_string(),
        format!("{:.0}", cut.found),
        format!("{:.1}", cut.expected),
        format!("{:+.3} ± {:.3}", excess.delta.value, scale * excess.delta.error),
        if excess.regions > 1 { format!("{:.3}", scale * excess.spread) } else { "-".to_owned() },
        low,
    ])
}

/// In how many control windows p is below 0.05 behind a cut where δ is that of the others.
fn low_by_others(all: &[Region<'_>], efficiency: f64, scatters: &Scatters) -> String {
    let places = (0..all.len()).filter(|place| is_same(all[*place].cut.efficiency, efficiency));
    let p_values: Vec<PValue> = places.filter_map(|place| p_by_others(all, place, scatters)).collect();
    let low = p_values.iter().filter(|p| p.value() < QUOTED_P).count();
    if p_values.is_empty() { "-".to_owned() } else { format!("{low} of {}", p_values.len()) }
}

/// The cuts with numbers in a window of which control windows have none.
fn unmeasured(deltas: &Deltas, all: &[CutNumbers<'_>]) -> Vec<String> {
    let has_numbers = |efficiency: f64| {
        all.iter().any(|cut| cut.passed.is_some() && cut.efficiency.to_bits() == efficiency.to_bits())
    };
    let cuts = deltas.cuts().iter().filter(|cut| cut.excess.is_none() && has_numbers(cut.efficiency));
    cuts.map(|cut| cut.efficiency.to_string()).collect()
}

/// What is to be known of δ of the cuts of a search: see [`control_notes`].
pub fn notes_of_control(results: &Results) -> Vec<String> {
    let deltas = Deltas::of(results);
    control_notes(results, &deltas, &unmeasured(&deltas, &of_all(results)))
}

/// Which other searches have measured δ, where one window alone has, and of which cuts nothing is known; nothing without any.
fn control_notes(results: &Results, deltas: &Deltas, unmeasured: &[String]) -> Vec<String> {
    let mut notes: Vec<String> = results.control_searches.iter().map(ToString::to_string).collect();
    let measured: Vec<&MeasuredCut> = deltas.cuts().iter().filter(|cut| cut.excess.is_some()).collect();
    let alone = measured.iter().filter(|cut| cut.excess.is_some_and(|excess| excess.regions == 1));
    let alone: Vec<String> = alone.map(|cut| cut.efficiency.to_string()).collect();
    if !alone.is_empty() {
        let which = if alone.len() == measured.len() {
            String::new()
        } else {
            format!(" at ε = {}", alone.join(", "))
        };
        notes.push(format!(
            "one control window measures δ{which}: nothing is known of how much δ differs from window to window, and its error has no \
             part for that"
        ));
    }
    if !measured.is_empty() && !unmeasured.is_empty() {
        notes.push(format!(
            "no control window has numbers behind ε = {}: δ is taken as 0 there, which nothing has measured",
            unmeasured.join(", ")
        ));
    }
    notes
}

/// A row for each cut, pseudo-experiments of all windows together.
fn calibration_lines(pseudo: &PseudoSearch, scatters: &Scatters) -> Vec<Vec<String>> {
    let headings = ["pseudo-experiments", "ε", "scatter", "rate of p < 0.05", "68%"];
    let mut lines = vec![headings.map(str::to_owned).to_vec()];
    for MeasuredScatter { efficiency, measured, .. } in scatters.cuts() {
        let cuts: Vec<&CutCalibration> =
            pseudo.cuts().filter(|cut| cut.efficiency.to_bits() == efficiency.to_bits()).collect();
        let all: usize = cuts.iter().map(|cut| cut.p_values.len()).sum();
        if all == 0 {
            continue;
        }
        let low: u64 = cuts.iter().map(|cut| cut.low()).sum();
        let band = clopper_pearson(low, all as u64, ONE_SIGMA);
        lines.push(vec![
            all.to_string(),
            efficiency.to_string(),
            measured.map_or("-".to_owned(), |found| format!("{:.2} ± {:.2}", found.value, found.error)),
            format!("{:.4}", low as f64 / all as f64),
            format!("{:.4} to {:.4}", band.low, band.high),
        ]);
    }
    lines
}

/// A sentence on the cuts of which too few pseudo-experiments have measured the scatter.
fn unknown_scatter(scatters: &Scatters) -> Option<String> {
    let few = scatters.cuts().iter().filter(|cut| cut.measured.is_some() && cut.used.is_none());
    let named: Vec<String> = few.map(|cut| cut.efficiency.to_string()).collect();
    (!named.is_empty()).then(|| {
        format!(
            "fewer than {LEAST_PULLS} pseudo-experiments of all windows together have numbers behind ε = {}: errors of b leave the scatter \
             out, and p-values are somewhat too small (a larger search.calibrate)",
            named.join(", ")
        )
    })
}

/// A sentence on the windows and cuts whose p-values are not uniform without signal.
fn not_uniform(results: &Results, pseudo: &PseudoSearch) -> Option<String> {
    let mut named = vec![];
    for point in searched(results) {
        let name = point.to_string();
        let is_off = |cut: &&CutCalibration| cut.uniformity.is_some_and(|found| found.p < NOT_UNIFORM);
        for cut in pseudo.cuts().filter(|cut| cut.window == name).filter(is_off) {
            named.push(format!("{} at ε = {}", results.job.signal_region_of(point), cut.efficiency));
        }
    }
    (!named.is_empty()).then(|| {
        format!(
            "p-values of pseudo-experiments without signal are not uniform in {}: `p_calibrated` of search.csv has what a p-value is \
             worth there",
            named.join(", ")
        )
    })
}

/// The global p-value of the smallest local one by templates.
fn global(pseudo: &PseudoSearch, all: &[CutNumbers<'_>]) -> Option<String> {
    let quoted = |cut: &CutNumbers<'_>| cut.direct.as_ref().ok().map(super::numbers::Excess::quoted);
    let by_p = |one: &(PValue, &CutNumbers<'_>), other: &(PValue, &CutNumbers<'_>)| {
        one.0.ln().total_cmp(&other.0.ln())
    };
    let (p, cut) = all.iter().filter_map(|cut| Some((quoted(cut)?, cut))).min_by(by_p)?;
    let found = pseudo.global(p)?;
    let is_bound = if found.as_low == 0 { "at most " } else { "" };
    Some(format!(
        "global p of the smallest local p against templates ({}, window {}, ε = {}): {is_bound}{:.1e}, for {} of {} \
         pseudo-searches of all windows and cuts without signal come as low; windows are taken as independent",
        p.scientific(1),
        cut.regions.signal,
        cut.efficiency,
        found.p,
        found.as_low,
        found.all
    ))
}
