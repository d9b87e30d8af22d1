//! Memory that a task works in, where its networks are not small.

use super::{EventCounts, classified_events, jets, kinematics_weights};
use crate::job::Job;
use crate::plan::{Task, Work};
use crate::point::ClassifierKind;
use crate::quantities::Oversampling;

/// Bytes of a number.
const SINGLE: f64 = 4.0;
/// Copies of its parameters that a training holds: themselves, gradient, two moments, running average.
const TRAINED: f64 = 5.0;
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

/// What a task needs where it is computed, its events included; none where networks are too small to matter.
pub fn need(job: &Job, task: &Task, counts: EventCounts, chip: Chip) -> Option<Need> {
    match &task.work {
        Work::TrainKinematics { samples } => {
            let bytes = samples.len() as f64 * SINGLE * TRAINED * kinematics_weights(job);
            Some(Need { bytes, lower: several(samples.len(), "denoiser.width") })
        }
        Work::TrainJets { samples } => {
            let parameters = samples.len() as f64 * SINGLE * TRAINED * jets::jet_model_weights(job);
            let values = jet_values(job, chip.learnt_together());
            let bytes = parameters + values + events(job, counts.side_band as f64);
            Some(Need { bytes, lower: several(samples.len(), "jet_model.width") })
        }
        Work::TemplateJets { template, .. } => {
            let made = counts.template(template, Oversampling(1)) as f64;
            let values = jet_values(job, chip.made_together());
            let bytes = SINGLE * jets::jet_model_weights(job) + values + events(job, made);
            Some(Need { bytes, lower: "jet_model.width" })
        }
        Work::Classify { seeds, point, .. } if point.classifier == ClassifierKind::Transformer => {
            let members = (seeds.len() * job.classifier.folds as usize) as f64;
            let classifier = &job.jet_classifier;
            let layer =
                (8 * classifier.width + 2 * classifier.hidden) as f64 + classifier.heads as f64 * SLOTS;
            let nodes = classifier.self_attention_layers as f64 * layer
                + (classifier.hidden + 2 * classifier.width) as f64;
            let kept = 2.0 * members * classifier.batch as f64 * SLOTS * nodes;
            let parameters = members * SINGLE * TRAINED * jets::jet_classifier_weights(job);
            let values = SINGLE * kept.min(chip.kept_at_once());
            let bytes = parameters + values + events(job, classified_events(point, counts));
            Some(Need { bytes, lower: "jet_classifier.width" })
        }
        _ => None,
    }
}

/// What helps first: fewer members of an ensemble, then a smaller network.
fn several(members: usize, width: &'static str) -> &'static str {
    if members > 1 { "compute.denoisers_per_task" } else { width }
}

/// Activations of the jets that are computed together.
fn jet_values(job: &Job, slots: f64) -> f64 {
    let model = &job.jet_model;
    let scores = (model.heads * job.pricing.constituents_per_jet) as f64;
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
            need(&job, training.expect("a jet model"), EventCounts::estimated(&job), chip).expect("a need")
        };
        let paper = need_of(&llv, Chip::Core);
        assert_eq!(paper.lower, "jet_model.width");
        assert!(paper.bytes > 1e8 && paper.bytes < 4e9, "{paper:?}");
        let on_gpu = need_of(&llv, Chip::Gpu);
        assert!(on_gpu.bytes > 1.5e9 && on_gpu.bytes < 8e9, "{on_gpu:?}");
        let wide = need_of(&llv.replacen("width = 256", "width = 25600", 1), Chip::Core);
        assert!(wide.bytes > 1e11, "{wide:?}");
    }
}
