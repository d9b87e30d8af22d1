//! What pseudo-experiments with signal have found, by window, cut and strength; and what limits on passing events mean for the signal of
//! a window.

use super::control::Deltas;
use super::numbers::{CutNumbers, Excess};
use super::scatters::Scatters;
use crate::job::{Produced, ScanPoint};
use crate::plan::work::{SensedCount, SensedExperiment, SensedWindow, SensitivityExperiments};
use crate::statistics::closure::Measured;
use crate::statistics::search::background::{Background, Normalisation, TemplateCut, expected_background};
use crate::statistics::search::counting::CountLikelihood;
use crate::statistics::search::limits::UpperLimits;
use crate::statistics::search::passing_signal::{PassingSignal, Simulated};
use crate::statistics::search::quoted::quoted_p;
use crate::statistics::search::scatter::Scatter;
use crate::store::Results;
use crate::store::unblinding::Blinding;

/// Said where a limit on the signal is missing.
const NONE_EXCLUDED: &str = "no number of signal events is excluded, for its efficiency differs too much from search to search, or is \
                             hardly known (name larger strengths in search.sensitivity, or more search.sensitivity_experiments)";

/// The same of what is expected, where data with a lack of events exclude something.
const NONE_EXPECTED: &str = "no limit on the signal is expected, for its efficiency differs too much from search to search, or is hardly \
                             known";

/// The efficiency that stands for no cut.
const BEFORE: f64 = 1.0;

/// A cut of a window at one strength of signal.
pub struct Sensed<'a> {
    /// The window.
    pub point: &'a ScanPoint,
    /// The share of the template that was to pass.
    pub efficiency: f64,
    /// S/√B: mean signal events over the root of the mean background.
    pub strength: f64,
    /// The mean number of signal events in the window.
    pub mean_signal: f64,
    /// The share of all simulated signal whose mass lies in the window.
    pub share_in_window: f64,
    /// The share of the drawn signal that passes, in all experiments together, with the error of their mean by how much they differ.
    pub passing: Measured,
    /// The standard deviation of that share from one search to another, beyond the chance of few events.
    pub passing_spread: f64,
    /// The quoted Z of each experiment.
    pub z: Vec<f64>,
}

/// Every window, strength and cut with numbers, in the order of the job.
pub fn of_all(results: &Results) -> Vec<Sensed<'_>> {
    let Some(search) = &results.job.search else { return vec![] };
    let strengths = search.sensitivity.iter().flat_map(|sensitivity| sensitivity.strengths.iter().copied());
    let strengths: Vec<f64> = strengths.collect();
    let (deltas, scatters) = (Deltas::of(results), Scatters::of(results));
    let mut all = vec![];
    for point in super::window::searched(results) {
        for strength in &strengths {
            let parts: Vec<&SensedWindow> = results
                .each::<SensitivityExperiments>()
                .filter(|part| part.point == *point && part.strength.to_bits() == strength.to_bits())
                .collect();
            for (place, efficiency) in search.efficiencies.iter().enumerate() {
                let error = deltas.at(*efficiency).map_or(0.0, |found| found.delta.error);
                let scatter = scatters.at(*efficiency);
                all.extend(at_cut(point, &parts, (place, *efficiency), (error, scatter)));
            }
        }
    }
    all
}

impl Sensed<'_> {
    /// What it says of the efficiency: one search differs from the mean, and the mean of these is not known for sure.
    fn simulated(&self) -> Simulated {
        let Measured { value, error } = self.passing;
        let spread = if value > 0.0 { self.passing_spread.hypot(error) / value } else { 0.0 };
        Simulated { before: self.mean_signal, behind: self.mean_signal * value, spread }
    }
}

/// A cut; none where no experiment has numbers. Of δ there is only the error, for data and template are of one model.
fn at_cut<'a>(
    point: &'a ScanPoint,
    parts: &[&SensedWindow],
    (place, efficiency): (usize, f64),
    errors: (f64, Scatter),
) -> Option<Sensed<'a>> {
    let first = parts.first()?;
    let (mut z, mut signal) = (vec![], vec![]);
    for part in parts {
        for experiment in &part.experiments {
            let Some(count) = experiment.cuts.get(place).copied().flatten() else { continue };
            z.extend(found_z(experiment, part.n_template, count, errors));
            signal.push([experiment.n_signal as f64, count.signal as f64]);
        }
    }
    let (passing, passing_spread) = share_passing(&signal);
    (!z.is_empty()).then_some(Sensed {
        point,
        efficiency,
        strength: first.strength,
        mean_signal: first.mean_signal,
        share_in_window: first.share_in_window,
        passing,
        passing_spread,
        z,
    })
}

/// The share of the signal that passes, in experiments with so much signal before and behind the cut: of all of it, with the error of that
/// ratio by its spread, and the standard deviation of the efficiency from one search to another, which learn anew: what is left of the
/// spread where that of a fixed efficiency is taken away. An efficiency of variance τ² makes n (ε (1 − ε) − τ²) + n² τ² of n events.
fn share_passing(signal: &[[f64; 2]]) -> (Measured, f64) {
    let sum = |place: usize| signal.iter().map(|one| one[place]).sum::<f64>();
    let (drawn, n) = (sum(0).max(1.0), signal.len() as f64);
    let value = sum(1) / drawn;
    let squares: f64 = signal.iter().map(|[before, behind]| (behind - value * before).powi(2)).sum();
    let variance = squares * n / (n - 1.0).max(1.0);
    let error = if n > 1.0 { variance.sqrt() / drawn } else { value };
    let by_chance = value * (1.0 - value) * sum(0);
    let pairs: f64 = signal.iter().map(|one| one[0] * (one[0] - 1.0)).sum();
    let beyond = (variance - by_chance).max(0.0) / pairs.max(1.0);
    (Measured { value, error }, beyond.sqrt())
}

