//! Sums of products for some rows and some vectors of events at a time, which stay in registers meanwhile.

use pulp::Simd;

/// Rows whose sums are in registers at once.
const ROWS: usize = 6;

/// Something that is computed block by block.
pub trait Blocks {
    /// Computes `R` rows from `row` on, of the `C` vectors from `first` on.
    fn block<S: Simd, const R: usize, const C: usize>(&mut self, simd: S, row: usize, first: usize);
}

/// Computes all blocks of so many rows and vectors, in portions of nearly equal size: short ones would wait for their factors.
#[inline(always)]
pub fn cover<S: Simd>(simd: S, blocks: &mut impl Blocks, rows: usize, vectors: usize) {
    // As many sums at once as the registers hold beside their factors: 32 registers with AVX-512 and NEON, 16 with AVX2.
    let widest = if S::F32_LANES == 8 { 2 } else { 4 };
    let portions = vectors.div_ceil(widest);
    for portion in 0..portions {
        let (first, end) = (vectors * portion / portions, vectors * (portion + 1) / portions);
        match end - first {
            1 => column::<S, 1>(simd, blocks, rows, first),
            2 => column::<S, 2>(simd, blocks, rows, first),
            3 => column::<S, 3>(simd, blocks, rows, first),
            _ => column::<S, 4>(simd, blocks, rows, first),
        }
    }
}

#[inline(always)]
fn column<S: Simd, const C: usize>(simd: S, blocks: &mut impl Blocks, rows: usize, first: usize) {
    let portions = rows.div_ceil(ROWS);
    for portion in 0..portions {
        let (row, end) = (rows * portion / portions, rows * (portion + 1) / portions);
        match end - row {
            1 => blocks.block::<S, 1, C>(simd, row, first),
            2 => blocks.block::<S, 2, C>(simd, row, first),
            3 => blocks.block::<S, 3, C>(simd, row, first),
            4 => blocks.block::<S, 4, C>(simd, row, first),
            5 => blocks.block::<S, 5, C>(simd, row, first),
            _ => blocks.block::<S, 6, C>(simd, row, first),
        }
    }
}
