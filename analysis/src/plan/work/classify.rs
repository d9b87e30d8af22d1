//! Classifiers that tell data from a template.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::groups::{Versions, groups};
use super::planning::{Planning, over_sampled, templates};
use super::points_together::points_together;
use super::training::Loss;
use super::{IfStopped, MakeJets, MakeTemplate, Network, Recorded, Resample, Settings, TaskKind, Work};
use crate::job::{
    Chip, ClassifierKind, ClassifierSeed, Comparison, Fold, Inputs, Job, Oversampling, ScanPoint,
    TemplateSpec,
};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{MASS, PLACE, SINGLE, SLOTS, STEPS_A_BLOCK, TRAINED, padded};
use crate::plan::cost::{
    Difference, EventCounts, INFERENCE, TRAINING, at_rate, classifier_weights, forest_work, jets, looks,
    product,
};
use crate::plan::{PaceKind, Rates, Task, TaskId};
use crate::statistics::metrics::Performance;
use crate::statistics::replicas::Replicas;

/// A chunk of a point's classifiers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classify {
    /// The point.
    pub point: ScanPoint,
    /// The seeds of the chunk.
    pub seeds: Vec<ClassifierSeed>,
    /// The tasks whose events are the template, where it is a generated one: several where it is made in copies.
    pub templates: Vec<TaskId>,
    /// The data, where they are generated ones.
    pub data: Option<TaskId>,
}

impl Classify {
    /// The task that trains classifiers of these seeds on the events that others have made.
    pub fn task(
        point: ScanPoint,
        seeds: &[ClassifierSeed],
        templates: Vec<TaskId>,
        data: Option<TaskId>,
    ) -> Task {
        Self { point, seeds: seeds.to_vec(), templates, data }.into_task()
    }

    fn into_task(self) -> Task {
        Task::new(TaskId(format!("classify/{}-{}", self.point, self.span())), Work::Classify(self))
    }

    /// The seeds as they stand in the names of tasks.
    pub(super) fn span(&self) -> String {
        match &self.seeds[..] {
            [one] => format!("c{one}"),
            [first, .., last] => format!("c{first}-{last}"),
            [] => String::new(),
        }
    }

    /// Data and template events of the point.
    pub fn events(&self, counts: EventCounts) -> f64 {
        let once = counts.signal_region as f64;
        let times = |factor: Oversampling| f64::from(factor.0) * once;
        match self.point.comparison {
            Comparison::Search { template, oversampling }
            | Comparison::Window { template, oversampling, .. } => {
                once + counts.template(&template, oversampling)
            }
            Comparison::GenSr { template, oversampling, data_oversampling } => {
                times(data_oversampling) + counts.template(&template, oversampling)
            }
            Comparison::OverIdealised { oversampling, .. } => once + times(oversampling),
            Comparison::Idealised { .. } => 2.0 * once,
            Comparison::Supervised => (counts.signal + counts.independent) as f64,
        }
    }

    /// Classifiers of the chunk: one for each seed and fold.
    fn members(&self, job: &Job) -> f64 {
        product([self.seeds.len(), job.classifier.folds as usize])
    }
}

/// The seeds of a job, at most so many in a task.
pub(super) fn chunks_of_seeds(job: &Job, together: usize) -> Vec<Vec<ClassifierSeed>> {
    let chunks = groups(&job.classifier.seeds, &job.seeds_by_era(), together, |seed| *seed);
    chunks.into_iter().map(|(_, seeds)| seeds).collect()
}

/// The templates and data that other tasks make, by what points want of them.
pub(super) struct Made {
    templates: Versions,
    data: Versions,
}

impl Made {
    pub(super) fn of(planning: &Planning<'_>) -> Self {
        Self { templates: planning.versions(templates), data: planning.versions(over_sampled) }
    }

    /// The classifiers of these seeds at a point.
    pub(super) fn classify(&self, point: ScanPoint, seeds: &[ClassifierSeed]) -> Classify {
        let templates = match point.template().map(|template| (template, point.oversampling())) {
            Some((template, Some(factor))) if template.inputs == Inputs::Llv => {
                (0..factor.0).map(|copy| MakeJets::id(&template, copy)).collect()
            }
            Some((template, factor)) => {
                let factor = factor.unwrap_or(Oversampling(1));
                vec![MakeTemplate::id(&template, &self.templates.ending(&template.to_string(), factor))]
            }
            None => vec![],
        };
        let data = match point.comparison {
            Comparison::GenSr { template: TemplateSpec { sample, .. }, data_oversampling, .. } => {
                Some(Resample::id(sample, &self.data.ending(&sample.to_string(), data_oversampling)))
            }
            _ => None,
        };
        Classify { point, seeds: seeds.to_vec(), templates, data }
    }
}

