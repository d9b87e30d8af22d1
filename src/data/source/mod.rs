//! Files as named columns of numbers, read a batch of rows at a time.

mod batch;
mod csv_file;
mod dataset;
mod dialect;
mod foreign;
mod frame;
mod group;
mod hdf5_file;
mod kind;
mod records;
mod text;
mod trouble;

use std::path::Path;

use drapes_analysis::job::Layout;

pub(super) use batch::{Batch, row_ranges};
pub(super) use csv_file::CsvFile;
pub(super) use dataset::Dataset;
pub(super) use frame::{Frame, RAW_VALUES};
pub(super) use group::Group;
pub(super) use hdf5_file::{Hdf5File, Node};
pub(super) use kind::{Kind, kind};
pub(super) use records::Records;

use super::error::DataError;
use super::wording::Found;

/// Rows of named numbers.
pub(super) trait Columns {
    /// The names of all columns.
    fn names(&self) -> &[String];

    /// Number of rows, where it is known before reading.
    fn rows(&self) -> Option<usize>;

    /// Whether a column holds numbers, as far as can be told without reading it all.
    fn is_numeric(&self, column: usize) -> bool;

    /// How the file is written, in words, where that had to be guessed and is not the usual way.
    fn unusual_form(&self) -> Option<String> {
        None
    }

    /// Why the object of this name cannot be read as a column; none where it can, or where there is none.
    fn objection(&self, _name: &str) -> Option<DataError> {
        None
    }

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
        Layout::Table { group } => {
            if let Some(records) = file.records(group)? {
                return Ok(Box::new(records));
            }
            file.has_group(group).then(|| group.clone())
        }
    };
    let Some(key) = key else {
        return match layout {
            Layout::Table { group } if file.is_array(group) => {
                other(Found::Array(file.dataset(group)?.shape().to_vec()))
            }
            _ => other(found(&file)?),
        };
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
    let records = file.record_names()?;
    Ok(match groups.iter().find(|name| file.is_appendable_frame(name)) {
        _ if !frames.is_empty() => Found::Frames(frames),
        Some(key) => Found::AppendableFrame(key.clone()),
        None if !records.is_empty() => Found::Records(records),
        None => Found::Groups(groups),
    })
}

/// The position of a column.
pub(super) fn position(columns: &dyn Columns, name: &str) -> Option<usize> {
    columns.names().iter().position(|column| column == name)
}

/// Where a column is whose name no other has; nothing if there is none.
pub(super) fn only_position(
    path: &Path,
    columns: &dyn Columns,
    name: &str,
) -> Result<Option<usize>, DataError> {
    let names = columns.names().iter().enumerate();
    let places: Vec<usize> = names.filter(|(_, column)| *column == name).map(|(place, _)| place).collect();
    match places[..] {
        [] => columns.objection(name).map_or(Ok(None), Err),
        [place] => Ok(Some(place)),
        _ => Err(DataError::DuplicateColumn { path: path.to_owned(), column: name.to_owned(), places }),
    }
}

/// Where all of these columns are.
pub(super) fn positions(
    path: &Path,
    columns: &dyn Columns,
    names: &[String],
) -> Result<Vec<usize>, DataError> {
    let places: Vec<Option<usize>> =
        names.iter().map(|name| only_position(path, columns, name)).collect::<Result<_, _>>()?;
    let missing: Vec<String> = names
        .iter()
        .zip(&places)
        .filter(|(_, place)| place.is_none())
        .map(|(name, _)| name.clone())
        .collect();
    if missing.is_empty() {
        Ok(places.into_iter().flatten().collect())
    } else {
        Err(DataError::MissingColumns {
            path: path.to_owned(),
            missing,
            present: columns.names().to_vec(),
            users: String::new(),
        })
    }
}
