//! What becomes of products. Loops, not closures: these would not be compiled for the processor that the vectors belong to.

use pulp::Simd;

use super::product::{Finish, vectors_at};

/// It is kept.
pub struct Keep<'a> {
    /// `(rows, width)`
    pub out: &'a mut [f32],
    /// Columns.
    pub width: usize,
}

/// max(x, 0) is kept.
pub struct Relu<'a> {
    /// `(rows, width)`
    pub out: &'a mut [f32],
    /// Columns.
    pub width: usize,
}

/// max(x, leak · x) is kept and added to a sum.
pub struct LeakyResidual<'a> {
    /// `(rows, width)`
    pub activation: &'a mut [f32],
    /// `(rows, width)`
    pub sum: &'a mut [f32],
    /// Columns.
    pub width: usize,
    /// Slope for negative values.
    pub leak: f32,
}

/// The gradient behind a ReLU becomes that before it, and is kept.
pub struct Mask<'a> {
    /// What was behind the ReLU, `(rows, width)`.
    pub activation: &'a [f32],
    /// `(rows, width)`
    pub out: &'a mut [f32],
    /// Columns.
    pub width: usize,
}

#[inline(always)]
fn get<S: Simd, const C: usize>(values: &[f32], width: usize, row: usize, first: usize) -> [S::f32s; C] {
    vectors_at::<S, C>(S::as_simd_f32s(&values[row * width..(row + 1) * width]).0, first)
}

#[inline(always)]
fn put<S: Simd, const C: usize>(
    out: &mut [f32],
    width: usize,
    row: usize,
    first: usize,
    values: [S::f32s; C],
) {
    let row = S::as_mut_simd_f32s(&mut out[row * width..(row + 1) * width]).0;
    row[first..first + C].copy_from_slice(&values);
}

impl Finish for Keep<'_> {
    #[inline(always)]
    fn finish<S: Simd, const C: usize>(&mut self, _: S, row: usize, first: usize, values: [S::f32s; C]) {
        put::<S, C>(self.out, self.width, row, first, values);
    }
}

impl Finish for Relu<'_> {
    #[inline(always)]
    fn finish<S: Simd, const C: usize>(
        &mut self,
        simd: S,
        row: usize,
        first: usize,
        mut values: [S::f32s; C],
    ) {
        for value in &mut values {
            // In this order, what is no number remains none.
            *value = simd.max_f32s(simd.splat_f32s(0.0), *value);
        }
        put::<S, C>(self.out, self.width, row, first, values);
    }
}

impl Finish for LeakyResidual<'_> {
    #[inline(always)]
    fn finish<S: Simd, const C: usize>(
        &mut self,
        simd: S,
        row: usize,
        first: usize,
        mut values: [S::f32s; C],
    ) {
        let mut sum = get::<S, C>(self.sum, self.width, row, first);
        for (value, sum) in values.iter_mut().zip(&mut sum) {
            *value = simd.max_f32s(*value, simd.mul_f32s(*value, simd.splat_f32s(self.leak)));
            *sum = simd.add_f32s(*sum, *value);
        }
        put::<S, C>(self.activation, self.width, row, first, values);
        put::<S, C>(self.sum, self.width, row, first, sum);
    }
}

impl Finish for Mask<'_> {
    #[inline(always)]
    fn finish<S: Simd, const C: usize>(
        &mut self,
        simd: S,
        row: usize,
        first: usize,
        mut values: [S::f32s; C],
    ) {
        let activation = get::<S, C>(self.activation, self.width, row, first);
        let zero = simd.splat_f32s(0.0);
        for (value, activation) in values.iter_mut().zip(activation) {
            *value = simd.select_f32s(simd.greater_than_f32s(activation, zero), *value, zero);
        }
        put::<S, C>(self.out, self.width, row, first, values);
    }
}
