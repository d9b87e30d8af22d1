//! Standardisation: zero mean and unit variance for each column.
//!
//! Rows of a table are summed twice, for the mean and then about it. Constituents of jets are too many for that and come one by
//! one: their variance is the mean of the squares less the square of the mean.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis};
use tch::{Device, Tensor};

/// Mean and standard deviation of each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// Means, in the columns' own units.
    pub mean: Vec<f64>,
    /// Standard deviations, in the columns' own units; 1 for a column that does not vary.
    pub deviation: Vec<f64>,
}

impl Scaler {
    /// The scaler that standardises these rows.
    ///
    /// # Shapes
    /// `(events, columns)`.
    pub fn of(rows: ArrayView2<'_, f32>) -> Self {
        let count = rows.nrows().max(1) as f64;
        let column = |column: ndarray::ArrayView1<'_, f32>| {
            let mean = column.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
            let variance = column.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / count;
            (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
        };
        let (mean, deviation) = rows.axis_iter(Axis(1)).map(column).unzip();
        Self { mean, deviation }
    }

    /// Standardised rows.
    ///
    /// # Shapes
    /// `(events, columns)`.
    pub fn standardise(&self, rows: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut scaled = rows.to_owned();
        for mut row in scaled.rows_mut() {
            for (column, value) in row.iter_mut().enumerate() {
                *value = ((f64::from(*value) - self.mean[column]) / self.deviation[column]) as f32;
            }
        }
        scaled
    }
}

/// Sums over rows that come one by one, from which means and standard deviations follow.
#[derive(Clone, Copy, Debug)]
pub struct Moments<const COLUMNS: usize> {
    count: f64,
    sums: [f64; COLUMNS],
    squares: [f64; COLUMNS],
}

impl<const COLUMNS: usize> Default for Moments<COLUMNS> {
    fn default() -> Self {
        Self { count: 0.0, sums: [0.0; COLUMNS], squares: [0.0; COLUMNS] }
    }
}

impl<const COLUMNS: usize> Moments<COLUMNS> {
    /// The sums of some rows.
    pub fn of(rows: impl IntoIterator<Item = [f64; COLUMNS]>) -> Self {
        let mut moments = Self::default();
        for row in rows {
            moments.add(&Self { count: 1.0, sums: row, squares: row.map(|value| value * value) });
        }
        moments
    }

    /// Adds the sums of other rows.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        for column in 0..COLUMNS {
            self.sums[column] += other.sums[column];
            self.squares[column] += other.squares[column];
        }
    }

    /// Means of the columns, and standard deviations, which are 1 for a column that does not vary.
    pub fn mean_and_deviation(&self) -> ([f64; COLUMNS], [f64; COLUMNS]) {
        let rows = self.count.max(1.0);
        let mean = self.sums.map(|sum| sum / rows);
        let mut deviation = [1.0; COLUMNS];
        for column in 0..COLUMNS {
            let variance = self.squares[column] / rows - mean[column] * mean[column];
            // What rounding leaves of a constant column is no width.
            if variance > 1e-9 * (mean[column] * mean[column]).max(1e-12) {
                deviation[column] = variance.sqrt();
            }
        }
        (mean, deviation)
    }
}

/// The standardisation of each member of an ensemble, on a device.
pub struct Standardisation {
    /// `[members, 1, columns]`
    mean: Tensor,
    inverse_deviation: Tensor,
}

