//! By how much a function of the background errs where another one is the truth: the signal that it feigns, and what it expects in a window
//! that it has not seen.

use rand_distr::{Distribution, Poisson};
use rand_pcg::rand_core::Rng;

use crate::statistics::closure::Measured;
use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::binned::{Fitted, Spectrum, Window};
use crate::statistics::spectrum::fit::{SpectrumFit, fit, fit_with_signal};
use crate::statistics::spectrum::shape::Shape;
use crate::statistics::spectrum::signal::SignalShape;

/// The mean pull above which searches take a function for biased.
pub const ACCEPTED_PULL: f64 = 0.5;

/// The bias of a function against another as the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bias {
    /// The other function.
    pub truth: Shape,
    /// The mean of ŝ over its error in pseudo-experiments without signal, with its error; none of fewer than two.
    pub pull: Option<Measured>,
    /// The mean of ŝ.
    pub signal: Option<Measured>,
    /// ŝ in the counts that the truth expects, without fluctuations, with the error that real ones would have: the spurious
    /// signal. None where that fit does not converge.
    pub spurious: Option<Measured>,
    /// Pseudo-experiments whose fit did not converge, which the means leave out.
    pub failed: usize,
}

/// Fits signals with a function of the background to pseudo-experiments that another function, at its own fit, has drawn.
///
/// # Errors
/// The truth's expected counts are no spectrum.
pub fn bias(
    spectrum: &Spectrum,
    truth: &SpectrumFit,
    (shape, signal): (Shape, SignalShape),
    experiments: usize,
    generator: &mut impl Rng,
) -> Result<Bias, SpectrumError> {
    let means = truth.expected_counts(spectrum);
    let found = |counts: Vec<f64>| -> Result<Option<Measured>, SpectrumError> {
        let toy = spectrum.with_counts(counts)?;
        Ok(fit_with_signal(&toy, Fitted::AllBins, shape, signal).ok().and_then(|fit| fit.signal))
    };
    let spurious = found(means.clone())?;
    let mut signals = Vec::with_capacity(experiments);
    for _ in 0..experiments {
        signals.extend(found(drawn(&means, generator))?);
    }
    Ok(Bias {
        truth: truth.shape(),
        pull: mean(signals.iter().map(|signal| signal.value / signal.error)),
        signal: mean(signals.iter().map(|signal| signal.value)),
        spurious,
        failed: experiments - signals.len(),
    })
}

/// By how much the fit of the side-bands expects too many events in a window, where another function is the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SideBandBias {
    /// The other function.
    pub truth: Shape,
    /// The error of what that one expects in the window, by its own fit.
    pub truth_error: f64,
    /// The mean of the difference between what is expected and the truth, with its error.
    pub events: Measured,
    /// The mean of that over the error of each fit, with its error.
    pub pull: Measured,
    /// Pseudo-experiments whose fit did not converge, which the means leave out.
    pub failed: usize,
}

/// Fits a function to the side-bands of pseudo-experiments that another function, at its own fit, has drawn. None where fewer than two have
/// a fit.
///
/// # Errors
/// The truth's expected counts are no spectrum.
pub fn side_band_bias(
    spectrum: &Spectrum,
    truth: &SpectrumFit,
    (shape, hidden): (Shape, Window),
    experiments: usize,
    generator: &mut impl Rng,
) -> Result<Option<SideBandBias>, SpectrumError> {
    let (means, true_events) = (truth.expected_counts(spectrum), truth.expected_in(hidden));
    let mut found = Vec::with_capacity(experiments);
    for _ in 0..experiments {
        let toy = spectrum.with_counts(drawn(&means, generator))?;
        let expected = fit(&toy, Fitted::Outside(hidden), shape).map(|fit| fit.expected_in(hidden));
        found.extend(expected.ok().filter(|expected| expected.value.is_finite() && expected.error > 0.0));
    }
    let off = |expected: &Measured| expected.value - true_events.value;
    let (events, pull) =
        (mean(found.iter().map(off)), mean(found.iter().map(|expected| off(expected) / expected.error)));
    let failed = experiments - found.len();
    let (truth, truth_error) = (truth.shape(), true_events.error);
    Ok(events.zip(pull).map(|(events, pull)| SideBandBias { truth, truth_error, events, pull, failed }))
}

