//! What kind of file a path leads to, by its first bytes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::super::error::DataError;
use super::super::place::check_place;
use super::csv_file::{START, unpacked};
use super::dialect::Dialect;
use super::foreign::{Foreign, foreign};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Kind {
    /// HDF5.
    Hdf5,
    /// Text with a header line.
    Csv,
}

pub(super) const HDF5_SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The kind of a file.
pub(in crate::data) fn kind(path: &Path) -> Result<Kind, DataError> {
    let cannot_read = |source| DataError::CannotRead { path: path.to_owned(), source };
    check_place(path)?;
    let mut file = File::open(path).map_err(cannot_read)?;
    let mut start = Vec::new();
    file.by_ref().take(START).read_to_end(&mut start).map_err(cannot_read)?;
    if has_signature(&mut file).map_err(cannot_read)? {
        return Ok(Kind::Hdf5);
    }
    let unpacked = unpacked(path, &start)?;
    let text = unpacked.as_deref().unwrap_or(&start);
    let is_foreign = |what, remedy| Err(DataError::Foreign { path: path.to_owned(), what, remedy });
    if unpacked.is_some() && text.starts_with(&HDF5_SIGNATURE) {
        return is_foreign(
            "an HDF5 file compressed by gzip",
            format!("unpack it: gunzip -k {}", path.display()),
        );
    }
    if let Some(Foreign { what, remedy }) = foreign(path, text) {
        return is_foreign(what, remedy);
    }
    // The extension before `.gz`, where the text is compressed.
    let name = if unpacked.is_some() { Path::new(path.file_stem().unwrap_or_default()) } else { path };
    let is_csv = name.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    match objection(text, is_csv) {
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
    if start.contains(&0) {
        return Some("it is neither HDF5 nor text");
    }
    match Dialect::of(start) {
        Err(reason) => Some(reason),
        Ok(dialect) if !is_csv && dialect.columns(start) < 2 => {
            Some("its first line has no commas, semicolons or tabs")
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_other_files() {
        assert_eq!(objection(b"m_jj,label\n1,2\n", false), None);
        assert_eq!(objection(b"m_jj\n1\n", true), None);
        assert_eq!(objection(b"m_jj\n1\n", false), Some("its first line has no commas, semicolons or tabs"));
        assert_eq!(
            objection(b"1.0,2.0\n", true),
            Some("its first line holds numbers instead of column names")
        );
        assert_eq!(objection(b"\0\0\0,", true), Some("it is neither HDF5 nor text"));
        assert_eq!(objection(b"", true), Some("it is empty"));
    }
}
