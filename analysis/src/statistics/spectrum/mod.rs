//! The mass spectrum: functions of the background, fitted to binned counts with or without a signal.
//!
//! - In: counts of events in bins ([`binned`]), which of them are fitted, a function of the background ([`shape`]), a shape of the
//!   signal ([`signal`]), a generator of random numbers where there are pseudo-experiments.
//! - Out: the fit of greatest Poisson likelihood with its covariance and what it expects in any window ([`fit`]), how well it
//!   describes the counts ([`quality`]), which function of a family is enough ([`choice`]), what signal another function would
//!   feign ([`bias`]), and the likelihood of signal events for Z and limits ([`strength`]).
//! - It is told numbers in one unit of the resonant variable, and knows no job, no record and no figure.

mod basis;
pub mod bias;
pub mod binned;
pub mod choice;
pub mod fit;
mod minimise;
mod model;
pub mod quality;
pub mod shape;
pub mod signal;
pub mod strength;

/// Why a spectrum has no fit.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SpectrumError {
    /// The spectrum is none.
    #[error("the spectrum cannot be fitted ({0}) mend its bins")]
    BadBins(&'static str),
    /// The function has no such member.
    #[error("there is no such function of the background ({0}) choose another number of parameters")]
    BadShape(&'static str),
    /// A mass is not below the collision energy.
    #[error(
        "the spectrum cannot be fitted (its bins reach {high}, and the dijet function ends at √s = {energy}) end it below"
    )]
    BeyondCollisionEnergy {
        /// The last edge.
        high: f64,
        /// √s.
        energy: f64,
    },
    /// There are fewer bins than parameters.
    #[error(
        "the spectrum cannot be fitted ({bins} bins for {parameters} parameters) take narrower bins, wider side-bands or a simpler function"
    )]
    TooFewBins {
        /// Bins that are fitted.
        bins: usize,
        /// Parameters of the function.
        parameters: usize,
    },
    /// There are no events.
    #[error("the spectrum cannot be fitted (there are {0} events in the fitted bins) take wider side-bands")]
    TooFewEvents(f64),
    /// Terms of the function are alike in these bins.
    #[error(
        "the spectrum cannot be fitted (its terms cannot be told apart in these bins) take a simpler function or wider side-bands"
    )]
    Degenerate,
    /// A signal of no share.
    #[error(
        "the signal cannot be fitted (none of it lies in the fitted bins) fit the bins of its window, too"
    )]
    SignalElsewhere,
    /// No step leads to a better place.
    #[error(
        "the fit of the spectrum does not converge (no step improves the likelihood after {0}) take a simpler function or more events a bin"
    )]
    NoStep(usize),
    /// It takes too long.
    #[error(
        "the fit of the spectrum does not converge (the maximum was not reached in {0} steps) take a simpler function or more events a bin"
    )]
    TooManySteps(usize),
}
