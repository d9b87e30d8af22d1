//! Telling one raw file from another.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::PrepareError;

/// What a raw file is known by. Its name may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its length.
    pub bytes: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified: u64,
    /// Its raw events.
    pub rows: u64,
}

impl Source {
    /// What the file at a path is known by now.
    ///
    /// # Errors
    /// It is missing.
    pub fn of(path: &Path, rows: usize) -> Result<Self, PrepareError> {
        let cannot_read = |source| PrepareError::CannotRead { path: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(cannot_read)?;
        let modified = metadata.modified().map_err(cannot_read)?;
        let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        Ok(Self { bytes: metadata.len(), modified, rows: rows as u64 })
    }

    /// What makes this another file than `other`; nothing if it is the same.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        if self.rows != other.rows {
            Some("the raw file has another number of events")
        } else if self.bytes != other.bytes {
            Some("the raw file has another size")
        } else if self.modified != other.modified {
            Some("the raw file was written at another time")
        } else {
            None
        }
    }
}

/// The SHA-256 of a file's bytes.
///
/// # Errors
/// The file cannot be read.
pub fn sha256(path: &Path) -> Result<String, PrepareError> {
    let cannot_read = |source| PrepareError::CannotRead { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(cannot_read)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let count = file.read(&mut buffer).map_err(cannot_read)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_of_three_letters() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("abc.txt");
        std::fs::write(&path, "abc").expect("a writable folder");
        // The example of FIPS 180-4.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&path).expect("a readable file"), expected);
        let source = Source::of(&path, 1).expect("a readable file");
        assert_eq!((source.bytes, source.difference(&source)), (3, None));
        let longer = Source { bytes: 4, ..source };
        assert_eq!(source.difference(&longer), Some("the raw file has another size"));
    }
}
