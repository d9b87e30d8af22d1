//! How much of a signal passes a cut, and how much signal limits on what passes exclude.

/// What was found of simulated signal of one strength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulated {
    /// The mean number before the cut.
    pub before: f64,
    /// The mean number behind it.
    pub behind: f64,
    /// By what share of the efficiency that of one search may differ from the mean; 0 where none of the signal passes.
    pub spread: f64,
}

/// Signal events behind a cut against those before it.
///
/// Classifiers that learn from data find the more of a signal the more of it there is: its efficiency is a function of its strength, and
/// what passes is no fixed share. Between the numbers that were simulated it follows straight lines; above the last one it keeps the
/// efficiency of that, which is safe for a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct PassingSignal(Vec<Simulated>);

impl PassingSignal {
    /// Of mean numbers before and behind the cut. None where no signal was simulated, or none of it passes.
    ///
    /// More signal never passes less: where means say so, it is by chance, and the larger one holds on. Nor is the efficiency of less
    /// signal known better: where spreads say so, that of the next strength holds, and so it does where nothing passes.
    pub fn of(simulated: impl IntoIterator<Item = Simulated>) -> Option<Self> {
        let mut points: Vec<Simulated> = simulated.into_iter().filter(|one| one.before > 0.0).collect();
        points.sort_by(|one, other| one.before.total_cmp(&other.before));
        let (mut most, mut known) = (0.0_f64, 0.0_f64);
        for point in &mut points {
            if point.behind < most {
                point.spread = point.spread.max(known);
            }
            most = most.max(point.behind);
            (point.behind, known) = (most, point.spread);
        }
        let mut largest = 0.0_f64;
        for point in points.iter_mut().rev() {
            largest = largest.max(point.spread);
            point.spread = largest;
        }
        (most > 0.0).then_some(Self(points))
    }

    /// The largest number of signal events of which no more than this pass: what a limit on passing events excludes lies above. Where
    /// less passes than of the smallest number that was simulated, that number: of less signal a smaller share passes, nobody knows by
    /// how much, and a line from there to nothing would be too strong a limit.
    pub fn before(&self, passing: f64) -> f64 {
        let mut low = self.0[0];
        if low.behind > passing {
            return low.before;
        }
        for high in &self.0[1..] {
            if high.behind > passing {
                return low.before + (high.before - low.before) * share(low, *high, passing);
            }
            low = *high;
        }
        low.before * passing / low.behind
    }

    /// By what share of the efficiency that of one search may differ from the mean, where so much passes: on straight lines, and that of
    /// the last strength beyond it.
    pub fn spread(&self, passing: f64) -> f64 {
        let mut low = self.0[0];
        for high in &self.0[1..] {
            if high.behind > passing {
                return low.spread + (high.spread - low.spread) * share(low, *high, passing).max(0.0);
            }
            low = *high;
        }
        low.spread
    }

    /// In words where so much is less, or more, than what passes of the smallest, or the largest, number that was simulated.
    pub fn beyond(&self, passing: f64) -> Option<&'static str> {
        let (first, last) = (self.0.first()?, self.0.last()?);
        if passing < first.behind {
            Some(
                "the limit on the signal is the smallest simulated strength (name smaller ones in search.sensitivity)",
            )
        } else if passing > last.behind {
            Some(
                "the limit on the signal lies above all simulated strengths (name larger ones in search.sensitivity)",
            )
        } else {
            None
        }
    }
}

/// How far what passes lies from one strength to the next.
fn share(low: Simulated, high: Simulated, passing: f64) -> f64 {
    (passing - low.behind) / (high.behind - low.behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: f64, behind: f64) -> Simulated {
        Simulated { before, behind, spread: 0.0 }
    }

    fn near(one: f64, other: f64) {
        assert!((one / other - 1.0).abs() < 1e-12, "{one} and {other}");
    }

    #[test]
    fn signal_before_a_cut_follows_straight_lines_between_what_was_simulated() {
        let found = PassingSignal::of([of(200.0, 80.0), of(100.0, 10.0)]).expect("signal");
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
        let found = PassingSignal::of([of(100.0, 20.0), of(200.0, 18.0), of(300.0, 60.0)]).expect("signal");
        // 20 of 100 pass, 20 of 200 as well: a limit of 20 excludes more than 200.
        near(found.before(20.0), 200.0);
        near(found.before(40.0), 250.0);
        near(found.before(19.9), 100.0);
    }

    #[test]
    fn searches_differ_the_more_the_less_signal_there_is() {
        let with = |before, behind, spread| Simulated { before, behind, spread };
        let found =
            PassingSignal::of([with(100.0, 10.0, 0.8), with(200.0, 80.0, 0.1), with(300.0, 90.0, 0.05)]);
        let found = found.expect("signal");
        for (passing, spread) in
            [(0.0, 0.8), (10.0, 0.8), (45.0, 0.45), (80.0, 0.1), (85.0, 0.075), (500.0, 0.05)]
        {
            near(found.spread(passing), spread);
        }
        near(PassingSignal::of([with(100.0, 10.0, 0.8)]).expect("signal").spread(5.0), 0.8);
        // Of a signal of which nothing has passed no efficiency is known, nor is that of less known better than that of more.
        let found = PassingSignal::of([with(50.0, 0.0, 0.0), with(100.0, 10.0, 0.1), with(200.0, 80.0, 0.4)]);
        let found = found.expect("signal");
        for passing in [0.0, 5.0, 10.0, 45.0, 100.0] {
            near(found.spread(passing), 0.4);
        }
        // Where nothing of the largest signal has passed, by chance, what is known is that of the one before.
        let found = PassingSignal::of([with(100.0, 10.0, 0.1), with(200.0, 0.0, 0.0)]).expect("signal");
        near(found.spread(50.0), 0.1);
    }

    #[test]
    fn of_no_signal_nothing_is_said() {
        assert_eq!(PassingSignal::of([]), None);
        assert_eq!(PassingSignal::of([of(0.0, 0.0), of(50.0, 0.0)]), None);
    }
}
