//! The section of the normalizing flows.

use serde::{Deserialize, Serialize};

use super::Marginals;
use super::document::Section;
use super::keys::keys;
use super::rules::{above_zero, positive, rate, validation_share, whole, word};
use crate::job::FlowKind;

keys! {
    /// The normalizing flows of CURTAINsF4F, CATHODE and FETA: masked autoregressive rational-quadratic splines (D, after the
    /// closest public configuration).
    pub struct FlowSettings {
        /// Pieces of a spline.
        pub bins: usize = 10, whole("a whole number from 2", |bins| bins > 1);
        /// Where the linear tails of a spline begin, in standard deviations.
        pub tail: f64 = 4.0, above_zero();
        /// Events a step; even, for CURTAINsF4F pairs them.
        pub batch: usize = 256, whole("an even number from 2", |batch| batch > 1 && batch.is_multiple_of(2));
        /// Largest norm of a member's gradient.
        pub gradient_clip: f64 = 5.0, above_zero();
        /// How features are brought to zero mean and unit variance: `standardised` or `gaussian`, as for the denoiser.
        pub marginals: Marginals = "gaussian", word();
        /// Share of the events kept aside.
        pub validation_fraction: f64 = 0.1, validation_share();
        /// `best`: of fifty moments of a training, the one with the smallest loss on the events kept aside is kept (densities
        /// over-train); `last`: the last.
        pub kept: KeptMoment = "best", word();
        /// Epochs of the flow that moves events in `curtains_f4f_efficient`.
        pub efficient_epochs: usize = 20, positive();
    }
    sections {
        /// The densities.
        pub base: FlowNetwork;
        /// The flows that move events.
        pub top: FlowNetwork { width = 32, learning_rate = 5e-4 };
    }
    check FlowSettings::check;
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

keys! {
    /// The network of a flow, and how long it is trained.
    pub struct FlowNetwork {
        /// Autoregressive layers.
        pub layers: usize = 4, positive();
        /// Residual blocks of each layer's network.
        pub blocks: usize = 2, positive();
        /// Nodes of a hidden layer.
        pub width: usize = 128, positive();
        /// Passes over the events.
        pub epochs: usize = 100, positive();
        /// Learning rate at the start, from where it falls to zero along a cosine.
        pub learning_rate: f64 = 1e-4, rate();
    }
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

    fn check(&self, section: &Section<'_>) {
        let Self { bins, tail, .. } = self;
        if *bins > MOST_BINS {
            let message = format!(
                "is {bins} (each bin takes at least a thousandth of the range, so that hardly anything would be left to learn) \
                 use {MOST_BINS} at most; 10 is usual"
            );
            section.wrong("bins", message);
        }
        if *tail < LEAST_TAIL {
            let message = "is below 1 (most standardised values would lie in the tails, where a flow changes nothing) raise it; \
                           4 is usual";
            section.wrong("tail", message);
        }
        if *tail > MOST_TAIL {
            let message = format!(
                "is {tail} (the bins of a spline share the range between the tails, so that few would lie where events are) use \
                 {MOST_TAIL} standard deviations at most; 4 is usual"
            );
            section.wrong("tail", message);
        }
    }

    /// Notes networks with fewer nodes than there are features to generate.
    pub(super) fn check_widths(&self, section: &Section<'_>, features: usize) {
        for (name, network) in [("base", &self.base), ("top", &self.top)] {
            let width = network.width;
            if width < features {
                let message =
                    format!("is {width} (each of the {features} features has nodes of its own) raise it");
                section.section(name).wrong("width", message);
            }
        }
    }
}

/// Each bin takes at least a thousandth of the range, so that more bins would leave nothing to learn.
const MOST_BINS: usize = 500;
/// With less between the tails, most events would lie in them, where a flow changes nothing.
const LEAST_TAIL: f64 = 1.0;
/// Beyond, even the smallest bin is a tenth of a standard deviation wide, and no event needs it.
const MOST_TAIL: f64 = 50.0;
