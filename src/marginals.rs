//! How each feature is brought to zero mean and unit variance before the diffusion model sees it.

use drapes_analysis::job::Marginals;
use ndarray::{Array2, ArrayView2, Axis};

use crate::scaler::Scaler;

/// Distance of the knots of a map to a normal distribution, in standard deviations.
const KNOT_SPACING: f64 = 0.05;

/// Invertible maps of the columns of one member's events: the features, and last the mass.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnMaps {
    columns: Vec<ColumnMap>,
}

/// An increasing, piecewise linear map of a column, with at least two knots; beyond them it goes on straight.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnMap {
    /// Knots in the column's own unit, increasing.
    pub own: Vec<f64>,
    /// Where they go, increasing.
    pub mapped: Vec<f64>,
}

impl ColumnMaps {
    /// The maps that bring these rows to zero mean and unit variance, the mass always by shift and scale.
    ///
    /// # Shapes
    /// `(events, features + 1)`.
    pub fn of(rows: ArrayView2<'_, f32>, marginals: Marginals) -> Self {
        let scaler = Scaler::of(rows);
        let last = rows.ncols() - 1;
        let columns = (0..rows.ncols()).map(|column| {
            let straight = ColumnMap::straight(scaler.mean[column], scaler.deviation[column]);
            match marginals {
                Marginals::Gaussian if column < last => {
                    ColumnMap::to_normal(rows.index_axis(Axis(1), column).iter()).unwrap_or(straight)
                }
                _ => straight,
            }
        });
        Self { columns: columns.collect() }
    }

    /// Maps that were stored.
    pub fn from_columns(columns: Vec<ColumnMap>) -> Self {
        Self { columns }
    }

    /// The map of a column.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn column(&self, column: usize) -> &ColumnMap {
        &self.columns[column]
    }

    /// All maps.
    pub fn columns(&self) -> &[ColumnMap] {
        &self.columns
    }

    /// Mapped rows.
    ///
    /// # Shapes
    /// `(events, columns)`.
    pub fn forward(&self, rows: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut mapped = rows.to_owned();
        for mut row in mapped.rows_mut() {
            for (value, map) in row.iter_mut().zip(&self.columns) {
                *value = map.forward(f64::from(*value)) as f32;
            }
        }
        mapped
    }
}

impl ColumnMap {
    /// The map that shifts and scales.
    pub fn straight(mean: f64, deviation: f64) -> Self {
        Self { own: vec![mean, mean + deviation], mapped: vec![0.0, 1.0] }
    }

    /// The map whose values are normally distributed; none where the column has fewer than two values.
    ///
    /// Knots are the quantiles at equal steps of a unit normal, as far out as there are events.
    fn to_normal<'a>(values: impl Iterator<Item = &'a f32>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.map(|value| f64::from(*value)).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let count = sorted.len() as f64;
        // The outermost events stand for half an event's share each.
        let outermost = normal_quantile(1.0 - 0.5 / count.max(2.0));
        let steps = (2.0 * outermost / KNOT_SPACING).ceil() as usize;
        let (mut own, mut mapped): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        for step in 0..=steps {
            let z = outermost * (2.0 * step as f64 / steps as f64 - 1.0);
            let at = (normal_share(z) * count - 0.5).clamp(0.0, count - 1.0);
            let below = at.floor() as usize;
            let above = (below + 1).min(sorted.len() - 1);
            let x = sorted[below] + (at - below as f64) * (sorted[above] - sorted[below]);
            // Values that stand many times give equal quantiles; only the first keeps its knot.
            if own.last().is_none_or(|last| x > *last) {
                own.push(x);
                mapped.push(z);
            }
        }
        (own.len() >= 2).then_some(Self { own, mapped })
    }

    /// A value in its own unit, mapped.
    pub fn forward(&self, value: f64) -> f64 {
        interpolate(&self.own, &self.mapped, value)
    }

    /// A mapped value, back in its own unit.
    pub fn backward(&self, value: f64) -> f64 {
        interpolate(&self.mapped, &self.own, value)
    }
}

fn interpolate(from: &[f64], to: &[f64], value: f64) -> f64 {
    let above = from.partition_point(|knot| *knot <= value).clamp(1, from.len() - 1);
    let share = (value - from[above - 1]) / (from[above] - from[above - 1]);
    to[above - 1] + share * (to[above] - to[above - 1])
}

/// Share of a unit normal below `z`.
fn normal_share(z: f64) -> f64 {
    libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

/// The `z` below which lies a share of a unit normal, by bisection: knots are few.
fn normal_quantile(share: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if normal_share(middle) < share { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use drapes_analysis::stream::Stream;
    use rand_distr::{Distribution, Exp1};

    use super::*;

    /// A feature with a hard edge at zero, one that is constant, and a mass.
    fn rows(count: usize) -> Array2<f32> {
        let mut generator = Stream::of_job(1).generator();
        Array2::from_shape_fn((count, 3), |(event, column)| match column {
            0 => Exp1.sample(&mut generator),
            1 => 7.0,
            _ => 3000.0 + event as f32,
        })
    }

    #[test]
    fn mapped_features_are_normal_and_come_back() {
        let rows = rows(20_000);
        let maps = ColumnMaps::of(rows.view(), Marginals::Gaussian);
        let mapped = maps.forward(rows.view());
        let scaler = Scaler::of(mapped.view());
        assert!(scaler.mean[0].abs() < 0.01 && (scaler.deviation[0] - 1.0).abs() < 0.01, "{scaler:?}");
        let beyond_two = mapped.column(0).iter().filter(|z| z.abs() > 2.0).count() as f64 / 20_000.0;
        assert!((beyond_two - 0.0455).abs() < 0.003, "{beyond_two}");
        for event in 0..1000 {
            for column in 0..3 {
                let back = maps.column(column).backward(f64::from(mapped[[event, column]]));
                let own = f64::from(rows[[event, column]]);
                assert!((back - own).abs() < 1e-3 * own.abs().max(1.0), "{back} {own}");
            }
        }
    }

    #[test]
    fn an_edge_stays_an_edge() {
        let maps = ColumnMaps::of(rows(20_000).view(), Marginals::Gaussian);
        // Five standard deviations out, where no event was: hardly beyond the edge.
        assert!(maps.column(0).backward(-5.0) > -0.01);
        let straight = ColumnMaps::of(rows(20_000).view(), Marginals::Standardised);
        assert!(straight.column(0).backward(-1.5) < -0.3);
    }

    #[test]
    fn the_mass_is_only_shifted_and_scaled() {
        let maps = ColumnMaps::of(rows(1000).view(), Marginals::Gaussian);
        assert_eq!(maps.column(2).own.len(), 2);
        assert_eq!(maps.column(1), &ColumnMap::straight(7.0, 1.0), "a constant column");
    }
}
