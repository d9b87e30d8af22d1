//! Memory that a task works in, where its networks are not small.

use super::{EventCounts, jets, kinematics_weights};
use crate::job::Job;
use crate::plan::{Task, Work};
use crate::point::ClassifierKind;
use crate::quantities::Oversampling;

/// Bytes of a number.
const SINGLE: f64 = 4.0;
/// Copies of its parameters that a training holds: themselves, gradient, two moments, running average.
const TRAINED: f64 = 5.0;
/// Constituents whose values are held at once, on a core and on a GPU.
const TOGETHER: f64 = 16.0 * 128.0;

/// What a task needs, and what to change where there is less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// About so many bytes.
    pub bytes: f64,
    /// The key of the job that lowers it most.
    pub lower: &'static str,
}

/// What a task needs on its device beside the events; none where networks are too small to matter.
pub fn need(job: &Job, task: &Task, counts: EventCounts) -> Option<Need> {
    match &task.work {
        Work::TrainKinematics { samples } => {
            let bytes = samples.len() as f64 * SINGLE * TRAINED * kinematics_weights(job);
            Some(Need { bytes, lower: several(samples.len(), "denoiser.width") })
        }
        Work::TrainJets { samples } => {
            let parameters = samples.len() as f64 * SINGLE * TRAINED * jets::jet_model_weights(job);
            let bytes = parameters + jet_values(job) + events(job, counts.side_band);
            Some(Need { bytes, lower: several(samples.len(), "jet_model.width") })
        }
        Work::TemplateJets { template, .. } => {
            let made = counts.template(template, Oversampling(1));
            let bytes = SINGLE * jets::jet_model_weights(job) + jet_values(job) + events(job, made);
            Some(Need { bytes, lower: "jet_model.width" })
        }
        Work::Classify { seeds, point, .. } if point.classifier == ClassifierKind::Transformer => {
            let members = (seeds.len() * job.classifier.folds as usize) as f64;
            let classifier = &job.jet_classifier;
            let layers = (classifier.self_attention_layers + classifier.class_attention_layers) as f64;
            let nodes = layers * (8 * classifier.width + 2 * classifier.hidden) as f64;
            let parameters = members * SINGLE * TRAINED * jets::jet_classifier_weights(job);
            let bytes = parameters + SINGLE * TOGETHER * nodes + events(job, counts.signal_region);
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
fn jet_values(job: &Job) -> f64 {
    let model = &job.jet_model;
    let scores = (model.heads * job.pricing.constituents_per_jet) as f64;
    let block = (10 * model.width + 2 * model.hidden) as f64 + 2.0 * scores;
    SINGLE * TOGETHER * (model.blocks as f64 * block + (model.hidden + model.width) as f64)
}

fn events(job: &Job, events: usize) -> f64 {
    jets::bytes(job, events as f64)
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
        let need_of = |text: &str| {
            let job = JobFile::from_text("job.toml", text).check().expect("a good job");
            let plan = Plan::of(&job);
            let training = plan.tasks.iter().find(|task| matches!(task.work, Work::TrainJets { .. }));
            need(&job, training.expect("a jet model"), EventCounts::estimated(&job)).expect("a need")
        };
        let paper = need_of(&llv);
        assert_eq!(paper.lower, "jet_model.width");
        assert!(paper.bytes > 1e8 && paper.bytes < 4e9, "{paper:?}");
        let wide = need_of(&llv.replacen("width = 256", "width = 25600", 1));
        assert!(wide.bytes > 1e11, "{wide:?}");
    }
}
