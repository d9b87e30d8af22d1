//! How arrays lie in a file: in pieces, each with a checksum, so that wrong bytes are noticed where they are read.
//!
//! HDF5 puts Fletcher-32 behind every piece. The format of HDF5 1.10 has checksums of its own for all that is not data, and
//! needs next to nothing for an array of one piece: small arrays, of which a training has dozens, stay small.

use hdf5::H5Type;
use hdf5::file::FileBuilder;
use ndarray::{ArrayView, Dimension};

/// Bytes of a piece, at most: who reads keeps 1 MiB of pieces that are read in parts.
const PIECE: usize = 1 << 19;
/// Places for pieces that are kept back, of which there are none: HDF5's own number.
const SLOTS: usize = 521;

/// How files of arrays are written.
///
/// Values go to the file as they are written. HDF5 would keep small arrays and pieces of large ones back, write them when
/// their dataset is closed, and tell nobody if the disk is full by then.
pub fn options() -> FileBuilder {
    let mut options = hdf5::File::with_options();
    options.with_fapl(|access| access.sieve_buf_size(0).chunk_cache(SLOTS, 0, 1.0).libver_v110());
    options
}

/// Adds an array with checksums.
pub fn add<T: H5Type, D: Dimension>(
    file: &hdf5::File,
    name: &str,
    values: ArrayView<'_, T, D>,
) -> hdf5::Result<()> {
    let builder = file.new_dataset_builder();
    let array = match piece(values.shape(), size_of::<T>()) {
        Some(piece) => builder.fletcher32().chunk(piece).with_data(values).create(name),
        None => builder.with_data(values).create(name),
    };
    array.map(|_| ())
}

/// Begins a table with checksums.
pub fn begin<T: H5Type>(file: &hdf5::File, name: &str, shape: (usize, usize)) -> hdf5::Result<()> {
    let builder = file.new_dataset::<T>();
    let table = match piece(&[shape.0, shape.1], size_of::<T>()) {
        Some(piece) => builder.fletcher32().chunk(piece).shape(shape).create(name),
        None => builder.shape(shape).create(name),
    };
    table.map(|_| ())
}

/// The shape of a piece; none of an array that is empty.
fn piece(shape: &[usize], bytes: usize) -> Option<Vec<usize>> {
    let mut room = (PIECE / bytes.max(1)).max(1);
    let mut piece = vec![1; shape.len()];
    // Rows lie together.
    for (side, length) in piece.iter_mut().zip(shape).rev() {
        *side = room.min(*length);
        room = (room / (*length).max(1)).max(1);
    }
    (!shape.contains(&0)).then_some(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hold_whole_rows_as_long_as_rows_are_short() {
        assert_eq!(piece(&[600_000, 5], 4), Some(vec![26_214, 5]));
        assert_eq!(piece(&[3, 1_000_000], 4), Some(vec![1, 131_072]));
        assert_eq!(piece(&[7], 8), Some(vec![7]));
        assert_eq!(piece(&[200_000], 8), Some(vec![65_536]));
        assert_eq!(piece(&[0, 5], 4), None);
    }
}
