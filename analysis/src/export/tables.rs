//! The tables of a scan's figures, which must be as the records give them.

use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::figures::{Figure, FigureTable, figure_stamp, reduce, search};
use crate::store::{Results, SideTable, Store};

/// A byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The tables that are there, in the order of the figures.
///
/// Where records are there as well, each table must be what they give; copied without them, it must be as `reduce` writes it.
///
/// # Errors
/// There is no table, one is not what was written, or a record is damaged.
pub fn tables(store: &Store, results: &Results) -> Result<Vec<(Figure, FigureTable)>, Error> {
    if let Some(torn) = results.torn.first() {
        store.result(torn)?;
    }
    let changed = figure_stamp::edited(store);
    let mut found = Vec::new();
    for (figure, expected) in reduce::tables(results) {
        let path = store.directory().join(format!("figures/{}.csv", figure.name()));
        if !path.exists() {
            continue;
        }
        let bytes = read(store, &path)?;
        let table = FigureTable::read(&path)?;
        let (expected, who) = if expected.rows.is_empty() {
            (table.to_csv(), "drapes writes")
        } else {
            (expected.to_csv(), "the records give")
        };
        check(store, &path, &bytes, (&expected, who))?;
        if changed.contains(&format!("figures/{}.csv", figure.name())) {
            let place = ("some line".to_owned(), "it is not what was written when it was drawn".to_owned());
            return Err(edited(store, &path, place));
        }
        found.push((figure, table));
    }
    if found.is_empty() {
        return Err(Error::NothingToExport {
            directory: store.directory().to_owned(),
            missing: "there is no table in figures/",
        });
    }
    Ok(found)
}

/// The windows of a search as records give them, which `search.csv` must be where it is there; none where no window was searched.
///
/// # Errors
/// `search.csv` is not what the records give.
pub fn windows(store: &Store, results: &Results) -> Result<Option<Vec<u8>>, Error> {
    let Some(expected) = search::csv::csv(results) else { return Ok(None) };
    let path = store.directory().join(SideTable::Search.name());
    if path.exists() {
        check(store, &path, &read(store, &path)?, (&expected, "the records give"))?;
    }
    Ok(Some(expected))
}

/// The bytes of a table that no spreadsheet has saved.
fn read(store: &Store, path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(path).map_err(|source| Error::CannotRead {
        what: "a table",
        path: path.to_owned(),
        source,
    })?;
    match spreadsheet(&bytes) {
        Some(reason) => Err(edited(store, path, ("line 1".to_owned(), reason.to_owned()))),
        None => Ok(bytes),
    }
}

/// Refuses a table that is not as expected.
fn check(store: &Store, path: &Path, found: &[u8], (expected, who): (&[u8], &str)) -> Result<(), Error> {
    difference(found, expected, who).map_or(Ok(()), |place| Err(edited(store, path, place)))
}

fn edited(store: &Store, path: &Path, (place, reason): (String, String)) -> Error {
    Error::Edited { path: path.to_owned(), place, reason, directory: store.directory().to_owned() }
}

/// The sign that a spreadsheet has saved the table, if there is one.
fn spreadsheet(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(MARK) {
        return Some("a byte order mark before the headings, as spreadsheets write it");
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.starts_with(b"sep=") {
        Some("a line that names the separator, as spreadsheets write it")
    } else if line.contains(&b';') {
        Some("semicolons between the cells, and with them decimal commas, as spreadsheets write them")
    } else if line.contains(&b'\t') {
        Some("tabs between the cells, as spreadsheets write them")
    } else if line.ends_with(b"\r") {
        Some("line ends of Windows, as spreadsheets write them")
    } else {
        None
    }
}

/// The first difference between two tables: its place, and what is different.
fn difference(found: &[u8], expected: &[u8], who: &str) -> Option<(String, String)> {
    if found == expected {
        return None;
    }
    let read = |bytes: &[u8]| -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        reader.records().flatten().map(|record| record.iter().map(str::to_owned).collect()).collect()
    };
    let (found, expected) = (read(found), read(expected));
    let lines = found.len().max(expected.len());
    for line in 0..lines {
        let place = format!("line {}", line + 1);
        match (found.get(line), expected.get(line)) {
            (Some(one), Some(other)) if one == other => {}
            (Some(one), Some(other)) => {
                let column =
                    (0..one.len().max(other.len())).find(|column| one.get(*column) != other.get(*column));
                let column = column.unwrap_or(0);
                let cell = |cells: &[String]| cells.get(column).map_or("", String::as_str).to_owned();
                let heading = expected.first().map(|headings| cell(headings)).unwrap_or_default();
                let reason = format!("\"{}\" where {who} \"{}\"", cell(one), cell(other));
                return Some((format!("{place}, column {heading}"), reason));
            }
            (Some(_), None) => return Some((place, format!("a row more than {who}"))),
            (None, _) => return Some((place, format!("a row is missing that {who}"))),
        }
    }
    Some(("line 1".to_owned(), format!("cells are written in another way than {who}")))
}

/// The picture of a figure, to be submitted together with its table.
pub fn picture(directory: &Path, figure: Figure) -> Option<Vec<u8>> {
    fs::read(directory.join(format!("figures/{}.png", figure.name()))).ok()
}
