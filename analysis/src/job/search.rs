//! A search in windows of the resonant mass: which windows there are, and how data are told from the template of each.

mod control;
mod functions;
mod peak;
mod sensitivity;
mod templates;

pub use functions::FitFunctions;
pub use peak::Peak;
pub use sensitivity::{Produced, Sensitivity, SignalOfMass, SimulatedSignal};

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use self::control::Control;
use self::peak::{PeakShape, tails};
use self::sensitivity::{SignalSource, masses, strengths};
use self::templates::template_method;
use super::checks::repeated;
use super::data::files;
use super::document::Section;
use super::keys::keys;
use super::rules::{Rule, fitting, from_toml, number, positive, whole, windows, word, words};
use crate::job::{
    ClassifierKind, Comparison, Gev, Job, MassWindow, OtherSample, Oversampling, ScanPoint, SignalCount,
    TemplateMethod, TemplateSpec, Templates, TrainingSample,
};

/// The largest share of the template that may pass a cut. The data behind it are counted among those of the window, whose number
/// is given: of a larger share the count fluctuates less than a Poisson number does, and Z would be too small (by a twentieth at 0.1).
const LARGEST_EFFICIENCY: f64 = 0.2;
/// Windows of a search at most: each has a training of its own.
const MOST_WINDOWS: f64 = 1000.0;
/// Edges that are computed are rounded to this share of the unit, so that names of tasks have no endless numbers.
const ROUNDED: f64 = 1e3;

/// What a search does in each of its windows, which are points of the job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Trainings for each fold, whose scores are averaged.
    pub trainings: usize,
    /// Shares of the template that pass the cuts.
    pub efficiencies: Vec<f64>,
    /// How much simulated signal is among the data.
    pub injected: Injected,
    /// Whether data behind the cuts are withheld until somebody unblinds them.
    pub blind: bool,
    /// Pseudo-experiments without signal. Absent from the text of jobs that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PseudoSearches>,
    /// Pseudo-experiments with signal. Absent from the text of jobs that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<Sensitivity>,
    /// The peak that is fitted to spectra. Absent from the text of jobs that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<Peak>,
    /// Families of functions that are fitted to spectra, one after the other until one describes the side-bands. Absent from the text of
    /// jobs that have the usual ones.
    #[serde(default = "FitFunctions::usual", skip_serializing_if = "FitFunctions::are_usual")]
    pub fit_functions: Vec<FitFunctions>,
}

impl Search {
    /// Folds: each event of a window is scored by the classifiers of one of them, which have not seen it.
    pub const FOLDS: u32 = 5;
}

/// Searches of pseudo-data that a window's own model draws, for it knows no signal: what p-values do where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PseudoSearches {
    /// How many for each window.
    pub experiments: usize,
    /// Trainings for each fold of one.
    pub trainings: usize,
    /// Events of a window's pool, in events of one pseudo-experiment.
    pub pool: usize,
}

impl PseudoSearches {
    /// Pseudo-experiments that a task does.
    pub const A_TASK: usize = 10;
}

/// The signal in the data of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Injected {
    /// Nobody knows: the events have no labels, and all of them are data.
    Unlabelled,
    /// The file has labels, and all of its background and so many of its signal events are data: a rehearsal.
    Labelled(SignalCount),
}

impl Injected {
    /// Whether events have labels, by which selected ones are known to be signal.
    pub fn is_labelled(self) -> bool {
        self != Self::Unlabelled
    }

    /// The signal that is added to what counts as background.
    pub fn added(self) -> SignalCount {
        match self {
            Self::Unlabelled => SignalCount(0),
            Self::Labelled(count) => count,
        }
    }
}

/// The classifiers of a search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchClassifier {
    /// Boosted trees.
    Trees,
    /// Ensembles of perceptrons.
    Perceptrons,
}

impl SearchClassifier {
    /// The word in the job for classifiers of a kind.
    pub fn word_of(kind: ClassifierKind) -> &'static str {
        if kind == ClassifierKind::Trees { "trees" } else { "perceptrons" }
    }

    fn kind(self) -> ClassifierKind {
        match self {
            Self::Trees => ClassifierKind::Trees,
            Self::Perceptrons => ClassifierKind::Mlp,
        }
    }
}

