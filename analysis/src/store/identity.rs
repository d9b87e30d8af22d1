//! The identity of a file, which tells it from another one that has got the same name since it was read.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::part_of;

/// What tells two files that had the same name one after the other apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    number: u64,
    length: u64,
    written: (i64, i64),
}

impl Identity {
    /// The identity of an open file, or of the file that has a name now.
    pub fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            number: file.ino(),
            length: file.len(),
            written: (file.mtime(), file.mtime_nsec()),
        }
    }

    /// Removes a file if it is still this one: a later one, of a task that was done again meanwhile, stays.
    ///
    /// # Errors
    /// It is this one and cannot be removed.
    pub fn remove(self, path: &Path) -> io::Result<()> {
        let is_this = |path: &Path| fs::metadata(path).map(|file| Self::of(&file) == self);
        match is_this(path) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        // Between the look and the removal another may come; under a name of its own a file stays what it is.
        let aside = part_of(path);
        fs::rename(path, &aside)?;
        if !is_this(&aside)? && fs::hard_link(&aside, path).is_err() && !path.exists() {
            return fs::rename(&aside, path);
        }
        fs::remove_file(&aside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_removed_only_as_long_as_it_is_the_one_that_was_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.json");
        let read = || Identity::of(&fs::metadata(&path).expect("a file"));
        fs::write(&path, "old").expect("room");
        let old = read();
        let later = directory.path().join("later");
        fs::write(&later, "new").expect("room");
        fs::rename(&later, &path).expect("room");
        old.remove(&path).expect("nothing to do");
        assert_eq!(fs::read(&path).expect("the later one"), b"new");
        read().remove(&path).expect("room");
        assert!(!path.exists());
        old.remove(&path).expect("it is not there");
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 0);
    }
}
