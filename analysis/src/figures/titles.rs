//! Titles and paper numbers of figures on the page of a scan.

use super::Figure;

/// The subject of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The results of methods: rejections and significance improvements.
    Results,
    /// Trainings of models, and closure of their templates.
    Training,
    /// The windows of a search.
    Search,
}

impl Figure {
    /// What the figure shows, in a line.
    pub fn title(self) -> &'static str {
        match self {
            Self::Fig04 => "Background rejection and significance improvement",
            Self::Fig05 => "Significance improvement against injected signal",
            Self::Fig06 => "Closure against the noise strength σ′",
            Self::Fig07 => "Significance improvement against the noise strength σ′",
            Self::Fig08 => "Significance improvement against injected signal, with partial diffusion",
            Self::Fig09 => "Constituents: background rejection and significance improvement",
            Self::Fig10 => "Constituents: closure and significance improvement against σ′",
            Self::Fig11 => "Constituents: significance improvement against injected signal",
            Self::Fig12 => "Width of the side-bands",
            Self::Fig13 => "Over-sampling of the template",
            Self::Fig14 => "Over-sampling of the data",
            Self::Fig15 => "How far partial diffusion moves events",
            Self::Fig16 => "Distributions after partial diffusion",
            Self::Fig17 => "Background rejection and significance improvement, with partial diffusion",
            Self::Fig18 => "Largest significance improvement against injected signal",
            Self::Fig19 => "Largest significance improvement against the noise strength σ′",
            Self::MassSpectrum => "Di-jet mass spectrum and its fit",
            Self::Training => "Losses in training and validation",
            Self::DenoiserNoise => "Losses of the denoisers by noise strength",
            Self::Corner => {
                "Template and background (data where there are no labels), every pair of features"
            }
            Self::Closure => "True background that passes a cut, over what the template says",
            Self::Search => "Local p-values of the search against mass",
            Self::SearchCalibration => "How often p-values without signal are as small as they say",
            Self::SearchSpectra => "Mass spectra of the windows before and behind cuts",
            Self::SearchLimits => "Upper limits on signal events that pass, against mass",
            Self::SearchSignalLimits => "Upper limits on the signal of a window, against mass",
            Self::SearchSculpting => "Share of events that passes cuts against mass, in control windows",
            Self::SearchDelta => {
                "Excess of data over templates in control windows, against the efficiency of the cut"
            }
            Self::SearchSensitivity => "What a search would find of simulated signal",
            Self::SearchFeatures => "Features of the selected data beside the template",
            Self::Solver => "Closure against the network evaluations of the reverse diffusion",
            Self::OversamplingMap => "Significance improvement over injection and over-sampling",
            Self::Trees => "Boosted trees beside networks",
            Self::Constituents => "Generated and true jets and constituents",
            Self::JetDistances => "Distances of jets and constituents against σ′",
            Self::JetKinematics => "Generated and true kinematics of jets",
        }
    }

    /// Its number in the paper, where it has one.
    pub fn number(self) -> Option<&'static str> {
        self.name().strip_prefix("fig").map(|number| number.trim_start_matches('0'))
    }

    /// The subject of the figure.
    pub fn subject(self) -> Subject {
        match self {
            Self::Fig06
            | Self::Fig15
            | Self::Fig16
            | Self::MassSpectrum
            | Self::Training
            | Self::DenoiserNoise
            | Self::Corner
            | Self::Closure
            | Self::Solver
            | Self::Constituents
            | Self::JetDistances
            | Self::JetKinematics => Subject::Training,
            Self::Search
            | Self::SearchSpectra
            | Self::SearchLimits
            | Self::SearchSignalLimits
            | Self::SearchSensitivity
            | Self::SearchSculpting
            | Self::SearchDelta
            | Self::SearchFeatures
            | Self::SearchCalibration => Subject::Search,
            _ => Subject::Results,
        }
    }
}
