//! A table as text with a header line.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder, Trim};
use flate2::read::MultiGzDecoder;

use super::super::error::DataError;
use super::super::wording::printable;
use super::Columns;
use super::batch::Batch;
use super::dialect::{Decimal, Dialect};

const ROWS: usize = 16_384;

/// Rows that say whether a column holds numbers.
const LOOKED_AT: usize = 1000;

/// Bytes that say how a text is written.
pub(in crate::data) const START: u64 = 1 << 16;

/// A CSV file.
pub(in crate::data) struct CsvFile {
    path: PathBuf,
    dialect: Dialect,
    packing: Packing,
    names: Vec<String>,
    /// Whether the first rows have numbers, or nothing, in a column.
    numeric: Vec<bool>,
}

/// Whether a text is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
}

impl CsvFile {
    /// Finds out how the text is written, reads its header line and looks at the first rows.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let (start, packing) = start(path)?;
        let dialect = Dialect::of(&start)
            .map_err(|reason| DataError::Unrecognised { path: path.to_owned(), reason })?;
        let mut file =
            Self { path: path.to_owned(), dialect, packing, names: Vec::new(), numeric: Vec::new() };
        let mut reader = file.reader()?;
        let header = reader.byte_headers().map_err(|error| file.damaged(&error))?;
        if header.iter().any(|cell| cell.contains(&b'\n')) {
            return Err(DataError::OpenQuote { path: path.to_owned(), line: dialect.header_line });
        }
        let name = |cell: &[u8]| String::from_utf8_lossy(cell).trim_start_matches(['#', ' ']).to_owned();
        file.names = header.iter().map(name).collect();
        file.numeric = vec![true; file.names.len()];
        let mut record = ByteRecord::new();
        for _ in 0..LOOKED_AT {
            if !file.next(&mut reader, &mut record)? {
                break;
            }
            for (numeric, cell) in file.numeric.iter_mut().zip(&record) {
                *numeric &= dialect.decimal.number(cell).is_some();
            }
        }
        Ok(file)
    }

    /// How the text is written, in words.
    pub fn form(&self) -> String {
        let gzip = if self.packing == Packing::Gzip { ", gzip" } else { "" };
        format!("{}{gzip}", self.dialect)
    }

    fn reader(&self) -> Result<csv::Reader<Box<dyn Read>>, DataError> {
        let cannot_read = |source| DataError::CannotRead { path: self.path.clone(), source };
        let file = BufReader::new(File::open(&self.path).map_err(cannot_read)?);
        let mut text: Box<dyn Read> = match self.packing {
            Packing::Plain => Box::new(file),
            Packing::Gzip => Box::new(MultiGzDecoder::new(file)),
        };
        let before = self.dialect.header_at as u64;
        std::io::copy(&mut text.by_ref().take(before), &mut std::io::sink()).map_err(cannot_read)?;
        Ok(ReaderBuilder::new()
            .trim(Trim::All)
            .delimiter(self.dialect.separator)
            .comment(Some(b'#'))
            .flexible(true)
            .from_reader(text))
    }

    /// The next row; false at the end.
    fn next(
        &self,
        reader: &mut csv::Reader<Box<dyn Read>>,
        record: &mut ByteRecord,
    ) -> Result<bool, DataError> {
        let more = reader.read_byte_record(record).map_err(|error| self.damaged(&error))?;
        if more && record.len() != self.names.len() {
            let line = self.line(record.position());
            // A quote without an end makes one cell of the lines that follow.
            if record.iter().any(|cell| cell.contains(&b'\n')) {
                return Err(DataError::OpenQuote { path: self.path.clone(), line });
            }
            let source = format!("{} values where the header names {}", record.len(), self.names.len());
            let part = format!("line {line}");
            return Err(DataError::Damaged { path: self.path.clone(), part, source: source.into() });
        }
        Ok(more)
    }

    fn number(&self, record: &ByteRecord, column: usize) -> Result<f64, DataError> {
        let cell = record.get(column).unwrap_or_default();
        self.dialect.decimal.number(cell).ok_or_else(|| {
            let (path, line) = (self.path.clone(), self.line(record.position()));
            if cell.contains(&b'\n') {
                return DataError::OpenQuote { path, line };
            }
            let hint = if self.dialect.decimal == Decimal::Comma {
                ", where decimals stand behind commas"
            } else {
                ""
            };
            let text = printable(&String::from_utf8_lossy(cell));
            let found = format!("`{text}` in line {line}{hint}");
            DataError::NotNumeric { path, column: self.names[column].clone(), found }
        })
    }

    /// The line of the file that a position of the reader is in.
    fn line(&self, position: Option<&csv::Position>) -> u64 {
        position.map_or(0, csv::Position::line) + self.dialect.header_line - 1
    }

    fn damaged(&self, error: &csv::Error) -> DataError {
        let part = match error.position() {
            Some(position) => format!("line {}", self.line(Some(position))),
            None => "the text".to_owned(),
        };
        DataError::Damaged { path: self.path.clone(), part, source: printable(&error.to_string()).into() }
    }
}

/// The beginning of a text, without compression, and whether there is one.
fn start(path: &Path) -> Result<(Vec<u8>, Packing), DataError> {
    let cannot_read = |source| DataError::CannotRead { path: path.to_owned(), source };
    let mut start = Vec::new();
    File::open(path).and_then(|file| file.take(START).read_to_end(&mut start)).map_err(cannot_read)?;
    match unpacked(path, &start)? {
        Some(start) => Ok((start, Packing::Gzip)),
        None => Ok((start, Packing::Plain)),
    }
}

/// The beginning of what gzip has compressed; nothing where this is not so.
pub(super) fn unpacked(path: &Path, start: &[u8]) -> Result<Option<Vec<u8>>, DataError> {
    if !start.starts_with(b"\x1f\x8b") {
        return Ok(None);
    }
    let file = File::open(path).map_err(|source| DataError::CannotRead { path: path.to_owned(), source })?;
    let mut text = Vec::new();
    // A file that is cut short gives what there is before it is read as a whole.
    match MultiGzDecoder::new(BufReader::new(file)).take(START).read_to_end(&mut text) {
        Err(source) if text.is_empty() => Err(DataError::Damaged {
            path: path.to_owned(),
            part: "the compressed text".to_owned(),
            source: source.into(),
        }),
        _ => Ok(Some(text)),
    }
}

impl Columns for CsvFile {
    fn unusual_form(&self) -> Option<String> {
        let is_usual = self.dialect.is_usual() && self.packing == Packing::Plain;
        (!is_usual).then(|| format!("read as CSV text: {}", self.form()))
    }

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
        let mut reader = self.reader()?;
        let mut record = ByteRecord::new();
        let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(ROWS); wanted.len()];
        let mut batch = Batch::default();
        loop {
            let more = self.next(&mut reader, &mut record)?;
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
