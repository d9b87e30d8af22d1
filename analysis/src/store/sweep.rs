//! What processes leave behind that die while they write.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Store, TaskState};
use crate::error::Error;
use crate::plan::{Plan, Stage};

/// The turn of those who write tables and figures.
const DRAWING: &str = "draw.lock";

impl Store {
    /// Removes what processes have left that died while they wrote, and checkpoints of trainings that are done; nothing if
    /// somebody else works here.
    pub fn sweep(&self, plan: &Plan, states: &[TaskState]) {
        let done = plan.tasks.iter().zip(states).filter(|(_, state)| state.is_done());
        let needless: HashSet<PathBuf> = done.map(|(task, _)| self.checkpoint(&task.id)).collect();
        // Those in running/ may be of somebody who is about to ask for the place.
        let folders = ["", "tasks", "figures", "figures/earlier"].map(|name| self.directory.join(name));
        let stages = Stage::ALL.map(|stage| self.tasks().join(stage.word()));
        // `reduce` and `plot` have no place here, but their turn while they write.
        let Ok(_turn) = self.turn(DRAWING) else { return };
        let found = folders.iter().chain(&stages).flat_map(|folder| files(folder));
        let left: Vec<PathBuf> = found
            .filter(|file| {
                file.extension().is_some_and(|extension| extension == "part") || needless.contains(file)
            })
            .collect();
        // Asked only now: whoever begins after this writes files that are not among those found, and whoever wrote one of
        // them had its place by then.
        if self.is_shared() {
            return;
        }
        for file in left {
            let _ = fs::remove_file(file);
        }
    }

    /// Waits for the turn of those who write tables and figures.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn drawing_turn(&self) -> Result<fs::File, Error> {
        self.turn(DRAWING)
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
