//! Virtual datasets: arrays whose values lie in other datasets, most often of other files.
//!
//! The library takes what it does not find for zeros, without a word: sources are looked for before anything is read.

use std::path::{Path, PathBuf};

use super::super::error::DataError;
use super::super::place::check_place;
use super::super::wording::printable;
use super::dataset::Dataset;
use super::hdf5_file::Hdf5File;

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
    let mapping = dataset.virtual_map().map_err(unknown)?;
    let mut values = 0_usize;
    for part in &mapping {
        let (file, source) = (printable(&part.src_filename), printable(&part.src_dataset));
        let shape = dataset.shape();
        let covered = part.vds_selection.out_shape(shape).map_err(unknown)?;
        values =
            covered.iter().fold(1, |all: usize, extent| all.saturating_mul(*extent)).saturating_add(values);
        let place = if part.src_filename == "." { path.to_owned() } else { found(path, &part.src_filename) };
        check_place(&place).map_err(|error| match error {
            DataError::CannotRead { source, .. } => {
                refused(format!("its source {file} cannot be read: {source}"))
            }
            _ => refused(format!("its source {file} is no file")),
        })?;
        let inside = Hdf5File::open(&place)?;
        let lacks = |_| refused(format!("its source {file} has no dataset {source}"));
        let array = inside.dataset(part.src_dataset.trim_start_matches('/')).map_err(lacks)?;
        let extents = part.src_extents.dims();
        if array.shape().len() != extents.len()
            || array.shape().iter().zip(&extents).any(|(has, needs)| has < needs)
        {
            let reason =
                format!("{source} of its source {file} has shape {:?} instead of {extents:?}", array.shape());
            return Err(refused(reason));
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