impl Standardisation {
    /// The standardisation of members with these means and standard deviations.
    ///
    /// # Panics
    /// If there are no members, or they have different numbers of columns.
    pub fn new<'a>(members: impl IntoIterator<Item = (&'a [f64], &'a [f64])>, device: Device) -> Self {
        let (mut mean, mut inverse, mut count) = (vec![], vec![], 0);
        for (means, deviations) in members {
            mean.extend(means.iter().map(|mean| *mean as f32));
            inverse.extend(deviations.iter().map(|deviation| (1.0 / deviation) as f32));
            count += 1;
        }
        let tensor = |values: &[f32]| Tensor::from_slice(values).reshape([count, 1, -1]).to_device(device);
        Self { mean: tensor(&mean), inverse_deviation: tensor(&inverse) }
    }

    /// The standardisation of one member.
    pub fn member(&self, member: usize) -> Self {
        self.some(&(member..member + 1))
    }

    /// That of members that follow each other.
    pub fn some(&self, members: &Range<usize>) -> Self {
        let some = |all: &Tensor| all.narrow(0, members.start as i64, members.len() as i64);
        Self { mean: some(&self.mean), inverse_deviation: some(&self.inverse_deviation) }
    }

    /// Means, and one over standard deviations, `(members, columns)` each.
    pub fn values(&self) -> (Vec<f32>, Vec<f32>) {
        let values = |all: &Tensor| Vec::try_from(&all.to_device(Device::Cpu).flatten(0, -1));
        (values(&self.mean).unwrap_or_default(), values(&self.inverse_deviation).unwrap_or_default())
    }

    /// Members.
    pub fn members(&self) -> usize {
        self.mean.size()[0] as usize
    }

    /// Standardised values of all members, which take the memory of the given ones.
    ///
    /// # Shapes
    /// `[members, rows, columns]`, or anything that has as many values.
    pub fn of_each(&self, values: Tensor) -> Tensor {
        let mut values = values.view([self.mean.size()[0], -1, self.mean.size()[2]]);
        values -= &self.mean;
        values *= &self.inverse_deviation;
        values
    }

    /// Values as each member standardises them.
    ///
    /// # Shapes
    /// `[members or 1, rows, columns]`; the result is `[members, rows, columns]`.
    pub fn of(&self, values: &Tensor) -> Tensor {
        (values - &self.mean) * &self.inverse_deviation
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn standardised_columns_have_zero_mean_and_unit_variance() {
        let rows = array![[1.0_f32, 5.0], [3.0, 5.0], [8.0, 5.0]];
        let scaler = Scaler::of(rows.view());
        assert_eq!(scaler.deviation[1].to_bits(), 1.0_f64.to_bits(), "a constant column is only shifted");
        let again = Scaler::of(scaler.standardise(rows.view()).view());
        assert!(again.mean.iter().all(|mean| mean.abs() < 1e-6));
        assert!((again.deviation[0] - 1.0).abs() < 1e-6);
    }
    #[test]
    fn moments_of_rows_are_those_of_a_table_and_add_up() {
        let rows = [[1.0, 5.0], [3.0, 5.0], [8.0, 5.0], [-2.0, 5.0]];
        let table = Array2::from_shape_fn((4, 2), |(row, column)| rows[row][column] as f32);
        let Scaler { mean, deviation } = Scaler::of(table.view());
        let mut moments = Moments::of(rows[..1].iter().copied());
        moments.add(&Moments::of(rows[1..].iter().copied()));
        let found = moments.mean_and_deviation();
        assert_eq!(found.1[1].to_bits(), 1.0_f64.to_bits(), "a constant column is only shifted");
        for column in 0..2 {
            assert!((found.0[column] - mean[column]).abs() < 1e-12);
            assert!((found.1[column] - deviation[column]).abs() < 1e-12);
        }
    }

    #[test]
    fn each_member_shifts_and_scales_in_its_own_way() {
        let members: [([f64; 2], [f64; 2]); 2] = [([1.0, 2.0], [2.0, 1.0]), ([0.0, 0.0], [1.0, 4.0])];
        let each = members.iter().map(|(mean, deviation)| (&mean[..], &deviation[..]));
        let standardisation = Standardisation::new(each, Device::Cpu);
        assert_eq!(standardisation.members(), 2);
        let values = Tensor::from_slice(&[5.0_f32, 4.0]).view([1, 1, 2]);
        let numbers = |tensor: &Tensor| Vec::<f32>::try_from(&tensor.flatten(0, -1)).expect("values");
        let expected = [2.0, 2.0, 5.0, 1.0];
        assert_eq!(numbers(&standardisation.of(&values)), expected);
        assert_eq!(numbers(&standardisation.of_each(values.repeat([2, 1, 1]))), expected);
        assert_eq!(numbers(&standardisation.member(1).of(&values)), expected[2..]);
    }
}
