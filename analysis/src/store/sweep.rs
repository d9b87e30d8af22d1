//! What processes leave behind that die while they write.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::durable::is_part_of;
use super::{Store, TaskState};
use crate::figures::Figure;
use crate::plan::{Plan, Stage};

impl Store {
    /// Removes what processes have left that died while they wrote, and checkpoints of trainings that are done. Only for who
    /// works here alone.
    pub fn sweep(&self, plan: &Plan, states: &[TaskState]) {
        let done = plan.tasks.iter().zip(states).filter(|(_, state)| state.is_done());
        let needless: HashSet<PathBuf> = done.map(|(task, _)| self.checkpoint(&task.id)).collect();
        // Those in running/ may be of somebody who is about to ask for the place. All else in these folders is the user's,
        // whatever it is called.
        let folders = ["", "tasks", "figures"].map(|name| (name.to_owned(), self.directory.join(name)));
        let stages = Stage::ALL.map(|stage| (stage.word().to_owned(), self.tasks().join(stage.word())));
        for (name, folder) in folders.iter().chain(&stages) {
            for file in files(folder) {
                let is_part = file
                    .file_name()
                    .and_then(|file| file.to_str())
                    .is_some_and(|file| is_part_of(file, |whole| is_written(name, whole)));
                if is_part || needless.contains(&file) {
                    let _ = fs::remove_file(file);
                }
            }
        }
    }

    /// Makes a network file system look again for files that were not there a moment ago: it remembers for a while that
    /// there was no such file, until somebody opens the folder.
    pub fn refresh(&self) {
        for stage in Stage::ALL {
            let _ = fs::read_dir(self.tasks().join(stage.word()));
        }
    }
}

/// Whether we write files of this name into this folder, in one piece.
fn is_written(folder: &str, name: &str) -> bool {
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
    match folder {
        "" => ["job.toml", "job.json", "provenance.json", "results.csv", "drawn.json"].contains(&name),
        "tasks" => ["folded.jsonl", "folded.h5"].contains(&name),
        "figures" => Figure::named(stem).is_some() && ["csv", "svg", "pdf", "png"].contains(&kind),
        _ => ["json", "h5", "checkpoint"].contains(&kind),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect()
}
