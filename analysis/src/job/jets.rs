//! The sections of the jet constituents: the jet model and the classifier of jets.

use serde::{Deserialize, Serialize};

use super::document::Section;
use super::keys::keys;
use super::rules::{above_zero, decay, kept_share, number, positive, rate, validation_share, whole, word};
use super::{LossWeighting, Schedule};

keys! {
    /// The diffusion model of one jet's constituents, given the jet's transverse momentum, η, φ, mass and number of
    /// constituents (P); those are made by a denoiser as above. Sizes after the group's own model of jets, which the paper
    /// cites and does not repeat (D).
    pub struct JetModelSettings {
        /// Transformer blocks.
        pub blocks: usize = 3, positive();
        /// Nodes of a constituent between the blocks.
        pub width: usize = 256, positive();
        /// Heads of each attention, which share these nodes.
        pub heads: usize = 16, positive();
        /// Hidden nodes of each feed-forward part.
        pub hidden: usize = 512, positive();
        /// Nodes of the context: the jet's five numbers and its noise strength.
        pub context: usize = 64, positive();
        /// Cosine features of the noise strength.
        pub noise_features: usize = 16, positive();
        /// Passes over the side-band jets (D).
        pub epochs: usize = 100, positive();
        /// Jets a step (D).
        pub batch: usize = 256, positive();
        /// Learning rate of AdamW after the warm-up (D).
        pub learning_rate: f64 = 1e-4, rate();
        /// Steps of the linear warm-up, at most 1/20 of the training (D).
        pub warmup_steps: usize = 50000, whole("a whole number", |_| true);
        /// Learning rate after the warm-up: `constant` or `cosine`, as for the denoiser.
        pub schedule: Schedule = "constant", word();
        /// Decoupled weight decay.
        pub weight_decay: f64 = 0.0, decay();
        /// Largest norm of a member's gradient.
        pub gradient_clip: f64 = 10.0, above_zero();
        /// Share of the old average of the weights kept at each step.
        pub ema_decay: f64 = 0.999, kept_share();
        /// What the squared error is taken of: `edm` or `printed`, as for the denoiser.
        pub loss_weighting: LossWeighting = "edm", word();
        /// Mean of ln σ, the noise strength in training (P).
        pub log_noise_mean: f64 = -1.2, number("a number", |_| true);
        /// Standard deviation of ln σ (P).
        pub log_noise_std: f64 = 1.2, above_zero();
        /// Share of the jets kept aside to show over-training (D).
        pub validation_fraction: f64 = 0.05, validation_share();
        /// How numbers are stored inside the network. `single`: in 32 bits; `mixed`: on a GPU, matrix products of 16-bit
        /// factors (D).
        pub precision: Precision = "mixed", word();
    }
    check JetModelSettings::check;
}

impl JetModelSettings {
    fn check(&self, section: &Section<'_>) {
        check_heads(section, self.heads, self.width);
    }
}

keys! {
    /// The classifiers of jets' constituents: the same transformer looks at both jets, whose sum a small perceptron judges
    /// (P); sizes (D). Parts of the cross-validation and seeds are those of `[classifier]`.
    pub struct JetClassifierSettings {
        /// What the classifier knows of a constituent. `relative`: ln of its share of the jet's transverse momentum, Δη and
        /// Δφ; `absolute`: these and ln of its own transverse momentum (D).
        pub inputs: JetInputs = "relative", word();
        /// Nodes of a constituent and of the last perceptron.
        pub width: usize = 64, positive();
        /// Heads of each attention, which share these nodes.
        pub heads: usize = 4, positive();
        /// Hidden nodes of each feed-forward part.
        pub hidden: usize = 128, positive();
        /// Layers in which constituents look at each other.
        pub self_attention_layers: usize = 2, whole("a whole number", |_| true);
        /// Layers in which the class token looks at the constituents.
        pub class_attention_layers: usize = 2, positive();
        /// Passes over the training parts.
        pub epochs: usize = 20, positive();
        /// Events a step.
        pub batch: usize = 128, positive();
        /// Learning rate of AdamW at the start, from where it falls to zero along a cosine over all steps.
        pub learning_rate: f64 = 1e-3, rate();
        /// Decoupled weight decay.
        pub weight_decay: f64 = 0.1, decay();
        /// How numbers are stored inside the network: `single` or `mixed`, as for the jet model.
        pub precision: Precision = "mixed", word();
    }
    check JetClassifierSettings::check;
}

impl JetClassifierSettings {
    fn check(&self, section: &Section<'_>) {
        check_heads(section, self.heads, self.width);
    }
}

/// Notes a number of heads that cannot share the nodes of a constituent.
fn check_heads(section: &Section<'_>, heads: usize, width: usize) {
    if !width.is_multiple_of(heads) {
        let message = format!(
            "is {heads} (heads share the {width} nodes of `width` alike) choose a divisor of {width}"
        );
        section.wrong("heads", message);
    }
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
