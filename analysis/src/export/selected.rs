//! The events of a window of a search that pass a cut, as a CSV file.
//!
//! Scores lie in arrays, which the light program does not read: what is selected is known from records, and whoever reads arrays
//! hands the scores over.

use serde::Serialize;

use crate::error::{Error, SearchError};
use crate::figures::search::numbers::untold;
use crate::job::{Job, MassWindow};
use crate::plan::work::{SearchedWindow, WindowCut, Work};
use crate::plan::{Plan, Task, TaskId};
use crate::store::unblinding::Blinding;
use crate::store::{RecordState, Store, TaskResult};

/// Edges and centres that are written by hand are those of a window if they differ by less than this share.
const ROUNDING: f64 = 1e-9;

/// A cut in a window, as its record has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The task whose arrays hold the scores.
    pub task: TaskId,
    /// The least score that passes, by fold; none where nothing does.
    thresholds: Vec<Option<f32>>,
    /// The data that pass, as they were counted.
    passing: usize,
    /// The data of the window.
    all: usize,
}

/// The scores of the data of a window, a value an event in each list.
pub struct Scores {
    /// The row of each in the file of events, from 0.
    pub rows: Vec<u32>,
    /// Its mass in the unit of the file.
    pub masses: Vec<f64>,
    /// Its score, larger for what is more like data than template.
    pub scores: Vec<f32>,
    /// The fold whose classifiers gave the score.
    pub folds: Vec<u32>,
}

/// An event that passes.
#[derive(Serialize)]
struct Passing {
    row: u32,
    mass: f64,
    score: f32,
    fold: u32,
}

impl Selection {
    /// A cut of the search in a directory, in the window of these edges (`3300-3700`) or this centre (`3500`).
    ///
    /// # Errors
    /// There is no search, or it is blind; there is no such window or cut; the window has no result yet, or tells nothing of the cut.
    pub fn find(store: &Store, window: &str, efficiency: f64) -> Result<Self, Error> {
        let path = || store.directory().to_owned();
        let stored = store.job()?;
        let Some(search) = &stored.job.search else { return Err(SearchError::None { path: path() }.into()) };
        if Blinding::of(&stored.job, store.unblinding().as_ref()) == Blinding::Blind {
            return Err(SearchError::Blind { path: path(), what: "selected events" }.into());
        }
        store.check_folded()?;
        let plan = Plan::of(&stored.job);
        let (place, edges) = named(&stored.job, &plan, window)?;
        let same = |known: &f64| (known / efficiency - 1.0).abs() < ROUNDING;
        let Some(efficiency) = search.efficiencies.iter().copied().find(same) else {
            let efficiencies = search.efficiencies.iter().map(f64::to_string).collect();
            return Err(SearchError::NoCut { asked: efficiency, efficiencies }.into());
        };
        let unfinished =
            |why| SearchError::Unfinished { window: edges.to_string(), why, command: store.command() };
        let task = &plan.tasks[place].id;
        match &store.states(&stored, &plan)[place] {
            RecordState::Done(_) => {}
            RecordState::Failed { .. } => return Err(unfinished("its task has failed").into()),
            RecordState::Missing | RecordState::Ignored { .. } => {
                return Err(unfinished("its task is still to be done").into());
            }
        }
        let TaskResult::Window(found) = store.result(task)? else {
            return Err(unfinished("its record holds something else").into());
        };
        let same = |cut: &&WindowCut| cut.efficiency.to_bits() == efficiency.to_bits();
        match found.cuts.iter().find(same) {
            Some(cut) => Self::of(task, &found, cut, edges),
            None => Err(unfinished("its record lacks the cut").into()),
        }
    }

    /// A cut of a record.
    fn of(task: &TaskId, found: &SearchedWindow, cut: &WindowCut, window: MassWindow) -> Result<Self, Error> {
        match cut.outcome.passed() {
            Some(passed) => Ok(Self {
                task: task.clone(),
                thresholds: passed.thresholds.clone(),
                passing: passed.data,
                all: found.n_data,
            }),
            None => Err(SearchError::Untold {
                window: window.to_string(),
                efficiency: cut.efficiency,
                why: untold(&cut.outcome).replacen(" (", ") ", 1).trim_end_matches(')').to_owned(),
            }
            .into()),
        }
    }

    /// How many events pass.
    pub fn count(&self) -> usize {
        self.passing
    }

