//! The statistics of one cut in one window: what the template expects, and what a fit of the side-bands behind the cut does.

use super::control::Deltas;
use super::scatters::Scatters;
use super::window::{NO_EXCESS, template_cut};
use crate::job::{FitFunctions, Job, Regions};
use crate::plan::work::{CutOutcome, Passed, SearchWindow, SearchedWindow, WindowCut};
use crate::statistics::closure::Measured;
use crate::statistics::search::background::{Background, Normalisation, TemplateCut, expected_background};
use crate::statistics::search::control::ControlExcess;
use crate::statistics::search::counting::CountLikelihood;
use crate::statistics::search::limits::{QUOTED_LEVEL, UpperLimits, upper_limits, upper_limits_along};
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::quoted::larger;
use crate::statistics::search::scatter::Scatter;
use crate::statistics::search::small_counts::{exact_p, exact_p_behind_cut};
use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::binned::{Fitted, Spectrum, Window};
use crate::statistics::spectrum::choice::{Choice, QUOTED_LEVEL as QUOTED_QUALITY, choose};
use crate::statistics::spectrum::shape::Shape;
use crate::store::Results;
use crate::store::unblinding::Blinding;

/// By how much two estimates of the background may differ before that is noted: by this factor, and so many of their errors.
const CONTRADICTION: f64 = 1.5;
const CONTRADICTION_ERRORS: f64 = 5.0;

/// A window behind a cut, or before any.
pub struct CutNumbers<'a> {
    /// The window.
    pub window: &'a SearchedWindow,
    /// Its edges, and those of its side-bands.
    pub regions: Regions,
    /// The share of the template that was to pass; 1 before a cut.
    pub efficiency: f64,
    /// Events behind the cut; none before one, and where they are not told.
    pub passed: Option<&'a Passed>,
    /// N, the data in the window behind the cut.
    pub data: Option<usize>,
    /// δ of the cut, where control windows have measured it.
    pub delta: Option<ControlExcess>,
    /// By how much counts behind the cut scatter more than their numbers say, where enough pseudo-experiments have measured it.
    pub scatter: Option<Scatter>,
    /// Against the template.
    pub direct: Result<Excess, String>,
    /// Against a fit of the side-bands behind the same cut.
    pub spectrum: Result<OfSpectrum, String>,
}

/// Data over an expected background.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excess {
    /// Data.
    data: usize,
    /// b and `σ_b`.
    pub background: Background,
    /// Standard deviations, below 0 for a lack of events.
    pub z: f64,
    /// The p-value of Z.
    pub p: PValue,
    /// The p-value of a count against a count.
    pub exact: PValue,
    /// The background that limits are over: b, but of the template with what a fit expects before the cut, in which no signal is.
    pub limit_background: Option<Background>,
    /// Limits on signal events behind the cut at 95%; none where nothing is excluded.
    pub limits: Option<UpperLimits>,
}

/// The same by a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct OfSpectrum {
    /// The chosen function.
    pub function: String,
    /// The p-value of its χ² in the side-bands.
    pub quality: Option<f64>,
    /// What it expects in the window, and what is found. Without limits where it does not describe its side-bands.
    pub excess: Excess,
}

/// What is said of a fit that does not describe what it was fitted to, and of one that nobody knows it of.
const NOT_DESCRIBED: &str = "its Z and p are no evidence, and it has no limits (look at the spectrum, and take side-bands in which it is smooth)";
const NOT_TESTED: &str = "too few events to test the fit of the side-bands: its Z and p are no evidence, and it has no limits (take a larger \
                          efficiency, or wider side-bands)";

impl OfSpectrum {
    /// Whether the fit describes its side-bands, at the level at which functions are chosen. What one that does not expects in the
    /// window is arbitrary: its excess is no evidence, and a limit over it would be wrong without a sign of it.
    pub fn describes(&self) -> bool {
        self.quality.is_some_and(|p| p >= QUOTED_QUALITY)
    }

