//! What can be wrong with a file of events.

use std::fmt;
use std::path::PathBuf;

use drapes_analysis::error::Exit;
use drapes_analysis::job::Layout;

use super::events::Dropped;
use super::jets::DroppedJets;
use super::recipe::lhco_columns;

/// A file of events that cannot be used.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file is missing or must not be read.
    #[error("cannot read {} ({source}) check the path and its permissions", path.display())]
    CannotRead {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is none that this program knows.
    #[error("{} is no file of events ({reason}) name an HDF5 file, or a CSV file with a header line", path.display())]
    Unrecognised {
        /// The file.
        path: PathBuf,
        /// What speaks against it.
        reason: &'static str,
    },
    /// An HDF5 file ends too early.
    #[error("{} is cut short (it ends after {bytes} bytes, its header says it is longer) copy or download it again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// How long it is.
        bytes: u64,
    },
    /// A part of the file does not make sense.
    #[error("cannot read {part} of {} ({source}) copy or download the file again, or rewrite it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What could not be read.
        part: String,
        /// What the reader says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The values are compressed in a way that this HDF5 library cannot undo.
    #[error(
        "cannot decompress {dataset} of {} (the HDF5 library lacks {filter}) set HDF5_PLUGIN_PATH to the folder of its \
         plugin, or rewrite the file with gzip compression where the filter is known",
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
    /// The file has another layout than the job says.
    #[error("{} {}", path.display(), other_layout(wanted, found))]
    OtherLayout {
        /// The file.
        path: PathBuf,
        /// The layout of the job.
        wanted: Layout,
        /// What the file holds.
        found: Found,
    },
    /// Columns that the job names are not in the file.
    #[error(
        "{} lacks {} (it has {}) {}",
        path.display(),
        list_columns(missing),
        shortened(present),
        remedy(missing, present)
    )]
    MissingColumns {
        /// The file.
        path: PathBuf,
        /// The columns that are not there.
        missing: Vec<String>,
        /// The columns that are there.
        present: Vec<String>,
    },
    /// Columns of one table have different lengths.
    #[error(
        "columns of {} do not belong together ({} has {} rows, {} has {}) use columns of one and the same table",
        path.display(), first.0, first.1, second.0, second.1
    )]
    UnequalColumns {
        /// The file.
        path: PathBuf,
        /// A column and its length.
        first: (String, usize),
        /// A column of another length.
        second: (String, usize),
    },
    /// A column holds something else than numbers.
    #[error("column {column} of {} holds no numbers (found {found}) store it as floats or integers", path.display())]
    NotNumeric {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What it holds.
        found: String,
    },
    /// A column holds nothing but NaN and infinities.
    #[error(
        "column {column} of {} is empty (each of its values is NaN or infinite) write the file again, or leave the \
         column out of the job",
        path.display()
    )]
    NoFiniteValue {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// The column that tells signal from background is not in the file.
    #[error(
        "{} has no column {label} (simulated signal is told from background by it) name the column in `label` of \
         [data], or use a labelled file",
        path.display()
    )]
    NoLabel {
        /// The file.
        path: PathBuf,
        /// The column.
        label: String,
    },
    /// The file lacks the constituents of jets.
    #[error(
        "{} lacks {} in group {group} (there is {}) use a file with constituents, as `drapes-prepare` makes it from raw \
         events",
        path.display(), shortened(missing), shortened_or_nothing(present)
    )]
    MissingJets {
        /// The file.
        path: PathBuf,
        /// The group that should hold them.
        group: String,
        /// The arrays that are not there.
        missing: Vec<String>,
        /// What is there.
        present: Vec<String>,
    },
    /// Jets have lost constituents for want of room.
    #[error(
        "{dataset} of {} has room for {slots} constituents, and {events} events have a jet that fills it (the models know \
         jets that keep up to 128) make the file anew from raw events with `drapes-prepare`",
        path.display()
    )]
    CutShort {
        /// The file.
        path: PathBuf,
        /// The array.
        dataset: String,
        /// Constituents that it has room for.
        slots: usize,
        /// Events with such a jet.
        events: usize,
    },
    /// An array has other axes than it should.
    #[error(
        "{dataset} of {} has the shape {found:?} ({wanted} is expected) use a file as `drapes-prepare` makes it from raw \
         events",
        path.display()
    )]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// The array.
        dataset: String,
        /// Its shape.
        found: Vec<usize>,
        /// What it should be.
        wanted: &'static str,
    },
    /// No event has jets that can be used.
    #[error("{} has no jets to use (of the events asked for, left out: {dropped}) use another file", path.display())]
    NoJets {
        /// The file.
        path: PathBuf,
        /// The events that were left out.
        dropped: DroppedJets,
    },
    /// No event of the file can be used.
    #[error("{} has no events to use ({}) use another file", path.display(), why_none(*dropped))]
    NoEvents {
        /// The file.
        path: PathBuf,
        /// The rows that were dropped.
        dropped: Dropped,
    },
}

