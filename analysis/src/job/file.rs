//! The file of a job: text that may be wrong.

use std::path::{Path, PathBuf};

use super::change::{self, Change};
use super::{Chip, ComputeSettings, Grouping, Job, read};
use crate::error::{Error, MistakeAt, Problem};

/// The text of a job file, where it came from, what the command line changes of it, and how its work is grouped.
#[derive(Clone)]
pub struct JobFile {
    path: PathBuf,
    text: String,
    changes: Vec<Change>,
    grouping: Grouping,
}

impl JobFile {
    /// Reads the text of a job file.
    ///
    /// # Errors
    /// The file does not exist or cannot be read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let cannot_read = |source| Error::CannotRead { what: "the job file", path: path.to_owned(), source };
        // A pipe or a device may never end.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(cannot_read(std::io::Error::other("it is no regular file")));
        }
        let bytes = std::fs::read(path).map_err(cannot_read)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let start = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
            let line = start.matches('\n').count() + 1;
            let message =
                "is not text (TOML files are UTF-8) is this the job file? Otherwise save it as UTF-8";
            let problem =
                Problem { place: MistakeAt::Line(line), key: String::new(), message: message.to_owned() };
            Error::JobFile { path: path.to_owned(), problems: vec![problem] }
        })?;
        Ok(Self::from_text(path, text))
    }

    /// A job file from its text; `path` is what messages call it.
    pub fn from_text(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), changes: vec![], grouping: Grouping::For(Chip::Core) }
    }

    /// The same with changes, of which later ones go before earlier ones.
    #[must_use]
    pub fn with(self, changes: Vec<Change>) -> Self {
        Self { changes, ..self }
    }

    /// The same with its work grouped so where it leaves that open; for cores, where nobody says otherwise.
    #[must_use]
    pub fn grouped(self, grouping: Grouping) -> Self {
        Self { grouping, ..self }
    }

    /// The text as the user wrote it, with the changes in it.
    pub fn text(&self) -> String {
        change::rewrite(&self.text, &self.changes)
    }

    /// The same with the numbers of `compute` where the file leaves these to the device and cores would have others: `plan`, and a run
    /// elsewhere, then have the same tasks as the directory.
    ///
    /// # Errors
    /// As [`JobFile::check`].
    pub fn naming(&self, compute: &ComputeSettings) -> Result<Self, Error> {
        if compute.left_to_device().iter().all(|(_, number)| *number == 1) {
            return Ok(self.clone());
        }
        let usual = self.clone().grouped(Grouping::For(Chip::Core)).check()?.compute.left_to_device();
        let unlike = compute.left_to_device().into_iter().zip(usual).filter(|(here, usual)| here != usual);
        let named = unlike.filter_map(|((key, number), _)| format!("compute.{key}={number}").parse().ok());
        let changes = self.changes.iter().cloned().chain(named).collect();
        Ok(self.clone().with(changes))
    }

    /// Where the data lie if the command line does not say.
    ///
    /// # Errors
    /// As [`JobFile::check`].
    pub fn data_directory(&self) -> Result<PathBuf, Error> {
        let directory = self.check()?.data.directory;
        Ok(self.path.parent().unwrap_or(Path::new("")).join(directory))
    }

    /// The checked job.
    ///
    /// # Errors
    /// Every mistake in file and changes at once, each with its place and key.
    pub fn check(&self) -> Result<Job, Error> {
        read::job(&self.path, &self.text, &self.changes, &self.grouping)
    }
}