    /// The events that pass as CSV, those with the largest scores first.
    ///
    /// # Errors
    /// The reason why these cannot be the scores that were counted.
    pub fn csv(&self, found: &Scores) -> Result<Vec<u8>, String> {
        let count = found.rows.len();
        if [found.masses.len(), found.scores.len(), found.folds.len()].iter().any(|other| *other != count) {
            return Err("rows, masses, scores and folds differ in number".to_owned());
        }
        if count != self.all {
            return Err(format!("it has {count} events where the record has {}", self.all));
        }
        let mut passing = vec![];
        for event in 0..count {
            let fold = found.folds[event];
            let Some(threshold) = self.thresholds.get(fold as usize) else {
                return Err(format!("an event is of fold {fold}, and there are {}", self.thresholds.len()));
            };
            let score = found.scores[event];
            if threshold.is_some_and(|least| score >= least) {
                passing.push(Passing { row: found.rows[event], mass: found.masses[event], score, fold });
            }
        }
        if passing.len() != self.passing {
            return Err(format!(
                "{} events pass where the record has counted {}",
                passing.len(),
                self.passing
            ));
        }
        passing.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.row.cmp(&other.row)));
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        // Writing to memory cannot fail. Headings are there without any event, too.
        let _ = writer.write_record(["row", "mass", "score", "fold"]);
        for event in passing {
            let _ = writer.serialize(event);
        }
        Ok(writer.into_inner().unwrap_or_default())
    }
}

/// The task of a window that is named by its edges or its centre, by its place in the plan.
fn named(job: &Job, plan: &Plan, asked: &str) -> Result<(usize, MassWindow), Error> {
    let window = |task: &Task| match &task.work {
        Work::Window(window) => Some(job.regions_of(&window.point.template()?.sample).signal),
        _ => None,
    };
    let all: Vec<(usize, MassWindow)> =
        plan.tasks.iter().enumerate().filter_map(|(place, task)| Some((place, window(task)?))).collect();
    let numbers = numbers(asked);
    let found: Vec<(usize, MassWindow)> =
        all.iter().copied().filter(|(_, window)| is_named(window, &numbers)).collect();
    match found[..] {
        [one] => Ok(one),
        _ => Err(SearchError::NoWindow {
            asked: asked.to_owned(),
            why: if found.is_empty() {
                "there is none of these edges or this centre"
            } else {
                "several have this centre"
            },
            windows: all.iter().map(|(_, window)| window.to_string()).collect(),
        }
        .into()),
    }
}

/// Whether a window has this centre, or these edges.
fn is_named(window: &MassWindow, numbers: &[f64]) -> bool {
    let (low, high) = (window.low.0, window.high.0);
    let near = |one: f64, other: f64| (one - other).abs() <= ROUNDING * other.abs();
    match *numbers {
        [centre] => near(centre, f64::midpoint(low, high)),
        [first, last] => near(first, low) && near(last, high),
        _ => false,
    }
}

/// The one or two numbers of `3500`, `3300-3700` or `3300–3700`; nothing of other words.
fn numbers(asked: &str) -> Vec<f64> {
    let parts: Option<Vec<f64>> = asked.split(['-', '–']).map(|part| part.trim().parse().ok()).collect();
    parts.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection() -> Selection {
        let thresholds = vec![Some(0.5), None];
        Selection { task: TaskId("classify/window".to_owned()), thresholds, passing: 2, all: 4 }
    }

    fn scores() -> Scores {
        Scores {
            rows: vec![3, 5, 7, 11],
            masses: vec![91.5, 92.0, 90.0, 89.0],
            scores: vec![0.5, 0.25, 1.5, 9.0],
            folds: vec![0, 0, 0, 1],
        }
    }

    #[test]
    fn events_pass_by_the_threshold_of_their_fold_and_the_best_comes_first() {
        let found = selection().csv(&scores()).expect("events");
        let expected = "row,mass,score,fold\n7,90.0,1.5,0\n3,91.5,0.5,0\n";
        assert_eq!(String::from_utf8(found).expect("text"), expected);
        let none = Selection { thresholds: vec![None, None], passing: 0, ..selection() };
        assert_eq!(none.csv(&scores()).expect("headings"), b"row,mass,score,fold\n");
    }

    #[test]
    fn scores_that_are_not_those_of_the_record_are_refused() {
        let refused = |scores: Scores, expected: &str| {
            let reason = selection().csv(&scores).expect_err("a refusal");
            assert!(reason.contains(expected), "{reason}");
        };
        refused(Scores { masses: vec![1.0], ..scores() }, "differ in number");
        refused(Scores { folds: vec![0, 0, 0, 7], ..scores() }, "fold 7, and there are 2");
        refused(
            Scores { scores: vec![0.5, 0.75, 1.5, 9.0], ..scores() },
            "3 events pass where the record has",
        );
        let short = Scores { rows: vec![1], masses: vec![1.0], scores: vec![1.0], folds: vec![0] };
        refused(short, "1 events where the record has 4");
    }

    #[test]
    fn windows_are_named_by_edges_or_centre() {
        assert_eq!(numbers("3300-3700"), [3300.0, 3700.0]);
        assert_eq!(numbers("3300 – 3700.5"), [3300.0, 3700.5]);
        assert_eq!(numbers("91"), [91.0]);
        assert!(numbers("window").is_empty() && numbers("1-").is_empty());
    }
}
