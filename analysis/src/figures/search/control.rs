//! What control windows say of templates: by how much more background passes a cut than they say.

use super::scatters::Scatters;
use super::window::{NO_EXCESS, is_same, template_cut};
use crate::job::MassWindow;
use crate::plan::work::{Passed, SearchWindow, SearchedWindow};
use crate::statistics::search::background::{Normalisation, expected_background};
use crate::statistics::search::control::{ControlCount, ControlExcess, combined};
use crate::statistics::search::jump::{CutBin, jump};
use crate::statistics::search::scatter::Scatter;
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

impl MeasuredCut {
    /// By the counts of some control windows.
    pub fn of(efficiency: f64, counts: &[ControlCount], scatter: Scatter) -> Self {
        let sum = |of: fn(&ControlCount) -> f64| counts.iter().map(of).sum();
        let (found, expected) = (sum(|count| count.found), sum(|count| count.expected));
        Self { efficiency, found, expected, excess: combined(counts, scatter) }
    }
}

impl Deltas {
    /// Of the control windows that are finished, a cut of the job each.
    pub fn of(results: &Results) -> Self {
        let efficiencies = results.job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
        let (all, scatters) = (regions(results), Scatters::of(results));
        let measured = |efficiency: &f64| {
            let counts: Vec<ControlCount> = all
                .iter()
                .filter(|region| is_same(region.cut.efficiency, *efficiency))
                .map(|region| region.cut.count)
                .collect();
            MeasuredCut::of(*efficiency, &counts, scatters.at(*efficiency))
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

/// A control window behind a cut, of this search or of another one.
pub struct Region<'a> {
    /// The other search; none for a window of this one.
    pub search: Option<&'a str>,
    /// The masses.
    pub window: MassWindow,
    /// Data in the window.
    pub n_data: usize,
    /// Template events in it.
    pub n_template: usize,
    /// What passes the cut.
    pub cut: CutOfOther,
    /// All that is known of a window of this search.
    pub own: Option<ControlCut<'a>>,
}

/// All of them that have numbers, those of other searches last.
pub fn regions(results: &Results) -> Vec<Region<'_>> {
    let own = of_all(results).map(|cut| Region {
        search: None,
        window: results.job.signal_region_of(&cut.window.point),
        n_data: cut.window.n_data,
        n_template: cut.window.n_template,
        cut: CutOfOther {
            efficiency: cut.efficiency,
            n_template_passing: cut.passed.template,
            count: cut.count,
        },
        own: Some(cut),
    });
    let others = results.control_searches.iter().flat_map(|search| {
        search.windows.iter().flat_map(move |window| {
            window.cuts.iter().map(move |cut| Region {
                search: Some(&search.name),
                window: window.window,
                n_data: window.n_data,
                n_template: window.n_template,
                cut: *cut,
                own: None,
            })
        })
    });
    own.chain(others).collect()
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
    pub fn jump(&self, masses: MassWindow) -> Option<f64> {
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
