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
