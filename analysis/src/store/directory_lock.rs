//! The lock of a directory: it says which process works there, and a crash cannot leave it locked.
//!
//! The lock is a file, `running/SHARD-of-COUNT.json`, which names the process and what its ranks do. It exists while the
//! process works, and stays behind if the process dies. Which of the two is the case is seen in the process table if the
//! process ran on this machine. Otherwise the age of the file decides, because a working process writes to its file every
//! [`HEARTBEAT`]. The age is the difference of two times of the file server: that of the last write, and that of a file
//! which the asking process has just written. The clocks of two hosts would not do, for they may differ by more than
//! [`STALE_AFTER`].

mod lock_view;
mod process;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::again::read_again;
use super::lock_owner::{Doing, Liveness, LockOwner, now};
use super::{Store, part_of, request};
use crate::dispatch::Shard;
use crate::error::Error;
use lock_view::{Clock, LockFile, LockView, inspect, peek, read_lock, touch, unclear};
pub use process::Process;

/// Time between two writes of a working process to its lock file.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// The owner of a lock file that nobody has written to for this long counts as dead.
const STALE_AFTER: Duration = Duration::from_secs(if cfg!(test) { 4 } else { 180 });
/// A lock file that is missing for this long was removed. A network file system may report a file as missing although it
/// is there, so that one failed look proves nothing.
const LOST_AFTER: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 15 });
/// Time between two looks at a lock file while it is not clear whether its owner lives.
const POLL: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1000 });

/// What to do while it is not clear whether the owner of a lock lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockTimeout {
    /// Wait until the owner writes to its file, or counts as dead.
    Wait,
    /// Treat the directory as locked, without waiting any longer.
    GiveUp,
}

/// How an attempt to lock a directory ends.
enum Attempt {
    /// This process has the lock; these processes had it before and have died.
    Taken(Box<DirectoryLock>, Vec<LockOwner>),
    /// Another process has it; this is its lock file.
    InUse(PathBuf),
}

/// The lock of a directory, which this process holds until the value is dropped.
pub struct DirectoryLock {
    path: PathBuf,
    owner: LockOwner,
    /// Since when the lock file could not be found, if it cannot be found now.
    unseen: Option<Instant>,
    /// Dropped to end the thread that writes the heartbeat.
    end: Option<Sender<()>>,
    heartbeat: Option<JoinHandle<()>>,
}

impl Store {
    pub(super) fn running(&self) -> PathBuf {
        self.directory.join("running")
    }

    /// Locks the directory, or one shard of it, for this process.
    ///
    /// Returns the lock, and the former owners that have died and whose locks were taken over. If only the age of a lock file
    /// tells whether its owner lives, this waits until the owner writes to it or counts as dead; `meanwhile` is called every
    /// second with the owner and the age, and may give up.
    ///
    /// # Errors
    /// Somebody works there already, or the directory cannot be written.
    pub fn lock(
        &self,
        shard: Shard,
        ranks: usize,
        meanwhile: &mut dyn FnMut(&LockOwner, Duration) -> LockTimeout,
    ) -> Result<(DirectoryLock, Vec<LockOwner>), Error> {
        let mut seen: Option<(Process, Duration)> = None;
        loop {
            let path = match self.try_to_lock(shard, ranks)? {
                Attempt::Taken(directory_lock, dead) => return Ok((*directory_lock, dead)),
                Attempt::InUse(path) => path,
            };
            // Whoever was there may have left in between.
            let Some(LockView { owner, silence, .. }) = inspect(&path)? else { continue };
            let Some(silence) = silence else { return Err(self.occupied(&path)) };
            let is_heard = seen.is_some_and(|(process, before)| process != owner.process || silence < before);
            if is_heard || meanwhile(&owner, silence) == LockTimeout::GiveUp {
                return Err(self.occupied(&path));
            }
            seen = Some((owner.process, silence));
            std::thread::sleep(POLL);
        }
    }

    fn try_to_lock(&self, shard: Shard, ranks: usize) -> Result<Attempt, Error> {
        let folder = self.running();
        let cannot_write = |source| Error::CannotWrite { path: folder.clone(), source };
        let (process, since) = (Process::this(), now());
        let (index, count, doing) = (shard.index, shard.count, Doing::default());
        let owner = LockOwner { process, since, shard: index, shards: count, ranks, job: None, doing };
        let path = folder.join(format!("{index}-of-{count}.json"));
        let mut dead = Vec::new();
        // Who takes the place of a dead process must not take that of another who was faster.
        let _lock = self.lock_exclusive("turn.lock")?;
        // A file of the same name may be that of a process that died, or no such file at all.
        while !create_whole(&path, &owner).map_err(cannot_write)? {
            match inspect(&path)? {
                Some(LockView { liveness: Liveness::Alive, .. }) => return Ok(Attempt::InUse(path)),
                found => {
                    take_away(&path).map_err(cannot_write)?;
                    dead.extend(found.map(|gone| gone.owner));
                }
            }
        }
        // What was asked of one that is gone is not asked of this one.
        request::clear(&request::of_lock(&path), Some(&owner.process));
        let mut directory_lock = DirectoryLock { path, owner, unseen: None, end: None, heartbeat: None };
        if let Some(others) = self.reject_other_shard_counts(&directory_lock, shard, &mut dead)? {
            return Ok(Attempt::InUse(others));
        }
        directory_lock.start_heartbeat();
        Ok(Attempt::Taken(Box::new(directory_lock), dead))
    }