impl TaskKind for Classify {
    fn plan(planning: &mut Planning<'_>) {
        let job = planning.job();
        // Trees gain nothing from company.
        let [perceptrons, trees, transformers] =
            [job.compute.classifier_seeds_per_task, 1, job.compute.jet_classifier_seeds_per_task]
                .map(|together| chunks_of_seeds(job, together));
        let inputs = Made::of(planning);
        let elsewhere = points_together(job).into_iter().flatten();
        let elsewhere: HashSet<String> = elsewhere.map(|point| point.to_string()).collect();
        // The windows of a search have tasks of their own.
        let is_own = |point: &&ScanPoint| {
            !matches!(point.comparison, Comparison::Window { .. }) && !elsewhere.contains(&point.to_string())
        };
        for point in job.points.iter().filter(is_own) {
            let chunks = match point.classifier {
                ClassifierKind::Mlp => &perceptrons,
                ClassifierKind::Trees => &trees,
                ClassifierKind::Transformer => &transformers,
            };
            for seeds in chunks {
                planning.push(inputs.classify(*point, seeds).into_task());
            }
        }
    }

    fn points(&self) -> Vec<&ScanPoint> {
        vec![&self.point]
    }

    fn pace(&self) -> PaceKind {
        match self.point.classifier {
            ClassifierKind::Mlp => PaceKind::Perceptrons,
            ClassifierKind::Trees => PaceKind::Trees,
            ClassifierKind::Transformer => PaceKind::Transformers,
        }
    }

    fn needs(&self) -> Vec<TaskId> {
        self.templates.iter().chain(&self.data).cloned().collect()
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        let job = of.job;
        let own = match self.point.classifier {
            ClassifierKind::Mlp => json!(job.classifier_training()),
            ClassifierKind::Trees => json!([job.classifier_training(), job.trees]),
            ClassifierKind::Transformer => json!([job.classifier.folds, job.jet_classifier]),
        };
        json!([of.split, own, job.compute.threads])
    }

    fn settings_variant(&self) -> &'static str {
        match self.point.classifier {
            ClassifierKind::Mlp => "mlp",
            ClassifierKind::Trees => "trees",
            ClassifierKind::Transformer => "transformer",
        }
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let training_share = f64::from(job.classifier.folds - 2) / f64::from(job.classifier.folds);
        let events = self.events(counts) * training_share;
        let fold = self.events(counts) / f64::from(job.classifier.folds);
        // What no classifier learns from is evaluated by all of them, and each evaluates its own fold.
        let judged = fold + (counts.independent + counts.signal) as f64;
        let members = self.members(job);
        let (operations, rate) = match self.point.classifier {
            ClassifierKind::Mlp => {
                let epochs = job.classifier.epochs;
                let seen = TRAINING * events * epochs as f64 + looks::of_classifier(fold, epochs);
                (classifier_weights(job) * (seen + INFERENCE * judged) * members, rates.classifier)
            }
            ClassifierKind::Transformer => {
                let each = jets::classification(job, events, (fold, judged));
                (each * members, rates.jet_classifier)
            }
            ClassifierKind::Trees => (members * forest_work(job, events, Difference::Signal), rates.trees),
        };
        at_rate(operations, rate)
    }

    fn bytes(&self, job: &Job, _counts: EventCounts) -> f64 {
        // Curves on the common grids and losses, as text.
        let values = 230.0 + 3.0 * job.classifier.epochs as f64;
        self.members(job) * values * 16.0
    }

    fn memory(&self, job: &Job, counts: EventCounts, chip: Chip) -> f64 {
        let (members, seen) = (self.members(job), self.events(counts));
        let features = job.data.features.len() as f64;
        // The part of each event, which the folds of a seed share; networks have a list of those that they learn from.
        let folds = f64::from(job.classifier.folds);
        let parts = self.seeds.len() as f64 * PLACE * seen;
        let learnt = members * PLACE * seen * (folds - 2.0) / folds;
        match self.point.classifier {
            ClassifierKind::Mlp => {
                let classifier = &job.classifier;
                // A GPU has the padded inputs of all steps of a block at once, with truth and weights, and puts them side by side.
                let inputs = padded(job.data.features.len());
                let prepared = if chip == Chip::Gpu { STEPS_A_BLOCK * 2.0 * (inputs + 3.0) } else { 0.0 };
                let nodes = product([classifier.hidden_layers, classifier.width]);
                let values = classifier.batch as f64 * (nodes + prepared);
                // Of the table of both classes there are three copies as it goes to the device.
                let table = 3.0 * features * seen;
                parts + learnt + SINGLE * (members * (TRAINED * classifier_weights(job) + values) + table)
            }
            // In double precision, by column, and binned; forests are small.
            ClassifierKind::Trees => parts + MASS * 2.0 * features * seen,
            ClassifierKind::Transformer => {
                let classifier = &job.jet_classifier;
                let [width, hidden, heads, layers] =
                    [classifier.width, classifier.hidden, classifier.heads, classifier.self_attention_layers]
                        .map(|count| count as f64);
                // A GPU keeps what is normalised, too.
                let widths = if chip == Chip::Gpu { 10.0 } else { 8.0 };
                let layer = widths * width + 2.0 * hidden + heads * SLOTS;
                let nodes = layers * layer + hidden + 2.0 * width;
                let kept = 2.0 * members * classifier.batch as f64 * SLOTS * nodes;
                let parameters = members * SINGLE * TRAINED * jets::jet_classifier_weights(job);
                let values = SINGLE * kept.min(chip.kept_at_once());
                parameters + values + jets::bytes(job, seen)
            }
        }
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let (point, seeds) = (&self.point, self.seeds.len());
        let mut keys = match point.classifier {
            ClassifierKind::Mlp => keys::classifier(job, seeds, cost),
            ClassifierKind::Trees => keys::trees(job, cost),
            ClassifierKind::Transformer => keys::jet_classifier(job, seeds, cost),
        };
        keys.push(("classifier.folds", job.classifier.folds as usize, 5));
        keys.extend(point.oversampling().map(|oversampling| keys::factor(job, oversampling)));
        keys
    }

    fn if_stopped(&self) -> IfStopped {
        match self.point.classifier {
            ClassifierKind::Mlp | ClassifierKind::Transformer => IfStopped::GoesOn,
            ClassifierKind::Trees => IfStopped::Lost,
        }
    }
}

