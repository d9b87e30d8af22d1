//! The arrays of a task on disk.
//!
//! Written beside their final name, waited for, and renamed: a file that is there is whole. The record of the
//! task follows only after that.

mod folded;
mod reader;
mod writer;

use std::path::Path;

use crate::doctor::free_bytes;
use crate::error::Error;

pub use folded::fold;
pub use reader::ArrayReader;
pub use writer::ArrayWriter;

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Arrays {
        action: "write",
        path: path.to_owned(),
        reason: format!("{}{}", first_line(error), free_space(path)),
        advice: "free space there and run the same command again",
    }
}

fn cannot_read(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Arrays {
        action: "read",
        path: path.to_owned(),
        reason: first_line(error),
        advice: "run the same command again: what needs them has them made again",
    }
}

/// What HDF5 does not say: whether the disk is full.
fn free_space(path: &Path) -> String {
    let free = path.parent().and_then(free_bytes);
    free.map_or(String::new(), |free| format!("; free space there: {:.2} MB", free / 1e6))
}

/// HDF5 appends its whole stack of calls.
fn first_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        drop(writer);
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
