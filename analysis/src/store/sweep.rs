//! Cleaning up: files that processes leave behind when they die while they write.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::aside::SideTable;
use super::control_searches::CONTROL_SEARCHES;
use super::durable::is_part_of;
use super::names::is_arrival;
use super::unblinding::UNBLINDING;
use super::warnings::WARNINGS;
use super::{RecordState, Store, request};
use crate::error::Error;
use crate::plan::{Plan, Stage};

/// The lock file of processes that write tables and figures.
const DRAWING: &str = "draw.lock";

impl Store {
    /// Removes what processes have left that died while they wrote, and what was kept of stopped tasks that are done by now;
    /// nothing if somebody else works here. `figures` are the names of those that are ever drawn.
    pub fn sweep(&self, plan: &Plan, states: &[RecordState], figures: &[&str]) {
        let done = plan.tasks.iter().zip(states).filter(|(_, state)| state.is_done());
        let needless: HashSet<PathBuf> =
            done.flat_map(|(task, _)| [self.checkpoint(&task.id), self.stop_file(&task.id)]).collect();
        // Those in running/ may be of somebody who is about to ask for the place. All else in these folders is the user's,
        // whatever it is called.
        let folders = ["", "tasks", "figures"].map(|name| (name.to_owned(), self.directory.join(name)));
        let stages = Stage::ALL.map(|stage| (stage.word().to_owned(), self.tasks().join(stage.word())));
        // `reduce` and `plot` take no lock of the directory, but one of its figures while they write.
        let Ok(_lock) = self.lock_exclusive(DRAWING) else { return };
        let mut left: Vec<PathBuf> = Vec::new();
        for (name, folder) in folders.iter().chain(&stages) {
            left.extend(files(folder).into_iter().filter(|file| {
                let name_of_file = file.file_name().and_then(|file| file.to_str());
                let is_part = name_of_file
                    .is_some_and(|file| is_part_of(file, |whole| is_written(name, whole, figures)));
                is_part || needless.contains(file)
            }));
        }
        // Asked only now: whoever begins after this writes files that are not among those found, and whoever wrote one of
        // them had its place by then.
        if self.is_shared() {
            return;
        }
        for file in left {
            let _ = fs::remove_file(file);
        }
        self.sweep_requests();
        self.sweep_arrivals();
    }

    /// Removes the files of ranks that have waited for others in vain. Ranks of another shard that still wait write theirs
    /// again.
    pub(super) fn sweep_arrivals(&self) {
        for file in files(&self.running()) {
            if file.file_name().and_then(|name| name.to_str()).is_some_and(is_arrival) {
                let _ = fs::remove_file(file);
            }
        }
    }

    /// Removes requests to processes that are gone.
    fn sweep_requests(&self) {
        for file in files(&self.running()) {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if request::lock_of(name).is_some_and(|lock| !self.running().join(lock).exists()) {
                request::clear(&file, None);
            }
        }
    }

    /// Waits until no other process writes tables and figures. The lock ends when the file is closed.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn lock_drawing(&self) -> Result<fs::File, Error> {
        self.lock_exclusive(DRAWING)
    }

    /// Makes a network file system look again for files that were not there a moment ago: it remembers for a while that
    /// there was no such file, until somebody opens the folder.
    pub fn refresh(&self) {
        for stage in Stage::ALL {
            let _ = fs::read_dir(self.tasks().join(stage.word()));
        }
    }
}

/// Whether drapes writes files of this name into this folder, so that a part of one may be left over.
fn is_written(folder: &str, name: &str, figures: &[&str]) -> bool {
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
    match folder {
        "" => {
            let is_table = name == "results.csv" || SideTable::ALL.iter().any(|table| table.name() == name);
            let others = [
                "job.toml",
                "job.json",
                "provenance.json",
                "drawn.json",
                "report.html",
                UNBLINDING,
                CONTROL_SEARCHES,
                WARNINGS,
            ];
            is_table || others.contains(&name)
        }
        "tasks" => ["folded.jsonl", "folded.h5"].contains(&name),
        "figures" => figures.contains(&stem) && ["csv", "svg", "pdf", "png"].contains(&kind),
        _ => ["json", "h5", "checkpoint", "stopped"].contains(&kind),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect()
}