/// The classifiers of one chunk of seeds at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classification {
    /// The point.
    pub point: ScanPoint,
    /// The numbers of events of both classes.
    pub sizes: SampleSizes,
    /// One entry a classifier.
    pub classifiers: Vec<Classifier>,
    /// Those whose training diverged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diverged: Vec<DivergedClassifier>,
    /// The mean of its classifiers in each replica of the evaluation events; none in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<Replicas>,
}

impl Classification {
    /// How many classifiers were trained, with those that diverged.
    pub fn trained(&self) -> usize {
        self.classifiers.len() + self.diverged.len()
    }
}

/// A classifier whose training diverged: its loss became infinite or no number, so that only its place in the ensemble is
/// known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DivergedClassifier {
    /// Its seed.
    pub seed: ClassifierSeed,
    /// The part it would have been evaluated on.
    pub fold: Fold,
    /// The epoch at which it diverged.
    pub epoch: f64,
}

/// Events behind a classification.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleSizes {
    /// True background among the data of the signal region.
    pub data_background: usize,
    /// True signal among the data of the signal region.
    pub data_signal: usize,
    /// Events of the other class.
    pub template: usize,
}

impl SampleSizes {
    /// S/√B of the data before any selection.
    pub fn significance(&self) -> f64 {
        self.data_signal as f64 / (self.data_background as f64).sqrt()
    }

    /// The mean of several, in whole events; of none there are no events.
    pub fn mean<'a>(several: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let count = several.clone().count().max(1);
        let mean = |of: fn(&Self) -> usize| {
            let sum: usize = several.clone().map(of).sum();
            (sum + count / 2) / count
        };
        Self {
            data_background: mean(|sizes| sizes.data_background),
            data_signal: mean(|sizes| sizes.data_signal),
            template: mean(|sizes| sizes.template),
        }
    }
}

/// One classifier: its place in the ensemble, its training and what it achieves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    /// Its seed.
    pub seed: ClassifierSeed,
    /// The part it is evaluated on.
    pub fold: Fold,
    /// How well it tells data from template on events it has never seen; 0.5 is a perfect template where
    /// there is no signal. None for the supervised reference, which has no template.
    pub closure_auc: Option<f64>,
    /// How well it tells true background from the template, both of events that it has never seen: as `closure_auc`, but
    /// that injected signal takes no part, so that every point has it. None in records of earlier versions.
    #[serde(default)]
    pub background_closure_auc: Option<f64>,
    /// True signal against true background.
    pub performance: Performance,
    /// Losses by epoch.
    pub losses: Vec<Loss>,
}

impl Recorded for Classify {
    type Result = Classification;

    fn networks(found: &Classification) -> Vec<Network> {
        // Those that went well have results, and need no name here.
        let network = |one: &DivergedClassifier| Network {
            name: format!("the classifier of seed {}, fold {}", one.seed.0, one.fold.0),
            diverged: Some(one.epoch),
        };
        found.diverged.iter().map(network).collect()
    }
}
