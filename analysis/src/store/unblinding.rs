//! Who has looked at the data of a blind search, and when: `unblinded.json`, written once.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::control_searches::{ControlSearch, ControlSearchThen};
use super::{Process, Store};
use crate::error::Error;
use crate::job::{FitFunctions, Job, MassWindow, Peak, PseudoSearches};

/// The name of the file.
pub const UNBLINDING: &str = "unblinded.json";

/// Whether what data do behind the cuts of a search may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blinding {
    /// It is withheld.
    Blind,
    /// It is shown.
    Open,
}

impl Blinding {
    /// Of a job's search, as far as somebody has unblinded it.
    pub fn of(job: &Job, unblinding: Option<&Unblinding>) -> Self {
        let is_blind = job.search.as_ref().is_some_and(|search| search.blind);
        if is_blind && unblinding.is_none() { Self::Blind } else { Self::Open }
    }
}

/// Who has unblinded a search, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unblinding {
    /// The name by which the system knows them.
    pub by: String,
    /// Where they were.
    pub host: String,
    /// When, in UTC.
    pub at: String,
    /// The windows that the search had then; none where an earlier program wrote the file.
    #[serde(default)]
    pub windows: Vec<MassWindow>,
    /// Its control windows then, likewise.
    #[serde(default)]
    pub control_windows: Vec<MassWindow>,
    /// Its cuts then, likewise.
    #[serde(default)]
    pub efficiencies: Vec<f64>,
    /// The peak that it fitted to spectra then, likewise.
    #[serde(default)]
    pub peak: Option<Peak>,
    /// The functions that it fitted to spectra then; those that all searches had, where an earlier program wrote the file.
    #[serde(default = "FitFunctions::usual")]
    pub fit_functions: Vec<FitFunctions>,
    /// The other searches that measured its cuts then, likewise.
    #[serde(default)]
    pub control_searches: Vec<ControlSearchThen>,
    /// Its pseudo-experiments then, by which errors hold the scatter of counts; `None` where an earlier program wrote the file, of which
    /// nobody knows.
    #[serde(default)]
    pub calibration: Option<CalibrationThen>,
}

/// The pseudo-experiments that a search had when it was unblinded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CalibrationThen {
    /// None.
    Without,
    /// These.
    By(PseudoSearches),
}

impl CalibrationThen {
    /// Those of a job.
    fn of(job: &Job) -> Self {
        job.search.as_ref().and_then(|search| search.calibration).map_or(Self::Without, Self::By)
    }
}

impl Unblinding {
    /// What the search of a job has beyond what it had then, or has no more, in words; nothing where it is what it was, or nobody knows.
    ///
    /// It may have been chosen with the data in sight. It is shown, for whoever has looked has looked, and named. A control window
    /// changes the expected background of all others, and so do pseudo-experiments its error; a cut can be added only as long as no window
    /// is done.
    pub fn changed_since(&self, job: &Job, control_searches: &[ControlSearch]) -> Option<String> {
        let search = job.search.as_ref().filter(|_| !self.windows.is_empty())?;
        let beyond = |now: Vec<MassWindow>, then: &[MassWindow], what: &'static str| {
            let added = now.into_iter().filter(|window| !then.contains(window));
            added.map(|window| format!("{what} {window}")).collect::<Vec<_>>()
        };
        let windows = beyond(job.searched_windows(), &self.windows, "window");
        let control = beyond(job.control_windows(), &self.control_windows, "control window");
        let cuts = search.efficiencies.iter().filter(|cut| !self.efficiencies.contains(cut));
        let peak = search.peak.filter(|peak| self.peak != Some(*peak)).map(|_| "the peak".to_owned());
        let cuts = cuts.map(|cut| format!("ε = {cut}"));
        let refitted = self.fit_functions != search.fit_functions;
        let functions = refitted.then(|| {
            let names: Vec<&str> = search.fit_functions.iter().map(|family| family.word()).collect();
            format!("fits of spectra by {}", names.join(", "))
        });
        let recalibrated = self.calibration.is_some_and(|then| then != CalibrationThen::of(job));
        let calibration =
            recalibrated.then(|| "other pseudo-experiments (search.calibrate and its keys)".to_owned());
        let now: Vec<ControlSearchThen> = control_searches.iter().map(ControlSearch::then).collect();
        let named = |one: &[ControlSearchThen], beyond: &[ControlSearchThen]| {
            let others = one.iter().filter(|search| beyond.iter().all(|known| known.counts != search.counts));
            others.map(|search| format!("the control search {}", search.name)).collect::<Vec<_>>()
        };
        let searches = named(&now, &self.control_searches);
        let added: Vec<String> = windows
            .into_iter()
            .chain(control)
            .chain(cuts)
            .chain(peak)
            .chain(functions)
            .chain(calibration)
            .chain(searches)
            .collect();
        let removed = named(&self.control_searches, &now);
        let changes: Vec<String> = [("added", added), ("taken away", removed)]
            .into_iter()
            .filter(|(_, which)| !which.is_empty())
            .map(|(done, which)| format!("{done} after the search was unblinded: {}", which.join(", ")))
            .collect();
        let chosen = "p-values that rest on them are not those of a blind search";
        (!changes.is_empty()).then(|| format!("{}; {chosen}", changes.join("; ")))
    }
}

impl fmt::Display for Unblinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "by {} on {}, {}", self.by, self.host, self.at)
    }
}

impl Store {
    /// Who has unblinded the search of the directory; none while it is blind.
    pub fn unblinding(&self) -> Option<Unblinding> {
        self.read_json(UNBLINDING).ok()
    }

    /// Writes that the search of this job is unblinded here and now, with the windows and cuts that it has, if it is not yet.
    ///
    /// # Errors
    /// The directory cannot be written, or holds such a file that cannot be read: who has looked is not written over.
    pub fn unblind(&self, job: &Job) -> Result<Unblinding, Error> {
        if self.directory.join(UNBLINDING).exists() {
            return self.read_json(UNBLINDING);
        }
        let named = |name: &str| std::env::var(name).ok().filter(|user| !user.is_empty());
        let unblinding = Unblinding {
            by: ["USER", "LOGNAME"]
                .into_iter()
                .find_map(named)
                .unwrap_or_else(|| format!("user {}", rustix::process::getuid().as_raw())),
            host: Process::this().host,
            at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            windows: job.searched_windows(),
            control_windows: job.control_windows(),
            efficiencies: job.search.as_ref().map(|search| search.efficiencies.clone()).unwrap_or_default(),
            peak: job.search.as_ref().and_then(|search| search.peak),
            fit_functions: job.search.as_ref().map(|search| search.fit_functions.clone()).unwrap_or_default(),
            control_searches: self.control_searches()?.iter().map(ControlSearch::then).collect(),
            calibration: Some(CalibrationThen::of(job)),
        };
        self.write_json(UNBLINDING, &unblinding)?;
        Ok(unblinding)
    }
}
