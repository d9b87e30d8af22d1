//! How many pairs of events are expected to be equal by chance, because values are rounded: only more than that are repeats.

/// Chance agreement is an estimate for masses and features that are independent. Where they go together, more events agree
/// by chance; so many times the estimate counts as chance.
const MARGIN: f64 = 3.0;

/// Pairs of events, and how many of them agree in what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// All pairs.
    pub all: f64,
    /// Those that agree in the mass and in all features.
    pub in_all: f64,
    /// Those that agree in the mass.
    pub in_mass: f64,
    /// Those that agree in all features.
    pub in_features: f64,
}

impl Agreement {
    /// How many of so many events that equal others chance does not explain.
    pub fn unexplained(&self, events: usize) -> usize {
        let chance = (MARGIN * self.chance() / self.in_all).clamp(0.0, 1.0);
        (events as f64 * (1.0 - chance)).round() as usize
    }

    /// Pairs that agree in all by chance.
    ///
    /// Copies agree in the mass as well as in the features, so that only pairs which agree in one and not in the other tell
    /// how coarse each is. Of all pairs, let the share `m` agree in the mass and `f` in the features. With the shares
    /// `x = m (1 − f)` and `y = f (1 − m)`, which are counted, `p = m f` solves `p² − (1 − x − y) p + x y = 0`.
    fn chance(&self) -> f64 {
        let x = (self.in_mass - self.in_all) / self.all;
        let y = (self.in_features - self.in_all) / self.all;
        let rest = 1.0 - x - y;
        let root = (rest * rest - 4.0 * x * y).max(0.0).sqrt();
        self.all * (rest - root) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_that_never_agree_leave_nothing_to_chance() {
        // A thousand events twice; their feature takes four values.
        let agreement = Agreement { all: 1.999e6, in_all: 1000.0, in_mass: 1000.0, in_features: 5e5 };
        assert_eq!(agreement.unexplained(1000), 1000);
    }

    #[test]
    fn whole_numbers_agree_by_chance() {
        // Of a million pairs a hundredth agree in the mass and a tenth in the features.
        let agreement = Agreement { all: 1e6, in_all: 1000.0, in_mass: 1e4, in_features: 1e5 };
        assert!((agreement.chance() - 1000.0).abs() < 1.0, "{}", agreement.chance());
        assert_eq!(agreement.unexplained(1000), 0);
        // Ten times as many are more than chance.
        let agreement = Agreement { in_all: 1e4, in_mass: 1.9e4, in_features: 1.09e5, ..agreement };
        assert!((6900..7400).contains(&agreement.unexplained(10_000)), "{}", agreement.unexplained(10_000));
    }
}
