//! A table in the fixed layout of pandas: blocks of columns with a common type.
//!
//! `blockN_items` names the columns of `blockN_values`, a matrix of rows and columns. A frame has as many
//! blocks as it has types.

use std::ops::Range;
use std::path::PathBuf;

use super::super::error::DataError;
use super::Columns;
use super::batch::{Batch, row_ranges};
use super::dataset::Dataset;
use super::hdf5_file::Hdf5File;

/// Values of a raw LHC Olympics event: 700 particles of three numbers each.
pub(in crate::data) const RAW_VALUES: usize = 2100;

/// A pandas frame.
pub(in crate::data) struct Frame {
    path: PathBuf,
    rows: usize,
    blocks: Vec<Dataset>,
    /// The columns of all blocks, block after block.
    names: Vec<String>,
    pickled: bool,
    /// Block, and column of the block, of each name.
    places: Vec<(usize, usize)>,
}

impl Frame {
    /// The frame under a key.
    pub fn open(file: &Hdf5File, key: &str) -> Result<Self, DataError> {
        let mut frame = Self {
            path: file.path().to_owned(),
            rows: 0,
            blocks: Vec::new(),
            names: Vec::new(),
            pickled: false,
            places: Vec::new(),
        };
        while file.has(key, &format!("block{}_values", frame.blocks.len())) {
            let index = frame.blocks.len();
            let block = file.dataset(&format!("{key}/block{index}_values"))?;
            match file.dataset(&format!("{key}/block{index}_items"))?.texts()? {
                None => frame.pickled = true,
                Some(items) => {
                    // Text and Python objects are stored in ways of their own; a frame without rows is stored as
                    // a matrix of one element that says so.
                    if block.is_numeric() && !block.has_attribute("value_type") {
                        frame.check_block(&block, &items)?;
                        frame.rows = block.rows();
                    }
                    frame.places.extend((0..items.len()).map(|column| (index, column)));
                    frame.names.extend(items);
                }
            }
            frame.blocks.push(block);
        }
        if frame.rows > 0 && file.has(key, "axis1") {
            let index = file.dataset(&format!("{key}/axis1"))?.rows();
            if index != frame.rows {
                return Err(frame.damaged("axis1", format!("{index} row names for {} rows", frame.rows)));
            }
        }
        Ok(frame)
    }

    fn check_block(&self, block: &Dataset, items: &[String]) -> Result<(), DataError> {
        if block.shape().len() != 2 || block.columns() != items.len() {
            let reason = format!("{} column names for shape {:?}", items.len(), block.shape());
            return Err(self.damaged(block.name(), reason));
        }
        match self.blocks.iter().find(|block| block.is_numeric()) {
            Some(first) if first.rows() != block.rows() => Err(DataError::UnequalColumns {
                path: self.path.clone(),
                first: (first.name().to_owned(), first.rows()),
                second: (block.name().to_owned(), block.rows()),
            }),
            _ => Ok(()),
        }
    }

    fn damaged(&self, part: &str, reason: String) -> DataError {
        DataError::Damaged { path: self.path.clone(), part: part.to_owned(), source: reason.into() }
    }

    /// The matrices.
    pub fn blocks(&self) -> &[Dataset] {
        &self.blocks
    }

    /// Whether a column name is a Python object instead of text.
    pub fn has_pickled_names(&self) -> bool {
        self.pickled
    }

    /// Whether the rows are particles of raw events, with or without a label.
    pub fn holds_raw_particles(&self) -> bool {
        matches!(self.names.len(), RAW_VALUES | 2101)
    }

    fn parts(&self, wanted: &[usize]) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        for (index, block) in self.blocks.iter().enumerate() {
            let pairs: Vec<(usize, usize)> = wanted
                .iter()
                .enumerate()
                .filter(|(_, name)| self.places[**name].0 == index)
                .map(|(target, name)| (self.places[*name].1, target))
                .collect();
            let first = pairs.iter().map(|pair| pair.0).min();
            let last = pairs.iter().map(|pair| pair.0).max();
            if let (Some(first), Some(last)) = (first, last) {
                parts.push(Part { block, columns: first..last + 1, pairs });
            }
        }
        parts
    }
}

/// The columns that are read from one block.
struct Part<'a> {
    block: &'a Dataset,
    /// Neighbouring columns are read together: rows lie one after the other on disk.
    columns: Range<usize>,
    /// Column of the block and of the batch.
    pairs: Vec<(usize, usize)>,
}

impl Columns for Frame {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn rows(&self) -> Option<usize> {
        Some(self.rows)
    }

    fn is_numeric(&self, column: usize) -> bool {
        self.blocks[self.places[column].0].is_numeric()
    }

    fn read(&self, wanted: &[usize], each: &mut dyn FnMut(&Batch)) -> Result<(), DataError> {
        let parts = self.parts(wanted);
        for (block, name) in wanted.iter().map(|column| (self.places[*column].0, &self.names[*column])) {
            self.blocks[block].check(name)?;
        }
        let width = parts.iter().map(|part| part.columns.len()).sum();
        let mut batch = Batch::default();
        for rows in row_ranges(self.rows, width, parts.iter().map(|part| part.block.chunk_rows())) {
            batch.resize(rows.len(), wanted.len());
            for part in &parts {
                let values = part.block.read_block(rows.clone(), part.columns.clone())?;
                for (source, target) in &part.pairs {
                    let column = values.column(source - part.columns.start);
                    batch.column_mut(*target).iter_mut().zip(column).for_each(|(to, from)| *to = *from);
                }
            }
            each(&batch);
        }
        Ok(())
    }
}