    /// Why the fit counts for nothing, if it does.
    pub fn flaw(&self) -> Option<String> {
        match self.quality {
            Some(p) if p >= QUOTED_QUALITY => None,
            Some(p) => {
                Some(format!("the fit does not describe its side-bands (p = {p:.1e}): {NOT_DESCRIBED}"))
            }
            None => Some(NOT_TESTED.to_owned()),
        }
    }
}

/// How b is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimate {
    /// From the template.
    Template,
    /// From a fit of the side-bands behind the cut.
    SideBands,
}

impl Estimate {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Template, Self::SideBands];

    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::SideBands => "side-bands",
        }
    }
}

impl Excess {
    /// Of so many data over an estimate.
    ///
    /// # Panics
    /// In builds with assertions, unless b is above 0 and its error not negative (of the template: above 0).
    pub fn of(data: usize, background: Background, estimate: Estimate) -> Self {
        let z = CountLikelihood { count: data as f64, background, efficiency_error: 0.0 }.z();
        let exact = match estimate {
            Estimate::Template => exact_p_behind_cut(data as u64, background),
            Estimate::SideBands => exact_p(data as u64, background),
        };
        let limits = limits(data, background);
        Self { data, background, z, p: PValue::of_z(z), exact, limit_background: Some(background), limits }
    }

    /// The limits that may be seen. While a search is blind they are those that are expected where nothing is known but the background
    /// that limits are over, and its error: nothing of them depends on the data behind the cut, nor on those in the window.
    pub fn visible_limits(&self, blinding: Blinding) -> Option<UpperLimits> {
        match blinding {
            Blinding::Open => self.limits,
            Blinding::Blind => self.limits_along(blinding, |_| 0.0),
        }
    }

    /// As [`Excess::visible_limits`], of a signal whose efficiency has a relative error that depends on how many of its events pass; none
    /// where nothing is excluded.
    pub fn limits_along(
        &self,
        blinding: Blinding,
        efficiency_error: impl Fn(f64) -> f64,
    ) -> Option<UpperLimits> {
        let background = self.limit_background?;
        let count = match blinding {
            Blinding::Open => self.data as f64,
            Blinding::Blind => background.expected,
        };
        let likelihood =
            |passing: f64| CountLikelihood { count, background, efficiency_error: efficiency_error(passing) };
        upper_limits_along(likelihood, QUOTED_LEVEL, background.expected.sqrt() + 3.0).ok()
    }

    /// The larger of both p-values: of few events the exact one, which takes less for granted.
    pub fn quoted(&self) -> PValue {
        larger(self.p, self.exact)
    }
}

/// Limits on the signal among so many data; none where nothing is excluded.
fn limits(data: usize, background: Background) -> Option<UpperLimits> {
    let likelihood = CountLikelihood { count: data as f64, background, efficiency_error: 0.0 };
    upper_limits(&likelihood, QUOTED_LEVEL, background.expected.sqrt() + 3.0).ok()
}

