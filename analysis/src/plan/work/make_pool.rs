//! The pool of a window: events of its model, from which pseudo-experiments draw both their data and their template.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model_of_template::model_of_template;
use super::planning::Planning;
use super::{Fit, MakeTemplate, ModelPlace, Recorded, Settings, TaskKind, Work};
use crate::job::{Chip, Comparison, Job, Oversampling, Search, TemplateSpec};
use crate::plan::cost::EventCounts;
use crate::plan::cost::keys::{Cost, Key};
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// Events of a window's model, as those of its template are made, with random numbers of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MakePool {
    /// The events, as if they were a template with as large an over-sampling as the pool needs.
    pub events: MakeTemplate,
}

impl MakePool {
    /// The task that makes the pool of a template.
    pub fn task(events: MakeTemplate) -> Task {
        Task::new(Self::id(&events.template, events.oversampling), Work::Pool(Self { events }))
    }

    /// The name of that task.
    pub fn id(template: &TemplateSpec, factor: Oversampling) -> TaskId {
        TaskId(format!("template/pool-{template}-x{factor}"))
    }

    /// Events of the pool for each data event of the window, where a template has so many: data and template of as many
    /// pseudo-experiments as were asked for.
    pub fn factor(pool: usize, oversampling: Oversampling) -> Oversampling {
        Oversampling(oversampling.0.saturating_add(1).saturating_mul(pool as u32))
    }
}

impl TaskKind for MakePool {
    fn plan(planning: &mut Planning<'_>) {
        let job = planning.job();
        let Some(pool) = job.search.as_ref().and_then(Search::pool) else { return };
        for point in job.points.iter().filter(|point| point.is_searched()) {
            let Comparison::Window { template, oversampling, .. } = point.comparison else { continue };
            let model: ModelPlace = model_of_template(planning, &template);
            let oversampling = Self::factor(pool, oversampling);
            let fit = Fit::id_for(&template);
            planning.push(Self::task(MakeTemplate { template, oversampling, model, fit }));
        }
    }

    fn pace(&self) -> PaceKind {
        self.events.pace()
    }

    fn needs(&self) -> Vec<TaskId> {
        self.events.needs()
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        self.events.settings(of)
    }

    fn settings_variant(&self) -> &'static str {
        self.events.settings_variant()
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        self.events.seconds(job, counts, rates)
    }

    fn bytes(&self, job: &Job, counts: EventCounts) -> f64 {
        self.events.bytes(job, counts)
    }

    fn memory(&self, job: &Job, counts: EventCounts, chip: Chip) -> f64 {
        self.events.memory(job, counts, chip)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = self.events.keys(job, cost);
        let pool = job.search.as_ref().and_then(Search::pool).unwrap_or(2);
        let own = ["template.oversampling", "oversampling of the scan"];
        keys.retain(|(key, ..)| !own.contains(key));
        keys.insert(0, ("search.calibration_pool", pool, 2));
        keys
    }
}

/// The size of a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MadePool {
    /// Its events.
    pub events: usize,
}

impl Recorded for MakePool {
    type Result = MadePool;

    fn remarks(made: &MadePool, _job: &Job) -> Vec<String> {
        vec![format!("a pool of {} events for pseudo-experiments", made.events)]
    }
}
