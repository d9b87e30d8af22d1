//! `compact`: the files of finished tasks in two, for file systems with a limit on the number of files.

use std::fs;
use std::path::{Path, PathBuf};

use drapes_analysis::cli::{answer, tell};
use drapes_analysis::dispatch::Shard;
use drapes_analysis::error::{Error as AnalysisError, Exit};
use drapes_analysis::plan::{Plan, TaskId};
use drapes_analysis::store::{Patience, Store, TaskState};

use crate::arrays::{self, ArrayReader};
use crate::error::Error;
use crate::run::silent;

/// Folds the records and arrays of finished tasks into tasks/folded.jsonl and tasks/folded.h5.
///
/// Everything else works as before: `run` goes on, `status`, `reduce` and `plot` read what was folded. Nothing is removed
/// before what replaces it is safely on disk.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  drapes compact out/paper")]
pub struct Compact {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
}

impl Compact {
    /// Folds what is finished.
    ///
    /// # Errors
    /// The directory holds no results, is in use, or cannot be written.
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        let mut is_told = false;
        let (_occupancy, _) = store.occupy(Shard::WHOLE, 0, &mut |who, silence| {
            if !std::mem::replace(&mut is_told, true) {
                tell(silent(who, silence));
            }
            Patience::Wait
        })?;
        let stored = store.job()?;
        let plan = Plan::of(&stored.job);
        let states = store.states(&stored, &plan);
        store.sweep(&plan, &states);
        let before = count(store.directory());
        let mut finished: Vec<&TaskId> = Vec::new();
        for (task, state) in plan.tasks.iter().zip(&states) {
            match state {
                // Looked at as a whole: what is damaged must not take the place of what is not.
                TaskState::Done(_) if store.result(&task.id).is_err() => {
                    store.forget(&task.id)?;
                    tell(format_args!(
                        "{}: its record is damaged and was removed; the next run does it again",
                        task.id
                    ));
                }
                TaskState::Done(_) | TaskState::Failed { .. } => finished.push(&task.id),
                TaskState::Missing | TaskState::Ignored { .. } => {}
            }
        }
        let mut arrays: Vec<&TaskId> = Vec::new();
        for task in finished.iter().copied().filter(|task| store.arrays(task).exists()) {
            match ArrayReader::open(&store.arrays(task)) {
                Ok(_) => arrays.push(task),
                // A run that needs them has them made again.
                Err(error) => tell(format_args!("note: {error}; they stay where they are")),
            }
        }
        if !arrays.is_empty() {
            arrays::fold(&store, &arrays)?;
        }
        let mut folding = store.fold()?;
        for task in &finished {
            folding.add(task)?;
        }
        folding.finish()?;
        for task in arrays {
            let path = store.arrays(task);
            fs::remove_file(&path).map_err(|source| AnalysisError::CannotWrite { path, source })?;
        }
        let after = count(store.directory());
        answer(format_args!(
            "{} finished tasks lie in tasks/folded.jsonl and tasks/folded.h5: {after} files, before {before}\n",
            finished.len()
        ));
        Ok(Exit::Done)
    }
}

/// Files below a directory.
fn count(directory: &Path) -> usize {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    // Who works here now is none of the results.
    let paths =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| !path.ends_with("running"));
    paths.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}