keys! {
    /// A search: for each window of the resonant mass a template, classifiers that tell data from it in five folds, and the
    /// data that pass cuts on their scores. Labels, where events have some, take no part. Without windows there is no search.
    pub(super) struct SearchKeys {
        /// The windows, as [[3300, 3700], [3500, 3900]].
        windows_gev: Vec<MassWindow> = [], some_windows();
        /// Instead of them: windows around centres from this one,
        from_gev: f64 = 0, from_zero();
        /// to this one,
        to_gev: f64 = 0, from_zero();
        /// so far apart,
        step_gev: f64 = 0, from_zero();
        /// and so wide,
        width_gev: f64 = 0, from_zero();
        /// or as wide as this share of their centre.
        relative_width: f64 = 0, number("a share from 0 to below 2", |x| (0.0..2.0).contains(&x));
        /// Side-bands of this width on each side of a window; 0: those of [regions] around all windows.
        side_band_width_gev: f64 = 0, from_zero();
        /// How templates are made: `noise`, `noise_efficient`, `flow_matching`, `flow_matching_efficient`, `sb`, `mc`, `cathode`, `curtains_f4f`, `curtains_f4f_efficient` or `feta`, as in
        /// scans.
        method: String = "noise", fitting("the word of a method", |_: &String| true);
        /// Template events for each event that the method starts from (D).
        oversampling: Oversampling = 4, fitting("a whole number from 1", |factor: &Oversampling| factor.0 > 0);
        /// Models that are trained anew for each window, each of which makes an equal share of its template: what one model makes
        /// of the background, and another does not, is averaged.
        templates: u32 = 1, fitting("a whole number from 1 to 100", |n: &u32| (1..=100).contains(n));
        /// What tells data from template: `trees`, or `perceptrons` as [classifier] has them, but for its seeds and folds.
        classifier: SearchClassifier = "trees", word();
        /// Trainings for each of the five folds, whose scores are averaged (D).
        trainings: usize = 3, positive();
        /// Shares of the template that pass the cuts.
        efficiencies: Vec<f64> = [0.1, 0.01, 0.001], efficiencies();
        /// How many of the signal events of a file with labels are data, beside all of its background: a rehearsal.
        /// "unlabelled": the file has no labels, and all events are data.
        injected: Injected = "unlabelled", injected();
        /// Whether data behind the cuts are withheld from tables and figures until `drapes unblind`.
        blind: bool = true, fitting("true or false", |_: &bool| true);
        /// Control windows, as [[2850, 3050]]: they are searched as the others are, with templates that see none of the masses that are
        /// searched, and measure by how much more background passes a cut than a template says. They are not blind.
        control_windows_gev: Vec<MassWindow> = [], some_windows();
        /// Where they come from: `listed`, or `side-bands` for as many as fit below and above all windows.
        control: Control = "listed", word();
        /// Pseudo-experiments without signal for each window, whose data and template are drawn from the window's model: how often
        /// p-values are as small as they say, and how small the smallest of all windows and cuts is by chance. Tens, for a
        /// task does ten of them; 1000 tell 3 standard deviations.
        calibrate: usize = 0, whole("0 or a multiple of 10, up to 1000000", |n| {
            PseudoSearches::are_tasks(n) && n <= 1_000_000
        });
        /// Trainings for each fold of a pseudo-experiment; 0: as many as data have. Fewer are cheaper, and calibrate a search of
        /// as many.
        calibration_trainings: usize = 0, whole("a whole number, 0 for as many as trainings", |_| true);
        /// How many pseudo-experiments' events a window's pool has, from which each draws without replacement.
        calibration_pool: usize = 2, whole("a whole number from 2 to 1000", |n| (2..=1000).contains(&n));
        /// Functions of the background that are fitted to spectra, one family after the other until one describes the side-bands: `dijet`,
        /// `exponential` (of a polynomial) and `bernstein` (polynomials, for spectra that rise or bend).
        fit_functions: Vec<FitFunctions> = ["dijet", "exponential"], words();
        /// A peak that is fitted to the spectrum of each window and cut, at its centre, beside counts in the window: `gaussian`,
        /// `crystal_ball` (a Gaussian with a power tail on either side) or `none`.
        peak: PeakShape = "none", word();
        /// Its standard deviation; 0: it is fitted, and Z is too large on average.
        peak_width_gev: f64 = 0, from_zero();
        /// Where the tails of a `crystal_ball` begin, in standard deviations, and their powers: [begin, power] of the lower, then of the
        /// upper one.
        peak_tails: [f64; 4] = [1.5, 3, 1.5, 3], tails();
        /// Strengths of a simulated signal, as [1, 2, 3, 5]: so many times the root of the window's number of data are signal among
        /// the data of further pseudo-experiments. They say what a search would find of it, and make limits on the signal of a
        /// window of limits on what passes.
        sensitivity: Vec<f64> = [], strengths();
        /// Pseudo-experiments for each window and strength. Tens, as above (D).
        sensitivity_experiments: usize = 20, whole("a multiple of 10, up to 100000", |n| {
            PseudoSearches::are_tasks(n) && (1..=100_000).contains(&n)
        });
        /// Where simulated signal is from: `labels`, the signal events of the data's file that are not injected; or `file`.
        signal: SignalSource = "labels", word();
        /// The file of simulated signal, laid out as the data: its events of label 1, or all where none has it. Of several files, one for
        /// each mass, a window takes that of the mass which is nearest to its centre.
        signal_events: Vec<PathBuf> = "signal.h5", files();
        /// The mass at which signal was simulated, from which it is shifted to the centre of each window; 0: its masses stay. Of several
        /// files: their masses, in the same order.
        signal_mass_gev: Vec<f64> = 0, masses();
        /// Integrated luminosity of the data in inverse femtobarns, for limits on cross-sections; 0: there are none.
        luminosity_ifb: f64 = 0, from_zero();
        /// The share of signal events that reaches the table of events, at any mass, for the same.
        acceptance: f64 = 1, number("a share above 0, at most 1", |x| 0.0 < x && x <= 1.0);
    }
    check SearchKeys::check;
}

