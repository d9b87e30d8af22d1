//! The global p-value: how often the best of all windows and cuts is at least as good where there is no signal.

use crate::statistics::search::intervals::{Interval, ONE_SIGMA, clopper_pearson};
use crate::statistics::search::p_value::PValue;

/// How often pseudo-experiments without signal come as low as what was observed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlobalP {
    /// (1 + k) / (1 + n): never 0, and on average not below the rate that it estimates.
    pub p: f64,
    /// k, the pseudo-experiments whose smallest local p-value is at most the observed one. At 0, `p` is an upper bound.
    pub as_low: u64,
    /// n, the pseudo-experiments.
    pub all: u64,
    /// The central 68% interval of the rate of which k in n were seen.
    pub interval: Interval,
}

impl GlobalP {
    /// Z of the global p-value.
    pub fn z(&self) -> f64 {
        PValue::new(self.p).z()
    }
}

/// The global p-value of the smallest local one, by the smallest local ones of pseudo-experiments that were searched alike.
///
/// Source: (1 + k) / (1 + n) is the exact p-value of a rank among exchangeable experiments: B. Phipson and G. K. Smyth,
/// Stat. Appl. Genet. Mol. Biol. 9 (2010) 39.
pub fn global_p(observed: PValue, smallest: &[PValue]) -> GlobalP {
    let as_low = smallest.iter().filter(|p| p.ln() <= observed.ln()).count() as u64;
    let all = smallest.len() as u64;
    GlobalP {
        p: (1 + as_low) as f64 / (1 + all) as f64,
        as_low,
        all,
        interval: clopper_pearson(as_low, all, ONE_SIGMA),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_global_p_is_a_rank_and_never_zero() {
        let smallest: Vec<PValue> = (1..=99).map(|i| PValue::new(f64::from(i) / 100.0)).collect();
        let found = global_p(PValue::new(0.1), &smallest);
        assert_eq!((found.as_low, found.all), (10, 99));
        assert!((found.p - 0.11).abs() < 1e-15);
        assert!(found.interval.low < 0.101 && found.interval.high > 0.101 && found.interval.high < 0.15);
        let none = global_p(PValue::of_z(50.0), &smallest);
        assert!((none.p - 0.01).abs() < 1e-15 && none.as_low == 0 && none.interval.low == 0.0);
        assert!((none.z() - 2.326).abs() < 1e-3);
        assert!(global_p(PValue::new(0.5), &[]).p > 1.0 - 1e-15);
    }
}
