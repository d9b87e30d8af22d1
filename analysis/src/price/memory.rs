//! Memory that a task works in.

use super::keys::{Cost, lower};
use super::{
    EventCounts, classified_events, classifier_weights, denoiser_weights, flow_weights, jets,
    kinematics_weights, product,
};
use crate::generated::Scope;
use crate::job::Job;
use crate::plan::{Task, Work};
use crate::point::{ClassifierKind, ScanPoint};
use crate::quantities::Oversampling;

/// Bytes of a number.
const SINGLE: f64 = 4.0;
/// Copies of its parameters that a training holds: themselves, gradient, two moments, running average.
const TRAINED: f64 = 5.0;
/// Copies of the events that a training holds: as read, mapped, and on the device.
const ROWS: f64 = 3.0;
/// Steps whose random numbers are drawn together.
const STEPS_A_BLOCK: f64 = 32.0;
/// Bytes of a mass, or of a feature as trees take it.
const MASS: f64 = 8.0;
/// Bytes of an event's place in a table, or of its part.
const PLACE: f64 = 4.0;
/// Copies of the events of a template: as they are made, and two more as they are saved.
const MADE: f64 = 3.0;
/// Slots of a jet at most.
const SLOTS: f64 = 128.0;

/// What a task is computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chip {
    /// A processor core, whose cache few jets fit into.
    Core,
    /// A GPU, which is filled with many.
    Gpu,
}

impl Chip {
    /// Slots whose values are held at once as a jet model learns.
    fn learnt_together(self) -> f64 {
        SLOTS * if self == Self::Core { 16.0 } else { 256.0 }
    }

    /// The same as it makes jets.
    fn made_together(self) -> f64 {
        SLOTS * if self == Self::Core { 16.0 } else { 2048.0 }
    }

    /// Numbers that classifiers keep at most between forward and backward.
    fn kept_at_once(self) -> f64 {
        if self == Self::Core { f64::from(1_u32 << 26) } else { f64::from(1_u32 << 31) }
    }
}

/// What a task needs, and what to change where there is less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// About so many bytes.
    pub bytes: f64,
    /// The key of the job that lowers it most.
    pub lower: &'static str,
}

/// What a task needs where it is computed, beside the sample that its rank has read. Never more than it really takes: a
/// task that would fit is not to be refused.
pub fn need(job: &Job, task: &Task, counts: EventCounts, chip: Chip) -> Need {
    let columns = (job.data.features.len() + 1) as f64;
    // Of an event that is made: it is kept until all are, and written twice over when they are saved.
    let made = MADE * SINGLE * job.data.features.len() as f64;
    let denoiser = &job.denoiser;
    let bytes = match &task.work {
        Work::Fit { .. } => 0.0,
        Work::Train { scope, samples } => {
            let events_each = match scope {
                Scope::SideBands => counts.side_band as f64,
                Scope::Everything => counts.side_band as f64 + counts.signal_region as f64,
            };
            let nodes = product([denoiser.hidden_layers, denoiser.width]) + denoiser.noise_features as f64;
            let values = denoiser.batch as f64 * (nodes + STEPS_A_BLOCK * columns);
            let rows = ROWS * events_each * columns;
            samples.len() as f64 * SINGLE * (TRAINED * denoiser_weights(job) + values + rows)
        }
        Work::TrainFlow { flow, samples, .. } => {
            let network = job.flow.network(*flow);
            let nodes = product([network.layers, network.blocks, network.width]);
            let values = job.flow.batch as f64 * (nodes + STEPS_A_BLOCK * columns);
            let rows = ROWS * counts.side_band as f64 * columns;
            samples.len() as f64 * SINGLE * (TRAINED * flow_weights(job, &network) + values + rows)
        }
        Work::TrainKinematics { samples } => {
            samples.len() as f64 * SINGLE * TRAINED * kinematics_weights(job)
        }
        Work::TrainJets { samples } => {
            let parameters = samples.len() as f64 * SINGLE * TRAINED * jets::jet_model_weights(job);
            let values = jet_values(job, chip.learnt_together());
            parameters + values + events(job, counts.side_band as f64)
        }
        Work::TemplateJets { template, .. } => {
            let made = counts.template(template, Oversampling(1));
            let values = jet_values(job, chip.made_together());
            SINGLE * jets::jet_model_weights(job) + values + events(job, made)
        }
        // Target masses and features of all events.
        Work::Template { template, oversampling, .. } => {
            let network = template
                .method
                .flow()
                .map_or_else(|| denoiser_weights(job), |flow| flow_weights(job, &job.flow.network(flow)));
            SINGLE * network + (MASS + made) * counts.template(template, *oversampling)
        }
        Work::Resample { oversampling, .. } => {
            let events = f64::from(oversampling.0) * counts.signal_region as f64;
            SINGLE * denoiser_weights(job) + (MASS + made) * events
        }
        Work::Classify { seeds, point, .. } => classification(job, point, seeds.len(), counts, chip),
    };
    Need { bytes, lower: lower(job, &task.work, Cost::Memory) }
}

