//! Who works in a directory: a lock that a crash cannot leave locked.
//!
//! `running/SHARD-of-COUNT.json` names the process and what its ranks do. It is there exactly as long as somebody works,
//! or has died; which of the two, the process table says on the same machine, and elsewhere the file's age: whoever works
//! writes to it. Both moments are the file server's: that of the last write, and that of a file which whoever looks has just
//! written. Clocks of two hosts may differ by more than the time after which a silent process counts as dead.

mod look;
mod machine;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::again::read_again;
use super::occupant::{Doing, Liveness, Occupant, now};
use super::{Store, part_of, request};
use crate::dispatch::Shard;
use crate::error::Error;
use look::{Clock, LockView, Seen, glance, look, look_closely, touch, unclear};
pub use machine::Process;

/// How often a working process touches its file.
const BEAT: Duration = Duration::from_secs(20);
/// A file that has not been touched for so long belongs to a process that is gone.
const DEAD: Duration = Duration::from_secs(if cfg!(test) { 4 } else { 180 });
/// A lock that is not there for so long was taken away. A network file system may say so once of one that is there.
const GONE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 15 });
/// How often a file is looked at of which it is not clear whether its owner lives.
const GLANCE: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1000 });

/// What to do while it is not clear whether the owner of a place lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Wait until its owner is heard of, or counts as dead.
    Wait,
    /// Take the place for occupied.
    GiveUp,
}

/// How an attempt to occupy a directory ends.
enum Attempt {
    /// The place is taken, and these have died at it.
    Taken(Box<Occupancy>, Vec<Occupant>),
    /// The owner of this file has it.
    InUse(PathBuf),
}

/// The right to work in a directory; given back when dropped.
pub struct Occupancy {
    path: PathBuf,
    occupant: Occupant,
    /// Since when its file could not be seen, if it cannot.
    unseen: Option<Instant>,
    /// Ends the thread that touches the file.
    end: Option<Sender<()>>,
    beat: Option<JoinHandle<()>>,
}

impl Store {
    pub(super) fn running(&self) -> PathBuf {
        self.directory.join("running")
    }

    /// Takes the right to work in the directory, or in a share of it.
    ///
    /// Returns it with the occupants that have died and whose place was taken. Where only the age of a file could tell
    /// whether its owner lives, waits until the owner is heard of or counts as dead: `meanwhile` is asked again and again,
    /// with the time since it was heard of.
    ///
    /// # Errors
    /// Somebody works there already, or the directory cannot be written.
    pub fn occupy(
        &self,
        shard: Shard,
        ranks: usize,
        meanwhile: &mut dyn FnMut(&Occupant, Duration) -> Patience,
    ) -> Result<(Occupancy, Vec<Occupant>), Error> {
        let mut seen: Option<(Process, Duration)> = None;
        loop {
            let path = match self.try_to_occupy(shard, ranks)? {
                Attempt::Taken(occupancy, dead) => return Ok((*occupancy, dead)),
                Attempt::InUse(path) => path,
            };
            // Whoever was there may have left in between.
            let Some(LockView { occupant, silence, .. }) = look_closely(&path)? else { continue };
            let Some(silence) = silence else { return Err(self.occupied(&path)) };
            let is_heard =
                seen.is_some_and(|(process, before)| process != occupant.process || silence < before);
            if is_heard || meanwhile(&occupant, silence) == Patience::GiveUp {
                return Err(self.occupied(&path));
            }
            seen = Some((occupant.process, silence));
            std::thread::sleep(GLANCE);
        }
    }

    fn try_to_occupy(&self, shard: Shard, ranks: usize) -> Result<Attempt, Error> {
        let folder = self.running();
        let cannot_write = |source| Error::CannotWrite { path: folder.clone(), source };
        let (process, since) = (Process::this(), now());
        let (index, count, doing) = (shard.index, shard.count, Doing::default());
        let occupant = Occupant { process, since, shard: index, shards: count, ranks, job: None, doing };
        let path = folder.join(format!("{index}-of-{count}.json"));
        let mut dead = Vec::new();
        // Who takes the place of a dead process must not take that of another who was faster.
        let _turn = self.turn("turn.lock")?;
        // A file of the same name may be that of a process that died, or no such file at all.
        while !create_whole(&path, &occupant).map_err(cannot_write)? {
            match look_closely(&path)? {
                Some(LockView { liveness: Liveness::Alive, .. }) => return Ok(Attempt::InUse(path)),
                found => {
                    take_away(&path).map_err(cannot_write)?;
                    dead.extend(found.map(|gone| gone.occupant));
                }
            }
        }
        // What was asked of one that is gone is not asked of this one.
        request::clear(&request::of_lock(&path), Some(&occupant.process));
        let mut occupancy = Occupancy { path, occupant, unseen: None, end: None, beat: None };
        if let Some(others) = self.make_way(&occupancy, shard, &mut dead)? {
            return Ok(Attempt::InUse(others));
        }
        occupancy.begin_beating();
        Ok(Attempt::Taken(Box::new(occupancy), dead))
    }

