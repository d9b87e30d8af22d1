//! Whether the threshold on the jets' transverse momentum that a job names is that of its events.
//!
//! For two massless jets back to back in azimuth, `m = 2 p_T cosh(Δη/2)`: a threshold on `p_T` allows differences of pseudorapidities
//! up to 2 arccosh(m / 2 `p_T`). Masses of jets and a third one let some events beyond it. Where the threshold is right, the share
//! of the largest value that nine tenths of the events are below is the same at every mass.

use drapes_analysis::text::number::short;

use crate::error::FormulaError;

/// Nine tenths of the events lie below this share of the largest difference, at every mass from 2.8 to 6 TeV (simulated dijets
/// with a threshold of 1.2 TeV; 0.976 to 0.984 in four ranges of the mass).
const EXPECTED: f64 = 0.98;
/// How far from it they may: about a twelfth of the threshold. Edges that move by less are softer than that themselves.
const TOLERATED: f64 = 0.15;
/// The share of events that the edge is known by.
const BELOW: f64 = 0.9;
/// Fewer events say too little.
const LEAST: usize = 100;

/// Why a threshold in GeV is not that of events with these scaled differences at these masses; none where it is, or where there are
/// too few events to tell.
pub fn contradiction(scaled: &[f32], masses: &[f64], threshold: f64) -> Option<FormulaError> {
    if scaled.len() < LEAST {
        return None;
    }
    let differences: Vec<f64> = scaled
        .iter()
        .zip(masses)
        .map(|(share, mass)| f64::from(share.abs()) * largest_difference(*mass, threshold))
        .collect();
    let at = |threshold: f64| {
        let shares = differences.iter().zip(masses);
        edge(shares.map(|(difference, mass)| difference / largest_difference(*mass, threshold)).collect())
    };
    let found = at(threshold);
    if (found - EXPECTED).abs() <= TOLERATED {
        return None;
    }
    // The edge comes nearer to one the larger the threshold is, which is halved in between.
    let (mut low, mut high) = (1e-3 * threshold, 1e3 * threshold);
    while high / low > 1.001 {
        let middle = (low * high).sqrt();
        if at(middle) < EXPECTED { low = middle } else { high = middle }
    }
    Some(FormulaError::Threshold {
        threshold: short(threshold),
        events: scaled.len(),
        found: format!("{found:.2}"),
        expected: format!("{EXPECTED:.2}"),
        fitting: format!("{:.0}", 10.0 * (0.1 * low).round()),
    })
}

/// As the built-in coordinate has it, also where there is no such difference.
fn largest_difference(mass: f64, threshold: f64) -> f64 {
    2.0 * (mass / (2.0 * threshold)).max(1.001).acosh()
}

/// The value that nine tenths of these are below.
fn edge(mut values: Vec<f64>) -> f64 {
    let place = (BELOW * (values.len() - 1) as f64) as usize;
    *values.select_nth_unstable_by(place, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events whose differences go evenly up to the largest at a threshold of 1.2 TeV, scaled by another.
    fn events(threshold: f64) -> (Vec<f32>, Vec<f64>) {
        let masses: Vec<f64> = (0..1000).map(|event| 2800.0 + 3.2 * f64::from(event)).collect();
        let scaled = (0..1000_i32).zip(&masses).map(|(event, mass)| {
            // A tenth beyond the edge.
            let share = 1.09 * f64::from(event * 7919 % 1000 - 500) / 500.0;
            (share * largest_difference(*mass, 1200.0) / largest_difference(*mass, threshold)) as f32
        });
        (scaled.collect(), masses)
    }

    #[test]
    fn the_threshold_of_the_events_is_recognised_and_another_is_refused() {
        for good in [1150.0, 1200.0, 1230.0] {
            let (scaled, masses) = events(good);
            assert!(contradiction(&scaled, &masses, good).is_none(), "{good}");
        }
        for other in [500.0, 1000.0, 1400.0, 3000.0] {
            let (scaled, masses) = events(other);
            let text = contradiction(&scaled, &masses, other).expect("another threshold").to_string();
            assert!(text.contains("about 1200 GeV") && !text.contains("  "), "{other}: {text}");
        }
        let (scaled, masses) = events(500.0);
        assert!(contradiction(&scaled[..99], &masses[..99], 500.0).is_none(), "too few to tell");
    }
}
