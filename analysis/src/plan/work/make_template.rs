//! The events of a background template.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::model_of_template::model_of_template;
use super::planning::{Planning, templates};
use super::{Content, Fit, Histogram, ModelPlace, Recorded, Settings, TaskKind, TemplateSummary, Work};
use crate::job::{Chip, Inputs, Job, MassCondition, Oversampling, Start, TemplateSpec, hlv};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{SINGLE, made_event};
use crate::plan::cost::{
    EventCounts, INFERENCE, at_rate, denoiser_weights, evaluations_of, flow_weights, stored_events,
};
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// The events of a background template in the signal region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MakeTemplate {
    /// What they are and how they are made.
    pub template: TemplateSpec,
    /// The largest factor that any point asks for; smaller ones read the first part.
    pub oversampling: Oversampling,
    /// The model that makes them.
    pub model: ModelPlace,
    /// The fit that target masses are drawn from, where they are drawn.
    pub fit: Option<TaskId>,
}

impl MakeTemplate {
    /// The task that makes a template, whose name has an ending where there are several of different factors.
    pub fn task(template: TemplateSpec, oversampling: Oversampling, ending: &str, model: ModelPlace) -> Task {
        let fit = Fit::id_for(&template);
        let work = Work::Template(Self { template, oversampling, model, fit });
        Task::new(Self::id(&template, ending), work)
    }

    /// The name of that task.
    pub fn id(template: &TemplateSpec, ending: &str) -> TaskId {
        TaskId(format!("template/{template}{ending}"))
    }

    /// Events of the template.
    fn events(&self, counts: EventCounts) -> f64 {
        counts.template(&self.template, self.oversampling)
    }

    /// Multiply-adds of the model for one event.
    fn weights(&self, job: &Job) -> f64 {
        let flow = self.template.method.flow();
        flow.map_or_else(|| denoiser_weights(job), |flow| flow_weights(job, &job.flow.network(flow)))
    }
}

impl TaskKind for MakeTemplate {
    fn plan(planning: &mut Planning<'_>) {
        let versions = planning.versions(templates);
        for wanted in planning.templates().into_iter().filter(|wanted| wanted.what.inputs == Inputs::Hlv) {
            let template = wanted.what;
            let model = model_of_template(planning, &template);
            for (oversampling, ending) in versions.all(&template.to_string()) {
                planning.push(Self::task(template, oversampling, &ending, model.clone()));
            }
        }
    }

    fn pace(&self) -> PaceKind {
        if self.template.method.flow().is_some() {
            PaceKind::FlowTemplate
        } else {
            PaceKind::DiffusedTemplate
        }
    }

    fn needs(&self) -> Vec<TaskId> {
        self.fit.iter().chain([&self.model.0]).cloned().collect()
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        let method = self.template.method;
        let other = (method.starts() == Start::OtherSample).then_some(&of.other_sample);
        let maker = match method.flow() {
            Some(flow) => json!(of.job.flow.training(flow)),
            None => match method.mass_condition() {
                MassCondition::Own => json!(of.job.sampler.at_own_masses()),
                MassCondition::Edges => json!(of.job.sampler),
            },
        };
        json!([of.split, maker, of.job.compute.threads, other])
    }

    fn settings_variant(&self) -> &'static str {
        self.template.method.word()
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let (events, weights) = (self.events(counts), self.weights(job));
        if self.template.method.flow().is_some() {
            return at_rate(INFERENCE * weights * events, rates.flow_sampler);
        }
        at_rate(INFERENCE * weights * (evaluations_of(job, &self.template) * events), rates.sampler)
    }

    fn bytes(&self, job: &Job, counts: EventCounts) -> f64 {
        stored_events(job, self.events(counts))
    }

    fn memory(&self, job: &Job, counts: EventCounts, _chip: Chip) -> f64 {
        SINGLE * self.weights(job) + made_event(job) * self.events(counts)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let flow = self.template.method.flow();
        let mut keys = vec![keys::factor(job, self.oversampling)];
        keys.extend(match flow {
            Some(flow) => keys::network(job, flow, cost),
            None => keys::denoiser(job, 1, cost),
        });
        keys.retain(|(key, ..)| !key.ends_with("epochs") && !key.ends_with("batch"));
        if cost == Cost::Time && flow.is_none() {
            keys.push(keys::steps(job, job.sampler.with(self.template.integration).steps));
        }
        keys
    }
}

/// For over-sampled data, too, which are made and looked at as templates are.
impl Recorded for MakeTemplate {
    type Result = Box<TemplateSummary>;

    fn histograms<'a>(template: &'a Box<TemplateSummary>, job: &'a Job) -> Vec<Histogram<'a>> {
        let of_feature =
            job.data.features.iter().zip(&template.spectra).map(|(feature, spectra)| Histogram {
                quantity: feature,
                label: hlv::label(feature),
                edges: &spectra.edges,
                content: Content::Shares,
                samples: vec![
                    ("background", &spectra.background),
                    ("signal", &spectra.signal),
                    ("generated", &spectra.generated),
                    ("from_background", &spectra.from_background),
                    ("from_signal", &spectra.from_signal),
                ],
            });
        of_feature.collect()
    }
}
