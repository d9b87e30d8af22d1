//! The windows of the resonant mass.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::job::Gev;

/// A half-open interval of the resonant mass, `low <= m < high`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct MassWindow {
    /// Lower edge, inside the window.
    pub low: Gev,
    /// Upper edge, outside of the window.
    pub high: Gev,
}

impl MassWindow {
    /// The window from `low` to `high`.
    pub fn new(low: f64, high: f64) -> Self {
        Self { low: Gev(low), high: Gev(high) }
    }

    /// Whether a mass in GeV lies in the window.
    pub fn contains(&self, mass: f64) -> bool {
        self.low.0 <= mass && mass < self.high.0
    }

    /// Width in GeV.
    pub fn width(&self) -> f64 {
        self.high.0 - self.low.0
    }
}

impl fmt::Display for MassWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.low, self.high)
    }
}

/// The signal region and the side-bands around it.
///
/// The side-bands are named by their outer edges; the signal region is cut out of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regions {
    /// Where the search looks.
    pub signal: MassWindow,
    /// Outer edges of the side-bands, the signal region included.
    pub outer: MassWindow,
}

/// Which region a mass belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Where the search looks.
    Signal,
    /// Where the background is learnt.
    SideBand,
    /// Not used.
    Outside,
}

impl Regions {
    /// The region of a mass in GeV.
    pub fn region(&self, mass: f64) -> Region {
        if self.signal.contains(mass) {
            Region::Signal
        } else if self.outer.contains(mass) {
            Region::SideBand
        } else {
            Region::Outside
        }
    }

    /// The lower and the upper side-band.
    pub fn side_bands(&self) -> [MassWindow; 2] {
        [
            MassWindow { low: self.outer.low, high: self.signal.low },
            MassWindow { low: self.signal.high, high: self.outer.high },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_half_open() {
        let regions =
            Regions { signal: MassWindow::new(3300.0, 3700.0), outer: MassWindow::new(2800.0, 6000.0) };
        assert_eq!(regions.region(2799.9), Region::Outside);
        assert_eq!(regions.region(2800.0), Region::SideBand);
        assert_eq!(regions.region(3300.0), Region::Signal);
        assert_eq!(regions.region(3700.0), Region::SideBand);
        assert_eq!(regions.region(6000.0), Region::Outside);
        assert_eq!(regions.region(f64::NAN), Region::Outside);
    }
}
