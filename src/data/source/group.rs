//! A table as a group of one-dimensional HDF5 datasets of the same length.

use std::path::PathBuf;

use super::super::error::DataError;
use super::Columns;
use super::batch::{Batch, row_ranges};
use super::dataset::Dataset;
use super::hdf5_file::Hdf5File;

/// The one-dimensional arrays of a group.
pub(in crate::data) struct Group {
    path: PathBuf,
    names: Vec<String>,
    datasets: Vec<Dataset>,
}

impl Group {
    /// All one-dimensional arrays of a group, of whatever length and type.
    pub fn open(file: &Hdf5File, name: &str) -> Result<Self, DataError> {
        let datasets = file.datasets(name.trim_matches('/'))?;
        Ok(Self::of(file, datasets.into_iter().filter(|dataset| dataset.shape().len() == 1).collect()))
    }

    /// These one-dimensional arrays.
    pub fn of(file: &Hdf5File, datasets: Vec<Dataset>) -> Self {
        let last = |dataset: &Dataset| dataset.name().rsplit('/').next().unwrap_or_default().to_owned();
        Self { path: file.path().to_owned(), names: datasets.iter().map(last).collect(), datasets }
    }

    /// The unit that a column's `units` attribute names.
    pub fn unit(&self, column: usize) -> Option<String> {
        self.datasets[column].attribute("units").or_else(|| self.datasets[column].attribute("unit"))
    }
}

impl Columns for Group {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn rows(&self) -> Option<usize> {
        self.datasets.iter().map(Dataset::rows).max()
    }

    fn is_numeric(&self, column: usize) -> bool {
        self.datasets[column].is_numeric()
    }

    fn read(&self, wanted: &[usize], each: &mut dyn FnMut(&Batch)) -> Result<(), DataError> {
        let datasets: Vec<&Dataset> = wanted.iter().map(|position| &self.datasets[*position]).collect();
        let Some(first) = datasets.first() else { return Ok(()) };
        if let Some(other) = datasets.iter().find(|dataset| dataset.rows() != first.rows()) {
            let length = |dataset: &Dataset| (dataset.name().to_owned(), dataset.rows());
            return Err(DataError::UnequalColumns {
                path: self.path.clone(),
                first: length(first),
                second: length(other),
            });
        }
        datasets.iter().try_for_each(|dataset| dataset.check(dataset.name()))?;
        let chunks = datasets.iter().map(|dataset| dataset.chunk_rows());
        let mut batch = Batch::default();
        for rows in row_ranges(first.rows(), datasets.len(), chunks) {
            batch.resize(rows.len(), datasets.len());
            for (target, dataset) in datasets.iter().enumerate() {
                let values = dataset.read(rows.clone())?;
                batch.column_mut(target).iter_mut().zip(values).for_each(|(to, from)| *to = from);
            }
            each(&batch);
        }
        Ok(())
    }
}
