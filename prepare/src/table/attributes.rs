//! Numbers and texts that stand beside arrays.

use std::str::FromStr;

use hdf5::Location;
use hdf5::types::VarLenUnicode;

/// Sets a whole number.
///
/// # Errors
/// The file cannot be written.
pub fn set_number(place: &Location, name: &str, value: u64) -> hdf5::Result<()> {
    place.new_attr::<u64>().create(name)?.write_scalar(&value)
}

/// Sets a text.
///
/// # Errors
/// The file cannot be written.
pub fn set_text(place: &Location, name: &str, value: &str) -> hdf5::Result<()> {
    // A text ends at a zero byte, which no path and no word has.
    let value = VarLenUnicode::from_str(&value.replace('\0', " ")).unwrap_or_default();
    place.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&value)
}

/// A whole number, if there is one of this name.
pub fn number(place: &Location, name: &str) -> Option<u64> {
    place.attr(name).and_then(|attribute| attribute.read_scalar()).ok()
}

/// A text, if there is one of this name.
pub fn text(place: &Location, name: &str) -> Option<String> {
    let text = place.attr(name).and_then(|attribute| attribute.read_scalar::<VarLenUnicode>()).ok()?;
    Some(text.as_str().to_owned())
}
