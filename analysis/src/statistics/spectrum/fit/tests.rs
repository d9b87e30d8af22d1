use rand_distr::{Distribution, Poisson};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;

use super::*;

const ENERGY: f64 = 13_000.0;
const DIJET: Shape = Shape::Dijet { parameters: 4, collision_energy: ENERGY };
const SIGNAL_REGION: Window = Window { low: 3300.0, high: 3700.0 };

fn edges() -> Vec<f64> {
    (0..=40).map(|edge| 2500.0 + 50.0 * f64::from(edge)).collect()
}

/// The dijet function of these p₁ to p₄ at m.
fn dijet([ln_p1, p2, p3, p4]: [f64; 4], m: f64) -> f64 {
    let x: f64 = m / ENERGY;
    (ln_p1 + p2 * (-x).ln_1p() + p3 * x.ln() + p4 * x.ln().powi(2)).exp()
}

/// What a density expects in every bin, by Simpson's rule.
fn expected(density: impl Fn(f64) -> f64) -> Spectrum {
    let edges = edges();
    let means = edges.windows(2).map(|pair| {
        let (low, high) = (pair[0], pair[1]);
        (high - low) / 6.0 * (density(low) + 4.0 * density(f64::midpoint(low, high)) + density(high))
    });
    Spectrum::new(edges.clone(), means.collect()).expect("a spectrum")
}

fn drawn(mean: &Spectrum, generator: &mut Pcg64) -> Spectrum {
    let draw = |mean: &f64| Poisson::new(*mean).expect("a mean").sample(generator);
    let counts = mean.counts().iter().map(draw).collect();
    mean.with_counts(counts).expect("a spectrum")
}

/// A falling spectrum of 50,000 events.
fn falling() -> Spectrum {
    let shape = [-14.0, 9.0, -6.0, 0.4];
    let unscaled: f64 = expected(|m| dijet(shape, m)).counts().iter().sum();
    expected(|m| 5e4 / unscaled * dijet(shape, m))
}

#[test]
fn the_parameters_of_an_exact_dijet_spectrum_come_back() {
    for wanted in [[-9.0, 14.0, -5.0, 0.5], [-3.0, 0.0, -6.0, 0.0]] {
        let spectrum = expected(|m| dijet(wanted, m));
        let found = fit(&spectrum, Fitted::AllBins, DIJET).expect("a fit");
        assert!(found.nll < 1e-6, "{}", found.nll);
        let parameters = found.parameters();
        assert_eq!(parameters.names, ["ln p1", "p2", "p3", "p4"]);
        for (value, wanted) in parameters.values.iter().zip(wanted) {
            assert!((value - wanted).abs() < 2e-3, "{:?} instead of {wanted}", parameters.values);
        }
        for m in [2600.0, 3500.0, 4400.0] {
            assert!((found.density(m) / dijet(wanted, m) - 1.0).abs() < 1e-6, "{m}");
        }
    }
}

#[test]
fn members_with_fewer_parameters_are_the_function_without_the_others() {
    for (parameters, wanted, names) in [
        (2, [2.0, 0.0, -6.0, 0.0], vec!["ln p1", "p3"]),
        (3, [2.0, 12.0, -6.0, 0.0], vec!["ln p1", "p2", "p3"]),
    ] {
        let spectrum = expected(|m| dijet(wanted, m));
        let shape = Shape::Dijet { parameters, collision_energy: ENERGY };
        let found = fit(&spectrum, Fitted::AllBins, shape).expect("a fit").parameters();
        assert_eq!(found.names, names);
        let kept: Vec<f64> = wanted.into_iter().filter(|p| *p != 0.0).collect();
        for (value, wanted) in found.values.iter().zip(kept) {
            assert!((value - wanted).abs() < 1e-3, "{:?}", found.values);
        }
    }
}

#[test]
fn a_fit_of_side_bands_expects_the_window_within_its_error() {
    let mean = falling();
    let truth: f64 = mean
        .bins()
        .zip(mean.counts())
        .filter(|(bin, _)| bin.low >= 3300.0 && bin.high <= 3700.0)
        .map(|(_, n)| n)
        .sum();
    let exact = fit(&mean, Fitted::Outside(SIGNAL_REGION), DIJET).expect("a fit").expected_in(SIGNAL_REGION);
    assert!((exact.value / truth - 1.0).abs() < 1e-5, "{exact:?} instead of {truth}");
    let mut generator = Pcg64::seed_from_u64(2);
    for shape in [DIJET, Shape::ExponentialOfPolynomial { degree: 3 }, Shape::Bernstein { degree: 5 }] {
        // What the function itself makes of the truth: some cannot follow it to a permille.
        let own = fit(&mean, Fitted::Outside(SIGNAL_REGION), shape)
            .expect("a fit")
            .expected_in(SIGNAL_REGION)
            .value;
        assert!((own / truth - 1.0).abs() < 0.1, "{shape}: {own} instead of {truth}");
        let pulls: Vec<f64> = (0..100)
            .map(|_| {
                let toy = drawn(&mean, &mut generator);
                let found = fit(&toy, Fitted::Outside(SIGNAL_REGION), shape).expect("a fit");
                let window = found.expected_in(SIGNAL_REGION);
                (window.value - own) / window.error
            })
            .collect();
        let mean = pulls.iter().sum::<f64>() / 100.0;
        let variance = pulls.iter().map(|pull| (pull - mean).powi(2)).sum::<f64>() / 99.0;
        assert!(mean.abs() < 0.4 && (0.65..1.4).contains(&variance), "{shape}: {mean} and {variance}");
    }
}

