//! One matrix of a frame.

use std::ops::Range;
use std::path::Path;

use drapes_analysis::text::FilterId;
use ndarray::{Array2, s};

use crate::error::PrepareError;

/// Values that a stored byte may stand for at most: real events compress far less.
const MOST_VALUES_PER_BYTE: u64 = 100_000;

/// Some columns of a frame that have one type.
pub(super) struct Block {
    name: String,
    inner: hdf5::Dataset,
    rows: usize,
    /// Which column of an event each column of the matrix is.
    columns: Vec<usize>,
}

impl Block {
    /// A matrix whose columns are these.
    pub fn open(
        path: &Path,
        group: &hdf5::Group,
        name: &str,
        columns: Vec<usize>,
    ) -> Result<Self, PrepareError> {
        let full = format!("{}/{name}", group.name().trim_matches('/'));
        let damaged = |reason: &dyn std::fmt::Display| PrepareError::damaged(path, &full, reason);
        let inner = group.dataset(name).map_err(|error| damaged(&error))?;
        let shape = inner.space().map_err(|error| damaged(&error))?.shape();
        if shape.len() != 2 || shape[1] != columns.len() {
            return Err(damaged(&format!("{} column names for shape {shape:?}", columns.len())));
        }
        if inner.dtype().is_ok_and(|dtype| dtype.conv_to::<f64>().is_none()) {
            return Err(damaged(&"it holds no numbers"));
        }
        // The library does not come back from reading an array whose chunks have other axes than itself.
        if let Some(chunk) = inner.chunk().filter(|chunk| chunk.len() != shape.len()) {
            return Err(damaged(&format!("shape {shape:?} in chunks of shape {chunk:?}")));
        }
        let (values, bytes) = ((shape[0] as u64).saturating_mul(shape[1] as u64), inner.storage_size());
        if values > bytes.saturating_mul(MOST_VALUES_PER_BYTE) {
            return Err(damaged(&format!("it announces {values} values and stores {bytes} bytes")));
        }
        Ok(Self { name: full, inner, rows: shape[0], columns })
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows of a chunk; one where there are no chunks.
    pub fn chunk_rows(&self) -> usize {
        self.inner.chunk().and_then(|chunk| chunk.first().copied()).unwrap_or(1).max(1)
    }

    /// Whether a column of an event is here.
    pub fn holds(&self, column: usize) -> bool {
        self.columns.contains(&column)
    }

    /// Whether its columns are those of an event from the first on.
    pub fn is_in_order(&self) -> bool {
        self.columns.iter().enumerate().all(|(index, column)| index == *column)
    }

    pub fn read(&self, rows: Range<usize>) -> hdf5::Result<Array2<f64>> {
        self.inner.read_slice_2d(s![rows, ..])
    }

    /// Puts what was read where it belongs.
    pub fn spread(&self, from: &Array2<f64>, to: &mut Array2<f64>) {
        for (index, column) in self.columns.iter().enumerate() {
            to.column_mut(*column).assign(&from.column(index));
        }
    }

    /// Why a read failed.
    pub fn failure(&self, path: &Path, error: &hdf5::Error) -> PrepareError {
        // Asked only now: an optional filter may not have been applied, and then nobody needs it.
        match self.inner.filters().iter().find(|filter| !filter.is_available()) {
            None => PrepareError::damaged(path, &self.name, error),
            Some(filter) => PrepareError::UnknownFilter {
                path: path.to_owned(),
                dataset: self.name.clone(),
                filter: FilterId(filter.id()),
            },
        }
    }
}
