//! How long tasks take against their price, learnt from those that have ended.

use crate::plan::Stage;

/// Seconds for each second of the price, by stage.
///
/// Prices are those of one core of some machine; the ratio on the machine at hand is much the same for all tasks of a
/// stage.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    taken: [f64; Stage::ALL.len()],
    priced: [f64; Stage::ALL.len()],
}

impl Pace {
    /// A task of a stage that was priced at so many seconds has taken so many.
    pub fn learn(&mut self, stage: Stage, priced: f64, taken: f64) {
        self.taken[stage as usize] += taken;
        self.priced[stage as usize] += priced;
    }

    /// Seconds for each second of the price; of all stages where nothing has ended in this one, none where nothing has
    /// ended at all.
    pub fn of(&self, stage: Stage) -> Option<f64> {
        let ratio = |taken: f64, priced: f64| (priced > 0.0).then(|| taken / priced);
        ratio(self.taken[stage as usize], self.priced[stage as usize])
            .or_else(|| ratio(self.taken.iter().sum(), self.priced.iter().sum()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_has_its_own_pace_and_else_that_of_the_others() {
        let mut pace = Pace::default();
        assert_eq!(pace.of(Stage::Train), None);
        pace.learn(Stage::Template, 10.0, 5.0);
        pace.learn(Stage::Classify, 10.0, 25.0);
        assert_eq!(pace.of(Stage::Template), Some(0.5));
        assert_eq!(pace.of(Stage::Train), Some(1.5));
    }
}
