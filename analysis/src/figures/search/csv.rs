//! `search.csv`: a row for each window and cut.

use serde::Serialize;

use super::numbers::{CutNumbers, Excess, of_all};
use super::peak::{FoundPeak, fitted};
use super::pseudo_searches::PseudoSearch;
use super::sensed::{Conversion, Conversions};
use super::window::NO_EXCESS;
use crate::figures::table::round;
use crate::statistics::search::p_value::PValue;
use crate::store::Results;
use crate::store::unblinding::Blinding;

/// What stands in place of a number that is withheld.
pub const BLIND: &str = "blind";

/// A row. What depends on data behind the cut is a word while the search is blind.
#[derive(Serialize)]
struct SearchRow {
    window_low_gev: f64,
    window_high_gev: f64,
    side_bands_gev: String,
    method: &'static str,
    efficiency: f64,
    n_window: usize,
    n_template: usize,
    n_template_passing: Option<usize>,
    n: String,
    background: Option<f64>,
    background_error: Option<f64>,
    delta: Option<f64>,
    delta_error: Option<f64>,
    delta_windows: Option<usize>,
    z: String,
    p: String,
    p_exact: String,
    p_calibrated: String,
    global_p: String,
    limit: String,
    limit_expected: String,
    limit_background: Option<f64>,
    limit_background_error: Option<f64>,
    limit_signal: String,
    limit_signal_expected: String,
    limit_fb: String,
    limit_fb_expected: String,
    fit_function: String,
    fit_quality_p: Option<f64>,
    fit_background: Option<f64>,
    fit_background_error: Option<f64>,
    fit_z: String,
    fit_p: String,
    fit_p_exact: String,
    fit_limit: String,
    fit_limit_expected: String,
    peak_width: String,
    peak_signal: String,
    peak_z: String,
    peak_p: String,
    peak_limit: String,
    peak_limit_expected: String,
    peak_spurious: String,
    peak_spurious_error: String,
    n_signal: String,
    purity: String,
    note: String,
}

