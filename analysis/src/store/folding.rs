//! Folding: the records of many tasks are copied into one file, which then replaces theirs.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::again::read_again;
use super::folded::{FOLDING, WHAT};
use super::header::Header;
use super::identity::Identity;
use super::{Store, part_of, sync_folder_of};
use crate::error::Error;
use crate::plan::TaskId;

/// Records on their way into one file, which will hold them beside all that it held.
pub struct Folding {
    store: Store,
    target: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
    /// Tasks whose records lay in files of their own, and which files these were.
    own: Vec<(TaskId, Identity)>,
}

impl Store {
    /// Begins to fold the records of tasks.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn fold(&self) -> Result<Folding, Error> {
        let target = self.folded_records();
        let part = self.folding_part(&target)?;
        let file = File::create(&part).map_err(|source| Error::CannotWrite { path: part.clone(), source })?;
        Ok(Folding { store: self.clone(), target, part, file: BufWriter::new(file), own: Vec::new() })
    }

    /// The name of a folded file until it is complete. It lies outside of the folders that are swept when a run begins, since one
    /// may begin meanwhile.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn folding_part(&self, target: &Path) -> Result<PathBuf, Error> {
        let folder = self.running();
        fs::create_dir_all(&folder).map_err(|source| Error::CannotWrite { path: folder.clone(), source })?;
        Ok(part_of(&folder.join(target.file_name().unwrap_or_default())))
    }

    /// Removes what a `compact` that died has left behind. Only for a process that holds the lock for folding.
    pub fn sweep_folding(&self) {
        let Ok(entries) = fs::read_dir(self.running()) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_part = path.extension().is_some_and(|extension| extension == "part");
            if name.starts_with("folded.") && is_part {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

impl Folding {
    /// Adds the record of a task, if it lies in a file of its own; one that is folded already stays.
    ///
    /// # Errors
    /// It cannot be read or written, or there is none.
    pub fn add(&mut self, task: &TaskId) -> Result<(), Error> {
        let path = self.store.record(task);
        let read = || -> io::Result<(Vec<u8>, Identity)> {
            let (mut file, mut line) = (File::open(&path)?, Vec::new());
            file.read_to_end(&mut line)?;
            Ok((line, Identity::of(&file.metadata()?)))
        };
        match read_again(read) {
            Ok((line, identity)) => {
                self.own.push((task.clone(), identity));
                self.file.write_all(&line).map_err(|source| self.cannot_write(source))
            }
            Err(source)
                if source.kind() != ErrorKind::NotFound || self.store.folded_line(task)?.is_none() =>
            {
                Err(Error::CannotRead { what: "the record", path, source })
            }
            Err(_) => Ok(()),
        }
    }

    /// Gives the file its name, then removes the files that it replaces. Returns how many those are.
    ///
    /// # Errors
    /// The file cannot be completed, or what it replaces not be read; all records are then where they were.
    pub fn finish(mut self) -> Result<usize, Error> {
        // Who takes a damaged record out at the same time would find it there again.
        let _lock = self.store.lock_exclusive(FOLDING)?;
        self.keep_the_others()?;
        let complete = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        complete
            .and_then(|()| fs::rename(&self.part, &self.target))
            .map_err(|source| self.cannot_write(source))?;
        // The rename must survive a power cut before anything is removed.
        sync_folder_of(&self.target).map_err(|source| self.cannot_write(source))?;
        for (task, identity) in &self.own {
            let path = self.store.record(task);
            identity.remove(&path).map_err(|source| Error::CannotWrite { path, source })?;
        }
        Ok(self.own.len())
    }

    /// Copies every line that the file to be replaced holds of other tasks, whatever they are of.
    fn keep_the_others(&mut self) -> Result<(), Error> {
        let cannot_read = |source| Error::CannotRead { what: WHAT, path: self.target.clone(), source };
        let old = match read_again(|| File::open(&self.target)) {
            Ok(old) => old,
            Err(source) if source.kind() == ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(cannot_read(source)),
        };
        let new: HashSet<&TaskId> = self.own.iter().map(|(task, _)| task).collect();
        let (mut reader, mut line) = (BufReader::with_capacity(1 << 20, old), vec![]);
        loop {
            line.clear();
            reader.read_until(b'\n', &mut line).map_err(cannot_read)?;
            // What was cut off at the end is no record, and would spoil the next.
            if !line.ends_with(b"\n") {
                return Ok(());
            }
            if Header::of_line(&line).is_none_or(|header| !new.contains(&header.id)) {
                let written = self.file.write_all(&line);
                written.map_err(|source| Error::CannotWrite { path: self.target.clone(), source })?;
            }
        }
    }

    fn cannot_write(&self, source: io::Error) -> Error {
        Error::CannotWrite { path: self.target.clone(), source }
    }
}

impl Drop for Folding {
    /// A file that has its name is no part any more.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.part);
    }
}
