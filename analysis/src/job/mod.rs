//! What a user asks for: a job file, checked and complete.
//!
//! - In: the text of a job file and changes of the command line. A [`JobFile`] may be wrong.
//! - Out: a [`Job`], which cannot be: settings, regions, and the points of the scan with their templates
//!   ([`template_spec`]) and what classifiers are told apart from what ([`point`]).
//! - Of the paper: the steps of the diffusion, Eq. 3.1 ([`noise_grid`]), the windows of mass ([`regions`]), and the features
//!   and their names ([`hlv`]).
//! - It may use `error`, `text`, `expression` and `statistics`.

mod axes;
pub mod axis_headings;
mod bookkeeping;
mod change;
mod checks;
mod classifiers;
mod columns;
mod compute;
mod control_search;
mod data;
mod diffusion;
mod document;
mod event_file;
mod file;
mod flow;
mod generated;
mod growth;
pub mod hlv;
pub mod injection;
mod jets;
mod keys;
mod limits;
pub mod method_names;
pub mod noise_grid;
pub mod point;
pub mod quantities;
mod read;
pub mod regions;
mod rules;
mod sampling;
mod search;
mod solver;
pub mod template_spec;

use serde::{Deserialize, Serialize};

pub use bookkeeping::{BandSource, ClosureSettings, FigureSettings, Pricing};
pub use change::Change;
pub use classifiers::{ClassifierSettings, TreeSettings};
pub use columns::DefinedColumns;
pub use compute::{Chip, ComputeSettings, Grouping};
pub use control_search::{InCommon, SearchedEvents, Unlike};
pub use data::{Data, IndependentBackground, Layout, OtherSample};
pub use diffusion::{
    Conditioning, DenoiserSettings, LossWeighting, Marginals, Momentum, NoiseEmbedding, SamplerSettings,
    Schedule,
};
pub use event_file::EventFile;
pub use file::JobFile;
pub use flow::{FlowNetwork, FlowSettings, KeptMoment};
pub use generated::Generated;
pub use growth::{Generation, Growth};
pub use injection::{Injection, InjectionCount, InjectionSettings};
pub use jets::{JetClassifierSettings, JetInputs, JetModelSettings, Precision};
pub use noise_grid::NoiseGrid;
pub use point::{ClassifierKind, Comparison, ScanPoint, Truth};
pub use quantities::{
    ClassifierSeed, Draw, Fold, Gev, InjectionSeed, MassUnit, Oversampling, SigmaPrime, SignalCount,
    TemplateSeed, Templates,
};
pub use read::DEFAULTS;
pub use regions::{MassWindow, Region, Regions};
pub use search::{
    FitFunctions, Injected, Peak, Produced, PseudoSearches, Search, Sensitivity, SignalOfMass,
    SimulatedSignal,
};
pub use solver::Solver;
pub use template_spec::{
    FlowKind, Inputs, Integration, Kinematics, MassCondition, NoisePath, Scope, Start, TemplateMethod,
    TemplateSpec, TrainingSample,
};

/// A complete and consistent request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Version of the job file's layout.
    pub schema: u32,
    /// What the results are called.
    pub name: String,
    /// Where all random numbers begin.
    pub seed: u64,
    /// The events.
    pub data: Data,
    /// The largest share of a sample's events that may occur more than once, in it or in another one. It decides whether
    /// a run begins, never what comes out.
    #[serde(default = "usual_share")]
    pub most_repeated: f64,
    /// The unit of masses, as it is printed. Absent from the text of jobs in GeV.
    #[serde(default, skip_serializing_if = "MassUnit::is_usual")]
    pub unit: MassUnit,
    /// True background outside of the data.
    pub independent_background: IndependentBackground,
    /// Signal region, nominal side-bands and collision energy.
    pub regions: Regions,
    /// √s of the dijet fit.
    pub collision_energy: Gev,
    /// How much signal an injection has. Absent from the text of jobs with the usual one.
    #[serde(default, skip_serializing_if = "InjectionSettings::are_usual")]
    pub injection: InjectionSettings,
    /// The diffusion model and its training.
    pub denoiser: DenoiserSettings,
    /// How the reverse diffusion is solved.
    pub sampler: SamplerSettings,
    /// The normalizing flows and their training.
    pub flow: FlowSettings,
    /// The diffusion model of jets' constituents and its training.
    pub jet_model: JetModelSettings,
    /// Another sample of background events, where MC starts.
    pub other_sample: OtherSample,
    /// Template events for each event that a method starts from, where a scan names no other.
    pub oversampling: Oversampling,
    /// Where partial diffusion turns round, where a scan names no other.
    pub sigma_prime: SigmaPrime,
    /// The same for constituents.
    pub sigma_prime_llv: SigmaPrime,
    /// What generated constituents sum to.
    pub momentum_llv: Momentum,
    /// The classifiers and their training.
    pub classifier: ClassifierSettings,
    /// The boosted trees, where a scan asks for them.
    pub trees: TreeSettings,
    /// The classifiers of jets' constituents and their training.
    pub jet_classifier: JetClassifierSettings,
    /// When a scan ends with a warning.
    #[serde(default)]
    pub closure: ClosureSettings,
    /// How the work is grouped into tasks.
    pub compute: ComputeSettings,
    /// Event numbers that price a plan before the data are read.
    pub pricing: Pricing,
    /// What is drawn.
    pub figures: FigureSettings,
    /// What a search does in its windows. Absent from the text of jobs without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// The points of the scan and the windows of the search, each once.
    pub points: Vec<ScanPoint>,
    /// When points and seeds came to the job of a directory; empty for a job that has not grown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generations: Vec<Generation>,
    /// Places of points whose classifiers train alone, though they had company: the template of one of these has failed. Empty where
    /// that has not happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<usize>,
}

