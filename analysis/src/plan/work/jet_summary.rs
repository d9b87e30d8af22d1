//! The summary of a template of jets' constituents: distributions and distances that figures show, without the jets.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::job::TemplateSpec;

/// One copy of a template of constituents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JetSummary {
    /// What it is.
    pub template: TemplateSpec,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
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
    /// Transverse momentum of the leading jet, GeV.
    #[strum(to_string = "momentum_1")]
    LeadingMomentum,
    /// Transverse momentum of the other jet, GeV.
    #[strum(to_string = "momentum_2")]
    SubleadingMomentum,
    /// Pseudorapidity of the leading jet.
    #[strum(to_string = "eta_1")]
    LeadingEta,
    /// Pseudorapidity of the other jet.
    #[strum(to_string = "eta_2")]
    SubleadingEta,
    /// Mass of the leading jet, GeV.
    #[strum(to_string = "mass_1")]
    LeadingMass,
    /// Mass of the other jet, GeV.
    #[strum(to_string = "mass_2")]
    SubleadingMass,
    /// Number of constituents of the leading jet.
    #[strum(to_string = "constituents_1")]
    LeadingConstituents,
    /// Number of constituents of the other jet.
    #[strum(to_string = "constituents_2")]
    SubleadingConstituents,
    /// Azimuth between the jets.
    Azimuth,
    /// Mass of both jets together, GeV.
    DijetMass,
}

impl JetQuantity {
    /// Quantities of jets and constituents, in the order of figures.
    pub const OF_JETS: [Self; 8] = [
        Self::Share,
        Self::DeltaEta,
        Self::DeltaPhi,
        Self::Constituents,
        Self::Mass,
        Self::Tau21,
        Self::Momentum,
        Self::Sum,
    ];

    /// What the model of the jets' kinematics generates, in the order of figures.
    pub const KINEMATIC: [Self; 10] = [
        Self::LeadingMomentum,
        Self::LeadingEta,
        Self::LeadingMass,
        Self::LeadingConstituents,
        Self::Azimuth,
        Self::SubleadingMomentum,
        Self::SubleadingEta,
        Self::SubleadingMass,
        Self::SubleadingConstituents,
        Self::DijetMass,
    ];

    /// The word in tables.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The quantity of a word.
    pub fn named(word: &str) -> Option<Self> {
        word.parse().ok()
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
            Self::LeadingMomentum => "*p*_{T} of the leading jet [GeV]",
            Self::SubleadingMomentum => "*p*_{T} of the other jet [GeV]",
            Self::LeadingEta => "*η* of the leading jet",
            Self::SubleadingEta => "*η* of the other jet",
            Self::LeadingMass => "mass of the leading jet [GeV]",
            Self::SubleadingMass => "mass of the other jet [GeV]",
            Self::LeadingConstituents => "constituents of the leading jet",
            Self::SubleadingConstituents => "constituents of the other jet",
            Self::Azimuth => "|Δ*φ*| of the jets",
            Self::DijetMass => "*m*_{JJ} of the jets [GeV]",
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
