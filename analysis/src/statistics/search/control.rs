//! δ of a cut from regions without signal.

use serde::{Deserialize, Serialize};

use crate::statistics::closure::Measured;
use crate::statistics::search::scatter::Scatter;

/// A cut in a region without signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlCount {
    /// `ε N_SR`, what the template says.
    pub expected: f64,
    /// Independent template events behind the cut.
    pub independent: f64,
    /// N, the data behind it.
    pub found: f64,
}

/// δ of several regions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlExcess {
    /// δ, and its error relative to 1 + δ for a region that is none of them: the error of their mean, and their spread.
    pub delta: Measured,
    /// The part of that error, relative to 1 + δ, by which regions differ beyond their numbers of events.
    pub spread: f64,
    /// The regions.
    pub regions: usize,
}

impl ControlCount {
    /// δ̂ = N/(ε `N_SR`) − 1, with its error by the numbers of events and their scatter.
    pub fn delta(&self, scatter: Scatter) -> Measured {
        let ratio = self.found / self.expected;
        // Nothing found is no exact number: as for one event.
        let error = (scatter.ratio() * self.variance(self.found.max(1.0) / self.expected)).sqrt();
        Measured { value: ratio - 1.0, error }
    }

    /// The variance of N/(ε `N_SR`) where its mean is this: that of a Poisson count, and that of the template.
    fn variance(&self, mean: f64) -> f64 {
        mean / self.expected + mean * mean / self.independent
    }
}

/// δ of all regions: the mean of their N/(ε `N_SR`), weighted by errors and by a common spread, which is what χ² of the mean has too
/// much for the errors. The errors are those that the pooled ratio ΣN/Σε `N_SR` would have: were they by the counts
/// themselves, regions with few would weigh too much. Their squares are larger by the scatter, which is that of any search. None without a
/// region where events are expected.
///
/// Source: R. DerSimonian and N. Laird, Control. Clin. Trials 7 (1986) 177, for the spread.
pub fn combined(counts: &[ControlCount], scatter: Scatter) -> Option<ControlExcess> {
    let counts: Vec<&ControlCount> =
        counts.iter().filter(|count| count.expected > 0.0 && count.independent > 0.0).collect();
    if counts.is_empty() {
        return None;
    }
    let sum = |of: fn(&ControlCount) -> f64| counts.iter().map(|count| of(count)).sum::<f64>();
    let pooled = sum(|count| count.found).max(1.0) / sum(|count| count.expected);
    let ratio =
        |count: &&ControlCount| (count.found / count.expected, scatter.ratio() * count.variance(pooled));
    let ratios: Vec<(f64, f64)> = counts.iter().map(ratio).collect();
    let mean = |spread: f64| {
        let weights = || ratios.iter().map(|(_, variance)| 1.0 / (variance + spread));
        let total: f64 = weights().sum();
        (weights().zip(&ratios).map(|(weight, (ratio, _))| weight * ratio).sum::<f64>() / total, total)
    };
    let (plain, total) = mean(0.0);
    let squares: f64 = ratios.iter().map(|(_, variance)| variance.powi(-2)).sum();
    let chi_squared: f64 = ratios.iter().map(|(ratio, variance)| (ratio - plain).powi(2) / variance).sum();
    let degrees = (counts.len() - 1) as f64;
    let spread =
        if degrees > 0.0 { ((chi_squared - degrees) / (total - squares / total)).max(0.0) } else { 0.0 };
    let (ratio, total) = mean(spread);
    // Nothing at all behind the cut of any region: a δ of −1 would expect nothing elsewhere.
    let ratio = if ratio > 0.0 { ratio } else { pooled };
    Some(ControlExcess {
        delta: Measured { value: ratio - 1.0, error: (1.0 / total + spread).sqrt() / ratio },
        spread: spread.sqrt() / ratio,
        regions: counts.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(expected: f64, independent: f64, found: f64) -> ControlCount {
        ControlCount { expected, independent, found }
    }

    #[test]
    fn delta_of_a_region_has_the_errors_of_data_and_template() {
        let found = count(100.0, 400.0, 121.0).delta(Scatter::OF_COUNTS);
        assert!((found.value - 0.21).abs() < 1e-12);
        let expected = (1.21_f64 / 100.0 + 1.21_f64.powi(2) / 400.0).sqrt();
        assert!((found.error - expected).abs() < 1e-12, "{found:?}");
        let none = count(4.0, 40.0, 0.0).delta(Scatter::OF_COUNTS);
        assert!((none.value + 1.0).abs() < 1e-12 && none.error > 0.2, "{none:?}");
    }

    #[test]
    fn regions_that_agree_have_the_error_of_their_sum_and_no_spread() {
        let found = combined(&[count(100.0, 1e12, 110.0), count(300.0, 1e12, 330.0)], Scatter::OF_COUNTS)
            .expect("regions");
        assert!((found.delta.value - 0.1).abs() < 1e-9 && found.spread == 0.0 && found.regions == 2);
        // 440 events: 1/√440 of 1 + δ.
        assert!((found.delta.error - 440.0_f64.powf(-0.5)).abs() < 1e-9, "{found:?}");
        let one = combined(&[count(100.0, 400.0, 110.0)], Scatter::OF_COUNTS).expect("a region");
        assert!((one.delta.value - 0.1).abs() < 1e-12 && one.spread == 0.0);
        assert!((one.delta.error - (1.0_f64 / 110.0 + 1.0 / 400.0).sqrt()).abs() < 1e-9, "{one:?}");
    }

    #[test]
    fn counts_that_scatter_more_leave_regions_less_of_a_spread() {
        let scatter = Scatter::of_pulls(&[2.0; 200]).expect("enough");
        let counts = [count(100.0, 1e12, 86.0), count(100.0, 1e12, 114.0)];
        // 100 ± 20 each, where counts alone would have ± 10: they agree.
        let (plain, known) = (combined(&counts, Scatter::OF_COUNTS), combined(&counts, scatter));
        let (plain, known) = (plain.expect("regions"), known.expect("regions"));
        assert!(plain.spread > 0.15 && known.spread == 0.0, "{plain:?} and {known:?}");
        assert!((known.delta.error - 0.2 / 2.0_f64.sqrt()).abs() < 1e-9, "{known:?}");
        assert!(
            (counts[1].delta(scatter).error / counts[1].delta(Scatter::OF_COUNTS).error - 2.0).abs() < 1e-12
        );
    }

    #[test]
    fn regions_that_differ_beyond_their_errors_have_a_spread() {
        let found = combined(&[count(1e6, 1e12, 0.9e6), count(1e6, 1e12, 1.3e6)], Scatter::OF_COUNTS)
            .expect("regions");
        assert!((found.delta.value - 0.1).abs() < 1e-6, "{found:?}");
        // Two values that are 0.4 apart have a standard deviation of 0.4/√2; their mean adds half of that in square.
        let sigma = 0.4 / 2.0_f64.sqrt() / 1.1;
        assert!((found.spread / sigma - 1.0).abs() < 1e-3, "{found:?}");
        assert!((found.delta.error / (sigma * 1.5_f64.sqrt()) - 1.0).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn nothing_is_measured_where_nothing_is_expected_and_nothing_found_is_no_certain_lack() {
        assert_eq!(combined(&[], Scatter::OF_COUNTS), None);
        assert_eq!(combined(&[count(0.0, 0.0, 3.0)], Scatter::OF_COUNTS), None);
        let none = combined(&[count(5.0, 50.0, 0.0)], Scatter::OF_COUNTS).expect("a region");
        assert!(none.delta.value > -1.0 && none.delta.error > 0.5, "{none:?}");
    }
}
