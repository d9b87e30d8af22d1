//! Raw events: the particles of each, as published for the LHC Olympics.
//!
//! A pandas frame in *fixed* layout. Its columns are called 0 to 2099 for the transverse momentum, pseudorapidity and
//! azimuth of 700 particles, and 2100 for a label, where there is one.

mod block;
mod frame;

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5::MinorErrorCode;
use ndarray::Array2;

use crate::error::PrepareError;
use block::Block;

/// Numbers that describe the particles of an event.
pub const PARTICLE_VALUES: usize = 2100;

/// Rows that are read together, at least.
const ROWS: usize = 126;

/// An open file of raw events.
pub struct RawFile {
    path: PathBuf,
    rows: usize,
    /// Whether there is a label.
    labelled: bool,
    blocks: Vec<Block>,
}

/// Rows of a raw file.
pub struct RawRows {
    first: usize,
    labelled: bool,
    /// Particles' values and label of one row after another.
    values: Vec<f64>,
}

impl RawFile {
    /// Opens a file and finds its events; reads none.
    ///
    /// # Errors
    /// The file is missing, damaged, or holds no raw events.
    pub fn open(path: &Path) -> Result<Self, PrepareError> {
        if let Some(reason) = objection(path)? {
            return Err(PrepareError::NotRaw { path: path.to_owned(), reason: reason.to_owned() });
        }
        // The library's own report goes to stderr, once for each level of its calls.
        hdf5::silence_errors(true);
        let file = match hdf5::File::open(path) {
            Ok(file) => file,
            Err(error) if error.contains_minor(MinorErrorCode::Truncated) => {
                let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
                return Err(PrepareError::Truncated { path: path.to_owned(), bytes });
            }
            Err(error) => {
                return Err(PrepareError::locked(path, &error)
                    .unwrap_or_else(|| PrepareError::damaged(path, "the header", &error)));
            }
        };
        let blocks = frame::blocks(path, &file)?;
        let rows = blocks.first().map_or(0, Block::rows);
        if rows == 0 {
            let reason = "its frame has no rows".to_owned();
            return Err(PrepareError::NotRaw { path: path.to_owned(), reason });
        }
        let labelled = blocks.iter().any(|block| block.holds(PARTICLE_VALUES));
        Ok(Self { path: path.to_owned(), rows, labelled, blocks })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of raw events.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether it tells signal from background.
    pub fn is_labelled(&self) -> bool {
        self.labelled
    }

    /// Cuts rows into ranges that are read one at a time, whole chunks of the file where it can be.
    pub fn batches(&self, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> + use<> {
        let chunk = self.blocks.iter().map(Block::chunk_rows).max().unwrap_or(1);
        let step = ROWS.div_ceil(chunk) * chunk;
        let mut start = rows.start;
        std::iter::from_fn(move || {
            let batch = start..rows.end.min((start / step + 1) * step);
            start = batch.end;
            (!batch.is_empty()).then_some(batch)
        })
    }

    /// Reads some rows.
    ///
    /// # Errors
    /// The file is damaged, or compressed in a way that is not known here.
    pub fn read(&self, rows: Range<usize>) -> Result<RawRows, PrepareError> {
        let width = PARTICLE_VALUES + usize::from(self.labelled);
        let first = rows.start;
        let read =
            |block: &Block| block.read(rows.clone()).map_err(|error| block.failure(&self.path, &error));
        let values = match &self.blocks[..] {
            [block] if block.is_in_order() => read(block)?,
            blocks => {
                let mut values = Array2::zeros((rows.len(), width));
                for block in blocks {
                    block.spread(&read(block)?, &mut values);
                }
                values
            }
        };
        Ok(RawRows { first, labelled: self.labelled, values: values.into_raw_vec_and_offset().0 })
    }
}

impl RawRows {
    /// Number and values of each row: particles, and the label where there is one.
    pub fn rows(&self) -> impl Iterator<Item = (u64, &[f64], Option<f64>)> {
        let width = PARTICLE_VALUES + usize::from(self.labelled);
        self.values.chunks_exact(width).enumerate().map(|(index, row)| {
            let (particles, label) = row.split_at(PARTICLE_VALUES);
            ((self.first + index) as u64, particles, label.first().copied())
        })
    }
}

/// Why a file is no HDF5 file.
fn objection(path: &Path) -> Result<Option<&'static str>, PrepareError> {
    let cannot_read = |source| PrepareError::CannotRead { path: path.to_owned(), source };
    // Whoever opens a pipe waits for somebody to write into it.
    let file_type = std::fs::metadata(path).map_err(cannot_read)?.file_type();
    if !file_type.is_file() && !file_type.is_dir() {
        return Ok(Some("it is a pipe or device, and HDF5 reads files"));
    }
    let mut start = Vec::new();
    File::open(path).map_err(cannot_read)?.take(4096).read_to_end(&mut start).map_err(cannot_read)?;
    Ok(if start.is_empty() {
        Some("it is empty")
    } else if start.starts_with(b"\x89HDF\r\n\x1a\n") {
        None
    } else if start.trim_ascii_start().starts_with(b"<") {
        Some("it is a web page")
    } else {
        Some("it is no HDF5 file")
    })
}
