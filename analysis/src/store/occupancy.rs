//! Who works in a directory: a lock that a crash cannot leave locked.
//!
//! `running/SHARD-of-COUNT.json` names the process and what its ranks do. It is there exactly as long as somebody works,
//! or has died; which of the two, the process table says on the same machine, and elsewhere the file's age: whoever works
//! touches it.

mod machine;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::Store;
use crate::dispatch::Shard;
use crate::error::Error;
use crate::plan::TaskId;
use machine::Process;

/// How often a working process touches its file.
const BEAT: Duration = Duration::from_secs(20);
/// A file that has not been touched for so long belongs to a process that is gone.
const DEAD: Duration = Duration::from_secs(180);

/// A process that works in a directory, as its file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Occupant {
    /// The process.
    pub process: Process,
    /// When it began, in seconds since 1970.
    pub since: u64,
    /// Its share of the scan, from 1.
    pub shard: u32,
    /// Of how many.
    pub shards: u32,
    /// What its ranks do.
    pub running: Vec<RunningTask>,
    /// Ranks that it has.
    pub ranks: usize,
}

/// A task that a rank is at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningTask {
    /// The task.
    pub task: TaskId,
    /// The rank.
    pub rank: usize,
    /// When it began, in seconds since 1970.
    pub since: u64,
    /// The share of it that is done.
    pub share: f64,
}

/// Whether an occupant still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It works.
    Alive,
    /// It is gone: its process has ended, or has not been heard of for long.
    Dead,
}

/// The right to work in a directory; given back when dropped.
pub struct Occupancy {
    path: PathBuf,
    occupant: Occupant,
    /// Ends the thread that touches the file.
    end: Option<Sender<()>>,
    beat: Option<JoinHandle<()>>,
}

impl Store {
    fn running(&self) -> PathBuf {
        self.directory.join("running")
    }

    /// Takes the right to work in the directory, or in a share of it.
    ///
    /// Returns it with the occupants that have died and whose place was taken.
    ///
    /// # Errors
    /// Somebody works there already, or the directory cannot be written.
    pub fn occupy(&self, shard: Shard, ranks: usize) -> Result<(Occupancy, Vec<Occupant>), Error> {
        let folder = self.running();
        let cannot_write = |source| Error::CannotWrite { path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(cannot_write)?;
        let occupant = Occupant {
            process: Process::this(),
            since: now(),
            shard: shard.index,
            shards: shard.count,
            running: vec![],
            ranks,
        };
        let path = folder.join(format!("{}-of-{}.json", shard.index, shard.count));
        let mut dead = Vec::new();
        // Who takes the place of a dead process must not take that of another who was faster. Where the file system knows
        // no locks, moving the file away is as much as can be done.
        let turn = File::create(folder.join("turn.lock")).map_err(cannot_write)?;
        let _ = turn.lock();
        // A file of the same name may be that of a process that died, or no such file at all.
        while !create_whole(&path, &occupant).map_err(cannot_write)? {
            match look(&path) {
                Some((_, Liveness::Alive)) => return Err(self.occupied(&path)),
                found => {
                    take_away(&path).map_err(cannot_write)?;
                    dead.extend(found.map(|(gone, _)| gone));
                }
            }
        }
        let mut occupancy = Occupancy { path, occupant, end: None, beat: None };
        dead.extend(self.make_way(&occupancy, shard)?);
        occupancy.begin_beating();
        Ok((occupancy, dead))
    }

    /// Refuses where others work on shares of another size; removes those that have died.
    fn make_way(&self, own: &Occupancy, shard: Shard) -> Result<Vec<Occupant>, Error> {
        let mut dead = Vec::new();
        for path in self.occupant_files() {
            let Some((occupant, liveness)) = look(&path).filter(|_| path != own.path) else { continue };
            match liveness {
                Liveness::Dead if occupant.shards != shard.count => {
                    let _ = fs::remove_file(&path);
                    dead.push(occupant);
                }
                Liveness::Alive if occupant.shards != shard.count => return Err(self.occupied(&path)),
                _ => {}
            }
        }
        Ok(dead)
    }

    fn occupied(&self, path: &Path) -> Error {
        let who = look(path).map_or_else(|| "another process".to_owned(), |(who, _)| who.to_string());
        Error::Occupied { path: self.directory.clone(), who }
    }

    fn occupant_files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.running()) else { return vec![] };
        let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut files: Vec<PathBuf> =
            files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
        files.sort();
        files
    }

    /// Everybody who works in the directory or has died there.
    pub fn occupants(&self) -> Vec<(Occupant, Liveness)> {
        self.occupant_files().iter().filter_map(|path| look(path)).collect()
    }
}

