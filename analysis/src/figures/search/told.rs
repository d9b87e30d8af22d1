//! The closing table of a search: a row a window.

use super::numbers::{CutNumbers, Estimate, Excess, of_all};
use super::told_calibration::{Calibrated, Measured, of_results};
use crate::statistics::spectrum::choice::QUOTED_LEVEL;
use crate::store::Results;
use crate::store::unblinding::Blinding;
use crate::text::{columns, wrapped};

/// The part of the closing summary on a search: of each window the smallest p-value; while it is blind, what is expected. Nothing
/// where no window has been searched.
pub fn told(results: &Results) -> String {
    let all = of_all(results);
    if all.is_empty() {
        return String::new();
    }
    let windows = all.chunk_by(|one, other| std::ptr::eq(one.window, other.window));
    let mut lines = vec![headings(results)];
    lines.extend(windows.clone().map(|cuts| match results.blinding() {
        Blinding::Blind => blind_row(cuts),
        Blinding::Open => open_row(results, cuts),
    }));
    let mut text = columns(&lines);
    let calibrated = of_results(results, &all);
    text.push_str(&calibrated.tables);
    for note in notes(results, &all, &calibrated) {
        text.push_str(&format!("\n{}", wrapped(&note)));
    }
    text
}

fn headings(results: &Results) -> Vec<String> {
    let cuts = results.job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
    let mut headings =
        vec![format!("window [{}]", results.job.unit), "data".to_owned(), "template".to_owned()];
    match results.blinding() {
        Blinding::Blind => headings.extend(cuts.iter().map(|cut| format!("expected at ε = {cut}"))),
        Blinding::Open => {
            headings.extend(["ε", "b from", "N", "b", "Z", "local p"].map(str::to_owned));
            if has_truth(results) {
                headings.push("purity".to_owned());
            }
        }
    }
    headings
}

fn has_truth(results: &Results) -> bool {
    results.job.search.as_ref().is_some_and(|search| search.injected != crate::job::Injected::Unlabelled)
}

/// What all rows of a window begin with.
fn beginning(cuts: &[CutNumbers<'_>]) -> Vec<String> {
    let CutNumbers { regions, window, .. } = &cuts[0];
    vec![regions.signal.to_string(), window.n_data.to_string(), window.n_template.to_string()]
}

fn blind_row(cuts: &[CutNumbers<'_>]) -> Vec<String> {
    let mut row = beginning(cuts);
    let expected = |cut: &CutNumbers<'_>| cut.excess(Estimate::Template).map_or("-".to_owned(), background);
    row.extend(cuts.iter().filter(|cut| cut.efficiency < 1.0).map(expected));
    row
}

fn open_row(results: &Results, cuts: &[CutNumbers<'_>]) -> Vec<String> {
    let mut row = beginning(cuts);
    let Some((cut, estimate, excess)) = smallest(cuts) else {
        row.extend(vec!["-".to_owned(); 6]);
        return row;
    };
    let efficiency = if cut.efficiency < 1.0 { cut.efficiency.to_string() } else { "no cut".to_owned() };
    let p = excess.quoted();
    row.extend([
        efficiency,
        estimate.word().to_owned(),
        cut.data.map_or(String::new(), |count| count.to_string()),
        background(excess),
        format!("{:.1}", p.z()),
        p.scientific(1),
    ]);
    if has_truth(results) {
        row.push(cut.purity().map_or("-".to_owned(), |share| format!("{:.0}%", 100.0 * share)));
    }
    row
}

/// The cut and estimate of a window with the smallest p-value that counts.
pub fn smallest<'a, 'b>(cuts: &'b [CutNumbers<'a>]) -> Option<(&'b CutNumbers<'a>, Estimate, &'b Excess)> {
    let both = [Estimate::Template, Estimate::SideBands];
    let all = cuts.iter().flat_map(|cut| {
        both.into_iter().filter_map(move |estimate| Some((cut, estimate, cut.evidence(estimate)?)))
    });
    all.min_by(|one, other| one.2.quoted().ln().total_cmp(&other.2.quoted().ln()))
}

fn background(excess: &Excess) -> String {
    format!("{:.1} ± {:.1}", excess.background.expected, excess.background.error)
}

fn notes(results: &Results, all: &[CutNumbers<'_>], calibrated: &Calibrated) -> Vec<String> {
    let mut notes = match (results.blinding(), &results.unblinding) {
        (Blinding::Blind, _) => vec![
            "the search is blind: what data do behind its cuts is withheld until `drapes unblind` (search.csv has all the rest)"
                .to_owned(),
        ],
        (Blinding::Open, unblinding) => {
            let mut notes = vec![local(calibrated)];
            if let Some(unblinding) = unblinding {
                notes.push(format!("unblinded {unblinding}"));
                notes.extend(unblinding.changed_since(&results.job, &results.control_searches));
            }
            notes
        }
    };
    notes.extend(calibrated.notes.iter().cloned());
    notes.extend(flawed_fits(all));
    let few = all.iter().filter(|cut| cut.efficiency < 1.0 && cut.passed.is_none());
    notes.extend(few.map(|cut| {
        let why = cut.direct.as_ref().err().map_or("", String::as_str);
        format!("window {}, ε = {}: {why}", cut.regions.signal, cut.efficiency)
    }));
    notes
}

/// How many fits of side-bands count for nothing: they failed, do not describe them, or have too few events to tell.
fn flawed_fits(all: &[CutNumbers<'_>]) -> Option<String> {
    let told: Vec<_> = all.iter().filter(|cut| cut.counts().is_some()).collect();
    let flawed: Vec<_> = told.iter().filter(|cut| cut.fit_that_describes().is_none()).collect();
    let is_untested =
        |cut: &&&&CutNumbers<'_>| cut.spectrum.as_ref().is_ok_and(|found| found.quality.is_none());
    let untested = flawed.iter().filter(is_untested).count();
    (!flawed.is_empty()).then(|| {
        format!(
            "of {} fits of side-bands {} failed or do not describe them (p < {QUOTED_LEVEL}), and {untested} have too few events to tell: \
             they are no evidence and have no limits (fit_quality_p and note in search.csv; figures/search_spectra)",
            told.len(),
            flawed.len() - untested
        )
    })
}

/// What the p-values of the table are, and are not.
fn local(calibrated: &Calibrated) -> String {
    let chance =
        "p-values are local: of so many windows, cuts and estimates the smallest is small by chance, too";
    match (calibrated.control, calibrated.has_pseudo) {
        (Measured::None, _) => format!(
            "{chance}, and a template that is not like the background has small ones without a signal, by a δ that no control window \
             has measured and that is taken as 0 (docs/search.md)"
        ),
        (Measured::Some, _) => format!(
            "{chance}, and a template that is not like the background has small ones without a signal, by a δ that is taken as 0 behind \
             cuts that no control window has measured (docs/search.md)"
        ),
        (Measured::All, false) => format!("{chance}, and nothing has calibrated them (docs/search.md)"),
        (Measured::All, true) => format!("{chance} (docs/search.md)"),
    }
}
