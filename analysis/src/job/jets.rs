//! The sections of the jet constituents: the jet model and the classifier of jets.

use serde::{Deserialize, Serialize};

use super::document::Section;
use super::read::{POSITIVE, loss_weighting, number, positive, schedule};
use super::seeds::whole_number;
use super::{LossWeighting, Schedule};

/// The diffusion model of one jet's constituents, and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JetModelSettings {
    /// Transformer blocks.
    pub blocks: usize,
    /// Nodes of a constituent between the blocks.
    pub width: usize,
    /// Heads of each attention.
    pub heads: usize,
    /// Hidden nodes of each feed-forward part.
    pub hidden: usize,
    /// Nodes of the context: the jet's five numbers and its noise strength.
    pub context: usize,
    /// Cosine features of the noise strength.
    pub noise_features: usize,
    /// Passes over the side-band jets.
    pub epochs: usize,
    /// Jets a step.
    pub batch: usize,
    /// Learning rate after the warm-up.
    pub learning_rate: f64,
    /// Longest linear warm-up, in steps.
    pub warmup_steps: usize,
    /// The learning rate after the warm-up.
    pub schedule: Schedule,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Largest norm of a member's gradient.
    pub gradient_clip: f64,
    /// Share of the old average kept at each step.
    pub ema_decay: f64,
    /// What the squared error is taken of.
    pub loss_weighting: LossWeighting,
    /// Mean of ln σ in training.
    pub log_noise_mean: f64,
    /// Standard deviation of ln σ in training.
    pub log_noise_std: f64,
    /// Share of the jets kept aside.
    pub validation_fraction: f64,
    /// How numbers are stored inside the network.
    pub precision: Precision,
}

/// The classifier of jets' constituents, and its training; parts and seeds are those of [`super::ClassifierSettings`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JetClassifierSettings {
    /// What the classifier knows of a constituent.
    pub inputs: JetInputs,
    /// Nodes of a constituent.
    pub width: usize,
    /// Heads of each attention.
    pub heads: usize,
    /// Hidden nodes of each feed-forward part.
    pub hidden: usize,
    /// Layers in which constituents look at each other.
    pub self_attention_layers: usize,
    /// Layers in which the class token looks at the constituents.
    pub class_attention_layers: usize,
    /// Passes over the training parts.
    pub epochs: usize,
    /// Events a step.
    pub batch: usize,
    /// Learning rate at the start of the cosine schedule.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// How numbers are stored inside the network.
    pub precision: Precision,
}

/// What a classifier knows of a constituent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JetInputs {
    /// ln of its share of the jet's transverse momentum, Δη, Δφ: nothing of the jet as a whole.
    Relative,
    /// These, and ln of its own transverse momentum.
    Absolute,
}

/// How numbers are stored inside a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// In 32 bits.
    Single,
    /// On a GPU, factors of matrix products in 16 bits and all else in 32; elsewhere in 32 bits.
    Mixed,
}

/// What generated constituents sum to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Momentum {
    /// What the model makes them sum to.
    Free,
    /// The four-vector of their jet.
    Conserved,
}

/// Reads the key `momentum_llv`.
pub fn momentum(section: &Section<'_>) -> Option<Momentum> {
    let found = section.get("momentum_llv", "\"free\" or \"conserved\"", |value| match value.as_str()? {
        "free" => Some(Momentum::Free),
        "conserved" => Some(Momentum::Conserved),
        _ => None,
    });
    found.map(|found| found.value)
}

