//! The finished output, and what it says of itself.

use std::path::Path;

use hdf5::Group;

use crate::error::{PrepareError, first_line};
use crate::fastjet::RADIUS;
use crate::parts::Work;
use crate::raw::RawFile;
use crate::source::{Source, sha256};
use crate::table::{Table, TableReader, number, set_number, set_text, text};

/// How many events an output holds, and what became of the others.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Kept events.
    pub kept: u64,
    /// A table without events, with the counts of the file.
    pub counts: Table,
}

/// What is at the path of an output: nothing, or what this work gives.
///
/// # Errors
/// There is something else.
pub fn finished(out: &Path, raw: &RawFile, work: &Work) -> Result<Option<Finished>, PrepareError> {
    if !out.exists() {
        return Ok(None);
    }
    let other = |reason: String| PrepareError::OtherResult {
        path: out.to_owned(),
        reason,
        advice: "choose another --out, or delete the file".to_owned(),
    };
    if !out.is_file() {
        return Err(other("it exists and is no file".to_owned()));
    }
    let reader = TableReader::open(out).map_err(|error| {
        PrepareError::locked(out, &error)
            .unwrap_or_else(|| other("it exists and is no output of drapes-prepare".to_owned()))
    })?;
    if let Some(reason) = difference(reader.group(), raw, work)? {
        return Err(other(reason));
    }
    let counts = reader.counts().map_err(|error| other(first_line(&error)))?;
    Ok(Some(Finished { kept: reader.rows() as u64, counts }))
}

/// What makes the file of a group something else than what this work gives; nothing if it is that.
///
/// # Errors
/// The raw file cannot be read.
pub fn difference(group: &Group, raw: &RawFile, work: &Work) -> Result<Option<String>, PrepareError> {
    let Some(made) = made_by(group) else {
        return Ok(Some("it exists and does not say what it was made from".to_owned()));
    };
    // A copy of the raw file, written at another time, is as good as the file.
    let copied = Source { modified: work.source.modified, ..made.source };
    if made.source != work.source
        && copied == work.source
        && text(group, "source_sha256") != Some(sha256(raw.path())?)
    {
        return Ok(Some("the raw file has the same size and other contents".to_owned()));
    }
    Ok((Work { source: copied, ..made }).difference(work))
}

fn made_by(group: &Group) -> Option<Work> {
    Some(Work {
        schema: number(group, "schema")?.try_into().ok()?,
        source: Source {
            bytes: number(group, "source_bytes")?,
            modified: number(group, "source_modified")?,
            rows: number(group, "source_rows")?,
        },
        axes: text(group, "subjet_axes")?,
        // Where it was cut leaves no trace.
        chunk: 0,
    })
}

/// Says what an output is made from.
///
/// # Errors
/// It cannot be written.
pub fn describe(group: &Group, raw: &Path, sha256: &str, work: &Work) -> hdf5::Result<()> {
    let name = raw.file_name().unwrap_or_default().to_string_lossy();
    set_text(group, "made_by", concat!("drapes-prepare ", env!("CARGO_PKG_VERSION")))?;
    set_number(group, "schema", u64::from(work.schema))?;
    set_text(group, "source", &name)?;
    set_number(group, "source_bytes", work.source.bytes)?;
    set_number(group, "source_modified", work.source.modified)?;
    set_number(group, "source_rows", work.source.rows)?;
    set_text(group, "source_sha256", sha256)?;
    set_text(group, "jets", &format!("anti-kT, R = {RADIUS:.1}, massless particles, two of largest pT"))?;
    set_text(group, "subjet_axes", &work.axes)
}
