//! Virtual datasets: arrays whose values lie in other datasets, most often of other files.
//!
//! The library takes what it does not find for zeros, without a word: sources are looked for before anything is read.

use std::path::{Path, PathBuf};

use hdf5_sys::h5p::{
    H5Pget_virtual_count, H5Pget_virtual_dsetname, H5Pget_virtual_filename, H5Pget_virtual_srcspace,
    H5Pget_virtual_vspace,
};
use hdf5_sys::h5s::{H5Sclose, H5Sget_select_npoints, H5Sget_simple_extent_dims, H5Sget_simple_extent_ndims};

use super::super::hdf5_file::Hdf5File;
use super::Dataset;
use crate::data::error::DataError;
use crate::data::place::check_place;
use crate::data::wording::printable;

/// How many virtual datasets may follow from another: they may lead in circles.
const DEPTH: usize = 4;

/// Makes sure that all values of a virtual dataset are there; `depth` is how many have led to it.
pub(super) fn check_sources(dataset: &Dataset, depth: usize) -> Result<(), DataError> {
    let (path, name) = (dataset.path(), dataset.name());
    let refused =
        |reason: String| DataError::VirtualSource { path: path.to_owned(), dataset: name.to_owned(), reason };
    if depth > DEPTH {
        return Err(refused(
            "it leads through more than four virtual datasets, or back to itself".to_owned(),
        ));
    }
    let unknown = |error: hdf5::Error| {
        refused(format!("the HDF5 library cannot list its sources: {}", printable(&error.to_string())))
    };
    let parts = dataset.sources().map_err(unknown)?;
    let mut values = 0_usize;
    for part in &parts {
        let (file, source) = (printable(&part.file), printable(&part.dataset));
        values = values.saturating_add(part.values);
        let place = if part.file == "." { path.to_owned() } else { found(path, &part.file) };
        check_place(&place).map_err(|error| match error {
            DataError::CannotRead { source, .. } => {
                refused(format!("its source {file} cannot be read: {source}"))
            }
            _ => refused(format!("its source {file} is no file")),
        })?;
        let inside = Hdf5File::open(&place)?;
        let lacks = |_| refused(format!("its source {file} has no dataset {source}"));
        let array = inside.dataset(part.dataset.trim_start_matches('/')).map_err(lacks)?;
        // Where a source is taken as a whole, the library may not know its shape.
        let stored = array.shape().iter().fold(1, |all: usize, extent| all.saturating_mul(*extent));
        let is_same_rank = array.shape().len() == part.extents.len();
        let is_cut = is_same_rank && array.shape().iter().zip(&part.extents).any(|(has, needs)| has < needs);
        if is_cut || stored < part.values {
            return Err(refused(format!(
                "{source} of its source {file} has shape {:?}, too small for the {} values that are taken from it",
                array.shape(),
                part.values
            )));
        }
        array.check_stored(depth + 1)?;
    }
    let all = dataset.shape().iter().fold(1, |all: usize, extent| all.saturating_mul(*extent));
    if values < all {
        return Err(refused(format!("its sources give {values} of its {all} values")));
    }
    Ok(())
}

/// Where the library looks for a source: in the folders of `HDF5_VDS_PREFIX`, beside the file, in the current folder.
fn found(path: &Path, source: &str) -> PathBuf {
    let beside = path.parent().unwrap_or(Path::new("")).join(source);
    let prefixes = std::env::var("HDF5_VDS_PREFIX").unwrap_or_default();
    let origin = path.parent().unwrap_or(Path::new("")).display().to_string();
    let from_prefixes = prefixes
        .split(':')
        .filter(|prefix| !prefix.is_empty())
        .map(|prefix| Path::new(&prefix.replace("${ORIGIN}", &origin)).join(source));
    let mut places = from_prefixes.chain([beside.clone(), PathBuf::from(source)]);
    places.find(|place| place.exists()).unwrap_or(beside)
}

/// What a virtual dataset takes from another dataset.
pub(super) struct Source {
    file: String,
    dataset: String,
    /// The shape that the other dataset had when the virtual one was made.
    extents: Vec<usize>,
    /// How many values are taken.
    values: usize,
}

/// Where the values of a virtual dataset lie. (The crate's own list refuses selections that are one block.)
pub(super) fn sources(dataset: &hdf5::Dataset) -> hdf5::Result<Vec<Source>> {
    let plist = dataset.create_plist()?;
    let id = plist.id();
    #[allow(
        unsafe_code,
        reason = "questions to the library about a property list that lives until the end; each buffer is as long as the library \
                  was told, each dataspace is closed"
    )]
    hdf5::sync::sync(|| unsafe {
        let mut count = 0;
        hdf5::h5check(H5Pget_virtual_count(id, &raw mut count))?;
        let mut found = Vec::new();
        for index in 0..count {
            let file = text(|buffer, size| H5Pget_virtual_filename(id, index, buffer, size))?;
            let dataset = text(|buffer, size| H5Pget_virtual_dsetname(id, index, buffer, size))?;
            let target = hdf5::h5check(H5Pget_virtual_vspace(id, index))?;
            let values = H5Sget_select_npoints(target);
            H5Sclose(target);
            let source = hdf5::h5check(H5Pget_virtual_srcspace(id, index))?;
            let axes = H5Sget_simple_extent_ndims(source);
            let mut extents = vec![0; usize::try_from(axes).unwrap_or(0)];
            let known = H5Sget_simple_extent_dims(source, extents.as_mut_ptr(), std::ptr::null_mut());
            H5Sclose(source);
            if known < 0 || values < 0 {
                return Err("their shapes are unknown".into());
            }
            let extents = extents.into_iter().map(|extent| extent as usize).collect();
            found.push(Source { file, dataset, extents, values: values as usize });
        }
        Ok(found)
    })
}

/// A text of the library, which first says how long it is.
fn text(read: impl Fn(*mut std::ffi::c_char, usize) -> isize) -> hdf5::Result<String> {
    let length = usize::try_from(read(std::ptr::null_mut(), 0)).map_err(|_| "their names are unknown")?;
    let mut bytes = vec![0_u8; length + 1];
    if read(bytes.as_mut_ptr().cast(), bytes.len()) < 0 {
        return Err("their names are unknown".into());
    }
    bytes.truncate(length);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
