//! `search.csv`: a row for each window and cut.

use serde::Serialize;

use super::numbers::{CutNumbers, Estimate, Excess, OfSpectrum, of_all};
use super::peak::{FoundPeak, fitted};
use super::pseudo_searches::PseudoSearch;
use super::sensed::{Conversion, Conversions};
use super::side_band_bias::{largest_bias, note};
use super::window::NO_EXCESS;
use crate::figures::table::round;
use crate::statistics::search::calibration::CorrectedP;
use crate::statistics::search::limits::UpperLimits;
use crate::statistics::search::p_value::PValue;
use crate::statistics::spectrum::bias::SideBandBias;
use crate::store::Results;
use crate::store::unblinding::Blinding;

/// What stands in place of a number that is withheld.
pub const BLIND: &str = "blind";

/// A row. What depends on data behind the cut is a word while the search is blind.
#[derive(Default, Serialize)]
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
    scatter: Option<f64>,
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
    fit_bias: Option<f64>,
    fit_bias_error: Option<f64>,
    fit_pull: Option<f64>,
    fit_pull_error: Option<f64>,
    fit_bias_function: String,
    fit_z: String,
    fit_p: String,
    fit_p_exact: String,
    fit_limit: String,
    fit_limit_expected: String,
    fit_limit_signal: String,
    fit_limit_signal_expected: String,
    fit_limit_fb: String,
    fit_limit_fb_expected: String,
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

/// What is said of a cut that no control window has numbers of, where they have of others.
const UNMEASURED: &str = "no control window has measured δ of this cut: it is taken as 0";

/// What is said of a template without limits.
const UNLIMITED: &str = "no limit over the template, which needs a fit of the side-bands before the cut that describes them (the row at 1 says \
                         what is wrong with it)";