impl std::fmt::Display for Occupant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minutes = now().saturating_sub(self.since) / 60;
        write!(f, "process {} on {}, since {minutes} min", self.process.pid, self.process.host)?;
        if self.shards > 1 { write!(f, ", shard {}/{}", self.shard, self.shards) } else { Ok(()) }
    }
}

impl Occupancy {
    /// Says what the ranks do; who asks for the status reads it.
    ///
    /// # Errors
    /// The place was taken by somebody else, who thought that this process was dead: it must not go on.
    pub fn tell(&mut self, running: Vec<RunningTask>) -> Result<(), Error> {
        match look(&self.path) {
            Some((found, _)) if found.process == self.occupant.process => {}
            found => {
                let who = found.map_or_else(|| "somebody".to_owned(), |(who, _)| who.to_string());
                return Err(Error::Occupied { path: self.path.clone(), who });
            }
        }
        self.occupant.running = running;
        let part = self.path.with_extension(format!("json.{}.part", std::process::id()));
        // Nothing depends on this file being up to date; a full disk is told where results are stored.
        let written = fs::write(&part, text(&self.occupant)).and_then(|()| fs::rename(&part, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        Ok(())
    }

    fn begin_beating(&mut self) {
        let (end, ended) = channel::<()>();
        let path = self.path.clone();
        let beat = move || {
            while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                let _ = File::options().append(true).open(&path).and_then(|file| touch(&file));
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
        if look(&self.path).is_some_and(|(found, _)| found.process == self.occupant.process) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn touch(file: &File) -> std::io::Result<()> {
    file.set_modified(SystemTime::now())
}

fn text(occupant: &Occupant) -> Vec<u8> {
    serde_json::to_vec_pretty(occupant).unwrap_or_default()
}

/// Creates a file with its whole content at once; false if it is there already.
fn create_whole(path: &Path, occupant: &Occupant) -> std::io::Result<bool> {
    let part = path.with_extension(format!("json.{}.part", std::process::id()));
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
    let aside = path.with_extension(format!("json.{}.gone.part", std::process::id()));
    match fs::rename(path, &aside) {
        // Its owner was faster.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) if aside.is_dir() => fs::remove_dir_all(&aside),
        Ok(()) => fs::remove_file(&aside),
    }
}

/// Who a file speaks of, and whether it still works; none if the file is gone or no such file.
fn look(path: &Path) -> Option<(Occupant, Liveness)> {
    let occupant: Occupant = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let alive = occupant.process.is_alive().unwrap_or_else(|| age(path).is_none_or(|age| age < DEAD));
    Some((occupant, if alive { Liveness::Alive } else { Liveness::Dead }))
}

/// Time since a file was touched, by the clock of its file system.
fn age(path: &Path) -> Option<Duration> {
    let probe = path.with_extension(format!("clock.{}.part", std::process::id()));
    let clock = File::create(&probe).and_then(|file| file.metadata()).and_then(|probe| probe.modified());
    let _ = fs::remove_file(&probe);
    let clock = clock.unwrap_or_else(|_| SystemTime::now());
    clock.duration_since(fs::metadata(path).ok()?.modified().ok()?).ok()
}

#[cfg(test)]
mod tests;
