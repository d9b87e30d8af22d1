//! Products of a tile's rows with small matrices: some rows and columns at a time, whose sums stay in registers.

use pulp::{Simd, WithSimd};

/// Rows of equal length, one behind the other.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// All values.
    pub values: &'a [f32],
    /// From the beginning of a row to that of the next.
    pub stride: usize,
}

/// What becomes of a product.
pub trait Finish {
    /// Is given some columns of a row, from the vector `first` on.
    fn finish<S: Simd, const C: usize>(&mut self, simd: S, row: usize, first: usize, values: [S::f32s; C]);
}

/// `x w + b`.
pub struct Product<'a, F> {
    /// What is multiplied.
    pub x: Rows<'a>,
    /// Values of each row that count.
    pub depth: usize,
    /// `(depth, width)`
    pub weight: &'a [f32],
    /// Columns of the result, which are whole vectors.
    pub width: usize,
    /// Nothing is added where there is none.
    pub bias: Option<&'a [f32]>,
    /// What becomes of it.
    pub finish: F,
}

impl<F: Finish> WithSimd for Product<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // As many sums at once as the registers hold beside their factors: 32 registers with AVX-512 and NEON, 16 with AVX2.
        match (S::F32_LANES, self.width / S::F32_LANES) {
            (16, vectors) if vectors.is_multiple_of(4) => self.columns::<S, 6, 4>(simd),
            (16, vectors) if vectors.is_multiple_of(3) => self.columns::<S, 8, 3>(simd),
            (16, vectors) if vectors.is_multiple_of(2) => self.columns::<S, 8, 2>(simd),
            (16, _) => self.columns::<S, 8, 1>(simd),
            (8, _) => self.columns::<S, 6, 2>(simd),
            _ => self.columns::<S, 4, 4>(simd),
        }
    }
}

impl<F: Finish> Product<'_, F> {
    #[inline(always)]
    fn columns<S: Simd, const R: usize, const C: usize>(&mut self, simd: S) {
        for first in (0..self.width / S::F32_LANES).step_by(C) {
            let rows = self.x.values.len() / self.x.stride;
            let mut row = 0;
            while row + R <= rows {
                self.block::<S, R, C>(simd, row, first);
                row += R;
            }
            while row + 2 <= rows {
                self.block::<S, 2, C>(simd, row, first);
                row += 2;
            }
            if row < rows {
                self.block::<S, 1, C>(simd, row, first);
            }
        }
    }

    #[inline(always)]
    fn block<S: Simd, const R: usize, const C: usize>(&mut self, simd: S, row: usize, first: usize) {
        let Rows { values, stride } = self.x;
        let depth = self.depth;
        let x: [&[f32]; R] = std::array::from_fn(|r| &values[(row + r) * stride..][..depth]);
        let start = match self.bias {
            Some(bias) => vectors_at::<S, C>(S::as_simd_f32s(bias).0, first),
            None => [simd.splat_f32s(0.0); C],
        };
        let mut sums = [start; R];
        let weight = S::as_simd_f32s(self.weight).0;
        for (k, weight) in (0..depth).zip(weight.chunks_exact(self.width / S::F32_LANES)) {
            let weight = vectors_at::<S, C>(weight, first);
            for (x, sums) in x.iter().zip(&mut sums) {
                let x = simd.splat_f32s(x[k]);
                for (weight, sum) in weight.iter().zip(sums) {
                    *sum = simd.mul_add_f32s(x, *weight, *sum);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            self.finish.finish::<S, C>(simd, row + r, first, sums);
        }
    }
}

/// Some vectors.
#[inline(always)]
pub fn vectors_at<S: Simd, const C: usize>(values: &[S::f32s], first: usize) -> [S::f32s; C] {
    let values = &values[first..first + C];
    std::array::from_fn(|c| values[c])
}