/// All windows and cuts as CSV; none where there are none.
pub fn csv(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let (pseudo, conversions) = (PseudoSearch::of(results), Conversions::of(results));
    let all = of_all(results);
    let is_measured = all.iter().any(|found| found.delta.is_some());
    for found in all {
        let simulated = (&pseudo, conversions.at(&found));
        let (peak, bias) = (fitted(&results.job, &found), largest_bias(&results.job, &found));
        // Writing to memory cannot fail, and every row has the same fields.
        let of_spectrum = (peak.as_ref(), bias.as_ref());
        let mut row = SearchRow::of(&found, of_spectrum, simulated, results.blinding());
        if is_measured && found.passed.is_some() && found.delta.is_none() {
            row.also_note(UNMEASURED);
        }
        let _ = writer.serialize(row);
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}

/// What writes numbers that depend on data behind a cut, or withholds them.
///
/// Before a cut the spectrum is that of the mass, which nobody hides; its excess is what a blind search must not see.
#[derive(Clone, Copy)]
struct Writer(Blinding);

impl Writer {
    fn withheld(self, text: String) -> String {
        match self.0 {
            Blinding::Blind if !text.is_empty() => BLIND.to_owned(),
            _ => text,
        }
    }

    fn number(self, value: Option<f64>) -> String {
        self.withheld(number(value))
    }

    fn p(self, p: Option<PValue>) -> String {
        self.withheld(p.map_or(String::new(), p_text))
    }

    /// The observed limit, and the expected one.
    fn limits(self, limits: Option<UpperLimits>) -> [String; 2] {
        [limits.map(|limits| limits.observed), limits.map(|limits| limits.expected[2])]
            .map(|limit| self.number(limit))
    }

    /// The same of counts, where what is expected can be told without data.
    fn limits_of(self, excess: &Excess) -> [String; 2] {
        let visible = excess.visible_limits(self.0);
        [self.number(visible.map(|limits| limits.observed)), number(visible.map(|limits| limits.expected[2]))]
    }
}

impl SearchRow {
    /// Adds a note, unless it is there.
    fn also_note(&mut self, note: &str) {
        if self.note.contains(note) {
            return;
        }
        if !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(note);
    }

    fn of(
        found: &CutNumbers<'_>,
        (peak, bias): (Option<&Result<FoundPeak, String>>, Option<&SideBandBias>),
        (pseudo, conversion): (&PseudoSearch, Option<&Conversion>),
        blinding: Blinding,
    ) -> Self {
        let write = Writer(blinding);
        let is_cut = found.efficiency < 1.0;
        let count = |count: Option<usize>| count.map_or(String::new(), |count| count.to_string());
        let signal =
            if is_cut { found.passed.and_then(|passed| passed.signal) } else { found.window.n_signal };
        let mut row = Self {
            window_low_gev: found.regions.signal.low.0,
            window_high_gev: found.regions.signal.high.0,
            side_bands_gev: found.regions.outer.to_string(),
            method: found.window.point.method(),
            efficiency: found.efficiency,
            n_window: found.window.n_data,
            n_template: found.window.n_template,
            n_template_passing: found.passed.map(|passed| passed.template),
            n: if is_cut { write.withheld(count(found.data)) } else { count(found.data) },
            n_signal: write.withheld(count(signal)),
            purity: write.number(found.purity()),
            ..Self::default()
        };
        for note in notes(found, (peak, bias), conversion, blinding) {
            row.also_note(&note);
        }
        if let Ok(excess) = &found.direct {
            row.set_direct((found, excess), pseudo, write);
            if let Some([events, fb]) = on_signal(excess, conversion, write) {
                [row.limit_signal, row.limit_signal_expected] = events;
                [row.limit_fb, row.limit_fb_expected] = fb;
            }
        }
        if let Ok(spectrum) = &found.spectrum {
            row.set_fit(spectrum, bias, write);
            if let Some([events, fb]) = on_signal(&spectrum.excess, conversion, write) {
                [row.fit_limit_signal, row.fit_limit_signal_expected] = events;
                [row.fit_limit_fb, row.fit_limit_fb_expected] = fb;
            }
        }
        if let Some(Ok(peak)) = peak {
            row.set_peak(peak, write);
        }
        row
    }

    /// Numbers against the template.
    fn set_direct(
        &mut self,
        (found, excess): (&CutNumbers<'_>, &Excess),
        pseudo: &PseudoSearch,
        write: Writer,
    ) {
        let delta = found.delta.map_or(NO_EXCESS, |found| found.delta);
        self.background = Some(round(excess.background.expected));
        self.background_error = Some(round(excess.background.error));
        self.delta = Some(round(delta.value));
        self.delta_error = Some(round(delta.error));
        self.delta_windows = Some(found.delta.map_or(0, |delta| delta.regions));
        self.scatter = found.scatter.map(|scatter| round(scatter.ratio()));
        self.z = write.number(Some(excess.z));
        self.p = write.p(Some(excess.p));
        self.p_exact = write.p(Some(excess.exact));
        let calibration = pseudo.cut(&found.window.point.to_string(), found.efficiency);
        let corrected = calibration.and_then(|calibration| calibration.correct(excess.quoted()));
        self.p_calibrated = write.number(corrected.map(CorrectedP::value));
        self.global_p = write.number(pseudo.global(excess.quoted()).map(|global| global.p));
        [self.limit, self.limit_expected] = write.limits_of(excess);
        self.limit_background = excess.limit_background.map(|background| round(background.expected));
        self.limit_background_error = excess.limit_background.map(|background| round(background.error));
    }

    /// Numbers against the fit of the side-bands.
    fn set_fit(&mut self, found: &OfSpectrum, bias: Option<&SideBandBias>, write: Writer) {
        let excess = &found.excess;
        self.fit_function.clone_from(&found.function);
        self.fit_quality_p = found.quality.map(round);
        self.fit_background = Some(round(excess.background.expected));
        self.fit_background_error = Some(round(excess.background.error));
        self.fit_bias = bias.map(|bias| round(bias.events.value));
        self.fit_bias_error = bias.map(|bias| round(bias.events.error));
        self.fit_pull = bias.map(|bias| round(bias.pull.value));
        self.fit_pull_error = bias.map(|bias| round(bias.pull.error));
        self.fit_bias_function = bias.map_or(String::new(), |bias| bias.truth.to_string());
        self.fit_z = write.number(Some(excess.z));
        self.fit_p = write.p(Some(excess.p));
        self.fit_p_exact = write.p(Some(excess.exact));
        [self.fit_limit, self.fit_limit_expected] = write.limits_of(excess);
    }

    /// Numbers of a fitted peak.
    fn set_peak(&mut self, peak: &FoundPeak, write: Writer) {
        let of_job = if peak.is_of_given_width { Writer(Blinding::Open) } else { write };
        self.peak_width = of_job.number(Some(peak.width));
        self.peak_signal = write.number(Some(peak.signal));
        self.peak_z = write.number(Some(peak.z));
        self.peak_p = write.p(peak.p);
        [self.peak_limit, self.peak_limit_expected] = write.limits(peak.limits);
        // Of a given width it follows from the side-bands alone, and helps to choose what is fitted.
        self.peak_spurious = of_job.number(peak.spurious.map(|found| found.value));
        self.peak_spurious_error = of_job.number(peak.spurious.map(|found| found.error));
    }
}

/// What is to be known of a row: why numbers are missing, and which mean little.
fn notes(
    found: &CutNumbers<'_>,
    (peak, bias): (Option<&Result<FoundPeak, String>>, Option<&SideBandBias>),
    conversion: Option<&Conversion>,
    blinding: Blinding,
) -> Vec<String> {
    let is_cut = found.efficiency < 1.0;
    let mut notes: Vec<String> =
        found.direct.as_ref().err().filter(|_| is_cut).into_iter().cloned().collect();
    match &found.spectrum {
        Ok(fit) => {
            notes.extend(fit.flaw());
            // Whether a peak has a fit depends on the data in the window.
            let unfitted = peak.and_then(|peak| peak.as_ref().err());
            notes.extend(unfitted.filter(|_| blinding == Blinding::Open).cloned());
        }
        Err(why) => notes.push(why.clone()),
    }
    let is_unlimited = found.direct.as_ref().is_ok_and(|excess| excess.limit_background.is_none());
    notes.extend(is_unlimited.then(|| UNLIMITED.to_owned()));
    // While the search is blind, limits are those that are expected, which no data behind the cut enter.
    notes.extend(conversion.map_or(vec![], |conversion| notes_of_limits(found, conversion, blinding)));
    notes.extend(bias.and_then(note));
    notes.extend(found.contradiction());
    if is_cut && found.window.diverged > 0 {
        let diverged = found.window.diverged;
        notes.push(format!("{diverged} classifiers of the window diverged, and others stand in for them"));
    }
    notes
}

/// What is to be known of the limits on the signal, and by which estimate of the background, where not by both.
fn notes_of_limits(found: &CutNumbers<'_>, conversion: &Conversion, blinding: Blinding) -> Vec<String> {
    let noted = |estimate: Estimate| {
        found.excess(estimate).map_or(vec![], |excess| conversion.noted(excess, blinding))
    };
    let [of_template, of_fit] = Estimate::BOTH.map(noted);
    let both = of_template.iter().filter(|note| of_fit.contains(note)).map(|note| (*note).to_owned());
    let alone = |whose: &str, own: &[&str], others: &[&str]| -> Vec<String> {
        own.iter().filter(|note| !others.contains(note)).map(|note| format!("{whose}: {note}")).collect()
    };
    let (template, fit) = (alone("template", &of_template, &of_fit), alone("fit", &of_fit, &of_template));
    both.chain(template).chain(fit).collect()
}

/// Limits as those on the signal of the window, and on its cross-section, where simulated signal says how much of it passes.
fn on_signal(excess: &Excess, conversion: Option<&Conversion>, write: Writer) -> Option<[[String; 2]; 2]> {
    let conversion = conversion?;
    let limits = conversion.limits(excess, write.0)?;
    let [observed, expected] = [limits.observed, limits.expected[2]];
    let of =
        |convert: &dyn Fn(f64) -> Option<f64>| [write.number(convert(observed)), number(convert(expected))];
    Some([
        of(&|passing| Some(conversion.in_window(passing))),
        of(&|passing| conversion.cross_section(passing)),
    ])
}

/// A limit that excludes nothing is infinite, and has no cell.
fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or(String::new(), text)
}

/// A p-value; one that no double holds, by its logarithm.
fn p_text(p: PValue) -> String {
    if p.is_held() { text(p.value()) } else { p.scientific(6) }
}

/// A number in seven digits; small ones with an exponent.
fn text(value: f64) -> String {
    let rounded = round(value);
    if rounded != 0.0 && rounded.abs() < 1e-3 { format!("{rounded:e}") } else { rounded.to_string() }
}
