//! Numbers as they are written along an axis.

/// Set between groups of three digits; commas and points mean different things in different countries.
const GROUPS: char = '\u{2009}';
const MINUS: char = '\u{2212}';

/// A number with a fixed count of decimals, its thousands set apart from 10,000 on.
pub(crate) fn plain(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, decimals) =
        digits.split_once('.').map_or((&*digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::new();
    if value < 0.0 && digits.chars().any(|digit| ('1'..='9').contains(&digit)) {
        text.push(MINUS);
    }
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left % 3 == 0 && whole.len() > 4 {
            text.push(GROUPS);
        }
        text.push(digit);
    }
    if let Some(decimals) = decimals {
        text.push('.');
        text.push_str(decimals);
    }
    text
}

/// A power of ten.
pub(crate) fn power(exponent: i32) -> String {
    format!("10^{{{}}}", plain(f64::from(exponent), 0))
}

/// A number as a multiple of a power of ten.
pub(crate) fn scientific(value: f64, exponent: i32, decimals: usize) -> String {
    if value.abs() < f64::MIN_POSITIVE {
        return "0".to_owned();
    }
    format!("{}×{}", plain(value / 10f64.powi(exponent), decimals), power(exponent))
}

/// A number of few digits, without needless decimals: `0.5`, `20`, `5000` or `2×10^{7}`.
pub(crate) fn short(value: f64) -> String {
    let exponent = value.abs().log10().floor();
    if !exponent.is_finite() {
        return "0".to_owned();
    }
    let exponent = exponent as i32;
    if (-3..6).contains(&exponent) {
        let digits = format!("{:.*}", (2 - exponent).max(0) as usize, value);
        let decimals = digits.split_once('.').map_or(0, |(_, rest)| rest.trim_end_matches('0').len());
        plain(value, decimals)
    } else {
        scientific(value, exponent, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart_from_ten_thousand_on() {
        assert_eq!(plain(5000.0, 0), "5000");
        assert_eq!(plain(10_000.0, 0), "10\u{2009}000");
        assert_eq!(plain(1_234_567.0, 1), "1\u{2009}234\u{2009}567.0");
    }

    #[test]
    fn negative_numbers_have_a_real_minus_and_zero_has_none() {
        assert_eq!(plain(-2.5, 1), "−2.5");
        assert_eq!(plain(-0.001, 1), "0.0");
        assert_eq!(power(-3), "10^{−3}");
    }

    #[test]
    fn short_numbers_have_no_needless_digits() {
        assert_eq!(short(0.5), "0.5");
        assert_eq!(short(2.0), "2");
        assert_eq!(short(0.02), "0.02");
        assert_eq!(short(50_000.0), "50\u{2009}000");
        assert_eq!(short(2e7), "2×10^{7}");
        assert_eq!(scientific(2.5e-6, -6, 1), "2.5×10^{−6}");
        assert_eq!(short(0.0), "0");
    }
}
