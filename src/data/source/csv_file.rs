//! A table as text with commas and a header line.

use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder, Trim};

use super::super::error::DataError;
use super::Columns;
use super::batch::Batch;

const ROWS: usize = 16_384;

/// A CSV file.
pub(in crate::data) struct CsvFile {
    path: PathBuf,
    names: Vec<String>,
    /// Whether the first row has a number, or nothing, in a column.
    numeric: Vec<bool>,
}

impl CsvFile {
    /// Reads the header line and looks at the first row.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let mut reader = reader(path)?;
        let header = reader.byte_headers().map_err(|error| damaged(path, error))?;
        let name = |cell: &[u8]| String::from_utf8_lossy(cell).trim_start_matches(['#', ' ']).to_owned();
        let names: Vec<String> = header.iter().map(name).collect();
        let mut first = ByteRecord::new();
        reader.read_byte_record(&mut first).map_err(|error| damaged(path, error))?;
        let file = Self { path: path.to_owned(), names, numeric: Vec::new() };
        let numeric = (0..file.names.len()).map(|column| file.number(&first, column).is_ok()).collect();
        Ok(Self { numeric, ..file })
    }

    fn number(&self, record: &ByteRecord, column: usize) -> Result<f64, DataError> {
        let cell = record.get(column).unwrap_or_default();
        let text = String::from_utf8_lossy(cell);
        match text.as_ref() {
            "" => Ok(f64::NAN),
            "True" | "true" => Ok(1.0),
            "False" | "false" => Ok(0.0),
            text => text.parse().map_err(|_| DataError::NotNumeric {
                path: self.path.clone(),
                column: self.names[column].clone(),
                found: format!("`{text}` in line {}", record.position().map_or(0, csv::Position::line)),
            }),
        }
    }
}

impl Columns for CsvFile {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn rows(&self) -> Option<usize> {
        None
    }

    fn is_numeric(&self, column: usize) -> bool {
        self.numeric[column]
    }

    fn read(&self, wanted: &[usize], each: &mut dyn FnMut(&Batch)) -> Result<(), DataError> {
        let mut reader = reader(&self.path)?;
        let mut record = ByteRecord::new();
        let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(ROWS); wanted.len()];
        let mut batch = Batch::default();
        loop {
            let more = reader.read_byte_record(&mut record).map_err(|error| damaged(&self.path, error))?;
            if more {
                for (values, column) in columns.iter_mut().zip(wanted) {
                    values.push(self.number(&record, *column)?);
                }
            }
            let rows = columns.first().map_or(0, Vec::len);
            if rows == ROWS || (!more && rows > 0) {
                batch.resize(rows, wanted.len());
                for (target, values) in columns.iter_mut().enumerate() {
                    batch.column_mut(target).copy_from_slice(values);
                    values.clear();
                }
                each(&batch);
            }
            if !more {
                return Ok(());
            }
        }
    }
}

fn reader(path: &Path) -> Result<csv::Reader<std::fs::File>, DataError> {
    ReaderBuilder::new().trim(Trim::All).from_path(path).map_err(|error| damaged(path, error))
}

fn damaged(path: &Path, error: csv::Error) -> DataError {
    let part = match error.position() {
        Some(position) => format!("line {}", position.line()),
        None => "the text".to_owned(),
    };
    DataError::Damaged { path: path.to_owned(), part, source: error.into() }
}
