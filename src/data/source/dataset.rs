//! One array of an HDF5 file.

mod fields;
mod virtual_source;

use std::ops::Range;
use std::path::{Path, PathBuf};

use drapes_analysis::text::FilterId;
use hdf5::dataset::Layout;
use hdf5::filters::{Blosc, Filter};
use hdf5::types::{CompoundField, TypeDescriptor as Type};
use hdf5::{H5Type, Hyperslab, SliceOrIndex};
use ndarray::{Array2, ArrayD, s};

use super::super::error::DataError;
use super::super::wording::printable;
use super::text::texts;
use super::trouble::trouble;
use virtual_source::{Source, check_sources, sources};

/// Values that a stored byte may stand for at most: constant columns compress far better than physics.
const MOST_VALUES_PER_BYTE: u64 = 100_000;

/// An array with the facts about its storage.
pub(in crate::data) struct Dataset {
    path: PathBuf,
    name: String,
    inner: hdf5::Dataset,
    shape: Vec<usize>,
}

impl Dataset {
    /// An array of a group; `name` is its full name in the file.
    pub(super) fn open(path: &Path, file: &hdf5::Group, name: &str) -> Result<Self, DataError> {
        let inner = file.dataset(name).map_err(|source| trouble(path, name, source))?;
        let shape = inner.space().map_err(|source| trouble(path, name, source))?.shape();
        Ok(Self { path: path.to_owned(), name: name.to_owned(), inner, shape })
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its full name in the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its extent along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its extent along the first axis.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// Its extent along the second axis.
    pub fn columns(&self) -> usize {
        self.shape.get(1).copied().unwrap_or(1)
    }

    /// Whether it has one value a row: shape (n) or (n, 1).
    pub fn is_column(&self) -> bool {
        !self.shape.is_empty() && self.shape[1..].iter().all(|extent| *extent == 1)
    }

    /// The fields of its records, if it is one-dimensional and holds records.
    pub fn fields(&self) -> Option<Vec<CompoundField>> {
        match self.inner.dtype().ok()?.to_descriptor().ok()? {
            Type::Compound(record) if self.shape.len() == 1 => Some(record.fields),
            _ => None,
        }
    }

    /// Where the values of a virtual dataset lie.
    fn sources(&self) -> hdf5::Result<Vec<Source>> {
        sources(&self.inner)
    }

    /// Rows of a chunk; one for arrays that are not chunked.
    pub fn chunk_rows(&self) -> usize {
        self.chunk().and_then(|chunk| chunk.first().copied()).unwrap_or(1)
    }

    /// The shape of a chunk, for chunked arrays.
    pub fn chunk(&self) -> Option<Vec<usize>> {
        self.inner.chunk()
    }

    /// Whether its values are numbers.
    pub fn is_numeric(&self) -> bool {
        self.inner.dtype().is_ok_and(|dtype| dtype.conv_to::<f64>().is_some())
    }

    /// The type of its values in words.
    pub fn type_name(&self) -> String {
        let Ok(dtype) = self.inner.dtype() else { return "unknown".to_owned() };
        match dtype.to_descriptor() {
            Ok(Type::FixedAscii(_) | Type::FixedUnicode(_) | Type::VarLenAscii | Type::VarLenUnicode) => {
                "text".to_owned()
            }
            Ok(Type::Compound(record)) => {
                let names: Vec<String> = record.fields.into_iter().map(|field| field.name).collect();
                format!("records of {}", printable(&names.join(", ")))
            }
            Ok(descriptor) => descriptor.to_string(),
            // Half precision: the library converts it, but has no name for it.
            Err(_) if self.is_numeric() => format!("float{}", 8 * dtype.size()),
            Err(_) if dtype.size() == 1 => "bits, as pandas writes True and False".to_owned(),
            Err(_) => "values of no simple type".to_owned(),
        }
    }

    /// The filters of its chunks in words, in the order of writing.
    pub fn filters(&self) -> Vec<String> {
        self.inner.filters().iter().map(filter_name).collect()
    }

    /// The text of an attribute, if there is such a text.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let attribute = self.inner.attr(name).ok()?;
        texts(&attribute).ok()??.into_iter().next()
    }

