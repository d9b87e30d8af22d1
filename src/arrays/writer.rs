//! Writes a file of arrays, which gets its name only when it is whole.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use drapes_analysis::store::accounting::Heading;
use drapes_analysis::store::part_of;
use hdf5::H5Type;
use ndarray::{ArrayView1, ArrayView2};

use super::columns::{self, Column};
use super::{cannot_write, layout};
use crate::error::Error;

/// A file of arrays that is being written.
pub struct ArrayWriter {
    target: PathBuf,
    part: PathBuf,
    /// What stands before the arrays, if anything does.
    heading: Option<Heading>,
    /// None once it is finished.
    file: Option<hdf5::File>,
}

impl ArrayWriter {
    /// Begins a file that will be called `target`.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(target: &Path) -> Result<Self, Error> {
        let writer = Self::headed(target, None)?;
        columns::number(writer.file()?).map_err(|error| cannot_write(target, &error))?;
        Ok(writer)
    }

    /// Begins a file with a heading, which whoever knows no HDF5 can read.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn headed(target: &Path, heading: Option<Heading>) -> Result<Self, Error> {
        let part = part_of(target);
        let free = if heading.is_some() { Heading::BYTES as u64 } else { 0 };
        let file = layout::options().with_fcpl(|creation| creation.userblock(free)).create(&part);
        let file = file.map_err(|error| {
            let refused = cannot_write(target, &error);
            // On a full disk there is a name already, and nothing behind it.
            let _ = fs::remove_file(&part);
            refused
        })?;
        Ok(Self { target: target.to_owned(), part, heading, file: Some(file) })
    }

    /// Adds a table.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn table<T: H5Type>(&self, name: &str, values: ArrayView2<'_, T>) -> Result<(), Error> {
        layout::add(self.file()?, name, values).map_err(|error| cannot_write(&self.target, &error))
    }

    /// Adds a list.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn list<T: H5Type>(&self, name: &str, values: ArrayView1<'_, T>) -> Result<(), Error> {
        layout::add(self.file()?, name, values).map_err(|error| cannot_write(&self.target, &error))
    }

    /// Begins a table of single precision that is written row by row.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn begin_table(&self, name: &str, shape: (usize, usize)) -> Result<(), Error> {
        layout::begin::<f32>(self.file()?, name, shape).map_err(|error| cannot_write(&self.target, &error))
    }

    /// Writes rows of a begun table.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn rows(&self, name: &str, first: usize, rows: ArrayView2<'_, f32>) -> Result<(), Error> {
        let end = first + rows.nrows();
        let result =
            self.file()?.dataset(name).and_then(|table| table.write_slice(rows, ndarray::s![first..end, ..]));
        result.map_err(|error| cannot_write(&self.target, &error))
    }

    /// Says what the columns of an array are, for other programs. In a list of rows one behind the other, they are those of
    /// a row; one column for many says that all are of a kind.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn describe(&self, name: &str, columns: &[Column<'_>]) -> Result<(), Error> {
        let result = self.file()?.dataset(name).and_then(|array| columns::describe(&array, columns));
        result.map_err(|error| cannot_write(&self.target, &error))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// The file cannot be completed.
    pub fn finish(mut self) -> Result<(), Error> {
        let failed = |error: &dyn std::fmt::Display| cannot_write(&self.target, error);
        if let Some(file) = self.file.take() {
            file.flush().map_err(|error| failed(&error))?;
            file.close().map_err(|error| failed(&error))?;
        }
        let rename = || {
            let mut file = fs::File::options().write(true).open(&self.part)?;
            if let Some(heading) = &self.heading {
                // HDF5 keeps away from these bytes, and has closed the file.
                file.write_all(&heading.to_bytes())?;
            }
            file.sync_all().and_then(|()| fs::rename(&self.part, &self.target))
        };
        rename().map_err(|error| failed(&error))
    }

    fn file(&self) -> Result<&hdf5::File, Error> {
        self.file.as_ref().ok_or_else(|| cannot_write(&self.target, &"it is finished"))
    }
}

impl Drop for ArrayWriter {
    /// A file that was not finished is removed: the task fails, or is stopped, for a reason of its own.
    fn drop(&mut self) {
        drop(self.file.take());
        let _ = fs::remove_file(&self.part);
    }
}
