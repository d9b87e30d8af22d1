//! Reading the arrays of a finished task.

use std::path::{Path, PathBuf};

use hdf5::H5Type;
use ndarray::{Array1, Array2, s};

use super::cannot_read;
use crate::error::Error;

/// The arrays of a finished task: those of a file, or of a group of it.
pub struct ArrayReader {
    pub(super) path: PathBuf,
    pub(super) group: hdf5::Group,
}

impl ArrayReader {
    /// Opens a file.
    ///
    /// # Errors
    /// It is absent or torn.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let group = hdf5::File::open(path).and_then(|file| file.group("/"));
        let group = group.map_err(|error| cannot_read(path, &error))?;
        Ok(Self { path: path.to_owned(), group })
    }

    /// Looks at the last value of every array: whether they are all there, without reading them.
    ///
    /// # Errors
    /// One is not.
    pub fn check(&self) -> Result<(), Error> {
        let look = || -> hdf5::Result<()> {
            for array in self.group.datasets()? {
                let (shape, kind) = (array.shape(), array.dtype()?);
                let is_empty = array.size() == 0;
                match shape[..] {
                    _ if is_empty => {}
                    [rows] if kind.is::<f64>() => drop(array.read_slice_1d::<f64, _>(s![rows - 1..])?),
                    [rows] if kind.is::<f32>() => drop(array.read_slice_1d::<f32, _>(s![rows - 1..])?),
                    [rows, _] if kind.is::<f64>() => drop(array.read_slice_2d::<f64, _>(s![rows - 1.., ..])?),
                    [rows, _] if kind.is::<f32>() => drop(array.read_slice_2d::<f32, _>(s![rows - 1.., ..])?),
                    // Of other kinds it is enough that they are there.
                    _ => {}
                }
            }
            Ok(())
        };
        look().map_err(|error| cannot_read(&self.path, &error))
    }

    /// A whole table.
    ///
    /// # Errors
    /// It is absent or of another type.
    pub fn table<T: H5Type>(&self, name: &str) -> Result<Array2<T>, Error> {
        let values = self.group.dataset(name).and_then(|dataset| dataset.read_2d());
        values.map_err(|error| cannot_read(&self.path, &error))
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
        values.map_err(|error| cannot_read(&self.path, &error))
    }

    /// The name again, if there is an array of this name.
    pub fn has(&self, name: &str) -> Option<String> {
        self.group.link_exists(name).then(|| name.to_owned())
    }

    /// Rows of a table.
    ///
    /// # Errors
    /// It is absent.
    pub fn rows_of(&self, name: &str) -> Result<usize, Error> {
        let rows = self.group.dataset(name).map(|dataset| dataset.shape().first().copied().unwrap_or(0));
        rows.map_err(|error| cannot_read(&self.path, &error))
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
        values.map_err(|error| cannot_read(&self.path, &error))
    }

    /// A whole list.
    ///
    /// # Errors
    /// It is absent or of another type.
    pub fn list<T: H5Type>(&self, name: &str) -> Result<Array1<T>, Error> {
        let values = self.group.dataset(name).and_then(|dataset| dataset.read_1d());
        values.map_err(|error| cannot_read(&self.path, &error))
    }

    /// The error of a list that is there and cannot be understood.
    pub fn torn(&self, reason: &dyn std::fmt::Display) -> Error {
        cannot_read(&self.path, reason)
    }
}
