//! Whether raw events are in radians and GeV.
//!
//! Nothing in a raw file says so. But no azimuth in radians is beyond a full turn, and the transverse momenta of an event
//! cannot sum to more than the energy of the collision.

use std::f64::consts::TAU;
use std::path::Path;

use crate::error::PrepareError;
use crate::raw::RawRows;

/// √s of the LHC (GeV), in whose collisions raw events come about.
const COLLISION_ENERGY: f64 = 13_000.0;

/// What is impossible in so many of the events that are looked at is no accident.
const TOO_MANY: f64 = 0.5;

/// Refuses events in degrees or MeV, of which all that follows would be wrong.
///
/// # Errors
/// Most of these events are in other units.
pub fn check(path: &Path, rows: &RawRows) -> Result<(), PrepareError> {
    let (mut events, mut turned, mut hard) = (0_usize, 0_usize, 0_usize);
    let (mut largest_angle, mut largest_sum) = (0.0_f64, 0.0_f64);
    for (_, values, _) in rows.rows() {
        // Padding has no momentum, and a direction without meaning.
        let particles = || values.chunks_exact(3).filter(|particle| particle[0] != 0.0);
        if values.iter().any(|value| !value.is_finite()) || particles().next().is_none() {
            continue;
        }
        events += 1;
        let angle = particles().map(|particle| particle[2].abs()).fold(0.0, f64::max);
        let sum: f64 = particles().map(|particle| particle[0]).sum();
        turned += usize::from(angle > TAU + 1e-3);
        hard += usize::from(sum > COLLISION_ENERGY);
        largest_angle = largest_angle.max(angle);
        largest_sum = largest_sum.max(sum);
    }
    let is_most = |count: usize| count as f64 > TOO_MANY * events as f64;
    let refused = |reason: String, advice: &'static str| {
        Err(PrepareError::OtherUnits { path: path.to_owned(), reason, advice })
    };
    if is_most(turned) {
        let reason = format!(
            "in {turned} of {events} events looked at |φ| is above 2π, up to {largest_angle:.1}: azimuths are to be in radians"
        );
        return refused(reason, "convert degrees by π/180 = 0.01745329 in every third column (2, 5, 8, ...)");
    }
    if is_most(hard) {
        let reason = format!(
            "in {hard} of {events} events looked at transverse momenta sum to more than √s = {COLLISION_ENERGY} GeV, up to \
             {largest_sum:.0}: they are to be in GeV"
        );
        return refused(reason, "divide MeV by 1000 in every third column (0, 3, 6, ...)");
    }
    Ok(())
}
