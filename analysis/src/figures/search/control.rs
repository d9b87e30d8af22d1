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
use crate::store::control_searches::CutOfOther;

/// What is known of each cut by control windows, of this search and of others whose events hold no signal.
pub struct Deltas(Vec<MeasuredCut>);

/// What all control windows together say of a cut.
pub struct MeasuredCut {
    /// The share of the template that was to pass.
    pub efficiency: f64,
    /// Data behind it in all windows.
    pub found: f64,
    /// What templates said of them.
    pub expected: f64,
    /// δ, where anything was expected.
    pub excess: Option<ControlExcess>,
}

impl Deltas {
    /// Of the control windows that are finished, a cut of the job each.
    pub fn of(results: &Results) -> Self {
        let efficiencies = results.job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
        let own = of_all(results).map(|cut| (cut.efficiency, cut.count));
        let others = results.control_searches.iter().flat_map(|search| &search.windows);
        let others = others.flat_map(|window| &window.cuts).map(|cut| (cut.efficiency, cut.count));
        let all: Vec<(f64, ControlCount)> = own.chain(others).collect();
        let measured = |efficiency: &f64| {
            let counts: Vec<ControlCount> =
                all.iter().filter(|(cut, _)| is_same(*cut, *efficiency)).map(|(_, count)| *count).collect();
            let sum = |of: fn(&ControlCount) -> f64| counts.iter().map(of).sum();
            MeasuredCut {
                efficiency: *efficiency,
                found: sum(|count| count.found),
                expected: sum(|count| count.expected),
                excess: combined(&counts),
            }
        };
        Self(efficiencies.iter().map(measured).collect())
    }

    /// δ at an efficiency; none where nothing has measured it.
    pub fn at(&self, efficiency: f64) -> Option<ControlExcess> {
        self.0.iter().find(|cut| is_same(cut.efficiency, efficiency)).and_then(|cut| cut.excess)
    }

    /// All cuts of the job.
    pub fn cuts(&self) -> &[MeasuredCut] {
        &self.0
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

/// All cuts of all control windows of this search that have numbers.
pub fn of_all(results: &Results) -> impl Iterator<Item = ControlCut<'_>> {
    results.each::<SearchWindow>().filter(|window| window.point.is_control()).flat_map(cuts_of)
}

/// All cuts of a window that have numbers, as if no event in it were signal.
pub fn cuts_of(window: &SearchedWindow) -> impl Iterator<Item = ControlCut<'_>> {
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
    /// The search of other events that the window is of; nothing for one of this search.
    search: String,
}

impl ControlRow {
    /// Of a window of this search.
    fn own(masses: MassWindow, cut: &ControlCut<'_>) -> Self {
        let sculpted = cut.sculpting();
        let counted = CutOfOther {
            efficiency: cut.efficiency,
            n_template_passing: cut.passed.template,
            count: cut.count,
        };
        Self {
            sculpting_chi2: sculpted.as_ref().map(|found| round(found.chi_squared)),
            sculpting_bins: sculpted.as_ref().map(|found| found.bins.len()),
            sculpting_p: sculpted.and_then(|found| found.p).map(round),
            jump_in_window: cut.jump(masses).map(round),
            ..Self::of(String::new(), masses, [cut.window.n_data, cut.window.n_template], &counted)
        }
    }

    /// Of counts alone, data and template in the window first.
    fn of(search: String, masses: MassWindow, [n_window, n_template]: [usize; 2], cut: &CutOfOther) -> Self {
        let delta = cut.count.delta();
        Self {
            control_low_gev: masses.low.0,
            control_high_gev: masses.high.0,
            efficiency: cut.efficiency,
            n_window,
            n_template,
            n_template_passing: cut.n_template_passing,
            n: cut.count.found.round() as usize,
            expected: round(cut.count.expected),
            delta: round(delta.value),
            delta_error: round(delta.error),
            sculpting_chi2: None,
            sculpting_bins: None,
            sculpting_p: None,
            jump_in_window: None,
            search,
        }
    }
}

/// All control windows and cuts as CSV, those of other searches below; none where there are none. They are never blind.
pub fn csv(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let own =
        of_all(results).map(|cut| ControlRow::own(results.job.signal_region_of(&cut.window.point), &cut));
    let others = results.control_searches.iter().flat_map(|search| {
        search.windows.iter().flat_map(move |window| {
            let sizes = [window.n_data, window.n_template];
            let row = move |cut| ControlRow::of(search.name.clone(), window.window, sizes, cut);
            window.cuts.iter().map(row)
        })
    });
    for row in own.chain(others) {
        // Writing to memory cannot fail, and every row has the same fields.
        let _ = writer.serialize(row);
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}
