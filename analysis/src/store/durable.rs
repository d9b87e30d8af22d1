//! Files that are whole or not there.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest, Sha256};

use super::directory_lock::Process;
use crate::error::Error;

/// The name of a file until it is complete: one that nobody else uses, on whatever host and in whatever container.
pub fn part_of(path: &Path) -> PathBuf {
    static PROCESS: OnceLock<String> = OnceLock::new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // Numbers of processes repeat between hosts and between containers of one host. All that tells two processes apart
    // would be longer than names of files may be.
    let process = PROCESS.get_or_init(|| {
        let digest = Sha256::digest(serde_json::to_vec(&Process::this()).unwrap_or_default());
        hex::encode(&digest[..6])
    });
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{process}-{count}.part"));
    path.with_file_name(name)
}

/// Whether a name is one that [`part_of`] makes, of a file that passes.
pub fn is_part_of(name: &str, is_ours: impl Fn(&str) -> bool) -> bool {
    let split = || {
        let (file, unique) = name.strip_suffix(".part")?.rsplit_once('.')?;
        let (process, count) = unique.split_once('-')?;
        Some((file, process, count))
    };
    split().is_some_and(|(file, process, count)| {
        let is_process = process.len() == 12 && process.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_process && count.parse::<u32>().is_ok() && is_ours(file)
    })
}

/// Waits until the disk knows the names in the folder of a file, which a bare name has in the working directory.
///
/// # Errors
/// The folder cannot be opened, or the disk fails.
pub fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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
        sync_folder_of(path)
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&part);
        Error::CannotWrite { path: path.to_owned(), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_name() {
        let part = part_of(Path::new("out/results.csv"));
        let name = part.file_name().and_then(|name| name.to_str()).expect("text");
        assert!(is_part_of(name, |file| file == "results.csv") && !is_part_of(name, |_| false), "{name}");
        for other in [
            "thesis.part",
            "a.0123456789ab.part",
            "a.0123456789zz-1.part",
            "a.0123456789ab-x.part",
            "a.part.1",
        ] {
            assert!(!is_part_of(other, |_| true), "{other}");
        }
    }
}
