//! The specification of a generated background template: its method, the data that its model learns from, and the noise
//! strength and solver that it is made with.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::job::solver::Solver;
use crate::job::{Injection, MassWindow, Regions, SigmaPrime, TemplateSeed};

/// How a background template is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum TemplateMethod {
    /// DRAPES ∅: from noise, at masses drawn from the dijet fit.
    Noise,
    /// DRAPES ∅ whose model has learnt all data, whatever the signal region, as [`Self::FlowMatchingEfficient`].
    NoiseEfficient,
    /// Conditional flow matching: from noise along straight paths, at masses drawn from the dijet fit.
    FlowMatching,
    /// Flow matching that has learnt all data, whatever the signal region: there its velocity lies on the line between those at
    /// the edges of the signal region.
    FlowMatchingEfficient,
    /// DRAPES SR: partial diffusion of the signal region's data, at their own masses.
    #[strum(to_string = "sr")]
    SignalRegion,
    /// DRAPES SB: partial diffusion of the side-bands' data, at masses drawn from the dijet fit.
    #[strum(to_string = "sb")]
    SideBand,
    /// DRAPES MC: partial diffusion of another sample's signal region, at its own masses.
    #[strum(to_string = "mc")]
    OtherSample,
    /// CURTAINsF4F: side-band events moved by a flow, to masses drawn from the dijet fit.
    #[strum(to_string = "curtains_f4f")]
    Curtains,
    /// CURTAINsF4F with a base flow that has learnt all data, and a short training of the flow that moves events.
    #[strum(to_string = "curtains_f4f_efficient")]
    CurtainsEfficient,
    /// CATHODE: the density of the side-bands, sampled at masses drawn from the dijet fit.
    Cathode,
    /// FETA: another sample's signal region, corrected by a flow, at its own masses.
    Feta,
}

impl TemplateMethod {
    /// The word for this method in ids, tables and job files.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The flow that makes the template; none where a diffusion model does.
    pub fn flow(self) -> Option<FlowKind> {
        match self {
            Self::Noise
            | Self::NoiseEfficient
            | Self::FlowMatching
            | Self::FlowMatchingEfficient
            | Self::SignalRegion
            | Self::SideBand
            | Self::OtherSample => None,
            Self::Curtains => Some(FlowKind::Curtains),
            Self::CurtainsEfficient => Some(FlowKind::CurtainsEfficient),
            Self::Cathode => Some(FlowKind::Base),
            Self::Feta => Some(FlowKind::Feta),
        }
    }

    /// Whether target masses are drawn from the dijet fit; else events keep their own.
    pub fn draws_masses(self) -> bool {
        match self {
            Self::Noise
            | Self::NoiseEfficient
            | Self::FlowMatching
            | Self::FlowMatchingEfficient
            | Self::SideBand
            | Self::Curtains
            | Self::CurtainsEfficient
            | Self::Cathode => true,
            Self::SignalRegion | Self::OtherSample | Self::Feta => false,
        }
    }

    /// The events that the method starts from.
    pub fn starts(self) -> Start {
        match self {
            Self::Noise
            | Self::NoiseEfficient
            | Self::FlowMatching
            | Self::FlowMatchingEfficient
            | Self::SignalRegion
            | Self::Cathode => Start::SignalRegion,
            Self::SideBand | Self::Curtains | Self::CurtainsEfficient => Start::SideBands,
            Self::OtherSample | Self::Feta => Start::OtherSample,
        }
    }
}

impl TemplateMethod {
    /// Whether each event of a template began as an event: those of ∅, flow matching and CATHODE began as noise.
    pub fn moves_events(self) -> bool {
        !matches!(self, Self::Noise | Self::NoiseEfficient | Self::Cathode) && !self.is_flow_matching()
    }

    /// Whether events come from noise along straight paths.
    pub fn is_flow_matching(self) -> bool {
        matches!(self, Self::FlowMatching | Self::FlowMatchingEfficient)
    }

    /// The path that events of its denoiser take to noise, where it has one.
    pub fn path(self) -> NoisePath {
        if self.is_flow_matching() { NoisePath::Straight } else { NoisePath::Diffusion }
    }

    /// Whether one denoiser serves every signal region.
    fn serves_all_regions(self) -> bool {
        matches!(self, Self::NoiseEfficient | Self::FlowMatchingEfficient)
    }

    /// The events that its denoiser learns from, where it has one.
    pub fn scope(self) -> Scope {
        if self.serves_all_regions() { Scope::Everything } else { Scope::SideBands }
    }

