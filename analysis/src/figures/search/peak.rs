//! A peak on the mass spectrum of a window, before a cut or behind one: its events, Z and limits by the likelihood of the whole spectrum,
//! and the signal that the function of the background feigns.

use super::numbers::{CutNumbers, hidden, side_band_fit};
use crate::job::{Job, Peak};
use crate::plan::work::search_window::bin_width;
use crate::statistics::closure::Measured;
use crate::statistics::search::likelihood::{SignalLikelihood, signed_z};
use crate::statistics::search::limits::{QUOTED_LEVEL, UpperLimits, upper_limits};
use crate::statistics::search::p_value::PValue;
use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::bias::bias;
use crate::statistics::spectrum::binned::{Fitted, Spectrum, Window};
use crate::statistics::spectrum::choice::choose_member;
use crate::statistics::spectrum::shape::Shape;
use crate::statistics::spectrum::signal::{PowerTail, SignalShape};
use crate::statistics::spectrum::strength::{SpectrumLikelihood, best_width};

/// A fitted peak.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundPeak {
    /// Its standard deviation, given or fitted.
    pub width: f64,
    /// Its events, beyond the window as well.
    pub signal: f64,
    /// Z of the likelihood ratio, below 0 for a lack of events.
    pub z: f64,
    /// Whether the width is the job's.
    pub is_of_given_width: bool,
    /// The p-value of Z of a given width; that of a fitted one would be too small. None where the function does not describe the side-bands.
    pub p: Option<PValue>,
    /// Limits on its events at 95%; none where nothing is excluded.
    pub limits: Option<UpperLimits>,
    /// The largest signal that is found where there is none, and another function is the truth, with the error of the data at hand. None
    /// where no other function has a fit.
    pub spurious: Option<Measured>,
}

/// Fits the peak of a job to the spectrum of a window and cut, over the function that describes its side-bands. None where the job has no
/// peak, or nothing passes.
///
/// # Errors
/// The spectrum has no fit: the reason.
pub fn fitted(job: &Job, found: &CutNumbers<'_>) -> Option<Result<FoundPeak, String>> {
    let peak = job.search.as_ref()?.peak?;
    let counts = found.counts()?;
    let choice = side_band_fit(job, &found.regions, &found.window.edges, counts);
    let fit = choice.and_then(|choice| {
        let counts = counts.iter().copied().map(f64::from).collect();
        let told = |error: SpectrumError| error.to_string();
        let spectrum = Spectrum::new(found.window.edges.clone(), counts).map_err(told)?;
        let window = hidden(&found.regions);
        let widths = Window { low: bin_width(&found.regions), high: Peak::WIDEST * window.width() };
        fit(&spectrum, choice.fit().shape(), (peak, window, widths), job.collision_energy.0).map_err(told)
    });
    // Over a function that does not describe the side-bands a peak is no evidence, and a limit on it would be wrong.
    let counts_for_nothing = found.fit_that_describes().is_none();
    Some(fit.map(|peak| if counts_for_nothing { FoundPeak { p: None, limits: None, ..peak } } else { peak }))
}

fn fit(
    spectrum: &Spectrum,
    shape: Shape,
    (peak, window, widths): (Peak, Window, Window),
    collision_energy: f64,
) -> Result<FoundPeak, SpectrumError> {
    let mean = f64::midpoint(window.low, window.high);
    let of_width = |width: f64| match peak.tails {
        None => SignalShape::Gaussian { mean, width },
        Some([begins, power, upper_begins, upper_power]) => SignalShape::CrystalBall {
            mean,
            width,
            lower: PowerTail { begins, power },
            upper: PowerTail { begins: upper_begins, power: upper_power },
        },
    };
    let signal = match peak.width {
        Some(width) => of_width(width.0),
        None => best_width(spectrum, shape, of_width(widths.low), widths)?.0,
    };
    let likelihood = SpectrumLikelihood::new(spectrum, shape, signal)?;
    let (best, z) = (likelihood.best()?, signed_z(&likelihood)?);
    let scale = best.signal.abs().sqrt() + 3.0;
    let (SignalShape::Gaussian { width, .. } | SignalShape::CrystalBall { width, .. }) = signal;
    Ok(FoundPeak {
        width,
        signal: best.signal,
        z,
        is_of_given_width: peak.width.is_some(),
        p: peak.width.map(|_| PValue::of_z(z)),
        limits: upper_limits(&likelihood, QUOTED_LEVEL, scale).ok(),
        spurious: spurious(spectrum, window, (shape, signal), collision_energy),
    })
}

/// The largest signal that the function finds in what the best one of each other family expects. Those are fitted to the side-bands: in the
/// window a flexible one would follow a signal, and then feign it.
fn spurious(
    spectrum: &Spectrum,
    window: Window,
    own: (Shape, SignalShape),
    collision_energy: f64,
) -> Option<Measured> {
    let families = Shape::families(collision_energy);
    let others = families.iter().filter(|family| !family.contains(&own.0));
    let found = others.filter_map(|family| {
        let truth = choose_member(spectrum, Fitted::Outside(window), family).ok()?;
        // Without pseudo-experiments no number is drawn.
        let mut generator = crate::plan::random_stream::Stream::of_job(0).generator();
        bias(spectrum, truth.fit(), own, 0, &mut generator).ok()?.spurious
    });
    found.max_by(|one, other| one.value.abs().total_cmp(&other.value.abs()))
}
