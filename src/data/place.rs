//! Checks that a path leads to a regular file: a pipe can be read once only, and opening one may wait for ever.

use std::fs::FileType;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::error::DataError;

/// Makes sure that a path leads to a regular file, without opening it.
///
/// # Errors
/// There is nothing, or something else than a file.
pub(super) fn check_place(path: &Path) -> Result<(), DataError> {
    let metadata =
        std::fs::metadata(path).map_err(|source| DataError::CannotRead { path: path.to_owned(), source })?;
    match other_kind(metadata.file_type()) {
        None => Ok(()),
        Some((what, remedy)) => Err(DataError::NoFile { path: path.to_owned(), what, remedy }),
    }
}

/// What kind of thing a path leads to instead of a file, and what to do.
fn other_kind(found: FileType) -> Option<(&'static str, &'static str)> {
    if found.is_file() {
        None
    } else if found.is_dir() {
        Some(("a directory", "name a file in it"))
    } else if found.is_fifo() {
        Some(("a named pipe", "write what comes out of it into a file first"))
    } else if found.is_socket() {
        Some(("a socket", "name a file"))
    } else {
        Some(("a device", "name a file"))
    }
}
