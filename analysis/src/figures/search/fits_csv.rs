//! `fits.csv`: the functions that describe the side-bands of each window and cut, with their parameters and covariance.

use std::iter::{once, repeat_n};

use super::numbers::{CutNumbers, of_all, side_band_fit};
use crate::figures::table::round;
use crate::statistics::spectrum::choice::Choice;
use crate::statistics::spectrum::shape::Shape;
use crate::store::Results;

/// Columns of a fit, the same in the rows of all its parameters.
const OF_FIT: [&str; 8] = [
    "fit_window_low_gev",
    "fit_window_high_gev",
    "side_bands_gev",
    "efficiency",
    "function",
    "quality_p",
    "f_test_p",
    "negative_log_likelihood",
];
/// Columns of a parameter; its covariances with all parameters follow.
const OF_PARAMETER: [&str; 3] = ["parameter", "value", "error"];

/// Every parameter of every fit as CSV; none where there are none. All of it follows from the side-bands, so that a blind search may
/// show it.
pub fn csv(results: &Results) -> Option<Vec<u8>> {
    let all = of_all(results);
    let fits: Vec<(&CutNumbers<'_>, Choice)> = all
        .iter()
        .filter_map(|found| {
            let fit =
                side_band_fit(&results.job, &found.regions, &found.window.edges, found.counts()?).ok()?;
            Some((found, fit))
        })
        .collect();
    if fits.is_empty() {
        return None;
    }
    let families = Shape::families(results.job.collision_energy.0);
    let most = families.iter().flatten().map(|shape| shape.parameters()).max().unwrap_or(0);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let covariances = (1..=most).map(|place| format!("covariance_{place}"));
    // Writing to memory cannot fail, and every row has the same fields.
    let headings = OF_FIT.iter().chain(&OF_PARAMETER).map(|name| (*name).to_owned()).chain(covariances);
    let _ = writer.write_record(headings);
    for (found, choice) in &fits {
        for row in rows(found, choice, most) {
            let _ = writer.write_record(row);
        }
    }
    writer.into_inner().ok()
}

/// The rows of a fit. Parameters nearly cancel in narrow side-bands, and have all their digits.
fn rows(found: &CutNumbers<'_>, choice: &Choice, most: usize) -> Vec<Vec<String>> {
    let (fit, regions) = (choice.fit(), &found.regions);
    let optional = |value: Option<f64>| value.map_or(String::new(), |value| round(value).to_string());
    let of_fit = [
        regions.signal.low.0.to_string(),
        regions.signal.high.0.to_string(),
        regions.outer.to_string(),
        found.efficiency.to_string(),
        fit.shape().to_string(),
        optional(choice.quality().p),
        optional(choice.tests.get(choice.chosen).map(|test| test.p)),
        round(fit.nll).to_string(),
    ];
    let parameters = fit.parameters();
    let of_parameter = |place: usize| {
        let covariance = &parameters.covariance[place];
        let error = covariance[place].max(0.0).sqrt();
        let numbers = [parameters.values[place], error].into_iter().chain(covariance.iter().copied());
        let missing = repeat_n(String::new(), most - covariance.len());
        once(parameters.names[place].clone()).chain(numbers.map(|number| number.to_string())).chain(missing)
    };
    (0..parameters.names.len())
        .map(|place| of_fit.iter().cloned().chain(of_parameter(place)).collect())
        .collect()
}
