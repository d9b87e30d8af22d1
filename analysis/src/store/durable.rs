//! Files that are whole or not there.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::error::Error;

/// Writes beside the target, waits for the disk, then renames.
///
/// # Errors
/// Any of these steps fails; the target is then as it was.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        // The rename itself must survive a power cut.
        path.parent().map_or(Ok(()), |parent| fs::File::open(parent)?.sync_all())
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&part);
        Error::CannotWrite { path: path.to_owned(), source }
    })
}
