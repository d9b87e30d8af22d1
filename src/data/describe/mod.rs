//! What a file of events holds, for a user who has just got it.

mod columns;
mod histogram;
mod measure;
mod page;
mod recognise;

use std::path::{Path, PathBuf};

use drapes_analysis::job::regions::Regions;
use serde::Serialize;

use super::dropped::Dropped;
use super::error::DataError;

pub use histogram::{Histogram, MassBin};

/// A file of events in numbers; its `Display` is a page of text 100 characters wide.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it was recognised as.
    pub layout: FileLayout,
    /// How a text is written: separator, decimals, comments, compression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The regions that events are counted in.
    pub regions: Regions,
    /// The arrays of an HDF5 file that hold events.
    pub datasets: Vec<StoredDataset>,
    /// The events, table by table.
    pub tables: Vec<EventTable>,
}

/// The layout that a file was recognised to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileLayout {
    /// Two jets' momenta, masses and N-subjettiness, as published.
    LhcoFeatures,
    /// 700 particles an event, as published.
    LhcoRaw,
    /// Another pandas frame.
    PandasFrame,
    /// HDF5 groups with the constituents of jets.
    Constituents,
    /// HDF5 groups of one-dimensional arrays.
    Groups,
    /// HDF5 datasets of records, whose fields are the columns.
    Records,
    /// Text with a header line.
    Csv,
    /// HDF5 without a table.
    OtherHdf5,
}

/// An array of an HDF5 file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredDataset {
    /// Its full name in the file.
    pub name: String,
    /// Its extent along each axis.
    pub shape: Vec<usize>,
    /// The type of its values.
    pub dtype: String,
    /// The filters of its chunks in the order of writing.
    pub filters: Vec<String>,
    /// The shape of a chunk, for chunked arrays.
    pub chunk: Option<Vec<usize>>,
}

/// Events by kind; without labels all are background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Background events.
    pub background: usize,
    /// Simulated signal events.
    pub signal: usize,
}

impl Counts {
    /// Events of both kinds.
    pub fn all(&self) -> usize {
        self.background + self.signal
    }

    fn add(&mut self, is_signal: bool) {
        if is_signal {
            self.signal += 1;
        } else {
            self.background += 1;
        }
    }
}

/// Rows of events with common columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventTable {
    /// The group or key in the file; empty for a file that is one table.
    pub name: String,
    /// The column that tells signal from background, if one was found.
    pub label: Option<String>,
    /// The resonant variable, if one was found.
    pub resonant: Option<String>,
    /// All events that are not dropped.
    pub events: Counts,
    /// Events of the signal region.
    pub signal_region: Counts,
    /// Events of the side-bands, without the signal region.
    pub side_bands: Counts,
    /// Rows that are no events.
    pub dropped: Dropped,
    /// Events that equal one before them in all that tells events apart, their label left aside.
    pub repeated: usize,
    /// The columns of the file.
    pub columns: Vec<ColumnSummary>,
    /// The high-level variables that follow from them.
    pub variables: Vec<ColumnSummary>,
    /// What is to be said of columns as features.
    pub notes: Vec<String>,
    /// The spectrum of the resonant variable.
    pub histogram: Option<Histogram>,
    /// What a user should know about the columns before a search.
    pub remarks: Vec<String>,
}

/// The finite values of a column in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// The column.
    pub name: String,
    /// Its unit; empty for pure numbers and where it is not known.
    pub unit: String,
    /// Smallest value; NaN if there is none.
    pub min: f64,
    /// Mean value; NaN if there is none.
    pub mean: f64,
    /// Largest value; NaN if there is none.
    pub max: f64,
    /// Values that are NaN or infinite.
    pub not_finite: usize,
    /// Values that stand for a missing one.
    pub missing: usize,
}

/// Describes a file, whatever its layout.
///
/// # Units
/// GeV where units are known.
///
/// # Errors
/// The file is missing, damaged, compressed by an unknown filter, or neither HDF5 nor CSV.
pub fn describe(path: &Path, regions: &Regions) -> Result<Description, DataError> {
    describe_without(path, regions, &[])
}

/// As [`describe`], where these numbers stand for a missing value.
///
/// # Errors
/// As [`describe`].
pub fn describe_without(path: &Path, regions: &Regions, missing: &[f64]) -> Result<Description, DataError> {
    let metadata =
        std::fs::metadata(path).map_err(|source| DataError::CannotRead { path: path.to_owned(), source })?;
    let contents = recognise::contents(path)?;
    let tables = contents.tables.iter().map(|table| measure::event_table(path, table, regions, missing));
    Ok(Description {
        path: path.to_owned(),
        bytes: metadata.len(),
        layout: contents.layout,
        form: contents.form,
        regions: *regions,
        tables: tables.collect::<Result<_, _>>()?,
        datasets: contents.datasets,
    })
}
