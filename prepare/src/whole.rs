//! Files that are either whole or not there.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::error::PrepareError;

/// A file that gets its name when it is complete. Left without, it is deleted.
pub struct Whole {
    draft: TempPath,
    target: PathBuf,
}

impl Whole {
    /// Begins a file that will be called `target`; until then it lies in `folder`, on the same file system.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn begin(target: &Path, folder: &Path) -> Result<Self, PrepareError> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let draft = tempfile::Builder::new()
            .prefix(&format!("{name}."))
            .suffix(".draft")
            // As for any file that is created: the user's mask takes away what others may not do.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(|error| PrepareError::cannot_write(target, &error))?;
        Ok(Self { draft: draft.into_temp_path(), target: target.to_owned() })
    }

    /// Where it is written.
    pub fn draft(&self) -> &Path {
        &self.draft
    }

    /// Gives it its name, unless another process was first: then that one's file stays.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn finish_first(self) -> Result<(), PrepareError> {
        match self.draft.persist_noclobber(&self.target) {
            Err(error) if !self.target.exists() => Err(PrepareError::cannot_write(&self.target, &error)),
            _ => Ok(()),
        }
    }

    /// As [`Whole::finish`], where no file of this name must be lost: one that has come about meanwhile stays.
    ///
    /// # Errors
    /// As there, and there is such a file.
    pub fn finish_new(self) -> Result<(), PrepareError> {
        let Self { draft, target } = self;
        let named = (|| {
            File::open(&draft)?.sync_all()?;
            draft.persist_noclobber(&target).map_err(|error| error.error)?;
            sync_folder(&target)
        })();
        named.map_err(|error: std::io::Error| PrepareError::cannot_write(&target, &error))
    }

    /// Waits until it is on the disk, and gives it its name.
    ///
    /// # Errors
    /// The disk is full, or the folder is gone.
    pub fn finish(self) -> Result<(), PrepareError> {
        let Self { draft, target } = self;
        let named = (|| {
            File::open(&draft)?.sync_all()?;
            fs::rename(&draft, &target)?;
            sync_folder(&target)
        })();
        named.map_err(|error: std::io::Error| PrepareError::cannot_write(&target, &error))
    }
}

/// The name as well must outlive a power cut.
fn sync_folder(target: &Path) -> std::io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
