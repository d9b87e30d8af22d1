//! What a run has warned of before its first task, of its events: `warnings.json`. Whoever looks at the results later, who may be somebody
//! else, must know it as well.

use std::fs;

use super::Store;
use crate::error::Error;

/// The file.
pub const WARNINGS: &str = "warnings.json";

impl Store {
    /// Writes these down in the place of those of earlier runs.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn write_warnings(&self, warnings: &[String]) -> Result<(), Error> {
        if !warnings.is_empty() {
            return self.write_json(WARNINGS, &warnings).map(|_| ());
        }
        // There are none, mostly not even a file.
        let _ = fs::remove_file(self.directory.join(WARNINGS));
        Ok(())
    }

    /// What the last run has warned of; nothing where that cannot be read.
    pub fn warnings(&self) -> Vec<String> {
        self.read_json(WARNINGS).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_says_what_there_is_to_warn_of() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::at(directory.path());
        assert!(store.warnings().is_empty());
        store.write_warnings(&["60 events stand twice".to_owned()]).expect("room");
        assert_eq!(store.warnings(), ["60 events stand twice"]);
        store.write_warnings(&[]).expect("room");
        assert!(store.warnings().is_empty() && !directory.path().join(WARNINGS).exists());
    }
}
