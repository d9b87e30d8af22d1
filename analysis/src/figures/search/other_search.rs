//! What a search has counted, for another one whose cuts it measures: its windows are control windows there.

use super::control::cuts_of;
use crate::plan::work::{SearchWindow, SearchedWindow};
use crate::store::Results;
use crate::store::control_searches::{CutOfOther, WindowOfOther};

/// The windows of a search that have numbers behind a cut.
pub struct Counted {
    /// As many as do not overlap, for events in two of them would count twice.
    pub windows: Vec<WindowOfOther>,
    /// How many others there are.
    pub overlapping: usize,
}

/// Of a search that is finished or not, its own control windows included. Of windows that overlap, those that end first are taken: no
/// other choice has more of them.
pub fn counted(results: &Results) -> Counted {
    let windows = results.each::<SearchWindow>().map(|window| window_of(results, window));
    let mut all: Vec<WindowOfOther> = windows.filter(|window| !window.cuts.is_empty()).collect();
    let found = all.len();
    all.sort_by(|one, other| one.window.high.0.total_cmp(&other.window.high.0));
    let mut windows: Vec<WindowOfOther> = vec![];
    for window in all {
        if windows.last().is_none_or(|last| !last.window.overlaps(&window.window)) {
            windows.push(window);
        }
    }
    let overlapping = found - windows.len();
    Counted { windows, overlapping }
}

fn window_of(results: &Results, window: &SearchedWindow) -> WindowOfOther {
    let cuts = cuts_of(window).map(|cut| CutOfOther {
        efficiency: cut.efficiency,
        n_template_passing: cut.passed.template,
        count: cut.count,
    });
    WindowOfOther {
        window: results.job.signal_region_of(&window.point),
        n_data: window.n_data,
        n_template: window.n_template,
        cuts: cuts.collect(),
    }
}