    /// Removes those that have died at shares of another size; the file of one that works at such a share.
    fn make_way(
        &self,
        own: &Occupancy,
        shard: Shard,
        dead: &mut Vec<Occupant>,
    ) -> Result<Option<PathBuf>, Error> {
        let files = self.occupant_files();
        let files = files.map_err(|source| unclear(&self.running(), source))?;
        for path in files.into_iter().filter(|path| *path != own.path) {
            let Some(LockView { occupant, liveness, .. }) = look_closely(&path)? else { continue };
            match liveness {
                Liveness::Dead if occupant.shards != shard.count => {
                    request::clear(&request::of_lock(&path), None);
                    let _ = fs::remove_file(&path);
                    dead.push(occupant);
                }
                Liveness::Alive if occupant.shards != shard.count => return Ok(Some(path)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Waits for a turn that one process has at a time, until the file is closed. Where the file system knows no locks,
    /// everybody has it at once.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn turn(&self, name: &str) -> Result<File, Error> {
        let folder = self.running();
        let cannot_write = |source| Error::CannotWrite { path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(cannot_write)?;
        // Nothing is cut: whatever stands there is not ours to empty.
        let turn = File::options().create(true).truncate(false).write(true).open(folder.join(name));
        let turn = turn.map_err(cannot_write)?;
        let _ = turn.lock();
        Ok(turn)
    }

    fn occupied(&self, path: &Path) -> Error {
        let who = glance(path).map_or_else(|| "another process".to_owned(), |sight| sight.who());
        Error::Occupied { path: self.directory.clone(), who }
    }

    fn occupant_files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match read_again(|| fs::read_dir(self.running())?.collect::<io::Result<Vec<_>>>()) {
            Err(error) if error.kind() == ErrorKind::NotFound => vec![],
            entries => entries?,
        };
        let files = entries.into_iter().map(|entry| entry.path());
        let mut files: Vec<PathBuf> =
            files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
        files.sort();
        Ok(files)
    }

    /// Says in this process's file which job it works at.
    pub(super) fn works_at(&self, job: &str) {
        for path in self.occupant_files().unwrap_or_default() {
            let Some(LockView { mut occupant, .. }) = glance(&path) else { continue };
            if occupant.process == Process::this() {
                occupant.job = Some(job.to_owned());
                replace(&path, &occupant);
            }
        }
    }

    /// Everybody who works in the directory or has died there.
    pub fn occupants(&self) -> Vec<(Occupant, Liveness)> {
        let files = self.occupant_files().unwrap_or_default();
        let sights = files.into_iter().filter_map(|path| glance(&path));
        sights.map(|sight| (sight.occupant, sight.liveness)).collect()
    }

    /// Whether somebody else works in the directory, or may: a lock that cannot be read may be that of one who does.
    pub fn is_shared(&self) -> bool {
        let this = Process::this();
        let Ok(files) = self.occupant_files() else { return true };
        files.into_iter().any(|path| match look(&path, Clock::Server) {
            Ok(Seen::Lock(sight)) => sight.liveness == Liveness::Alive && sight.occupant.process != this,
            Ok(Seen::Nothing | Seen::Rubbish) => false,
            Err(_) => true,
        })
    }
}

impl Occupancy {
    /// Says what the ranks do; who asks for the status reads it.
    ///
    /// A look that fails is no reason to end the work of days: the next one decides.
    ///
    /// # Errors
    /// The place was taken by somebody else, who thought that this process was dead: it must not go on.
    pub fn tell(&mut self, doing: Doing) -> Result<(), Error> {
        let taken = |who: String| Err(Error::Occupied { path: self.path.clone(), who });
        let patience = match look(&self.path, Clock::ServerOrOwn) {
            Ok(Seen::Lock(found)) if found.occupant.process == self.occupant.process => {
                self.occupant.job = found.occupant.job;
                None
            }
            Ok(Seen::Lock(found)) => return taken(found.who()),
            Ok(Seen::Rubbish) => return taken("somebody".to_owned()),
            Ok(Seen::Nothing) => Some(GONE),
            // As long as others do not take this process for dead.
            Err(_) => Some(DEAD),
        };
        if let Some(patience) = patience {
            let unseen = *self.unseen.get_or_insert_with(Instant::now);
            if unseen.elapsed() < patience {
                // Nothing is written in the meantime: it could be over the file of who has come.
                return Ok(());
            }
            return taken(format!(
                "somebody, since its own lock is out of sight for {} s",
                patience.as_secs()
            ));
        }
        self.unseen = None;
        self.occupant.doing = doing;
        replace(&self.path, &self.occupant);
        Ok(())
    }

    fn begin_beating(&mut self) {
        let (end, ended) = channel::<()>();
        let path = self.path.clone();
        let beat = move || {
            while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                let _ = touch(&path);
            }
        };
        self.beat = std::thread::Builder::new().name("heartbeat".to_owned()).spawn(beat).ok();
        self.end = Some(end);
    }
}

impl Drop for Occupancy {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(beat) = self.beat.take() {
            let _ = beat.join();
        }
        if glance(&self.path).is_some_and(|found| found.occupant.process == self.occupant.process) {
            request::clear(&request::of_lock(&self.path), None);
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn text(occupant: &Occupant) -> Vec<u8> {
    serde_json::to_vec_pretty(occupant).unwrap_or_default()
}

/// Writes an occupant's file anew. Nothing depends on it being up to date; a full disk is told where results are stored.
fn replace(path: &Path, occupant: &Occupant) {
    let part = part_of(path);
    let written = fs::write(&part, text(occupant)).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
}

/// Creates a file with its whole content at once; false if it is there already.
fn create_whole(path: &Path, occupant: &Occupant) -> std::io::Result<bool> {
    let part = part_of(path);
    fs::write(&part, text(occupant))?;
    // A link fails where the name is taken, also on network file systems.
    let linked = fs::hard_link(&part, path);
    let _ = fs::remove_file(&part);
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes whatever stands at a path.
fn take_away(path: &Path) -> std::io::Result<()> {
    let aside = part_of(path);
    match fs::rename(path, &aside) {
        // Its owner was faster.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) if aside.is_dir() => fs::remove_dir_all(&aside),
        Ok(()) => fs::remove_file(&aside),
    }
}

#[cfg(test)]
mod tests;
