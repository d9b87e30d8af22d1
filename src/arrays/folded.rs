//! The arrays of many tasks in one file, a group for each: what `compact` makes for file systems with a limit on files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use drapes_analysis::plan::TaskId;
use drapes_analysis::store::{Identity, Store, sync_folder_of};

use super::retries::{AfterWait, Retries};
use super::{ArrayReader, Fault, cannot_read, cannot_write, layout};
use crate::error::Error;
use crate::progress_sink::NoProgress;

impl ArrayReader {
    /// Opens the arrays of a task, wherever they lie.
    ///
    /// # Errors
    /// They are absent, torn or out of reach.
    pub fn of(store: &Store, task: &TaskId) -> Result<Self, Error> {
        let (own, folded) = (store.arrays(task), store.folded_arrays());
        // One that cannot be looked at is not one that is not there: those that are folded may be of an earlier time.
        if own.try_exists().unwrap_or(true) || !folded.try_exists().unwrap_or(true) {
            return Self::open(&own);
        }
        let group = hdf5::File::open(&folded).and_then(|file| file.group(&task.0));
        group
            .map(|group| Self { path: folded.join(&task.0), file: folded.clone(), group })
            .map_err(|error| cannot_read(&folded, &folded, &error))
    }
}

/// Files of arrays that were copied into the folded one.
pub type Copied<'a> = Vec<(&'a TaskId, Identity)>;

/// Copies the arrays of tasks from their own files into the folded file, which then holds them beside all that it held.
///
/// # Errors
/// A file cannot be read or written; the folded file is then as it was.
pub fn fold<'a>(store: &Store, tasks: &[&'a TaskId], if_damaged: IfDamaged) -> Result<Copied<'a>, Error> {
    let target = store.folded_arrays();
    let part = store.folding_part(&target)?;
    let result = fold_into(store, tasks, &part, if_damaged).and_then(|copied| {
        let rename = || {
            fs::File::open(&part)?.sync_all()?;
            fs::rename(&part, &target)?;
            // The rename must survive a power cut before the files that it replaces are removed.
            sync_folder_of(&target)
        };
        rename().map(|()| copied).map_err(|error| cannot_write(&target, &error))
    });
    if result.is_err() {
        let _ = fs::remove_file(&part);
    }
    result
}

/// Looks at all that is folded of some tasks; what cannot be read of single ones.
///
/// # Errors
/// The folded file is damaged or cannot be read as a whole.
pub fn check_folded(store: &Store, tasks: &[&TaskId], if_damaged: IfDamaged) -> Result<Vec<Error>, Error> {
    if held(&store.folded_arrays(), if_damaged)?.is_none() {
        return Ok(vec![]);
    }
    let check = |task: &&TaskId| ArrayReader::of(store, task).and_then(|arrays| arrays.check()).err();
    Ok(tasks.iter().filter_map(check).collect())
}

/// What to do with a folded file that is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfDamaged {
    /// It stays, and nothing is folded: some arrays lie nowhere else.
    Keep {
        /// Tasks whose arrays lie there only.
        only_there: usize,
    },
    /// It is replaced: all that it held has been made again.
    Replace,
}

fn fold_into<'a>(
    store: &Store,
    tasks: &[&'a TaskId],
    part: &Path,
    if_damaged: IfDamaged,
) -> Result<Copied<'a>, Error> {
    let target = store.folded_arrays();
    let failed = |error: &dyn std::fmt::Display| cannot_write(&target, error);
    let old = held(&target, if_damaged)?;
    if old.is_some() {
        fs::copy(&target, part).map_err(|error| failed(&error))?;
    }
    let file = layout::options().append(part).map_err(|error| failed(&error))?;
    let mut copied = Vec::new();
    for task in tasks {
        let own = store.arrays(task);
        let identity = fs::metadata(&own).map(|file| Identity::of(&file));
        let identity = identity.map_err(|error| cannot_read(&own, &own, &error))?;
        let source = hdf5::File::open(&own).and_then(|file| file.group("/"));
        let source = source.map_err(|error| cannot_read(&own, &own, &error))?;
        if file.link_exists(&task.0) {
            // Of an earlier time: the task was done again since.
            file.unlink(&task.0).map_err(|error| failed(&error))?;
        }
        if let Some((stage, _)) = task.0.rsplit_once('/')
            && !file.link_exists(stage)
        {
            file.create_group(stage).map_err(|error| failed(&error))?;
        }
        // As it is, of whatever type, with the checksums that it has.
        source.copy_to(&file, &task.0).map_err(|error| failed(&error))?;
        copied.push((*task, identity));
    }
    file.flush().and_then(|()| file.close()).map_err(|error| failed(&error))?;
    let file = hdf5::File::open(part).map_err(|error| failed(&error))?;
    let new = groups(&file).map_err(|error| failed(&error))?;
    let lost = old.unwrap_or_default().into_iter().find(|group| !new.contains(group));
    if let Some(lost) = lost {
        return Err(failed(&format!("the copy lacks {lost}")));
    }
    for task in tasks {
        let group = file.group(&task.0).map_err(|error| failed(&error))?;
        ArrayReader { path: target.join(&task.0), file: part.to_owned(), group }.check()?;
    }
    Ok(copied)
}

/// The groups that a folded file holds; none where there is no such file, or none that counts.
fn held(target: &Path, if_damaged: IfDamaged) -> Result<Option<BTreeSet<String>>, Error> {
    let mut retries = Retries::default();
    loop {
        if matches!(target.try_exists(), Ok(false)) {
            return Ok(None);
        }
        let error = match hdf5::File::open(target).and_then(|file| groups(&file)) {
            Ok(found) => return Ok(Some(found)),
            Err(error) => error,
        };
        let fault = Fault::of(target);
        if retries.wait(&fault, &NoProgress) == AfterWait::Retry {
            continue;
        }
        return match (fault, if_damaged) {
            (Fault::Damaged, IfDamaged::Replace) => Ok(None),
            (Fault::Damaged, IfDamaged::Keep { only_there }) => Err(Error::CannotFold {
                path: target.to_owned(),
                reason: super::first_line(&error),
                only_there,
            }),
            _ => Err(cannot_read(target, target, &error)),
        };
    }
}

/// The groups of tasks, as STAGE/ID.
fn groups(file: &hdf5::File) -> hdf5::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for stage in file.groups()? {
        let name = stage.name();
        let names = stage.member_names()?;
        found.extend(names.into_iter().map(|id| format!("{}/{id}", name.trim_start_matches('/'))));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
