//! The p-value of a χ².

use puruspe::gammq;

/// The probability of a χ² at least as large, at so many degrees of freedom; none where there are none.
///
/// Source: the regularised incomplete gamma function Q(ν/2, χ²/2).
pub fn p_value(chi_squared: f64, degrees_of_freedom: usize) -> Option<f64> {
    if degrees_of_freedom == 0 || chi_squared.is_nan() || chi_squared < 0.0 {
        return None;
    }
    if chi_squared.is_infinite() {
        return Some(0.0);
    }
    Some(gammq(degrees_of_freedom as f64 / 2.0, chi_squared / 2.0).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabulated_values_come_back() {
        // Quantiles of tables: 5% at 1 and 10 degrees of freedom, 1‰ at 60, and e^(−x/2) at two.
        for (chi_squared, degrees, expected) in [
            (3.841_458_820_694_124, 1, 0.05),
            (18.307_038_053_275_14, 10, 0.05),
            (99.607_231_2, 60, 1e-3),
            (9.0, 2, (-4.5_f64).exp()),
            (0.1, 2, (-0.05_f64).exp()),
        ] {
            let found = p_value(chi_squared, degrees).expect("a probability");
            assert!((found / expected - 1.0).abs() < 1e-6, "{chi_squared} at {degrees}: {found}");
        }
    }

    #[test]
    fn extremes_are_probabilities_too() {
        assert_eq!(p_value(0.0, 5), Some(1.0));
        assert_eq!(p_value(f64::INFINITY, 5), Some(0.0));
        assert_eq!(p_value(5.0, 0), None);
        assert_eq!(p_value(f64::NAN, 5), None);
        for (chi_squared, degrees) in [(1e6, 60), (60.0, 1_000_000), (1e6, 1_000_000), (1e-300, 1)] {
            let found = p_value(chi_squared, degrees).expect("a probability");
            assert!((0.0..=1.0).contains(&found), "{chi_squared} at {degrees}: {found}");
        }
    }
}
