//! Digests of rows of numbers, by which equal events are found.

use std::hash::{DefaultHasher, Hasher};

/// A number that equal rows share, and that two different rows among a million share once in 10⁷ samples.
///
/// Values are compared in single precision, in which features are kept: a copy that somebody has stored in single precision
/// is a copy still. Zero has no sign.
pub fn row_hash(values: impl IntoIterator<Item = f32>) -> u64 {
    let mut hash = DefaultHasher::new();
    for value in values {
        hash.write_u32((value + 0.0).to_bits());
    }
    hash.finish()
}

/// How many of these rows are equal to one before them. The order of the rows is lost.
pub fn repeated(hashes: &mut [u64]) -> usize {
    hashes.sort_unstable();
    hashes.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_counted_beyond_the_first() {
        let rows = [[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [0.0, 3.0], [-0.0, 3.0], [1.0, 2.0]];
        let mut hashes: Vec<u64> = rows.into_iter().map(row_hash).collect();
        assert_eq!(repeated(&mut hashes), 3);
        assert_eq!(repeated(&mut []), 0);
    }
}
