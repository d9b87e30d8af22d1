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
/// A width at which events lack counts as one without signal, for an excess is sought: a broad dip is no better than a narrow peak.
/// Widths without a fit are passed over.
///
/// # Errors
/// The spectrum has no fit at any width.
pub fn best_width(
    spectrum: &Spectrum,
    shape: Shape,
    signal: SignalShape,
    widths: Window,
) -> Result<(SignalShape, Best), SpectrumError> {
    let at = |ln_width: f64| -> Result<Tried, SpectrumError> {
        let likelihood = SpectrumLikelihood::new(spectrum, shape, signal.with_width(ln_width.exp()))?;
        let best = likelihood.best()?;
        Ok(Tried { ln_width, best, nll: if best.signal >= 0.0 { best.nll } else { likelihood.nll(0.0)? } })
    };
    let (low, high) = (widths.low.ln(), widths.high.ln());
    let step = (high - low) / f64::from(TRIED_WIDTHS - 1);
    let mut best: Result<Tried, SpectrumError> = at(low);
    for place in 1..TRIED_WIDTHS {
        best = match (best, at(low + step * f64::from(place))) {
            (Ok(known), Ok(found)) => Ok(if found.nll < known.nll { found } else { known }),
            (Ok(known), Err(_)) => Ok(known),
            (Err(_), found) => found,
        };
    }
    let mut best = best?;
    let (mut left, mut right) = ((best.ln_width - step).max(low), (best.ln_width + step).min(high));
    for _ in 0..WIDTH_STEPS {
        // The wider side of the best width is cut by the golden section.
        let here = best.ln_width;
        let to_right = right - here > here - left;
        let place = here + 0.381_966 * if to_right { right - here } else { left - here };
        let lost = match at(place) {
            Ok(found) if found.nll < best.nll => std::mem::replace(&mut best, found).ln_width,
            _ => place,
        };
        if lost > best.ln_width {
            right = lost;
        } else {
            left = lost;
        }
    }
    Ok((signal.with_width(best.ln_width.exp()), best.best))
}

/// A width that was tried.
#[derive(Clone, Copy)]
struct Tried {
    ln_width: f64,
    best: Best,
    /// −ln L of the best signal that is no lack of events.
    nll: f64,
}

#[cfg(test)]
mod tests;
