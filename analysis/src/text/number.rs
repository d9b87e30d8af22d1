//! Writing the values of columns in few digits.

/// A value of a column in few digits: single precision has seven, and what follows is noise of the conversion.
pub fn short(value: f64) -> String {
    let magnitude = value.abs();
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if magnitude != 0.0 && !(1e-4..1e7).contains(&magnitude) {
        format!("{rounded:e}")
    } else {
        rounded.to_string()
    }
}