/// What the classifiers of a chunk need.
fn classification(job: &Job, point: &ScanPoint, seeds: usize, counts: EventCounts, chip: Chip) -> f64 {
    let members = product([seeds, job.classifier.folds as usize]);
    let seen = classified_events(point, counts);
    let features = job.data.features.len() as f64;
    // The part of each event, which the folds of a seed share; networks have a list of those that they learn from.
    let folds = f64::from(job.classifier.folds);
    let parts = seeds as f64 * PLACE * seen;
    let learnt = members * PLACE * seen * (folds - 2.0) / folds;
    match point.classifier {
        ClassifierKind::Mlp => {
            let classifier = &job.classifier;
            let values = classifier.batch as f64 * product([classifier.hidden_layers, classifier.width]);
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
            let layer = 8.0 * width + 2.0 * hidden + heads * SLOTS;
            let nodes = layers * layer + hidden + 2.0 * width;
            let kept = 2.0 * members * classifier.batch as f64 * SLOTS * nodes;
            let parameters = members * SINGLE * TRAINED * jets::jet_classifier_weights(job);
            let values = SINGLE * kept.min(chip.kept_at_once());
            parameters + values + events(job, seen)
        }
    }
}

/// Activations of the jets that are computed together.
fn jet_values(job: &Job, slots: f64) -> f64 {
    let model = &job.jet_model;
    let scores = product([model.heads, job.pricing.constituents_per_jet]);
    let block = (10 * model.width + 2 * model.hidden) as f64 + 2.0 * scores;
    SINGLE * slots * (model.blocks as f64 * block + (model.hidden + model.width) as f64)
}

fn events(job: &Job, events: f64) -> f64 {
    jets::bytes(job, events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{DEFAULTS, JobFile};
    use crate::plan::Plan;

    #[test]
    fn wide_models_need_more_and_name_their_key() {
        let llv = DEFAULTS.replace("method = \"noise\"", "method = \"noise\"\ninputs = [\"llv\"]");
        let llv = llv.replace("layout = \"lhco_features\"", "layout = \"table\"");
        let need_of = |text: &str, chip: Chip| {
            let job = JobFile::from_text("job.toml", text).check().expect("a good job");
            let plan = Plan::of(&job);
            let training = plan.tasks.iter().find(|task| matches!(task.work, Work::TrainJets { .. }));
            need(&job, training.expect("a jet model"), EventCounts::estimated(&job), chip)
        };
        let paper = need_of(&llv, Chip::Core);
        assert_eq!(paper.lower, "jet_model.width");
        assert!(paper.bytes > 1e8 && paper.bytes < 4e9, "{paper:?}");
        let on_gpu = need_of(&llv, Chip::Gpu);
        assert!(on_gpu.bytes > 1.5e9 && on_gpu.bytes < 8e9, "{on_gpu:?}");
        let wide = need_of(&llv.replacen("width = 256", "width = 25600", 1), Chip::Core);
        assert!(wide.bytes > 1e11, "{wide:?}");
    }

    #[test]
    fn a_large_template_costs_members_less_than_a_number_for_each_event() {
        let job = JobFile::from_text("job.toml", DEFAULTS.as_str()).check().expect("a good job");
        let plan = Plan::of(&job);
        let (task, counts) = (plan.tasks.last().expect("classifiers"), EventCounts::estimated(&job));
        let Work::Classify { point, seeds, .. } = &task.work else { panic!("{}", task.id) };
        let members = product([seeds.len(), job.classifier.folds as usize]);
        let found = need(&job, task, counts, Chip::Core).bytes;
        assert!(found < 8.0 * members * classified_events(point, counts), "{found}");
        assert!(found > PLACE * seeds.len() as f64 * classified_events(point, counts), "{found}");
    }
}
