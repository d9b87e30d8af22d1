//! Text in HDF5 files.

use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{Container, H5Type};

/// The longest text that is read from a field of fixed length.
const LONGEST: usize = 256;

/// The most texts that are read at once: a damaged file may announce any number.
const MOST: usize = 1 << 16;

/// The texts of a dataset or attribute; whole numbers are texts, too. Nothing if it holds something else.
pub(super) fn texts(container: &Container) -> hdf5::Result<Option<Vec<String>>> {
    if container.size() > MOST {
        return Ok(None);
    }
    let Ok(dtype) = container.dtype()?.to_descriptor() else { return Ok(None) };
    let found = match dtype {
        // The bytes are taken as they come: `as_str` of these types trusts the file to be valid.
        TypeDescriptor::FixedAscii(length) if length <= LONGEST => {
            read::<FixedAscii<LONGEST>>(container, |text| lossy(text.as_bytes()))?
        }
        TypeDescriptor::FixedUnicode(length) if length <= LONGEST => {
            read::<FixedUnicode<LONGEST>>(container, |text| lossy(text.as_bytes()))?
        }
        // The pointer of a text that was never written is null.
        TypeDescriptor::VarLenAscii => read::<VarLenAscii>(container, |text| {
            if text.as_ptr().is_null() { String::new() } else { lossy(text.as_bytes()) }
        })?,
        TypeDescriptor::VarLenUnicode => read::<VarLenUnicode>(container, |text| {
            if text.as_ptr().is_null() { String::new() } else { lossy(text.as_bytes()) }
        })?,
        TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_) => read::<i64>(container, i64::to_string)?,
        _ => return Ok(None),
    };
    Ok(Some(found))
}

fn read<T: H5Type>(container: &Container, text: impl Fn(&T) -> String) -> hdf5::Result<Vec<String>> {
    Ok(container.read_raw::<T>()?.iter().map(text).collect())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
