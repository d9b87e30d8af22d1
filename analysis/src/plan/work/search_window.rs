//! A window of a search: trees or perceptrons tell its data from its template, and what passes cuts on their scores is counted.

mod feature_look;

pub use feature_look::{FeatureBehind, FeatureLook};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::{Planning, templates};
use super::window_classifiers::WindowClassifiers;
use super::{ClosureByTrees, IfStopped, MakeTemplate, Recorded, Settings, TaskKind, Work};
use crate::job::{Chip, ClassifierKind, Job, Oversampling, Regions, ScanPoint, Search, TemplateSpec};
use crate::plan::cost::keys::{Cost, Key};
use crate::plan::cost::{Difference, EventCounts};
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// Scores all data of a window, its template and its side-bands, each by classifiers that have not seen the event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchWindow {
    /// The window, as a point.
    pub point: ScanPoint,
    /// The task that makes its template.
    pub made_by: TaskId,
    /// Those that make further parts of it, by models of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_by: Vec<TaskId>,
}

impl SearchWindow {
    /// Folds: each event is scored by the classifiers of one of them, which have not seen it.
    pub const FOLDS: u32 = Search::FOLDS;

    /// The task of a window.
    pub fn task(point: ScanPoint, made_by: TaskId, also_by: Vec<TaskId>) -> Task {
        Task::new(TaskId(format!("classify/{point}")), Work::Window(Self { point, made_by, also_by }))
    }

    /// The tasks that make its template, one part after the other.
    pub fn makers(&self) -> impl Iterator<Item = &TaskId> {
        std::iter::once(&self.made_by).chain(&self.also_by)
    }

    fn classifiers(&self, job: &Job) -> WindowClassifiers<'_> {
        WindowClassifiers { point: &self.point, trainings: trainings(job) }
    }
}

/// Closure and searches are scored by the same code.
const _: () = assert!(SearchWindow::FOLDS == ClosureByTrees::FOLDS);

/// Trainings for each fold of a job's search.
fn trainings(job: &Job) -> usize {
    job.search.as_ref().map_or(0, |search| search.trainings)
}

impl TaskKind for SearchWindow {
    fn plan(planning: &mut Planning<'_>) {
        let made = planning.versions(templates);
        for point in planning.job().points.iter().filter(|point| point.is_window()) {
            let id = |(template, oversampling): (TemplateSpec, Oversampling)| {
                MakeTemplate::id(&template, &made.ending(&template.to_string(), oversampling))
            };
            let mut makers = point.templates().into_iter().map(id);
            if let Some(first) = makers.next() {
                planning.push(Self::task(*point, first, makers.collect()));
            }
        }
    }

    fn points(&self) -> Vec<&ScanPoint> {
        vec![&self.point]
    }

    fn pace(&self) -> PaceKind {
        WindowClassifiers { point: &self.point, trainings: 0 }.pace()
    }

    fn needs(&self) -> Vec<TaskId> {
        self.makers().cloned().collect()
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        let search = of.job.search.as_ref().map(|search| json!([search.trainings, search.efficiencies]));
        json!([of.split, self.classifiers(of.job).settings(of.job), search])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let further = counts.side_band as f64;
        self.classifiers(job).seconds(job, (counts, rates), (1, further), Difference::Sought)
    }

    fn bytes(&self, job: &Job, counts: EventCounts) -> f64 {
        let side_bands = counts.side_band as f64;
        // Row, mass, score and fold; of side-bands a score more. Spectra and histograms of features are text.
        let spectra = job.search.as_ref().map_or(0, |search| search.efficiencies.len() + 1) as f64
            * (1e3 + 4e2 * job.data.features.len() as f64);
        20.0 * self.classifiers(job).compared(counts) + 24.0 * side_bands + spectra
    }

    fn memory(&self, job: &Job, counts: EventCounts, _chip: Chip) -> f64 {
        self.classifiers(job).memory(job, counts, counts.side_band as f64)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = self.classifiers(job).keys(job, cost);
        if cost == Cost::Time {
            keys.push(("search.trainings", trainings(job), 3));
        }
        keys.extend(self.point.oversampling().map(|factor| ("search.oversampling", factor.0 as usize, 4)));
        keys
    }

