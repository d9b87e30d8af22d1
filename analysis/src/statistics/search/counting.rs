//! The likelihood of one count behind a cut.

use std::convert::Infallible;

use crate::statistics::search::background::Background;
use crate::statistics::search::likelihood::{Best, SignalLikelihood};
use crate::statistics::search::root::bracketed_root;
use crate::statistics::special::log_deficit;

/// A Poisson count over a background that is known with an error.
///
/// The mean is β + η s for s signal events. β is known as a Poisson count of b²/σ² events in a control region that expects
/// b/σ² times β would be: a background of relative error σ/b that cannot be negative. Where σ is small this is a Gaussian
/// constraint of width σ, and σ = 0 is none. η is 1 with a Gaussian error.
///
/// The likelihood of `pyhf` with a `shapesys` modifier of the background, and a `histosys` modifier of the signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountLikelihood {
    /// N, the events behind the cut.
    pub count: f64,
    /// b and `σ_b`; b above 0.
    pub background: Background,
    /// The relative error of the signal's efficiency, 0 where it is known, or where limits are to be on events that pass.
    pub efficiency_error: f64,
}

/// The best background and efficiency for a signal.
struct Profiled {
    background: f64,
    efficiency: f64,
    /// What both expect together.
    mean: f64,
}

impl Profiled {
    /// Of a signal whose efficiency is this.
    fn of(background: f64, efficiency: f64, signal: f64) -> Self {
        Self { background, efficiency, mean: background + efficiency * signal }
    }
}

impl CountLikelihood {
    /// σ²/b: by how much more than a Poisson count the background varies. It is 1/τ of the control region.
    fn spread(&self) -> f64 {
        self.background.error.powi(2) / self.background.expected
    }

    /// Z of the count over the background, below 0 where N is below b.
    ///
    /// Z² = 2 N ln[N (b + σ²)/(b² + N σ²)] − (2 b²/σ²) ln[1 + σ² (N − b)/(b (b + σ²))], here as a sum of terms that are never
    /// negative: nothing cancels at N near b or σ near 0, and N = 0 is no exception.
    ///
    /// Source: T. Li and Y. Ma, Astrophys. J. 272 (1983) 317, Eq. 17, for a count and a control region; in these symbols G. Cowan,
    /// "Discovery sensitivity for a counting experiment with background uncertainty" (2012).
    pub fn z(&self) -> f64 {
        let (count, b) = (self.count, self.background.expected);
        // Without signal the best background stands between b and N, by their variances.
        let spread = self.spread();
        let background = (b + spread * count) / (1.0 + spread);
        let nll = self.nll_of(&Profiled::of(background, 1.0, 0.0));
        (2.0 * nll).max(0.0).sqrt().copysign(count - b)
    }

    /// −ln L against a mean that is the count, and a background and efficiency that are as expected.
    fn nll_of(&self, profiled: &Profiled) -> f64 {
        let (Background { expected, error }, mean) = (self.background, profiled.mean);
        let of_count =
            if self.count > 0.0 { self.count * log_deficit(mean / self.count - 1.0) } else { mean };
        let of_background = if error > 0.0 {
            (expected / error).powi(2) * log_deficit(profiled.background / expected - 1.0)
        } else {
            0.0
        };
        let of_efficiency = if self.efficiency_error > 0.0 {
            0.5 * ((profiled.efficiency - 1.0) / self.efficiency_error).powi(2)
        } else {
            0.0
        };
        of_count + of_background + of_efficiency
    }

    /// The best background and efficiency for a signal. With g = 1 − N/mean the likelihood is greatest at β = b/(1 + g σ²/b) and
    /// η = 1 − g s r² for an efficiency of relative error r.
    fn profile(&self, signal: f64) -> Profiled {
        let (count, b, spread) = (self.count, self.background.expected, self.spread());
        let variance = (self.efficiency_error * signal).powi(2);
        if variance == 0.0 {
            return Profiled::of(self.best_background(signal), 1.0, signal);
        }
        let background = |g: f64| {
            let stretched = 1.0 + spread * g;
            if stretched > 0.0 { b / stretched } else { f64::MAX }
        };
        // g itself is looked for, not the mean: where the efficiency may be anything, g is too small to be a difference.
        let g = if count > 0.0 {
            let surplus = |g: f64| -> Result<f64, Infallible> {
                Ok(background(g) + signal - variance * g - count / (1.0 - g))
            };
            let at_expected = 1.0 - count / (b + signal);
            let Ok(g) = bracketed_root(surplus, at_expected.min(0.0), at_expected.max(0.0));
            g
        } else {
            1.0
        };
        let efficiency = 1.0 - g * variance / signal;
        if efficiency < 0.0 {
            // No efficiency is negative.
            return Profiled::of(self.best_background(0.0), 0.0, signal);
        }
        let background = background(g);
        let mean = if count > 0.0 { count / (1.0 - g) } else { background + efficiency * signal };
        Profiled { background, efficiency, mean }
    }