/// What a job has that was stored before there was this key.
fn usual_share() -> f64 {
    0.01
}

impl Job {
    /// The same job as a JSON tree without what cannot change a result.
    pub fn physics(&self) -> serde_json::Value {
        let mut tree = serde_json::to_value(self).unwrap_or_default();
        if let Some(keys) = tree.as_object_mut() {
            for key in
                ["name", "most_repeated", "pricing", "figures", "closure", "generations", "apart", "unit"]
            {
                keys.remove(key);
            }
            if let Some(search) = keys.get_mut("search").and_then(serde_json::Value::as_object_mut) {
                search.remove("blind");
                search.remove("peak");
                search.remove("fit_functions");
                if let Some(sensitivity) = search.get_mut("sensitivity").and_then(|keys| keys.as_object_mut())
                {
                    sensitivity.remove("produced");
                }
            }
        }
        tree
    }

    /// Whether it searches events without labels, of which any may be signal.
    pub fn is_unlabelled(&self) -> bool {
        self.search.as_ref().is_some_and(|search| !search.injected.is_labelled())
    }

    /// How an axis of the resonant mass is labelled, in the markup of pictures.
    pub fn mass_label(&self) -> String {
        let label = hlv::label(&self.data.resonant);
        match label.split_once(" [") {
            Some((quantity, _)) => format!("{quantity} [{}]", self.unit),
            None => format!("{label} [{}]", self.unit),
        }
    }

    /// The classifier settings that a training depends on: all but the list of seeds, which a task names.
    pub fn classifier_training(&self) -> ClassifierSettings {
        ClassifierSettings { seeds: Vec::new(), ..self.classifier.clone() }
    }

    /// The settings of perceptrons in the windows of a search: their seeds and folds are the search's. The best moment of a training is
    /// taken, also where none is to end early: windows have few events, which long trainings learn by heart.
    pub fn window_classifier(&self) -> ClassifierSettings {
        let own = &self.classifier;
        let patience = if own.patience == 0 { own.epochs } else { own.patience };
        ClassifierSettings { seeds: Vec::new(), folds: Search::FOLDS, patience, ..own.clone() }
    }

    /// The regions of some data.
    pub fn regions_of(&self, sample: &TrainingSample) -> Regions {
        Regions {
            signal: sample.signal_region.unwrap_or(self.regions.signal),
            outer: sample.side_bands,
            left_out: sample.left_out,
        }
    }

    /// The masses whose answers a network of all data is asked for where it makes events of the signal region of some data: those of
    /// its edges, or further out by the sampler's `edge_margin`.
    pub fn asked_around(&self, sample: &TrainingSample) -> MassWindow {
        self.regions_of(sample).widened(self.sampler.edge_margin)
    }

    /// The masses of a point's signal region.
    pub fn signal_region_of(&self, point: &ScanPoint) -> MassWindow {
        point.template().map_or(self.regions.signal, |template| self.regions_of(&template.sample).signal)
    }

    /// The windows that a search looks for a signal in, in the order of the job.
    pub fn searched_windows(&self) -> Vec<MassWindow> {
        self.windows_of(ScanPoint::is_searched)
    }

    /// The windows in which a search measures how its template fails, likewise.
    pub fn control_windows(&self) -> Vec<MassWindow> {
        self.windows_of(ScanPoint::is_control)
    }

    fn windows_of(&self, wanted: fn(&ScanPoint) -> bool) -> Vec<MassWindow> {
        let points = self.points.iter().filter(|point| wanted(point));
        points.map(|point| self.signal_region_of(point)).collect()
    }

    /// What a point of this job needs the labels of events for; nothing where it can be had of data without.
    ///
    /// Without labels all events count as background. Data to which no signal is added, against a template, need no more, though
    /// nothing is known of signal then: there is no AUC and no significance improvement.
    pub fn truth_for(&self, point: &ScanPoint) -> Option<Truth> {
        match point.n_signal() {
            None => Some(Truth::Learnt),
            Some(SignalCount(0)) => self.independent_background.withheld().map(|_| Truth::Withheld),
            Some(_) => Some(Truth::Injected),
        }
    }

    /// What events must be read for: constituents where any point has to do with them.
    pub fn inputs(&self) -> Inputs {
        let any = self.points.iter().any(|point| point.classifier.inputs() == Inputs::Llv);
        if any { Inputs::Llv } else { Inputs::Hlv }
    }

    /// Classifiers of one scan point.
    pub fn classifiers_per_point(&self) -> usize {
        self.classifier.seeds.len() * self.classifier.folds as usize
    }
}

#[cfg(test)]
mod tests;
