//! A copy of a template of jets' constituents.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::Planning;
use super::{
    Content, Fit, Histogram, JetSummary, ModelPlace, Recorded, Settings, TaskKind, TrainJets,
    TrainKinematics, Work,
};
use crate::job::{Chip, Inputs, Job, Oversampling, TemplateSpec};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{SINGLE, jet_values};
use crate::plan::cost::{EventCounts, at_rate, evaluations_of, jets};
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// One copy of a template of jets' constituents: as many tasks as the largest over-sampling, so that ranks share them and
/// little is lost with one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MakeJets {
    /// What they are and how they are made.
    pub template: TemplateSpec,
    /// Which copy, from 0.
    pub copy: u32,
    /// The model of the kinematics, where they are made or diffused.
    pub kinematics: Option<ModelPlace>,
    /// The model of the jets.
    pub jets: ModelPlace,
    /// The fit that target masses are drawn from, where they are drawn.
    pub fit: Option<TaskId>,
}

impl MakeJets {
    /// The task that makes a copy.
    pub fn task(template: TemplateSpec, copy: u32, kinematics: Option<ModelPlace>, jets: ModelPlace) -> Task {
        let fit = Fit::id_for(&template);
        let work = Work::TemplateJets(Self { template, copy, kinematics, jets, fit });
        Task::new(Self::id(&template, copy), work)
    }

    /// The name of that task.
    pub fn id(template: &TemplateSpec, copy: u32) -> TaskId {
        TaskId(format!("template/{template}-k{copy:02}"))
    }

    /// Events of the copy.
    fn events(&self, counts: EventCounts) -> f64 {
        counts.template(&self.template, Oversampling(1))
    }
}

impl TaskKind for MakeJets {
    fn plan(planning: &mut Planning<'_>) {
        for wanted in planning.templates().into_iter().filter(|wanted| wanted.what.inputs == Inputs::Llv) {
            let template = wanted.what;
            let kinematics = template
                .makes_kinematics()
                .then(|| planning.model(&TrainKinematics::model_name(), template.sample));
            let jets = planning.model(&TrainJets::model_name(), template.sample);
            for copy in 0..wanted.oversampling.0 {
                planning.push(Self::task(template, copy, kinematics.clone(), jets.clone()));
            }
        }
    }

    fn pace(&self) -> PaceKind {
        PaceKind::JetTemplate
    }

    fn needs(&self) -> Vec<TaskId> {
        let models = self.kinematics.iter().chain([&self.jets]).map(|(training, _)| training);
        self.fit.iter().chain(models).cloned().collect()
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        let job = of.job;
        json!([of.split, job.sampler.at_own_masses(), job.jet_model, job.momentum_llv, job.compute.threads])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let (events, evaluations) = (self.events(counts), evaluations_of(job, &self.template));
        let made = jets::generation(job, events, evaluations);
        at_rate(made, rates.jet_sampler) + jets::summary(events, counts.signal_region as f64)
    }

    fn bytes(&self, job: &Job, counts: EventCounts) -> f64 {
        jets::bytes(job, self.events(counts))
    }

    fn memory(&self, job: &Job, counts: EventCounts, chip: Chip) -> f64 {
        let values = jet_values(job, chip.made_together());
        SINGLE * jets::jet_model_weights(job) + values + jets::bytes(job, self.events(counts))
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = keys::jet_model(job, cost);
        keys.retain(|(key, ..)| *key != "jet_model.epochs");
        if cost == Cost::Time {
            keys.push(keys::steps(job, job.sampler.with(self.template.integration).steps));
        }
        keys
    }
}

impl Recorded for MakeJets {
    type Result = Box<JetSummary>;

    fn histograms<'a>(jets: &'a Box<JetSummary>, _job: &'a Job) -> Vec<Histogram<'a>> {
        let of_quantity = jets.spectra.iter().map(|spectrum| Histogram {
            quantity: spectrum.quantity.word(),
            label: spectrum.quantity.label().to_owned(),
            edges: &spectrum.edges,
            content: Content::Shares,
            samples: vec![
                ("background", &spectrum.background),
                ("signal", &spectrum.signal),
                ("generated", &spectrum.generated),
            ],
        });
        of_quantity.collect()
    }
}
