//! Why the HDF5 library failed: not every file that it refuses is damaged.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use hdf5::MinorErrorCode;

use super::super::error::{DataError, Lock};
use super::super::wording::{printable, shown};

/// The oldest version of the superblock whose files may have parts that this HDF5 library does not know; older files have none.
const FIRST_WITH_NEWS: u8 = 2;

/// The most letters of what the library says that are shown.
const LONGEST: usize = 300;

/// Translates an error of the HDF5 library; `part` is what it was to read.
pub(super) fn trouble(path: &Path, part: &str, error: hdf5::Error) -> DataError {
    let path = path.to_owned();
    if error.contains_minor(MinorErrorCode::Truncated) {
        let bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        return DataError::Truncated { path, bytes };
    }
    let text = error.to_string();
    if text.contains("unable to lock file") {
        // Elsewhere the system says that it has no locks to give.
        let would_block = format!("errno = {}", rustix::io::Errno::AGAIN.raw_os_error());
        let lock = if text.contains(&would_block) { Lock::Held } else { Lock::NotSupported };
        return DataError::Busy { path, lock };
    }
    if text.contains("already open for") {
        return DataError::Busy { path, lock: Lock::Marked };
    }
    if text.contains("version number")
        && let Some(superblock) = superblock(&path).filter(|version| *version >= FIRST_WITH_NEWS)
    {
        let (major, minor, patch) = hdf5::library_version();
        return DataError::Newer {
            path,
            part: printable(part),
            superblock,
            library: format!("{major}.{minor}.{patch}"),
            reason: text.rsplit(": ").next().unwrap_or("another version").to_owned(),
        };
    }
    // What the library says may quote names of the file.
    DataError::Damaged { path, part: printable(part), source: shown(&text, LONGEST).into() }
}

/// The version of a file's superblock, which follows the signature.
fn superblock(path: &Path) -> Option<u8> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut offset = 0;
    while offset + 9 <= length {
        let mut bytes = [0; 9];
        file.seek(SeekFrom::Start(offset)).ok()?;
        file.read_exact(&mut bytes).ok()?;
        if bytes.starts_with(&super::kind::HDF5_SIGNATURE) {
            return Some(bytes[8]);
        }
        offset = if offset == 0 { 512 } else { offset * 2 };
    }
    None
}
