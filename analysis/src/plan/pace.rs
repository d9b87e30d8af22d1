//! The pace of a machine: how many seconds a task takes for each second of its price, learnt from tasks that have ended.

use super::PaceKind;

/// Work that has taken so many seconds tells of the other kinds of its stage. Less does not: most of a short task is reading and
/// writing, which no price knows, and long tasks of another kind must not be taken to be as slow as that.
const TELLS_OF_OTHERS: f64 = 4.0;

/// Seconds for each second of the price, by kind of work.
///
/// Prices are those of one core of some machine; the ratio on the machine at hand is much the same for all tasks of a
/// kind.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    taken: [f64; PaceKind::ALL.len()],
    priced: [f64; PaceKind::ALL.len()],
}

impl Pace {
    /// A task of a kind that was priced at so many seconds has taken so many.
    pub fn learn(&mut self, kind: PaceKind, priced: f64, taken: f64) {
        self.taken[kind as usize] += taken;
        self.priced[kind as usize] += priced;
    }

    /// Adds what was learnt elsewhere.
    pub fn and(&mut self, other: &Self) {
        for kind in PaceKind::ALL {
            self.learn(kind, other.priced[kind as usize], other.taken[kind as usize]);
        }
    }

    /// The same ratios as if they came from so many seconds of each kind at most, so that what is learnt later soon counts.
    pub fn lightened(&self, seconds: f64) -> Self {
        let mut light = Self::default();
        for kind in PaceKind::ALL {
            let (priced, taken) = (self.priced[kind as usize], self.taken[kind as usize]);
            let share = (seconds / taken.max(1e-9)).min(1.0);
            light.learn(kind, share * priced, share * taken);
        }
        light
    }

    /// The same knowledge, of work whose price has become what was taken: where all goes as expected.
    pub fn as_expected(&self) -> Self {
        let mut expected = Self::default();
        for kind in PaceKind::ALL {
            let taken = self.taken[kind as usize];
            expected.learn(kind, taken, taken);
        }
        expected
    }

    /// Seconds for each second of the price; of the whole stage where nothing of this kind has ended, of all where too little
    /// of the stage has, for even a little tells more of an unknown machine than nothing, none where nothing has ended at all.
    pub fn of(&self, kind: PaceKind) -> Option<f64> {
        let own = self.ratio(0.0, |other| other == kind);
        own.or_else(|| self.ratio(TELLS_OF_OTHERS, |other| other.stage() == kind.stage()))
            .or_else(|| self.ratio(0.0, |_| true))
    }

    /// The ratio of those kinds that count, if they have taken at least so many seconds.
    fn ratio(&self, least: f64, counts: impl Fn(PaceKind) -> bool) -> Option<f64> {
        let sum = |of: &[f64]| -> f64 {
            PaceKind::ALL.iter().filter(|kind| counts(**kind)).map(|kind| of[*kind as usize]).sum()
        };
        let (taken, priced) = (sum(&self.taken), sum(&self.priced));
        (priced > 0.0 && taken >= least).then(|| taken / priced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learnt_elsewhere_counts_as_little_as_is_wanted() {
        let mut known = Pace::default();
        known.learn(PaceKind::Denoiser, 2000.0, 1000.0);
        let mut pace = Pace::default();
        pace.and(&known.lightened(5.0));
        assert_eq!(pace.of(PaceKind::Denoiser), Some(0.5));
        pace.learn(PaceKind::Denoiser, 10.0, 25.0);
        assert_eq!(pace.of(PaceKind::Denoiser), Some(1.5));
    }

    #[test]
    fn what_goes_as_expected_takes_its_price() {
        let mut known = Pace::default();
        known.learn(PaceKind::Trees, 2.0, 1.0);
        let mut expected = known.as_expected();
        assert_eq!(expected.of(PaceKind::Trees), Some(1.0));
        // Others of the stage are slow: what is known of a kind itself counts more.
        expected.learn(PaceKind::Perceptrons, 1.0, 9.0);
        assert_eq!(expected.of(PaceKind::Trees), Some(1.0));
        expected.learn(PaceKind::Trees, 1.0, 3.0);
        assert_eq!(expected.of(PaceKind::Trees), Some(2.0));
    }

    #[test]
    fn a_kind_has_its_own_pace_and_else_that_of_its_stage_or_of_the_others() {
        let mut pace = Pace::default();
        assert_eq!(pace.of(PaceKind::Denoiser), None);
        pace.learn(PaceKind::FlowTemplate, 10.0, 5.0);
        pace.learn(PaceKind::Perceptrons, 10.0, 25.0);
        assert_eq!(pace.of(PaceKind::FlowTemplate), Some(0.5));
        assert_eq!(pace.of(PaceKind::DiffusedTemplate), Some(0.5));
        assert_eq!(pace.of(PaceKind::Denoiser), Some(1.5));
        pace.learn(PaceKind::DiffusedTemplate, 10.0, 20.0);
        assert_eq!(
            [PaceKind::FlowTemplate, PaceKind::DiffusedTemplate].map(|kind| pace.of(kind)),
            [Some(0.5), Some(2.0)]
        );
    }

    #[test]
    fn short_tasks_tell_nothing_of_other_kinds() {
        let mut pace = Pace::default();
        pace.learn(PaceKind::Denoiser, 100.0, 80.0);
        // Four templates of a flow that mostly read their files.
        pace.learn(PaceKind::FlowTemplate, 0.4, 1.6);
        assert_eq!(pace.of(PaceKind::FlowTemplate), Some(4.0));
        // Where nothing else is known, they tell more than nothing.
        let mut alone = Pace::default();
        alone.learn(PaceKind::FlowTemplate, 0.4, 1.6);
        assert_eq!((alone.of(PaceKind::FlowTemplate), alone.of(PaceKind::Denoiser)), (Some(4.0), Some(4.0)));
        let diffused = pace.of(PaceKind::DiffusedTemplate).expect("something has ended");
        assert!((diffused - 81.6 / 100.4).abs() < 1e-12, "{diffused}");
        pace.learn(PaceKind::FlowTemplate, 3.0, 3.5);
        assert_eq!(pace.of(PaceKind::DiffusedTemplate), Some(1.5));
    }
}
