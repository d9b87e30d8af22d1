//! The mean and the 68% band of many classifiers.

use serde::{Deserialize, Serialize};

/// Mean and central 68% of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Mean.
    pub mean: f64,
    /// 16% quantile.
    pub low: f64,
    /// 84% quantile.
    pub high: f64,
    /// Values in the sample.
    pub n: usize,
}

impl Band {
    /// The band of a sample; none if it is empty or a value is missing.
    ///
    /// A curve ends where the first of its classifiers has no value: the mean of those that are left would
    /// favour the lucky ones.
    ///
    /// Source: the paper's captions, "the mean value of fifty independent classifiers, with the shaded band
    /// representing a 68% uncertainty"; that the band is made of quantiles is our reading.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect::<Option<_>>()?;
        if sorted.is_empty() || sorted.iter().any(|value| !value.is_finite()) {
            return None;
        }
        sorted.sort_unstable_by(f64::total_cmp);
        let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
        Some(Self { mean, low: quantile(&sorted, 0.16), high: quantile(&sorted, 0.84), n: sorted.len() })
    }
}

/// Quantile of a sorted sample, linear between its values.
///
/// # Panics
/// If the sample is empty.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_holds_mean_and_quantiles() {
        let band = Band::of((0..=100).rev().map(|i| Some(f64::from(i)))).expect("a full sample");
        assert_eq!((band.mean, band.low, band.high, band.n), (50.0, 16.0, 84.0, 101));
        let single = Band::of([Some(3.0)]).expect("one value");
        assert_eq!((single.mean, single.low, single.high), (3.0, 3.0, 3.0));
    }

    #[test]
    fn a_missing_value_ends_the_band() {
        assert_eq!(Band::of([Some(1.0), None]), None);
        assert_eq!(Band::of([Some(1.0), Some(f64::NAN)]), None);
        assert_eq!(Band::of([]), None);
    }
}
