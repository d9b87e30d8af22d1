//! From a job to tasks: what is computed once, what depends on what.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::point::{ScanPoint, TemplateMethod};
use crate::quantities::{ClassifierSeed, Oversampling, SignalCount};
use crate::regions::MassWindow;

/// The readable name of a task; also the stem of its files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub String);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The data that a background model learns from: side-bands, with their share of the injected signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingSample {
    /// Signal events mixed into the full-range background.
    pub n_signal: SignalCount,
    /// Outer edges of the side-bands.
    pub side_bands: MassWindow,
}

impl fmt::Display for TrainingSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}-w{}", self.n_signal, self.side_bands)
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
        /// What each member learns from.
        samples: Vec<TrainingSample>,
    },
    /// The events of a background template in the signal region.
    Template {
        /// How they are made.
        method: TemplateMethod,
        /// What the model has learnt from, and which data it stands beside.
        sample: TrainingSample,
        /// The largest factor that any point asks for; smaller ones read the first part.
        oversampling: Oversampling,
        /// The training, and the place of the model in it.
        model: (TaskId, usize),
        /// The fit that target masses are drawn from.
        fit: TaskId,
    },
    /// A chunk of a point's classifiers.
    Classify {
        /// The point.
        point: ScanPoint,
        /// The seeds of the chunk.
        seeds: Vec<ClassifierSeed>,
        /// The template, where it is a generated one.
        template: Option<TaskId>,
    },
}

impl Work {
    /// The stage that the task belongs to, as in its id.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Fit { .. } => Stage::Fit,
            Self::Train { .. } => Stage::Train,
            Self::Template { .. } => Stage::Template,
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
        let mut tasks = Vec::new();
        let samples = samples(job);
        tasks.extend(samples.iter().map(|sample| fit(*sample)));
        let trainings = trainings(&samples, job.compute.denoisers_per_task);
        let models = models(&trainings);
        tasks.extend(trainings);
        for template in templates(job) {
            let model = models.iter().find(|(sample, _)| *sample == template.sample);
            tasks.extend(model.map(|(_, model)| template.task(model.clone())));
        }
        for point in &job.points {
            let template = Template::of(point).map(|template| template.id());
            for seeds in job.classifier.seeds.chunks(job.compute.classifier_seeds_per_task) {
                tasks.push(classify(*point, seeds, template.clone()));
            }
        }
        Self { tasks }
    }

    /// The tasks of one stage.
    pub fn stage(&self, stage: Stage) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(move |task| task.work.stage() == stage)
    }

    /// The position of a task.
    pub fn position(&self, id: &TaskId) -> Option<usize> {
        self.tasks.iter().position(|task| task.id == *id)
    }
}

fn samples(job: &Job) -> Vec<TrainingSample> {
    let mut samples: Vec<TrainingSample> = Vec::new();
    for template in templates(job) {
        if !samples.contains(&template.sample) {
            samples.push(template.sample);
        }
    }
    samples
}

fn fit(sample: TrainingSample) -> Task {
    Task { id: fit_id(sample), work: Work::Fit { sample }, needs: vec![] }
}

fn fit_id(sample: TrainingSample) -> TaskId {
    TaskId(format!("fit/dijet-{sample}"))
}

/// Members of one training have the same side-bands, hence about the same number of steps.
fn trainings(samples: &[TrainingSample], per_task: usize) -> Vec<Task> {
    let mut windows: Vec<MassWindow> = Vec::new();
    for sample in samples {
        if !windows.contains(&sample.side_bands) {
            windows.push(sample.side_bands);
        }
    }
    let mut tasks = Vec::new();
    for window in windows {
        let members: Vec<_> = samples.iter().filter(|sample| sample.side_bands == window).copied().collect();
        for (chunk, samples) in members.chunks(per_task).enumerate() {
            let id = match samples {
                [sample] if per_task == 1 => format!("train/denoiser-{sample}"),
                _ => format!("train/denoisers-w{window}-c{chunk:02}"),
            };
            tasks.push(Task {
                id: TaskId(id),
                work: Work::Train { samples: samples.to_vec() },
                needs: vec![],
            });
        }
    }
    tasks
}

/// Where the model of each sample is trained.
fn models(trainings: &[Task]) -> Vec<(TrainingSample, (TaskId, usize))> {
    let mut models = Vec::new();
    for task in trainings {
        if let Work::Train { samples } = &task.work {
            let members = samples.iter().enumerate();
            models.extend(members.map(|(member, sample)| (*sample, (task.id.clone(), member))));
        }
    }
    models
}

#[derive(Clone, Copy, PartialEq)]
struct Template {
    method: TemplateMethod,
    sample: TrainingSample,
    oversampling: Oversampling,
}

impl Template {
    fn of(point: &ScanPoint) -> Option<Self> {
        match *point {
            ScanPoint::Search { template: method, n_signal, side_bands, oversampling } => {
                Some(Self { method, sample: TrainingSample { n_signal, side_bands }, oversampling })
            }
            _ => None,
        }
    }

    fn id(&self) -> TaskId {
        TaskId(format!("template/{}-{}", self.method.word(), self.sample))
    }

    fn task(self, model: (TaskId, usize)) -> Task {
        let fit = fit_id(self.sample);
        let needs = vec![fit.clone(), model.0.clone()];
        let Self { method, sample, oversampling } = self;
        Task { id: self.id(), work: Work::Template { method, sample, oversampling, model, fit }, needs }
    }
}

/// Each template once, with the largest over-sampling that a point asks for.
fn templates(job: &Job) -> Vec<Template> {
    let mut templates: Vec<Template> = Vec::new();
    for wanted in job.points.iter().filter_map(Template::of) {
        match templates.iter_mut().find(|known| known.id() == wanted.id()) {
            Some(known) => known.oversampling = known.oversampling.max(wanted.oversampling),
            None => templates.push(wanted),
        }
    }
    templates
}

fn classify(point: ScanPoint, seeds: &[ClassifierSeed], template: Option<TaskId>) -> Task {
    let span = match seeds {
        [one] => format!("c{one}"),
        [first, .., last] => format!("c{first}-{last}"),
        [] => String::new(),
    };
    let needs = template.iter().cloned().collect();
    let work = Work::Classify { point, seeds: seeds.to_vec(), template };
    Task { id: TaskId(format!("classify/{point}-{span}")), work, needs }
}

#[cfg(test)]
mod tests;
