//! The summary of a generated template: distributions and distances that figures show, without the events.

use serde::{Deserialize, Serialize};

use crate::job::TemplateSpec;

/// A generated template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateSummary {
    /// What it is; none for the over-sampled data of GenSR.
    pub template: Option<TemplateSpec>,
    /// Events made.
    pub n_events: usize,
    /// The noise strength that the reverse diffusion began with: σ′ as asked, moved to a whole number of steps.
    pub sigma_used: Option<f64>,
    /// Points of the noise grid.
    pub steps: Option<usize>,
    /// Share of the feature values that a flow was given to move and left alone, beyond its tails.
    pub in_tails: Option<f64>,
    /// Mean of each feature, in its own unit.
    pub means: Vec<f64>,
    /// Standard deviation of each feature, in its own unit.
    pub deviations: Vec<f64>,
    /// The distribution of each feature.
    pub spectra: Vec<FeatureSpectra>,
    /// The densities of all pairs of features, for DRAPES ∅ from the largest noise.
    pub pairs: Vec<PairDensity>,
    /// How far partial diffusion moved events; for DRAPES SR.
    pub displacement: Option<Displacement>,
    /// How far each feature is from that of true background; empty in records of earlier versions.
    #[serde(default)]
    pub distances: Vec<FeatureDistance>,
}

/// How far a feature of a template is from that of the true background of the signal region, by the events themselves:
/// bins do not show values that only one of the two has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureDistance {
    /// The largest difference of their cumulative shares (Kolmogorov and Smirnov).
    pub cumulative: f64,
    /// What sampling alone exceeds once in a thousand times.
    pub cumulative_by_chance: f64,
    /// The value whose share differs most, where many events have it.
    pub value: Option<ValueShares>,
}

/// A value, and the shares of events that have it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueShares {
    /// The value.
    pub value: f64,
    /// Of the true background.
    pub background: f64,
    /// Of the template.
    pub template: f64,
    /// Their difference in standard deviations of sampling.
    pub deviations: f64,
}

impl FeatureDistance {
    /// Standard deviations of a difference that sampling does not explain, also not in one of many values.
    const MANY: f64 = 4.5;

    /// The distance over what sampling explains: above one it stands out.
    pub fn excess(&self) -> f64 {
        let value = self.value.map_or(0.0, |value| value.deviations / Self::MANY);
        value.max(self.cumulative / self.cumulative_by_chance)
    }

    /// Whether one value is what stands out most.
    pub fn is_of_value(&self) -> Option<ValueShares> {
        self.value
            .filter(|value| value.deviations / Self::MANY >= self.cumulative / self.cumulative_by_chance)
    }
}

impl TemplateSummary {
    /// The noise strength that its events started from; zero where a flow made them.
    pub fn strength(&self) -> f64 {
        self.sigma_used.unwrap_or(0.0)
    }
}

/// Shares of events by bin of one feature; they sum to one less what lies beyond the edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureSpectra {
    /// Bin edges, in the feature's own unit.
    pub edges: Vec<f64>,
    /// True background of the signal region's data.
    pub background: Vec<f64>,
    /// All true signal of the signal region, injected or not.
    pub signal: Vec<f64>,
    /// The generated events.
    pub generated: Vec<f64>,
    /// Those that began as background of the signal region; empty but for DRAPES SR.
    pub from_background: Vec<f64>,
    /// Those that began as signal; empty but for DRAPES SR, and without signal in the data.
    pub from_signal: Vec<f64>,
}

/// Shares of events by bin of two features, `x` running fastest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairDensity {
    /// The column of the horizontal feature.
    pub x: usize,
    /// The column of the vertical feature.
    pub y: usize,
    /// Edges of the horizontal bins.
    pub x_edges: Vec<f64>,
    /// Edges of the vertical bins.
    pub y_edges: Vec<f64>,
    /// True background of the signal region's data.
    pub background: Vec<f64>,
    /// The generated events.
    pub generated: Vec<f64>,
}

/// Mean absolute distance between an event before the noise and after its removal, by feature, in standard deviations
/// of the true background.
///
/// Source: the paper, Fig. 15.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Displacement {
    /// Of background events.
    pub background: Vec<f64>,
    /// Of signal events; empty without signal in the data.
    pub signal: Vec<f64>,
}
