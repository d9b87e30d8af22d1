//! Shapes of a signal in the resonant variable.

use std::f64::consts::{PI, SQRT_2};

use crate::statistics::spectrum::binned::Window;

/// A tail that falls by a power law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerTail {
    /// How many widths from the mean it begins; above 0.
    pub begins: f64,
    /// Its power; above 1.
    pub power: f64,
}

/// The shape of a signal in the resonant variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SignalShape {
    /// A Gaussian.
    Gaussian {
        /// Its mean.
        mean: f64,
        /// Its standard deviation; above 0.
        width: f64,
    },
    /// A double-sided Crystal Ball: a Gaussian with a power tail on either side, smooth to the first derivative.
    ///
    /// Source: the function of J. E. Gaiser, SLAC-R-255 (1982), on both sides.
    CrystalBall {
        /// The mean of its core.
        mean: f64,
        /// The standard deviation of its core; above 0.
        width: f64,
        /// The tail to smaller masses.
        lower: PowerTail,
        /// The tail to larger masses.
        upper: PowerTail,
    },
}

impl SignalShape {
    /// The share of the signal that lies in a window. All of it lies somewhere, be it beyond the spectrum.
    pub fn share(&self, window: Window) -> f64 {
        let (mean, width) = match self {
            Self::Gaussian { mean, width } | Self::CrystalBall { mean, width, .. } => (*mean, *width),
        };
        let [low, high] = [window.low, window.high].map(|edge| (edge - mean) / width);
        // Each side by its own tail, which keeps the digits of what lies far from the mean.
        let [below, above] = self.areas();
        let side = |from: f64, to: f64, [core, tail]: [&dyn Fn(f64) -> f64; 2]| {
            let beyond = |t: f64| core(t) + tail(t);
            beyond(from) - beyond(to)
        };
        let total = below.total() + above.total();
        let left = side((-high).max(0.0), (-low).max(0.0), [&|t| below.core(t), &|t| below.tail(t)]);
        let right = side(low.max(0.0), high.max(0.0), [&|t| above.core(t), &|t| above.tail(t)]);
        (left + right) / total
    }

    /// The same shape with another width.
    #[must_use]
    pub fn with_width(self, width: f64) -> Self {
        match self {
            Self::Gaussian { mean, .. } => Self::Gaussian { mean, width },
            Self::CrystalBall { mean, lower, upper, .. } => Self::CrystalBall { mean, width, lower, upper },
        }
    }

    /// Its sides below and above the mean.
    fn areas(&self) -> [Side; 2] {
        match self {
            Self::Gaussian { .. } => [Side::Gaussian; 2],
            Self::CrystalBall { lower, upper, .. } => [Side::Power(*lower), Side::Power(*upper)],
        }
    }
}

/// One side of a shape, as a function of the distance t ≥ 0 from the mean in widths, 1 at the mean.
#[derive(Clone, Copy)]
enum Side {
    Gaussian,
    Power(PowerTail),
}

impl Side {
    /// The area of the Gaussian core beyond t.
    fn core(self, t: f64) -> f64 {
        let area = |t: f64| (PI / 2.0).sqrt() * libm::erfc(t / SQRT_2);
        match self {
            Self::Gaussian => area(t),
            Self::Power(tail) if t < tail.begins => area(t) - area(tail.begins),
            Self::Power(_) => 0.0,
        }
    }

    /// The area of the tail beyond t: e^(−α²/2) (1 + (α/n) (t − α))^(−n) from α on.
    fn tail(self, t: f64) -> f64 {
        let Self::Power(PowerTail { begins, power }) = self else { return 0.0 };
        let distance = (t - begins).max(0.0);
        let height = (-0.5 * begins * begins).exp();
        height * power / begins / (power - 1.0) * (1.0 + begins / power * distance).powf(1.0 - power)
    }

    /// All of it.
    fn total(self) -> f64 {
        self.core(0.0) + self.tail(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Window = Window { low: f64::NEG_INFINITY, high: f64::INFINITY };

    fn ball(begins: f64, power: f64) -> SignalShape {
        let tail = PowerTail { begins, power };
        SignalShape::CrystalBall {
            mean: 3500.0,
            width: 100.0,
            lower: tail,
            upper: PowerTail { begins: 2.0, power: 3.0 },
        }
    }

    #[test]
    fn shares_of_a_gaussian_are_those_of_tables() {
        let gaussian = SignalShape::Gaussian { mean: 3500.0, width: 100.0 };
        for (low, high, share) in [
            (3400.0, 3600.0, 0.682_689_492_137_085_9),
            (3500.0, 3600.0, 0.341_344_746_068_543),
            (4000.0, f64::INFINITY, 2.866_515_718_791_939e-7),
            (f64::NEG_INFINITY, 3000.0, 2.866_515_718_791_939e-7),
        ] {
            let found = gaussian.share(Window { low, high });
            assert!((found / share - 1.0).abs() < 1e-12, "{low} {high}: {found}");
        }
        assert!((gaussian.share(ALL) - 1.0).abs() < 1e-15);
        assert_eq!(gaussian.with_width(50.0), SignalShape::Gaussian { mean: 3500.0, width: 50.0 });
    }

    #[test]
    fn a_crystal_ball_is_whole_and_smooth_and_far_tails_make_it_a_gaussian() {
        let found = ball(1.2, 4.0);
        assert!((found.share(ALL) - 1.0).abs() < 1e-14);
        let parts =
            [(f64::NEG_INFINITY, 3300.0), (3300.0, 3450.0), (3450.0, 3900.0), (3900.0, f64::INFINITY)];
        let sum: f64 = parts.map(|(low, high)| found.share(Window { low, high })).iter().sum();
        assert!((sum - 1.0).abs() < 1e-14, "{sum}");
        // The density on either side of where the tail begins.
        let density = |m: f64| found.share(Window { low: m - 0.01, high: m + 0.01 });
        let [left, middle, right] = [3379.9, 3380.0, 3380.1].map(density);
        assert!(((right - middle) / (middle - left) - 1.0).abs() < 1e-2, "{left} {middle} {right}");
        // A power tail has more than a Gaussian far from the mean, by the power that it is given.
        let [near, far] = [2500.0, 500.0].map(|m| found.share(Window { low: m - 1.0, high: m + 1.0 }));
        let expected = ((1.0 + 0.3 * (10.0 - 1.2)) / (1.0_f64 + 0.3 * (30.0 - 1.2))).powi(4);
        assert!((far / near / expected - 1.0).abs() < 1e-3, "{far} {near}");
        let tails = PowerTail { begins: 12.0, power: 5.0 };
        let far = SignalShape::CrystalBall { mean: 0.0, width: 1.0, lower: tails, upper: tails };
        let window = Window { low: 0.3, high: 1.7 };
        let gaussian = SignalShape::Gaussian { mean: 0.0, width: 1.0 };
        assert!((far.share(window) - gaussian.share(window)).abs() < 1e-14);
    }
}
