//! The p-value of a χ².

/// Terms of a series or fraction at most; those that are needed grow with the root of the degrees of freedom.
const TERMS: usize = 10_000;
/// A term below this share of the sum changes it no more.
const PRECISION: f64 = 1e-14;

/// The probability of a χ² at least as large, at so many degrees of freedom; none where there are none.
///
/// Source: the regularised incomplete gamma function Q(ν/2, χ²/2), by its series below its mean and by Lentz's continued
/// fraction above; W. H. Press et al., Numerical Recipes, section 6.2.
pub fn p_value(chi_squared: f64, degrees_of_freedom: usize) -> Option<f64> {
    if degrees_of_freedom == 0 || chi_squared.is_nan() || chi_squared < 0.0 {
        return None;
    }
    let (a, x) = (degrees_of_freedom as f64 / 2.0, chi_squared / 2.0);
    if x == 0.0 {
        return Some(1.0);
    }
    if x.is_infinite() {
        return Some(0.0);
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    let p = if x < a + 1.0 { 1.0 - scale * series(a, x) } else { scale * fraction(a, x) };
    Some(p.clamp(0.0, 1.0))
}

fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0 / a, 1.0 / a);
    for step in 1..TERMS {
        term *= x / (a + step as f64);
        sum += term;
        if term < PRECISION * sum {
            break;
        }
    }
    sum
}

fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut value = d;
    for step in 1..TERMS {
        let factor = -(step as f64) * (step as f64 - a);
        b += 2.0;
        d = 1.0 / away_from_zero(factor * d + b);
        c = away_from_zero(b + factor / c);
        value *= d * c;
        if (d * c - 1.0).abs() < PRECISION {
            break;
        }
    }
    value
}

fn away_from_zero(value: f64) -> f64 {
    if value.abs() < 1e-300 { 1e-300 } else { value }
}

/// ln Γ by Stirling's series, after the argument is raised to where it is exact to 14 digits.
fn ln_gamma(mut z: f64) -> f64 {
    let mut product = 1.0;
    while z < 10.0 {
        product *= z;
        z += 1.0;
    }
    let inverse = 1.0 / (z * z);
    let series = (1.0 / 12.0
        - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse * (1.0 / 1680.0 - inverse / 1188.0))))
        / z;
    (z - 0.5) * z.ln() - z + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - product.ln()
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
