//! Reading the arrays of a finished task.

use std::path::{Path, PathBuf};

use hdf5::H5Type;
use hdf5::types::TypeDescriptor;
use ndarray::{Array1, Array2, s};

use super::cannot_read;
use crate::error::Error;

/// Values that are looked at at once.
const VALUES: usize = 1 << 18;

/// The arrays of a finished task: those of a file, or of a group of it.
pub struct ArrayReader {
    /// Where they lie, for messages: a file, or a group behind the name of its file.
    pub(super) path: PathBuf,
    /// The file.
    pub(super) file: PathBuf,
    pub(super) group: hdf5::Group,
}

impl ArrayReader {
    /// Opens a file.
    ///
    /// # Errors
    /// It is absent or torn.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let group = hdf5::File::open(path).and_then(|file| file.group("/"));
        let group = group.map_err(|error| cannot_read(path, path, &error))?;
        Ok(Self { path: path.to_owned(), file: path.to_owned(), group })
    }

    /// Reads every array once, so that each checksum is looked at; slow, for arrays that are suspected of something.
    ///
    /// # Errors
    /// One is not there, not whole, or not what was written.
    pub fn check(&self) -> Result<(), Error> {
        let look = || -> hdf5::Result<()> {
            for array in self.group.datasets()? {
                let shape = array.shape();
                let rows = shape.first().copied().unwrap_or(0);
                // Numbers of every kind become double precision. Of what is no number it is enough that it is there.
                let is_number = matches!(
                    array.dtype()?.to_descriptor(),
                    Ok(TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_) | TypeDescriptor::Float(_))
                );
                let step = (VALUES / shape.iter().skip(1).product::<usize>().max(1)).max(1);
                for first in (0..rows).step_by(step).filter(|_| is_number && array.size() > 0) {
                    let last = rows.min(first + step);
                    match shape.len() {
                        1 => drop(array.read_slice_1d::<f64, _>(s![first..last])?),
                        2 => drop(array.read_slice_2d::<f64, _>(s![first..last, ..])?),
                        _ => {}
                    }
                }
            }
            Ok(())
        };
        look().map_err(|error| self.cannot_read(&error))
    }

    /// A whole table.
    ///
    /// # Errors
    /// It is absent or of another type.
    pub fn table<T: H5Type>(&self, name: &str) -> Result<Array2<T>, Error> {
        let values = self.group.dataset(name).and_then(|dataset| dataset.read_2d());
        values.map_err(|error| self.cannot_read(&error))
    }

    /// A column of a table.
    ///
    /// # Errors
    /// It is absent or of another type.
    pub fn column<T: H5Type>(&self, name: &str, column: usize) -> Result<Vec<T>, Error> {
        let values =
            self.group.dataset(name).and_then(|dataset| dataset.read_slice_1d(ndarray::s![.., column]));
        // Read into memory of its own, which begins at the first value.
        let values = values.map(|values: Array1<T>| values.into_raw_vec_and_offset().0);
        values.map_err(|error| self.cannot_read(&error))
    }

    /// The name, where the file has an array of that name; none otherwise.
    pub fn has(&self, name: &str) -> Option<String> {
        self.group.link_exists(name).then(|| name.to_owned())
    }

    /// Rows of a table.
    ///
    /// # Errors
    /// It is absent.
    pub fn rows_of(&self, name: &str) -> Result<usize, Error> {
        let rows = self.group.dataset(name).map(|dataset| dataset.shape().first().copied().unwrap_or(0));
        rows.map_err(|error| self.cannot_read(&error))
    }

    /// The first rows of a table, or all if there are fewer.
    ///
    /// # Errors
    /// It is absent or of another type.
    pub fn first_rows<T: H5Type>(&self, name: &str, rows: usize) -> Result<Array2<T>, Error> {
        let values = self.group.dataset(name).and_then(|dataset| {
            let rows = rows.min(dataset.shape().first().copied().unwrap_or(0));
            dataset.read_slice_2d(ndarray::s![..rows, ..])
        });
        values.map_err(|error| self.cannot_read(&error))
    }

    /// A whole list.
    ///
    /// # Errors
    /// It is absent or of another type.
    pub fn list<T: H5Type>(&self, name: &str) -> Result<Array1<T>, Error> {
        let values = self.group.dataset(name).and_then(|dataset| dataset.read_1d());
        values.map_err(|error| self.cannot_read(&error))
    }

    fn cannot_read(&self, error: &dyn std::fmt::Display) -> Error {
        cannot_read(&self.path, &self.file, error)
    }

    /// The error of a list that is there and cannot be understood.
    pub fn torn(&self, reason: &dyn std::fmt::Display) -> Error {
        self.cannot_read(reason)
    }
}
