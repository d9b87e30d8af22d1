//! The zero of a function between two places.

/// Steps to a zero; bisection alone would take about 60.
const MOST_STEPS: u32 = 200;

/// Where a function goes through 0 between two places at which it has different signs, to the last digits.
///
/// Source: T. R. Chandrupatla, Adv. Eng. Softw. 28 (1997) 145: inverse quadratic interpolation where three places promise that it
/// converges, and bisection elsewhere.
///
/// # Errors
/// What the function says.
pub fn bracketed_root<E>(
    mut function: impl FnMut(f64) -> Result<f64, E>,
    low: f64,
    high: f64,
) -> Result<f64, E> {
    // The newest place a, b on the other side of the root, and c, which one of them has replaced.
    let (mut a, mut b) = ((high, function(high)?), (low, function(low)?));
    let mut share = 0.5;
    for _ in 0..MOST_STEPS {
        let best = if b.1.abs() < a.1.abs() { b } else { a };
        let least = 2.0 * f64::EPSILON * best.0.abs() / (b.0 - a.0).abs();
        // Where both places are the same, there is no share.
        if best.1 == 0.0 || least.is_nan() || least > 0.5 {
            return Ok(best.0);
        }
        let place = a.0 + f64::clamp(share, least, 1.0 - least) * (b.0 - a.0);
        let value = function(place)?;
        let c = if (value < 0.0) == (a.1 < 0.0) { a } else { std::mem::replace(&mut b, a) };
        a = (place, value);
        let (along, up) = ((a.0 - b.0) / (c.0 - b.0), (a.1 - b.1) / (c.1 - b.1));
        share = if up * up < along && (1.0 - up).powi(2) < 1.0 - along {
            a.1 / (b.1 - a.1) * c.1 / (b.1 - c.1)
                + (c.0 - a.0) / (b.0 - a.0) * a.1 / (c.1 - a.1) * b.1 / (c.1 - b.1)
        } else {
            0.5
        };
    }
    Ok(a.0)
}

/// Where a falling function that is above 0 at 0 goes through 0; `scale` is about how far that is. None where it has not done
/// so at 2⁶⁰ times that.
///
/// # Errors
/// What the function says.
pub fn falling_root<E>(
    mut function: impl FnMut(f64) -> Result<f64, E>,
    scale: f64,
) -> Result<Option<f64>, E> {
    let (mut low, mut high) = (0.0, scale);
    for _ in 0..60 {
        if function(high)? <= 0.0 {
            return bracketed_root(function, low, high).map(Some);
        }
        (low, high) = (high, 2.0 * high);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn steps_and_root(function: impl Fn(f64) -> f64, low: f64, high: f64) -> (u32, f64) {
        let mut steps = 0;
        let counted = |x| {
            steps += 1;
            Ok::<_, Infallible>(function(x))
        };
        let Ok(root) = bracketed_root(counted, low, high);
        (steps, root)
    }

    #[test]
    fn roots_of_tame_and_of_wild_functions_are_found() {
        for (function, root) in [
            ((|x| 2.0 - x * x) as fn(f64) -> f64, std::f64::consts::SQRT_2),
            (|x| (-30.0 * x).exp() - 1e-9, 9.0 * std::f64::consts::LN_10 / 30.0),
            (|x| if x < 0.3 { 1e-9 } else { -1e9 }, 0.3),
            (|x| (x - 0.7).powi(9), 0.7),
        ] {
            let (steps, found) = steps_and_root(function, 0.0, 3.0);
            assert!((found - root).abs() < 1e-9 * root || function(found) == 0.0, "{found} not {root}");
            assert!(steps < 80, "{steps}");
        }
        let (steps, _) = steps_and_root(|x| 2.0 - x * x, 0.0, 3.0);
        assert!(steps < 20, "{steps}");
    }

    #[test]
    fn a_falling_function_is_followed_from_any_scale() {
        let line = |x: f64| Ok::<_, Infallible>(5.0 - x);
        for scale in [1e-3, 1.0, 5.0, 1e6] {
            let Ok(found) = falling_root(line, scale);
            assert!((found.expect("a root") - 5.0).abs() < 1e-12, "{scale}: {found:?}");
        }
        let Ok(found) = falling_root(|_| Ok::<_, Infallible>(1.0), 1.0);
        assert_eq!(found, None);
    }
}
