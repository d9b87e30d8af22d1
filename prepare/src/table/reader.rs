//! Tables from HDF5 files.

use std::ops::Range;
use std::path::Path;

use hdf5::{Group, H5Type, Hyperslab, SliceOrIndex};
use ndarray::ArrayD;

use super::{GROUP, Table, Visitor, attributes};
use crate::event::{Dropped, Rejection};

/// A file of kept events.
pub struct TableReader {
    group: Group,
    labelled: bool,
    rows: usize,
}

impl TableReader {
    /// Opens a file.
    ///
    /// # Errors
    /// It is missing, or no such file.
    pub fn open(path: &Path) -> hdf5::Result<Self> {
        hdf5::silence_errors(true);
        let group = hdf5::File::open(path)?.group(GROUP)?;
        let (labelled, rows) = (group.link_exists("label"), group.dataset("event")?.size());
        Ok(Self { group, labelled, rows })
    }

    /// Number of events.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether they have a label.
    pub fn is_labelled(&self) -> bool {
        self.labelled
    }

    /// The group of the table, for attributes.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// How many raw events the file comes from and what became of them, without the events.
    ///
    /// # Errors
    /// The counts are not there: the file is of some other program.
    pub fn counts(&self) -> hdf5::Result<Table> {
        let count = |name: &str| {
            attributes::number(&self.group, name).ok_or_else(|| format!("it has no count {name}"))
        };
        let mut dropped = Dropped::default();
        for reason in Rejection::ALL {
            dropped.add(reason, count(&format!("dropped_{}", reason.name()))?);
        }
        Ok(Table { read: count("read")?, dropped, ..Table::new(self.labelled) })
    }

    /// Some events. The counts are those of the whole file.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn read(&self, rows: Range<usize>) -> hdf5::Result<Table> {
        let mut table = self.counts()?;
        table.visit(&mut Fill { group: &self.group, rows })?;
        Ok(table)
    }
}

struct Fill<'a> {
    group: &'a Group,
    rows: Range<usize>,
}

impl Visitor for Fill<'_> {
    fn column<T: H5Type>(
        &mut self,
        name: &str,
        shape: &[usize],
        _: &str,
        values: &mut Vec<T>,
    ) -> hdf5::Result<()> {
        let dataset = self.group.dataset(name)?;
        if dataset.shape().get(1..) != Some(shape) {
            return Err(format!("{name} has shape {:?}", dataset.shape()).into());
        }
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut place = vec![SliceOrIndex::from(self.rows.clone())];
        place.resize(shape.len() + 1, SliceOrIndex::from(..));
        let array: ArrayD<T> = dataset.read_slice(Hyperslab::from(place))?;
        *values = array.into_raw_vec_and_offset().0;
        Ok(())
    }
}
