//! The arithmetic of jets' constituents.

use super::{INFERENCE, TRAINING, looks};
use crate::job::Job;

/// Jets of an event.
const JETS: f64 = 2.0;

/// Multiply-adds of the jet model for one constituent, in a jet of the usual number of them.
pub fn jet_model_weights(job: &Job) -> f64 {
    let model = &job.jet_model;
    let [width, hidden, context] = [model.width, model.hidden, model.context].map(|nodes| nodes as f64);
    let embedding = (3.0 + context) * hidden + hidden * width;
    let forward = (width + context) * hidden + hidden * width;
    let output = (width + context) * hidden + 3.0 * hidden;
    embedding + model.blocks as f64 * (attention(job, width) + forward) + output
}

/// Multiply-adds of the classifier of jets for one constituent.
pub fn jet_classifier_weights(job: &Job) -> f64 {
    let classifier = &job.jet_classifier;
    let (width, hidden) = (classifier.width as f64, classifier.hidden as f64);
    let embedding = 3.0 * hidden + hidden * width;
    let layer = attention(job, width) + 2.0 * width * hidden;
    // One query a jet: keys and values of single constituents are never computed.
    let pooling = 4.0 * classifier.heads as f64 * width;
    embedding
        + classifier.self_attention_layers as f64 * layer
        + classifier.class_attention_layers as f64 * pooling
}

/// Projections, and the look of one constituent at all others.
fn attention(job: &Job, width: f64) -> f64 {
    4.0 * width * width + 2.0 * job.pricing.constituents_per_jet as f64 * width
}

/// What one weight of attention costs beside its product, in multiply-adds of a large product: its exponential, and its way
/// through memory several times. Small networks, of which the demonstration and the smallest job are made, do hardly anything
/// else. From the speeds of docs/performance.md at two sizes: they agree with one rate if this is so.
const WEIGHT_IN_MODEL: f64 = 180.0;
const WEIGHT_IN_CLASSIFIER: f64 = 100.0;

/// Multiply-adds of the jet model for one constituent, and what takes as long beside them.
pub fn jet_model_work(job: &Job) -> f64 {
    let (blocks, heads) = (job.jet_model.blocks as f64, job.jet_model.heads as f64);
    jet_model_weights(job) + WEIGHT_IN_MODEL * blocks * heads * job.pricing.constituents_per_jet as f64
}

/// The same of the classifier of jets.
pub fn jet_classifier_work(job: &Job) -> f64 {
    let layers = job.jet_classifier.self_attention_layers as f64;
    let weights = layers * job.jet_classifier.heads as f64 * job.pricing.constituents_per_jet as f64;
    jet_classifier_weights(job) + WEIGHT_IN_CLASSIFIER * weights
}

/// Constituents of so many events.
pub fn constituents(job: &Job, events: f64) -> f64 {
    JETS * events * job.pricing.constituents_per_jet as f64
}

/// Operations of a jet model's training on so many events.
pub fn training(job: &Job, events: usize) -> f64 {
    let learnt = TRAINING * events as f64 * job.jet_model.epochs as f64;
    let looked_at = INFERENCE * looks::of_jet_model(events, job.jet_model.validation_fraction);
    jet_model_work(job) * constituents(job, learnt + looked_at)
}

/// Operations of generating so many events with so many evaluations of the model.
pub fn generation(job: &Job, events: f64, evaluations: f64) -> f64 {
    INFERENCE * jet_model_work(job) * constituents(job, events) * evaluations
}

/// Seconds on a core for what is looked at of an event's jets: substructure above all. From the smallest job, whose networks
/// take hardly longer than that.
const SECONDS_PER_EVENT: f64 = 0.2e-3;
/// Events that are looked at, at most, of each kind.
const LOOKED_AT: f64 = 1e4;

/// Seconds to look at generated jets, true ones, and signal.
pub fn summary(made: f64, in_signal_region: f64) -> f64 {
    SECONDS_PER_EVENT * (made.min(LOOKED_AT) + 2.0 * in_signal_region.min(LOOKED_AT))
}

/// Operations of a classifier that trains on so many events, looks at a fold after each epoch, and judges so many.
pub fn classification(job: &Job, events: f64, (fold, judged): (f64, f64)) -> f64 {
    let epochs = job.jet_classifier.epochs;
    let seen = TRAINING * events * epochs as f64 + looks::of_classifier(fold, epochs) + INFERENCE * judged;
    jet_classifier_work(job) * constituents(job, seen)
}

/// Bytes of so many events.
pub fn bytes(job: &Job, events: f64) -> f64 {
    // Three numbers of two bytes a constituent; two times five, and the mass.
    6.0 * constituents(job, events) + 48.0 * events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{DEFAULTS, JobFile};

    #[test]
    fn one_rate_gives_the_measured_speeds_of_two_sizes() {
        let paper = JobFile::from_text("job.toml", DEFAULTS.as_str()).check().expect("a good job");
        let mut small = paper.clone();
        let model = &mut small.jet_model;
        (model.blocks, model.width, model.heads, model.hidden, model.context) = (2, 32, 4, 64, 16);
        let classifier = &mut small.jet_classifier;
        (classifier.width, classifier.heads, classifier.hidden) = (16, 2, 32);
        (classifier.self_attention_layers, classifier.class_attention_layers) = (1, 1);
        // Jets a second in training and generation, and seconds of a classifier's step for each event of its batch.
        let models = jet_model_work(&paper) / jet_model_work(&small);
        for measured in [1775.0 / 86.0, 21.9 / 1.0] {
            assert!((models / measured - 1.0).abs() < 0.15, "{models} {measured}");
        }
        let classifiers = jet_classifier_work(&paper) / jet_classifier_work(&small);
        let measured = (0.265 / 128.0) / (0.0164 / 64.0);
        assert!((classifiers / measured - 1.0).abs() < 0.15, "{classifiers} {measured}");
    }
}
