//! The section of the normalizing flows.

use serde::{Deserialize, Serialize};

use super::Marginals;
use super::document::{Found, Section};
use super::read::{marginals, number, positive};
use super::seeds::whole_number;
use crate::generated::FlowKind;

/// The normalizing flows of CURTAINsF4F, CATHODE and FETA, and their training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowSettings {
    /// Pieces of a spline.
    pub bins: usize,
    /// Where the linear tails begin, in standard deviations.
    pub tail: f64,
    /// Events a step.
    pub batch: usize,
    /// Largest norm of a member's gradient.
    pub gradient_clip: f64,
    /// How features are brought to zero mean and unit variance.
    pub marginals: Marginals,
    /// Share of the events kept aside.
    pub validation_fraction: f64,
    /// Which moment of a training is kept.
    pub kept: KeptMoment,
    /// The densities.
    pub base: FlowNetwork,
    /// The flows that move events.
    pub top: FlowNetwork,
    /// Epochs of the flow that moves events in the efficient variant.
    pub efficient_epochs: usize,
}

/// Which moment of a training is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptMoment {
    /// That of the smallest loss on the events kept aside, where there are any.
    Best,
    /// The last.
    Last,
}

/// The network of a flow, and how long it is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowNetwork {
    /// Autoregressive layers.
    pub layers: usize,
    /// Residual blocks of each layer's network.
    pub blocks: usize,
    /// Nodes of a hidden layer.
    pub width: usize,
    /// Passes over the events.
    pub epochs: usize,
    /// Learning rate at the start of its cosine.
    pub learning_rate: f64,
}

impl FlowSettings {
    /// What the training of a kind of flow depends on.
    pub fn training(&self, flow: FlowKind) -> serde_json::Value {
        let Self { bins, tail, batch, gradient_clip, marginals, validation_fraction, kept, .. } = self;
        let network = self.network(flow);
        serde_json::json!([bins, tail, batch, gradient_clip, marginals, validation_fraction, kept, network])
    }

    /// The network of a kind of flow, with its own number of epochs.
    pub fn network(&self, flow: FlowKind) -> FlowNetwork {
        match flow {
            FlowKind::Base | FlowKind::BaseOfAll => self.base.clone(),
            FlowKind::Curtains | FlowKind::Feta => self.top.clone(),
            FlowKind::CurtainsEfficient => FlowNetwork { epochs: self.efficient_epochs, ..self.top.clone() },
        }
    }
}

/// Each bin takes at least a thousandth of the range, so that more bins would leave nothing to learn.
const MOST_BINS: u32 = 500;
/// With less between the tails, most events would lie in them, where a flow changes nothing.
const LEAST_TAIL: f64 = 1.0;
/// Beyond, even the smallest bin is a tenth of a standard deviation wide, and no event needs it.
const MOST_TAIL: f64 = 50.0;

/// Reads `[flow]`; `features` is the number of features, where it is known.
pub fn flow(section: Section<'_>, features: Option<usize>) -> Option<FlowSettings> {
    let s = &section;
    let bins = s.get("bins", "a whole number from 2", |value| whole_number(value).filter(|bins| *bins > 1));
    if let Some(Found { value, at }) = bins.as_ref().filter(|bins| bins.value > MOST_BINS) {
        let message = format!(
            "is {value} (each bin takes at least a thousandth of the range, so that hardly anything would be left to \
             learn) use {MOST_BINS} at most; 10 is usual"
        );
        s.wrong("bins", *at, message);
    }
    let tail = number(s, "tail", "a number above 0", |x| x > 0.0);
    if tail.is_some_and(|tail| tail < LEAST_TAIL) {
        let message = "is below 1 (most standardised values would lie in the tails, where a flow changes nothing) \
                       raise it; 4 is usual";
        s.wrong("tail", s.at(), message);
    }
    if let Some(tail) = tail.filter(|tail| *tail > MOST_TAIL) {
        let message = format!(
            "is {tail} (the bins of a spline share the range between the tails, so that few would lie where events are) \
             use {MOST_TAIL} standard deviations at most; 4 is usual"
        );
        s.wrong("tail", s.at(), message);
    }
    let batch = s.get("batch", "an even number from 2", |value| {
        whole_number(value).filter(|batch| *batch > 1 && batch.is_multiple_of(2))
    });
    let gradient_clip = number(s, "gradient_clip", "a number above 0", |x| x > 0.0);
    let marginals = marginals(s);
    let validation = number(s, "validation_fraction", "a share from 0 to 0.5", |x| (0.0..=0.5).contains(&x));
    let kept = s.get("kept", "\"best\" or \"last\"", |value| match value.as_str()? {
        "best" => Some(KeptMoment::Best),
        "last" => Some(KeptMoment::Last),
        _ => None,
    });
    let efficient_epochs = positive(s, "efficient_epochs");
    let base = network(s.section("base"), features);
    let top = network(s.section("top"), features);
    section.finish();
    Some(FlowSettings {
        bins: bins?.value as usize,
        tail: tail?,
        batch: batch?.value as usize,
        gradient_clip: gradient_clip?,
        marginals: marginals?,
        validation_fraction: validation?,
        kept: kept?.value,
        base: base?,
        top: top?,
        efficient_epochs: efficient_epochs?,
    })
}

fn network(section: Section<'_>, features: Option<usize>) -> Option<FlowNetwork> {
    let s = &section;
    let layers = positive(s, "layers");
    let blocks = positive(s, "blocks");
    let width = positive(s, "width");
    if let (Some(width), Some(features)) = (width, features)
        && width < features
    {
        let message = format!("is {width} (each of the {features} features has nodes of its own) raise it");
        s.wrong("width", s.at(), message);
    }
    let epochs = positive(s, "epochs");
    let learning_rate = number(s, "learning_rate", "a rate above 0", |x| x > 0.0);
    section.finish();
    Some(FlowNetwork {
        layers: layers?,
        blocks: blocks?,
        width: width?,
        epochs: epochs?,
        learning_rate: learning_rate?,
    })
}
