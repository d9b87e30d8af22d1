//! The check that a directory belongs to drapes: nothing is written, moved or removed in a directory that holds other files.

use std::fs::{self, DirEntry};
use std::path::Path;

use super::durable::is_part_of;
use super::names::{is_arrival, is_place};
use super::{LockOwner, Store, StoredJob, request};
use crate::error::Error;
use crate::plan::Stage;

/// What a stored job of any version begins with, whether or not this version understands the rest.
const BEGINNING: &[u8] = b"{\n  \"job\": {\n    \"schema\": ";
/// The files that one process at a time holds a lock of; they are empty.
pub(super) const EXCLUSIVE_LOCKS: [&str; 3] = ["turn.lock", "job.lock", "draw.lock"];

/// What a directory holds before a scan begins or goes on there.
enum Holder {
    /// It holds a scan.
    Scan,
    /// Nothing: it does not exist, it is empty, or a scan was about to begin there.
    Nobody,
    /// Files of somebody else, such as this one.
    Others(String),
}

impl Store {
    /// Refuses a directory that holds files of somebody else. Writes nothing.
    ///
    /// A directory is ours if its `job.json` is a stored job, which is written before nearly everything else. It may be begun
    /// if it is not there, is empty, or holds nothing but what is written even earlier, by a start that died before
    /// `job.json` was there or by another shard that begins at this moment:
    ///
    /// - empty folders of stages;
    /// - in `running/`, lock files, requests to their owners, and files of ranks that wait for others;
    /// - a part of `job.json`.
    ///
    /// # Errors
    /// The directory holds anything else.
    pub fn claim(directory: &Path) -> Result<(), Error> {
        match Self::at(directory).holder() {
            Holder::Scan | Holder::Nobody => Ok(()),
            Holder::Others(found) => Err(Error::NotOurs { path: directory.to_owned(), found }),
        }
    }

    fn holder(&self) -> Holder {
        if self.holds_job() {
            return Holder::Scan;
        }
        // What cannot be read cannot be written either, which is told where that is tried.
        let Ok(entries) = fs::read_dir(&self.directory) else { return Holder::Nobody };
        let foreign = entries.flatten().find(|entry| !is_remain(entry));
        match foreign {
            None => Holder::Nobody,
            // Another shard may have begun the scan while this one looked; its job came before all else.
            Some(_) if self.holds_job() => Holder::Scan,
            Some(entry) => Holder::Others(entry.file_name().display().to_string()),
        }
    }

    /// Whether the directory has a job of ours.
    pub(super) fn holds_job(&self) -> bool {
        let Ok(text) = fs::read(self.directory.join("job.json")) else { return false };
        text.starts_with(BEGINNING) || serde_json::from_slice::<StoredJob>(&text).is_ok()
    }

    /// Why a directory without a job of ours holds no results.
    pub(super) fn no_results(&self) -> Error {
        let there = self.directory.join("job.json").exists();
        let reason = if there { "its job.json is not one of drapes" } else { "it has no job.json" };
        Error::NotResults { path: self.directory.clone(), reason }
    }
}

/// Whether a start of ours may have left this before it stored its job.
fn is_remain(entry: &DirEntry) -> bool {
    let (path, name) = (entry.path(), entry.file_name());
    match name.to_str() {
        Some("tasks") => holds_only(&path, |stage| {
            let word = stage.file_name();
            Stage::ALL.iter().any(|stage| word == stage.word()) && holds_only(&stage.path(), |_| false)
        }),
        Some("running") => holds_only(&path, is_of_running),
        Some(name) => is_part_of(name, |file| file == "job.json") && is_file(entry),
        None => false,
    }
}

fn is_of_running(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let Some(name) = name.to_str() else { return false };
    // A network file system keeps files that are removed while they are open under such names.
    let is_hidden = name.starts_with(".nfs")
        || is_part_of(name, |file| EXCLUSIVE_LOCKS.contains(&file) || is_place(file) || is_request(file));
    let is_empty = || entry.metadata().is_ok_and(|file| file.len() == 0);
    let is_lock = || {
        let text = fs::read(entry.path());
        // Whoever has gone meanwhile was one of ours.
        text.map_or(true, |text| serde_json::from_slice::<LockOwner>(&text).is_ok())
    };
    is_file(entry)
        && (is_hidden
            || (is_request(name) && request::read(&entry.path()).is_some())
            || ((EXCLUSIVE_LOCKS.contains(&name) || is_arrival(name)) && is_empty())
            || (is_place(name) && is_lock()))
}

/// Whether a name is that of a request to the owner of a lock: `2-of-8.stop`.
fn is_request(name: &str) -> bool {
    request::lock_of(name).is_some_and(|lock| is_place(&lock))
}

fn is_file(entry: &DirEntry) -> bool {
    // One that has gone meanwhile is nobody's.
    entry.file_type().map_or(true, |kind| kind.is_file())
}

/// Whether a folder holds nothing but entries of a kind.
fn holds_only(folder: &Path, is_of_kind: impl Fn(&DirEntry) -> bool) -> bool {
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir());
    is_folder && fs::read_dir(folder).is_ok_and(|entries| entries.flatten().all(|entry| is_of_kind(&entry)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(directory: &Path) -> Option<String> {
        Store::claim(directory).err().map(|error| error.to_string())
    }

    #[test]
    fn what_a_start_leaves_is_no_obstacle_and_all_else_is() {
        let place = tempfile::tempdir().expect("a directory");
        let out = place.path().join("out");
        assert_eq!(refusal(&out), None, "it is not there");
        for stage in Stage::ALL {
            fs::create_dir_all(out.join("tasks").join(stage.word())).expect("room");
        }
        fs::create_dir(out.join("running")).expect("room");
        fs::write(out.join("running/turn.lock"), "").expect("room");
        let owner = serde_json::json!({"process": {"host": "a", "pid": 1, "started": null, "space": null}, "since": 0,
            "shard": 1, "shards": 2, "ranks": 1, "running": [], "retrying": []});
        fs::write(out.join("running/1-of-2.json"), owner.to_string()).expect("room");
        let process = serde_json::json!({"host": "a", "pid": 1, "started": null, "space": null});
        let request = serde_json::json!({"stop": process, "asked_by": process});
        fs::write(out.join("running/1-of-2.stop"), request.to_string()).expect("room");
        fs::write(out.join("running/1-of-2.stop.0123456789ab-7.part"), "{").expect("room");
        fs::write(out.join("job.json.0123456789ab-7.part"), "{").expect("room");
        assert_eq!(refusal(&out), None, "a start that died");
        for foreign in [
            "notes.txt",
            ".hidden",
            "job.toml",
            "job.json",
            "results.csv",
            "job.json.part",
            "x.0123456789ab-7.part",
            "tasks/list.txt",
            "tasks/fit/a.json",
            "running/turn.lock.bak",
            "running/2-of-2.json",
            "running/2-of-2.stop",
            "running/please.stop",
            "running/x-of-2.json",
            "running/job.lock",
            "figures/fig05.pdf",
        ] {
            let path = out.join(foreign);
            fs::create_dir_all(path.parent().expect("a folder")).expect("room");
            fs::write(&path, "mine").expect("room");
            let refused = refusal(&out).unwrap_or_default();
            assert!(refused.contains("holds no scan of drapes"), "{foreign}: {refused}");
            fs::remove_file(&path).expect("the file");
            let _ = fs::remove_dir(out.join("figures"));
        }
        assert_eq!(refusal(&out), None);
    }
}