#[test]
fn injected_signal_is_found_with_its_error() {
    let signal = SignalShape::Gaussian { mean: 3500.0, width: 80.0 };
    let background = falling();
    let counts = background.bins().zip(background.counts()).map(|(bin, n)| n + 400.0 * signal.share(bin));
    let spectrum = background.with_counts(counts.collect()).expect("a spectrum");
    for shape in [DIJET, Shape::ExponentialOfPolynomial { degree: 3 }] {
        let found = fit_with_signal(&spectrum, Fitted::AllBins, shape, signal).expect("a fit");
        let events = found.signal.expect("a signal");
        assert!((events.value - 400.0).abs() < 25.0, "{shape}: {events:?}");
        // What the signal's shape alone would say, were the background known.
        let known: f64 =
            spectrum.bins().zip(spectrum.counts()).map(|(bin, n)| signal.share(bin).powi(2) / n).sum();
        let ratio = events.error * known.sqrt();
        assert!((1.0..1.6).contains(&ratio), "{shape}: {events:?}, {ratio}");
        assert_eq!(found.free_parameters(), shape.parameters() + 1);
        assert!((found.expected.iter().sum::<f64>() - spectrum.counts().iter().sum::<f64>()).abs() < 1e-3);
    }
}

#[test]
fn polynomials_that_would_be_negative_stay_at_zero() {
    // A straight line that reaches 0 in the middle: the upper half is empty.
    let spectrum = expected(|m| (3500.0 - m).max(0.0));
    for degree in 1..=6 {
        let found = fit(&spectrum, Fitted::AllBins, Shape::Bernstein { degree }).expect("a fit");
        let Parameters { values, covariance, .. } = found.parameters();
        assert!(values.iter().all(|value| *value >= 0.0), "{values:?}");
        assert!(values.contains(&0.0), "{values:?}");
        let held = values.iter().zip(&covariance).filter(|(value, _)| **value == 0.0);
        assert!(held.into_iter().all(|(_, row)| row.iter().all(|entry| *entry == 0.0)));
    }
    // Bernstein coefficients of a straight line that stays positive are on a straight line, too.
    let line = expected(|m| 7000.0 - m);
    let found =
        fit(&line, Fitted::AllBins, Shape::Bernstein { degree: 3 }).expect("a fit").parameters().values;
    for (value, wanted) in found.iter().zip([4500.0, 3833.333, 3166.667, 2500.0]) {
        assert!((value / 500.0 / wanted - 1.0).abs() < 1e-4, "{found:?}");
    }
}

#[test]
fn few_events_over_many_decades_are_fitted_whatever_the_seed() {
    let mut generator = Pcg64::seed_from_u64(7);
    let steep = expected(|m| 3.0 * (-(m - 2500.0) / 120.0).exp());
    for shape in [
        Shape::ExponentialOfPolynomial { degree: 2 },
        Shape::Dijet { parameters: 3, collision_energy: ENERGY },
    ] {
        for _ in 0..50 {
            let toy = drawn(&steep, &mut generator);
            let found = fit(&toy, Fitted::AllBins, shape);
            let found = found.unwrap_or_else(|error| panic!("{shape}: {error} {:?}", toy.counts()));
            assert!((found.expected.iter().sum::<f64>() - toy.counts().iter().sum::<f64>()).abs() < 1e-4);
        }
    }
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let spectrum = falling();
    let refused = |fitted, shape| fit(&spectrum, fitted, shape).expect_err("no fit");
    let narrow = Fitted::Outside(Window { low: 2600.0, high: 4450.0 });
    assert_eq!(refused(narrow, DIJET), SpectrumError::TooFewBins { bins: 3, parameters: 4 });
    let low = Shape::Dijet { parameters: 4, collision_energy: 4000.0 };
    assert!(matches!(refused(Fitted::AllBins, low), SpectrumError::BeyondCollisionEnergy { .. }));
    let none = Shape::Dijet { parameters: 5, collision_energy: ENERGY };
    assert!(matches!(refused(Fitted::AllBins, none), SpectrumError::BadShape(_)));
    assert!(matches!(refused(Fitted::AllBins, Shape::Bernstein { degree: 0 }), SpectrumError::BadShape(_)));
    let empty = spectrum.with_counts(vec![0.0; 40]).expect("a spectrum");
    assert_eq!(fit(&empty, Fitted::AllBins, DIJET).expect_err("no fit"), SpectrumError::TooFewEvents(0.0));
    let far = SignalShape::Gaussian { mean: 9000.0, width: 50.0 };
    let found = fit_with_signal(&spectrum, Fitted::AllBins, DIJET, far);
    assert_eq!(found.expect_err("no signal"), SpectrumError::SignalElsewhere);
}
