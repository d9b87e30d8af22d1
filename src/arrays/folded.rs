//! The arrays of many tasks in one file, in a group for each.

use std::fs;

use drapes_analysis::plan::TaskId;
use drapes_analysis::store::{Store, part_of};
use half::f16;
use hdf5::{Dataset, Group, H5Type};
use ndarray::{Array1, Array2, s};

use super::{ArrayReader, cannot_read, cannot_write};
use crate::error::Error;

/// Rows that are copied at once.
const ROWS: usize = 1 << 18;

impl ArrayReader {
    /// Opens the arrays of a task, wherever they lie.
    ///
    /// # Errors
    /// They are absent or torn.
    pub fn of(store: &Store, task: &TaskId) -> Result<Self, Error> {
        let (own, folded) = (store.arrays(task), store.folded_arrays());
        if own.exists() || !folded.exists() {
            return Self::open(&own);
        }
        let group = hdf5::File::open(&folded).and_then(|file| file.group(&task.0));
        group
            .map(|group| Self { path: folded.join(&task.0), group })
            .map_err(|error| cannot_read(&folded, &error))
    }
}

/// Copies the arrays of tasks from their own files into the folded file, which then holds them beside what it held.
///
/// # Errors
/// A file cannot be read or written; the folded file is then as it was.
pub fn fold(store: &Store, tasks: &[&TaskId]) -> Result<(), Error> {
    let target = store.folded_arrays();
    let part = part_of(&target);
    let result = fold_into(store, tasks, &part).and_then(|()| {
        let rename = || {
            fs::File::open(&part)?.sync_all()?;
            fs::rename(&part, &target)?;
            // The rename must survive a power cut before the files that it replaces are removed.
            target.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
        };
        rename().map_err(|error| cannot_write(&target, &error))
    });
    if result.is_err() {
        let _ = fs::remove_file(&part);
    }
    result
}

fn fold_into(store: &Store, tasks: &[&TaskId], part: &std::path::Path) -> Result<(), Error> {
    let target = store.folded_arrays();
    let failed = |error: &dyn std::fmt::Display| cannot_write(&target, error);
    // One that cannot be opened holds nothing any more; what needs those arrays has them made again.
    if hdf5::File::open(&target).is_ok() {
        fs::copy(&target, part).map_err(|error| failed(&error))?;
    }
    // As in a writer: no value may be kept back where nobody hears that the disk is full.
    let file = hdf5::File::with_options().with_fapl(|access| access.sieve_buf_size(0)).append(part);
    let file = file.map_err(|error| failed(&error))?;
    for task in tasks {
        let own = store.arrays(task);
        let source = hdf5::File::open(&own).map_err(|error| cannot_read(&own, &error))?;
        if file.link_exists(&task.0) {
            // Of an earlier time: the task was done again since.
            file.unlink(&task.0).map_err(|error| failed(&error))?;
        }
        let group = file.create_group(&task.0).map_err(|error| failed(&error))?;
        for name in source.member_names().map_err(|error| cannot_read(&own, &error))? {
            let array = source.dataset(&name).map_err(|error| cannot_read(&own, &error))?;
            copy(&array, &group, &name).map_err(|error| failed(&error))?;
        }
    }
    file.flush().and_then(|()| file.close()).map_err(|error| failed(&error))
}

/// Copies a list or a table of any kind of number that tasks write.
fn copy(from: &Dataset, to: &Group, name: &str) -> hdf5::Result<()> {
    let kind = from.dtype()?;
    if kind.is::<f32>() {
        copy_of::<f32>(from, to, name)
    } else if kind.is::<f16>() {
        copy_of::<f16>(from, to, name)
    } else if kind.is::<u32>() {
        copy_of::<u32>(from, to, name)
    } else if kind.is::<u8>() {
        copy_of::<u8>(from, to, name)
    } else {
        copy_of::<f64>(from, to, name)
    }
}

fn copy_of<T: H5Type>(from: &Dataset, to: &Group, name: &str) -> hdf5::Result<()> {
    let shape = from.shape();
    let copy = to.new_dataset::<T>().shape(shape.clone()).create(name)?;
    let count = shape.first().copied().unwrap_or(0);
    for first in (0..count).step_by(ROWS) {
        let last = count.min(first + ROWS);
        if shape.len() == 1 {
            let values: Array1<T> = from.read_slice_1d(s![first..last])?;
            copy.write_slice(&values, s![first..last])?;
        } else {
            let values: Array2<T> = from.read_slice_2d(s![first..last, ..])?;
            copy.write_slice(&values, s![first..last, ..])?;
        }
    }
    Ok(())
}