    /// What the network is told of an event's mass.
    pub fn mass_condition(self) -> MassCondition {
        if self.serves_all_regions() { MassCondition::Edges } else { MassCondition::Own }
    }
}

/// What a network is told of the mass of an event that it makes in the signal region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MassCondition {
    /// The mass itself.
    Own,
    /// The masses of both edges of the signal region, one after the other; of both answers it is the point of the line between them
    /// at the event's mass. A signal that the network has learnt inside of them is made as far as the network has not forgotten it at
    /// the edges (docs/validation.md).
    ///
    /// Source: the interpolation of velocities by mass of SIGMA (arXiv:2410.20537).
    Edges,
}

impl MassCondition {
    /// How often a network is asked where it would be asked once.
    pub fn answers(self) -> usize {
        match self {
            Self::Own => 1,
            Self::Edges => 2,
        }
    }
}

/// The path from an event x₀ to noise n, both of unit variance.
///
/// An event with noise is known by its noise strength σ, x = x₀ + σ n, on either path: the straight one has x₀ (1 − t) + n t with
/// t = σ/(1 + σ), which is x/(1 + σ).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoisePath {
    /// Noise is added to the event, whose variance grows.
    ///
    /// Source: Karras et al. 2022; the paper, section 3.1.
    #[default]
    Diffusion,
    /// The event goes to the noise in a straight line.
    ///
    /// Source: conditional flow matching, Lipman et al. 2022 (arXiv:2210.02747), the paper's reference \[114\].
    Straight,
}

impl NoisePath {
    /// Whether it is that of the paper.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub fn is_diffusion(&self) -> bool {
        *self == Self::Diffusion
    }
}

/// The events that a template starts from; of those of ∅, flow matching and CATHODE only their number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Data of the signal region.
    SignalRegion,
    /// Data of the side-bands.
    SideBands,
    /// The signal region of another sample.
    OtherSample,
}

/// A trained flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    /// The density of side-band events at their masses.
    Base,
    /// The density of all events at their masses, side-bands and signal region.
    BaseOfAll,
    /// Moves side-band events to other masses.
    Curtains,
    /// As [`FlowKind::Curtains`], judged by [`FlowKind::BaseOfAll`], trained shortly.
    CurtainsEfficient,
    /// Moves another sample's events to the data's density.
    Feta,
}

impl FlowKind {
    /// The word for this flow in ids.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The events that a flow learns from, of the data that a template stands beside: a density of all events is one for
    /// every signal region.
    pub fn learns(self, sample: TrainingSample) -> TrainingSample {
        match self {
            Self::BaseOfAll => TrainingSample { signal_region: None, left_out: None, ..sample },
            Self::Base | Self::Curtains | Self::CurtainsEfficient | Self::Feta => sample,
        }
    }

    /// The finished density by which the events that this flow moves are evaluated; none for a density.
    pub fn base_density(self) -> Option<Self> {
        match self {
            Self::Base | Self::BaseOfAll => None,
            Self::Curtains | Self::Feta => Some(Self::Base),
            Self::CurtainsEfficient => Some(Self::BaseOfAll),
        }
    }
}

/// The data that a background model learns from: side-bands, with their share of the injected signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingSample {
    /// Signal that is mixed into the full-range background.
    #[serde(flatten)]
    pub injection: Injection,
    /// Outer edges of the side-bands.
    pub side_bands: MassWindow,
    /// The signal region between them; none: the job's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal_region: Option<MassWindow>,
    /// Masses that it does not see: those of the search, where it is made for a control window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<MassWindow>,
    /// The seed of the model and of the template that is made with it. Absent where it is the first.
    #[serde(default, skip_serializing_if = "TemplateSeed::is_first")]
    pub template_seed: TemplateSeed,
}

impl TrainingSample {
    /// Data with so much signal, in the job's own signal region.
    pub fn new(injection: impl Into<Injection>, side_bands: MassWindow) -> Self {
        Self {
            injection: injection.into(),
            side_bands,
            signal_region: None,
            left_out: None,
            template_seed: TemplateSeed(0),
        }
    }

    /// Whether signal region and side-bands are those of the job, and the seeds are the first.
    pub fn is_nominal(&self, regions: &Regions) -> bool {
        self.side_bands == regions.outer
            && self.signal_region.is_none()
            && self.left_out.is_none()
            && self.template_seed.is_first()
            && self.injection.injection_seed.is_first()
    }

