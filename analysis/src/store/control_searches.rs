//! What searches of events without signal have counted behind the cuts of this one: `control_searches.json`.

use std::fmt;
use std::path::{Path, PathBuf, absolute};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Store;
use crate::error::{Error, SearchError};
use crate::job::{InCommon, MassWindow, SearchedEvents};
use crate::statistics::search::control::ControlCount;

/// The name of the file.
pub const CONTROL_SEARCHES: &str = "control_searches.json";

/// Another search, whose events hold no signal, and what it has counted.
///
/// Counts are copied: that search may be moved, go on or be deleted, and tables here stay what they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlSearch {
    /// What it is called here: the name of its directory.
    pub name: String,
    /// Where it was found.
    pub directory: PathBuf,
    /// Its events.
    pub events: SearchedEvents,
    /// What may make its δ another one than that of the search here.
    #[serde(default)]
    pub doubts: Vec<String>,
    /// When its counts were copied, in UTC.
    pub at: String,
    /// Its windows; behind no cut do two of them overlap.
    pub windows: Vec<WindowOfOther>,
}

/// A window of another search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowOfOther {
    /// Its masses.
    pub window: MassWindow,
    /// Data in it.
    pub n_data: usize,
    /// Template events in it.
    pub n_template: usize,
    /// What passes its cuts, all that have numbers.
    pub cuts: Vec<CutOfOther>,
}

/// A cut of a window of another search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutOfOther {
    /// The share of the template that was to pass.
    pub efficiency: f64,
    /// Template events behind the cut.
    pub n_template_passing: usize,
    /// What was expected and found behind it.
    pub count: ControlCount,
}

/// A control search as it was at some time, by which a later look knows whether it is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlSearchThen {
    /// What it was called.
    pub name: String,
    /// The digest of its counts.
    pub counts: String,
}

impl ControlSearch {
    /// Of a search in this directory, as it is now, of which nobody doubts anything.
    ///
    /// # Errors
    /// The directory cannot be found.
    pub fn of(directory: &Path, events: SearchedEvents, windows: Vec<WindowOfOther>) -> Result<Self, Error> {
        let directory = directory.canonicalize().map_err(|source| Error::CannotRead {
            what: "a search",
            path: directory.to_owned(),
            source,
        })?;
        let name = directory.file_name().unwrap_or(directory.as_os_str()).to_string_lossy().into_owned();
        let at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Ok(Self { name, directory, events, doubts: vec![], at, windows })
    }

    /// Whether it takes the place of one that is known: it is of the same directory, or the events of one are among the other's.
    pub fn replaces(&self, known: &Self) -> bool {
        known.events.in_common(&self.events) == InCommon::Certainly || known.directory == self.directory
    }

    /// What tells its counts from others.
    pub fn then(&self) -> ControlSearchThen {
        let counts = serde_json::to_vec(&(&self.events, &self.windows)).unwrap_or_default();
        ControlSearchThen { name: self.name.clone(), counts: hex::encode(Sha256::digest(counts)) }
    }
}

impl fmt::Display for ControlSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (many, windows) = (self.windows.len(), if self.windows.len() == 1 { "is" } else { "are" });
        let taken = "whose events are taken to hold no signal";
        write!(f, "{many} of the control windows {windows} of {}, {taken}", self.name)?;
        self.doubts.iter().try_for_each(|doubt| write!(f, "; {doubt}"))
    }
}

impl Store {
    /// The searches that measure the cuts of this one; none where nobody has named any.
    ///
    /// # Errors
    /// There is such a file, and it cannot be read: without it δ would be another.
    pub fn control_searches(&self) -> Result<Vec<ControlSearch>, Error> {
        let path = self.directory.join(CONTROL_SEARCHES);
        if !path.exists() {
            return Ok(vec![]);
        }
        self.read_json(CONTROL_SEARCHES).map_err(|error| match error {
            Error::Corrupt { path, reason } => SearchError::TornControl { path, reason }.into(),
            Error::CannotRead { path, source, .. } => {
                Error::CannotRead { what: "what control searches have counted", path, source }
            }
            other => other,
        })
    }

    /// Takes over what another search has counted, in place of what was known of the same events, of some of them, or of the same
    /// directory: no event counts twice. Returns what it has replaced.
    ///
    /// # Errors
    /// The directory cannot be written, or what was taken over before cannot be read.
    pub fn add_control_search(&self, mut search: ControlSearch) -> Result<Vec<ControlSearch>, Error> {
        let (replaced, mut all): (Vec<_>, Vec<_>) =
            self.control_searches()?.into_iter().partition(|known| search.replaces(known));
        // Two directories of one name are told apart by where they are.
        if all.iter().any(|known| known.name == search.name) {
            search.name = search.directory.display().to_string();
        }
        all.push(search);
        self.write_json(CONTROL_SEARCHES, &all)?;
        Ok(replaced)
    }

    /// Forgets what the search of a directory has counted, which is named by the directory, there still or not, or by its name alone.
    ///
    /// # Errors
    /// There is no such search, or the directory cannot be written.
    pub fn remove_control_search(&self, asked: &Path) -> Result<ControlSearch, Error> {
        let mut all = self.control_searches()?;
        let wanted = asked.canonicalize().or_else(|_| absolute(asked)).unwrap_or_else(|_| asked.to_owned());
        let by_place = all.iter().position(|known| known.directory == wanted);
        let by_name = || all.iter().position(|known| Path::new(&known.name) == asked);
        let Some(place) = by_place.or_else(by_name) else {
            let known = all.into_iter().map(|search| search.directory.display().to_string()).collect();
            return Err(SearchError::NoControl { asked: asked.to_owned(), known }.into());
        };
        let removed = all.remove(place);
        self.write_json(CONTROL_SEARCHES, &all)?;
        Ok(removed)
    }
}

#[cfg(test)]
mod tests;