/// All windows and cuts as CSV; none where there are none.
pub fn csv(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let (pseudo, conversions) = (PseudoSearch::of(results), Conversions::of(results));
    for found in of_all(results) {
        let simulated = (&pseudo, conversions.at(&found));
        let peak = fitted(&results.job, &found);
        // Writing to memory cannot fail, and every row has the same fields.
        let _ = writer.serialize(SearchRow::of((&found, peak.as_ref()), simulated, results.blinding()));
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}

impl SearchRow {
    fn of(
        (found, peak): (&CutNumbers<'_>, Option<&Result<FoundPeak, String>>),
        (pseudo, conversion): (&PseudoSearch, Option<&Conversion>),
        blinding: Blinding,
    ) -> Self {
        // Before a cut the spectrum is that of the mass, which nobody hides; its excess is what a blind search must not see.
        let withheld = |text: String| match blinding {
            Blinding::Blind if !text.is_empty() => BLIND.to_owned(),
            _ => text,
        };
        let number = |value: Option<f64>| withheld(value.map_or(String::new(), text));
        let (direct, spectrum) = (found.direct.as_ref().ok(), found.spectrum.as_ref().ok());
        let fitted = spectrum.map(|found| &found.excess);
        let p = |p: Option<PValue>| number(p.map(PValue::value));
        let of_limit = direct.and_then(|excess| excess.limit_background);
        let limit = |excess: Option<&Excess>| number(excess.and_then(|one| Some(one.limits?.observed)));
        let expected = |excess: Option<&Excess>| number(excess.and_then(|one| Some(one.limits?.expected[2])));
        let limits = direct.and_then(|excess| excess.limits);
        let in_window =
            |passing: Option<f64>| number(conversion.zip(passing).map(|(of, passing)| of.in_window(passing)));
        let cross_section = |passing: Option<f64>| {
            number(conversion.zip(passing).and_then(|(of, passing)| of.cross_section(passing)))
        };
        let (observed, median) =
            (limits.map(|limits| limits.observed), limits.map(|limits| limits.expected[2]));
        let is_cut = found.efficiency < 1.0;
        let delta = found.delta.map_or(NO_EXCESS, |found| found.delta);
        let corrected = direct.and_then(|excess| {
            let calibration = pseudo.cut(&found.window.point.to_string(), found.efficiency)?;
            Some(calibration.correct(excess.quoted())?.value())
        });
        let global = direct.and_then(|excess| Some(pseudo.global(excess.quoted())?.p));
        let signal =
            if is_cut { found.passed.and_then(|passed| passed.signal) } else { found.window.n_signal };
        let count = |count: Option<usize>| count.map_or(String::new(), |count| count.to_string());
        let notes = [
            found.direct.as_ref().err().filter(|_| is_cut),
            found.spectrum.as_ref().err(),
            peak.and_then(|peak| peak.as_ref().err()).filter(|_| found.spectrum.is_ok()),
        ];
        let peak = peak.and_then(|peak| peak.as_ref().ok());
        let of_peak = |of: fn(&FoundPeak) -> Option<f64>| number(peak.and_then(of));
        Self {
            window_low_gev: found.regions.signal.low.0,
            window_high_gev: found.regions.signal.high.0,
            side_bands_gev: found.regions.outer.to_string(),
            method: found.window.point.method(),
            efficiency: found.efficiency,
            n_window: found.window.n_data,
            n_template: found.window.n_template,
            n_template_passing: found.passed.map(|passed| passed.template),
            n: if is_cut { withheld(count(found.data)) } else { count(found.data) },
            background: direct.map(|excess| round(excess.background.expected)),
            background_error: direct.map(|excess| round(excess.background.error)),
            delta: direct.map(|_| round(delta.value)),
            delta_error: direct.map(|_| round(delta.error)),
            delta_windows: direct.map(|_| found.delta.map_or(0, |delta| delta.regions)),
            z: number(direct.map(|excess| excess.z)),
            p: p(direct.map(|excess| excess.p)),
            p_exact: p(direct.map(|excess| excess.exact)),
            p_calibrated: number(corrected),
            global_p: number(global),
            limit: limit(direct),
            limit_expected: expected(direct),
            limit_background: of_limit.map(|background| round(background.expected)),
            limit_background_error: of_limit.map(|background| round(background.error)),
            limit_signal: in_window(observed),
            limit_signal_expected: in_window(median),
            limit_fb: cross_section(observed),
            limit_fb_expected: cross_section(median),
            fit_function: spectrum.map_or(String::new(), |found| found.function.clone()),
            fit_quality_p: spectrum.and_then(|found| found.quality).map(round),
            fit_background: fitted.map(|excess| round(excess.background.expected)),
            fit_background_error: fitted.map(|excess| round(excess.background.error)),
            fit_z: number(fitted.map(|excess| excess.z)),
            fit_p: p(fitted.map(|excess| excess.p)),
            fit_p_exact: p(fitted.map(|excess| excess.exact)),
            fit_limit: limit(fitted),
            fit_limit_expected: expected(fitted),
            peak_width: of_peak(|peak| Some(peak.width)),
            peak_signal: of_peak(|peak| Some(peak.signal)),
            peak_z: of_peak(|peak| Some(peak.z)),
            peak_p: of_peak(|peak| Some(peak.p.value())),
            peak_limit: of_peak(|peak| Some(peak.limits?.observed)),
            peak_limit_expected: of_peak(|peak| Some(peak.limits?.expected[2])),
            peak_spurious: of_peak(|peak| Some(peak.spurious?.value)),
            peak_spurious_error: of_peak(|peak| Some(peak.spurious?.error)),
            n_signal: withheld(count(signal)),
            purity: number(found.purity()),
            note: notes.into_iter().flatten().cloned().collect::<Vec<_>>().join("; "),
        }
    }
}

/// A number in seven digits; small ones with an exponent.
fn text(value: f64) -> String {
    let rounded = round(value);
    if rounded != 0.0 && rounded.abs() < 1e-3 { format!("{rounded:e}") } else { rounded.to_string() }
}