/// Reads `[jet_model]`.
pub fn jet_model(section: Section<'_>) -> Option<JetModelSettings> {
    let s = &section;
    let blocks = positive(s, "blocks");
    let width = positive(s, "width");
    let heads = heads(s, width);
    let hidden = positive(s, "hidden");
    let context = positive(s, "context");
    let noise_features = positive(s, "noise_features");
    let epochs = positive(s, "epochs");
    let batch = positive(s, "batch");
    let learning_rate = number(s, "learning_rate", "a rate above 0", |x| x > 0.0);
    let warmup_steps = s.get("warmup_steps", "a whole number", whole_number);
    let schedule = schedule(s);
    let weight_decay = number(s, "weight_decay", "a number from 0", |x| x >= 0.0);
    let gradient_clip = number(s, "gradient_clip", "a number above 0", |x| x > 0.0);
    let ema_decay = number(s, "ema_decay", "a share from 0 to below 1", |x| (0.0..1.0).contains(&x));
    let loss_weighting = loss_weighting(s);
    let log_noise_mean = number(s, "log_noise_mean", "a number", |_| true);
    let log_noise_std = number(s, "log_noise_std", "a number above 0", |x| x > 0.0);
    let validation = number(s, "validation_fraction", "a share from 0 to 0.5", |x| (0.0..=0.5).contains(&x));
    let precision = precision(s);
    section.finish();
    Some(JetModelSettings {
        blocks: blocks?,
        width: width?,
        heads: heads?,
        hidden: hidden?,
        context: context?,
        noise_features: noise_features?,
        epochs: epochs?,
        batch: batch?,
        learning_rate: learning_rate?,
        warmup_steps: warmup_steps?.value as usize,
        schedule: schedule?,
        weight_decay: weight_decay?,
        gradient_clip: gradient_clip?,
        ema_decay: ema_decay?,
        loss_weighting: loss_weighting?,
        log_noise_mean: log_noise_mean?,
        log_noise_std: log_noise_std?,
        validation_fraction: validation?,
        precision: precision?,
    })
}

/// Reads `[jet_classifier]`.
pub fn jet_classifier(section: Section<'_>) -> Option<JetClassifierSettings> {
    let s = &section;
    let inputs = s.get("inputs", "\"relative\" or \"absolute\"", |value| match value.as_str()? {
        "relative" => Some(JetInputs::Relative),
        "absolute" => Some(JetInputs::Absolute),
        _ => None,
    });
    let width = positive(s, "width");
    let heads = heads(s, width);
    let hidden = positive(s, "hidden");
    let self_attention = s.get("self_attention_layers", "a whole number", whole_number);
    let class_attention = positive(s, "class_attention_layers");
    let epochs = positive(s, "epochs");
    let batch = positive(s, "batch");
    let learning_rate = number(s, "learning_rate", "a rate above 0", |x| x > 0.0);
    let weight_decay = number(s, "weight_decay", "a number from 0", |x| x >= 0.0);
    let precision = precision(s);
    section.finish();
    Some(JetClassifierSettings {
        inputs: inputs?.value,
        width: width?,
        heads: heads?,
        hidden: hidden?,
        self_attention_layers: self_attention?.value as usize,
        class_attention_layers: class_attention?,
        epochs: epochs?,
        batch: batch?,
        learning_rate: learning_rate?,
        weight_decay: weight_decay?,
        precision: precision?,
    })
}

/// Reads the number of heads, which share the nodes of a constituent.
fn heads(section: &Section<'_>, width: Option<usize>) -> Option<usize> {
    let heads = section.get("heads", POSITIVE, |value| whole_number(value).filter(|n| *n > 0));
    if let (Some(heads), Some(width)) = (&heads, width)
        && !width.is_multiple_of(heads.value as usize)
    {
        let message = format!(
            "is {} (heads share the {width} nodes of `width` alike) choose a divisor of {width}",
            heads.value
        );
        section.wrong("heads", heads.at, message);
    }
    heads.map(|heads| heads.value as usize)
}

fn precision(section: &Section<'_>) -> Option<Precision> {
    let found = section.get("precision", "\"single\" or \"mixed\"", |value| match value.as_str()? {
        "single" => Some(Precision::Single),
        "mixed" => Some(Precision::Mixed),
        _ => None,
    });
    found.map(|found| found.value)
}
