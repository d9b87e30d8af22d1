//! The folder of finished parts: what makes a killed run go on, and processes work together.
//!
//! A part is there if and only if its file is. There is no other state.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::PrepareError;
use crate::own::{Contents, RECORD};
use crate::source::Source;
use crate::whole::Whole;
use drapes_analysis::cli::tell;

/// Changes when the same raw file would give other parts.
pub const SCHEMA: u32 = 1;

/// Raw events of a part, where nothing else is asked for.
pub const CHUNK: usize = 2000;

/// How often a folder is deleted that is never empty.
const MOST_TRIES: u32 = 100;

/// What parts are made of, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// [`SCHEMA`] of the program that began.
    pub schema: u32,
    /// The raw file.
    pub source: Source,
    /// Where the axes of subjets come from.
    pub axes: String,
    /// Raw events of a part.
    pub chunk: usize,
}

impl Work {
    /// What makes this other work than `other`, but for the cut; nothing if it is the same.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.schema != other.schema {
            return Some("another version of drapes-prepare made it".to_owned());
        }
        if let Some(difference) = self.source.difference(&other.source) {
            return Some(difference.to_owned());
        }
        (self.axes != other.axes).then(|| format!("it was made with --axes {}", self.axes))
    }
}

/// The parts of an output.
#[derive(Debug)]
pub struct Parts {
    folder: PathBuf,
    work: Work,
}

impl Parts {
    /// The folder of an output.
    pub fn folder_of(out: &Path) -> PathBuf {
        let mut name = out.as_os_str().to_owned();
        name.push(".parts");
        PathBuf::from(name)
    }

    /// Opens the folder of an output, or makes one.
    ///
    /// Work that was begun keeps its cut, unless `chunk` asks for another.
    ///
    /// # Errors
    /// The folder holds parts of something else, or cannot be written.
    pub fn open(out: &Path, work: Work, chunk: Option<usize>) -> Result<Self, PrepareError> {
        let folder = Self::folder_of(out);
        // The folder alone: a path that is misspelt must not come into being.
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(PrepareError::cannot_write(&folder, &error));
            }
            _ => {}
        }
        let record = folder.join(RECORD);
        Self::refuse_foreign(&folder, &record)?;
        if !record.exists() {
            let draft = Whole::begin(&record, &folder)?;
            let text = serde_json::to_string_pretty(&work).unwrap_or_default();
            fs::write(draft.draft(), text).map_err(|error| PrepareError::cannot_write(&record, &error))?;
            // Of processes that start together the first one decides; those with other options notice below.
            draft.finish_first()?;
        }
        let begun = begun(&record);
        let other = |reason: String| PrepareError::OtherResult {
            advice: format!("choose another --out, or delete {} to start again", folder.display()),
            path: folder.clone(),
            reason,
        };
        let Some(begun) = begun else {
            return Err(other("its work.json is of another version or damaged".to_owned()));
        };
        if let Some(difference) = begun.difference(&work) {
            return Err(other(difference));
        }
        if let Some(chunk) = chunk.filter(|chunk| *chunk != begun.chunk) {
            return Err(PrepareError::OtherResult {
                reason: format!("its parts have {} events, not {chunk}", begun.chunk),
                advice: format!("leave --chunk out to go on, or delete {} to start again", folder.display()),
                path: folder,
            });
        }
        Ok(Self { folder, work: begun })
    }

    /// That everything in the folder is this program's: in the end it is deleted.
    fn refuse_foreign(folder: &Path, record: &Path) -> Result<(), PrepareError> {
        let contents = Contents::of(folder).map_err(|error| PrepareError::cannot_write(folder, &error))?;
        let reason = match &contents.foreign[..] {
            [] if !contents.parts.is_empty() && !record.exists() => {
                format!("it has parts without {RECORD}")
            }
            [] => return Ok(()),
            [one] => format!("it holds {one}, which drapes-prepare has not made"),
            [one, rest @ ..] => {
                format!("it holds {one} and {} more that drapes-prepare has not made", rest.len())
            }
        };
        Err(PrepareError::OtherResult {
            path: folder.to_owned(),
            reason,
            advice: "choose another --out, or move that folder away".to_owned(),
        })
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What they are made of.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// How many there are in the end.
    pub fn count(&self) -> usize {
        (self.work.source.rows as usize).div_ceil(self.work.chunk)
    }

    /// The raw events of a part.
    pub fn rows(&self, part: usize) -> Range<usize> {
        let start = part * self.work.chunk;
        start..(start + self.work.chunk).min(self.work.source.rows as usize)
    }

    /// The file of a part.
    pub fn path(&self, part: usize) -> PathBuf {
        self.folder.join(format!("part-{part:06}.h5"))
    }

    /// Whether a part is finished.
    pub fn has(&self, part: usize) -> bool {
        self.path(part).exists()
    }

    /// Whether all parts are finished.
    pub fn is_complete(&self) -> bool {
        (0..self.count()).all(|part| self.has(part))
    }

    /// The right to join the parts, until it is dropped. Waits while another process has it.
    ///
    /// The system takes it from a process that is killed. Where a file system knows no locks, everyone has it: then
    /// several may join, and the results are the same.
    ///
    /// # Errors
    /// The folder cannot be written, or is gone: then another process has joined the parts.
    pub fn lock(&self) -> Result<File, PrepareError> {
        let path = self.folder.join("lock");
        let file = File::create(&path).map_err(|error| PrepareError::cannot_write(&path, &error))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            tell("another process joins the parts; waiting for it");
            let _ = file.lock();
        }
        Ok(file)
    }

    /// Deletes the parts and their folder, whoever else does so or still looks into it. What this program has not made stays,
    /// and the folder with it.
    ///
    /// # Errors
    /// It is there and cannot be deleted.
    pub fn remove(folder: &Path) -> Result<(), PrepareError> {
        let record = folder.join(RECORD);
        let is_begun = begun(&record).is_some();
        for attempt in 0..=MOST_TRIES {
            let deleted = Contents::of(folder).and_then(|contents| {
                if !is_begun && (record.exists() || !contents.parts.is_empty()) {
                    return Ok(());
                }
                // The record last: until then it says whose the others are.
                let record = is_begun.then(|| record.clone());
                contents
                    .parts
                    .iter()
                    .chain(&contents.scraps)
                    .chain(&record)
                    .try_for_each(|file| delete(file))?;
                if contents.foreign.is_empty() { fs::remove_dir(folder) } else { Ok(()) }
            });
            match deleted {
                Ok(()) => return Ok(()),
                Err(_) if !folder.exists() => return Ok(()),
                // A process that starts or waits meanwhile puts a file there.
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && attempt < MOST_TRIES => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) => return Err(PrepareError::cannot_write(folder, &error)),
            }
        }
        Ok(())
    }
}

