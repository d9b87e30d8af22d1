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

    /// Whether a mass can lie in both windows.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.low < other.high && other.low < self.high
    }

    /// From the lower of both lower edges to the higher of both higher ones.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let low = if other.low < self.low { other.low } else { self.low };
        let high = if other.high > self.high { other.high } else { self.high };
        Self { low, high }
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
/// The side-bands are named by their outer edges; the signal region is cut out of them, and what a control window must not see.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regions {
    /// Where the search looks.
    pub signal: MassWindow,
    /// Outer edges of the side-bands, the signal region included.
    pub outer: MassWindow,
    /// Masses between the outer edges that are in neither: around a control window, those that are searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<MassWindow>,
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
    /// A signal region and side-bands all around it.
    pub fn new(signal: MassWindow, outer: MassWindow) -> Self {
        Self { signal, outer, left_out: None }
    }

    /// The region of a mass in GeV.
    pub fn region(&self, mass: f64) -> Region {
        let is_left_out = self.left_out.is_some_and(|window| window.contains(mass));
        if self.signal.contains(mass) {
            Region::Signal
        } else if self.outer.contains(mass) && !is_left_out {
            Region::SideBand
        } else {
            Region::Outside
        }
    }

    /// What lies below and above the signal region, whatever is left out of it.
    pub fn around(&self) -> [MassWindow; 2] {
        [
            MassWindow { low: self.outer.low, high: self.signal.low },
            MassWindow { low: self.signal.high, high: self.outer.high },
        ]
    }

    /// The side-bands: one below and one above the signal region, in two parts where something in it is left out.
    pub fn side_bands(&self) -> Vec<MassWindow> {
        let Some(hole) = self.left_out else { return self.around().to_vec() };
        let parts = self.around().into_iter().flat_map(|band| {
            let edge = |edge: Gev| Gev(edge.0.max(band.low.0).min(band.high.0));
            [
                MassWindow { low: band.low, high: edge(hole.low) },
                MassWindow { low: edge(hole.high), high: band.high },
            ]
        });
        parts.filter(|part| part.width() > 0.0).collect()
    }

    /// The signal region with so many of its widths more on either side, as far as the side-bands beside it reach.
    pub fn widened(&self, widths: f64) -> MassWindow {
        let MassWindow { low, high } = self.signal;
        let (more, bands) = (widths * self.signal.width(), self.side_bands());
        let below = bands.iter().find(|band| band.high == low).map_or(low, |band| band.low);
        let above = bands.iter().find(|band| band.low == high).map_or(high, |band| band.high);
        MassWindow::new((low.0 - more).max(below.0), (high.0 + more).min(above.0))
    }

    /// Side-bands, signal region and what is left out, from the lowest to the highest, without a gap between the outer edges.
    pub fn parts(&self) -> Vec<MassWindow> {
        let mut parts = self.side_bands();
        parts.push(self.signal);
        parts.sort_by(|one, other| one.low.0.total_cmp(&other.low.0));
        let mut all: Vec<MassWindow> = vec![];
        for part in parts {
            let reached = all.last().map_or(self.outer.low, |last| last.high);
            if reached < part.low {
                all.push(MassWindow { low: reached, high: part.low });
            }
            all.push(part);
        }
        let reached = all.last().map_or(self.outer.low, |last| last.high);
        if reached < self.outer.high {
            all.push(MassWindow { low: reached, high: self.outer.high });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_half_open() {
        let regions = Regions::new(MassWindow::new(3300.0, 3700.0), MassWindow::new(2800.0, 6000.0));
        assert_eq!(regions.region(2799.9), Region::Outside);
        assert_eq!(regions.region(2800.0), Region::SideBand);
        assert_eq!(regions.region(3300.0), Region::Signal);
        assert_eq!(regions.region(3700.0), Region::SideBand);
        assert_eq!(regions.region(6000.0), Region::Outside);
        assert_eq!(regions.region(f64::NAN), Region::Outside);
    }

    #[test]
    fn what_is_left_out_is_in_no_region_and_parts_have_no_gap() {
        let window = MassWindow::new;
        let outer = window(2800.0, 6000.0);
        let plain = Regions::new(window(3300.0, 3700.0), outer);
        assert_eq!(plain.side_bands(), [window(2800.0, 3300.0), window(3700.0, 6000.0)]);
        assert_eq!(plain.parts(), [window(2800.0, 3300.0), plain.signal, window(3700.0, 6000.0)]);
        let hole = Some(window(3100.0, 3900.0));
        let control = Regions { left_out: hole, ..Regions::new(window(4200.0, 4600.0), outer) };
        let bands = [window(2800.0, 3100.0), window(3900.0, 4200.0), window(4600.0, 6000.0)];
        assert_eq!(control.side_bands(), bands);
        assert_eq!(plain.widened(0.0), plain.signal);
        assert_eq!(plain.widened(0.5), window(3100.0, 3900.0));
        assert_eq!(plain.widened(2.0), window(2800.0, 4500.0));
        // No further than to the masses that a control window must not know of.
        assert_eq!(control.widened(0.5), window(4000.0, 4800.0));
        assert_eq!(control.widened(1.0), window(3900.0, 5000.0));
        let parts = [bands[0], window(3100.0, 3900.0), bands[1], control.signal, bands[2]];
        assert_eq!(control.parts(), parts);
        assert_eq!(
            [3000.0, 3100.0, 4300.0, 4600.0].map(|mass| control.region(mass)),
            [Region::SideBand, Region::Outside, Region::Signal, Region::SideBand]
        );
        // A hole beyond the outer edge, or up to it, takes what is inside.
        let above =
            Regions { left_out: Some(window(3000.0, 7000.0)), ..Regions::new(window(2900.0, 2950.0), outer) };
        assert_eq!(above.side_bands(), [window(2800.0, 2900.0), window(2950.0, 3000.0)]);
        assert_eq!(above.parts().last(), Some(&window(3000.0, 6000.0)));
        let beyond = Regions { left_out: Some(window(7000.0, 8000.0)), ..plain };
        assert_eq!(beyond.side_bands(), plain.side_bands());
    }
}