impl DataError {
    /// The exit code that this error ends the program with.
    pub fn kind(&self) -> Exit {
        match self {
            Self::UnknownFilter { .. } => Exit::Environment,
            _ => Exit::BadRequest,
        }
    }
}

/// The registered number of an HDF5 filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterId(pub i32);

impl FilterId {
    /// What the filter is called, if it is one that files of this field use.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "gzip",
            2 => "shuffle",
            3 => "Fletcher-32",
            4 => "SZIP",
            5 => "N-bit",
            6 => "scale-offset",
            307 => "bzip2",
            32000 => "LZF",
            32001 => "Blosc",
            32004 => "LZ4",
            32008 => "bitshuffle",
            32013 => "ZFP",
            32015 => "Zstandard",
            32026 => "Blosc2",
            _ => return None,
        })
    }
}

impl fmt::Display for FilterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "filter {}, {name}", self.0),
            None => write!(f, "filter {}", self.0),
        }
    }
}

/// What an HDF5 file holds instead of the layout that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Particles of the raw LHC Olympics layout.
    RawParticles,
    /// A pandas frame whose column names only Python can read.
    PickledNames,
    /// A pandas frame under this key, in the layout that rows can be appended to.
    AppendableFrame(String),
    /// Pandas frames under these keys.
    Frames(Vec<String>),
    /// Groups of these names, without a frame among them.
    Groups(Vec<String>),
}

fn other_layout(wanted: &Layout, found: &Found) -> String {
    let problem = match wanted {
        Layout::LhcoFeatures => "holds no LHC Olympics features".to_owned(),
        Layout::Table { group } => format!("holds no table in group {group}"),
    };
    let (reason, remedy) = match found {
        Found::RawParticles => (
            "it holds the particles of raw events".to_owned(),
            "use the features file of the same events, or make one with `drapes-prepare`".to_owned(),
        ),
        Found::PickledNames => (
            "its column names are pickled Python objects".to_owned(),
            "write it again with text as column names".to_owned(),
        ),
        Found::AppendableFrame(key) => (
            format!("the pandas frame {key} is in table format"),
            "write it again with format=\"fixed\", or as CSV".to_owned(),
        ),
        Found::Frames(keys) if keys.len() == 1 => (
            format!("it is a pandas frame with key {}", keys[0]),
            format!("set layout = \"lhco_features\", or group = \"{}\", in [data]", keys[0]),
        ),
        Found::Frames(keys) => (
            format!("its pandas frames: {}", keys.join(", ")),
            "keep the events in one frame with key df".to_owned(),
        ),
        Found::Groups(names) if names.is_empty() => {
            ("it holds no groups".to_owned(), "use another file, or group = \"/\" in [data]".to_owned())
        }
        Found::Groups(names) => (
            format!("its groups: {}", names.join(", ")),
            format!("set layout = \"table\" and group = \"{}\" in [data]", names[0]),
        ),
    };
    format!("{problem} ({reason}) {remedy}")
}

fn why_none(dropped: Dropped) -> String {
    if dropped.total() == 0 { "it has no rows".to_owned() } else { format!("dropped: {dropped}") }
}

fn list_columns(missing: &[String]) -> String {
    let word = if missing.len() == 1 { "column" } else { "columns" };
    format!("{word} {}", shortened(missing))
}

/// The first names of a list that may be thousands of names long.
fn shortened(names: &[String]) -> String {
    let most = 20;
    match names.len() {
        0 => "no columns".to_owned(),
        count if count > most => format!("{} and {} more", names[..most].join(", "), count - most),
        _ => names.join(", "),
    }
}

fn shortened_or_nothing(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { shortened(names) }
}

fn remedy(missing: &[String], present: &[String]) -> String {
    // The names of this layout are so alike that each resembles the others.
    if missing.iter().all(|name| lhco_columns().contains(name)) {
        return "use a features file as published, or set layout = \"table\" in [data] and name the columns"
            .to_owned();
    }
    let likely: Vec<String> = missing
        .iter()
        .filter_map(|name| {
            let similarity = |other: &str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
            let best = present.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
            (similarity(best) > 0.8).then(|| format!("{best} for {name}"))
        })
        .collect();
    if likely.is_empty() {
        "name the columns in [data] of the job as the file does".to_owned()
    } else {
        format!("did you mean {}?", likely.join(", "))
    }
}
