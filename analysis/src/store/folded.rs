//! Records of many tasks in one file, for file systems with a limit on the number of files.
//!
//! `tasks/folded.jsonl` holds a record a line, as the files that it replaces; a record that lies in a file of its own
//! counts more.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use super::again::read_again;
use super::header::Header;
use super::identity::Identity;
use super::{Store, write_durably};
use crate::error::Error;
use crate::plan::TaskId;

/// Where each folded record lies.
#[derive(Debug, Default)]
pub struct Folded {
    /// The file, and which of those that had its name it is; none where there is none.
    file: Option<(File, Identity)>,
    /// Offset and length of the line of a task.
    places: HashMap<TaskId, (u64, usize)>,
}

/// The name of these files in an error.
pub(super) const WHAT: &str = "folded records";

impl Folded {
    /// The line of a task's record; none if it is not folded.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn line(&self, task: &TaskId) -> io::Result<Option<Vec<u8>>> {
        let (Some((file, _)), Some((offset, length))) = (&self.file, self.places.get(task)) else {
            return Ok(None);
        };
        read_again(|| {
            let mut line = vec![0; *length];
            file.read_exact_at(&mut line, *offset).map(|()| Some(line))
        })
    }

    fn read(file: File) -> io::Result<Self> {
        let identity = Identity::of(&file.metadata()?);
        let mut places = HashMap::new();
        let (mut reader, mut line, mut offset) = (BufReader::with_capacity(1 << 20, &file), vec![], 0);
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if length == 0 {
                break;
            }
            // A torn line is a record that is missing; the task is done again.
            if let Some(header) = Header::of_line(&line).filter(|_| line.ends_with(b"\n")) {
                places.insert(header.id, (offset, length));
            }
            offset += length as u64;
        }
        drop(reader);
        Ok(Self { file: Some((file, identity)), places })
    }
}

impl Store {
    pub(super) fn folded_records(&self) -> PathBuf {
        self.tasks().join("folded.jsonl")
    }

    /// That folded records can be read, if there are any: without them, all of their tasks would count as missing.
    ///
    /// # Errors
    /// There are some, and they cannot be read.
    pub fn check_folded(&self) -> Result<(), Error> {
        self.folded().map(|_| ())
    }

    /// The folded records as they are now: `compact` may have put another file there since the last question.
    pub(super) fn folded(&self) -> Result<Arc<Folded>, Error> {
        let path = self.folded_records();
        let look = || -> io::Result<Option<Identity>> {
            match fs::metadata(&path) {
                Ok(file) => Ok(Some(Identity::of(&file))),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        let read = || match File::open(&path) {
            Ok(file) => Folded::read(file),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Folded::default()),
            Err(error) => Err(error),
        };
        let cannot_read = |source| Error::CannotRead { what: WHAT, path: path.clone(), source };
        let now = read_again(look).map_err(cannot_read)?;
        let mut known = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folded) = known.as_ref()
            && folded.file.as_ref().map(|(_, identity)| *identity) == now
        {
            return Ok(Arc::clone(folded));
        }
        let folded = Arc::new(read_again(read).map_err(cannot_read)?);
        *known = Some(Arc::clone(&folded));
        Ok(folded)
    }

    /// The line of a task's folded record; none if it has none.
    pub(super) fn folded_line(&self, task: &TaskId) -> Result<Option<Vec<u8>>, Error> {
        let path = self.folded_records();
        self.folded()?.line(task).map_err(|source| Error::CannotRead { what: WHAT, path, source })
    }

    /// Takes the record of a task out of the folded ones, if it is among them.
    pub(super) fn unfold(&self, task: &TaskId) -> Result<(), Error> {
        // Who folds at the same time would put it back.
        let _lock = self.lock_exclusive(FOLDING)?;
        let path = self.folded_records();
        // As the file is now: others may have taken records out since this process found its places.
        let whole = match read_again(|| fs::read(&path)) {
            Ok(whole) => whole,
            Err(source) if source.kind() == ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::CannotRead { what: WHAT, path, source }),
        };
        let lines = || whole.split_inclusive(|byte| *byte == b'\n');
        let is_of_task = |line: &&[u8]| Header::of_line(line).is_some_and(|header| header.id == *task);
        if !lines().any(|line| is_of_task(&line)) {
            return Ok(());
        }
        let rest: Vec<u8> = lines().filter(|line| !is_of_task(line)).flatten().copied().collect();
        write_durably(&path, &rest)
    }
}

/// The lock file of processes that change the folded records.
pub(super) const FOLDING: &str = "fold.lock";
