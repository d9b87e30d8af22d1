//! What can be wrong with a file of events.

use std::path::PathBuf;

use drapes_analysis::error::Exit;
use drapes_analysis::job::Layout;
use drapes_analysis::text::FilterId;

use super::dropped::{Dropped, DroppedJets};
use super::labels::LabelValues;
use super::wording::{
    Found, list_columns, other_events, other_layout, printable, remedy, shortened, shortened_or_nothing,
    why_none,
};

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
    /// The path leads to something else than a file.
    #[error("{} is {what} (a file of events is read more than once, and from any place) {remedy}", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
        /// What it leads to.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The file is known to be something else than a table.
    #[error("{} is {what} (drapes reads HDF5, and CSV with a header line) {remedy}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// What to do.
        remedy: String,
    },
    /// The HDF5 library is told to leave the file alone.
    #[error("{} is busy ({}) {}", path.display(), lock.reason(), lock.remedy(path))]
    Busy {
        /// The file.
        path: PathBuf,
        /// Who tells it so.
        lock: Lock,
    },
    /// The file was written for a later HDF5 library.
    #[error(
        "cannot read {part} of {0} (it is newer than the HDF5 library here, {library}: {reason}; its superblock has version \
         {superblock}) rewrite it with the Python that made it: {1}",
        path.display(), older_copy(path)
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// What could not be read.
        part: String,
        /// The version of the file's superblock.
        superblock: u8,
        /// The version of the library.
        library: String,
        /// What the library says.
        reason: String,
    },
    /// Values of a virtual dataset lie elsewhere, and cannot be had.
    #[error(
        "{} of {} is a virtual dataset without its values ({reason}) put its source files where they were when it was \
         made, beside this file as a rule, or name their folder in HDF5_VDS_PREFIX",
        printable(dataset), path.display()
    )]
    VirtualSource {
        /// The file.
        path: PathBuf,
        /// The virtual dataset.
        dataset: String,
        /// What is missing.
        reason: String,
    },
    /// The file has something of this name which is no column.
    #[error("{} of {} is no column ({reason}) {remedy}", printable(column), path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// Its name in the file.
        column: String,
        /// What it is.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// Several columns have the name of one that the job uses.
    #[error(
        "{} has {} columns called {} (they are columns {}, and it is not clear which is meant) rename all but one",
        path.display(), places.len(), printable(column), one_based(places)
    )]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// Their name.
        column: String,
        /// Where they are, from zero.
        places: Vec<usize>,
    },
    /// A quote in a text has no end.
    #[error("cannot read line {line} of {} (a quote that opens there is not closed in the line) close or remove it", path.display())]
    OpenQuote {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// The column that should tell signal from background holds other values.
    #[error(
        "column {} of {} tells no signal from background (it holds {found}; only 0 and 1, or -1 and 1, are understood) write \
         1 for simulated signal and 0 for all else, or name another column in `label` of [data]",
        printable(label), path.display()
    )]
    OtherLabels {
        /// The file.
        path: PathBuf,
        /// The column.
        label: String,
        /// What it holds.
        found: LabelValues,
    },
    /// There is no background.
    #[error(
        "all {events} events of {} are signal (column {} is 1 in each) add background, with label 0, or name another column \
         in `label` of [data]",
        path.display(), printable(label)
    )]
    AllSignal {
        /// The file.
        path: PathBuf,
        /// The column of labels.
        label: String,
        /// How many events there are.
        events: usize,
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
        "cannot decompress {} of {} (the HDF5 library lacks {filter}) set HDF5_PLUGIN_PATH to the folder of its \
         plugin, or rewrite the file with gzip compression where the filter is known",
        printable(dataset), path.display()
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
        "{} lacks {} (it has {}{users}) {}",
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
        /// Which formulae need them, in words behind a semicolon.
        users: String,
    },
    /// Weights by which no events can be drawn.
    #[error(
        "{negative} of {events} events ({:.1}%) have negative weights {} in {} (events are drawn with a probability of their \
         weight, which must not be negative) leave them out by `select`, or use a sample without",
        100.0 * *negative as f64 / *events as f64, printable(column), path.display()
    )]
    NegativeWeights {
        /// The file.
        path: PathBuf,
        /// The column of weights.
        column: String,
        /// How many are negative.
        negative: usize,
        /// How many events there are.
        events: usize,
    },
    /// Weights that are all zero.
    #[error("all weights {} are zero in {} (none of its events would be drawn) name another column in `weight`", printable(column), path.display())]
    NoWeight {
        /// The file.
        path: PathBuf,
        /// The column of weights.
        column: String,
    },
    /// The file has a column that the job defines by a formula.
    #[error(
        "{} has a column {}, and [data.columns] defines one (it is not clear which is meant) give that of [data.columns] another \
         name",
        path.display(), printable(column)
    )]
    DefinedTwice {
        /// The file.
        path: PathBuf,
        /// The name of both.
        column: String,
    },
    /// A formula leaves no event.
    #[error(
        "{} has no events to use (the formula of {} has no value in {rows} rows, as where one divides by zero or takes the root of a \
         negative number; all that is left out: {dropped}) correct the formula",
        path.display(), printable(formula)
    )]
    NothingComputed {
        /// The file.
        path: PathBuf,
        /// The column, or `select`.
        formula: String,
        /// Rows in which it has no value.
        rows: usize,
        /// All rows that were dropped.
        dropped: Dropped,
    },
    /// Columns of one table have different lengths.
    #[error(
        "columns of {} do not belong together ({} has {} rows, {} has {}) use columns of one and the same table",
        path.display(), printable(&first.0), first.1, printable(&second.0), second.1
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
    #[error("column {} of {} holds no numbers (found {found}) store it as floats or integers", printable(column), path.display())]
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
        "column {} of {} is empty (each of its values is NaN or infinite) write the file again, or leave the \
         column out of the job",
        printable(column), path.display()
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
    #[error("{} has no events to use ({}) {}", path.display(), why_none(*dropped), other_events(*dropped))]
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

/// Which program has locked a file for HDF5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Another program, which may be writing.
    Held,
    /// A mark in the file that its writer leaves until it has closed it.
    Marked,
    /// The file system, which knows no locks.
    NotSupported,
}

impl Lock {
    fn reason(self) -> &'static str {
        match self {
            Self::Held => "another program holds it open for writing",
            Self::Marked => "its writer has not closed it, or was killed",
            Self::NotSupported => "the HDF5 library locks what it reads, and this file system cannot",
        }
    }

    fn remedy(self, path: &std::path::Path) -> String {
        match self {
            Self::Held => {
                "close it there, in a notebook by file.close() or a restart of the kernel, and start again"
                    .to_owned()
            }
            Self::Marked => format!(
                "close it there and start again, or, if nobody writes to it, remove the mark: h5clear -s {}",
                path.display()
            ),
            Self::NotSupported => {
                "set HDF5_USE_FILE_LOCKING=FALSE if nobody writes to it, and start again".to_owned()
            }
        }
    }
}

/// A command that writes all arrays again, in the format that every library reads.
///
/// `h5repack` alone would copy the parts that are too new as they are.
fn older_copy(path: &std::path::Path) -> String {
    let name = path.display();
    format!(
        "python -c \"import h5py; a = h5py.File('{name}'); b = h5py.File('older.h5', 'w'); a.visititems(lambda n, d: \
         b.__setitem__(n, d[()]) if hasattr(d, 'shape') else None)\""
    )
}

fn one_based(places: &[usize]) -> String {
    let places: Vec<String> = places.iter().take(8).map(|place| (place + 1).to_string()).collect();
    places.join(" and ")
}