/// An edge without endless digits.
fn rounded(edge: f64) -> f64 {
    (edge * ROUNDED).round() / ROUNDED
}

fn some_windows() -> Rule<'static, Vec<MassWindow>> {
    Rule::new("a list of [low, high] in GeV, low below high, as [[3300, 3700]]", |value| {
        match value.as_array() {
            Some(none) if none.is_empty() => Some(vec![]),
            _ => windows().read(value),
        }
    })
}

fn from_zero() -> Rule<'static, f64> {
    number("a number from 0", |x| x >= 0.0)
}

fn efficiencies() -> Rule<'static, Vec<f64>> {
    fitting(
        "shares above 0, at most 0.2 (Z would be too small behind a larger one), as [0.1, 0.01]",
        |shares: &Vec<f64>| {
            !shares.is_empty() && shares.iter().all(|share| 0.0 < *share && *share <= LARGEST_EFFICIENCY)
        },
    )
}

fn injected() -> Rule<'static, Injected> {
    Rule::new("a whole number of signal events, or \"unlabelled\"", |value| match value.as_str() {
        Some("unlabelled") => Some(Injected::Unlabelled),
        Some(_) => None,
        None => from_toml(value).map(|count| Injected::Labelled(SignalCount(count))),
    })
}

impl SearchKeys {
    /// Whether any key of windows by their centres is named.
    fn steps(&self) -> bool {
        let keys = [self.from_gev, self.to_gev, self.step_gev, self.width_gev, self.relative_width];
        keys.iter().any(|key| *key > 0.0)
    }

