//! Looking at the lock of a process: who it is, and whether it still works.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::super::again::read_again;
use super::{DEAD, Liveness, Occupant, part_of};
use crate::error::Error;

/// Who a file speaks of.
pub(super) struct LockView {
    pub(super) occupant: Occupant,
    pub(super) liveness: Liveness,
    /// How long the file was not touched, where nothing else tells whether its owner lives.
    pub(super) silence: Option<Duration>,
}

/// What stands where a lock may be.
pub(super) enum Seen {
    /// A lock.
    Lock(Box<LockView>),
    /// No file.
    Nothing,
    /// Something that is no lock, or one that was torn when the power failed.
    Rubbish,
}

/// By whose clock a silent process is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// The file server's: for who would take its place.
    Server,
    /// If need be the looker's own, where it may not write: for who only looks.
    ServerOrOwn,
}

impl LockView {
    /// Who, and where only that tells whether it lives, when it was last heard of.
    pub(super) fn who(&self) -> String {
        match self.silence {
            Some(silence) => format!(
                "{}, heard of {} s ago; it counts as dead after {} s",
                self.occupant,
                silence.as_secs(),
                DEAD.as_secs()
            ),
            None => self.occupant.to_string(),
        }
    }
}

/// Lets the file server write down the time.
pub(super) fn touch(path: &Path) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    // It begins so already. A time that is set would be that of this host's clock.
    file.write_all_at(b"{", 0)?;
    file.sync_all()
}

/// Who a file speaks of, and whether it still works.
pub(super) fn look(path: &Path, clock: Clock) -> io::Result<Seen> {
    let read = || match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::IsADirectory => Ok(None),
        Err(error) => Err(error),
    };
    let text = match read_again(read) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Seen::Nothing),
        Err(error) => return Err(error),
    };
    let Ok(occupant) = serde_json::from_slice::<Occupant>(&text) else { return Ok(Seen::Rubbish) };
    let (is_alive, silence) = if let Some(is_alive) = occupant.process.is_alive() {
        (is_alive, None)
    } else {
        let silence = match read_again(|| silence(path, clock)) {
            Ok(silence) => silence,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Seen::Nothing),
            Err(error) => return Err(error),
        };
        (silence < DEAD, Some(silence))
    };
    let liveness = if is_alive { Liveness::Alive } else { Liveness::Dead };
    Ok(Seen::Lock(Box::new(LockView { occupant, liveness, silence })))
}

/// As [`look`], for who would take the place of a dead process: what cannot be seen is not taken for dead.
pub(super) fn look_closely(path: &Path) -> Result<Option<LockView>, Error> {
    match look(path, Clock::Server) {
        Ok(Seen::Lock(sight)) => Ok(Some(*sight)),
        Ok(Seen::Nothing | Seen::Rubbish) => Ok(None),
        Err(source) => Err(unclear(path, source)),
    }
}

/// That it cannot be seen who works in the directory.
pub(super) fn unclear(path: &Path, source: io::Error) -> Error {
    Error::CannotRead { what: "who works in the directory,", path: path.to_owned(), source }
}

/// As [`look`], for who only tells what it sees.
pub(super) fn glance(path: &Path) -> Option<LockView> {
    match look(path, Clock::ServerOrOwn) {
        Ok(Seen::Lock(sight)) => Some(*sight),
        Ok(Seen::Nothing | Seen::Rubbish) | Err(_) => None,
    }
}

/// Time since a file was written.
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
