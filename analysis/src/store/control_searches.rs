//! What searches of events without signal have measured of the cuts of this one: `control_searches.json`.

use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Store;
use crate::error::Error;
use crate::job::MassWindow;
use crate::statistics::search::control::ControlCount;

/// The name of the file.
pub const CONTROL_SEARCHES: &str = "control_searches.json";

/// Another search, whose events hold no signal, and what it has counted.
///
/// Counts are copied: that search may be moved or deleted, and tables here stay what they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlSearch {
    /// The name of its job.
    pub name: String,
    /// Where it was found.
    pub directory: String,
    /// The digest of the records that were read.
    pub digest: String,
    /// When they were, in UTC.
    pub at: String,
    /// Its windows behind the cuts that both searches have.
    pub cuts: Vec<CutOfOther>,
}

/// A window of another search behind a cut.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutOfOther {
    /// The window.
    pub window: MassWindow,
    /// The share of the template that was to pass.
    pub efficiency: f64,
    /// Data in the window.
    pub n_window: usize,
    /// Template events in the window.
    pub n_template: usize,
    /// Template events behind the cut.
    pub n_template_passing: usize,
    /// What was expected and found behind it.
    pub count: ControlCount,
}

impl ControlSearch {
    /// Of a search in this directory, as it is now.
    pub fn of(directory: &Path, name: &str, digest: &str, cuts: Vec<CutOfOther>) -> Self {
        Self {
            name: name.to_owned(),
            directory: directory.display().to_string(),
            digest: digest.to_owned(),
            at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            cuts,
        }
    }

    /// Whether it is of this directory.
    pub fn is_of(&self, directory: &Path) -> bool {
        self.directory == directory.display().to_string()
    }
}

impl Store {
    /// The searches that measure the cuts of this one; none where nobody has named any.
    ///
    /// # Errors
    /// There is such a file, and it cannot be read: without it δ would be another.
    pub fn control_searches(&self) -> Result<Vec<ControlSearch>, Error> {
        if self.directory.join(CONTROL_SEARCHES).exists() {
            self.read_json(CONTROL_SEARCHES)
        } else {
            Ok(vec![])
        }
    }

    /// Takes over what another search has counted, in place of what it had counted before.
    ///
    /// # Errors
    /// The directory cannot be written, or what was taken over before cannot be read.
    pub fn add_control_search(&self, search: ControlSearch) -> Result<(), Error> {
        let mut all = self.control_searches()?;
        all.retain(|known| known.directory != search.directory);
        all.push(search);
        self.write_json(CONTROL_SEARCHES, &all).map(|_| ())
    }

    /// Forgets what the search of a directory has counted; whether anything of it was known.
    ///
    /// # Errors
    /// As [`Store::add_control_search`].
    pub fn remove_control_search(&self, directory: &Path) -> Result<bool, Error> {
        let mut all = self.control_searches()?;
        let before = all.len();
        all.retain(|known| !known.is_of(directory));
        if all.len() < before {
            self.write_json(CONTROL_SEARCHES, &all)?;
        }
        Ok(all.len() < before)
    }
}
