//! Columns whose standard deviation says nothing, because a few values lie far out.

/// A column is ruled by outliers where its standard deviation exceeds so many half-widths of its central 68%.
const TOO_WIDE: f64 = 10.0;
/// Fewer events have no width.
const LEAST_EVENTS: usize = 20;

/// What lies so far out that it rules the standard deviation of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outliers {
    /// Events more than ten half-widths from the median.
    pub beyond: usize,
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
        let beyond = values().filter(|value| (value - centre).abs() > TOO_WIDE * half_width).count();
        let ends = [f64::from(sorted[0]), f64::from(sorted[sorted.len() - 1])];
        let furthest = if centre - ends[0] > ends[1] - centre { ends[0] } else { ends[1] };
        Some(Self { beyond, centre, half_width, furthest })
    }

    /// Beyond this distance from the median events count as outliers.
    pub fn limit(&self) -> f64 {
        TOO_WIDE * self.half_width
    }
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
