//! What can go wrong, and the exit code that says so.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use drapes_analysis::error::Exit;
use drapes_analysis::text::FilterId;

use crate::rejection::Dropped;

/// An error of making features and constituents from raw events.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// A file is missing or must not be read.
    #[error("cannot read {} ({source}) check the path and its permissions", path.display())]
    CannotRead {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Another program has the file.
    #[error("cannot open {} (HDF5 cannot lock it: another program writes it, or its file system knows no locks) wait for that program, or export HDF5_USE_FILE_LOCKING=FALSE where there is none", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file ends too early.
    #[error("{} is cut short (it ends after {bytes} bytes, its header says it is longer) copy or download it again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// How long it is.
        bytes: u64,
    },
    /// A part of a file does not make sense.
    #[error("cannot read {part} of {} ({reason}) copy or download the file again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What could not be read.
        part: String,
        /// What the reader says.
        reason: String,
    },
    /// The events are compressed in a way that this HDF5 library cannot undo.
    #[error(
        "cannot decompress {dataset} of {} (the HDF5 library lacks {filter}) set HDF5_PLUGIN_PATH to the folder \
         of its plugin, or rewrite the file with gzip compression where the filter is known",
        path.display()
    )]
    UnknownFilter {
        /// The file.
        path: PathBuf,
        /// The compressed dataset.
        dataset: String,
        /// The filter.
        filter: FilterId,
    },
    /// The file is something else.
    #[error(
        "{} holds no raw events ({reason}) name a file as the LHC Olympics publish it, such as \
         events_anomalydetection_v2.h5 or events_LHCO2020_BlackBox2.h5",
        path.display()
    )]
    NotRaw {
        /// The file.
        path: PathBuf,
        /// What speaks against it.
        reason: String,
    },
    /// The frame is too narrow or too wide.
    #[error(
        "{} has {columns} columns (a raw event has 2100, for 700 particles, or 2101 with a label) write it again with \
         all columns, padded with zeros",
        path.display()
    )]
    OtherWidth {
        /// The file.
        path: PathBuf,
        /// Its columns.
        columns: usize,
    },
    /// The events are in other units.
    #[error("{} has other units ({reason}) {advice}, and write the file again", path.display())]
    OtherUnits {
        /// The file.
        path: PathBuf,
        /// What cannot be, in numbers.
        reason: String,
        /// The conversion.
        advice: &'static str,
    },
    /// A path is not text.
    #[error("{what} {} is not UTF-8 (HDF5 takes no other names) rename it, or choose another {what}", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
        /// What it is given for.
        what: &'static str,
    },
    /// FastJet gave up.
    #[error("cannot find jets in event {event} ({reason}) please report this with the event")]
    NoJets {
        /// Row of the raw file.
        event: u64,
        /// What FastJet says.
        reason: String,
    },
    /// No event of the file can be used.
    #[error("{} has no events to use (dropped: {dropped}) use another file", path.display())]
    NoEvents {
        /// The file.
        path: PathBuf,
        /// Why.
        dropped: Dropped,
    },
    /// What is already there was made from something else, or in another way.
    #[error("{} belongs to something else ({reason}) {advice}", path.display())]
    OtherResult {
        /// The output, or the folder of its parts.
        path: PathBuf,
        /// What differs.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// The raw file is not what it was at the start.
    #[error("{} has changed while it was read (its size or time of change differ) wait until it is whole, delete {} and run the same command again", path.display(), parts.display())]
    Changed {
        /// The raw file.
        path: PathBuf,
        /// The folder of parts.
        parts: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {} ({reason}) free space there, or choose another place, and run the command again: it goes on where it stopped", path.display())]
    CannotWrite {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// A finished part cannot be read back.
    #[error("cannot read {} ({reason}) delete it and run the same command again: only this part is made anew", path.display())]
    BrokenPart {
        /// The part.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// The launcher says something impossible.
    #[error(
        "cannot tell which process of a job this is ({variables}) start it with the site's own mpirun or srun, or unset these variables to run alone"
    )]
    Launcher {
        /// The variables and their values.
        variables: String,
    },
}

impl PrepareError {
    /// The exit code that this error ends the program with.
    pub fn kind(&self) -> Exit {
        match self {
            Self::NoJets { .. } => Exit::Unexpected,
            Self::Locked { .. }
            | Self::UnknownFilter { .. }
            | Self::CannotWrite { .. }
            | Self::BrokenPart { .. }
            | Self::Launcher { .. } => Exit::Environment,
            _ => Exit::BadRequest,
        }
    }

    /// A file that is locked, if that is why it could not be opened: nothing is wrong with what it holds.
    pub(crate) fn locked(path: &Path, error: &hdf5::Error) -> Option<Self> {
        let is_locked = error.to_string().contains("unable to lock file");
        is_locked.then(|| Self::Locked { path: path.to_owned() })
    }

    /// A part of a file that does not make sense.
    pub(crate) fn damaged(path: &Path, part: &str, reason: &dyn Display) -> Self {
        Self::Damaged { path: path.to_owned(), part: part.to_owned(), reason: first_line(reason) }
    }

    /// A file that cannot be written.
    pub(crate) fn cannot_write(path: &Path, reason: &dyn Display) -> Self {
        Self::CannotWrite { path: path.to_owned(), reason: first_line(reason) }
    }
}

/// What a person can use of a reason: HDF5 appends its whole stack of calls, and the time.
pub(crate) fn first_line(reason: &dyn Display) -> String {
    let reason = reason.to_string();
    let line = reason.lines().next().unwrap_or_default();
    line.split(": time =").next().unwrap_or_default().to_owned()
}
