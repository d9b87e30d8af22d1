//! Files as named columns of numbers, read a batch of rows at a time.

mod batch;
mod csv_file;
mod dataset;
mod frame;
mod group;
mod hdf5_file;
mod kind;
mod text;

use std::path::Path;

use drapes_analysis::job::Layout;

pub(super) use batch::{Batch, row_ranges};
pub(super) use csv_file::CsvFile;
pub(super) use dataset::Dataset;
pub(super) use frame::{Frame, RAW_VALUES};
pub(super) use group::Group;
pub(super) use hdf5_file::{Hdf5File, Node};
pub(super) use kind::{Kind, kind};

use super::error::{DataError, Found};

/// Rows of named numbers.
pub(super) trait Columns {
    /// The names of all columns.
    fn names(&self) -> &[String];

    /// Number of rows, where it is known before reading.
    fn rows(&self) -> Option<usize>;

    /// Whether a column holds numbers, as far as can be told without reading it all.
    fn is_numeric(&self, column: usize) -> bool;

    /// Hands over the wanted columns, in this order, batch after batch.
    fn read(&self, wanted: &[usize], each: &mut dyn FnMut(&Batch)) -> Result<(), DataError>;
}

/// The columns of a file that is laid out as the job says.
///
/// The text of a CSV file names its columns, so that it serves either layout.
pub(super) fn open(path: &Path, layout: &Layout) -> Result<Box<dyn Columns>, DataError> {
    match kind(path)? {
        Kind::Csv => Ok(Box::new(CsvFile::open(path)?)),
        Kind::Hdf5 => open_hdf5(path, layout),
    }
}

fn open_hdf5(path: &Path, layout: &Layout) -> Result<Box<dyn Columns>, DataError> {
    let file = Hdf5File::open(path)?;
    let other = |found| Err(DataError::OtherLayout { path: path.to_owned(), wanted: layout.clone(), found });
    let key = match layout {
        Layout::LhcoFeatures => file.frame_key()?,
        Layout::Table { group } => file.has_group(group).then(|| group.clone()),
    };
    let Some(key) = key else {
        return other(found(&file)?);
    };
    if file.is_appendable_frame(&key) {
        return other(Found::AppendableFrame(key));
    }
    if !file.is_frame(&key) {
        return Ok(Box::new(Group::open(&file, &key)?));
    }
    let frame = Frame::open(&file, &key)?;
    if frame.has_pickled_names() {
        other(Found::PickledNames)
    } else if frame.holds_raw_particles() {
        other(Found::RawParticles)
    } else {
        Ok(Box::new(frame))
    }
}

fn found(file: &Hdf5File) -> Result<Found, DataError> {
    let frames = file.frame_keys()?;
    let groups = file.group_names()?;
    Ok(match groups.iter().find(|name| file.is_appendable_frame(name)) {
        _ if !frames.is_empty() => Found::Frames(frames),
        Some(key) => Found::AppendableFrame(key.clone()),
        None => Found::Groups(groups),
    })
}

/// Where a column is.
pub(super) fn position(columns: &dyn Columns, name: &str) -> Option<usize> {
    columns.names().iter().position(|column| column == name)
}

/// Where all of these columns are.
pub(super) fn positions(
    path: &Path,
    columns: &dyn Columns,
    names: &[String],
) -> Result<Vec<usize>, DataError> {
    let missing: Vec<String> =
        names.iter().filter(|name| position(columns, name).is_none()).cloned().collect();
    if missing.is_empty() {
        Ok(names.iter().filter_map(|name| position(columns, name)).collect())
    } else {
        Err(DataError::MissingColumns { path: path.to_owned(), missing, present: columns.names().to_vec() })
    }
}
