//! Free space on the disk of a folder.

use std::path::Path;

/// Space that this user may still fill.
pub fn free_bytes(folder: &Path) -> Option<f64> {
    let answer = rustix::fs::statvfs(folder).ok()?;
    Some(answer.f_bavail as f64 * answer.f_frsize as f64)
}
