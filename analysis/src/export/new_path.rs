//! The destination of an export, which must not exist yet.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A file of an export: its name and its bytes.
pub type File = (String, Vec<u8>);

/// A path at which there is no file or folder yet.
#[derive(Debug)]
pub struct NewPath(PathBuf);

impl NewPath {
    /// Checks a path.
    ///
    /// # Errors
    /// Something is there already.
    pub fn new(path: &Path) -> Result<Self, Error> {
        // A link that leads nowhere is something, too.
        if fs::symlink_metadata(path).is_ok() {
            return Err(Error::AlreadyThere { path: path.to_owned() });
        }
        Ok(Self(path.to_owned()))
    }

    /// Makes a folder there and writes files into it; where that fails, nothing stays.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_folder(&self, files: &[File]) -> Result<(), Error> {
        self.write(|| {
            fs::create_dir(&self.0)?;
            let mut written = files.iter().map(|(name, bytes)| fs::write(self.0.join(name), bytes));
            written.try_for_each(|result| result).inspect_err(|_| {
                let _ = fs::remove_dir_all(&self.0);
            })
        })
    }

    /// Writes a file there; where that fails, nothing stays.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_file(&self, bytes: &[u8]) -> Result<(), Error> {
        self.write(|| {
            let mut file = fs::File::create_new(&self.0)?;
            io::Write::write_all(&mut file, bytes).inspect_err(|_| {
                let _ = fs::remove_file(&self.0);
            })
        })
    }

    fn write(&self, write: impl FnOnce() -> io::Result<()>) -> Result<(), Error> {
        let parent = self.0.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| write())
            .map_err(|source| Error::CannotExport { path: self.0.clone(), source })
    }
}

/// A file of an export from a document that has a text form.
pub fn file(name: impl Into<String>, text: String) -> File {
    (name.into(), text.into_bytes())
}