    /// The key that windows come from.
    fn key(&self) -> &'static str {
        if self.steps() { "from_gev" } else { "windows_gev" }
    }

    fn check(&self, section: &Section<'_>) {
        if self.steps() {
            self.check_steps(section);
        }
        for (place, share) in self.efficiencies.iter().enumerate() {
            if self.efficiencies[..place].contains(share) {
                repeated(section, "efficiencies", &share.to_string());
            }
        }
        self.check_functions(section);
        self.check_templates(section);
        if let Err(why) = template_method(&self.method) {
            section.wrong("method", format!("is {} ({why}", self.method));
        } else if self.method == TemplateMethod::Feta.word() && self.oversampling != Oversampling(1) {
            let why = "the flow takes an event to one place, so that its copies would be equal";
            section.wrong("oversampling", format!("is {} ({why}) set it to 1 for feta", self.oversampling));
        }
    }

    fn check_steps(&self, section: &Section<'_>) {
        let Self { from_gev: from, to_gev: to, step_gev: step, width_gev, relative_width, .. } = *self;
        if !self.windows_gev.is_empty() {
            let message = "stands beside from_gev and its kin (windows are listed, or lie around centres) remove one of both";
            section.wrong("windows_gev", message);
        }
        if from <= 0.0 || to < from || step <= 0.0 {
            let message = format!(
                "is {from}, with to_gev = {to} and step_gev = {step} (centres go up from the first to the last by a step) name \
                 all three, from_gev not above to_gev"
            );
            section.wrong("from_gev", message);
        } else if (to - from) / step >= MOST_WINDOWS {
            let windows = ((to - from) / step).floor() + 1.0;
            section.wrong(
                "step_gev",
                format!("makes {windows} windows ({MOST_WINDOWS} at most) take a larger step"),
            );
        }
        if (width_gev > 0.0) == (relative_width > 0.0) {
            let message = format!(
                "is {width_gev}, with relative_width = {relative_width} (a window has one width) name one of both"
            );
            section.wrong("width_gev", message);
        }
    }

    /// The windows; none where there is no search, or a mistake in it.
    fn windows(&self) -> Vec<MassWindow> {
        let Self { from_gev: from, to_gev: to, step_gev: step, .. } = *self;
        if !self.steps() {
            return self.windows_gev.clone();
        }
        if from <= 0.0 || step <= 0.0 || (to - from) / step >= MOST_WINDOWS {
            return vec![];
        }
        // A last centre that is missed by rounding is one.
        let count = ((to - from) / step + 1e-9).floor().max(0.0) as usize;
        let window = |place: usize| {
            let centre = from + step * place as f64;
            let half = 0.5 * if self.width_gev > 0.0 { self.width_gev } else { self.relative_width * centre };
            MassWindow::new(rounded(centre - half), rounded(centre + half))
        };
        (0..=count).map(window).filter(|window| window.width() > 0.0).collect()
    }

    /// What the search does in its windows, and a point for each of these; nothing where there are none.
    pub fn search(self, section: &Section<'_>, job: &Job) -> Option<(Search, Vec<ScanPoint>)> {
        let windows = self.windows();
        let method = template_method(&self.method).ok()?;
        if windows.is_empty() {
            self.check_purpose(section);
            return None;
        }
        self.check_sources(section, method, job);
        let (key, n_signal) = (self.key(), self.injected.added());
        let mut points: Vec<ScanPoint> = Vec::new();
        for window in windows.iter().copied() {
            // A window in error is noted; so are those behind it.
            let Some(side_bands) = self.side_bands(section, window, job) else { continue };
            let signal_region = (window != job.regions.signal).then_some(window);
            let sample = TrainingSample { signal_region, ..TrainingSample::new(n_signal, side_bands) };
            let point = self.point(method, sample, job);
            if points.contains(&point) {
                repeated(section, key, &window.to_string());
            }
            points.push(point);
        }
        let (calibration, sensitivity) =
            (self.calibration(section, method), self.sensitivity(section, method, job));
        let peak = self.peak(section, &windows);
        for (_, sample) in self.control_windows(section, &windows, job) {
            points.push(self.point(method, sample, job));
        }
        let Self { trainings, efficiencies, injected, blind, fit_functions, .. } = self;
        let search = Search {
            trainings,
            efficiencies,
            injected,
            blind,
            calibration,
            sensitivity,
            peak,
            fit_functions,
        };
        Some((search, points))
    }

    /// The point of a window, whose template sees these data.
    fn point(&self, method: TemplateMethod, sample: TrainingSample, job: &Job) -> ScanPoint {
        let sigma_prime = matches!(method, TemplateMethod::SideBand | TemplateMethod::OtherSample)
            .then_some(job.sigma_prime);
        let template = TemplateSpec { sigma_prime, ..TemplateSpec::plain(method, sample) };
        let templates = Templates(self.templates);
        let comparison = Comparison::Window { template, oversampling: self.oversampling, templates };
        ScanPoint { comparison, classifier: self.classifier.kind() }
    }

    /// The pseudo-experiments of each window; none, with a note, where the method's template cannot make any.
    fn calibration(&self, section: &Section<'_>, method: TemplateMethod) -> Option<PseudoSearches> {
        if self.calibrate == 0 {
            return None;
        }
        if method.moves_events() {
            self.cannot_draw(section, "calibrate", &self.calibrate.to_string());
            return None;
        }
        let trainings = self.pseudo_trainings();
        Some(PseudoSearches { experiments: self.calibrate, trainings, pool: self.calibration_pool })
    }

    /// Notes keys that mean nothing without a search.
    fn check_purpose(&self, section: &Section<'_>) {
        if self.steps() {
            return;
        }
        if self.calibrate > 0 {
            let message = format!(
                "is {} (there is no search to calibrate) name windows_gev, or remove it",
                self.calibrate
            );
            section.wrong("calibrate", message);
        }
        if !self.sensitivity.is_empty() {
            let message = format!(
                "is {:?} (there is no search whose sensitivity it would be) name windows_gev, or remove it",
                self.sensitivity
            );
            section.wrong("sensitivity", message);
        }
        if !self.control_windows_gev.is_empty() || self.control == Control::SideBands {
            let message = "is named (there is no search to control) name windows_gev, or remove it";
            section.wrong(
                if self.control == Control::SideBands { "control" } else { "control_windows_gev" },
                message,
            );
        }
    }

    /// Notes events that a search cannot do with, or without.
    fn check_sources(&self, section: &Section<'_>, method: TemplateMethod, job: &Job) {
        if job.independent_background.withheld().is_some() {
            let message = "cannot be searched (background is withheld from the job's signal region, so that windows would have \
                           a dent) set independent_background.source to \"none\" or \"file\"";
            section.wrong(self.key(), message);
        }
        let from_other = matches!(method, TemplateMethod::OtherSample | TemplateMethod::Feta);
        if from_other && job.other_sample == OtherSample::None {
            let message = format!(
                "is {} (it starts from the events of another sample) set other_sample.source = \"file\" and other_sample.events",
                self.method
            );
            section.wrong("method", message);
        }
    }

    /// The outer edges of a window's side-bands; none, with a note, where one of them is empty or the fit is not defined.
    fn side_bands(&self, section: &Section<'_>, window: MassWindow, job: &Job) -> Option<MassWindow> {
        let width = self.side_band_width_gev;
        if width <= 0.0 {
            let outer = job.regions.outer;
            if outer.low < window.low && window.high < outer.high {
                return Some(outer);
            }
            let message = format!(
                "contains {window} (the side-bands {outer} must lie on both sides of it) move it, widen side_bands_gev of \
                 [regions], or name side_band_width_gev"
            );
            section.wrong(self.key(), message);
            return None;
        }
        let outer = MassWindow::new(rounded(window.low.0 - width), rounded(window.high.0 + width));
        if outer.low > Gev(0.0) && outer.high < job.collision_energy {
            return Some(outer);
        }
        let message = format!(
            "is {width}, which takes the side-bands of {window} to {outer} (the dijet fit needs 0 < m < {}, which is \
             collision_energy_gev) lower it, or move the window",
            job.collision_energy
        );
        section.wrong("side_band_width_gev", message);
        None
    }
}

#[cfg(test)]
mod tests;
