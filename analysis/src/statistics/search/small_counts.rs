//! Small counts: one Poisson count against another, exactly.

use crate::statistics::search::background::Background;
use crate::statistics::search::p_value::PValue;
use crate::statistics::special::{ln_beta_tails, ln_poisson_tails};

/// A control region of so many events is taken to have no fluctuations of its own.
const MUCH: f64 = 1e9;

/// P(K ≥ N) of a negative binomial: K failures come before the n-th success of probability p. n need not be whole.
///
/// Source: P(K ≥ N) = `I_{1−p}`(N, n), as NIST's Digital Library of Mathematical Functions, 8.17.5, has it for the binomial.
///
/// # Panics
/// In builds with assertions, unless n is above 0 and p lies between 0 and 1.
pub fn negative_binomial_tail(count: u64, successes: f64, success: f64) -> PValue {
    tail(count, successes, [success, 1.0 - success])
}

/// The same of the probabilities of success and of failure, of which the smaller has all its digits.
fn tail(count: u64, successes: f64, [success, failure]: [f64; 2]) -> PValue {
    if count == 0 {
        return PValue::of_ln(0.0);
    }
    PValue::of_ln(ln_beta_tails(count as f64, successes, [failure, success]).below)
}

/// P(at least N events) where a control region with `ratio` times the background has `control` events, which need not be
/// whole: exact for a Poisson count against another, for the share of all events that lie in the window is binomial.
///
/// Published searches take the tail with n = M successes in place of M + 1 ([`negative_binomial_tail`]), which has smaller
/// p-values.
///
/// Source: R. D. Cousins, J. T. Linnemann, J. Tucker, Nucl. Instrum. Meth. A 595 (2008) 480, arXiv:physics/0702156 (`Z_Bi`).
///
/// # Panics
/// In builds with assertions, unless `control` is not negative and `ratio` above 0.
pub fn poisson_against_poisson(count: u64, control: f64, ratio: f64) -> PValue {
    tail(count, control + 1.0, [ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)])
}

/// P(at least N data events) behind a cut that was put where so many template events pass it: the cut is known and their number
/// is not a Poisson one, so that data above the last of them are failures before the M-th success. With an error of δ, or a scatter
/// of counts, M is b²/σ² as in [`exact_p`], and no number of events any more.
///
/// # Panics
/// In builds with assertions, unless b and σ are above 0.
pub fn exact_p_behind_cut(count: u64, background: Background) -> PValue {
    let Background { expected, error } = background;
    let ratio = expected / error.powi(2);
    let successes = expected * ratio;
    tail(count, successes, [ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)])
}

/// The same for a background with an error: a control region that has b²/σ² events and b/σ² times the background. Without an
/// error it is the Poisson tail.
///
/// # Panics
/// In builds with assertions, unless b is above 0 and σ not negative.
pub fn exact_p(count: u64, background: Background) -> PValue {
    let Background { expected, error } = background;
    let ratio = expected / error.powi(2);
    if count == 0 || expected * ratio < MUCH {
        return poisson_against_poisson(count, expected * ratio, ratio);
    }
    PValue::of_ln(ln_poisson_tails(count, expected).above)
}

#[cfg(test)]
mod tests {
    use rand_distr::{Beta, Distribution, Poisson};

    use super::*;
    use crate::plan::random_stream::Stream;

    fn near(found: PValue, expected: f64, relative: f64) {
        assert!((found.value() / expected - 1.0).abs() < relative, "{} not {expected}", found.value());
    }

    #[test]
    fn tails_are_sums_of_probabilities() {
        near(negative_binomial_tail(0, 3.0, 0.4), 1.0, 1e-15);
        // One minus the probabilities of 0, 1 and 2 failures before the third success.
        let (p, q) = (0.4_f64, 0.6_f64);
        let below = p.powi(3) * (1.0 + 3.0 * q + 6.0 * q * q);
        near(negative_binomial_tail(3, 3.0, 0.4), 1.0 - below, 1e-13);
        // No event in a control region of the same size: p = 2^−N.
        near(poisson_against_poisson(10, 0.0, 1.0), 0.5_f64.powi(10), 1e-13);
        let far = poisson_against_poisson(5_000, 0.0, 1.0);
        assert!((far.ln() + 5_000.0 * std::f64::consts::LN_2).abs() < 1e-9, "{far:?}");
    }

    #[test]
    fn without_an_error_the_tail_is_that_of_poisson() {
        // P(K ≥ 3 | 0.5) = 1 − e^−½ (1 + ½ + ⅛).
        let expected = 1.0 - (-0.5_f64).exp() * 1.625;
        near(exact_p(3, Background { expected: 0.5, error: 0.0 }), expected, 1e-12);
        near(exact_p(3, Background { expected: 0.5, error: 2e-5 }), expected, 1e-7);
        assert!(exact_p(3, Background { expected: 0.5, error: 0.3 }).value() > expected);
    }

    #[test]
    fn data_behind_the_cut_of_a_template_have_a_uniform_p() {
        // Ten of 10,000 template events pass: the share that passes is that of the tenth largest of uniform numbers.
        let mut generator = Stream::of_job(1).generator();
        let share = Beta::new(10.0, 9_991.0).expect("numbers above 0");
        let background = Background { expected: 10.0, error: 10.0_f64.sqrt() };
        let times = 20_000;
        let is_small = |_: &i32| {
            let mean = 10_000.0 * share.sample(&mut generator);
            let count = Poisson::new(mean).expect("a mean above 0").sample(&mut generator);
            exact_p_behind_cut(count as u64, background).value() < 0.05
        };
        let small = (0..times).filter(is_small).count();
        let rate = small as f64 / f64::from(times);
        // As near to 0.05 as whole numbers come; with one success more it were 0.022.
        assert!((0.035..0.06).contains(&rate), "{rate}");
    }

    #[test]
    fn of_many_events_it_agrees_with_the_likelihood() {
        let background = Background { expected: 1e4, error: 100.0 };
        let z = exact_p(10_700, background).z();
        let count = crate::statistics::search::counting::CountLikelihood {
            count: 10_700.0,
            background,
            efficiency_error: 0.0,
        };
        assert!((z - count.z()).abs() < 0.02, "{z} and {}", count.z());
    }
}