    /// β for a signal of known efficiency, the positive root of (1 + v) β² + [(1 + v) s − v N − b] β − b s = 0 with v = σ²/b.
    fn best_background(&self, signal: f64) -> f64 {
        let (b, spread) = (self.background.expected, self.spread());
        let linear = b + spread * self.count - (1.0 + spread) * signal;
        let root = linear.hypot(2.0 * ((1.0 + spread) * b * signal).sqrt());
        if linear > 0.0 {
            (linear + root) / (2.0 * (1.0 + spread))
        } else {
            2.0 * b * signal / (root - linear)
        }
    }
}

impl SignalLikelihood for CountLikelihood {
    type Error = Infallible;

    fn best(&self) -> Result<Best, Infallible> {
        Ok(Best { signal: self.count - self.background.expected, nll: 0.0 })
    }

    /// # Panics
    /// In builds with assertions, if the signal is negative: only the best one may be.
    fn nll(&self, signal: f64) -> Result<f64, Infallible> {
        debug_assert!(signal >= 0.0, "a signal of {signal} events");
        Ok(self.nll_of(&self.profile(signal)))
    }

    /// The count and the background become what the background is at its best without signal; its spread stays.
    fn without_signal(&self) -> Result<Self, Infallible> {
        let expected = self.best_background(0.0);
        let background = Background { expected, error: (self.spread() * expected).sqrt() };
        Ok(Self { count: expected, background, ..*self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::search::likelihood::signed_z;

    fn count(count: f64, expected: f64, error: f64) -> CountLikelihood {
        CountLikelihood { count, background: Background { expected, error }, efficiency_error: 0.0 }
    }

    /// The formula as it is written.
    fn as_written(n: f64, b: f64, sigma: f64) -> f64 {
        let v = sigma * sigma;
        let first = n * (n * (b + v) / (b * b + n * v)).ln();
        let second = b * b / v * (v * (n - b) / (b * (b + v))).ln_1p();
        (2.0 * (first - second)).sqrt().copysign(n - b)
    }

    #[test]
    fn z_is_the_formula_and_the_profile_likelihood() {
        for (n, b, sigma) in [(150.0, 100.0, 10.0), (3.0, 0.5, 0.3), (80.0, 100.0, 5.0), (1.0, 4.0, 4.0)] {
            let found = count(n, b, sigma);
            assert!((found.z() - as_written(n, b, sigma)).abs() < 1e-11, "{n} {b} {sigma}: {}", found.z());
            let Ok(profiled) = signed_z(&found);
            assert!((found.z() - profiled).abs() < 1e-11, "{n} {b} {sigma}: {profiled}");
        }
    }

    #[test]
    fn z_keeps_its_digits_where_the_formula_loses_them() {
        // Without an error, Z² = 2 [N ln(N/b) − (N − b)]; N = 0 leaves −√(2 b).
        let poisson = (2.0 * (150.0 * 1.5_f64.ln() - 50.0)).sqrt();
        for sigma in [0.0, 1e-9, 1e-5] {
            assert!((count(150.0, 100.0, sigma).z() - poisson).abs() < 1e-10, "{sigma}");
        }
        assert!((count(0.0, 8.0, 0.0).z() + 4.0).abs() < 1e-12);
        // N = 0: Z² = 2 (b²/σ²) ln(1 + σ²/b).
        assert!((count(0.0, 8.0, 4.0).z() + (8.0 * 3.0_f64.ln()).sqrt()).abs() < 1e-12);
        // N near b: (N − b)/√(b + σ²).
        let near = count(1e4 + 1e-6, 1e4, 100.0).z();
        assert!((near / (1e-6 / 2e4_f64.sqrt()) - 1.0).abs() < 1e-5, "{near}");
        assert!(count(1e4, 1e4, 100.0).z().abs() < 1e-9);
    }

    #[test]
    fn no_background_and_efficiency_nearby_is_better_than_the_profiled_one() {
        for (n, sigma, efficiency_error) in
            [(120.0, 20.0, 0.1), (12.0, 0.0, 0.2), (0.0, 3.0, 0.3), (0.0, 3.0, 0.0)]
        {
            let likelihood = CountLikelihood { efficiency_error, ..count(n, 10.0, sigma) };
            for signal in [0.5, 10.0, 90.0] {
                let profiled = likelihood.profile(signal);
                let least = likelihood.nll_of(&profiled);
                for (of_background, of_efficiency) in [(1.001, 0.0), (0.999, 0.0), (1.0, 1e-3), (1.0, -1e-3)]
                {
                    let background = profiled.background * if sigma > 0.0 { of_background } else { 1.0 };
                    let change = if efficiency_error > 0.0 { of_efficiency } else { 0.0 };
                    let efficiency = (profiled.efficiency + change).max(0.0);
                    let there = likelihood.nll_of(&Profiled::of(background, efficiency, signal));
                    assert!(
                        there >= least - 1e-12,
                        "{n} {sigma} {efficiency_error} {signal}: {there} < {least}"
                    );
                }
            }
        }
    }

    #[test]
    fn data_without_signal_have_none() {
        let Ok(asimov) =
            CountLikelihood { efficiency_error: 0.1, ..count(150.0, 100.0, 20.0) }.without_signal();
        let Ok(best) = asimov.best();
        assert_eq!((best.signal, best.nll), (0.0, 0.0));
        assert!(asimov.count > 100.0 && asimov.count < 150.0, "{asimov:?}");
        assert!((asimov.spread() - 4.0).abs() < 1e-12);
    }
}