/// What a folder of parts is made of, by its record.
fn begun(record: &Path) -> Option<Work> {
    fs::read_to_string(record).ok().and_then(|text| serde_json::from_str(&text).ok())
}

/// Deletes a file that another process may have deleted already.
fn delete(file: &Path) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        deleted => deleted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> Work {
        let source = Source { bytes: 9, modified: 1, rows: 25 };
        Work { schema: SCHEMA, source, axes: "kt".to_owned(), chunk: 10 }
    }

    #[test]
    fn parts_cover_each_event_once() {
        let place = tempfile::tempdir().expect("a folder");
        let parts = Parts::open(&place.path().join("out.h5"), work(), None).expect("a new folder");
        let rows: Vec<usize> = (0..parts.count()).flat_map(|part| parts.rows(part)).collect();
        assert_eq!(rows, (0..25).collect::<Vec<_>>());
        assert!(!parts.is_complete() && parts.folder().ends_with("out.h5.parts"));
    }

    #[test]
    fn parts_of_something_else_are_left_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("out.h5");
        Parts::open(&out, work(), None).expect("a new folder");
        let refusal =
            |other: Work, chunk| Parts::open(&out, other, chunk).expect_err("other work").to_string();
        let source = Source { bytes: 8, ..work().source };
        assert!(refusal(Work { source, ..work() }, None).contains("another size"));
        assert!(refusal(Work { axes: "one-pass".to_owned(), ..work() }, None).contains("--axes kt"));
        assert!(refusal(work(), Some(7)).contains("parts have 10 events, not 7"));
        // The cut of the first run is kept.
        let again = Parts::open(&out, Work { chunk: 7, ..work() }, None).expect("the same work");
        assert_eq!(again.work().chunk, 10);
    }

    #[test]
    fn one_process_at_a_time_joins() {
        let place = tempfile::tempdir().expect("a folder");
        let parts = Parts::open(&place.path().join("out.h5"), work(), None).expect("a new folder");
        let first = parts.lock().expect("a lock");
        std::thread::scope(|scope| {
            let second = scope.spawn(|| parts.lock().expect("a lock"));
            std::thread::sleep(std::time::Duration::from_millis(50));
            assert!(!second.is_finished(), "two have the lock");
            drop(first);
            second.join().expect("a lock in the end");
        });
        Parts::remove(parts.folder()).expect("a folder");
        Parts::remove(parts.folder()).expect("nothing to delete");
    }

    #[test]
    fn the_folder_is_deleted_although_others_look_into_it() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("out.h5");
        let parts = Parts::open(&out, work(), None).expect("a new folder");
        std::thread::scope(|scope| {
            for name in ["lock", "work.json.aBcDe1.draft"] {
                let path = parts.folder().join(name);
                scope.spawn(move || (0..5_000).for_each(|_| drop(File::create(&path))));
            }
            for _ in 0..20 {
                let _ = Parts::open(&out, work(), None);
                Parts::remove(parts.folder()).expect("a folder");
            }
        });
    }
}
