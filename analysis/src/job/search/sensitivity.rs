//! Pseudo-experiments with simulated signal among their data: what a search would find of it, and how much signal of a window its limits
//! exclude.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Injected, PseudoSearches, Search, SearchKeys};
use crate::job::checks::repeated;
use crate::job::document::Section;
use crate::job::rules::{Rule, fitting, one_or_many};
use crate::job::{Gev, Job, MassWindow, TemplateMethod};

/// The largest strength: ten times what anybody calls a discovery.
const STRONGEST: f64 = 50.0;

/// Searches of pseudo-data that a window's own model draws, with simulated signal among them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// Mean signal events of a window over the root of its data, one strength after the other.
    pub strengths: Vec<f64>,
    /// Pseudo-experiments of each window and strength.
    pub experiments: usize,
    /// Trainings for each fold of one.
    pub trainings: usize,
    /// Events of a window's pool, in events of one pseudo-experiment.
    pub pool: usize,
    /// Where signal events are from.
    pub signal: SimulatedSignal,
    /// The mass at which they were simulated, from which they are shifted to the centre of each window; none where they stay.
    pub simulated_at: Option<Gev>,
    /// Signal of further masses, each in a file of its own. Absent from the text of jobs without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<SignalOfMass>,
    /// What makes cross-sections of numbers of events; none where nobody has said it.
    pub produced: Option<Produced>,
}

/// Where simulated signal is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SimulatedSignal {
    /// Signal events of the data's file that are not among the data.
    Labels,
    /// Those of another file: its signal events, or all of its events where none is labelled as such.
    File(PathBuf),
}

/// Simulated signal of a mass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalOfMass {
    /// Its file.
    pub file: PathBuf,
    /// The mass.
    pub mass: Gev,
}

/// What makes cross-sections of numbers of events.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Produced {
    /// Integrated luminosity in inverse femtobarns.
    pub luminosity: f64,
    /// The share of signal events that reaches the table of events.
    pub acceptance: f64,
}

/// The word for where simulated signal is from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SignalSource {
    Labels,
    File,
}

impl Sensitivity {
    /// By how much masses of signal are shifted for a window.
    pub fn shift(&self, window: MassWindow) -> f64 {
        self.mass_of(self.nearest(window)).map_or(0.0, |mass| centre(window) - mass.0)
    }

    /// The place of the file whose signal is simulated nearest to the centre of a window; the first where there is one, or none.
    pub fn nearest(&self, window: MassWindow) -> usize {
        let distance =
            |place: &usize| self.mass_of(*place).map_or(0.0, |mass| (mass.0 - centre(window)).abs());
        let places = 0..=self.further.len();
        places.min_by(|one, other| distance(one).total_cmp(&distance(other))).unwrap_or(0)
    }

    /// The mass at which the signal of a file was simulated; none where its masses stay.
    pub fn mass_of(&self, place: usize) -> Option<Gev> {
        match place.checked_sub(1) {
            None => self.simulated_at,
            Some(place) => self.further.get(place).map(|further| further.mass),
        }
    }

    /// The files of simulated signal.
    pub fn files(&self) -> Vec<&Path> {
        match &self.signal {
            SimulatedSignal::Labels => vec![],
            SimulatedSignal::File(file) => {
                let further = self.further.iter().map(|further| &*further.file);
                std::iter::once(&**file).chain(further).collect()
            }
        }
    }
}

fn centre(window: MassWindow) -> f64 {
    f64::midpoint(window.low.0, window.high.0)
}

impl Search {
    /// The files of simulated signal that the search has.
    pub fn signal_files(&self) -> Vec<&Path> {
        self.sensitivity.as_ref().map_or(vec![], Sensitivity::files)
    }

    /// Pseudo-experiments' events in a window's pool, where there are pseudo-experiments.
    pub fn pool(&self) -> Option<usize> {
        let sensitivity = || self.sensitivity.as_ref().map(|all| all.pool);
        self.calibration.map(|all| all.pool).or_else(sensitivity)
    }

    /// Trainings for each fold of a pseudo-experiment; 0 where there are none.
    pub fn pseudo_trainings(&self) -> usize {
        let sensitivity = || self.sensitivity.as_ref().map(|all| all.trainings);
        self.calibration.map(|all| all.trainings).or_else(sensitivity).unwrap_or(0)
    }
}

pub(super) fn strengths() -> Rule<'static, Vec<f64>> {
    fitting("numbers above 0, at most 50, as [1, 2, 3]", |strengths: &Vec<f64>| {
        strengths.iter().all(|strength| 0.0 < *strength && *strength <= STRONGEST)
    })
}

/// Masses of files of signal: a number, or one for each.
pub(super) fn masses() -> Rule<'static, Vec<f64>> {
    Rule::new("a number from 0, or a list with the mass of each file of signal_events", |value| {
        one_or_many(value).filter(|masses: &Vec<f64>| {
            !masses.is_empty() && masses.iter().all(|mass| *mass >= 0.0 && mass.is_finite())
        })
    })
}

