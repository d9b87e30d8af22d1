use std::convert::Infallible;

use rand_distr::{Distribution, Poisson};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;

use super::*;
use crate::statistics::search::background::Background;
use crate::statistics::search::counting::CountLikelihood;

fn counted(count: f64, expected: f64, error: f64, efficiency_error: f64) -> CountLikelihood {
    CountLikelihood { count, background: Background { expected, error }, efficiency_error }
}

fn limits(likelihood: &CountLikelihood) -> UpperLimits {
    upper_limits(likelihood, QUOTED_LEVEL, 1.0).expect("a limit")
}

#[test]
fn of_many_events_limits_are_those_of_a_gaussian() {
    // s = 1.96 √b for the median of no signal; bands of Φ⁻¹(1 − 0.05 Φ(n)) + n.
    let found = limits(&counted(1e10, 1e10, 0.0, 0.0));
    for (limit, sigmas) in found.expected.iter().zip([1.051_763, 1.411_994, 1.959_964, 2.727_185, 3.655_984])
    {
        assert!((limit / 1e5 / sigmas - 1.0).abs() < 1e-4, "{limit} instead of {sigmas}");
    }
    assert!((found.observed / found.expected[2] - 1.0).abs() < 1e-9, "{found:?}");
    // An error of the background widens it by √(b + σ²).
    let wide = limits(&counted(1e10, 1e10, 1e5, 0.0));
    assert!((wide.expected[2] / found.expected[2] / 2.0_f64.sqrt() - 1.0).abs() < 1e-4, "{wide:?}");
}

#[test]
fn limits_exclude_at_their_level_and_go_with_the_count_and_the_errors() {
    let mut last = 0.0;
    for count in [0.0, 5.0, 10.0, 20.0, 100.0] {
        let likelihood = counted(count, 10.0, 3.0, 0.1);
        let found = limits(&likelihood);
        let Ok(there) = cls(&likelihood, found.observed);
        assert!((there - QUOTED_LEVEL).abs() < 1e-9, "{count}: {there}");
        assert!(found.observed > last, "{count}: {found:?}");
        assert!(found.expected.is_sorted(), "{found:?}");
        assert!(limits(&counted(count, 10.0, 3.0, 0.0)).observed < found.observed, "{count}");
        last = found.observed;
    }
}

#[test]
fn an_efficiency_that_may_be_naught_excludes_nothing() {
    let found = upper_limits(&counted(10.0, 10.0, 1.0, 5.0), QUOTED_LEVEL, 1.0);
    assert_eq!(found, Err(LimitError::<Infallible>::Nothing));
}

/// The share of pseudo-experiments with so much signal whose q̃ is at least as large.
fn share(signal: f64, tested: f64, data: &CountLikelihood, observed: f64, generator: &mut Pcg64) -> f64 {
    const TOYS: u32 = 20_000;
    let spread = data.background.error.powi(2) / data.background.expected;
    // The background as it is best for the data and the signal that is tested; the control region has 1/spread times that.
    let Ok(asimov) =
        counted(data.count, data.background.expected, data.background.error, 0.0).without_signal();
    let truth = asimov.background.expected;
    let [counts, controls] = [truth + signal, truth / spread].map(|mean| Poisson::new(mean).expect("a mean"));
    let larger = (0..TOYS).filter(|_| {
        let expected = spread * controls.sample(generator);
        let toy = counted(counts.sample(generator), expected, (spread * expected).sqrt(), 0.0);
        let Ok(best) = toy.best();
        let Ok(q) = q_tilde(&toy, best, tested);
        q >= observed - 1e-12
    });
    larger.count() as f64 / f64::from(TOYS)
}

#[test]
fn pseudo_experiments_exclude_what_the_formulae_exclude() {
    let data = counted(210.0, 200.0, 10.0, 0.0);
    let limit = limits(&data).observed;
    let (Ok(best), mut generator) = (data.best(), Pcg64::seed_from_u64(5));
    let Ok(observed) = q_tilde(&data, best, limit);
    let with_signal = share(limit, limit, &data, observed, &mut generator);
    let without = share(0.0, limit, &data, observed, &mut generator);
    let ratio = with_signal / without;
    assert!(
        (ratio - QUOTED_LEVEL).abs() < 0.008,
        "CLs of pseudo-experiments: {with_signal}/{without} = {ratio}"
    );
}

/// The share of pseudo-experiments whose limit lies above the signal that they hold, with an efficiency that differs from one to another.
fn coverage(signal: f64, spread: f64, efficiency_error: f64) -> f64 {
    const TOYS: u32 = 3_000;
    let (background, error) = (50.0_f64, 5.0_f64);
    let tau = background / error.powi(2);
    let mut generator = Pcg64::seed_from_u64(11);
    let above = (0..TOYS).filter(|_| {
        let efficiency: f64 = rand_distr::StandardNormal.sample(&mut generator);
        let efficiency = (1.0 + spread * efficiency).max(0.0);
        let control = Poisson::new(tau * background).expect("a mean").sample(&mut generator) / tau;
        let count = Poisson::new(background + efficiency * signal).expect("a mean").sample(&mut generator);
        let toy = counted(count, control, (control / tau).sqrt(), efficiency_error);
        limits(&toy).observed >= signal
    });
    above.count() as f64 / f64::from(TOYS)
}

#[test]
fn limits_lie_above_the_signal_as_often_as_they_say() {
    // The error of a coverage of 0.95 is 0.004.
    for signal in [10.0, 30.0, 80.0] {
        let found = coverage(signal, 0.0, 0.0);
        assert!(found > 0.938, "{signal}: {found}");
    }
    let large = coverage(80.0, 0.0, 0.0);
    assert!(large < 0.965, "of a signal that is seen CLs gives nothing away: {large}");
    // Of an efficiency that differs by a quarter, a limit that does not know it is too strong.
    let (known, unknown) = (coverage(80.0, 0.25, 0.25), coverage(80.0, 0.25, 0.0));
    assert!(known > 0.938 && unknown < 0.90, "{known} {unknown}");
}

#[test]
fn an_efficiency_that_is_known_the_better_the_more_passes_has_limits_of_its_own() {
    let of = |error: f64| limits(&counted(60.0, 50.0, 5.0, error));
    let along = |error: &dyn Fn(f64) -> f64| {
        upper_limits_along(|signal| counted(60.0, 50.0, 5.0, error(signal)), QUOTED_LEVEL, 1.0)
    };
    let fixed = along(&|_| 0.2).expect("a limit");
    assert!((fixed.observed / of(0.2).observed - 1.0).abs() < 1e-9, "{fixed:?}");
    assert!(fixed.expected.iter().zip(of(0.2).expected).all(|(one, other)| (one / other - 1.0).abs() < 1e-9));
    // What could be anything below 50 events, and is known well above, is excluded there.
    let found = along(&|signal| if signal < 50.0 { 5.0 } else { 0.01 }).expect("a limit");
    assert!((found.observed - 50.0).abs() < 1e-6, "{found:?} beside {:?}", of(0.01));
    assert_eq!(along(&|_| 5.0), Err(LimitError::<Infallible>::Nothing));
    // Of a third nothing is excluded where data lie two deviations above what is expected.
    let third = along(&|_| 0.34).expect("a limit");
    assert!(
        third.observed.is_finite() && third.expected[2].is_finite() && third.expected[4].is_infinite(),
        "{third:?}"
    );
}
