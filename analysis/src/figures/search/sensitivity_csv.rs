//! `sensitivity.csv`: a row for each window, cut and strength of simulated signal.

use serde::Serialize;

use super::numbers;
use super::sensed::{Sensed, of_all, of_mass_alone};
use crate::figures::table::round;
use crate::job::MassWindow;
use crate::statistics::band::Band;
use crate::store::Results;

/// A row.
#[derive(Serialize)]
struct SensitivityRow {
    sensed_low_gev: f64,
    sensed_high_gev: f64,
    efficiency: f64,
    strength: f64,
    mean_signal: f64,
    share_in_window: f64,
    experiments: usize,
    z_mean: f64,
    z_low: f64,
    z_high: f64,
    z_mass_alone: Option<f64>,
    share_above_3_sigma: f64,
    share_above_5_sigma: f64,
    signal_efficiency: f64,
    signal_efficiency_error: f64,
    signal_efficiency_spread: f64,
}

/// All windows, cuts and strengths as CSV; none where there are none. No number is one of data behind a cut, so that nothing is withheld
/// of a blind search.
pub fn csv(results: &Results) -> Option<Vec<u8>> {
    let all = numbers::of_all(results);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for sensed in of_all(results) {
        let before = all.iter().find(|found| found.window.point == *sensed.point && found.efficiency >= 1.0);
        let fitted = before.and_then(|found| Some(found.fit_that_describes()?.excess.background));
        let alone = fitted.map(|fitted| of_mass_alone(fitted, sensed.mean_signal));
        if let Some(row) = SensitivityRow::of(results.job.signal_region_of(sensed.point), &sensed, alone) {
            // Writing to memory cannot fail, and every row has the same fields.
            let _ = writer.serialize(row);
        }
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}

impl SensitivityRow {
    fn of(window: MassWindow, sensed: &Sensed<'_>, alone: Option<f64>) -> Option<Self> {
        let band = Band::of(sensed.z.iter().copied().map(Some))?;
        let above = |sigmas: f64| {
            let found = sensed.z.iter().filter(|z| **z >= sigmas).count();
            round(found as f64 / sensed.z.len() as f64)
        };
        Some(Self {
            sensed_low_gev: window.low.0,
            sensed_high_gev: window.high.0,
            efficiency: sensed.efficiency,
            strength: sensed.strength,
            mean_signal: round(sensed.mean_signal),
            share_in_window: round(sensed.share_in_window),
            experiments: band.n,
            z_mean: round(band.mean),
            z_low: round(band.low),
            z_high: round(band.high),
            z_mass_alone: alone.map(round),
            share_above_3_sigma: above(3.0),
            share_above_5_sigma: above(5.0),
            signal_efficiency: round(sensed.passing.value),
            signal_efficiency_error: round(sensed.passing.error),
            signal_efficiency_spread: round(sensed.passing_spread),
        })
    }
}
