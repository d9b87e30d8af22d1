//! The statistics of one cut in one window: what the template expects, and what a fit of the side-bands behind the cut does.

use crate::job::{Job, Regions};
use crate::plan::work::{CutOutcome, Passed, SearchWindow, SearchedWindow, WindowCut};
use crate::statistics::closure::Measured;
use crate::statistics::search::background::{Background, Normalisation, TemplateCut, expected_background};
use crate::statistics::search::counting::CountLikelihood;
use crate::statistics::search::limits::{QUOTED_LEVEL, UpperLimits, upper_limits};
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::small_counts::exact_p;
use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::binned::{Fitted, Spectrum, Window};
use crate::statistics::spectrum::choice::{Choice, choose};
use crate::statistics::spectrum::shape::Shape;
use crate::store::Results;

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
    /// Against the template.
    pub direct: Result<Excess, String>,
    /// Against a fit of the side-bands behind the same cut.
    pub spectrum: Result<OfSpectrum, String>,
}

/// Data over an expected background.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excess {
    /// b and `σ_b`.
    pub background: Background,
    /// Standard deviations, below 0 for a lack of events.
    pub z: f64,
    /// The p-value of Z.
    pub p: PValue,
    /// The p-value of a count against a count.
    pub exact: PValue,
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
    /// What it expects in the window, and what is found.
    pub excess: Excess,
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
    /// Of so many data.
    ///
    /// # Panics
    /// In builds with assertions, unless b is above 0 and its error not negative.
    pub fn of(data: usize, background: Background) -> Self {
        let likelihood = CountLikelihood { count: data as f64, background, efficiency_error: 0.0 };
        let z = likelihood.z();
        let scale = background.expected.sqrt() + 3.0;
        Self {
            background,
            z,
            p: PValue::of_z(z),
            exact: exact_p(data as u64, background),
            limits: upper_limits(&likelihood, QUOTED_LEVEL, scale).ok(),
        }
    }

    /// The larger of both p-values: of few events the exact one, which takes less for granted.
    pub fn quoted(&self) -> PValue {
        if self.exact > self.p { self.exact } else { self.p }
    }
}

impl CutNumbers<'_> {
    /// The excess by an estimate, where there is one.
    pub fn excess(&self, estimate: Estimate) -> Option<&Excess> {
        match estimate {
            Estimate::Template => self.direct.as_ref().ok(),
            Estimate::SideBands => self.spectrum.as_ref().ok().map(|found| &found.excess),
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

/// The numbers of all windows: first those before a cut, then cut by cut.
pub fn of_all(results: &Results) -> Vec<CutNumbers<'_>> {
    results.each::<SearchWindow>().flat_map(|window| of_window(&results.job, window)).collect()
}

/// The numbers of a window.
pub fn of_window<'a>(job: &Job, window: &'a SearchedWindow) -> Vec<CutNumbers<'a>> {
    let Some(template) = window.point.template() else { return vec![] };
    let regions = job.regions_of(&template.sample);
    let before = CutNumbers {
        window,
        regions,
        efficiency: 1.0,
        passed: None,
        data: Some(window.n_data),
        direct: Err("before a cut the template says nothing of their number".to_owned()),
        spectrum: of_spectrum(job, &regions, window, &window.spectrum, window.n_data),
    };
    let of_cut = |cut: &'a WindowCut| {
        let passed = cut.outcome.passed();
        CutNumbers {
            window,
            regions,
            efficiency: cut.efficiency,
            passed,
            data: passed.map(|passed| passed.data),
            direct: passed.ok_or_else(|| untold(&cut.outcome)).and_then(|passed| direct(window, passed)),
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
            "there are fewer than 100 events of data or template to learn from (take a wider window)"
        }
        _ => "fewer than ten template events would pass (take a larger efficiency, or more search.oversampling)",
    }
    .to_owned()
}

/// The excess over the template: b = ε `N_SR`.
fn direct(window: &SearchedWindow, passed: &Passed) -> Result<Excess, String> {
    let cut = TemplateCut {
        before: window.n_template as f64,
        behind: passed.template as f64,
        independent: passed.independent,
    };
    let counted = Normalisation::Counted(window.n_data as f64);
    let background = expected_background(&cut, counted, NO_EXCESS).map_err(|error| error.to_string())?;
    Ok(Excess::of(passed.data, background))
}

/// δ, before anybody has measured it.
const NO_EXCESS: Measured = Measured { value: 0.0, error: 0.0 };

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
    Ok(OfSpectrum {
        function: choice.fit().shape().to_string(),
        quality: choice.quality().p,
        excess: Excess::of(data, Background { expected: value, error }),
    })
}

/// The window, which fits of the side-bands do not see.
fn hidden(regions: &Regions) -> Window {
    Window { low: regions.signal.low.0, high: regions.signal.high.0 }
}

/// The fit of the side-bands: the dijet function of two to four parameters, or where none of them describes the side-bands an
/// exponential of a polynomial.
///
/// # Errors
/// Neither has a fit: the reason.
pub fn side_band_fit(job: &Job, regions: &Regions, edges: &[f64], counts: &[u32]) -> Result<Choice, String> {
    let told = |error: SpectrumError| error.to_string();
    let counts = counts.iter().copied().map(f64::from).collect();
    let spectrum = Spectrum::new(edges.to_vec(), counts).map_err(told)?;
    let families = [Shape::dijets(job.collision_energy.0), Shape::exponentials()];
    let (place, mut choices) =
        choose(&spectrum, Fitted::Outside(hidden(regions)), &families).map_err(told)?;
    Ok(choices.swap_remove(place))
}