    /// The same data, whatever the seed of their template.
    #[must_use]
    pub fn of_first_template_seed(self) -> Self {
        Self { template_seed: TemplateSeed(0), ..self }
    }

    /// Data with as much signal, whatever the seeds of injection and template: what differs by these alone is one point of a
    /// figure.
    #[must_use]
    pub fn of_first_seeds(self) -> Self {
        Self { injection: Injection::first(self.injection.n_signal), ..self.of_first_template_seed() }
    }
}

impl fmt::Display for TrainingSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-w{}", self.injection, self.side_bands)?;
        if let Some(window) = self.signal_region {
            write!(f, "-r{window}")?;
        }
        if let Some(window) = self.left_out {
            write!(f, "-o{window}")?;
        }
        match self.template_seed {
            TemplateSeed(0) => Ok(()),
            TemplateSeed(seed) => write!(f, "-t{seed}"),
        }
    }
}

/// The part of an event that is generated and classified.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Inputs {
    /// High-level variables: the features of the job.
    #[default]
    Hlv,
    /// Low-level variables: the constituents of both jets.
    Llv,
}

impl Inputs {
    /// The word for these inputs in tables and job files.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The inputs of a word.
    pub fn named(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    /// Whether these are the features of the job.
    pub fn are_hlv(&self) -> bool {
        *self == Self::Hlv
    }
}

/// What becomes of the jets' momenta, masses and numbers of constituents in partial diffusion of constituents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kinematics {
    /// They stay as they are.
    ///
    /// Source: the paper, section 4.3.
    #[default]
    Kept,
    /// They are diffused, too, from the same noise strength.
    Diffused,
}

impl Kinematics {
    /// The word in tables and job files.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Whether they stay.
    pub fn are_kept(&self) -> bool {
        *self == Self::Kept
    }
}

/// Which events a model learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The side-bands alone: a background model.
    SideBands,
    /// Side-bands and signal region: a model of the data, for GenSR and for templates whose model serves several signal regions.
    Everything,
}

/// How the reverse diffusion is solved, where a scan departs from the job's own sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// The rule.
    pub solver: Solver,
    /// Points of the noise grid from the largest to the smallest noise.
    pub steps: usize,
}

/// A generated template of the signal region.
///
/// Over-sampling makes so many copies, each with its own noise, of every event that the method starts from: of the
/// data events of the signal region (∅ takes their number, SR the events), of the side-band events (SB), of the
/// other sample's events in the signal region (MC).
///
/// Source: the paper, section 3.2 and appendix C.1, where SB at the same factor has more events.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateSpec {
    /// The method.
    pub method: TemplateMethod,
    /// What its model has learnt from, and which data it stands beside.
    pub sample: TrainingSample,
    /// The noise strength at which the reverse diffusion begins; none: the largest.
    pub sigma_prime: Option<SigmaPrime>,
    /// The solver; none: the job's.
    pub integration: Option<Integration>,
    /// What is generated.
    #[serde(default, skip_serializing_if = "Inputs::are_hlv")]
    pub inputs: Inputs,
    /// What becomes of the jets' kinematics, where constituents of existing jets are diffused.
    #[serde(default, skip_serializing_if = "Kinematics::are_kept")]
    pub kinematics: Kinematics,
}

impl TemplateSpec {
    /// A template of the features, at the job's own noise strength and sampler.
    pub fn plain(method: TemplateMethod, sample: TrainingSample) -> Self {
        Self {
            method,
            sample,
            sigma_prime: None,
            integration: None,
            inputs: Inputs::Hlv,
            kinematics: Kinematics::Kept,
        }
    }

    /// Whether a model of the jets' kinematics is needed: they are made, or diffused.
    pub fn makes_kinematics(&self) -> bool {
        let starts_anew = self.method != TemplateMethod::SignalRegion;
        self.inputs == Inputs::Llv && (starts_anew || self.kinematics == Kinematics::Diffused)
    }
}

impl fmt::Display for TemplateSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.method.word())?;
        if let Some(sigma) = self.sigma_prime {
            write!(f, "-sp{sigma}")?;
        }
        if let Some(Integration { solver, steps }) = self.integration {
            write!(f, "-{}{steps}", solver.word())?;
        }
        write!(f, "-{}", self.sample)?;
        if self.inputs == Inputs::Llv {
            f.write_str("-llv")?;
        }
        match self.kinematics {
            Kinematics::Kept => Ok(()),
            Kinematics::Diffused => f.write_str("-kd"),
        }
    }
}
