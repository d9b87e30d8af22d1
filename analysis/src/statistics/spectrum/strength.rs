//! The likelihood of signal events in a spectrum, side-bands and window together.

use nalgebra::DVector;

use crate::statistics::search::likelihood::{Best, SignalLikelihood};
use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::binned::{Fitted, Spectrum, Window};
use crate::statistics::spectrum::fit::fit_model;
use crate::statistics::spectrum::minimise::{Task, covariance};
use crate::statistics::spectrum::model::{Model, SignalEvents};
use crate::statistics::spectrum::shape::Shape;
use crate::statistics::spectrum::signal::SignalShape;

/// Widths that are tried before the best is sought between its neighbours.
const TRIED_WIDTHS: u8 = 9;
/// Steps between those neighbours, each of which leaves 62%.
const WIDTH_STEPS: u8 = 24;

/// The likelihood of a number of signal events of a given shape, over a function of the background with all its parameters free.
///
/// [`crate::statistics::search::likelihood::signed_z`] and [`crate::statistics::search::limits::upper_limits`] make Z and
/// limits of it. The events are all of the signal's, those beyond the spectrum among them.
#[derive(Clone, Debug)]
pub struct SpectrumLikelihood {
    model: Model,
    /// The background's parameters at their best without signal.
    without: DVector<f64>,
    nll_without: f64,
}

impl SpectrumLikelihood {
    /// Of all bins of a spectrum.
    ///
    /// # Errors
    /// The background alone has no fit, or nothing of the signal lies in the spectrum.
    pub fn new(spectrum: &Spectrum, shape: Shape, signal: SignalShape) -> Result<Self, SpectrumError> {
        let model = Model::new(spectrum, Fitted::AllBins, shape)?.with_signal(signal)?;
        let minimum = fit_model(&model, None, SignalEvents::Fixed(0.0))?;
        Ok(Self { model, without: minimum.parameters, nll_without: minimum.nll })
    }

    /// The best signal by the slope and the curvature of the likelihood without signal. Where no event lies beneath a signal, its
    /// likelihood has no maximum below 0, and this stands for it.
    ///
    /// Source: the score test, C. R. Rao, Proc. Camb. Phil. Soc. 44 (1948) 50, which is the likelihood ratio near 0.
    fn by_score(&self) -> Option<Best> {
        let own = self.model.parameters();
        let here = self.model.derivatives(&self.without.clone().push(0.0), SignalEvents::Free);
        let is_free =
            |place: &usize| *place == own || here.gradient[*place].abs() < 1e-6 || self.without[*place] > 0.0;
        let free: Vec<usize> = (0..=own).filter(is_free).collect();
        let variance = covariance(&here.information, &free)?[(own, own)];
        let score = here.gradient[own];
        Some(Best { signal: -score * variance, nll: self.nll_without - 0.5 * score * score * variance })
    }
}

impl SignalLikelihood for SpectrumLikelihood {
    type Error = SpectrumError;

    fn best(&self) -> Result<Best, SpectrumError> {
        let free = Task { model: &self.model, signal: SignalEvents::Free };
        match free.minimise(self.without.clone().push(0.0)) {
            Ok(minimum) => {
                let signal = minimum.parameters[self.model.parameters()];
                Ok(Best { signal, nll: minimum.nll.min(self.nll_without) })
            }
            Err(error) => self.by_score().filter(|best| best.signal < 0.0).ok_or(error),
        }
    }

    fn nll(&self, signal: f64) -> Result<f64, SpectrumError> {
        if signal == 0.0 {
            return Ok(self.nll_without);
        }
        let fixed = SignalEvents::Fixed(signal);
        fit_model(&self.model, Some(&self.without), fixed).map(|minimum| minimum.nll)
    }

    fn without_signal(&self) -> Result<Self, SpectrumError> {
        let mut asimov = self.clone();
        asimov.model.counts = self.model.expected(&self.without, 0.0);
        asimov.nll_without = 0.0;
        Ok(asimov)
    }
}

/// The width at which a signal fits best, between two widths, with its events there. A Z of it is not that of a Gaussian: it had
/// one parameter more to find an excess with, so that pseudo-experiments must calibrate it.
///
/// # Errors
/// The spectrum has no fit.
pub fn best_width(
    spectrum: &Spectrum,
    shape: Shape,
    signal: SignalShape,
    widths: Window,
) -> Result<(SignalShape, Best), SpectrumError> {
    let at = |ln_width: f64| -> Result<(f64, Best), SpectrumError> {
        let signal = signal.with_width(ln_width.exp());
        Ok((ln_width, SpectrumLikelihood::new(spectrum, shape, signal)?.best()?))
    };
    let (low, high) = (widths.low.ln(), widths.high.ln());
    let step = (high - low) / f64::from(TRIED_WIDTHS - 1);
    let tried = (0..TRIED_WIDTHS).map(|place| at(low + step * f64::from(place)));
    let tried: Vec<(f64, Best)> = tried.collect::<Result<_, _>>()?;
    let better = |a: (f64, Best), b: &(f64, Best)| if b.1.nll < a.1.nll { *b } else { a };
    let mut best = tried.iter().fold(tried[0], better);
    let (mut left, mut right) = ((best.0 - step).max(low), (best.0 + step).min(high));
    for _ in 0..WIDTH_STEPS {
        // The wider side of the best width is cut by the golden section.
        let to_right = right - best.0 > best.0 - left;
        let place = best.0 + 0.381_966 * if to_right { right - best.0 } else { left - best.0 };
        let found = at(place)?;
        let (kept, lost) = if found.1.nll < best.1.nll { (found, best) } else { (best, found) };
        if lost.0 > kept.0 {
            right = lost.0;
        } else {
            left = lost.0;
        }
        best = kept;
    }
    Ok((signal.with_width(best.0.exp()), best.1))
}

#[cfg(test)]
mod tests;
