//! What processes leave behind that die while they write.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Store, TaskState};
use crate::plan::{Plan, Stage};

impl Store {
    /// Removes what processes have left that died while they wrote, and checkpoints of trainings that are done. Only for who
    /// works here alone.
    pub fn sweep(&self, plan: &Plan, states: &[TaskState]) {
        let done = plan.tasks.iter().zip(states).filter(|(_, state)| state.is_done());
        let needless: HashSet<PathBuf> = done.map(|(task, _)| self.checkpoint(&task.id)).collect();
        // Those in running/ may be of somebody who is about to ask for the place.
        let folders = ["", "tasks", "figures", "figures/earlier"].map(|name| self.directory.join(name));
        let stages = Stage::ALL.map(|stage| self.tasks().join(stage.word()));
        for folder in folders.iter().chain(&stages) {
            for file in files(folder) {
                if file.extension().is_some_and(|extension| extension == "part") || needless.contains(&file) {
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

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect()
}
