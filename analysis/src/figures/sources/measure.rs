//! The figures of merit of tables, and what the finite number of evaluation events leaves open of each.

use std::collections::BTreeSet;

use crate::job::Draw;
use crate::statistics::replicas::{Replicas, spread};
use crate::store::{Classifier, PointResults};

/// A figure of merit.
pub struct Merit {
    /// What tables call it.
    pub word: &'static str,
    /// That of a classifier.
    pub value: fn(&Classifier) -> Option<f64>,
    /// Those of the replicas of evaluation events.
    pub replicas: fn(Replicas) -> Option<Vec<f32>>,
    /// What kind of number it is.
    pub kind: MeasureKind,
}

/// What kind of number a figure of merit is.
pub enum MeasureKind {
    /// A significance improvement at a rejection.
    Improvement(f64),
    /// The area of signal against background.
    Area,
    /// The area of true background against the template.
    Closure,
}

/// The figures of merit of `variance.csv` and `differences.csv`.
pub const MEASURES: [Merit; 4] = [
    Merit {
        word: "sic_at_1e3",
        value: |found| found.performance.sic_at_1e3,
        replicas: |found| found.sic_at_1e3,
        kind: MeasureKind::Improvement(1e3),
    },
    Merit {
        word: "sic_at_5e3",
        value: |found| found.performance.sic_at_5e3,
        replicas: |found| found.sic_at_5e3,
        kind: MeasureKind::Improvement(5e3),
    },
    Merit {
        word: "auc",
        value: |found| found.performance.auc,
        replicas: |found| found.auc,
        kind: MeasureKind::Area,
    },
    Merit {
        word: "background_closure_auc",
        value: |found| found.background_closure_auc,
        replicas: |found| found.background_closure_auc,
        kind: MeasureKind::Closure,
    },
];

/// One of two points that are compared.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The point.
    pub found: &'a PointResults,
    /// What was drawn for the classifiers that have a partner.
    pub draws: &'a BTreeSet<Draw>,
    /// The mean of its classifiers.
    pub mean: f64,
}

impl Merit {
    /// What the finite number of evaluation events leaves open of the mean over what was drawn, by the replicas of these events; of
    /// records that have none by [`Merit::of_counts`].
    pub fn of_evaluation<'a>(
        &self,
        found: &PointResults,
        draws: impl Iterator<Item = &'a Draw>,
        folds: u32,
        mean: f64,
    ) -> Option<f64> {
        let replicas = found.replicas_of(draws).and_then(self.replicas);
        let spread = |values: Vec<f32>| spread(&values.into_iter().map(f64::from).collect::<Vec<_>>());
        replicas.and_then(spread).or_else(|| self.of_counts(found, folds, mean))
    }

    /// The same of a difference: what events do to both sides goes out. Without replicas, as if both had events of their own.
    pub fn of_difference(&self, sides: [Side<'_>; 2], folds: u32) -> f64 {
        let replicas = sides.map(|side| side.found.replicas_of(side.draws.iter()).and_then(self.replicas));
        if let [Some(first), Some(second)] = replicas {
            let each = first.into_iter().zip(second);
            let differences: Vec<f64> = each.map(|(one, other)| f64::from(one) - f64::from(other)).collect();
            return spread(&differences).unwrap_or(0.0);
        }
        let errors = sides.map(|side| self.of_counts(side.found, folds, side.mean));
        errors.into_iter().flatten().fold(0.0, f64::hypot)
    }

    /// What the finite number of evaluation events leaves open of a value, by how many they are; none where there are none.
    ///
    /// A significance improvement is `ε_S` √R: of the rejection, which is known as well as the background events are that pass,
    /// half reaches it, and of the signal efficiency its binomial error. The variance of an area A is at most A (1 − A) over the
    /// smaller number of events (Z. W. Birnbaum and O. M. Klose, Ann. Math. Stat. 28 (1957) 933). Of a closure only the
    /// background counts, for each fold and each template has template events of its own, and what these leave open is in the
    /// spread of classifiers and templates already: it is the mean over n background events of the share of the template below
    /// them, whose variance is 1/(12 n) for equal distributions (H. B. Mann and D. R. Whitney, Ann. Math. Stat. 18 (1947) 50), and
    /// at most A (1 − A)/n for any, as that of a number between 0 and 1.
    pub fn of_counts(&self, found: &PointResults, folds: u32, mean: f64) -> Option<f64> {
        let (background, signal) = (found.background_events(), found.signal_events());
        let has = |events: f64| events > 0.0;
        match self.kind {
            MeasureKind::Improvement(rejection) if has(background) && has(signal) => {
                let efficiency = (mean / rejection.sqrt()).clamp(0.0, 1.0);
                let of_signal =
                    if efficiency > 0.0 { (1.0 - efficiency) / (efficiency * signal) } else { 0.0 };
                Some(mean * (0.25 * rejection / background + of_signal).sqrt())
            }
            MeasureKind::Area if has(background) && has(signal) => {
                Some((mean * (1.0 - mean)).max(0.0).sqrt() / background.min(signal).sqrt())
            }
            MeasureKind::Closure => {
                // A template of true background is counted among the background that cuts are put on.
                let is_true = found.point.template().is_none();
                let counted = if is_true { found.sizes.template as f64 / f64::from(folds) } else { 0.0 };
                let alone = background - counted;
                has(alone).then(|| ((mean * (1.0 - mean)).clamp(0.0, 1.0 / 12.0) / alone).sqrt())
            }
            _ => None,
        }
    }
}