impl CutNumbers<'_> {
    /// The excess by an estimate, where there is one that counts: by the template, or by a fit that describes its side-bands.
    pub fn evidence(&self, estimate: Estimate) -> Option<&Excess> {
        self.excess(estimate)
            .filter(|_| estimate == Estimate::Template || self.fit_that_describes().is_some())
    }

    /// The fit of the side-bands, if it describes them.
    pub fn fit_that_describes(&self) -> Option<&OfSpectrum> {
        self.spectrum.as_ref().ok().filter(|found| found.describes())
    }

    /// What is to be noted where both estimates of the background contradict each other by far: one of them is wrong, whatever the data in
    /// the window do, so that a blind search may know it.
    pub fn contradiction(&self) -> Option<String> {
        let template = self.direct.as_ref().ok()?.background;
        let fit = self.fit_that_describes()?.excess.background;
        // Data in the window take no part here, and nor does their scatter.
        let independent = self.passed?.independent;
        let scatter = self.scatter.map_or(0.0, |own| own.relative_variance(template.expected, independent));
        let of_template = (template.error.powi(2) - scatter * template.expected.powi(2)).max(0.0).sqrt();
        let (ratio, error) = (fit.expected / template.expected, fit.error.hypot(of_template));
        let is_far = !(1.0 / CONTRADICTION..CONTRADICTION).contains(&ratio)
            && (fit.expected - template.expected).abs() > CONTRADICTION_ERRORS * error;
        is_far.then(|| {
            format!(
                "the fit of the side-bands expects {:.0} events behind this cut and the template {:.0} (a template that is not \
                 like the background, a signal in the side-bands, or a cut that follows the mass): look at search_spectra and at control windows",
                fit.expected, template.expected
            )
        })
    }

    /// The excess by an estimate, where there is one.
    pub fn excess(&self, estimate: Estimate) -> Option<&Excess> {
        match estimate {
            Estimate::Template => self.direct.as_ref().ok(),
            Estimate::SideBands => self.spectrum.as_ref().ok().map(|found| &found.excess),
        }
    }

    /// The spectrum of the events behind the cut; none where nothing passes, or nothing is told.
    pub fn counts(&self) -> Option<&[u32]> {
        match self.passed {
            Some(passed) => Some(&passed.spectrum),
            None => (self.efficiency >= 1.0).then_some(&self.window.spectrum[..]),
        }
    }

    /// The share of the selected data that is simulated signal, where the events have labels.
    pub fn purity(&self) -> Option<f64> {
        let (signal, data) = match self.passed {
            Some(passed) => (passed.signal?, passed.data),
            None => (self.window.n_signal.filter(|_| self.data.is_some())?, self.window.n_data),
        };
        (data > 0).then(|| signal as f64 / data as f64)
    }
}

/// The numbers of all windows that are searched: first those before a cut, then cut by cut.
pub fn of_all(results: &Results) -> Vec<CutNumbers<'_>> {
    let measured = (Deltas::of(results), Scatters::of(results));
    let windows = results.each::<SearchWindow>().filter(|window| window.point.is_searched());
    windows.flat_map(|window| of_window(&results.job, window, &measured)).collect()
}

/// The numbers of a window.
fn of_window<'a>(
    job: &Job,
    window: &'a SearchedWindow,
    (deltas, scatters): &(Deltas, Scatters),
) -> Vec<CutNumbers<'a>> {
    let Some(template) = window.point.template() else { return vec![] };
    let regions = job.regions_of(&template.sample);
    let spectrum = of_spectrum(job, &regions, window, &window.spectrum, window.n_data);
    let describing = spectrum.as_ref().ok().filter(|found| found.describes());
    let fitted = describing.map(|found| found.excess.background);
    let before = CutNumbers {
        window,
        regions,
        efficiency: 1.0,
        passed: None,
        data: Some(window.n_data),
        delta: None,
        scatter: None,
        direct: Err("before a cut the template says nothing of their number".to_owned()),
        spectrum,
    };
    let of_cut = |cut: &'a WindowCut| {
        let passed = cut.outcome.passed();
        let (delta, scatter) = (deltas.at(cut.efficiency), scatters.known(cut.efficiency));
        CutNumbers {
            window,
            regions,
            efficiency: cut.efficiency,
            passed,
            data: passed.map(|passed| passed.data),
            delta,
            scatter,
            direct: passed.ok_or_else(|| untold(&cut.outcome)).and_then(|passed| {
                let cut = TemplateCut {
                    scatter: scatter.unwrap_or(Scatter::OF_COUNTS),
                    ..template_cut(window, passed)
                };
                let delta = delta.map_or(NO_EXCESS, |found| found.delta);
                direct((window.n_data, passed.data), cut, delta, fitted)
            }),
            spectrum: passed
                .ok_or_else(|| untold(&cut.outcome))
                .and_then(|passed| of_spectrum(job, &regions, window, &passed.spectrum, passed.data)),
        }
    };
    std::iter::once(before).chain(window.cuts.iter().map(of_cut)).collect()
}

