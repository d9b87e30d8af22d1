//! Standardisation: zero mean and unit variance for each column.

use ndarray::{Array2, ArrayView2, Axis};

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
}
