//! Reading tables of figures, also those that people have edited or spreadsheets have saved.

use csv::{ErrorKind, ReaderBuilder, StringRecord};

use super::{NOTES, Row};

/// The place of a mistake in a table, and what is wrong.
type Wrong = (String, String);

/// Columns with numbers that may have a fraction.
const NUMBERS: [&str; 5] = ["x", "mean", "low", "high", "background_events"];

/// The rows of a table, and its notes. One with semicolons has decimal commas, as spreadsheets of many countries write them.
pub fn rows(bytes: &[u8]) -> Result<(Vec<Row>, Vec<String>), Wrong> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Some spreadsheets say first what separates the cells, which the headings show as well.
    let bytes = match bytes.split_first_chunk::<4>() {
        Some((b"sep=", rest)) => {
            rest.iter().position(|byte| *byte == b'\n').map_or(rest, |end| &rest[end + 1..])
        }
        _ => bytes,
    };
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| first.split(|byte| *byte == separator).count();
    let separator =
        [b',', b';', b'\t'].into_iter().max_by_key(|one| (count(*one), *one == b',')).unwrap_or(b',');
    let mut reader = ReaderBuilder::new().delimiter(separator).from_reader(bytes);
    let headers =
        reader.headers().map_err(|error| told(&error, &StringRecord::new(), &StringRecord::new()))?.clone();
    let noted = headers.iter().position(|heading| heading == NOTES);
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(|error| told(&error, &headers, &StringRecord::new()))?;
        let cells = headers.iter().zip(&record).map(|(name, cell)| match separator {
            b',' => cell.to_owned(),
            _ if NUMBERS.contains(&name) && !cell.contains('.') => cell.replacen(',', ".", 1),
            _ => cell.to_owned(),
        });
        let mut mended: StringRecord = cells.collect();
        mended.set_position(record.position().cloned());
        // Spreadsheets may leave empty lines at the end.
        if !mended.iter().all(str::is_empty) {
            rows.push(mended.deserialize(Some(&headers)).map_err(|error| told(&error, &headers, &record))?);
            let note = noted.and_then(|column| mended.get(column)).filter(|note| !note.is_empty());
            notes.extend(note.map(str::to_owned));
        }
    }
    if rows.is_empty() {
        return Err(("line 2".to_owned(), "it has no rows".to_owned()));
    }
    Ok((rows, notes))
}

/// Where an error of the parser is, and what is wrong there.
fn told(error: &csv::Error, headers: &StringRecord, record: &StringRecord) -> Wrong {
    let line = error.position().or(record.position()).map_or(1, csv::Position::line);
    let line = format!("line {line}");
    match error.kind() {
        ErrorKind::Deserialize { err, .. } => match err.field().and_then(|field| usize::try_from(field).ok())
        {
            Some(field) => {
                let column = headers.get(field).unwrap_or("");
                let cell: String = record.get(field).unwrap_or("").chars().take(40).collect();
                (format!("{line}, column {column}"), format!("\"{cell}\" is no number"))
            }
            None => (line, format!("{}", err.kind())),
        },
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            (line, format!("{len} cells where the headings are {expected_len}"))
        }
        ErrorKind::Utf8 { .. } => (line, "it is not UTF-8 text".to_owned()),
        _ => (line, "it cannot be read".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::figures::FigureTable;

    const HEADINGS: &str = "figure,panel,curve,x,mean,low,high,n,background_events";

    fn read(text: &str) -> Result<FigureTable, Error> {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(directory.path().join("figures")).expect("room");
        let path = directory.path().join("figures/fig05.csv");
        std::fs::write(&path, text).expect("room");
        FigureTable::read(&path)
    }

    #[test]
    fn a_table_that_a_spreadsheet_has_saved_is_the_same_table() {
        let rows = "fig05,a,noise,1000,0.5,0.25,1.5e-3,50,12.5\nfig05,a,fit,1,2,2,2,1,\n";
        let own = read(&format!("{HEADINGS}\n{rows}")).expect("a table");
        assert_eq!(own.rows.len(), 2);
        let semicolons = rows.replace(',', ";").replace('.', ",").replace('\n', "\r\n");
        let saved = format!("\u{feff}{}\r\n{semicolons};;;;;;;;\r\n", HEADINGS.replace(',', ";"));
        assert_eq!(read(&saved).expect("a table"), own);
        assert_eq!(read(&format!("sep=;\n{}", saved.trim_start_matches('\u{feff}'))).expect("a table"), own);
        let tabs = format!("{HEADINGS}\n{rows}").replace(',', "\t");
        assert_eq!(read(&tabs).expect("a table"), own);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place_and_a_remedy() {
        let told = |rows: &str| read(&format!("{HEADINGS}\n{rows}\n")).expect_err("a refusal").to_string();
        let message = told("fig05,a,noise,1000,0.5,0.2,1,50,\nfig05,a,noise,1000,1.000.5,0.2,1,50,");
        assert!(message.contains("fig05.csv (line 3, column mean: \"1.000.5\" is no number)"), "{message}");
        assert!(message.contains("`drapes reduce /"), "{message}");
        assert!(told("fig05,a,noise").contains("(line 2: 3 cells where the headings are 9)"));
        assert!(told("").contains("(line 2: it has no rows)"));
        let message = read("figure,panel\nx,y\n").expect_err("a refusal").to_string();
        assert!(message.contains("(line 2: missing field `curve`)"), "{message}");
    }
}
