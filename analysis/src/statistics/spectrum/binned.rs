//! Counts of events in bins of the resonant variable.

use crate::statistics::spectrum::SpectrumError;

/// An interval of the resonant variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Its lower edge.
    pub low: f64,
    /// Its upper edge.
    pub high: f64,
}

impl Window {
    /// Its width.
    pub fn width(self) -> f64 {
        self.high - self.low
    }
}

/// Which bins of a spectrum are fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fitted {
    /// All of them.
    AllBins,
    /// Those that lie outside a window as a whole: the side-bands.
    Outside(Window),
}

/// A binned spectrum.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    edges: Vec<f64>,
    counts: Vec<f64>,
}

impl Spectrum {
    /// Of counts between edges. Counts need not be whole: expected ones serve as well.
    ///
    /// # Errors
    /// Edges do not rise, there is not one count to a pair of edges, or a count is negative or no number.
    ///
    /// # Units
    /// Edges: of the resonant variable, which is not negative.
    pub fn new(edges: Vec<f64>, counts: Vec<f64>) -> Result<Self, SpectrumError> {
        let rising =
            edges.windows(2).all(|pair| pair[0] < pair[1]) && edges.iter().all(|edge| edge.is_finite());
        if !rising || edges.len() < 2 || edges[0] < 0.0 {
            return Err(SpectrumError::BadBins("its edges are not rising numbers from 0"));
        }
        if counts.len() + 1 != edges.len() {
            return Err(SpectrumError::BadBins("it has not one count to a pair of edges"));
        }
        if !counts.iter().all(|count| count.is_finite() && *count >= 0.0) {
            return Err(SpectrumError::BadBins("a count is negative or no number"));
        }
        Ok(Self { edges, counts })
    }

    /// Of events; those beyond the edges, and upon the last, are left out.
    ///
    /// # Errors
    /// Edges do not rise.
    pub fn of_masses(masses: &[f64], edges: Vec<f64>) -> Result<Self, SpectrumError> {
        let mut counts = vec![0.0; edges.len().saturating_sub(1)];
        for mass in masses {
            let above = edges.partition_point(|edge| edge <= mass);
            if let Some(count) = above.checked_sub(1).and_then(|bin| counts.get_mut(bin)) {
                *count += 1.0;
            }
        }
        Self::new(edges, counts)
    }

    /// The same bins with other counts.
    ///
    /// # Errors
    /// As of [`Spectrum::new`].
    pub fn with_counts(&self, counts: Vec<f64>) -> Result<Self, SpectrumError> {
        Self::new(self.edges.clone(), counts)
    }

    /// Its edges, one more than bins.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Its counts.
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// Its bins.
    pub fn bins(&self) -> impl Iterator<Item = Window> {
        self.edges.windows(2).map(|pair| Window { low: pair[0], high: pair[1] })
    }

    /// From its first edge to its last.
    pub fn range(&self) -> Window {
        Window { low: self.edges[0], high: self.edges[self.edges.len() - 1] }
    }

    /// The places of the bins that are fitted.
    pub fn fitted(&self, fitted: Fitted) -> Vec<usize> {
        let is_fitted = |bin: Window| match fitted {
            Fitted::AllBins => true,
            Fitted::Outside(window) => {
                // Edges of a window that are computed differ from those of bins by rounding.
                let rounding = 1e-9 * bin.width();
                bin.high <= window.low + rounding || bin.low >= window.high - rounding
            }
        };
        self.bins().enumerate().filter(|(_, bin)| is_fitted(*bin)).map(|(place, _)| place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_fall_into_bins_and_bins_into_side_bands() {
        let masses = [-1.0, 0.0, 0.5, 1.0, 2.9, 3.0, 7.0];
        let spectrum = Spectrum::of_masses(&masses, vec![0.0, 1.0, 2.0, 3.0]).expect("bins");
        assert_eq!(spectrum.counts(), [2.0, 1.0, 1.0]);
        assert_eq!(spectrum.fitted(Fitted::AllBins), [0, 1, 2]);
        assert_eq!(spectrum.fitted(Fitted::Outside(Window { low: 1.0 + 1e-12, high: 2.0 - 1e-12 })), [0, 2]);
        assert_eq!(spectrum.fitted(Fitted::Outside(Window { low: 0.9, high: 1.1 })), [2]);
    }

    #[test]
    fn bins_that_are_none_are_refused() {
        for (edges, counts) in [
            (vec![0.0, 2.0, 1.0], vec![1.0, 1.0]),
            (vec![0.0], vec![]),
            (vec![0.0, 1.0], vec![1.0, 1.0]),
            (vec![0.0, 1.0], vec![-1.0]),
            (vec![0.0, f64::NAN], vec![1.0]),
            (vec![-1.0, 1.0], vec![1.0]),
        ] {
            assert!(Spectrum::new(edges.clone(), counts).is_err(), "{edges:?}");
        }
    }
}
