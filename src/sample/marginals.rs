//! How each feature is brought to zero mean and unit variance before the diffusion model sees it.

mod ranks;

use drapes_analysis::job::Marginals;
use ndarray::{Array2, ArrayView2, Axis};
use rand::RngExt;
use rand_pcg::Pcg64;

use crate::data::columns::{Column, Lattice};
use crate::sample::scaler::Scaler;

/// Distance of the knots of a map to a normal distribution, in standard deviations.
const KNOT_SPACING: f64 = 0.05;

/// Invertible maps of the columns of one member's events: the features, and last the mass.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnMaps {
    columns: Vec<ColumnMap>,
}

/// An increasing, piecewise linear map of a column, with at least two knots; beyond them it goes on straight.
///
/// A value with two knots is an atom, which owns the interval between its mapped knots: events of that value are spread
/// over the interval, and whatever comes back from within it has exactly that value.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnMap {
    /// Knots in the column's own unit, rising.
    pub own: Vec<f64>,
    /// Where they go, rising.
    pub mapped: Vec<f64>,
    /// Where values lie in equal steps: they are spread over a step before they are mapped, and rounded on their way back.
    pub lattice: Option<Lattice>,
}

impl ColumnMaps {
    /// The maps that bring these rows to zero mean and unit variance, the mass always by shift and scale.
    ///
    /// Columns that stand on certain values, or are ruled by outliers, become unit normals by their ranks whatever the
    /// marginals of the others.
    ///
    /// # Shapes
    /// `(events, features + 1)`.
    pub fn of(rows: ArrayView2<'_, f32>, marginals: Marginals) -> Self {
        let scaler = Scaler::of(rows);
        let last = rows.ncols() - 1;
        let columns = (0..rows.ncols()).map(|column| {
            let straight = ColumnMap::straight(scaler.mean[column], scaler.deviation[column]);
            if column == last {
                return straight;
            }
            let mut sorted = rows.index_axis(Axis(1), column).to_vec();
            sorted.sort_unstable_by(f32::total_cmp);
            match Column::of_sorted(&sorted).filter(Column::needs_ranks) {
                Some(column) => ColumnMap::through_ranks(&sorted, &column),
                None if marginals == Marginals::Gaussian => ColumnMap::to_normal(&sorted).unwrap_or(straight),
                None => straight,
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

    /// The maps of all columns.
    pub fn columns(&self) -> &[ColumnMap] {
        &self.columns
    }

    /// Mapped rows; only columns that must be spread draw random numbers.
    ///
    /// # Shapes
    /// `(events, columns)`.
    pub fn forward(&self, rows: ArrayView2<'_, f32>, spread: &mut Pcg64) -> Array2<f32> {
        let mut mapped = rows.to_owned();
        for mut row in mapped.rows_mut() {
            for (value, map) in row.iter_mut().zip(&self.columns) {
                *value = map.spread(f64::from(*value), spread) as f32;
            }
        }
        mapped
    }
}

impl ColumnMap {
    /// The map that shifts and scales.
    pub fn straight(mean: f64, deviation: f64) -> Self {
        Self { own: vec![mean, mean + deviation], mapped: vec![0.0, 1.0], lattice: None }
    }

    /// The map by the ranks of a column in rising order, with atoms, lattices and outliers as they were found.
    pub fn through_ranks(sorted: &[f32], column: &Column) -> Self {
        ranks::map(sorted, column)
    }

    /// The map whose values are normally distributed; none where the column has fewer than two values.
    ///
    /// Knots are the quantiles at equal steps of a unit normal, as far out as there are events.
    fn to_normal(sorted: &[f32]) -> Option<Self> {
        let sorted: Vec<f64> = sorted.iter().map(|value| f64::from(*value)).collect();
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
        (own.len() >= 2).then_some(Self { own, mapped, lattice: None })
    }

    /// A value in its own unit, mapped; an atom to the middle of its interval.
    pub fn forward(&self, value: f64) -> f64 {
        self.atom(value).map_or_else(
            || interpolate(&self.own, &self.mapped, value),
            |(low, high)| f64::midpoint(low, high),
        )
    }

    /// As [`ColumnMap::forward`], but that events of one value are spread over the interval that is theirs: normally
    /// distributed, as all mapped values. Random numbers are drawn for these alone.
    pub fn spread(&self, value: f64, generator: &mut Pcg64) -> f64 {
        let value = match self.lattice {
            Some(Lattice { step, .. }) => value + step * (generator.random::<f64>() - 0.5),
            None => value,
        };
        match self.atom(value) {
            Some((low, high)) => {
                let (least, most) = (normal_share(low), normal_share(high));
                within(least + (most - least) * generator.random::<f64>(), (low, high))
            }
            None => interpolate(&self.own, &self.mapped, value),
        }
    }

    /// The interval of the mapped axis that belongs to this very value.
    fn atom(&self, value: f64) -> Option<(f64, f64)> {
        let first = self.own.partition_point(|knot| *knot < value);
        let knots = self.own.partition_point(|knot| *knot <= value) - first;
        (knots >= 2).then(|| (self.mapped[first], self.mapped[first + knots - 1]))
    }

    /// A mapped value, back in its own unit.
    pub fn backward(&self, value: f64) -> f64 {
        let own = interpolate(&self.mapped, &self.own, value);
        self.lattice.map_or(own, |lattice| lattice.nearest(own))
    }
}

fn interpolate(from: &[f64], to: &[f64], value: f64) -> f64 {
    let above = from.partition_point(|knot| *knot <= value).clamp(1, from.len() - 1);
    if from[above] <= from[above - 1] {
        // Only at an end: what lies beyond an outermost atom goes where its interval ends.
        return if value < from[above] { to[above - 1] } else { to[above] };
    }
    let share = (value - from[above - 1]) / (from[above] - from[above - 1]);
    to[above - 1] + share * (to[above] - to[above - 1])
}

/// Share of a unit normal below `z`.
fn normal_share(z: f64) -> f64 {
    libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

/// The `z` below which lies a share of a unit normal, by bisection: knots are few.
fn normal_quantile(share: f64) -> f64 {
    bisected(share, (-40.0, 40.0), 100)
}

/// As [`normal_quantile`], where it is known to lie between two: to single precision, since there is one for each event.
fn within(share: f64, ends: (f64, f64)) -> f64 {
    bisected(share, ends, 28)
}

fn bisected(share: f64, (mut low, mut high): (f64, f64), times: usize) -> f64 {
    for _ in 0..times {
        let middle = f64::midpoint(low, high);
        if normal_share(middle) < share { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests;
