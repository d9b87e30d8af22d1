//! The spectrum of the resonant mass in bins that respect the signal region.

use drapes_analysis::job::quantities::Gev;
use drapes_analysis::job::regions::{MassWindow, Regions};
use serde::Serialize;

use super::Counts;

/// Most bins; half as many are the fewest.
const BINS: f64 = 24.0;

/// Share of the events that may lie below the first bin, and above the last.
const TAIL: f64 = 0.001;

/// Numbers of events in bins of the resonant mass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// Events below the first bin.
    pub below: Counts,
    /// Bins of equal width.
    pub bins: Vec<MassBin>,
    /// Events above the last bin.
    pub above: Counts,
}

/// A bin of the resonant mass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MassBin {
    /// Its edges.
    pub window: MassWindow,
    /// Whether it overlaps with the signal region.
    pub in_signal_region: bool,
    /// Its events.
    pub events: Counts,
}

impl Histogram {
    /// The spectrum of events, given their masses in GeV; nothing for no events.
    pub(super) fn new(masses: &[f64], is_signal: &[bool], regions: &Regions) -> Option<Self> {
        let (low, high) = core(masses)?;
        let signal = regions.signal;
        let width = bin_width(high - low, signal.width());
        // Anchored at the signal region, so that no bin is partly inside.
        let first = signal.low.0 + ((low - signal.low.0) / width).floor() * width;
        let count = (((high - first) / width).floor().clamp(0.0, 2.0 * BINS) as usize) + 1;
        let edge = |index: usize| first + index as f64 * width;
        let mut bins: Vec<MassBin> = (0..count)
            .map(|index| {
                let window = MassWindow { low: Gev(edge(index)), high: Gev(edge(index + 1)) };
                let middle = f64::midpoint(window.low.0, window.high.0);
                MassBin { window, in_signal_region: signal.contains(middle), events: Counts::default() }
            })
            .collect();
        let (mut below, mut above) = (Counts::default(), Counts::default());
        for (mass, is_signal) in masses.iter().zip(is_signal) {
            let position = ((mass - first) / width).floor();
            if position < 0.0 {
                below.add(*is_signal);
            } else {
                bins.get_mut(position as usize).map_or(&mut above, |bin| &mut bin.events).add(*is_signal);
            }
        }
        Some(Self { below, bins, above })
    }
}

/// The range that holds all but the tails.
fn core(masses: &[f64]) -> Option<(f64, f64)> {
    let last = masses.len().checked_sub(1)?;
    let tail = (masses.len() as f64 * TAIL) as usize;
    let mut masses = masses.to_vec();
    let low = *masses.select_nth_unstable_by(tail.min(last), f64::total_cmp).1;
    let high = *masses.select_nth_unstable_by(last - tail.min(last), f64::total_cmp).1;
    Some((low, high))
}

/// The signal region's width, halved or doubled until the bins are of a sensible number.
fn bin_width(span: f64, signal_region: f64) -> f64 {
    let usable = |width: f64| width.is_finite() && width > 0.0;
    if !usable(signal_region) || !usable(span) {
        return if usable(signal_region) { signal_region } else { 1.0 };
    }
    let mut width = signal_region;
    while span / width > BINS {
        width *= 2.0;
    }
    while span / width <= BINS / 2.0 {
        width /= 2.0;
    }
    width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions() -> Regions {
        Regions::new(MassWindow::new(3300.0, 3700.0), MassWindow::new(2800.0, 6000.0))
    }

    #[test]
    fn bins_respect_the_signal_region_and_lose_no_event() {
        let masses: Vec<f64> = (0..10_000).map(|index| 2100.0 + 0.4 * f64::from(index)).collect();
        let is_signal: Vec<bool> = masses.iter().map(|mass| *mass > 5000.0).collect();
        let histogram = Histogram::new(&masses, &is_signal, &regions()).expect("there are events");
        let inside: Vec<_> = histogram.bins.iter().filter(|bin| bin.in_signal_region).collect();
        assert_eq!(inside.first().map(|bin| bin.window.low), Some(Gev(3300.0)));
        assert_eq!(inside.last().map(|bin| bin.window.high), Some(Gev(3700.0)));
        assert_eq!(inside.iter().map(|bin| bin.events.background).sum::<usize>(), 1000);
        assert!((12..=25).contains(&histogram.bins.len()), "{} bins", histogram.bins.len());
        let total: usize = histogram.bins.iter().map(|bin| bin.events.all()).sum();
        assert_eq!(total + histogram.below.all() + histogram.above.all(), 10_000);
    }

    #[test]
    fn odd_samples_have_a_spectrum_too() {
        assert_eq!(Histogram::new(&[], &[], &regions()), None);
        let one = Histogram::new(&[3500.0; 3], &[false; 3], &regions()).expect("there are events");
        assert_eq!(one.bins.len(), 1);
        assert_eq!(one.bins[0].events.background, 3);
        let wide = Histogram::new(&[-1e300, 1e300], &[false; 2], &regions()).expect("there are events");
        assert_eq!(
            wide.below.all() + wide.above.all() + wide.bins.iter().map(|b| b.events.all()).sum::<usize>(),
            2
        );
    }
}
