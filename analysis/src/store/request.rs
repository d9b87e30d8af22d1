//! Requests to stop: a file beside the lock of each process that works in a directory, on whatever machine it runs.
//!
//! `running/2-of-8.stop` names the process that shall stop, so that a later process with the same shard does not. A process
//! removes the request together with its lock.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Liveness, LockOwner, Process, Store, write_durably};
use crate::dispatch::Shard;
use crate::error::Error;

/// The ending of a request's name, where the lock that it is for has `json`.
const ENDING: &str = "stop";

/// What a process is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopRequest {
    /// The process that shall stop.
    pub stop: Process,
    /// The process that asks for it.
    pub asked_by: Process,
}

impl Store {
    /// Asks every process that works in the directory to save and to end. Returns the processes that were asked.
    ///
    /// # Errors
    /// Nobody works there, or the directory cannot be written.
    pub fn ask_to_stop(&self) -> Result<Vec<LockOwner>, Error> {
        let mut dead = None;
        let mut asked = Vec::new();
        for (owner, liveness) in self.lock_owners() {
            if liveness == Liveness::Dead {
                dead = Some(format!("{owner} has died there"));
                continue;
            }
            let request = StopRequest { stop: owner.process.clone(), asked_by: Process::this() };
            let path = self.running().join(format!("{}-of-{}.{ENDING}", owner.shard, owner.shards));
            write_durably(&path, &serde_json::to_vec(&request).unwrap_or_default())?;
            asked.push(owner);
        }
        if asked.is_empty() {
            let why = dead.unwrap_or_else(|| "there is nothing to stop".to_owned());
            return Err(Error::NobodyAtWork { path: self.directory.clone(), why });
        }
        Ok(asked)
    }

    /// The processes among these lock owners that still work.
    pub fn still_at_work(&self, of: &[LockOwner]) -> Vec<LockOwner> {
        let is_of = |owner: &LockOwner| of.iter().any(|one| one.process == owner.process);
        let there = self.lock_owners().into_iter();
        let alive = there.filter(|(owner, liveness)| *liveness == Liveness::Alive && is_of(owner));
        alive.map(|(owner, _)| owner).collect()
    }

    /// The process that asks this one to stop, if there is one.
    pub fn is_asked_to_stop(&self, shard: Shard) -> Option<Process> {
        // Makes a network file system look again for a file that was not there a moment ago.
        let _ = fs::read_dir(self.running());
        let path = self.running().join(format!("{}-of-{}.{ENDING}", shard.index, shard.count));
        let request = read(&path)?;
        (request.stop == Process::this()).then_some(request.asked_by)
    }
}

/// Where the request for the owner of a lock lies.
pub(super) fn of_lock(lock: &Path) -> PathBuf {
    lock.with_extension(ENDING)
}

/// The request in a file; none if there is no file, or it holds no request.
pub(super) fn read(path: &Path) -> Option<StopRequest> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Removes a request unless it is for this process. A file that holds no request stays.
pub(super) fn clear(path: &Path, but_of: Option<&Process>) {
    if read(path).is_some_and(|request| Some(&request.stop) != but_of) {
        let _ = fs::remove_file(path);
    }
}

/// The lock that a request's name belongs to: `2-of-8.json` for `2-of-8.stop`.
pub(super) fn lock_of(name: &str) -> Option<String> {
    name.strip_suffix(ENDING)?.strip_suffix('.').map(|stem| format!("{stem}.json"))
}

#[cfg(test)]
mod tests {
    use super::super::LockTimeout;
    use super::*;

    fn lock(store: &Store, shard: Shard) -> super::super::DirectoryLock {
        store.lock(shard, 1, &mut |_, _| LockTimeout::GiveUp).expect("a free place").0
    }

    #[test]
    fn who_works_is_asked_and_nobody_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::at(directory.path());
        let message = store.ask_to_stop().expect_err("nobody").to_string();
        assert!(message.starts_with("nobody is at work in ") && message.contains("there is nothing to stop"));
        let request = directory.path().join("running/1-of-1.stop");
        let place = lock(&store, Shard::WHOLE);
        assert_eq!(store.is_asked_to_stop(Shard::WHOLE), None);
        let asked = store.ask_to_stop().expect("this process");
        assert_eq!(asked.len(), 1);
        assert_eq!(store.is_asked_to_stop(Shard::WHOLE), Some(Process::this()));
        assert_eq!(store.still_at_work(&asked).len(), 1);
        drop(place);
        assert!(!request.exists() && store.still_at_work(&asked).is_empty());
    }

    #[test]
    fn all_shards_are_asked_each_by_a_file_of_its_own() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::at(directory.path());
        let shards = [1, 3].map(|index| Shard { index, count: 3 });
        let places = shards.map(|shard| lock(&store, shard));
        assert_eq!(store.ask_to_stop().expect("both").len(), 2);
        for shard in shards {
            assert_eq!(store.is_asked_to_stop(shard), Some(Process::this()), "{shard}");
        }
        assert_eq!(store.is_asked_to_stop(Shard { index: 2, count: 3 }), None, "nobody is there");
        let [first, last] = places;
        drop(first);
        assert_eq!(store.is_asked_to_stop(shards[0]), None);
        assert!(store.is_asked_to_stop(shards[1]).is_some(), "the other has not ended");
        drop(last);
        let left = fs::read_dir(store.running()).expect("a folder").flatten();
        assert_eq!(left.filter(|file| file.path().extension().is_some_and(|kind| kind == ENDING)).count(), 0);
    }

    #[test]
    fn a_request_for_one_that_has_gone_does_not_stop_the_next() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::at(directory.path());
        fs::create_dir_all(store.running()).expect("room");
        let mut request = StopRequest { stop: Process::this(), asked_by: Process::this() };
        request.stop.pid += 1;
        let path = directory.path().join("running/1-of-1.stop");
        fs::write(&path, serde_json::to_vec(&request).expect("JSON")).expect("room");
        assert_eq!(store.is_asked_to_stop(Shard::WHOLE), None);
        let place = lock(&store, Shard::WHOLE);
        assert!(!path.exists(), "whoever begins clears it");
        drop(place);
        // What a user has put there under this name is not ours.
        fs::write(&path, "mine").expect("room");
        drop(lock(&store, Shard::WHOLE));
        assert_eq!(fs::read(&path).expect("the file"), b"mine");
    }
}
