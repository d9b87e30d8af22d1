//! The dijet fit of the side-bands' mass spectrum.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::{Planning, distinct};
use super::{Content, Histogram, IfStopped, Recorded, Settings, TaskKind, Work};
use crate::job::{Chip, Job, TemplateSpec, TrainingSample};
use crate::plan::cost::EventCounts;
use crate::plan::cost::keys::{Cost, Key};
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// The dijet fit of the side-bands' mass spectrum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// What is fitted.
    pub sample: TrainingSample,
}

impl Fit {
    /// The task that fits a sample.
    pub fn task(sample: TrainingSample) -> Task {
        Task::new(Self::id(sample), Work::Fit(Self { sample }))
    }

    /// The name of that task.
    pub fn id(sample: TrainingSample) -> TaskId {
        TaskId(format!("fit/dijet-{sample}"))
    }

    /// The name of the fit that a template draws its target masses from, where it draws them: templates of all seeds share it.
    pub fn id_for(template: &TemplateSpec) -> Option<TaskId> {
        template.method.draws_masses().then(|| Self::id(template.sample.of_first_template_seed()))
    }
}

impl TaskKind for Fit {
    fn plan(planning: &mut Planning<'_>) {
        let templates = planning.templates().into_iter().map(|wanted| wanted.what);
        let fitted = templates
            .filter(|what| what.method.draws_masses())
            .map(|what| what.sample.of_first_template_seed());
        for sample in distinct(fitted, TrainingSample::to_string) {
            planning.push(Self::task(sample));
        }
    }

    fn pace(&self) -> PaceKind {
        PaceKind::Fit
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([of.split, of.job.collision_energy])
    }

    fn seconds(&self, _job: &Job, _counts: EventCounts, _rates: &Rates) -> f64 {
        0.1
    }

    fn bytes(&self, _job: &Job, _counts: EventCounts) -> f64 {
        8e3
    }

    fn memory(&self, _job: &Job, _counts: EventCounts, _chip: Chip) -> f64 {
        0.0
    }

    fn keys(&self, _job: &Job, _cost: Cost) -> Vec<Key> {
        vec![]
    }

    fn if_stopped(&self) -> IfStopped {
        IfStopped::Lost
    }
}

/// A fit of f(x) = p1 (1 − x)^p2 x^(p3 + p4 ln x), x = m/√s, to the side-bands, and the spectrum around it.
///
/// Source: the paper, Eq. 3.2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MassFit {
    /// What was fitted.
    pub sample: TrainingSample,
    /// ln p1 (p1 in events per unit of x), p2, p3, p4.
    pub parameters: [f64; 4],
    /// Covariance of p2, p3, p4.
    pub covariance: [[f64; 3]; 3],
    /// Pearson χ² of the side-band bins.
    pub chi_squared: f64,
    /// Side-band bins less parameters.
    pub degrees_of_freedom: usize,
    /// Events that were fitted.
    pub n_events: usize,
    /// Bin edges (GeV) over side-bands and signal region.
    pub edges: Vec<f64>,
    /// Data events in each bin.
    pub counts: Vec<f64>,
    /// Events that the fit expects in each bin.
    pub expected: Vec<f64>,
}

impl Recorded for Fit {
    type Result = MassFit;

    fn histograms<'a>(fit: &'a MassFit, job: &'a Job) -> Vec<Histogram<'a>> {
        let mass = &job.data.resonant;
        vec![Histogram {
            quantity: mass,
            label: job.mass_label(),
            edges: &fit.edges,
            content: Content::Events,
            samples: vec![("data", &fit.counts), ("fit", &fit.expected)],
        }]
    }
}
