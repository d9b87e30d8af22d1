//! Tables to HDF5 files.

use std::path::Path;

use hdf5::filters::BloscShuffle;
use hdf5::{Dataset, Group, H5Type, Hyperslab, SliceOrIndex};
use ndarray::ArrayViewD;

use super::{GROUP, Table, Visitor, attributes};
use crate::event::Rejection;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// For this program alone: quick.
    Part,
    /// For everyone: gzip, which every HDF5 library undoes.
    Final,
}

/// Rows of a chunk of constituents; as large as they are, more would not help.
const CHUNK_OF_CONSTITUENTS: usize = 256;
/// Rows of a chunk of anything else.
const CHUNK: usize = 8192;

/// A file that is being filled.
pub struct TableWriter {
    file: hdf5::File,
    group: Group,
    /// Held open: chunks that are not full yet stay in memory, instead of being compressed again and again.
    columns: Vec<Dataset>,
    rows: usize,
    next: usize,
}

impl TableWriter {
    /// Begins a file with room for so many events.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(path: &Path, rows: usize, labelled: bool, storage: Storage) -> hdf5::Result<Self> {
        let file = hdf5::File::create(path)?;
        let group = file.create_group(GROUP)?;
        let mut create = Create { group: &group, rows, storage, columns: Vec::new() };
        Table::new(labelled).visit(&mut create)?;
        Ok(Self { file, columns: create.columns, group, rows, next: 0 })
    }

    /// The group of the table, for attributes.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Adds the events of a table.
    ///
    /// # Errors
    /// They cannot be written, or there are more than were announced.
    pub fn append(&mut self, table: &mut Table) -> hdf5::Result<()> {
        let rows = table.len();
        if self.next + rows > self.rows {
            return Err(format!("{} events in a table of {}", self.next + rows, self.rows).into());
        }
        if rows > 0 {
            table.visit(&mut Append { group: &self.group, first: self.next, rows })?;
        }
        self.next += rows;
        Ok(())
    }

    /// Closes the file, with how many raw events it comes from and what became of them.
    ///
    /// # Errors
    /// It cannot be completed, or holds fewer events than were announced.
    pub fn finish(self, counts: &Table) -> hdf5::Result<()> {
        if self.next < self.rows {
            return Err(format!("{} events in a table of {}", self.next, self.rows).into());
        }
        attributes::set_number(&self.group, "read", counts.read)?;
        for reason in Rejection::ALL {
            let name = format!("dropped_{}", reason.name());
            attributes::set_number(&self.group, &name, counts.dropped.of(reason))?;
        }
        drop((self.columns, self.group));
        self.file.close()
    }
}

struct Create<'a> {
    group: &'a Group,
    rows: usize,
    storage: Storage,
    columns: Vec<Dataset>,
}

impl Visitor for Create<'_> {
    fn column<T: H5Type>(
        &mut self,
        name: &str,
        shape: &[usize],
        unit: &str,
        _: &mut Vec<T>,
    ) -> hdf5::Result<()> {
        let extent = |rows| [&[rows], shape].concat();
        // Files of the same events are the same bytes, whenever they are written.
        let builder = self.group.new_dataset_builder().obj_track_times(false);
        let dataset = if self.rows == 0 {
            builder.empty::<T>().shape(extent(0)).create(name)?
        } else {
            let chunk = if shape.len() > 2 { CHUNK_OF_CONSTITUENTS } else { CHUNK };
            let builder = builder.chunk(extent(chunk.min(self.rows)));
            let builder = match self.storage {
                Storage::Part => builder.blosc_lz4(5, BloscShuffle::Byte),
                Storage::Final => builder.shuffle().deflate(4),
            };
            builder.empty::<T>().shape(extent(self.rows)).create(name)?
        };
        if !unit.is_empty() {
            attributes::set_text(&dataset, "units", unit)?;
        }
        self.columns.push(dataset);
        Ok(())
    }
}

struct Append<'a> {
    group: &'a Group,
    first: usize,
    rows: usize,
}

impl Visitor for Append<'_> {
    fn column<T: H5Type>(
        &mut self,
        name: &str,
        shape: &[usize],
        _: &str,
        values: &mut Vec<T>,
    ) -> hdf5::Result<()> {
        let extent = [&[self.rows], shape].concat();
        let view = ArrayViewD::from_shape(extent, values).map_err(|error| error.to_string())?;
        let mut place = vec![SliceOrIndex::from(self.first..self.first + self.rows)];
        place.resize(shape.len() + 1, SliceOrIndex::from(..));
        self.group.dataset(name)?.write_slice(view, Hyperslab::from(place))
    }
}
