//! Fields of records.

use std::ops::Range;

use hdf5::types::{CompoundField, CompoundType, FloatSize, TypeDescriptor as Type};
use hdf5::{Dataspace, Datatype};
use hdf5_sys::h5d::H5Dread;
use hdf5_sys::h5p::H5P_DEFAULT;

/// Some fields of some records of a one-dimensional dataset as floats, record after record.
pub(super) fn read(dataset: &hdf5::Dataset, rows: Range<usize>, names: &[&str]) -> hdf5::Result<Vec<f64>> {
    let size = size_of::<f64>();
    let fields = names.iter().enumerate().map(|(index, name)| CompoundField {
        name: (*name).to_owned(),
        ty: Type::Float(FloatSize::U8),
        offset: index * size,
        index,
    });
    let record = CompoundType { fields: fields.collect(), size: names.len() * size };
    let in_memory = Datatype::from_descriptor(&Type::Compound(record))?;
    let count = rows.len();
    let from = dataset.space()?.select(rows)?;
    let to = Dataspace::try_new([count])?;
    let mut values = vec![0.0_f64; count * names.len()];
    #[allow(
        unsafe_code,
        reason = "the crate reads records into types that are known when it is compiled; the buffer holds `count` records of \
                  the type in memory, and all handles live until the call returns"
    )]
    let status = hdf5::sync::sync(|| unsafe {
        H5Dread(dataset.id(), in_memory.id(), to.id(), from.id(), H5P_DEFAULT, values.as_mut_ptr().cast())
    });
    hdf5::h5check(status)?;
    Ok(values)
}
