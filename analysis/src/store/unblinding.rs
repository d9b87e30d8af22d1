//! Who has looked at the data of a blind search, and when: `unblinded.json`, written once.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{Process, Store};
use crate::error::Error;
use crate::job::Job;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unblinding {
    /// The name by which the system knows them.
    pub by: String,
    /// Where they were.
    pub host: String,
    /// When, in UTC.
    pub at: String,
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

    /// Writes that the search is unblinded here and now, if it is not yet.
    ///
    /// # Errors
    /// The directory cannot be written, or holds such a file that cannot be read: who has looked is not written over.
    pub fn unblind(&self) -> Result<Unblinding, Error> {
        if self.directory.join(UNBLINDING).exists() {
            return self.read_json(UNBLINDING);
        }
        let named = |name: &str| std::env::var(name).ok().filter(|user| !user.is_empty());
        let unblinding = Unblinding {
            by: ["USER", "LOGNAME"]
                .into_iter()
                .find_map(named)
                .unwrap_or_else(|| "an unnamed user".to_owned()),
            host: Process::this().host,
            at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        };
        self.write_json(UNBLINDING, &unblinding)?;
        Ok(unblinding)
    }
}
