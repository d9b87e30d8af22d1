//! Intervals of a rate and of a mean from counts.

use std::convert::Infallible;

use crate::statistics::search::root::bracketed_root;
use crate::statistics::special::{ln_beta_tails, ln_poisson_tails};

/// The content of an interval of one standard deviation.
pub const ONE_SIGMA: f64 = 0.682_689_492_137_085_9;

/// An interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The central interval of a rate, of which `passed` of `all` were seen: either tail has at most half of what it leaves out.
/// Without any, it is all rates.
///
/// Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404.
pub fn clopper_pearson(passed: u64, all: u64, content: f64) -> Interval {
    let ln_tail = ((1.0 - content) / 2.0).ln();
    let (k, n) = (passed as f64, all as f64);
    // P(K ≥ k) = I_x(k, n − k + 1), and P(K ≤ k) = 1 − I_x(k + 1, n − k).
    let low = if passed == 0 {
        0.0
    } else {
        root_in(1.0, |x| ln_beta_tails(k, n - k + 1.0, [x, 1.0 - x]).below - ln_tail)
    };
    let high = if passed >= all {
        1.0
    } else {
        root_in(1.0, |x| ln_beta_tails(k + 1.0, n - k, [x, 1.0 - x]).above - ln_tail)
    };
    Interval { low, high }
}

/// The central interval of the mean of a Poisson count.
///
/// Source: F. Garwood, Biometrika 28 (1936) 437.
pub fn garwood(count: u64, content: f64) -> Interval {
    let ln_tail = ((1.0 - content) / 2.0).ln();
    let n = count as f64;
    // Ten standard deviations and more.
    let most = n + 10.0 * (n + 10.0).sqrt() - 2.0 * ln_tail;
    // P(K ≥ n), and P(K ≤ n).
    let low =
        if count == 0 { 0.0 } else { root_in(most, |mean| ln_poisson_tails(count, mean).above - ln_tail) };
    Interval { low, high: root_in(most, |mean| ln_poisson_tails(count + 1, mean).below - ln_tail) }
}

/// The zero of the logarithm of a tail, between 0 and a place.
fn root_in(most: f64, function: impl Fn(f64) -> f64) -> f64 {
    // At the ends some tails are 0.
    let Ok(root) = bracketed_root(|x| Ok::<_, Infallible>(function(x).max(-1e4)), f64::MIN_POSITIVE, most);
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_rates_are_those_of_tables() {
        // Nothing of n: 1 − (α/2)^(1/n).
        let none = clopper_pearson(0, 10, 0.95);
        assert!(none.low == 0.0 && (none.high - (1.0 - 0.025_f64.powf(0.1))).abs() < 1e-12, "{none:?}");
        let all = clopper_pearson(10, 10, 0.95);
        assert!(all.high > 1.0 - 1e-15 && (all.low - 0.025_f64.powf(0.1)).abs() < 1e-12, "{all:?}");
        let half = clopper_pearson(5, 10, 0.95);
        assert!((half.low - 0.187_086).abs() < 1e-6 && (half.high - 0.812_914).abs() < 1e-6, "{half:?}");
        let many = clopper_pearson(50_000, 1_000_000, ONE_SIGMA);
        let sigma = (0.05_f64 * 0.95 / 1e6).sqrt();
        assert!(
            (many.low - 0.05 + sigma).abs() < 2e-6 && (many.high - 0.05 - sigma).abs() < 2e-6,
            "{many:?}"
        );
        assert_eq!(clopper_pearson(0, 0, 0.95), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn intervals_of_means_are_those_of_tables() {
        for (count, low, high) in
            [(0, 0.0, 1.841_022), (1, 0.172_754, 3.299_527), (10, 6.891_306, 14.266_950)]
        {
            let found = garwood(count, ONE_SIGMA);
            assert!((found.low - low).abs() < 1e-6 && (found.high - high).abs() < 1e-6, "{count}: {found:?}");
        }
    }
}
