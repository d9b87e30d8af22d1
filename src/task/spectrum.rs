//! Histograms of features: bins, shares of events, distances.

/// Share of events that may lie beyond each end of the bins.
const BEYOND: f64 = 0.002;

/// Equal bins that hold nearly all values of all samples.
pub fn edges(samples: &[&[f32]], bins: usize) -> Vec<f64> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for sample in samples.iter().filter(|sample| !sample.is_empty()) {
        let mut sorted = sample.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        let last = sorted.len() - 1;
        low = low.min(f64::from(sorted[(BEYOND * last as f64) as usize]));
        high = high.max(f64::from(sorted[((1.0 - BEYOND) * last as f64).ceil() as usize]));
    }
    if high <= low || !low.is_finite() {
        // A constant feature, or none at all.
        (low, high) = if low.is_finite() { (low - 0.5, low + 0.5) } else { (0.0, 1.0) };
    }
    (0..=bins).map(|edge| low + (high - low) * edge as f64 / bins as f64).collect()
}

/// The bin of a value; none beyond the edges.
pub fn bin(edges: &[f64], value: f32) -> Option<usize> {
    let above = edges.partition_point(|edge| *edge <= f64::from(value));
    // The last bin holds its upper edge.
    let last = above == edges.len() && f64::from(value) <= edges[edges.len() - 1];
    let above = if last { above - 1 } else { above };
    (above >= 1 && above < edges.len()).then(|| above - 1)
}

/// The share of the values in each bin.
pub fn shares(values: &[f32], edges: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; edges.len() - 1];
    for value in values {
        if let Some(bin) = bin(edges, *value) {
            shares[bin] += 1.0 / values.len() as f64;
        }
    }
    shares
}

/// Bins of whole numbers, at most so many, each with as many numbers, so that none is favoured.
pub fn whole_edges(samples: &[&[f32]], bins: usize) -> Vec<f64> {
    let all = edges(samples, 1);
    let (low, high) = (all[0].round(), all[1].round());
    let width = ((high - low + 1.0) / bins as f64).ceil();
    let count = ((high - low + 1.0) / width).ceil() as usize;
    (0..=count).map(|edge| low - 0.5 + width * edge as f64).collect()
}

/// The first Wasserstein distance ∫ |F(x) − G(x)| dx between two samples; none if one is empty.
///
/// # Panics
/// Never: values are ordered, also where they are no numbers.
pub fn wasserstein(one: &[f32], other: &[f32]) -> Option<f64> {
    let sorted = |values: &[f32]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        sorted
    };
    let (one, other) = (sorted(one), sorted(other));
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    let mut here = f64::from(one.first()?.min(*other.first()?));
    while i < one.len() || j < other.len() {
        let next = match (one.get(i), other.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) | (None, Some(x)) => *x,
            (None, None) => break,
        };
        let gap = i as f64 / one.len() as f64 - j as f64 / other.len() as f64;
        sum += gap.abs() * (f64::from(next) - here);
        here = f64::from(next);
        i += one[i..].iter().take_while(|x| **x <= next).count();
        j += other[j..].iter().take_while(|y| **y <= next).count();
    }
    Some(sum)
}

/// The standard deviation of a sample; 1 where it does not vary.
pub fn deviation(values: &[f32]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let variance = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
    if variance > 0.0 { variance.sqrt() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_nearly_all_events_and_survive_constants() {
        let values: Vec<f32> = (0..10_000_u16).map(f32::from).collect();
        let found = edges(&[&values, &[12_000.0]], 4);
        assert!(found[0] < 30.0 && (found[4] - 12_000.0).abs() < 1e-9, "{found:?}");
        assert_eq!(edges(&[&[7.0, 7.0]], 1), [6.5, 7.5]);
        assert_eq!(edges(&[&[]], 1), [0.0, 1.0]);
    }

    #[test]
    fn whole_numbers_share_bins_evenly() {
        let values: Vec<f32> = (10..=100_u8).map(f32::from).collect();
        let found = whole_edges(&[&values], 40);
        assert_eq!((found[0], found[1]), (9.5, 12.5));
        let shares = shares(&values, &found);
        assert!(shares[..30].iter().all(|share| (share - 3.0 / 91.0).abs() < 1e-9), "{shares:?}");
    }

    #[test]
    fn distances_are_those_of_the_distributions() {
        let one: Vec<f32> = (0..1000_u16).map(f32::from).collect();
        let moved: Vec<f32> = one.iter().map(|x| x + 7.0).collect();
        assert!((wasserstein(&one, &moved).unwrap_or_default() - 7.0).abs() < 1e-9);
        assert_eq!(wasserstein(&one, &one), Some(0.0));
        // Half of the events move by 4.
        assert!((wasserstein(&[0.0, 0.0], &[0.0, 4.0, 0.0, 4.0]).unwrap_or_default() - 2.0).abs() < 1e-12);
        assert_eq!(wasserstein(&[], &one), None);
    }
}
