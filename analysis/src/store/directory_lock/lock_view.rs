//! Reading a lock file: which process owns it, and whether that process still works.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::super::again::read_again;
use super::{Liveness, LockOwner, STALE_AFTER, part_of};
use crate::error::Error;

/// A lock file as it was read: its owner, and whether the owner lives.
pub(super) struct LockView {
    pub(super) owner: LockOwner,
    pub(super) liveness: Liveness,
    /// Time since the last heartbeat, if only that tells whether the owner lives: it ran on another machine.
    pub(super) silence: Option<Duration>,
}

/// What was found under the name of a lock file.
pub(super) enum LockFile {
    /// A lock.
    Lock(Box<LockView>),
    /// No file.
    Nothing,
    /// Something that is no lock file, or one that was cut short when the power failed.
    NoLock,
}

/// The clock that the age of a lock file is measured by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// The file server's clock alone: for a process that would take the lock over.
    Server,
    /// This machine's clock if the directory cannot be written: good enough for a process that only reports.
    ServerOrOwn,
}

impl LockView {
    /// The owner in words, with the time since its last heartbeat if only that tells whether it lives.
    pub(super) fn who(&self) -> String {
        match self.silence {
            Some(silence) => format!(
                "{}, heard of {} s ago; it counts as dead after {} s",
                self.owner,
                silence.as_secs(),
                STALE_AFTER.as_secs()
            ),
            None => self.owner.to_string(),
        }
    }
}

/// Writes the heartbeat: the file server stamps the file with its own time.
pub(super) fn touch(path: &Path) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    // It begins so already. A time that is set would be that of this host's clock.
    file.write_all_at(b"{", 0)?;
    file.sync_all()
}

/// Reads a lock file and finds out whether its owner still works.
pub(super) fn read_lock(path: &Path, clock: Clock) -> io::Result<LockFile> {
    let read = || match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::IsADirectory => Ok(None),
        Err(error) => Err(error),
    };
    let text = match read_again(read) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(LockFile::Nothing),
        Err(error) => return Err(error),
    };
    let Ok(owner) = serde_json::from_slice::<LockOwner>(&text) else { return Ok(LockFile::NoLock) };
    let (is_alive, silence) = if let Some(is_alive) = owner.process.is_alive() {
        (is_alive, None)
    } else {
        let silence = match read_again(|| silence(path, clock)) {
            Ok(silence) => silence,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(LockFile::Nothing),
            Err(error) => return Err(error),
        };
        (silence < STALE_AFTER, Some(silence))
    };
    let liveness = if is_alive { Liveness::Alive } else { Liveness::Dead };
    Ok(LockFile::Lock(Box::new(LockView { owner, liveness, silence })))
}

/// As [`read_lock`], for a process that would take the lock over: a file that cannot be read is an error, since its owner may
/// live.
pub(super) fn inspect(path: &Path) -> Result<Option<LockView>, Error> {
    match read_lock(path, Clock::Server) {
        Ok(LockFile::Lock(view)) => Ok(Some(*view)),
        Ok(LockFile::Nothing | LockFile::NoLock) => Ok(None),
        Err(source) => Err(unclear(path, source)),
    }
}

/// The error that it cannot be found out who works in the directory.
pub(super) fn unclear(path: &Path, source: io::Error) -> Error {
    Error::CannotRead { what: "who works in the directory,", path: path.to_owned(), source }
}

/// As [`read_lock`], for a process that only reports: a file that cannot be read counts as none.
pub(super) fn peek(path: &Path) -> Option<LockView> {
    match read_lock(path, Clock::ServerOrOwn) {
        Ok(LockFile::Lock(view)) => Some(*view),
        Ok(LockFile::Nothing | LockFile::NoLock) | Err(_) => None,
    }
}

/// Time since a file was last written.
fn silence(path: &Path, clock: Clock) -> io::Result<Duration> {
    let probe = part_of(path);
    let write = || -> io::Result<SystemTime> {
        let mut file = File::create(&probe)?;
        // A file server stamps what reaches it.
        file.write_all(b"{")?;
        file.sync_all()?;
        file.metadata()?.modified()
    };
    let now = write();
    let _ = fs::remove_file(&probe);
    let now = match now {
        Err(_) if clock == Clock::ServerOrOwn => SystemTime::now(),
        now => now?,
    };
    // A file that seems to be of the future was written just now.
    Ok(now.duration_since(fs::metadata(path)?.modified()?).unwrap_or_default())
}
