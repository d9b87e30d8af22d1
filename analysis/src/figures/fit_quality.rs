//! How well the dijet fits describe the side-bands that they were made of.

use crate::statistics::chi_squared::p_value;
use crate::store::MassFit;

/// Below this a fit does not describe its side-bands, and the masses drawn from it are doubtful.
pub const LEAST_P_VALUE: f64 = 1e-3;

/// The probability of a χ² at least as large; none without degrees of freedom.
pub fn fit_p_value(fit: &MassFit) -> Option<f64> {
    p_value(fit.chi_squared, fit.degrees_of_freedom)
}

/// A probability in two digits: `0.37`, `4.1e-5`.
pub fn written(p_value: f64) -> String {
    match p_value {
        p if p >= 0.01 => format!("{p:.2}"),
        p if p >= 1e-300 => format!("{p:.1e}"),
        _ => "0".to_owned(),
    }
}

/// The worst fit, for the closing table, and a warning where it is bad.
pub fn told(fits: &[&MassFit]) -> String {
    let judged = fits.iter().filter_map(|fit| Some((*fit, fit_p_value(fit)?)));
    let Some((fit, p)) = judged.min_by(|a, b| a.1.total_cmp(&b.1)) else { return String::new() };
    let (count, chi_squared, degrees) = (fits.len(), fit.chi_squared, fit.degrees_of_freedom);
    let which = if count == 1 { String::new() } else { format!(" (worst of {count}: {})", fit.sample) };
    let p_text = written(p);
    let mut text = format!("\ndijet fit{which}: χ²/ndf = {chi_squared:.1}/{degrees}, p = {p_text}\n");
    if p < LEAST_P_VALUE {
        text.push_str(&format!(
            "\nwarning: the dijet fit of {} does not describe its side-bands (p = {p_text}, and templates take their masses \
             from it) narrow side_bands_gev to where the spectrum falls smoothly, and look at figures/mass_spectrum\n",
            fit.sample
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{MassWindow, SignalCount, TrainingSample};

    fn fit(n_signal: u32, chi_squared: f64) -> MassFit {
        let side_bands = MassWindow::new(2800.0, 6000.0);
        MassFit {
            sample: TrainingSample::new(SignalCount(n_signal), side_bands),
            parameters: [0.0; 4],
            covariance: [[0.0; 3]; 3],
            chi_squared,
            degrees_of_freedom: 60,
            n_events: 1000,
            edges: vec![],
            counts: vec![],
            expected: vec![],
        }
    }

    #[test]
    fn a_bad_fit_is_warned_of_and_a_good_one_is_told() {
        assert_eq!(told(&[&fit(0, 61.2)]), "\ndijet fit: χ²/ndf = 61.2/60, p = 0.43\n");
        let two = told(&[&fit(0, 61.2), &fit(1000, 120.0)]);
        assert!(two.contains("(worst of 2: s1000-w2800-6000)") && two.contains("\nwarning: "), "{two}");
        assert!(two.contains("narrow side_bands_gev"), "{two}");
        assert!(!told(&[&fit(0, 99.0)]).contains("warning"), "just above 10⁻³");
        assert_eq!(told(&[]), "");
    }

    #[test]
    fn probabilities_are_short() {
        assert_eq!([0.372, 0.01, 4.13e-5, 0.0].map(written), ["0.37", "0.01", "4.1e-5", "0"]);
    }
}