impl SearchKeys {
    /// The pseudo-experiments with signal; none, with a note, where the method's template or the events cannot make any.
    pub(super) fn sensitivity(
        &self,
        section: &Section<'_>,
        method: TemplateMethod,
        job: &Job,
    ) -> Option<Sensitivity> {
        if self.sensitivity.is_empty() {
            self.check_unused(section);
            return None;
        }
        for (place, strength) in self.sensitivity.iter().enumerate() {
            if self.sensitivity[..place].contains(strength) {
                repeated(section, "sensitivity", &strength.to_string());
            }
        }
        if method.moves_events() {
            self.cannot_draw(section, "sensitivity", &format!("{:?}", self.sensitivity));
            return None;
        }
        let signal = match self.signal {
            SignalSource::File => {
                self.check_files(section, job);
                SimulatedSignal::File(self.signal_events[0].clone())
            }
            SignalSource::Labels if self.injected == Injected::Unlabelled => {
                let message = "is \"labels\", with injected = \"unlabelled\" (no event of the data is known to be signal) set it to \
                               \"file\", and search.signal_events to a file of simulated signal";
                section.wrong("signal", message);
                return None;
            }
            SignalSource::Labels => {
                if self.names_files(section) {
                    let message = "is named, with signal = \"labels\" (that signal is taken from the data) set signal = \"file\", or \
                                   remove it";
                    section.wrong("signal_events", message);
                }
                if self.signal_mass_gev.len() > 1 {
                    let message = format!(
                        "is {:?}, with signal = \"labels\" (that signal has one mass) name one, or set signal = \"file\" and a file of \
                         signal_events for each mass",
                        self.signal_mass_gev
                    );
                    section.wrong("signal_mass_gev", message);
                }
                SimulatedSignal::Labels
            }
        };
        let produced = (self.luminosity_ifb > 0.0)
            .then_some(Produced { luminosity: self.luminosity_ifb, acceptance: self.acceptance });
        Some(Sensitivity {
            strengths: self.sensitivity.clone(),
            experiments: self.sensitivity_experiments,
            trainings: self.pseudo_trainings(),
            pool: self.calibration_pool,
            signal,
            simulated_at: Some(Gev(self.signal_mass_gev[0])).filter(|mass| mass.0 > 0.0),
            further: self.further(),
            produced,
        })
    }

    /// Whether the user names files of signal; a job made of the commented defaults names the default, and means nothing by it.
    fn names_files(&self, section: &Section<'_>) -> bool {
        section.names("signal_events") && self.signal_events != [Path::new("signal.h5")]
    }

    /// The files of signal behind the first, each with its mass.
    fn further(&self) -> Vec<SignalOfMass> {
        if self.signal == SignalSource::Labels {
            return vec![];
        }
        let files = self.signal_events.iter().zip(&self.signal_mass_gev).skip(1);
        files.map(|(file, mass)| SignalOfMass { file: file.clone(), mass: Gev(*mass) }).collect()
    }

    /// Trainings for each fold of a pseudo-experiment.
    pub(super) fn pseudo_trainings(&self) -> usize {
        if self.calibration_trainings == 0 { self.trainings } else { self.calibration_trainings }
    }

    /// Notes that a method's template has no events for pseudo-experiments.
    pub(super) fn cannot_draw(&self, section: &Section<'_>, key: &str, asked: &str) {
        let message = format!(
            "is {asked}, with method = \"{}\" (its template's events are moved ones, so that pseudo-data would be copies of template \
             events) remove it, or choose noise, flow_matching or cathode, which make any number of new events",
            self.method
        );
        section.wrong(key, message);
    }

    /// Notes files of signal that are read as something else, too, for their events would be in both places; and several files that do not
    /// have a mass each.
    fn check_files(&self, section: &Section<'_>, job: &Job) {
        for file in &self.signal_events {
            self.check_file(section, file, job);
        }
        let (files, masses) = (self.signal_events.len(), &self.signal_mass_gev);
        if files == 1 && masses.len() == 1 {
            return;
        }
        if files != masses.len() || masses.contains(&0.0) {
            let message = format!(
                "is {masses:?}, with {files} in signal_events (of several files each has the mass at which its signal was simulated) name \
                 as many masses as files, each above 0"
            );
            section.wrong("signal_mass_gev", message);
        }
        for (place, mass) in masses.iter().enumerate() {
            if masses[..place].contains(mass) {
                repeated(section, "signal_mass_gev", &mass.to_string());
            }
        }
    }

    fn check_file(&self, section: &Section<'_>, file: &Path, job: &Job) {
        let (what, advice) = if file == job.data.events && self.injected.is_labelled() {
            ("data", "set signal = \"labels\"")
        } else if file == job.data.events {
            ("data", "name a file of simulated signal")
        } else if job.independent_background.file() == Some(file) {
            ("independent background", "name a file of simulated signal")
        } else if job.other_sample.file() == Some(file) {
            ("events of another sample", "name a file of simulated signal")
        } else {
            return;
        };
        let message =
            format!("is {}, from which the {what} are read (nothing can be both) {advice}", file.display());
        section.wrong("signal_events", message);
    }

    /// Notes keys that nothing uses: somebody expects what they are for.
    fn check_unused(&self, section: &Section<'_>) {
        if section.names("sensitivity") {
            // An empty list, or one with a mistake, which is told.
            return;
        }
        let names_mass = self.signal_mass_gev.iter().any(|mass| *mass > 0.0);
        if self.signal == SignalSource::File || names_mass || self.names_files(section) {
            let key = match self.signal {
                SignalSource::File => "signal",
                SignalSource::Labels if names_mass => "signal_mass_gev",
                SignalSource::Labels => "signal_events",
            };
            let message = "is named, without sensitivity (no pseudo-experiment has signal) name strengths, as \
                           sensitivity = [1, 2, 3, 5], or remove it";
            section.wrong(key, message);
        }
        if self.luminosity_ifb > 0.0 {
            let message = format!(
                "is {}, without sensitivity (how much of a signal passes a cut is learnt from simulated signal) name strengths, as \
                 sensitivity = [1, 2, 3, 5], or remove it",
                self.luminosity_ifb
            );
            section.wrong("luminosity_ifb", message);
        }
    }
}

impl PseudoSearches {
    /// Numbers of pseudo-experiments that make whole tasks.
    pub(super) fn are_tasks(count: u32) -> bool {
        count.is_multiple_of(Self::A_TASK as u32)
    }
}
