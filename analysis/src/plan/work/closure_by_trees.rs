//! How well boosted trees tell a template from the true background that it stands for.
//!
//! Perceptrons miss sharp structure that trees see, such as an edge that a template blurs; a cut on the scores of trees is
//! what a search would make.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::{Planning, templates};
use super::{IfStopped, MakeTemplate, Recorded, Settings, TaskKind, Work};
use crate::job::{IndependentBackground, Inputs, Job, Oversampling, TemplateSpec};
use crate::plan::cost::keys::{self, Cost, Key, defaults};
use crate::plan::cost::memory::{Chip, MASS, SINGLE};
use crate::plan::cost::{EventCounts, GROWN_TREES, at_rate, product};
use crate::plan::{PaceKind, Rates, Task, TaskId};
use crate::statistics::closure::{Closure, Excess, Measured, QUOTED_EFFICIENCIES};

/// Tells one template of features from independent background of the signal region, or the background of the data itself:
/// the floor that no template can be below but by chance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosureByTrees {
    /// The template; none for the background of the data.
    pub template: Option<MadeTemplate>,
}

/// A template that a task makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MadeTemplate {
    /// What it is.
    pub template: TemplateSpec,
    /// Template events for each event that it starts from.
    pub oversampling: Oversampling,
    /// The task that makes it.
    pub made_by: TaskId,
}

impl ClosureByTrees {
    /// Folds of the comparison; one is evaluated, a quarter of the others stops the training.
    pub const FOLDS: u32 = 5;
    /// Events of either class at the most, for each data event of the signal region: more would cost more and say little.
    pub const MOST_EVENTS: usize = 2;

    /// The task that tells a template, or the background of the data, from true background.
    pub fn task(template: Option<MadeTemplate>) -> Task {
        let name =
            template.as_ref().map_or_else(|| "background".to_owned(), |made| made.template.to_string());
        Task::new(TaskId(format!("classify/closure-{name}")), Work::Closure(Self { template }))
    }

    /// Events of both classes.
    fn events(&self, counts: EventCounts) -> f64 {
        let most = (Self::MOST_EVENTS * counts.signal_region) as f64;
        let compared = match &self.template {
            Some(made) => counts.template(&made.template, made.oversampling),
            None => counts.signal_region as f64,
        };
        compared.min(most) + (counts.independent as f64).min(most)
    }
}

impl TaskKind for ClosureByTrees {
    fn plan(planning: &mut Planning<'_>) {
        let job = planning.job();
        if job.closure.trees == 0 || job.independent_background == IndependentBackground::None {
            return;
        }
        let versions = planning.versions(templates);
        let mut tasks = vec![];
        for wanted in planning.templates() {
            let template = wanted.what;
            // Independent background is that of the job's own signal region.
            let is_here = job.regions_of(&template.sample).signal == job.regions.signal;
            // The first that was made, so that a job which grows does not test it again.
            let first = versions.all(&template.to_string()).into_iter().next();
            if let (Inputs::Hlv, true, Some((oversampling, ending))) = (template.inputs, is_here, first) {
                let made_by = MakeTemplate::id(&template, &ending);
                tasks.push(Self::task(Some(MadeTemplate { template, oversampling, made_by })));
            }
        }
        if !tasks.is_empty() {
            tasks.push(Self::task(None));
        }
        tasks.into_iter().for_each(|task| planning.push(task));
    }

    fn pace(&self) -> PaceKind {
        PaceKind::Trees
    }

    fn needs(&self) -> Vec<TaskId> {
        self.template.iter().map(|made| made.made_by.clone()).collect()
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([of.split, of.job.trees, of.job.closure.trees])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let folds = f64::from(Self::FOLDS);
        let learnt = self.events(counts) * (folds - 2.0) / folds;
        let grown = GROWN_TREES * job.trees.iterations as f64;
        let trainings = product([job.closure.trees, Self::FOLDS as usize]);
        at_rate(learnt * trainings * job.data.features.len() as f64 * grown, rates.trees)
    }

    fn bytes(&self, _job: &Job, _counts: EventCounts) -> f64 {
        // Numbers at each efficiency, as text.
        2e3
    }

    fn memory(&self, job: &Job, counts: EventCounts, _chip: Chip) -> f64 {
        // As they are read, and in double precision by column and binned.
        (SINGLE + 2.0 * MASS) * job.data.features.len() as f64 * self.events(counts)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = keys::trees(job, cost);
        if cost == Cost::Time {
            keys.push(("closure.trees", job.closure.trees, defaults().closure.trees));
        }
        keys
    }

    fn if_stopped(&self) -> IfStopped {
        IfStopped::Lost
    }
}

/// How well trees tell a template from true background.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestedClosure {
    /// The template; none for the background of the data.
    pub template: Option<TemplateSpec>,
    /// Its events that were compared.
    pub n_template: usize,
    /// True background events that they were compared with.
    pub n_background: usize,
    /// How well they are told apart.
    pub closure: Closure,
}

impl TestedClosure {
    /// The word of the method; `true_background` where no template was tested.
    pub fn method(&self) -> &'static str {
        self.template.map_or(Self::FLOOR, |template| template.method.word())
    }

    /// The word for the comparison of true background with true background.
    pub const FLOOR: &'static str = "true_background";
}

/// The AUC in words: `0.515 ± 0.003`.
pub fn auc_text(auc: Option<Measured>) -> String {
    auc.map_or_else(|| "-".to_owned(), |Measured { value, error }| format!("{value:.4} ± {error:.4}"))
}

/// An excess in words: `+0.13 ± 0.02`.
pub fn excess_text(excess: Option<Excess>) -> String {
    excess.map_or_else(
        || "-".to_owned(),
        |Excess { delta: Measured { value, error }, .. }| format!("{value:+.2} ± {error:.2}"),
    )
}

impl Recorded for ClosureByTrees {
    type Result = TestedClosure;

    fn remarks(found: &TestedClosure, _job: &Job) -> Vec<String> {
        let mut line = format!(
            "closure by trees: AUC {} on {} events of the template and {} of true background",
            auc_text(found.closure.auc),
            found.n_template,
            found.n_background
        );
        for efficiency in QUOTED_EFFICIENCIES {
            line.push_str(&format!(", δ({efficiency}) {}", excess_text(found.closure.excess(efficiency))));
        }
        vec![line]
    }
}
