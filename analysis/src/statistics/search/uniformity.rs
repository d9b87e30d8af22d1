//! Are p-values without signal uniform?

use crate::statistics::search::p_value::PValue;

/// How far p-values are from uniform ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniformity {
    /// D, the largest distance of their distribution from the diagonal.
    pub distance: f64,
    /// The probability of so large a distance of uniform ones.
    pub p: f64,
}

/// The test of Kolmogorov and Smirnov that p-values are uniform; none of none.
///
/// Source: Kolmogorov's limiting distribution at (√n + 0.12 + 0.11/√n) D, which is good to a percent from n = 10 on: M. A.
/// Stephens, J. R. Stat. Soc. B 32 (1970) 115.
pub fn uniformity(p_values: &[PValue]) -> Option<Uniformity> {
    if p_values.is_empty() {
        return None;
    }
    let mut sorted: Vec<f64> = p_values.iter().map(|p| p.value()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let distances = sorted.iter().enumerate().map(|(rank, p)| {
        let rank = rank as f64;
        ((rank + 1.0) / n - p).max(p - rank / n)
    });
    let distance = distances.fold(0.0, f64::max);
    let p = kolmogorov_tail((n.sqrt() + 0.12 + 0.11 / n.sqrt()) * distance);
    Some(Uniformity { distance, p })
}

/// 2 Σ (−1)^(k−1) exp(−2 k² x²), and for small x the series that converges there, 1 − √(2π)/x Σ exp(−(2k − 1)² π² / (8 x²)).
fn kolmogorov_tail(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x <= 0.0 {
        return 1.0;
    }
    if x < 1.0 {
        let term = |k: u8| (-((2.0 * f64::from(k) - 1.0) * PI / x).powi(2) / 8.0).exp();
        return 1.0 - (2.0 * PI).sqrt() / x * (1..=4).map(term).sum::<f64>();
    }
    let term = |k: u8| (-2.0 * (f64::from(k) * x).powi(2)).exp();
    2.0 * (term(1) - term(2) + term(3) - term(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_tables() {
        for (x, p) in [(1.358_098_6, 0.05), (1.627_623_6, 0.01), (0.827_573_6, 0.5)] {
            assert!((kolmogorov_tail(x) / p - 1.0).abs() < 1e-6, "{x}: {}", kolmogorov_tail(x));
        }
        // Both series hold where they meet.
        assert!((kolmogorov_tail(1.0) - kolmogorov_tail(1.0 - 1e-12)).abs() < 1e-9);
        assert!(kolmogorov_tail(0.0) > 1.0 - 1e-15);
    }

    #[test]
    fn even_p_values_are_uniform_and_crowded_ones_are_not() {
        let even: Vec<PValue> = (0..100).map(|i| PValue::new((f64::from(i) + 0.5) / 100.0)).collect();
        let found = uniformity(&even).expect("values");
        assert!((found.distance - 0.005).abs() < 1e-12 && found.p > 0.999, "{found:?}");
        let crowded: Vec<PValue> = even.iter().map(|p| PValue::of_ln(1.5 * p.ln())).collect();
        let found = uniformity(&crowded).expect("values");
        assert!(found.p < 0.05, "{found:?}");
        // Critical values of exact tables: D = 0.40925 at n = 10 is exceeded in 5% of cases.
        let n = 10.0_f64;
        let table = kolmogorov_tail((n.sqrt() + 0.12 + 0.11 / n.sqrt()) * 0.409_25);
        assert!((table / 0.05 - 1.0).abs() < 0.02, "{table}");
        assert_eq!(uniformity(&[]), None);
    }
}
