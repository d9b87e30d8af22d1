//! The arrays of a task on disk.
//!
//! Written beside their final name, waited for, and renamed: a file that is there is whole. The record of the
//! task follows only after that.

mod folded;

use std::fs;
use std::path::{Path, PathBuf};

use hdf5::H5Type;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::error::Error;

pub use folded::fold;

/// A file of arrays that is being written.
pub struct ArrayWriter {
    target: PathBuf,
    part: PathBuf,
    file: hdf5::File,
}

impl ArrayWriter {
    /// Begins a file that will be called `target`.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(target: &Path) -> Result<Self, Error> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = target.with_file_name(name);
        let file = hdf5::File::create(&part).map_err(|error| cannot_write(target, &error))?;
        Ok(Self { target: target.to_owned(), part, file })
    }

    /// Adds a table.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn table<T: H5Type>(&self, name: &str, values: ArrayView2<'_, T>) -> Result<(), Error> {
        let result = self.file.new_dataset_builder().with_data(values).create(name);
        result.map(|_| ()).map_err(|error| cannot_write(&self.target, &error))
    }

    /// Adds a list.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn list<T: H5Type>(&self, name: &str, values: ArrayView1<'_, T>) -> Result<(), Error> {
        let result = self.file.new_dataset_builder().with_data(values).create(name);
        result.map(|_| ()).map_err(|error| cannot_write(&self.target, &error))
    }

    /// Begins a table of single precision that is written row by row.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn begin_table(&self, name: &str, shape: (usize, usize)) -> Result<(), Error> {
        let result = self.file.new_dataset::<f32>().shape(shape).create(name);
        result.map(|_| ()).map_err(|error| cannot_write(&self.target, &error))
    }

    /// Writes rows of a begun table.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn rows(&self, name: &str, first: usize, rows: ArrayView2<'_, f32>) -> Result<(), Error> {
        let end = first + rows.nrows();
        let result =
            self.file.dataset(name).and_then(|table| table.write_slice(rows, ndarray::s![first..end, ..]));
        result.map_err(|error| cannot_write(&self.target, &error))
    }

    /// Gives up the file.
    pub fn abandon(self) {
        let Self { part, file, .. } = self;
        // The task fails for another reason, which is worth more than that of a file that cannot be closed.
        let _ = file.close();
        let _ = fs::remove_file(part);
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// The file cannot be completed.
    pub fn finish(self) -> Result<(), Error> {
        let Self { target, part, file } = self;
        let closed = file.close().map_err(|error| cannot_write(&target, &error));
        let rename = || fs::File::open(&part)?.sync_all().and_then(|()| fs::rename(&part, &target));
        let result = closed.and_then(|()| rename().map_err(|error| cannot_write(&target, &error)));
        if result.is_err() {
            let _ = fs::remove_file(&part);
        }
        result
    }
}

/// The arrays of a finished task: those of a file, or of a group of it.
pub struct ArrayReader {
    path: PathBuf,
    group: hdf5::Group,
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
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Arrays {
        action: "write",
        path: path.to_owned(),
        reason: first_line(error),
        advice: "free space there and run the same command again",
    }
}

fn cannot_read(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Arrays {
        action: "read",
        path: path.to_owned(),
        reason: first_line(error),
        advice: "delete the record (.json) beside it and run the same command again",
    }
}

/// HDF5 appends its whole stack of calls.
fn first_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn arrays_come_back_and_only_whole_files_have_a_name() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.h5");
        let writer = ArrayWriter::create(&path).expect("a writable directory");
        writer.table("events", array![[1.0_f32, 2.0], [3.0, 4.0]].view()).expect("room");
        writer.list("masses", array![3.5_f64].view()).expect("room");
        assert!(!path.exists(), "nothing has its name before it is finished");
        writer.finish().expect("room");
        let reader = ArrayReader::open(&path).expect("the file");
        assert_eq!(reader.first_rows::<f32>("events", 1).expect("the table"), array![[1.0, 2.0]]);
        assert_eq!(reader.table::<f32>("events").expect("the table").nrows(), 2);
        assert_eq!(reader.list::<f64>("masses").expect("the list"), array![3.5]);
        assert!(reader.table::<f32>("nothing").is_err());
        assert_eq!(fs::read_dir(directory.path()).expect("the directory").count(), 1);
    }

    #[test]
    fn a_table_written_row_by_row_comes_back_by_row_and_column() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.h5");
        let writer = ArrayWriter::create(&path).expect("a writable directory");
        writer.begin_table("events", (3, 2)).expect("room");
        writer.rows("events", 1, array![[3.0_f32, 4.0], [5.0, 6.0]].view()).expect("room");
        writer.rows("events", 0, array![[1.0_f32, 2.0]].view()).expect("room");
        assert!(writer.rows("events", 3, array![[7.0_f32, 8.0]].view()).is_err(), "there is no such row");
        writer.finish().expect("room");
        let reader = ArrayReader::open(&path).expect("the file");
        assert_eq!(reader.table::<f32>("events").expect("rows"), array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        assert_eq!(reader.column::<f32>("events", 1).expect("a column"), [2.0, 4.0, 6.0]);
        assert_eq!(reader.rows_of("events").expect("the table"), 3);
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let writer = ArrayWriter::create(&directory.path().join("a.h5")).expect("a writable directory");
        writer.begin_table("events", (3, 2)).expect("room");
        writer.abandon();
        assert_eq!(fs::read_dir(directory.path()).expect("the directory").count(), 0);
    }

    #[test]
    fn torn_files_are_refused_with_advice() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.h5");
        fs::write(&path, b"\x89HDF\r\n\x1a\n torn").expect("room");
        let error = ArrayReader::open(&path).err().expect("a torn file");
        assert!(error.to_string().contains("run the same command again"), "{error}");
    }
}