    /// Whether it has an attribute of this name.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.inner.attr(name).is_ok()
    }

    /// Its texts; nothing if they are none.
    pub fn texts(&self) -> Result<Option<Vec<String>>, DataError> {
        self.check_chunk()?;
        texts(&self.inner).map_err(|source| self.failure(source))
    }

    /// Finds out before reading whether there are numbers, and whether reading them would come to an end.
    ///
    /// `column` is what the user calls the values.
    pub fn check(&self, column: &str) -> Result<(), DataError> {
        if !self.is_numeric() {
            return Err(DataError::NotNumeric {
                path: self.path.clone(),
                column: column.to_owned(),
                found: self.type_name(),
            });
        }
        self.check_stored(0)
    }

    /// Finds out whether reading the values would come to an end, and whether they are all there; `depth` is how many
    /// virtual datasets have led here.
    pub(super) fn check_stored(&self, depth: usize) -> Result<(), DataError> {
        self.check_chunk()?;
        if self.inner.layout() == Layout::Virtual {
            return check_sources(self, depth);
        }
        let values = self.shape.iter().fold(1_u64, |product, extent| product.saturating_mul(*extent as u64));
        let bytes = self.inner.storage_size();
        if values > bytes.saturating_mul(MOST_VALUES_PER_BYTE) {
            let reason = format!("it announces {values} values and stores {bytes} bytes");
            return Err(damaged(&self.path, &self.name, reason));
        }
        Ok(())
    }

    /// The library does not come back from reading an array whose chunks have other axes than itself.
    fn check_chunk(&self) -> Result<(), DataError> {
        match self.chunk() {
            Some(chunk) if chunk.len() != self.shape.len() => {
                let reason = format!("shape {:?} in chunks of shape {chunk:?}", self.shape);
                Err(damaged(&self.path, &self.name, reason))
            }
            _ => Ok(()),
        }
    }

    /// Why a read failed.
    fn failure(&self, source: hdf5::Error) -> DataError {
        // Asked only now: an optional filter may not have been applied, and then nobody needs it.
        match self.inner.filters().iter().find(|filter| !filter.is_available()) {
            None => trouble(&self.path, &self.name, source),
            Some(filter) => DataError::UnknownFilter {
                path: self.path.clone(),
                dataset: self.name.clone(),
                filter: FilterId(filter.id()),
            },
        }
    }

    /// Some fields of some records as floats, record after record.
    pub fn read_records(&self, rows: Range<usize>, fields: &[&str]) -> Result<Vec<f64>, DataError> {
        fields::read(&self.inner, rows, fields).map_err(|source| self.failure(source))
    }

    /// Some rows of an array of any number of axes, row after row.
    pub fn read_rows<T: H5Type>(&self, rows: Range<usize>) -> Result<Vec<T>, DataError> {
        let mut place = vec![SliceOrIndex::from(rows)];
        place.resize(self.shape.len(), SliceOrIndex::from(..));
        let values: Result<ArrayD<T>, _> = self.inner.read_slice(Hyperslab::from(place));
        // Read into memory of its own, which begins at the first value.
        values.map(|values| values.into_raw_vec_and_offset().0).map_err(|source| self.failure(source))
    }

    /// Whether its values are numbers of half precision.
    pub fn is_half(&self) -> bool {
        self.is_numeric() && self.inner.dtype().is_ok_and(|dtype| dtype.is::<half::f16>())
    }

    /// Some rows of some columns of a two-dimensional array.
    pub fn read_block(&self, rows: Range<usize>, columns: Range<usize>) -> Result<Array2<f64>, DataError> {
        self.inner.read_slice_2d(s![rows, columns]).map_err(|source| self.failure(source))
    }
}

fn damaged(
    path: &Path,
    part: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> DataError {
    DataError::Damaged { path: path.to_owned(), part: part.to_owned(), source: source.into() }
}

fn filter_name(filter: &Filter) -> String {
    match filter {
        Filter::Deflate(level) => format!("gzip {level}"),
        Filter::Blosc(codec, level, _) => format!("Blosc {} {level}", codec_name(*codec)),
        other => {
            let id = FilterId(other.id());
            id.name().map_or_else(|| id.to_string(), str::to_owned)
        }
    }
}

fn codec_name(codec: Blosc) -> &'static str {
    match codec {
        Blosc::BloscLZ => "BloscLZ",
        Blosc::LZ4 => "LZ4",
        Blosc::LZ4HC => "LZ4HC",
        Blosc::Snappy => "Snappy",
        Blosc::ZLib => "zlib",
        Blosc::ZStd => "Zstandard",
        _ => "codec",
    }
}
