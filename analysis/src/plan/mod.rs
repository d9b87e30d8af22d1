//! From a job to tasks: what is computed once, what depends on what, and what it costs.
//!
//! - In: a [`Job`].
//! - Out: a [`Plan`], dependencies first; what each task's result depends on ([`fingerprint`]); core-seconds, memory and disk
//!   ([`price`], at the [`rates`] of a device); the random numbers that belong to each purpose ([`random_stream`]).
//! - Each kind of task has one file in [`work`]; no equation of the paper lives here but the sizes of its networks
//!   ([`cost`]).
//! - It may use `job` and what lies below it.

pub mod cost;
pub mod device_kind;
pub mod fingerprint;
mod flows;
mod groups;
mod pace;
mod pace_kind;
pub mod price;
pub mod random_stream;
pub mod rates;
mod select;
mod trainings;
pub mod work;

pub use pace::Pace;
pub use pace_kind::PaceKind;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::job::{
    ClassifierKind, ClassifierSeed, Comparison, FlowKind, Inputs, Job, Oversampling, ScanPoint, Scope,
    TemplateSpec, TrainingSample,
};

pub use fingerprint::{Fingerprint, InputFile, fingerprints};
use flows::Flows;
use groups::{Versions, groups};
pub use random_stream::Stream;
pub use rates::Rates;
pub use select::Selector;
use trainings::{Model, Trainings};
use work::{Classify, Fit, MakeJets, MakeTemplate, Resample, TrainFlows};
pub use work::{IfStopped, TaskKind, Work};

/// The readable name of a task; also the stem of its files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub String);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The stages of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Stage {
    /// Dijet fits.
    Fit,
    /// Trainings.
    Train,
    /// Templates.
    Template,
    /// Classifiers.
    Classify,
}

impl Stage {
    /// All stages, in the order of the chain.
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// The word for the stage in ids.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// A unit of work that one rank does from beginning to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its name.
    pub id: TaskId,
    /// What it computes.
    pub work: Work,
    /// The tasks whose files it reads.
    pub needs: Vec<TaskId>,
}

impl Task {
    /// A task of this name, which needs what its work reads.
    pub fn new(id: TaskId, work: Work) -> Self {
        let needs = work.kind().needs();
        Self { id, work, needs }
    }
}

/// Every task of a job, dependencies first.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The tasks.
    pub tasks: Vec<Task>,
}

impl Plan {
    /// Expands a job. What two points share (a fit, a training, a template) is one task.
    pub fn of(job: &Job) -> Self {
        let eras = job.points_by_era();
        let templates = templates(&job.points);
        let resampled = resampled(&job.points);
        let mut tasks: Vec<Task> = Vec::new();
        let fitted = templates.iter().filter_map(TemplateRequest::fitted);
        tasks.extend(distinct(fitted, TrainingSample::to_string).into_iter().map(Fit::task));
        let by_era: Vec<_> = eras.iter().map(|points| models(points)).collect();
        let trainings = Trainings::of(&models(&job.points), &by_era, job);
        tasks.extend(trainings.tasks);
        let places = trainings.places;
        let makers = |points: &Vec<ScanPoint>| Flows::wanted(&self::templates(points));
        let by_era: Vec<_> = eras.iter().map(makers).collect();
        let flows = Flows::of(&Flows::wanted(&templates), &by_era, job.compute.flows_per_task);
        tasks.extend(flows.tasks);
        let made = Made::of(&eras);
        for TemplateRequest { what, oversampling } in templates {
            let model = |model: Model| places[&(model, what.sample.to_string())].clone();
            let model = match (what.inputs, what.method.flow()) {
                (Inputs::Llv, _) => {
                    let kinematics = what.makes_kinematics().then(|| model(Model::Kinematics));
                    let copies = 0..oversampling.0;
                    let jets = model(Model::Jets);
                    tasks.extend(
                        copies.map(|copy| MakeJets::task(what, copy, kinematics.clone(), jets.clone())),
                    );
                    continue;
                }
                (Inputs::Hlv, Some(flow)) => flows.places[&(flow, what.sample.to_string())].clone(),
                (Inputs::Hlv, None) => model(Model::Denoiser(Scope::SideBands)),
            };
            for (oversampling, ending) in made.templates.all(&what.to_string()) {
                tasks.push(MakeTemplate::task(what, oversampling, &ending, model.clone()));
            }
        }
        for (sample, _) in resampled {
            let model = &places[&(Model::Denoiser(Scope::Everything), sample.to_string())];
            for (oversampling, ending) in made.data.all(&sample.to_string()) {
                tasks.push(Resample::task(sample, oversampling, &ending, model.clone()));
            }
        }
        let (seeds, by_era) = (&job.classifier.seeds, job.seeds_by_era());
        let chunks = |together: usize| groups(seeds, &by_era, together, |seed| *seed);
        // Trees gain nothing from company: they are grown one after the other.
        let (mlp, trees) = (chunks(job.compute.classifier_seeds_per_task), chunks(1));
        let transformers = chunks(job.compute.jet_classifier_seeds_per_task);
        for point in &job.points {
            let chunks = match point.classifier {
                ClassifierKind::Mlp => &mlp,
                ClassifierKind::Trees => &trees,
                ClassifierKind::Transformer => &transformers,
            };
            tasks.extend(chunks.iter().map(|(_, seeds)| classify(*point, seeds, &made)));
        }
        Self { tasks }
    }

