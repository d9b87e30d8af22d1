//! Upper limits on signal events by CLs.

use crate::statistics::search::likelihood::{Best, SignalLikelihood, q_tilde};
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::root::falling_root;
use crate::statistics::special::ln_normal_tail;

/// 1 − CL of the limits that searches quote.
pub const QUOTED_LEVEL: f64 = 0.05;

/// The observed limit, and what is expected without signal. Infinite where no signal is excluded, because its efficiency is hardly known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpperLimits {
    /// With the data at hand.
    pub observed: f64,
    /// Medians of data without signal at −2σ, −1σ, 0, 1σ and 2σ.
    pub expected: [f64; 5],
}

/// Why there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LimitError<E> {
    /// The likelihood has no answer.
    #[error(transparent)]
    Likelihood(#[from] E),
    /// No signal is excluded.
    #[error(
        "there is no upper limit (no number of signal events is excluded) widen the window, or lower the error of the efficiency"
    )]
    Nothing,
}

/// Upper limits at a confidence level of 1 − `level` on the signal's events, by CLs with the asymptotic distributions of q̃.
///
/// `scale` is about how many events could be a limit; any positive number will do.
///
/// Source: Cowan, Cranmer, Gross, Vitells, arXiv:1007.1727, Section 3.7, with the variance of Asimov data (Section 3.2); CLs: A. L. Read, J. Phys. G 28 (2002) 2693. The bands are where a median experiment that lies n σ off has its limit:
/// √q̃ of the Asimov data is Φ⁻¹(1 − level Φ(n)) + n.
///
/// # Errors
/// The likelihood has no answer, or excludes nothing.
pub fn upper_limits<L: SignalLikelihood>(
    likelihood: &L,
    level: f64,
    scale: f64,
) -> Result<UpperLimits, LimitError<L::Error>> {
    let asimov = likelihood.without_signal()?;
    let best = likelihood.best()?;
    let best_of_asimov = asimov.best()?;
    let of_data = |signal: f64| q_tilde(likelihood, best, signal);
    limits_by(of_data, |signal| q_tilde(&asimov, best_of_asimov, signal), best.signal, (level, scale))
}

/// As [`upper_limits`], of a likelihood that is another for each signal: of less signal the efficiency may be known less well.
///
/// # Errors
/// As there.
pub fn upper_limits_along<L: SignalLikelihood>(
    likelihood: impl Fn(f64) -> L,
    level: f64,
    scale: f64,
) -> Result<UpperLimits, LimitError<L::Error>> {
    let of_data = |signal: f64| {
        let here = likelihood(signal);
        q_tilde(&here, here.best()?, signal)
    };
    let of_asimov = |signal: f64| {
        let here = likelihood(signal).without_signal()?;
        q_tilde(&here, here.best()?, signal)
    };
    limits_by(of_data, of_asimov, likelihood(scale).best()?.signal, (level, scale))
}

/// The limits that follow from q̃ with the data and with those without signal; `best` is the signal of the data.
fn limits_by<E>(
    of_data: impl Fn(f64) -> Result<f64, E>,
    of_asimov: impl Fn(f64) -> Result<f64, E>,
    best: f64,
    (level, scale): (f64, f64),
) -> Result<UpperLimits, LimitError<E>> {
    let root_of_asimov = |signal: f64| -> Result<f64, E> { Ok(of_asimov(signal)?.sqrt()) };
    let mut expected = [0.0; 5];
    for (limit, sigmas) in expected.iter_mut().zip([-2.0, -1.0, 0.0, 1.0, 2.0]) {
        let target = PValue::of_ln(level.ln() + ln_normal_tail(-sigmas)).z() + sigmas;
        let below = |signal: f64| Ok::<_, E>(target - root_of_asimov(signal)?);
        *limit = sane(falling_root(below, scale)?, scale);
    }
    let not_excluded = |signal: f64| {
        let root = root_of_asimov(signal)?;
        Ok::<_, E>(ln_cls(of_data(signal)?, root) - level.ln())
    };
    // A limit is never below the best signal, where CLs is one half or more.
    let start = scale.max(best);
    let observed = sane(falling_root(not_excluded, start)?, start);
    if observed.is_infinite() && expected[2].is_infinite() {
        return Err(LimitError::Nothing);
    }
    Ok(UpperLimits { observed, expected })
}

/// A limit, infinite where there is none. One that is so much larger than what could be a limit is where CLs, which no longer falls, crosses
/// the level by rounding.
fn sane(limit: Option<f64>, scale: f64) -> f64 {
    limit.filter(|limit| *limit < 1e9 * scale).unwrap_or(f64::INFINITY)
}

/// ln CLs of a signal that has q̃ with the data, and the root of q̃ with the Asimov data.
///
/// Source: arXiv:1007.1727, Section 3.7: q̃ is parabolic in the signal up to its Asimov value, and linear beyond.
fn ln_cls(q: f64, root_of_asimov: f64) -> f64 {
    let root = q.sqrt();
    let of_background = if root <= root_of_asimov || root_of_asimov == 0.0 {
        root - root_of_asimov
    } else {
        (q - root_of_asimov.powi(2)) / (2.0 * root_of_asimov)
    };
    ln_normal_tail(of_background + root_of_asimov) - ln_normal_tail(of_background)
}

/// CLs of a signal.
///
/// # Errors
/// The likelihood has no answer.
pub fn cls<L: SignalLikelihood>(likelihood: &L, signal: f64) -> Result<f64, L::Error> {
    let asimov = likelihood.without_signal()?;
    let of = |data: &L, best: Best| q_tilde(data, best, signal);
    Ok(ln_cls(of(likelihood, likelihood.best()?)?, of(&asimov, asimov.best()?)?.sqrt()).exp())
}

#[cfg(test)]
mod tests;