fn found_z(
    experiment: &SensedExperiment,
    n_template: usize,
    count: SensedCount,
    (delta_error, scatter): (f64, Scatter),
) -> Option<f64> {
    let cut =
        TemplateCut { scatter, ..TemplateCut::of_independent(n_template as f64, count.template as f64) };
    let counted = Normalisation::Counted(experiment.n_data as f64);
    let background = expected_background(&cut, counted, Measured { value: 0.0, error: delta_error }).ok()?;
    let quoted = quoted_p(count.data, background).z();
    // Where nothing passes the exact p-value is 1, and its Z no number; that of the likelihood is one.
    let likelihood = CountLikelihood { count: count.data as f64, background, efficiency_error: 0.0 };
    Some(if quoted.is_finite() { quoted } else { likelihood.z() })
}

/// Z of so many signal events over a fit of the side-bands before any cut: the bump alone.
pub fn of_mass_alone(fitted: Background, mean_signal: f64) -> f64 {
    let count = fitted.expected + mean_signal;
    CountLikelihood { count, background: fitted, efficiency_error: 0.0 }.z()
}

/// What limits on events that pass say of the signal in the windows.
pub struct Conversions(Vec<Conversion>);

/// The same for one window and cut.
pub struct Conversion {
    window: String,
    efficiency: f64,
    /// How much passes the cut; none before any, where all of the window is there.
    passing: Option<PassingSignal>,
    /// Signal events that a femtobarn makes in the window, where luminosity and acceptance are known.
    a_femtobarn: Option<f64>,
}

impl Conversions {
    /// Of the pseudo-experiments with signal; empty without any.
    pub fn of(results: &Results) -> Self {
        let search = results.job.search.as_ref();
        let produced = search.and_then(|search| search.sensitivity.as_ref()?.produced);
        let all = of_all(results);
        let mut conversions: Vec<Conversion> = vec![];
        for sensed in &all {
            let window = sensed.point.to_string();
            let a_femtobarn = produced
                .map(|Produced { luminosity, acceptance }| luminosity * acceptance * sensed.share_in_window);
            let is_known = |efficiency: f64| conversions.iter().any(|known| known.is_of(&window, efficiency));
            let (is_first, is_again) = (!is_known(BEFORE), is_known(sensed.efficiency));
            if is_first {
                let window = window.clone();
                conversions.push(Conversion { window, efficiency: BEFORE, passing: None, a_femtobarn });
            }
            if is_again {
                continue;
            }
            let alike = all.iter().filter(|other| {
                other.point == sensed.point && other.efficiency.to_bits() == sensed.efficiency.to_bits()
            });
            let simulated = alike.map(Sensed::simulated);
            let Some(passing) = PassingSignal::of(simulated) else { continue };
            let (efficiency, passing) = (sensed.efficiency, Some(passing));
            conversions.push(Conversion { window, efficiency, passing, a_femtobarn });
        }
        Self(conversions)
    }

    /// That of a window and cut.
    pub fn at(&self, found: &CutNumbers<'_>) -> Option<&Conversion> {
        let window = found.window.point.to_string();
        self.0.iter().find(|known| known.is_of(&window, found.efficiency))
    }
}

impl Conversion {
    fn is_of(&self, window: &str, efficiency: f64) -> bool {
        self.window == window && self.efficiency.to_bits() == efficiency.to_bits()
    }

    /// Limits on the signal, as events behind the cut on average: those of an excess, with an efficiency that is another in each
    /// search. None where that excludes nothing.
    pub fn limits(&self, excess: &Excess, blinding: Blinding) -> Option<UpperLimits> {
        match &self.passing {
            Some(known) => excess.limits_along(blinding, |passing| known.spread(passing)),
            None => excess.visible_limits(blinding),
        }
    }

    /// Signal events in the window of which so many pass.
    pub fn in_window(&self, passing: f64) -> f64 {
        self.passing.as_ref().map_or(passing, |known| known.before(passing))
    }

    /// In words what is to be known of a limit on the signal: it lies outside of what was simulated, or there is none.
    pub fn noted(&self, excess: &Excess, blinding: Blinding) -> Vec<&'static str> {
        // Without a limit on what passes there is nothing to be said of the signal.
        let Some((passing, _)) = self.passing.as_ref().zip(excess.visible_limits(blinding)) else {
            return vec![];
        };
        let Some(limits) = self.limits(excess, blinding).filter(|limits| limits.observed.is_finite()) else {
            return vec![NONE_EXCLUDED];
        };
        let expected = limits.expected[2].is_infinite().then_some(NONE_EXPECTED);
        passing.beyond(limits.observed).into_iter().chain(expected).collect()
    }

    /// The cross-section (fb) of which so many pass, where luminosity and acceptance are known.
    pub fn cross_section(&self, passing: f64) -> Option<f64> {
        self.a_femtobarn.filter(|events| *events > 0.0).map(|events| self.in_window(passing) / events)
    }

    /// Limits on cross-sections, or where these are unknown on signal events in the window.
    pub fn on_signal(&self, excess: &Excess, blinding: Blinding) -> Option<UpperLimits> {
        let UpperLimits { observed, expected } = self.limits(excess, blinding)?;
        let of = |passing| self.cross_section(passing).unwrap_or_else(|| self.in_window(passing));
        Some(UpperLimits { observed: of(observed), expected: expected.map(of) })
    }
}
