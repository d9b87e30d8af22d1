//! From a job to tasks: what is computed once, what depends on what.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::generated::{FlowKind, Generated, Scope, TrainingSample};
use crate::job::Job;
use crate::point::{ClassifierKind, Contest, ScanPoint};
use crate::quantities::{ClassifierSeed, Oversampling};

/// The readable name of a task; also the stem of its files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub String);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a task computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Work {
    /// The dijet fit of the side-bands' mass spectrum.
    Fit {
        /// What is fitted.
        sample: TrainingSample,
    },
    /// The training of denoisers, together.
    Train {
        /// Which events they learn from.
        scope: Scope,
        /// The data of each member.
        samples: Vec<TrainingSample>,
    },
    /// The training of flows, together.
    TrainFlow {
        /// What they learn.
        flow: FlowKind,
        /// The data of each member.
        samples: Vec<TrainingSample>,
        /// Training and place of the density that judges each member; empty for densities.
        judges: Vec<(TaskId, usize)>,
    },
    /// The events of a background template in the signal region.
    Template {
        /// What they are and how they are made.
        template: Generated,
        /// The largest factor that any point asks for; smaller ones read the first part.
        oversampling: Oversampling,
        /// The training, and the place of the model in it.
        model: (TaskId, usize),
        /// The fit that target masses are drawn from, where they are drawn.
        fit: Option<TaskId>,
    },
    /// Over-sampled data of the signal region, from a model that has learnt them (GenSR).
    Resample {
        /// The data.
        sample: TrainingSample,
        /// The largest factor that any point asks for.
        oversampling: Oversampling,
        /// The training, and the place of the model in it.
        model: (TaskId, usize),
    },
    /// A chunk of a point's classifiers.
    Classify {
        /// The point.
        point: ScanPoint,
        /// The seeds of the chunk.
        seeds: Vec<ClassifierSeed>,
        /// The template, where it is a generated one.
        template: Option<TaskId>,
        /// The data, where they are generated ones.
        data: Option<TaskId>,
    },
}

impl Work {
    /// The stage that the task belongs to, as in its id.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Fit { .. } => Stage::Fit,
            Self::Train { .. } | Self::TrainFlow { .. } => Stage::Train,
            Self::Template { .. } | Self::Resample { .. } => Stage::Template,
            Self::Classify { .. } => Stage::Classify,
        }
    }
}

/// The stages of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    pub const ALL: [Self; 4] = [Self::Fit, Self::Train, Self::Template, Self::Classify];

    /// The word for the stage in ids.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Train => "train",
            Self::Template => "template",
            Self::Classify => "classify",
        }
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

/// Every task of a job, dependencies first.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The tasks.
    pub tasks: Vec<Task>,
}

