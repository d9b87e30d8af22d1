//! Which files of a folder of parts are this program's: nothing else there is ever deleted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The record of what parts are made of.
pub const RECORD: &str = "work.json";

/// What the folder of parts of an output holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// Finished parts.
    pub parts: Vec<PathBuf>,
    /// Drafts of files, and the lock.
    pub scraps: Vec<PathBuf>,
    /// Files and folders that this program has not made.
    pub foreign: Vec<String>,
}

impl Contents {
    /// Looks into the folder of the parts of an output.
    ///
    /// # Errors
    /// It cannot be listed.
    pub fn of(folder: &Path) -> io::Result<Self> {
        // Drafts of the joined file lie here as well, and are called after it.
        let out = folder.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut found = Self::default();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                // Deleted by another process meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            match name.as_str() {
                _ if !metadata.is_file() => found.foreign.push(name),
                RECORD => {}
                name if is_part(name) => found.parts.push(entry.path()),
                "lock" if metadata.len() == 0 => found.scraps.push(entry.path()),
                name if is_draft(name, &out) => found.scraps.push(entry.path()),
                _ => found.foreign.push(name),
            }
        }
        found.foreign.sort_unstable();
        Ok(found)
    }
}

/// `part-000012.h5`
fn is_part(name: &str) -> bool {
    let number = name.strip_prefix("part-").and_then(|rest| rest.strip_suffix(".h5"));
    number.is_some_and(|digits| digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `part-000012.h5.Ab3dE6.draft`
fn is_draft(name: &str, out: &str) -> bool {
    let Some((of, random)) = name.strip_suffix(".draft").and_then(|rest| rest.rsplit_once('.')) else {
        return false;
    };
    let is_random = random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_random && (is_part(of) || of == RECORD || of == out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_are_told_from_our_own() {
        assert!(is_part("part-000012.h5") && is_part("part-1000000.h5"));
        for other in ["part-12.h5", "part-00001x.h5", "part-000012.h5.old", "my-part-000012.h5"] {
            assert!(!is_part(other), "{other}");
        }
        for own in ["part-000012.h5.Ab3dE6.draft", "work.json.abcdef.draft", "out.h5.abcdef.draft"] {
            assert!(is_draft(own, "out.h5"), "{own}");
        }
        for other in ["thesis.draft", "thesis.abcdef.draft", "out.h5.draft", "out.h5.my.draft"] {
            assert!(!is_draft(other, "out.h5"), "{other}");
        }
    }
}
