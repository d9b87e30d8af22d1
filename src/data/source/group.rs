//! A table as a group of HDF5 datasets of the same length, with one number a row.

use std::path::PathBuf;

use super::super::error::DataError;
use super::Columns;
use super::batch::{Batch, row_ranges};
use super::dataset::Dataset;
use super::hdf5_file::Hdf5File;

/// The columns of a group: arrays of shape (n) or (n, 1).
pub(in crate::data) struct Group {
    path: PathBuf,
    names: Vec<String>,
    datasets: Vec<Dataset>,
    /// What else is in the group, with the reason why it is no column.
    others: Vec<(String, Other)>,
}

/// Why a member of a group is no column.
enum Other {
    Shape(Vec<usize>),
    DeadLink,
}

impl Group {
    /// All columns of a group, of whatever length and type.
    pub fn open(file: &Hdf5File, name: &str) -> Result<Self, DataError> {
        let name = name.trim_matches('/');
        let (columns, others): (Vec<_>, Vec<_>) =
            file.datasets(name)?.into_iter().partition(Dataset::is_column);
        let others = others.iter().map(|dataset| (last(dataset), Other::Shape(dataset.shape().to_vec())));
        let dead = file.dead_links(name).into_iter().map(|name| (name, Other::DeadLink));
        Ok(Self { others: others.chain(dead).collect(), ..Self::of(file, columns) })
    }

    /// These columns.
    pub fn of(file: &Hdf5File, datasets: Vec<Dataset>) -> Self {
        let names = datasets.iter().map(last).collect();
        Self { path: file.path().to_owned(), names, datasets, others: Vec::new() }
    }

    /// The unit that a column's `units` attribute names.
    pub fn unit(&self, column: usize) -> Option<String> {
        self.datasets[column].attribute("units").or_else(|| self.datasets[column].attribute("unit"))
    }
}

/// The last part of a dataset's name.
fn last(dataset: &Dataset) -> String {
    dataset.name().rsplit('/').next().unwrap_or_default().to_owned()
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

    fn objection(&self, name: &str) -> Option<DataError> {
        let (_, other) = self.others.iter().find(|(other, _)| other == name)?;
        let (reason, remedy) = match other {
            Other::Shape(shape) => (
                format!("its shape is {shape:?}, and a column has one number a row"),
                match shape[..] {
                    [1, _] => "write it as one-dimensional, in Python by a[0]",
                    _ => "write each of its columns as a dataset of its own",
                },
            ),
            Other::DeadLink => (
                "it is a link that leads nowhere: its target, perhaps in another file, is missing".to_owned(),
                "put the target back, or copy it in place of the link",
            ),
        };
        let (path, column) = (self.path.clone(), name.to_owned());
        Some(DataError::NoColumn { path, column, reason, remedy: remedy.to_owned() })
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
                let values: Vec<f64> = dataset.read_rows(rows.clone())?;
                batch.column_mut(target).iter_mut().zip(values).for_each(|(to, from)| *to = from);
            }
            each(&batch);
        }
        Ok(())
    }
}