impl Plan {
    /// Expands a job. What two points share (a fit, a training, a template) is one task.
    pub fn of(job: &Job) -> Self {
        let templates = templates(job);
        let resampled = resampled(job);
        let mut tasks: Vec<Task> = Vec::new();
        tasks.extend(distinct(templates.iter().filter_map(Order::fitted)).into_iter().map(fit));
        let diffused = templates.iter().filter(|order| order.what.method.flow().is_none());
        let models = diffused.map(|order| (Scope::SideBands, order.what.sample));
        let inclusive = resampled.iter().map(|(sample, _)| (Scope::Everything, *sample));
        let trainings = trainings(&distinct(models.chain(inclusive)), job.compute.denoisers_per_task);
        let places = places(&trainings);
        tasks.extend(trainings);
        let flows = Flows::of(&templates, job.compute.flows_per_task);
        tasks.extend(flows.tasks);
        for Order { what, oversampling } in templates {
            let sample = what.sample.to_string();
            let model = match what.method.flow() {
                Some(flow) => flows.places[&(flow, sample)].clone(),
                None => places[&(Scope::SideBands, sample)].clone(),
            };
            tasks.push(template(what, oversampling, model));
        }
        for (sample, oversampling) in resampled {
            let model = places[&(Scope::Everything, sample.to_string())].clone();
            tasks.push(resample(sample, oversampling, model));
        }
        for point in &job.points {
            // Trees gain nothing from company: they are grown one after the other.
            let together = match point.classifier {
                ClassifierKind::Mlp => job.compute.classifier_seeds_per_task,
                ClassifierKind::Trees => 1,
            };
            for seeds in job.classifier.seeds.chunks(together) {
                tasks.push(classify(*point, seeds));
            }
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
                Work::TrainFlow { flow, samples, .. } if *flow == kind => Some(samples),
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

/// A template, with the largest over-sampling that a point asks for.
struct Order {
    what: Generated,
    oversampling: Oversampling,
}

impl Order {
    /// The data whose fit gives the target masses.
    fn fitted(&self) -> Option<TrainingSample> {
        self.what.method.draws_masses().then_some(self.what.sample)
    }
}

/// Each template once.
fn templates(job: &Job) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    let mut known = HashMap::new();
    for point in &job.points {
        let Some(what) = point.template() else { continue };
        let oversampling = point.oversampling().unwrap_or(Oversampling(1));
        let index = *known.entry(what.to_string()).or_insert(orders.len());
        match orders.get_mut(index) {
            Some(order) => order.oversampling = order.oversampling.max(oversampling),
            None => orders.push(Order { what, oversampling }),
        }
    }
    orders
}

/// The data that GenSR over-samples, each once.
fn resampled(job: &Job) -> Vec<(TrainingSample, Oversampling)> {
    let mut found: Vec<(TrainingSample, Oversampling)> = Vec::new();
    for point in &job.points {
        let Contest::GenSr { template, data_oversampling, .. } = point.contest else { continue };
        match found.iter_mut().find(|(sample, _)| *sample == template.sample) {
            Some((_, factor)) => *factor = (*factor).max(data_oversampling),
            None => found.push((template.sample, data_oversampling)),
        }
    }
    found
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in items {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    found
}

fn fit(sample: TrainingSample) -> Task {
    Task { id: fit_id(sample), work: Work::Fit { sample }, needs: vec![] }
}

fn fit_id(sample: TrainingSample) -> TaskId {
    TaskId(format!("fit/dijet-{sample}"))
}

/// Members of one training learn from the same masses, hence take about the same number of steps.
fn trainings(models: &[(Scope, TrainingSample)], per_task: usize) -> Vec<Task> {
    let mut tasks = Vec::new();
    let kind = |(scope, sample): &(Scope, TrainingSample)| (*scope, sample.side_bands, sample.signal_region);
    for kind_of_task in distinct(models.iter().map(kind)) {
        let scope = kind_of_task.0;
        let stem = match scope {
            Scope::SideBands => "denoiser",
            Scope::Everything => "gensr",
        };
        let members: Vec<TrainingSample> =
            models.iter().filter(|model| kind(model) == kind_of_task).map(|model| model.1).collect();
        for (chunk, samples) in members.chunks(per_task).enumerate() {
            let id = match samples {
                [sample] if per_task == 1 => format!("train/{stem}-{sample}"),
                _ => format!("train/{stem}s-{}-c{chunk:02}", window(&samples[0])),
            };
            let work = Work::Train { scope, samples: samples.to_vec() };
            tasks.push(Task { id: TaskId(id), work, needs: vec![] });
        }
    }
    tasks
}

/// Side-bands and signal region, as in ids.
fn window(sample: &TrainingSample) -> String {
    let TrainingSample { side_bands, signal_region, .. } = sample;
    signal_region.map_or_else(|| format!("w{side_bands}"), |region| format!("w{side_bands}-r{region}"))
}

/// Where each model is trained.
fn places(trainings: &[Task]) -> HashMap<(Scope, String), (TaskId, usize)> {
    let mut places = HashMap::new();
    for task in trainings {
        if let Work::Train { scope, samples } = &task.work {
            for (member, sample) in samples.iter().enumerate() {
                places.insert((*scope, sample.to_string()), (task.id.clone(), member));
            }
        }
    }
    places
}

/// The trainings of flows, densities first, and where each flow is trained.
#[derive(Default)]
struct Flows {
    tasks: Vec<Task>,
    places: HashMap<(FlowKind, String), (TaskId, usize)>,
}

impl Flows {
    fn of(templates: &[Order], per_task: usize) -> Self {
        let makers =
            || templates.iter().filter_map(|order| Some((order.what.method.flow()?, order.what.sample)));
        let judges = makers().filter_map(|(flow, sample)| {
            let judge = flow.judge()?;
            Some((judge, judge.learns(sample)))
        });
        let mut wanted = distinct(judges.chain(makers()));
        // A density of CATHODE may come after a flow that another density judges.
        wanted.sort_by_key(|(flow, _)| flow.judge().is_some());
        let mut flows = Self::default();
        let kind =
            |(flow, sample): &(FlowKind, TrainingSample)| (*flow, sample.side_bands, sample.signal_region);
        for kind_of_task in distinct(wanted.iter().map(kind)) {
            let flow = kind_of_task.0;
            let members: Vec<TrainingSample> = wanted
                .iter()
                .filter(|model| kind(model) == kind_of_task)
                .map(|(_, sample)| *sample)
                .collect();
            for (chunk, samples) in members.chunks(per_task).enumerate() {
                flows.push(flow, samples, chunk, per_task);
            }
        }
        flows
    }

    fn push(&mut self, flow: FlowKind, samples: &[TrainingSample], chunk: usize, per_task: usize) {
        let word = flow.word();
        let id = match samples {
            [sample] if per_task == 1 => format!("train/flow-{word}-{sample}"),
            _ => format!("train/flows-{word}-{}-c{chunk:02}", window(&samples[0])),
        };
        let id = TaskId(id);
        let judge = |sample: &TrainingSample| {
            let judge = flow.judge()?;
            Some(self.places[&(judge, judge.learns(*sample).to_string())].clone())
        };
        let judges: Vec<(TaskId, usize)> = samples.iter().filter_map(judge).collect();
        for (member, sample) in samples.iter().enumerate() {
            self.places.insert((flow, sample.to_string()), (id.clone(), member));
        }
        let needs = distinct(judges.iter().map(|(judge, _)| judge.clone()));
        let work = Work::TrainFlow { flow, samples: samples.to_vec(), judges };
        self.tasks.push(Task { id, work, needs });
    }
}

fn template_id(what: &Generated) -> TaskId {
    TaskId(format!("template/{what}"))
}

fn template(what: Generated, oversampling: Oversampling, model: (TaskId, usize)) -> Task {
    let fit = Order { what, oversampling }.fitted().map(fit_id);
    let needs = fit.iter().cloned().chain([model.0.clone()]).collect();
    let work = Work::Template { template: what, oversampling, model, fit };
    Task { id: template_id(&what), work, needs }
}

fn resampled_id(sample: TrainingSample) -> TaskId {
    TaskId(format!("template/gensr-{sample}"))
}

fn resample(sample: TrainingSample, oversampling: Oversampling, model: (TaskId, usize)) -> Task {
    let needs = vec![model.0.clone()];
    Task { id: resampled_id(sample), work: Work::Resample { sample, oversampling, model }, needs }
}

fn classify(point: ScanPoint, seeds: &[ClassifierSeed]) -> Task {
    let span = match seeds {
        [one] => format!("c{one}"),
        [first, .., last] => format!("c{first}-{last}"),
        [] => String::new(),
    };
    let template = point.template().map(|template| template_id(&template));
    let data = match point.contest {
        Contest::GenSr { template, .. } => Some(resampled_id(template.sample)),
        _ => None,
    };
    let needs = template.iter().chain(&data).cloned().collect();
    let work = Work::Classify { point, seeds: seeds.to_vec(), template, data };
    Task { id: TaskId(format!("classify/{point}-{span}")), work, needs }
}

#[cfg(test)]
mod tests;
