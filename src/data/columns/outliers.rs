//! Finds columns in which a few far values dominate the standard deviation, so that dividing by it would make all other events
//! one number.

/// A column is ruled by outliers where its standard deviation exceeds so many half-widths of its central 68%.
const TOO_WIDE: f64 = 10.0;
/// Fewer events have no width.
const LEAST_EVENTS: usize = 20;

/// Values so far out that they dominate the standard deviation of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outliers {
    /// The fewest events without which the standard deviation would describe the column: the furthest from the median.
    pub events: usize,
    /// The median.
    pub centre: f64,
    /// Half the width of the central 68%.
    pub half_width: f64,
    /// The value that lies furthest out.
    pub furthest: f64,
}

impl Outliers {
    /// Those of a column in rising order; none where its standard deviation describes it.
    pub fn of_sorted(sorted: &[f32]) -> Option<Self> {
        if sorted.len() < LEAST_EVENTS {
            return None;
        }
        let centre = quantile(sorted, 0.5);
        let half_width = half_width(sorted, centre)?;
        let count = sorted.len() as f64;
        let values = || sorted.iter().map(|value| f64::from(*value));
        let mean = values().map(|value| value / count).sum::<f64>();
        let deviation = (values().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        if deviation <= TOO_WIDE * half_width {
            return None;
        }
        let events = sorted.len() - described(values().map(|value| value - centre), TOO_WIDE * half_width);
        let ends = [f64::from(sorted[0]), f64::from(sorted[sorted.len() - 1])];
        let furthest = if centre - ends[0] > ends[1] - centre { ends[0] } else { ends[1] };
        Some(Self { events, centre, half_width, furthest })
    }
}

/// How many of these values, the nearest to zero first, have a standard deviation of at most `limit`.
fn described(values: impl Iterator<Item = f64>, limit: f64) -> usize {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(|one, other| one.abs().total_cmp(&other.abs()));
    let (mut sum, mut squares, mut most) = (0.0, 0.0, 0);
    for (value, count) in values.into_iter().zip(1_u32..) {
        sum += value;
        squares += value * value;
        let count = f64::from(count);
        if squares / count - (sum / count).powi(2) <= limit * limit {
            most = count as usize;
        }
    }
    most
}

fn quantile(sorted: &[f32], share: f64) -> f64 {
    f64::from(sorted[(share * (sorted.len() - 1) as f64).round() as usize])
}

/// Half the width of the central 68%; where one value holds as much, that of the other values, or their least distance.
fn half_width(sorted: &[f32], centre: f64) -> Option<f64> {
    let central = |sorted: &[f32]| (quantile(sorted, 0.84) - quantile(sorted, 0.16)) / 2.0;
    let whole = central(sorted);
    if whole > 0.0 {
        return Some(whole);
    }
    let others: Vec<f32> =
        sorted.iter().copied().filter(|value| (f64::from(*value) - centre).abs() > 0.0).collect();
    if others.is_empty() {
        return None;
    }
    let width = central(&others);
    let distances = others.iter().map(|value| (f64::from(*value) - centre).abs());
    // Others that lie close to each other and far from the centre are no outliers: their distance is the scale.
    Some(width.max(distances.fold(f64::INFINITY, f64::min)))
}
