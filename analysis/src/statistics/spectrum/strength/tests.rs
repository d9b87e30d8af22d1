use rand_distr::{Distribution, Poisson};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;

use super::*;
use crate::statistics::search::counting::CountLikelihood;
use crate::statistics::search::likelihood::signed_z;
use crate::statistics::search::limits::{QUOTED_LEVEL, upper_limits};

const SHAPE: Shape = Shape::ExponentialOfPolynomial { degree: 1 };
const SIGNAL: SignalShape = SignalShape::Gaussian { mean: 3500.0, width: 100.0 };

/// A falling spectrum of so many events, and so many of signal.
fn spectrum(background: f64, signal: f64) -> Spectrum {
    let edges: Vec<f64> = (0..=40).map(|edge| 2500.0 + 50.0 * f64::from(edge)).collect();
    let falling = |bin: &Window| (-(f64::midpoint(bin.low, bin.high) - 2500.0) / 700.0).exp();
    let empty = Spectrum::new(edges, vec![0.0; 40]).expect("a spectrum");
    let total: f64 = empty.bins().map(|bin| falling(&bin)).sum();
    let counts = empty.bins().map(|bin| background * falling(&bin) / total + signal * SIGNAL.share(bin));
    empty.with_counts(counts.collect()).expect("a spectrum")
}

fn drawn(mean: &Spectrum, generator: &mut Pcg64) -> Spectrum {
    let draw = |mean: &f64| Poisson::new(*mean).expect("a mean").sample(generator);
    let counts = mean.counts().iter().map(draw).collect();
    mean.with_counts(counts).expect("a spectrum")
}

fn z(spectrum: &Spectrum) -> f64 {
    let likelihood = SpectrumLikelihood::new(spectrum, SHAPE, SIGNAL).expect("a fit");
    signed_z(&likelihood).expect("a fit")
}

#[test]
fn z_has_the_sign_and_about_the_size_of_what_is_injected() {
    let nothing = z(&spectrum(1e5, 0.0));
    assert!(nothing.abs() < 0.05, "{nothing}");
    let [found, lack] = [500.0, -500.0].map(|signal| z(&spectrum(1e5, signal)));
    assert!((3.0..6.0).contains(&found), "{found}");
    assert!((found + lack).abs() < 0.5, "{found} and {lack}");
}

#[test]
fn without_signal_z_is_a_unit_normal() {
    let (mean, mut generator) = (spectrum(2e4, 0.0), Pcg64::seed_from_u64(4));
    let toys: Vec<f64> = (0..400).map(|_| z(&drawn(&mean, &mut generator))).collect();
    let mean = toys.iter().sum::<f64>() / 400.0;
    let variance = toys.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 399.0;
    assert!(mean.abs() < 0.15 && (variance - 1.0).abs() < 0.22, "{mean} and {variance}");
}

#[test]
fn an_empty_window_is_a_lack_of_events_and_no_error() {
    let mean = spectrum(60.0, 0.0);
    let counts = mean
        .bins()
        .zip(mean.counts())
        .map(|(bin, count)| if (3100.0..3900.0).contains(&bin.low) { 0.0 } else { count.round() });
    let empty = mean.with_counts(counts.collect()).expect("a spectrum");
    let found = z(&empty);
    assert!((-6.0..-0.5).contains(&found), "{found}");
}

#[test]
fn limits_of_a_spectrum_are_near_those_of_a_count_beneath_the_signal() {
    let mean = spectrum(1e5, 0.0);
    let likelihood = SpectrumLikelihood::new(&mean, SHAPE, SIGNAL).expect("a fit");
    let found = upper_limits(&likelihood, QUOTED_LEVEL, 10.0).expect("limits");
    assert!((found.observed / found.expected[2] - 1.0).abs() < 0.02, "{found:?}");
    assert!(found.expected.is_sorted());
    // Two widths on either side hold 95% of the signal; its shape says more than the count, the side-bands cost a little.
    let beneath: f64 = mean
        .bins()
        .zip(mean.counts())
        .filter(|(bin, _)| (3300.0..3700.0).contains(&bin.low))
        .map(|(_, n)| n)
        .sum();
    let background = crate::statistics::search::background::Background { expected: beneath, error: 0.0 };
    let count = CountLikelihood { count: beneath, background, efficiency_error: 0.0 };
    let counted = upper_limits(&count, QUOTED_LEVEL, 10.0).expect("limits").expected[2] / 0.9545;
    assert!((0.8..1.15).contains(&(found.expected[2] / counted)), "{found:?} and {counted}");
    // With a signal of that many the observed limit rises by about as many.
    let more = SpectrumLikelihood::new(&spectrum(1e5, 300.0), SHAPE, SIGNAL).expect("a fit");
    let risen = upper_limits(&more, QUOTED_LEVEL, 10.0).expect("limits").observed - found.observed;
    assert!((230.0..340.0).contains(&risen), "{risen}");
}

#[test]
fn the_width_that_fits_best_is_that_of_the_signal() {
    let spectrum = spectrum(1e5, 3000.0);
    let widths = Window { low: 20.0, high: 400.0 };
    let (found, best) = best_width(&spectrum, SHAPE, SIGNAL.with_width(50.0), widths).expect("a fit");
    let SignalShape::Gaussian { width, .. } = found else { panic!("{found:?}") };
    assert!((width / 100.0 - 1.0).abs() < 0.02, "{width}");
    assert!((best.signal / 3000.0 - 1.0).abs() < 0.03, "{best:?}");
}

#[test]
fn a_broad_lack_of_events_is_no_better_width_than_a_narrow_excess() {
    let plain = spectrum(1e5, 0.0);
    let (dip, peak) = (SIGNAL.with_width(300.0), SIGNAL.with_width(25.0));
    let counts = plain
        .bins()
        .zip(plain.counts())
        .map(|(bin, count)| (count - 3000.0 * dip.share(bin) + 500.0 * peak.share(bin)).max(0.0));
    let bent = plain.with_counts(counts.collect()).expect("counts");
    let lack = SpectrumLikelihood::new(&bent, SHAPE, dip).expect("a fit");
    assert!(signed_z(&lack).expect("a fit") < -5.0, "the dip is the larger effect");
    let widths = Window { low: 20.0, high: 400.0 };
    let (found, best) = best_width(&bent, SHAPE, SIGNAL.with_width(50.0), widths).expect("a fit");
    let SignalShape::Gaussian { width, .. } = found else { panic!("{found:?}") };
    assert!(best.signal > 0.0 && width < 100.0, "{width} {best:?}");
}
