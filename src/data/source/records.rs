//! A table as one dataset of records (a structured array of `NumPy`, a compound type of HDF5), whose fields are the columns.

use std::path::PathBuf;

use hdf5::types::TypeDescriptor as Type;

use super::super::error::DataError;
use super::super::wording::printable;
use super::Columns;
use super::batch::{Batch, row_ranges};
use super::dataset::Dataset;

/// A dataset of records.
pub(in crate::data) struct Records {
    path: PathBuf,
    dataset: Dataset,
    names: Vec<String>,
    types: Vec<Type>,
}

impl Records {
    /// The records of a dataset; nothing if its values are none.
    pub fn of(dataset: Dataset) -> Option<Self> {
        let fields = dataset.fields()?;
        let path = dataset.path().to_owned();
        let (names, types) = fields.into_iter().map(|field| (field.name, field.ty)).unzip();
        Some(Self { path, dataset, names, types })
    }
}

impl Columns for Records {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn rows(&self) -> Option<usize> {
        Some(self.dataset.rows())
    }

    fn is_numeric(&self, column: usize) -> bool {
        matches!(
            self.types[column],
            Type::Integer(_) | Type::Unsigned(_) | Type::Float(_) | Type::Boolean | Type::Enum(_)
        )
    }

    fn read(&self, wanted: &[usize], each: &mut dyn FnMut(&Batch)) -> Result<(), DataError> {
        if let Some(column) = wanted.iter().find(|column| !self.is_numeric(**column)) {
            return Err(DataError::NotNumeric {
                path: self.path.clone(),
                column: self.names[*column].clone(),
                found: printable(&self.types[*column].to_string()),
            });
        }
        self.dataset.check_stored(0)?;
        // A field that is wanted twice has one place in memory.
        let mut fields: Vec<usize> = wanted.to_vec();
        fields.sort_unstable();
        fields.dedup();
        let names: Vec<&str> = fields.iter().map(|field| self.names[*field].as_str()).collect();
        let mut batch = Batch::default();
        // The library reads whole records, whatever is wanted of them.
        for rows in row_ranges(self.dataset.rows(), self.names.len(), [self.dataset.chunk_rows()].into_iter())
        {
            let values = self.dataset.read_records(rows.clone(), &names)?;
            batch.resize(rows.len(), wanted.len());
            for (target, column) in wanted.iter().enumerate() {
                let place = fields.partition_point(|field| field < column);
                let found = values.iter().skip(place).step_by(fields.len());
                batch.column_mut(target).iter_mut().zip(found).for_each(|(to, from)| *to = *from);
            }
            each(&batch);
        }
        Ok(())
    }
}
