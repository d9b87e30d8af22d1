//! A template of jets' constituents in numbers: what figures show of it, without its jets.

use serde::{Deserialize, Serialize};

use crate::generated::Generated;

/// One copy of a template of constituents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JetSummary {
    /// What it is.
    pub template: Generated,
    /// Which copy, from 0.
    pub copy: u32,
    /// Events made.
    pub n_events: usize,
    /// The noise strength that the reverse diffusion began with.
    pub sigma_used: f64,
    /// Points of the noise grid.
    pub steps: usize,
    /// The distribution of each quantity.
    pub spectra: Vec<JetSpectrum>,
}

/// What is looked at of jets and constituents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JetQuantity {
    /// log₁₀ of a constituent's share of the jet's transverse momentum.
    Share,
    /// Distance of a constituent from the jet's axis in η.
    DeltaEta,
    /// Distance of a constituent from the jet's axis in φ.
    DeltaPhi,
    /// Number of constituents of a jet.
    Constituents,
    /// Mass of a jet's constituents, GeV.
    Mass,
    /// τ₂/τ₁ of a jet's constituents.
    Tau21,
    /// Transverse momentum of a jet, GeV.
    Momentum,
    /// Sum of the constituents' shares of the jet's transverse momentum.
    Sum,
}

impl JetQuantity {
    /// All quantities, in the order of figures.
    pub const ALL: [Self; 8] = [
        Self::Share,
        Self::DeltaEta,
        Self::DeltaPhi,
        Self::Constituents,
        Self::Mass,
        Self::Tau21,
        Self::Momentum,
        Self::Sum,
    ];

    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::DeltaEta => "delta_eta",
            Self::DeltaPhi => "delta_phi",
            Self::Constituents => "constituents",
            Self::Mass => "mass",
            Self::Tau21 => "tau21",
            Self::Momentum => "momentum",
            Self::Sum => "sum",
        }
    }

    /// The quantity of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.word() == word)
    }

    /// The label of an axis.
    pub fn label(self) -> &'static str {
        match self {
            Self::Share => "log_{10}(*p*_{T} / *p*_{T}^{jet})",
            Self::DeltaEta => "Δ*η*",
            Self::DeltaPhi => "Δ*φ*",
            Self::Constituents => "constituents",
            Self::Mass => "jet mass of constituents [GeV]",
            Self::Tau21 => "*τ*_{21} of constituents",
            Self::Momentum => "*p*_{T}^{jet} [GeV]",
            Self::Sum => "Σ *p*_{T} / *p*_{T}^{jet}",
        }
    }
}

/// Shares by bin of one quantity; they sum to one less what lies beyond the edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JetSpectrum {
    /// The quantity.
    pub quantity: JetQuantity,
    /// Bin edges.
    pub edges: Vec<f64>,
    /// True background of the signal region's data.
    pub background: Vec<f64>,
    /// True signal of the signal region.
    pub signal: Vec<f64>,
    /// The generated jets.
    pub generated: Vec<f64>,
    /// Wasserstein distance of the generated jets from the true background, in its standard deviations.
    pub distance: f64,
    /// The same between two halves of the true background: what chance makes of it.
    pub chance: f64,
}
