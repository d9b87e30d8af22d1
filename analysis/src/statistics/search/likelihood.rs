//! What a likelihood of signal events must answer, and the tests that come of it.

use crate::statistics::search::p_value::PValue;

/// The likelihood of a number of signal events, in which everything else takes its best value.
///
/// `nll` is −ln L with everything else at its best, against any fixed origin for the data at hand.
pub trait SignalLikelihood: Sized {
    /// Why it may have no answer.
    type Error;

    /// The signal at the maximum, below 0 where there are too few events, and −ln L there.
    ///
    /// # Errors
    /// The maximum is not found.
    fn best(&self) -> Result<Best, Self::Error>;

    /// −ln L of a signal, the rest at its best for it.
    ///
    /// # Errors
    /// The maximum is not found.
    fn nll(&self, signal: f64) -> Result<f64, Self::Error>;

    /// The likelihood of the data that are expected without signal, the rest as it is best for the data at hand: Asimov data.
    ///
    /// # Errors
    /// The maximum is not found.
    fn without_signal(&self) -> Result<Self, Self::Error>;
}

/// The maximum of a likelihood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Signal events.
    pub signal: f64,
    /// −ln L.
    pub nll: f64,
}

/// Z of the data without signal, below 0 where there are too few events: the root of q₀ = −2 ln [L(0) / L(ŝ)] with the sign of ŝ.
///
/// Source: Cowan, Cranmer, Gross, Vitells, arXiv:1007.1727, Eqs. 12 and 53; below 0, where their q₀ is 0, the uncapped statistic,
/// so that p-values of no signal are uniform to 1.
///
/// # Errors
/// The likelihood has no answer.
pub fn signed_z<L: SignalLikelihood>(likelihood: &L) -> Result<f64, L::Error> {
    let best = likelihood.best()?;
    let q0 = 2.0 * (likelihood.nll(0.0)? - best.nll);
    Ok(q0.max(0.0).sqrt().copysign(best.signal))
}

/// The asymptotic p-value of [`signed_z`].
///
/// # Errors
/// The likelihood has no answer.
pub fn local_p<L: SignalLikelihood>(likelihood: &L) -> Result<PValue, L::Error> {
    signed_z(likelihood).map(PValue::of_z)
}

/// q̃ of a signal: how much worse it is than the best one that is neither negative nor larger.
///
/// Source: arXiv:1007.1727, Eq. 16.
///
/// # Errors
/// The likelihood has no answer.
pub fn q_tilde<L: SignalLikelihood>(likelihood: &L, best: Best, signal: f64) -> Result<f64, L::Error> {
    if best.signal >= signal {
        return Ok(0.0);
    }
    let reference = if best.signal < 0.0 { likelihood.nll(0.0)? } else { best.nll };
    Ok((2.0 * (likelihood.nll(signal)? - reference)).max(0.0))
}
