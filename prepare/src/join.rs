//! All parts to one file.

use std::path::Path;

use crate::error::{PrepareError, first_line};
use crate::event::Dropped;
use crate::output;
use crate::parts::Parts;
use crate::raw::RawFile;
use crate::source::{Source, sha256};
use crate::table::{Storage, Table, TableReader, TableWriter};
use crate::whole::Whole;

/// Joins the parts of an output, in the order of the raw file.
///
/// # Errors
/// A part cannot be read, the output cannot be written, no event is left, or the raw file has changed meanwhile.
pub fn join(raw: &RawFile, parts: &Parts, out: &Path) -> Result<(), PrepareError> {
    if Source::of(raw.path(), raw.rows())? != parts.work().source {
        return Err(PrepareError::Changed { path: raw.path().to_owned(), parts: parts.folder().to_owned() });
    }
    let (kept, counts) = count(raw, parts)?;
    let draft = Whole::begin(out, parts.folder())?;
    let cannot_write = |error: hdf5::Error| PrepareError::cannot_write(out, &error);
    let mut writer =
        TableWriter::create(draft.draft(), kept, raw.is_labelled(), Storage::Final).map_err(cannot_write)?;
    for part in 0..parts.count() {
        writer.append(&mut read(parts, part)?).map_err(cannot_write)?;
    }
    let sha256 = sha256(raw.path())?;
    output::describe(writer.group(), raw.path(), &sha256, parts.work()).map_err(cannot_write)?;
    writer.finish(&counts).map_err(cannot_write)?;
    draft.finish_new()
}

/// Kept events of all parts, and what became of the others.
fn count(raw: &RawFile, parts: &Parts) -> Result<(usize, Table), PrepareError> {
    let (mut kept, mut counts) = (0, Table::new(raw.is_labelled()));
    for part in 0..parts.count() {
        let broken = |error: hdf5::Error| broken(parts, part, &error);
        let reader = TableReader::open(&parts.path(part)).map_err(broken)?;
        let of_part = reader.counts().map_err(broken)?;
        if of_part.read != parts.rows(part).len() as u64 {
            return Err(broken(format!("it is made from {} events", of_part.read).into()));
        }
        kept += reader.rows();
        counts.read += of_part.read;
        counts.dropped.merge(of_part.dropped);
    }
    if kept == 0 {
        Parts::remove(parts.folder())?;
        return Err(no_events(raw, counts.dropped));
    }
    Ok((kept, counts))
}

fn no_events(raw: &RawFile, dropped: Dropped) -> PrepareError {
    PrepareError::NoEvents { path: raw.path().to_owned(), dropped }
}

fn read(parts: &Parts, part: usize) -> Result<Table, PrepareError> {
    let read = || {
        let reader = TableReader::open(&parts.path(part))?;
        reader.read(0..reader.rows())
    };
    read().map_err(|error: hdf5::Error| broken(parts, part, &error))
}

fn broken(parts: &Parts, part: usize, error: &hdf5::Error) -> PrepareError {
    PrepareError::BrokenPart { path: parts.path(part), reason: first_line(error) }
}