    /// Shards of different counts would do the same tasks twice. Removes locks of dead processes that had another count, and
    /// returns the lock file of a living one, if there is one.
    fn reject_other_shard_counts(
        &self,
        own: &DirectoryLock,
        shard: Shard,
        dead: &mut Vec<LockOwner>,
    ) -> Result<Option<PathBuf>, Error> {
        let files = self.lock_files();
        let files = files.map_err(|source| unclear(&self.running(), source))?;
        for path in files.into_iter().filter(|path| *path != own.path) {
            let Some(LockView { owner, liveness, .. }) = inspect(&path)? else { continue };
            match liveness {
                Liveness::Dead if owner.shards != shard.count => {
                    request::clear(&request::of_lock(&path), None);
                    let _ = fs::remove_file(&path);
                    dead.push(owner);
                }
                Liveness::Alive if owner.shards != shard.count => return Ok(Some(path)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Waits until this process alone holds the named lock file of `running/`, which it releases by closing the file. On a file
    /// system without locks, every process gets it at once.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn lock_exclusive(&self, name: &str) -> Result<File, Error> {
        let folder = self.running();
        let cannot_write = |source| Error::CannotWrite { path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(cannot_write)?;
        // Nothing is cut: whatever stands there is not ours to empty.
        let exclusive = File::options().create(true).truncate(false).write(true).open(folder.join(name));
        let exclusive = exclusive.map_err(cannot_write)?;
        let _ = exclusive.lock();
        Ok(exclusive)
    }

    fn occupied(&self, path: &Path) -> Error {
        let who = peek(path).map_or_else(|| "another process".to_owned(), |view| view.who());
        Error::Occupied { path: self.directory.clone(), who }
    }

    fn lock_files(&self) -> io::Result<Vec<PathBuf>> {
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

    /// Writes into this process's lock file which job it works at.
    pub(super) fn works_at(&self, job: &str) {
        for path in self.lock_files().unwrap_or_default() {
            let Some(LockView { mut owner, .. }) = peek(&path) else { continue };
            if owner.process == Process::this() {
                owner.job = Some(job.to_owned());
                replace(&path, &owner);
            }
        }
    }

    /// The owners of all lock files of the directory, and whether each of them lives.
    pub fn lock_owners(&self) -> Vec<(LockOwner, Liveness)> {
        let files = self.lock_files().unwrap_or_default();
        let view = files.into_iter().filter_map(|path| peek(&path));
        view.map(|view| (view.owner, view.liveness)).collect()
    }

    /// Whether another process works in the directory. A lock file that cannot be read counts as that of a living process.
    pub fn is_shared(&self) -> bool {
        let this = Process::this();
        let Ok(files) = self.lock_files() else { return true };
        files.into_iter().any(|path| match read_lock(&path, Clock::Server) {
            Ok(LockFile::Lock(view)) => view.liveness == Liveness::Alive && view.owner.process != this,
            Ok(LockFile::Nothing | LockFile::NoLock) => false,
            Err(_) => true,
        })
    }
}

impl DirectoryLock {
    /// Writes what the ranks do into the lock file, where `status` reads it.
    ///
    /// If the lock file cannot be read once, the run goes on, and the next call decides.
    ///
    /// # Errors
    /// Another process took this one for dead and has taken the lock over: this one must not go on.
    pub fn tell(&mut self, doing: Doing) -> Result<(), Error> {
        let taken = |who: String| Err(Error::Occupied { path: self.path.clone(), who });
        let patience = match read_lock(&self.path, Clock::ServerOrOwn) {
            Ok(LockFile::Lock(found)) if found.owner.process == self.owner.process => {
                self.owner.job = found.owner.job;
                None
            }
            Ok(LockFile::Lock(found)) => return taken(found.who()),
            Ok(LockFile::NoLock) => return taken("somebody".to_owned()),
            Ok(LockFile::Nothing) => Some(LOST_AFTER),
            // As long as others do not take this process for dead.
            Err(_) => Some(STALE_AFTER),
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
        self.owner.doing = doing;
        replace(&self.path, &self.owner);
        Ok(())
    }

    fn start_heartbeat(&mut self) {
        let (end, ended) = channel::<()>();
        let path = self.path.clone();
        let heartbeat = move || {
            while ended.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
                let _ = touch(&path);
            }
        };
        self.heartbeat = std::thread::Builder::new().name("heartbeat".to_owned()).spawn(heartbeat).ok();
        self.end = Some(end);
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(heartbeat) = self.heartbeat.take() {
            let _ = heartbeat.join();
        }
        if peek(&self.path).is_some_and(|found| found.owner.process == self.owner.process) {
            request::clear(&request::of_lock(&self.path), None);
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn text(owner: &LockOwner) -> Vec<u8> {
    serde_json::to_vec_pretty(owner).unwrap_or_default()
}

/// Rewrites a lock file. A failure is ignored, since nothing depends on what the file says of tasks, and a full disk is
/// reported where results are stored.
fn replace(path: &Path, owner: &LockOwner) {
    let part = part_of(path);
    let written = fs::write(&part, text(owner)).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
}

/// Creates a lock file with its whole content in one step; false if the file exists already.
fn create_whole(path: &Path, owner: &LockOwner) -> std::io::Result<bool> {
    let part = part_of(path);
    fs::write(&part, text(owner))?;
    // A link fails where the name is taken, also on network file systems.
    let linked = fs::hard_link(&part, path);
    let _ = fs::remove_file(&part);
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the file or folder of this name, if there is one.
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
