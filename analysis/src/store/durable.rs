//! Files that are whole or not there.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest, Sha256};

use super::occupancy::Process;
use crate::error::Error;
use crate::fingerprint::hex;

/// The name of a file until it is complete: one that nobody else uses, on whatever host and in whatever container.
pub fn part_of(path: &Path) -> PathBuf {
    static PROCESS: OnceLock<String> = OnceLock::new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // Numbers of processes repeat between hosts and between containers of one host. All that tells two processes apart
    // would be longer than names of files may be.
    let process = PROCESS.get_or_init(|| {
        let digest = Sha256::digest(serde_json::to_vec(&Process::this()).unwrap_or_default());
        hex(&digest[..6])
    });
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{process}-{count}.part"));
    path.with_file_name(name)
}

/// Writes beside the target, waits for the disk, then renames.
///
/// # Errors
/// Any of these steps fails; the target is then as it was.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let part = part_of(path);
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
