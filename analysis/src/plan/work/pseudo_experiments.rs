//! Pseudo-experiments of a window: data and template are both drawn from its model, so that there is no signal, and are told apart
//! and counted as the real ones are.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::Planning;
use super::window_classifiers::WindowClassifiers;
use super::{IfStopped, MakePool, Recorded, Settings, TaskKind, Work};
use crate::job::{Chip, Comparison, Job, PseudoSearches, ScanPoint, Search};
use crate::plan::cost::keys::{Cost, Key};
use crate::plan::cost::memory::SINGLE;
use crate::plan::cost::{Difference, EventCounts, product};
use crate::plan::{PaceKind, Plan, Rates, Task, TaskId};

/// Some of the pseudo-experiments of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PseudoExperiments {
    /// The window, as a point.
    pub point: ScanPoint,
    /// The task that makes the events that they draw from.
    pub pool: TaskId,
    /// Events of the pool for each data event of the window.
    pub factor: u32,
    /// The first of them, counted over all of the window. Each draws random numbers of its own, so that it is the same whoever does it,
    /// and with which others.
    pub first: usize,
}

impl PseudoExperiments {
    /// The pseudo-experiments of this task, by their numbers.
    pub fn numbers(&self) -> std::ops::Range<usize> {
        self.first..self.first + PseudoSearches::A_TASK
    }

    fn classifiers(&self, job: &Job) -> WindowClassifiers<'_> {
        WindowClassifiers { point: &self.point, trainings: trainings(job) }
    }

    fn task(self) -> Task {
        let name = format!("classify/pseudo-{}-e{:05}", self.point, self.first);
        Task::new(TaskId(name), Work::Pseudo(self))
    }

    /// So many pseudo-experiments of every window of a job, in tens, the first of all windows before the others.
    pub(super) fn tens(job: &Job, experiments: usize) -> Vec<Self> {
        let pool = job.search.as_ref().and_then(Search::pool).unwrap_or(0);
        let of_point = |point: &ScanPoint, first: usize| match point.comparison {
            Comparison::Window { template, oversampling, .. } if point.is_searched() => {
                let factor = MakePool::factor(pool, oversampling);
                Some(Self { point: *point, pool: MakePool::id(&template, factor), factor: factor.0, first })
            }
            _ => None,
        };
        let firsts = (0..experiments).step_by(PseudoSearches::A_TASK);
        firsts.flat_map(|first| job.points.iter().filter_map(move |point| of_point(point, first))).collect()
    }
}

/// Trainings for each fold of a pseudo-experiment.
fn trainings(job: &Job) -> usize {
    job.search.as_ref().map_or(0, Search::pseudo_trainings)
}

/// Pseudo-experiments that tell whether a global p-value is one of three standard deviations: one over that, and some more.
pub const ENOUGH: usize = 1000;

/// What so few pseudo-experiments cannot tell; nothing of enough.
pub fn too_few(experiments: usize) -> Option<String> {
    if experiments >= ENOUGH {
        return None;
    }
    let rate = (0.05 * 0.95 / experiments.max(1) as f64).sqrt();
    let least = 1.0 / (experiments + 1) as f64;
    Some(format!(
        "{experiments} pseudo-experiments a window tell the rate of p < 0.05 to ± {rate:.3}, and no global or calibrated p-value \
         below {least:.1e} (search.calibrate = {ENOUGH} reaches 3σ)"
    ))
}

impl TaskKind for PseudoExperiments {
    fn plan(planning: &mut Planning<'_>) {
        let job = planning.job();
        let Some(calibration) = job.search.as_ref().and_then(|search| search.calibration) else { return };
        for ten in Self::tens(job, calibration.experiments) {
            planning.push(ten.task());
        }
    }

    fn notes(plan: &Plan) -> Vec<String> {
        let last = plan.tasks.iter().filter_map(|task| match &task.work {
            Work::Pseudo(these) => Some(these.numbers().end),
            _ => None,
        });
        last.max().and_then(too_few).into_iter().collect()
    }

    fn points(&self) -> Vec<&ScanPoint> {
        vec![&self.point]
    }

    fn pace(&self) -> PaceKind {
        WindowClassifiers { point: &self.point, trainings: 0 }.pace()
    }

    fn needs(&self) -> Vec<TaskId> {
        vec![self.pool.clone()]
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        let efficiencies = of.job.search.as_ref().map(|search| &search.efficiencies);
        json!([of.split, self.classifiers(of.job).settings(of.job), trainings(of.job), efficiencies])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let times = (PseudoSearches::A_TASK, 0.0);
        self.classifiers(job).seconds(job, (counts, rates), times, Difference::Little)
    }

    fn bytes(&self, job: &Job, _counts: EventCounts) -> f64 {
        let cuts = job.search.as_ref().map_or(0, |search| search.efficiencies.len());
        1e3 + 40.0 * product([PseudoSearches::A_TASK, cuts + 1])
    }

    fn memory(&self, job: &Job, counts: EventCounts, _chip: Chip) -> f64 {
        // The pool as it is read, and one of them.
        let pool = counts.signal_region as f64 * f64::from(self.factor);
        job.data.features.len() as f64 * SINGLE * pool + self.classifiers(job).memory(job, counts, 0.0)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = self.classifiers(job).keys(job, cost);
        match cost {
            Cost::Time => keys.push(("search.calibration_trainings", trainings(job), 3)),
            Cost::Memory => {
                let pool = job.search.as_ref().and_then(Search::pool).unwrap_or(2);
                keys.push(("search.calibration_pool", pool, 2));
            }
            Cost::Disk => {}
        }
        keys.extend(self.point.oversampling().map(|factor| ("search.oversampling", factor.0 as usize, 4)));
        keys
    }

    fn if_stopped(&self) -> IfStopped {
        IfStopped::Lost
    }
}

/// What pseudo-experiments of a window have counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PseudoWindow {
    /// The window.
    pub point: ScanPoint,
    /// The number of the first.
    pub first: usize,
    /// `N_t`, the template events of each.
    pub n_template: usize,
    /// One after the other.
    pub experiments: Vec<PseudoExperiment>,
}

/// What one pseudo-experiment has counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PseudoExperiment {
    /// `N_SR`, a Poisson count around that of the data.
    pub n_data: usize,
    /// At each efficiency of the search, in their order; none where a cut has no numbers in data either.
    pub cuts: Vec<Option<PseudoCount>>,
}

/// What passes a cut of a pseudo-experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PseudoCount {
    /// `N_t,c`, of the template.
    pub template: usize,
    /// N, of the pseudo-data.
    pub data: usize,
}

impl Recorded for PseudoExperiments {
    type Result = PseudoWindow;

    fn remarks(found: &PseudoWindow, _job: &Job) -> Vec<String> {
        let last = found.first + found.experiments.len();
        vec![format!(
            "pseudo-experiments {} to {} without signal, of {} template events each",
            found.first + 1,
            last,
            found.n_template
        )]
    }
}

#[cfg(test)]
mod tests;
