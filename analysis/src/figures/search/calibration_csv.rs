//! `calibration.csv`: a row for each window and cut with pseudo-experiments.

use serde::Serialize;

use super::pseudo_searches::{CutCalibration, PseudoSearch};
use super::window::searched;
use crate::figures::table::round;
use crate::job::MassWindow;
use crate::store::Results;

/// A row.
#[derive(Serialize)]
struct CalibrationRow {
    calibrated_low_gev: f64,
    calibrated_high_gev: f64,
    efficiency: f64,
    experiments: usize,
    rate_at_0_05: f64,
    rate_low: f64,
    rate_high: f64,
    uniformity_distance: Option<f64>,
    uniformity_p: Option<f64>,
    mean_n: f64,
    mean_background: f64,
    scatter: Option<f64>,
    scatter_error: Option<f64>,
    smallest_p: f64,
}

/// All windows and cuts that have pseudo-experiments as CSV; none where there are none. No number is one of data, so that
/// nothing is withheld of a blind search.
pub fn csv(results: &Results) -> Option<Vec<u8>> {
    let pseudo = PseudoSearch::of(results);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for point in searched(results) {
        for cut in pseudo.cuts().filter(|cut| cut.window == point.to_string()) {
            // Writing to memory cannot fail, and every row has the same fields.
            let _ = writer.serialize(CalibrationRow::of(results.job.signal_region_of(point), cut));
        }
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}

impl CalibrationRow {
    fn of(window: MassWindow, cut: &CutCalibration) -> Self {
        let rate = cut.rate();
        let smallest = cut.p_values.iter().map(|p| p.value()).fold(1.0, f64::min);
        Self {
            calibrated_low_gev: window.low.0,
            calibrated_high_gev: window.high.0,
            efficiency: cut.efficiency,
            experiments: cut.p_values.len(),
            rate_at_0_05: round(rate.share),
            rate_low: round(rate.interval.low),
            rate_high: round(rate.interval.high),
            uniformity_distance: cut.uniformity.map(|found| round(found.distance)),
            uniformity_p: cut.uniformity.map(|found| round(found.p)),
            mean_n: round(cut.mean_data),
            mean_background: round(cut.mean_background),
            scatter: cut.scatter.map(|found| round(found.value)),
            scatter_error: cut.scatter.map(|found| round(found.error)),
            smallest_p: round(smallest),
        }
    }
}
