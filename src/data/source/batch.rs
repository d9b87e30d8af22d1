//! Some rows of some columns.

use std::ops::Range;

/// Rows that are in memory at the same time, at least where a file's chunks allow.
const ROWS: usize = 16_384;

/// Values that are in memory at the same time, however large the chunks are.
const VALUES: usize = 1 << 24;

/// Some rows of some columns, column after column.
#[derive(Clone, Default)]
pub(in crate::data) struct Batch {
    rows: usize,
    values: Vec<f64>,
}

impl Batch {
    /// Makes room for so many values; what it held before is void.
    pub fn resize(&mut self, rows: usize, columns: usize) {
        self.rows = rows;
        self.values.resize(rows * columns, 0.0);
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.values.len().checked_div(self.rows).unwrap_or(0)
    }

    /// The values of a column.
    pub fn column(&self, position: usize) -> &[f64] {
        &self.values[position * self.rows..][..self.rows]
    }

    /// The values of a column, to be written.
    pub fn column_mut(&mut self, position: usize) -> &mut [f64] {
        &mut self.values[position * self.rows..][..self.rows]
    }
}

/// Row ranges that cover a table, whole chunks each: a chunk that is cut is decompressed twice.
///
/// `width` is how many values of a row are read at once.
pub(in crate::data) fn row_ranges(
    rows: usize,
    width: usize,
    chunks: impl Iterator<Item = usize>,
) -> impl Iterator<Item = Range<usize>> {
    let chunk = chunks.max().unwrap_or(1).max(1);
    let most = (VALUES / width.max(1)).max(1);
    let step = (ROWS.min(most).div_ceil(chunk) * chunk).min(most);
    (0..rows).step_by(step).map(move |start| start..rows.min(start + step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_each_row_once_in_whole_chunks() {
        let ranges: Vec<_> = row_ranges(40_000, 15, [1000, 300].into_iter()).collect();
        assert_eq!(ranges, [0..17_000, 17_000..34_000, 34_000..40_000]);
        assert_eq!(row_ranges(0, 15, [7].into_iter()).count(), 0);
        // One chunk for a whole file of 100,000 rows is read at once, one of 10^9 rows is not.
        assert_eq!(row_ranges(100_000, 15, [100_000].into_iter()).count(), 1);
        assert!(row_ranges(usize::MAX, 1, [1 << 30].into_iter()).next().is_some_and(|r| r.len() == VALUES));
    }
}
