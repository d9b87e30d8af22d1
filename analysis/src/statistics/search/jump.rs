//! Whether the share of events that passes a cut jumps in a window of the mass.

use nalgebra::{Matrix3, Vector3};

/// Events of a bin of the mass before and behind a cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutBin {
    /// The middle of the bin.
    pub mass: f64,
    /// Events before the cut.
    pub before: f64,
    /// Those of them that pass.
    pub behind: f64,
    /// Whether it lies in the window.
    pub is_inside: bool,
}

/// Passing events of the side-bands that a curve of three parameters needs at least.
const LEAST_PASSING: f64 = 20.0;
/// Newton steps; a share has converged after a few.
const STEPS: usize = 25;

/// How many standard deviations more events of the window pass than a smooth share of the mass expects: a logistic function of a
/// parabola, fitted to the side-bands. None of too few events, or where there is no such fit.
///
/// A share that changes slowly with the mass gives a spectrum that a fit of its side-bands still follows; one that jumps in the window
/// makes a bump, or hides one.
///
/// Source: binomial regression by Newton's method (J. A. Nelder, R. W. M. Wedderburn, J. R. Stat. Soc. A 135 (1972) 370).
pub fn jump(bins: &[CutBin]) -> Option<f64> {
    let beside = || bins.iter().filter(|bin| !bin.is_inside && bin.before > 0.0);
    let [before, behind] = beside().fold([0.0, 0.0], |[n, k], bin| [n + bin.before, k + bin.behind]);
    if behind < LEAST_PASSING || before - behind < LEAST_PASSING {
        return None;
    }
    let (low, high) = bins
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), bin| (low.min(bin.mass), high.max(bin.mass)));
    let terms = |mass: f64| {
        let x = 2.0 * (mass - low) / (high - low).max(f64::MIN_POSITIVE) - 1.0;
        Vector3::new(1.0, x, x * x)
    };
    let share = |curve: &Vector3<f64>, mass: f64| 1.0 / (1.0 + (-curve.dot(&terms(mass))).exp());
    let mut curve = Vector3::new((behind / (before - behind)).ln(), 0.0, 0.0);
    let mut information = Matrix3::zeros();
    for _ in 0..STEPS {
        let mut slope = Vector3::zeros();
        information = Matrix3::zeros();
        for bin in beside() {
            let (p, at) = (share(&curve, bin.mass), terms(bin.mass));
            slope += at * (bin.behind - bin.before * p);
            information += at * at.transpose() * (bin.before * p * (1.0 - p));
        }
        curve += information.try_inverse()? * slope;
    }
    let covariance = information.try_inverse()?;
    let (mut excess, mut variance, mut slope) = (0.0, 0.0, Vector3::zeros());
    for bin in bins.iter().filter(|bin| bin.is_inside) {
        let p = share(&curve, bin.mass);
        let spread = bin.before * p * (1.0 - p);
        excess += bin.behind - bin.before * p;
        variance += spread;
        slope += terms(bin.mass) * spread;
    }
    let sigma = (variance + slope.dot(&(covariance * slope))).sqrt();
    Some(excess / sigma).filter(|pull| pull.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bins of a falling spectrum with this share behind the cut; the window is the middle fifth.
    fn bins(share: impl Fn(f64) -> f64) -> Vec<CutBin> {
        let bin = |place: u32| {
            let mass = f64::from(place) + 0.5;
            let before = 2000.0 * (-mass / 20.0).exp();
            CutBin { mass, before, behind: before * share(mass), is_inside: (20.0..30.0).contains(&mass) }
        };
        (0..50).map(bin).collect()
    }

    #[test]
    fn a_share_that_changes_slowly_does_not_jump_and_a_bump_does() {
        let near = |share: fn(f64) -> f64, expected: f64| {
            let found = jump(&bins(share)).expect("events");
            assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
        };
        // By the same regression in NumPy. A share that rises eightfold on a straight line, which is no logistic function, is followed
        // to 0.6 standard deviations of 40,000 events.
        near(|_| 0.1, 0.0);
        near(|mass| 0.2 - 0.002 * mass, 0.036_282);
        near(|mass| 0.02 + 0.003 * mass, -0.585_366);
        // 174 events more than 579 ± 23, and the curve's own error.
        near(|mass| if (20.0..30.0).contains(&mass) { 0.13 } else { 0.1 }, 5.924_111);
        near(|mass| if (20.0..30.0).contains(&mass) { 0.07 } else { 0.1 }, -5.924_111);
    }

    #[test]
    fn of_few_events_nothing_is_said() {
        assert_eq!(jump(&[]), None);
        let few: Vec<CutBin> =
            bins(|_| 0.1).iter().map(|bin| CutBin { before: 1.0, behind: 0.1, ..*bin }).collect();
        assert_eq!(jump(&few), None);
        // All events of the side-bands at one mass have no curve.
        let one = CutBin { mass: 1.0, before: 1000.0, behind: 100.0, is_inside: false };
        assert_eq!(jump(&[one]), None);
    }
}
