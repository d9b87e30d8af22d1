//! Records of many tasks in one file, for file systems with a limit on the number of files.
//!
//! `tasks/folded.jsonl` holds a record a line, as the files that it replaces; a record that lies in a file of its own
//! counts more.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::header::Header;
use super::{Store, part_of, write_durably};
use crate::error::Error;
use crate::plan::TaskId;

/// Where each folded record lies.
#[derive(Debug, Default)]
pub struct Folded {
    file: Option<File>,
    /// Offset and length of the line of a task.
    places: HashMap<TaskId, (u64, usize)>,
}

impl Folded {
    /// The line of a task's record; none if it is not folded.
    pub fn line(&self, task: &TaskId) -> Option<Vec<u8>> {
        let (offset, length) = self.places.get(task)?;
        let mut line = vec![0; *length];
        self.file.as_ref()?.read_exact_at(&mut line, *offset).ok()?;
        Some(line)
    }
}

impl Store {
    pub(super) fn folded_records(&self) -> PathBuf {
        self.tasks().join("folded.jsonl")
    }

    /// The folded records, found at the first question.
    pub(super) fn folded(&self) -> Result<&Folded, Error> {
        if let Some(folded) = self.folded.get() {
            return Ok(folded);
        }
        let path = self.folded_records();
        let Ok(file) = File::open(&path) else { return Ok(self.folded.get_or_init(Folded::default)) };
        let read = |file: File| -> std::io::Result<Folded> {
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
            Ok(Folded { file: Some(file), places })
        };
        let folded =
            read(file).map_err(|source| Error::CannotRead { what: "folded records", path, source })?;
        Ok(self.folded.get_or_init(|| folded))
    }

    /// Takes the record of a task out of the folded ones, if it is among them.
    pub(super) fn unfold(&self, task: &TaskId) -> Result<(), Error> {
        let path = self.folded_records();
        let what = "folded records";
        // As the file is now: others may have taken records out since this process found its places.
        let whole = match fs::read(&path) {
            Ok(whole) => whole,
            Err(source) if source.kind() == ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::CannotRead { what, path, source }),
        };
        let lines = || whole.split_inclusive(|byte| *byte == b'\n');
        let is_of_task = |line: &&[u8]| Header::of_line(line).is_some_and(|header| header.id == *task);
        if !lines().any(|line| is_of_task(&line)) {
            return Ok(());
        }
        let rest: Vec<u8> = lines().filter(|line| !is_of_task(line)).flatten().copied().collect();
        write_durably(&path, &rest)
    }

    /// Begins to fold the records of tasks.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn fold(&self) -> Result<Folding, Error> {
        let target = self.folded_records();
        let part = part_of(&target);
        let file = File::create(&part).map_err(|source| Error::CannotWrite { path: part.clone(), source })?;
        Ok(Folding { store: self.clone(), target, part, file: BufWriter::new(file), own: Vec::new() })
    }
}

/// Records on their way into one file.
pub struct Folding {
    store: Store,
    target: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
    /// Tasks whose records lie in files of their own.
    own: Vec<TaskId>,
}

impl Folding {
    /// Adds the record of a task, wherever it lies.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn add(&mut self, task: &TaskId) -> Result<(), Error> {
        let path = self.store.record(task);
        let line = match fs::read(&path) {
            Ok(line) => {
                self.own.push(task.clone());
                line
            }
            Err(source) => self.store.folded()?.line(task).ok_or(Error::CannotRead {
                what: "the record",
                path,
                source,
            })?,
        };
        self.file.write_all(&line).map_err(|source| self.cannot_write(source))
    }

    /// Gives the file its name, then removes the files that it replaces. Returns how many those are.
    ///
    /// # Errors
    /// The file cannot be completed; all records are then where they were.
    pub fn finish(mut self) -> Result<usize, Error> {
        let complete = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        complete.and_then(|()| fs::rename(&self.part, &self.target)).map_err(|source| {
            let _ = fs::remove_file(&self.part);
            self.cannot_write(source)
        })?;
        if let Some(folder) = self.target.parent() {
            // The rename must survive a power cut before anything is removed.
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(|source| self.cannot_write(source))?;
        }
        for task in &self.own {
            self.store.remove_own_record(task)?;
        }
        Ok(self.own.len())
    }

    fn cannot_write(&self, source: std::io::Error) -> Error {
        Error::CannotWrite { path: self.target.clone(), source }
    }
}
