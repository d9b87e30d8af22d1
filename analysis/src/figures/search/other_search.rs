//! What a search has counted, for another one whose cuts it measures: its windows are control windows there.

use super::control::cuts_of;
use super::window::is_same;
use crate::job::MassWindow;
use crate::plan::work::{SearchWindow, SearchedWindow};
use crate::store::Results;
use crate::store::control_searches::{CutOfOther, WindowOfOther};

/// What a search has counted behind some cuts.
pub struct Counted {
    /// Its windows; behind each cut no two of them overlap, for events in both would count twice.
    pub windows: Vec<WindowOfOther>,
    /// How many others have numbers.
    pub overlapping: usize,
}

/// Of a search that is finished or not, its own control windows included, behind cuts of these efficiencies. Of windows that overlap
/// and have numbers behind a cut, those that end first are taken: no other choice has more of them.
pub fn counted(results: &Results, efficiencies: &[f64]) -> Counted {
    let windows = results.each::<SearchWindow>().map(|window| window_of(results, window));
    let mut all: Vec<WindowOfOther> = windows.collect();
    all.sort_by(|one, other| one.window.high.0.total_cmp(&other.window.high.0));
    let has_numbers = |window: &WindowOfOther| {
        window
            .cuts
            .iter()
            .any(|cut| efficiencies.iter().any(|efficiency| is_same(cut.efficiency, *efficiency)))
    };
    let found = all.iter().filter(|window| has_numbers(window)).count();
    let mut windows: Vec<WindowOfOther> =
        all.iter().map(|window| WindowOfOther { cuts: vec![], ..window.clone() }).collect();
    for efficiency in efficiencies {
        let mut last: Option<MassWindow> = None;
        for (window, kept) in all.iter().zip(&mut windows) {
            let Some(cut) = window.cuts.iter().find(|cut| is_same(cut.efficiency, *efficiency)) else {
                continue;
            };
            if last.is_none_or(|last| !last.overlaps(&window.window)) {
                last = Some(window.window);
                kept.cuts.push(*cut);
            }
        }
    }
    windows.retain(|window| !window.cuts.is_empty());
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