    /// The tasks of one stage.
    pub fn stage(&self, stage: Stage) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(move |task| task.work.stage() == stage)
    }

    /// What a user should know of the plan before it runs.
    pub fn notes(&self) -> Vec<String> {
        let of = |kind: FlowKind| {
            let samples = self.tasks.iter().filter_map(move |task| match &task.work {
                Work::TrainFlow(TrainFlows { flow, samples, .. }) if *flow == kind => Some(samples),
                _ => None,
            });
            samples.flatten()
        };
        let alone = of(FlowKind::BaseOfAll).filter(|base| {
            let served = |sample: &&TrainingSample| FlowKind::BaseOfAll.learns(**sample) == **base;
            of(FlowKind::CurtainsEfficient).filter(served).count() == 1
        });
        let count = alone.count();
        if count == 0 {
            return vec![];
        }
        vec![format!(
            "curtains_f4f_efficient shares a base flow between signal regions, but {count} of its base flows serve one: \
             there it buys nothing but a shorter training of the flow that moves events; name more in signal_region_gev"
        )]
    }

    /// The position of a task.
    pub fn position(&self, id: &TaskId) -> Option<usize> {
        self.tasks.iter().position(|task| task.id == *id)
    }
}

/// A template that points ask for, with the largest over-sampling among them.
struct TemplateRequest {
    what: TemplateSpec,
    oversampling: Oversampling,
}

impl TemplateRequest {
    /// The data whose fit gives the target masses.
    fn fitted(&self) -> Option<TrainingSample> {
        self.what.method.draws_masses().then_some(self.what.sample)
    }

    /// The diffusion models that make it.
    fn models(&self) -> Vec<(Model, TrainingSample)> {
        let sample = self.what.sample;
        match self.what.inputs {
            _ if self.what.method.flow().is_some() => vec![],
            Inputs::Hlv => vec![(Model::Denoiser(Scope::SideBands), sample)],
            Inputs::Llv if self.what.makes_kinematics() => {
                vec![(Model::Kinematics, sample), (Model::Jets, sample)]
            }
            Inputs::Llv => vec![(Model::Jets, sample)],
        }
    }
}