    fn if_stopped(&self) -> IfStopped {
        match self.point.classifier {
            ClassifierKind::Trees => IfStopped::Lost,
            ClassifierKind::Mlp | ClassifierKind::Transformer => IfStopped::GoesOn,
        }
    }
}

/// Bins across a window in the spectra of a search.
const BINS_A_WINDOW: f64 = 10.0;
/// Bins across a side-band at most.
const MOST_BINS: f64 = 400.0;

/// The width of a bin of the window in the spectra of a search.
pub fn bin_width(regions: &Regions) -> f64 {
    regions.signal.width() / BINS_A_WINDOW
}

/// Edges of bins over side-bands and window: ten equal ones in the window, and such as are nearest to them in width in each of
/// the side-bands, so that no bin lies in two regions.
pub fn fine_edges(regions: &Regions) -> Vec<f64> {
    let width = bin_width(regions);
    let mut edges = vec![regions.outer.low.0];
    for part in regions.parts() {
        let bins = (part.width() / width).round().clamp(1.0, MOST_BINS);
        let inner = (1..bins as usize).map(|bin| part.low.0 + part.width() * bin as f64 / bins);
        edges.extend(inner.chain([part.high.0]));
    }
    edges
}

/// What was found in a window. Everything about data behind a cut is withheld from tables and figures while a search is blind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchedWindow {
    /// The window.
    pub point: ScanPoint,
    /// `N_SR`, the data in it.
    pub n_data: usize,
    /// Those of them that are simulated signal, where the events have labels, which took no part.
    pub n_signal: Option<usize>,
    /// `N_t`, the template events.
    pub n_template: usize,
    /// The cuts.
    pub cuts: Vec<WindowCut>,
    /// Edges of bins over side-bands and window, two of which are those of the window.
    pub edges: Vec<f64>,
    /// Data in each of these bins, before a cut.
    pub spectrum: Vec<u32>,
    /// Classifiers that came to nothing; the others of their fold stand in for them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub diverged: usize,
    /// Each feature of the job, behind and before the cuts; none in records that are older than this, which stay good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<FeatureLook>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// A cut on the scores of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowCut {
    /// The share of the template that was to pass.
    pub efficiency: f64,
    /// What passes.
    pub outcome: CutOutcome,
}

/// What passes a cut, or why that is not told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutOutcome {
    /// This.
    Passed(Passed),
    /// Fewer than ten events of the template would.
    FewPass,
    /// There are too few events to learn from.
    FewToLearn,
}

impl CutOutcome {
    /// What passes, where that is told.
    pub fn passed(&self) -> Option<&Passed> {
        match self {
            Self::Passed(passed) => Some(passed),
            Self::FewPass | Self::FewToLearn => None,
        }
    }
}

/// Events behind a cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    /// The threshold of each fold; none where nothing passes.
    pub thresholds: Vec<Option<f32>>,
    /// `N_t,c`, of the template.
    pub template: usize,
    /// The independent events among them, fewer where events are copies of others.
    pub independent: f64,
    /// N, of the data of the window.
    pub data: usize,
    /// Those of them that are simulated signal, where the events have labels.
    pub signal: Option<usize>,
    /// Data of side-bands and window in each bin. Each event of the side-bands is judged by one fold, to which it was dealt.
    pub spectrum: Vec<u32>,
}

impl Recorded for SearchWindow {
    type Result = SearchedWindow;

    fn remarks(found: &SearchedWindow, _job: &Job) -> Vec<String> {
        let cut = |cut: &WindowCut| match &cut.outcome {
            CutOutcome::Passed(passed) => format!("{} of it pass at {}", passed.template, cut.efficiency),
            CutOutcome::FewPass => format!("fewer than ten of it pass at {}", cut.efficiency),
            CutOutcome::FewToLearn => format!("too few to learn from at {}", cut.efficiency),
        };
        let cuts: Vec<String> = found.cuts.iter().map(cut).collect();
        // Logs are read while a search is blind: no word of data behind a cut.
        let mut remarks = vec![format!(
            "search: {} events of data against {} of the template; {}",
            found.n_data,
            found.n_template,
            cuts.join(", ")
        )];
        if found.diverged > 0 {
            remarks.push(format!("search: {} of its classifiers diverged", found.diverged));
        }
        remarks
    }
}

#[cfg(test)]
mod tests;
