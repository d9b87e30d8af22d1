//! Pseudo-experiments of a window with simulated signal among their data: what would be found of it, and how much of it passes cuts.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::Planning;
use super::pseudo_experiments::PseudoExperiments;
use super::{IfStopped, Recorded, Settings, TaskKind, Work};
use crate::job::{Chip, Job, ScanPoint};
use crate::plan::cost::EventCounts;
use crate::plan::cost::keys::{Cost, Key};
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// Some of the pseudo-experiments of a window and a strength of signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SensitivityExperiments {
    /// As they are without signal.
    pub experiments: PseudoExperiments,
    /// The mean number of signal events, over the root of the window's number of data.
    pub strength: f64,
}

impl SensitivityExperiments {
    fn task(self) -> Task {
        let PseudoExperiments { point, first, .. } = &self.experiments;
        let name = format!("classify/sensitivity-{point}-s{}-e{first:05}", self.strength);
        Task::new(TaskId(name), Work::Sensitivity(self))
    }
}

impl TaskKind for SensitivityExperiments {
    fn plan(planning: &mut Planning<'_>) {
        let job = planning.job();
        let Some(sensitivity) = job.search.as_ref().and_then(|search| search.sensitivity.as_ref()) else {
            return;
        };
        for ten in PseudoExperiments::tens(job, sensitivity.experiments) {
            for strength in sensitivity.strengths.iter().copied() {
                planning.push(Self { experiments: ten.clone(), strength }.task());
            }
        }
    }

    fn points(&self) -> Vec<&ScanPoint> {
        self.experiments.points()
    }

    fn pace(&self) -> PaceKind {
        self.experiments.pace()
    }

    fn needs(&self) -> Vec<TaskId> {
        self.experiments.needs()
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([self.experiments.settings(of), of.simulated_signal])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        self.experiments.seconds(job, counts, rates)
    }

    fn bytes(&self, job: &Job, counts: EventCounts) -> f64 {
        self.experiments.bytes(job, counts)
    }

    fn memory(&self, job: &Job, counts: EventCounts, chip: Chip) -> f64 {
        self.experiments.memory(job, counts, chip)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        self.experiments.keys(job, cost)
    }

    fn if_stopped(&self) -> IfStopped {
        self.experiments.if_stopped()
    }
}

/// What pseudo-experiments of a window with signal have counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SensedWindow {
    /// The window.
    pub point: ScanPoint,
    /// The mean number of signal events, over the root of the window's number of data.
    pub strength: f64,
    /// That mean number.
    pub mean_signal: f64,
    /// The share of the simulated signal whose mass lies in the window.
    pub share_in_window: f64,
    /// `N_t`, the template events of each.
    pub n_template: usize,
    /// One after the other.
    pub experiments: Vec<SensedExperiment>,
}

/// What one pseudo-experiment with signal has counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensedExperiment {
    /// `N_SR`, signal and background.
    pub n_data: usize,
    /// The signal among them, a Poisson count.
    pub n_signal: usize,
    /// At each efficiency of the search, in their order; none where a cut has no numbers in data either.
    pub cuts: Vec<Option<SensedCount>>,
}

/// What passes a cut of a pseudo-experiment with signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensedCount {
    /// `N_t,c`, of the template.
    pub template: usize,
    /// N, of the pseudo-data.
    pub data: usize,
    /// The signal among these.
    pub signal: usize,
}

impl Recorded for SensitivityExperiments {
    type Result = SensedWindow;

    fn remarks(found: &SensedWindow, _job: &Job) -> Vec<String> {
        vec![format!(
            "{} pseudo-experiments with {:.1} signal events each on average, of {} template events",
            found.experiments.len(),
            found.mean_signal,
            found.n_template
        )]
    }
}

#[cfg(test)]
mod tests {

    use crate::job::JobFile;
    use crate::plan::{Plan, fingerprints};

    fn tasks(search: &str) -> Vec<(String, String)> {
        let text = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.csv'\nlayout = 'table'\n[search]\n\
             windows_gev = [[3100, 3500], [3300, 3700]]\ninjected = 100\n{search}\n"
        );
        let job = JobFile::from_text("job.toml", &text).check().expect("a good job");
        let plan = Plan::of(&job);
        let prints = fingerprints(&job, &[], &plan).into_iter().map(|print| print.0);
        plan.tasks.iter().map(|task| task.id.0.clone()).zip(prints).collect()
    }

    fn new<'a>(after: &'a [(String, String)], before: &[(String, String)]) -> Vec<&'a str> {
        after.iter().filter(|task| !before.contains(task)).map(|(id, _)| id.as_str()).collect()
    }

    #[test]
    fn strengths_of_each_window_come_in_tens_and_share_the_pool_of_those_without_signal() {
        let plain = tasks("calibrate = 10");
        let with = tasks("calibrate = 10\nsensitivity = [1, 2.5]\nsensitivity_experiments = 20");
        let more = new(&with, &plain);
        assert_eq!(more.len(), 2 * 2 * 2, "{more:?}");
        assert_eq!(
            more[0],
            "classify/sensitivity-window-noise-s100-w2800-6000-r3100-3500-x4-trees-s1-e00000"
        );
        assert_eq!(more[7], "classify/sensitivity-window-noise-s100-w2800-6000-x4-trees-s2.5-e00010");
        assert!(new(&plain, &with).is_empty());
        // Without calibration the pools come with them.
        let alone = tasks("sensitivity = [1, 2.5]\nsensitivity_experiments = 20");
        assert_eq!(new(&alone, &tasks("")).len(), 2 + 8);
    }

    #[test]
    fn where_signal_is_from_changes_them_and_nothing_else() {
        let before = tasks("calibrate = 10\nsensitivity = [1]\nsensitivity_experiments = 10");
        let after = tasks(
            "calibrate = 10\nsensitivity = [1]\nsensitivity_experiments = 10\nsignal = 'file'\nsignal_events = 's.csv'",
        );
        let changed = new(&after, &before);
        assert!(changed.len() == 2 && changed.iter().all(|id| id.contains("/sensitivity-")), "{changed:?}");
        let masses = tasks(
            "calibrate = 10\nsensitivity = [1]\nsensitivity_experiments = 10\nsignal = 'file'\n\
             signal_events = ['s.csv', 't.csv']\nsignal_mass_gev = [3300, 3500]",
        );
        assert_eq!(new(&masses, &after).len(), 2);
        // What a cross-section is divided by changes no count.
        let produced =
            tasks("calibrate = 10\nsensitivity = [1]\nsensitivity_experiments = 10\nluminosity_ifb = 3");
        assert!(new(&produced, &before).is_empty());
    }
}