/// Why nothing is told of a cut.
pub fn untold(outcome: &CutOutcome) -> String {
    match outcome {
        CutOutcome::FewToLearn => {
            "there are fewer than 100 events of data, or such that the template began as, or fewer to learn from than \
             classifier.batch where the classifiers are perceptrons (take a wider window, wider side-bands, or a smaller batch)"
        }
        _ => "fewer than ten template events would pass (take a larger efficiency, or more search.oversampling)",
    }
    .to_owned()
}

/// The excess over the template: b = ε `N_SR` (1 + δ).
///
/// A signal is part of `N_SR`, and raises b: an excess is told too small, which is safe, and a limit would be too strong, which is
/// not. Limits take b = ε `B_fit` (1 + δ) in its place, of the fit of the side-bands before the cut; without one that describes them there
/// are none.
fn direct(
    (n_data, passing): (usize, usize),
    cut: TemplateCut,
    delta: Measured,
    fitted: Option<Background>,
) -> Result<Excess, String> {
    let expected = |events| expected_background(&cut, events, delta).map_err(|error| error.to_string());
    let background = expected(Normalisation::Counted(n_data as f64))?;
    let of_fit = |Background { expected: value, error }| Normalisation::Fitted(Measured { value, error });
    let for_limits = fitted.map(of_fit).and_then(|events| expected(events).ok());
    Ok(Excess {
        limit_background: for_limits,
        limits: for_limits.and_then(|background| limits(passing, background)),
        ..Excess::of(passing, background, Estimate::Template)
    })
}

/// The excess over a fit of the side-bands.
fn of_spectrum(
    job: &Job,
    regions: &Regions,
    window: &SearchedWindow,
    counts: &[u32],
    data: usize,
) -> Result<OfSpectrum, String> {
    let choice = side_band_fit(job, regions, &window.edges, counts)?;
    let Measured { value, error } = choice.fit().expected_in(hidden(regions));
    if !(value > 0.0 && value.is_finite() && error.is_finite()) {
        return Err("the fit of the side-bands expects nothing in the window".to_owned());
    }
    let excess = Excess::of(data, Background { expected: value, error }, Estimate::SideBands);
    let (function, quality) = (choice.fit().shape().to_string(), choice.quality().p);
    let found = OfSpectrum { function, quality, excess };
    if found.describes() {
        return Ok(found);
    }
    Ok(OfSpectrum { excess: Excess { limit_background: None, limits: None, ..excess }, ..found })
}

/// The window, which fits of the side-bands do not see.
pub fn hidden(regions: &Regions) -> Window {
    Window { low: regions.signal.low.0, high: regions.signal.high.0 }
}

/// The fit of the side-bands by the first of the search's families of functions that describes them; where none does, by that which comes
/// nearest.
///
/// # Errors
/// None has a fit: the reason of the first.
pub fn side_band_fit(job: &Job, regions: &Regions, edges: &[f64], counts: &[u32]) -> Result<Choice, String> {
    let told = |error: SpectrumError| error.to_string();
    let counts = counts.iter().copied().map(f64::from).collect();
    let spectrum = Spectrum::new(edges.to_vec(), counts).map_err(told)?;
    let named = job.search.as_ref().map_or(&FitFunctions::USUAL[..], |search| &search.fit_functions);
    let families: Vec<Vec<Shape>> = named.iter().map(|family| shapes(*family, job)).collect();
    let (place, mut choices) =
        choose(&spectrum, Fitted::Outside(hidden(regions)), &families).map_err(told)?;
    Ok(choices.swap_remove(place))
}

/// The members of a family, each within the next.
fn shapes(family: FitFunctions, job: &Job) -> Vec<Shape> {
    match family {
        FitFunctions::Dijet => Shape::dijets(job.collision_energy.0),
        FitFunctions::Exponential => Shape::exponentials(),
        FitFunctions::Bernstein => Shape::bernsteins(),
    }
}