/// Counts around these means.
fn drawn(means: &[f64], generator: &mut impl Rng) -> Vec<f64> {
    let draw = |mean: &f64| Poisson::new(*mean).map_or(0.0, |poisson| poisson.sample(generator));
    means.iter().map(draw).collect()
}

/// The mean with its error.
fn mean(values: impl ExactSizeIterator<Item = f64> + Clone) -> Option<Measured> {
    let n = values.len() as f64;
    if n < 2.0 {
        return None;
    }
    let value = values.clone().sum::<f64>() / n;
    let variance = values.map(|one| (one - value).powi(2)).sum::<f64>() / (n - 1.0);
    Some(Measured { value, error: (variance / n).sqrt() })
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;
    use rand_pcg::rand_core::SeedableRng;

    use super::*;
    use crate::statistics::spectrum::fit::fit;

    const SIGNAL: SignalShape = SignalShape::Gaussian { mean: 4000.0, width: 150.0 };

    /// A spectrum that bends.
    fn spectrum() -> Spectrum {
        let edges: Vec<f64> = (0..=40).map(|edge| 2000.0 + 100.0 * f64::from(edge)).collect();
        let density = |m: f64| 3e4 * (-(m - 2000.0) / 600.0 + 1.2 * ((m - 4000.0) / 2000.0).powi(2)).exp();
        let counts = edges.windows(2).map(|pair| density(f64::midpoint(pair[0], pair[1])).round());
        Spectrum::new(edges.clone(), counts.collect()).expect("a spectrum")
    }

    #[test]
    fn a_function_is_not_biased_against_itself_and_a_stiff_one_is() {
        let (spectrum, mut generator) = (spectrum(), Pcg64::seed_from_u64(11));
        let [stiff, right] = [1, 2].map(|degree| Shape::ExponentialOfPolynomial { degree });
        let truth = fit(&spectrum, Fitted::AllBins, right).expect("a fit");
        let own = bias(&spectrum, &truth, (right, SIGNAL), 200, &mut generator).expect("toys");
        let pull = own.pull.expect("toys");
        assert!(
            pull.value.abs() < 3.0 * pull.error && (pull.error * 200.0_f64.sqrt() - 1.0).abs() < 0.2,
            "{own:?}"
        );
        let spurious = own.spurious.expect("a fit");
        assert!(spurious.value.abs() < 1e-3 * spurious.error && own.failed == 0, "{own:?}");
        let found = bias(&spectrum, &truth, (stiff, SIGNAL), 50, &mut generator).expect("toys");
        let [pull, signal, spurious] =
            [found.pull, found.signal, found.spurious].map(|one| one.expect("toys"));
        // Its slope is that of small masses, and further on there are more events than it expects.
        assert!(pull.value > ACCEPTED_PULL, "{found:?}");
        assert!((signal.value - spurious.value).abs() < 4.0 * signal.error, "{found:?}");
    }

    #[test]
    fn what_a_stiff_function_expects_in_the_window_is_off_by_as_much_as_without_fluctuations() {
        let (spectrum, mut generator) = (spectrum(), Pcg64::seed_from_u64(12));
        let window = Window { low: 3700.0, high: 4300.0 };
        let [stiff, right] = [1, 2].map(|degree| Shape::ExponentialOfPolynomial { degree });
        let truth = fit(&spectrum, Fitted::Outside(window), right).expect("a fit");
        let mut of = |shape| {
            let found = side_band_bias(&spectrum, &truth, (shape, window), 200, &mut generator);
            found.expect("a spectrum").expect("toys")
        };
        let own = of(right);
        assert!(own.pull.value.abs() < 3.0 * own.pull.error && own.failed == 0, "{own:?}");
        assert!(
            (own.pull.error * 200.0_f64.sqrt() - 1.0).abs() < 0.2,
            "errors are those of the spread: {own:?}"
        );
        assert!(own.events.value.abs() < 3.0 * own.events.error, "{own:?}");
        // What the stiff one expects of the counts without fluctuations is off by as much.
        let exact = spectrum.with_counts(truth.expected_counts(&spectrum)).expect("a spectrum");
        let expected = fit(&exact, Fitted::Outside(window), stiff).expect("a fit").expected_in(window).value;
        let off = expected - truth.expected_in(window).value;
        let found = of(stiff);
        assert!((found.events.value - off).abs() < 4.0 * found.events.error, "{off} {found:?}");
        assert!(found.pull.value.abs() > ACCEPTED_PULL, "{found:?}");
    }
}
