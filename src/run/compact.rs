//! `compact`: the files of finished tasks in two, for file systems with a limit on the number of files.

use std::fs;
use std::path::{Path, PathBuf};

use drapes_analysis::cli::{answer, tell};
use drapes_analysis::error::{Error as AnalysisError, Exit};
use drapes_analysis::plan::{Plan, TaskId};
use drapes_analysis::store::{RecordState, Store};

use crate::arrays::{self, ArrayReader, IfDamaged};
use crate::error::Error;
use crate::task;

/// Folds the records and arrays of finished tasks into tasks/folded.jsonl and tasks/folded.h5.
///
/// Everything else works as before: `run` goes on, also while this works, `status`, `reduce` and `plot` read what was folded.
/// Nothing is removed before what replaces it is safely on disk, with all that it held.
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
    /// The directory holds no results, what was folded earlier cannot be read, or the directory cannot be written.
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        // One at a time. A run may work here meanwhile: it finds what was folded, and what it writes again stays.
        let _turn = store.lock_exclusive("compact.lock")?;
        store.sweep_folding();
        store.check_folded()?;
        let stored = store.job()?;
        let plan = Plan::of(&stored.job);
        let before = count(store.directory());
        let mut finished: Vec<&TaskId> = Vec::new();
        for (task, state) in plan.tasks.iter().zip(&store.states(&stored, &plan)) {
            match state {
                RecordState::Done(_) if !is_whole(&store, &task.id)? => {}
                RecordState::Done(_) | RecordState::Failed { .. } => finished.push(&task.id),
                RecordState::Missing | RecordState::Ignored { .. } => {}
            }
        }
        let with_arrays = finished.iter().copied().filter(|task| task::has_arrays(task));
        let (own, folded): (Vec<&TaskId>, Vec<&TaskId>) =
            with_arrays.partition(|task| store.arrays(task).try_exists().unwrap_or(true));
        let mut arrays: Vec<&TaskId> = Vec::new();
        for task in own {
            match ArrayReader::open(&store.arrays(task)).and_then(|arrays| arrays.check()) {
                Ok(()) => arrays.push(task),
                // A run that needs them has them made again, if they cannot be read then either.
                Err(error) => tell(format_args!("note: {error}; they stay where they are")),
            }
        }
        let if_damaged = match folded.len() {
            0 => IfDamaged::Replace,
            only_there => IfDamaged::Keep { only_there },
        };
        for error in arrays::check_folded(&store, &folded, if_damaged)? {
            tell(format_args!("warning: {error}; a run that needs them has them made again"));
        }
        let copied = if arrays.is_empty() { vec![] } else { arrays::fold(&store, &arrays, if_damaged)? };
        let mut folding = store.fold()?;
        for task in &finished {
            folding.add(task)?;
        }
        folding.finish()?;
        for (task, identity) in copied {
            let path = store.arrays(task);
            identity.remove(&path).map_err(|source| AnalysisError::CannotWrite { path, source })?;
        }
        let after = count(store.directory());
        answer(format_args!(
            "{} finished tasks lie in tasks/folded.jsonl and tasks/folded.h5: {after} files, before {before}\n",
            finished.len()
        ));
        Ok(Exit::Done)
    }
}

/// Looks at a record as a whole: what is damaged must not take the place of what is not. A damaged one is removed, unless a
/// run is at work, which counts on what it has seen.
fn is_whole(store: &Store, task: &TaskId) -> Result<bool, Error> {
    match store.result(task) {
        Ok(_) => return Ok(true),
        Err(AnalysisError::Corrupt { .. }) if !store.is_shared() => {
            store.forget(task)?;
            tell(format_args!("{task}: its record is damaged and was removed; the next run does it again"));
        }
        Err(error) => tell(format_args!("note: {error}; it stays where it is")),
    }
    Ok(false)
}

/// Files below a directory.
fn count(directory: &Path) -> usize {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    // Who works here now is none of the results.
    let paths =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| !path.ends_with("running"));
    paths.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}
