//! What control windows say of templates: by how much more background passes a cut than they say.

use serde::Serialize;

use super::window::{NO_EXCESS, template_cut};
use crate::figures::table::round;
use crate::job::MassWindow;
use crate::plan::work::{Passed, SearchWindow, SearchedWindow};
use crate::statistics::search::background::{Normalisation, expected_background};
use crate::statistics::search::control::{ControlCount, ControlExcess, combined};
use crate::statistics::search::jump::{CutBin, jump};
use crate::statistics::search::sculpting::{Sculpting, sculpting};
use crate::store::Results;

/// δ of each cut by all control windows.
pub struct Deltas(Vec<(f64, ControlExcess)>);

impl Deltas {
    /// Of the control windows that are finished.
    pub fn of(results: &Results) -> Self {
        let efficiencies = results.job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
        let all: Vec<ControlCut<'_>> = of_all(results).collect();
        let at = |efficiency: &f64| {
            let counts: Vec<ControlCount> =
                all.iter().filter(|cut| is_same(cut.efficiency, *efficiency)).map(|cut| cut.count).collect();
            Some((*efficiency, combined(&counts)?))
        };
        Self(efficiencies.iter().filter_map(at).collect())
    }

    /// δ at an efficiency; none where nothing has measured it.
    pub fn at(&self, efficiency: f64) -> Option<ControlExcess> {
        self.0.iter().find(|(known, _)| is_same(*known, efficiency)).map(|(_, found)| *found)
    }
}

fn is_same(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits()
}

/// A cut of a control window.
pub struct ControlCut<'a> {
    /// The window.
    pub window: &'a SearchedWindow,
    /// The share of the template that was to pass.
    pub efficiency: f64,
    /// What passes.
    pub passed: &'a Passed,
    /// What was expected and found.
    pub count: ControlCount,
}

impl ControlCut<'_> {
    /// Whether the cut sculpts the spectrum of the window and its side-bands; none where nothing passes.
    pub fn sculpting(&self) -> Option<Sculpting> {
        sculpting(&self.window.spectrum, &self.passed.spectrum)
    }

    /// By how many standard deviations the share that passes jumps in the window, which has these masses.
    fn jump(&self, masses: MassWindow) -> Option<f64> {
        let middles = self.window.edges.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
        let counts = self.window.spectrum.iter().zip(&self.passed.spectrum);
        let bin = |(mass, (before, behind)): (f64, (&u32, &u32))| CutBin {
            mass,
            before: f64::from(*before),
            behind: f64::from(*behind),
            is_inside: masses.contains(mass),
        };
        jump(&middles.zip(counts).map(bin).collect::<Vec<_>>())
    }
}

/// All cuts of all control windows that have numbers.
pub fn of_all(results: &Results) -> impl Iterator<Item = ControlCut<'_>> {
    let windows = results.each::<SearchWindow>().filter(|window| window.point.is_control());
    windows.flat_map(|window| {
        window.cuts.iter().filter_map(move |cut| {
            let passed = cut.outcome.passed()?;
            let counted = Normalisation::Counted(window.n_data as f64);
            let background = expected_background(&template_cut(window, passed), counted, NO_EXCESS).ok()?;
            let count = ControlCount {
                expected: background.expected,
                independent: passed.independent,
                found: passed.data as f64,
            };
            Some(ControlCut { window, efficiency: cut.efficiency, passed, count })
        })
    })
}

/// A row of `control.csv`.
#[derive(Serialize)]
struct ControlRow {
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
    sculpting_chi2: Option<f64>,
    sculpting_bins: Option<usize>,
    sculpting_p: Option<f64>,
    jump_in_window: Option<f64>,
}

/// All control windows and cuts as CSV; none where there are none. They are never blind.
pub fn csv(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for cut in of_all(results) {
        let masses = results.job.signal_region_of(&cut.window.point);
        let (delta, sculpted) = (cut.count.delta(), cut.sculpting());
        // Writing to memory cannot fail, and every row has the same fields.
        let _ = writer.serialize(ControlRow {
            control_low_gev: masses.low.0,
            control_high_gev: masses.high.0,
            efficiency: cut.efficiency,
            n_window: cut.window.n_data,
            n_template: cut.window.n_template,
            n_template_passing: cut.passed.template,
            n: cut.passed.data,
            expected: round(cut.count.expected),
            delta: round(delta.value),
            delta_error: round(delta.error),
            sculpting_chi2: sculpted.as_ref().map(|found| round(found.chi_squared)),
            sculpting_bins: sculpted.as_ref().map(|found| found.bins.len()),
            sculpting_p: sculpted.and_then(|found| found.p).map(round),
            jump_in_window: cut.jump(masses).map(round),
        });
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}
