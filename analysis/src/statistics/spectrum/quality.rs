//! How well a fit describes its bins.

use crate::statistics::chi_squared::p_value;
use crate::statistics::spectrum::fit::SpectrumFit;
use crate::statistics::spectrum::model::bin_nll;

/// Bins are merged for χ² until they expect so many events.
pub const LEAST_EXPECTED: f64 = 10.0;

/// A test of a fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// What is distributed as χ² where the fit is right.
    pub chi_squared: f64,
    /// Bins less parameters.
    pub degrees_of_freedom: usize,
    /// The probability of so large a χ²; none without degrees of freedom.
    pub p: Option<f64>,
}

impl Quality {
    fn of(chi_squared: f64, bins: usize, parameters: usize) -> Self {
        let degrees_of_freedom = bins.saturating_sub(parameters);
        Self { chi_squared, degrees_of_freedom, p: p_value(chi_squared, degrees_of_freedom) }
    }
}

/// By the Poisson deviance 2 Σ [μ − n + n ln(n/μ)] of all fitted bins: exact where each has many events.
///
/// Source: S. Baker and R. D. Cousins, Nucl. Instrum. Meth. 221 (1984) 437.
pub fn by_deviance(fit: &SpectrumFit) -> Quality {
    let sum: f64 = fit.counts.iter().zip(&fit.expected).map(|(count, mean)| bin_nll(*count, *mean)).sum();
    Quality::of(2.0 * sum, fit.counts.len(), fit.free_parameters())
}

/// By Pearson's χ² of bins that are merged until each expects ten events.
pub fn by_merged_bins(fit: &SpectrumFit) -> Quality {
    let groups = merge(fit);
    Quality::of(pearson(fit, &groups), groups.len(), fit.free_parameters())
}

/// Pearson's χ² of a fit in groups of its bins.
pub(super) fn pearson(fit: &SpectrumFit, groups: &[Vec<usize>]) -> f64 {
    let sum = |group: &[usize], values: &[f64]| group.iter().map(|place| values[*place]).sum::<f64>();
    let of_group = |group: &Vec<usize>| {
        let (count, mean) = (sum(group, &fit.counts), sum(group, &fit.expected));
        (count - mean).powi(2) / mean
    };
    groups.iter().map(of_group).sum()
}

/// Groups of neighbouring bins that expect enough. What is left at the end of a side-band goes to its last group.
pub(super) fn merge(fit: &SpectrumFit) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut begins = 0;
    for place in 0..fit.bins.len() {
        open.push(place);
        let ends_band = fit.bins.get(place + 1).is_none_or(|next| next.low > fit.bins[place].high);
        let expected: f64 = open.iter().map(|place| fit.expected[*place]).sum();
        if expected >= LEAST_EXPECTED {
            groups.push(std::mem::take(&mut open));
        } else if ends_band {
            // A side-band with too few events for a group of its own is left out.
            if let Some(last) = groups[begins..].last_mut() {
                last.append(&mut open);
            }
            open.clear();
        }
        if ends_band {
            begins = groups.len();
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::spectrum::binned::{Fitted, Spectrum, Window};
    use crate::statistics::spectrum::fit::fit;
    use crate::statistics::spectrum::shape::Shape;

    fn of(counts: Vec<f64>, fitted: Fitted) -> SpectrumFit {
        let edges = (0..=counts.len()).map(|edge| edge as f64).collect();
        let spectrum = Spectrum::new(edges, counts).expect("a spectrum");
        fit(&spectrum, fitted, Shape::ExponentialOfPolynomial { degree: 1 }).expect("a fit")
    }

    #[test]
    fn an_exponential_fits_an_exponential_and_not_a_bump() {
        let falling: Vec<f64> = (0..12).map(|bin| (1000.0 * (-0.3 * f64::from(bin)).exp()).round()).collect();
        let good = of(falling.clone(), Fitted::AllBins);
        for quality in [by_deviance(&good), by_merged_bins(&good)] {
            assert_eq!(quality.degrees_of_freedom, 10);
            assert!(quality.p.expect("a probability") > 0.99, "{quality:?}");
        }
        let mut bump = falling;
        bump[5] += 120.0;
        let bad = of(bump.clone(), Fitted::AllBins);
        for quality in [by_deviance(&bad), by_merged_bins(&bad)] {
            assert!(quality.p.expect("a probability") < 1e-6, "{quality:?}");
        }
        let blind = of(bump, Fitted::Outside(Window { low: 5.0, high: 6.0 }));
        assert!(by_deviance(&blind).p.expect("a probability") > 0.99);
        assert_eq!(by_deviance(&blind).degrees_of_freedom, 9);
    }

    #[test]
    fn few_events_are_merged_but_not_across_the_window() {
        let counts = vec![60.0, 20.0, 6.0, 3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let found = of(counts, Fitted::Outside(Window { low: 3.0, high: 4.0 }));
        let groups = merge(&found);
        assert_eq!(groups, [vec![0], vec![1, 2]], "{:?}", found.expected);
        let quality = by_merged_bins(&found);
        assert_eq!((quality.degrees_of_freedom, quality.p), (0, None));
    }
}
