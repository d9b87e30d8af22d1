//! Columns with outliers, mapped to a scale on which a perceptron resolves the bulk of the events.
//!
//! Standardisation divides by the standard deviation. Where a few far values dominate it, all other events would become one
//! number; such a column is mapped through its ranks first.

use ndarray::{ArrayView2, Axis, CowArray, Ix2};

use crate::data::columns::Column;
use crate::sample::marginals::ColumnMap;

/// The map of each column whose standard deviation a few values dominate; the other columns stay as they are, to the bit.
pub struct OutlierMaps {
    maps: Vec<Option<ColumnMap>>,
}

impl OutlierMaps {
    /// The maps for the events of both classes together, so that both are mapped alike.
    ///
    /// # Shapes
    /// `(events, features)`.
    pub fn of(rows: ArrayView2<'_, f32>) -> Self {
        let map = |column: ndarray::ArrayView1<'_, f32>| {
            // A value that is no number is left out: it would turn the whole column into such values. A classifier that
            // learns from it diverges alone.
            let mut sorted: Vec<f32> = column.iter().copied().filter(|value| value.is_finite()).collect();
            sorted.sort_unstable_by(f32::total_cmp);
            let with_outliers = Column::of_sorted(&sorted).filter(|column| column.outliers.is_some());
            with_outliers.map(|column| ColumnMap::through_ranks(&sorted, &column))
        };
        Self { maps: rows.axis_iter(Axis(1)).map(map).collect() }
    }

    /// Events as a perceptron sees them before they are standardised.
    ///
    /// # Shapes
    /// `(events, features)`.
    pub fn rows<'a>(&self, rows: ArrayView2<'a, f32>) -> CowArray<'a, f32, Ix2> {
        if self.maps.iter().all(Option::is_none) {
            return rows.into();
        }
        let mut outlier_maps = rows.to_owned();
        for (mut column, map) in outlier_maps.columns_mut().into_iter().zip(&self.maps) {
            if let Some(map) = map {
                column.mapv_inplace(|value| map.forward(f64::from(value)) as f32);
            }
        }
        outlier_maps.into()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn only_a_column_that_an_outlier_rules_is_changed() {
        let mut rows =
            Array2::from_shape_fn((1000, 2), |(event, column)| ((event * (column + 3)) % 997) as f32 / 7.0);
        let ordinary = OutlierMaps::of(rows.view()).rows(rows.view()).to_owned();
        assert_eq!(ordinary, rows);
        rows[[5, 1]] = 1e30;
        let outlier_maps = OutlierMaps::of(rows.view()).rows(rows.view()).to_owned();
        assert_eq!(outlier_maps.column(0), rows.column(0));
        let column = outlier_maps.column(1);
        assert!(column.iter().all(|value| value.abs() < 6.0));
        let largest = column.iter().copied().fold(f32::MIN, f32::max);
        assert_eq!(column[5].to_bits(), largest.to_bits(), "the order stays");
    }
}
