//! What figures are called outside of the paper.

use super::Figure;

impl Figure {
    /// What the figure shows, in a line.
    pub fn title(self) -> &'static str {
        match self {
            Self::Fig04 => "Background rejection and significance improvement against signal efficiency",
            Self::Fig05 => "Significance improvement against injected signal",
            Self::Fig06 => "Closure without signal against the noise strength of partial diffusion",
            Self::Fig07 => "Significance improvement against the noise strength of partial diffusion",
            Self::Fig08 => "Significance improvement against injected signal, with partial diffusion",
            Self::Fig09 => "Background rejection and significance improvement with constituents of jets",
            Self::Fig10 => {
                "Closure and significance improvement against noise strength, with constituents of jets"
            }
            Self::Fig11 => "Significance improvement against injected signal, with constituents of jets",
            Self::Fig12 => "Significance improvement with side-bands of several widths",
            Self::Fig13 => "Significance improvement with over-sampled templates",
            Self::Fig14 => "Significance improvement with over-sampled data",
            Self::Fig15 => "How far partial diffusion moves events, against its noise strength",
            Self::Fig16 => "Distributions of features after partial diffusion",
            Self::Fig17 => "Background rejection and significance improvement, with partial diffusion",
            Self::Fig18 => "Largest significance improvement against injected signal",
            Self::Fig19 => "Largest significance improvement against the noise strength of partial diffusion",
            Self::MassSpectrum => "Di-jet mass spectrum, its fit to the side-bands, and the pulls",
            Self::Training => "Losses of trainings",
            Self::DenoiserNoise => "Losses of finished denoisers by noise strength",
            Self::Corner => "Features of template and true background, one by one and in pairs",
            Self::Solver => "Closure against the steps of the reverse diffusion",
            Self::OversamplingMap => "Significance improvement by injection and over-sampling",
            Self::Trees => "Boosted trees beside networks",
            Self::Constituents => "Distributions of generated and true jets and constituents",
            Self::JetDistances => "Distances of generated from true jets, against noise strength",
            Self::JetKinematics => "Distributions of the kinematics of generated and true jets",
        }
    }
}
