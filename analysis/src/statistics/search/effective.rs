//! Copies of one event are not independent events.

/// The independent events that so many copies of source events are worth for the error of their sum: (Σ k)² / Σ k².
///
/// Where a template is over-sampled from data events, `copies` has for each source event how many of its copies pass a cut, each
/// of which passes or fails with it to some degree. The number of sources is a Poisson one, so that the variance of the sum of
/// their k is estimated by Σ k²: that of a compound Poisson distribution, and of a sum of weighted events.
pub fn effective_events(copies: impl IntoIterator<Item = u64>) -> f64 {
    let [sum, squares] = copies.into_iter().fold([0.0, 0.0], |[sum, squares], copies| {
        let copies = copies as f64;
        [sum + copies, squares + copies * copies]
    });
    if sum > 0.0 { sum * sum / squares } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, Poisson};
    use rand_pcg::Pcg64;
    use rand_pcg::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn equal_copies_are_worth_their_sources_and_single_ones_themselves() {
        for (copies, expected) in
            [(vec![4; 25], 25.0), (vec![0, 1, 1, 0, 1], 3.0), (vec![], 0.0), (vec![1, 3], 1.6)]
        {
            let found = effective_events(copies.clone());
            assert!((found - expected).abs() < 1e-14, "{copies:?}: {found}");
        }
    }

    #[test]
    fn the_relative_error_of_sums_of_copies_is_that_of_the_effective_number() {
        let mut generator = Pcg64::seed_from_u64(3);
        let (sources, kept) = (Poisson::new(200.0).expect("a mean"), Poisson::new(2.0).expect("a mean"));
        let (mut sums, mut effective) = (Vec::new(), 0.0);
        for _ in 0..4000 {
            let count = sources.sample(&mut generator) as usize;
            let copies: Vec<u64> = (0..count).map(|_| kept.sample(&mut generator) as u64).collect();
            sums.push(copies.iter().sum::<u64>() as f64);
            effective += effective_events(copies) / 4000.0;
        }
        let mean = sums.iter().sum::<f64>() / 4000.0;
        let variance = sums.iter().map(|sum| (sum - mean).powi(2)).sum::<f64>() / 3999.0;
        let found = mean * mean / variance;
        assert!((found / effective - 1.0).abs() < 0.08, "{found} and {effective}");
    }
}
