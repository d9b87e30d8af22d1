//! The arithmetic of jets' constituents.

use super::{INFERENCE, TRAINING};
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

/// Constituents of so many events.
pub fn constituents(job: &Job, events: f64) -> f64 {
    JETS * events * job.pricing.constituents_per_jet as f64
}

/// Operations of a jet model's training on so many events.
pub fn training(job: &Job, events: f64) -> f64 {
    TRAINING * jet_model_weights(job) * constituents(job, events) * job.jet_model.epochs as f64
}

/// Operations of generating so many events with so many evaluations of the model.
pub fn generation(job: &Job, events: f64, evaluations: f64) -> f64 {
    INFERENCE * jet_model_weights(job) * constituents(job, events) * evaluations
}

/// Operations of a classifier that trains on so many events and judges so many.
pub fn classification(job: &Job, events: f64, judged: f64) -> f64 {
    let seen = TRAINING * events * job.jet_classifier.epochs as f64 + INFERENCE * judged;
    jet_classifier_weights(job) * constituents(job, seen)
}

/// Bytes of so many events.
pub fn bytes(job: &Job, events: f64) -> f64 {
    // Three numbers of two bytes a constituent; two times five, and the mass.
    6.0 * constituents(job, events) + 48.0 * events
}
