//! What kind of file a path leads to, by its first bytes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::super::error::DataError;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Kind {
    /// HDF5.
    Hdf5,
    /// Text with commas.
    Csv,
}

const HDF5_SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The kind of a file.
pub(in crate::data) fn kind(path: &Path) -> Result<Kind, DataError> {
    let cannot_read = |source| DataError::CannotRead { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(cannot_read)?;
    let mut start = Vec::new();
    file.by_ref().take(4096).read_to_end(&mut start).map_err(cannot_read)?;
    if has_signature(&mut file).map_err(cannot_read)? {
        return Ok(Kind::Hdf5);
    }
    let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    match objection(&start, is_csv) {
        None => Ok(Kind::Csv),
        Some(reason) => Err(DataError::Unrecognised { path: path.to_owned(), reason }),
    }
}

/// The format lets a user's own bytes come first: the signature is at 0, 512, 1024, 2048, ...
fn has_signature(file: &mut File) -> std::io::Result<bool> {
    let length = file.metadata()?.len();
    let mut offset = 0;
    while offset + 8 <= length {
        let mut bytes = [0; 8];
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut bytes)?;
        if bytes == HDF5_SIGNATURE {
            return Ok(true);
        }
        offset = if offset == 0 { 512 } else { offset * 2 };
    }
    Ok(false)
}

/// Why a file that begins like this is no CSV file.
fn objection(start: &[u8], is_csv: bool) -> Option<&'static str> {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let is_number = |cell: &str| cell.trim().trim_matches('"').parse::<f64>().is_ok();
    if text.trim_ascii().is_empty() {
        Some("it is empty")
    } else if text.contains(&0) {
        Some("it is neither HDF5 nor text")
    } else if text.trim_ascii_start().starts_with(b"<") {
        Some("it is a web page")
    } else if !is_csv && !line.contains(',') {
        Some("its first line has no commas")
    } else if line.split(',').all(is_number) {
        Some("its first line holds numbers instead of column names")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_other_files() {
        assert_eq!(objection(b"m_jj,label\n1,2\n", false), None);
        assert_eq!(objection(b"m_jj\n1\n", true), None);
        assert_eq!(objection(b"m_jj\n1\n", false), Some("its first line has no commas"));
        assert_eq!(
            objection(b"1.0,2.0\n", true),
            Some("its first line holds numbers instead of column names")
        );
        assert_eq!(objection(b"<!DOCTYPE html>, 404", false), Some("it is a web page"));
        assert_eq!(objection(b"\0\0\0,", true), Some("it is neither HDF5 nor text"));
        assert_eq!(objection(b"", true), Some("it is empty"));
    }
}
