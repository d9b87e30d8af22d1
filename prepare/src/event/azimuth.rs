//! Azimuths of jets and particles.

use std::f64::consts::{PI, TAU};

/// A difference of azimuths, brought into [-π, π].
pub(super) fn wrap(angle: f64) -> f64 {
    // Azimuths of raw files go from -π to π, but nothing says that they must.
    let angle = angle % TAU;
    if angle > PI {
        angle - TAU
    } else if angle < -PI {
        angle + TAU
    } else {
        angle
    }
}
