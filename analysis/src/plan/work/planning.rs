//! How a job becomes tasks: what points share is planned once, and each kind of task finds what the kinds before it have
//! planned.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::hash::Hash;

use super::groups::{Versions, groups};
use super::{ModelPlace, Work};
use crate::job::{Comparison, Job, MassWindow, Oversampling, ScanPoint, TemplateSpec, TrainingSample};
use crate::plan::{Task, TaskId};

/// The tasks of a job so far, and where each model is trained that a later kind of task may need.
pub struct Planning<'a> {
    job: &'a Job,
    /// The points of the job, those together that came to it together.
    eras: Vec<Vec<ScanPoint>>,
    tasks: Vec<Task>,
    models: HashMap<String, ModelPlace>,
}

/// Something that points ask for, with the largest over-sampling among them.
pub struct Wanted<T> {
    /// What they ask for.
    pub what: T,
    /// The largest over-sampling.
    pub oversampling: Oversampling,
}

/// What a sort of model is called in the names of tasks.
pub struct ModelName {
    /// One that trains alone: `denoiser`.
    pub one: String,
    /// Several that train together: `denoisers`.
    pub several: String,
}

impl<'a> Planning<'a> {
    /// A job without tasks.
    pub fn of(job: &'a Job) -> Self {
        Self { job, eras: job.points_by_era(), tasks: vec![], models: HashMap::new() }
    }

    /// The job that is planned.
    pub fn job(&self) -> &'a Job {
        self.job
    }

    /// The tasks that were planned, dependencies first.
    pub fn into_tasks(self) -> Vec<Task> {
        self.tasks
    }

    /// Adds a task, behind those that it needs.
    pub fn push(&mut self, task: Task) {
        self.tasks.push(task);
    }

    /// The templates that the job's points ask for, each once.
    pub fn templates(&self) -> Vec<Wanted<TemplateSpec>> {
        templates(&self.job.points)
    }

    /// Where the model of a sample is trained.
    ///
    /// # Panics
    /// No training of it was planned: a kind of task that needs a model stands in the table behind the one that trains it.
    pub fn model(&self, name: &ModelName, sample: TrainingSample) -> ModelPlace {
        let name = format!("{}-{sample}", name.one);
        self.models.get(&name).unwrap_or_else(|| panic!("a training of {name}")).clone()
    }

    /// The over-sampling at which something is made that points want: several, where a job that has grown asks for more
    /// than there was.
    pub fn versions<T: Display>(&self, wanted: impl Fn(&[ScanPoint]) -> Vec<Wanted<T>>) -> Versions {
        let named = |points: &Vec<ScanPoint>| {
            let wanted = wanted(points).into_iter();
            wanted.map(|wanted| (wanted.what.to_string(), wanted.oversampling)).collect()
        };
        Versions::of(self.eras.iter().map(named))
    }

    /// Cuts the trainings of the models that points want into tasks, at the most so many in one.
    ///
    /// Members of one training are of one sort and learn from the same masses, hence take about the same number of steps.
    pub fn train<K: Copy + Eq + Hash>(
        &mut self,
        wanted: impl Fn(&[ScanPoint]) -> Vec<(K, TrainingSample)>,
        per_task: usize,
        name: impl Fn(K) -> ModelName,
        work: impl Fn(&Self, K, Vec<TrainingSample>) -> Work,
    ) {
        let key = |(sort, sample): &(K, TrainingSample)| (*sort, sample.to_string());
        let once = |points: &[ScanPoint]| distinct(wanted(points).into_iter(), key);
        let by_era: Vec<_> = self.eras.iter().map(|points| once(points)).collect();
        let all = once(&self.job.points).into_iter();
        for together in grouped(all, |(sort, sample)| (*sort, window(sample))) {
            let (sort, name) = (together[0].0, name(together[0].0));
            for (chunk, group) in groups(&together, &by_era, per_task, key) {
                let samples: Vec<TrainingSample> = group.iter().map(|(_, sample)| *sample).collect();
                let id = TaskId(match &samples[..] {
                    [sample] if per_task == 1 => format!("train/{}-{sample}", name.one),
                    _ => format!("train/{}-{}-c{chunk:02}", name.several, window(&samples[0])),
                });
                for (member, sample) in samples.iter().enumerate() {
                    self.models.insert(format!("{}-{sample}", name.one), (id.clone(), member));
                }
                let work = work(self, sort, samples);
                self.push(Task::new(id, work));
            }
        }
    }
}

/// The templates that points ask for, each once.
pub fn templates(points: &[ScanPoint]) -> Vec<Wanted<TemplateSpec>> {
    let all = points.iter().flat_map(ScanPoint::templates);
    largest(all.map(|(what, oversampling)| Wanted { what, oversampling }))
}

/// The data that points want over-sampled (GenSR), each once.
pub fn over_sampled(points: &[ScanPoint]) -> Vec<Wanted<TrainingSample>> {
    largest(points.iter().filter_map(|point| match point.comparison {
        Comparison::GenSr { template, data_oversampling, .. } => {
            Some(Wanted { what: template.sample, oversampling: data_oversampling })
        }
        _ => None,
    }))
}

/// Everything once, with the largest over-sampling that is asked for.
fn largest<T: Display>(all: impl Iterator<Item = Wanted<T>>) -> Vec<Wanted<T>> {
    let mut found: Vec<Wanted<T>> = Vec::new();
    let mut known = HashMap::new();
    for one in all {
        let place = *known.entry(one.what.to_string()).or_insert(found.len());
        match found.get_mut(place) {
            Some(before) => before.oversampling = before.oversampling.max(one.oversampling),
            None => found.push(one),
        }
    }
    found
}

/// Side-bands and signal region, as in the names of tasks.
fn window(sample: &TrainingSample) -> String {
    let TrainingSample { side_bands, signal_region, left_out, .. } = sample;
    let named = |letter: char, window: &Option<MassWindow>| {
        window.map_or_else(String::new, |window| format!("-{letter}{window}"))
    };
    format!("w{side_bands}{}{}", named('r', signal_region), named('o', left_out))
}

/// Each item once, told apart by its key.
pub fn distinct<T, K: Eq + Hash>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut known = HashSet::new();
    items.filter(|item| known.insert(key(item))).collect()
}

/// Items with the same key together, groups and items in the order in which they come.
pub fn grouped<T, K: Eq + Hash>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<Vec<T>> {
    let (mut groups, mut known): (Vec<Vec<T>>, _) = (Vec::new(), HashMap::new());
    for item in items {
        let place = *known.entry(key(&item)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}
