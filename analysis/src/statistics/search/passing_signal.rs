//! How much of a signal passes a cut, and how much signal limits on what passes exclude.

/// Signal events behind a cut against those before it.
///
/// Classifiers that learn from data find the more of a signal the more of it there is: its efficiency is a function of its strength, and
/// what passes is no fixed share. Between the numbers that were simulated it follows straight lines; above the last one it keeps the
/// efficiency of that, which is safe for a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct PassingSignal(Vec<[f64; 2]>);

impl PassingSignal {
    /// Of mean numbers before and behind the cut. None where no signal was simulated, or none of it passes.
    ///
    /// More signal never passes less: where means say so, it is by chance, and the larger one holds on.
    pub fn of(simulated: impl IntoIterator<Item = [f64; 2]>) -> Option<Self> {
        let mut points: Vec<[f64; 2]> = simulated.into_iter().filter(|[before, _]| *before > 0.0).collect();
        points.sort_by(|one, other| one[0].total_cmp(&other[0]));
        let mut most = 0.0_f64;
        for [_, behind] in &mut points {
            most = most.max(*behind);
            *behind = most;
        }
        (most > 0.0).then_some(Self(points))
    }

    /// The largest number of signal events of which no more than this pass: what a limit on passing events excludes lies above. Where
    /// less passes than of the smallest number that was simulated, that number: of less signal a smaller share passes, nobody knows by
    /// how much, and a line from there to nothing would be too strong a limit.
    pub fn before(&self, passing: f64) -> f64 {
        let [mut low, mut low_passing] = self.0[0];
        if low_passing > passing {
            return low;
        }
        for [high, high_passing] in &self.0[1..] {
            if *high_passing > passing {
                return low + (high - low) * (passing - low_passing) / (high_passing - low_passing);
            }
            [low, low_passing] = [*high, *high_passing];
        }
        low * passing / low_passing
    }

    /// In words where so much is less, or more, than what passes of the smallest, or the largest, number that was simulated.
    pub fn beyond(&self, passing: f64) -> Option<&'static str> {
        let (first, last) = (self.0.first()?, self.0.last()?);
        if passing < first[1] {
            Some(
                "the limit on the signal is the smallest simulated strength (name smaller ones in search.sensitivity)",
            )
        } else if passing > last[1] {
            Some(
                "the limit on the signal lies above all simulated strengths (name larger ones in search.sensitivity)",
            )
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64) {
        assert!((one / other - 1.0).abs() < 1e-12, "{one} and {other}");
    }

    #[test]
    fn signal_before_a_cut_follows_straight_lines_between_what_was_simulated() {
        let found = PassingSignal::of([[200.0, 80.0], [100.0, 10.0]]).expect("signal");
        // Of less than what was simulated nobody knows how much passes.
        near(found.before(5.0), 100.0);
        near(found.before(10.0), 100.0);
        near(found.before(45.0), 150.0);
        // Four tenths of it pass at the largest strength, and above.
        near(found.before(160.0), 400.0);
        assert!(found.beyond(5.0).is_some_and(|told| told.contains("smallest")));
        assert!(found.beyond(81.0).is_some_and(|told| told.contains("above all")));
        assert_eq!(found.beyond(45.0), None);
    }

    #[test]
    fn a_strength_of_which_less_passes_by_chance_raises_the_limit() {
        let found = PassingSignal::of([[100.0, 20.0], [200.0, 18.0], [300.0, 60.0]]).expect("signal");
        // 20 of 100 pass, 20 of 200 as well: a limit of 20 excludes more than 200.
        near(found.before(20.0), 200.0);
        near(found.before(40.0), 250.0);
        near(found.before(19.9), 100.0);
    }

    #[test]
    fn of_no_signal_nothing_is_said() {
        assert_eq!(PassingSignal::of([]), None);
        assert_eq!(PassingSignal::of([[0.0, 0.0], [50.0, 0.0]]), None);
    }
}