/// Each template once.
fn templates(points: &[ScanPoint]) -> Vec<TemplateRequest> {
    let mut requests: Vec<TemplateRequest> = Vec::new();
    let mut known = HashMap::new();
    for point in points {
        let Some(what) = point.template() else { continue };
        let oversampling = point.oversampling().unwrap_or(Oversampling(1));
        let index = *known.entry(what.to_string()).or_insert(requests.len());
        match requests.get_mut(index) {
            Some(request) => request.oversampling = request.oversampling.max(oversampling),
            None => requests.push(TemplateRequest { what, oversampling }),
        }
    }
    requests
}

/// The data that GenSR over-samples, each once.
fn resampled(points: &[ScanPoint]) -> Vec<(TrainingSample, Oversampling)> {
    let mut found: Vec<(TrainingSample, Oversampling)> = Vec::new();
    let mut known = HashMap::new();
    for point in points {
        let Comparison::GenSr { template, data_oversampling, .. } = point.comparison else { continue };
        let index = *known.entry(template.sample.to_string()).or_insert(found.len());
        match found.get_mut(index) {
            Some((_, factor)) => *factor = (*factor).max(data_oversampling),
            None => found.push((template.sample, data_oversampling)),
        }
    }
    found
}

/// The diffusion models that points need, each once.
fn models(points: &[ScanPoint]) -> Vec<(Model, TrainingSample)> {
    let (templates, resampled) = (templates(points), resampled(points));
    let inclusive = resampled.iter().map(|(sample, _)| (Model::Denoiser(Scope::Everything), *sample));
    distinct(templates.iter().flat_map(TemplateRequest::models).chain(inclusive), model_key)
}

/// What tells two models apart.
fn model_key((model, sample): &(Model, TrainingSample)) -> (Model, String) {
    (*model, sample.to_string())
}

/// How often templates of features, and data that GenSR over-samples, are made.
struct Made {
    templates: Versions,
    data: Versions,
}

impl Made {
    fn of(eras: &[Vec<ScanPoint>]) -> Self {
        let requests = |points: &Vec<ScanPoint>| {
            let requests = templates(points).into_iter();
            requests.map(|request| (request.what.to_string(), request.oversampling)).collect()
        };
        let data = |points: &Vec<ScanPoint>| {
            let found = resampled(points).into_iter();
            found.map(|(sample, factor)| (sample.to_string(), factor)).collect()
        };
        Self { templates: Versions::of(eras.iter().map(requests)), data: Versions::of(eras.iter().map(data)) }
    }

    fn template_id(&self, what: &TemplateSpec, factor: Oversampling) -> TaskId {
        MakeTemplate::id(what, &self.templates.ending(&what.to_string(), factor))
    }

    fn data_id(&self, sample: TrainingSample, factor: Oversampling) -> TaskId {
        Resample::id(sample, &self.data.ending(&sample.to_string(), factor))
    }
}

/// Each item once, told apart by its key.
fn distinct<T, K: Eq + Hash>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut known = HashSet::new();
    items.filter(|item| known.insert(key(item))).collect()
}

/// Items with the same key together, groups and items in the order in which they come.
fn grouped<T, K: Eq + Hash>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<Vec<T>> {
    let (mut groups, mut known): (Vec<Vec<T>>, _) = (Vec::new(), HashMap::new());
    for item in items {
        let index = *known.entry(key(&item)).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}

/// The tasks that train a point's classifiers of these seeds.
fn classify(point: ScanPoint, seeds: &[ClassifierSeed], made: &Made) -> Task {
    let templates: Vec<TaskId> = match (point.template(), point.oversampling()) {
        (Some(template), Some(factor)) if template.inputs == Inputs::Llv => {
            (0..factor.0).map(|copy| MakeJets::id(&template, copy)).collect()
        }
        (Some(template), factor) => {
            vec![made.template_id(&template, factor.unwrap_or(Oversampling(1)))]
        }
        (None, _) => vec![],
    };
    let data = match point.comparison {
        Comparison::GenSr { template, data_oversampling, .. } => {
            Some(made.data_id(template.sample, data_oversampling))
        }
        _ => None,
    };
    Classify::task(point, seeds, templates, data)
}

#[cfg(test)]
mod tests;
