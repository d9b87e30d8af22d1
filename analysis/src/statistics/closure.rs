//! How well a template stands for the background: how well scores tell it from true background, and by how much a cut on
//! them would be passed by more background than the template says.

use serde::{Deserialize, Serialize};

use crate::statistics::metrics::RankedScores;

/// The efficiencies of a cut at which searches quote the excess.
pub const QUOTED_EFFICIENCIES: [f64; 3] = [0.1, 0.01, 0.001];

/// Events of either class that are expected to pass a cut below which its excess is not told: with fewer, the error exceeds
/// a third, and is no Gaussian one.
pub const LEAST_PASSING: f64 = 10.0;

/// Steps of the common grid to a decade of the efficiency.
const STEPS_A_DECADE: u8 = 4;
/// Decades of the efficiency that the common grid spans.
const DECADES: u8 = 4;

/// The common grid of a cut's efficiencies: below 1 down to 10⁻⁴, four a decade.
pub fn cut_grid() -> impl ExactSizeIterator<Item = f64> {
    (1..=STEPS_A_DECADE * DECADES).map(|step| 10_f64.powf(-f64::from(step) / f64::from(STEPS_A_DECADE)))
}

/// The place of an efficiency on the common grid; none where it lies between its points.
pub fn place_on_grid(efficiency: f64) -> Option<usize> {
    cut_grid().position(|known| (known / efficiency - 1.0).abs() < 1e-9)
}

/// Scores of one fold by classifiers that have not seen its events, larger for what is less like the template.
pub struct FoldScores {
    /// Of the template's events.
    pub template: Vec<f32>,
    /// Of true background.
    pub background: Vec<f32>,
}

/// A number with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

impl Measured {
    /// The mean of several that share what makes their own errors: what they differ by adds to it.
    fn mean(values: impl IntoIterator<Item = Self>) -> Self {
        let values: Vec<Self> = values.into_iter().collect();
        let count = values.len() as f64;
        let mean = values.iter().map(|one| one.value).sum::<f64>() / count;
        let shared = values.iter().map(|one| one.error).sum::<f64>() / count;
        let squares: f64 = values.iter().map(|one| (one.value - mean).powi(2)).sum();
        let between = if count > 1.0 { (squares / (count - 1.0) / count).sqrt() } else { 0.0 };
        Self { value: mean, error: shared.hypot(between) }
    }
}

/// The events that pass a cut too many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Excess {
    /// δ = N′ / (ε N) − 1 of N true background events of which N′ pass, where a share ε of the template does.
    pub delta: Measured,
    /// N′; a fraction of an event where several have the score of the threshold, which pass in proportion.
    pub passing: f64,
}

/// How well classifiers tell a template from true background.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closure {
    /// Area under the receiver operating characteristic, true background against template; 0.5 is a perfect template. None
    /// where there are too few events to learn from.
    pub auc: Option<Measured>,
    /// The excess at each efficiency of the common grid, as far as events of both classes reach.
    pub excesses: Vec<Option<Excess>>,
}

impl Closure {
    /// Of events that are too few to learn from.
    pub fn unknown() -> Self {
        Self { auc: None, excesses: cut_grid().map(|_| None).collect() }
    }

    /// Of the scores of all folds. Scores of two folds are by different classifiers and are not compared: the AUC is the mean
    /// of those of the folds, weighted by their pairs of events, and each fold has thresholds of its own, those of its
    /// template, while the events that pass are added up.
    ///
    /// The errors are those of the numbers of events. Copies of one event in a template count as different events.
    ///
    /// Source: δ from arXiv:2411.00085; the error of the AUC of two classes that are alike from H. B. Mann and D. R. Whitney,
    /// Ann. Math. Stat. 18 (1947) 50.
    pub fn of(folds: Vec<FoldScores>) -> Self {
        let [templates, backgrounds] = [
            folds.iter().map(|fold| fold.template.len()).sum::<usize>() as f64,
            folds.iter().map(|fold| fold.background.len()).sum::<usize>() as f64,
        ];
        let folds: Vec<RankedFold> = folds.into_iter().map(RankedFold::of).collect();
        Self {
            auc: auc(&folds).map(|value| Measured {
                value,
                error: ((templates + backgrounds + 1.0) / (12.0 * templates * backgrounds)).sqrt(),
            }),
            excesses: cut_grid().map(|cut| excess(&folds, [templates, backgrounds], cut)).collect(),
        }
    }

    /// The mean of several templates of one kind: the error of a number is made of what the templates differ by and of the numbers
    /// of events, as if true background, which is the same for all, were all of these. None where one template has no number.
    ///
    /// # Panics
    /// In builds with assertions, for no template at all.
    pub fn mean(of: &[&Self]) -> Self {
        debug_assert!(!of.is_empty(), "the mean of nothing");
        let excess = |place: usize| {
            let all: Option<Vec<Excess>> = of.iter().map(|closure| *closure.excesses.get(place)?).collect();
            let all = all?;
            let passing = all.iter().map(|excess| excess.passing).sum::<f64>() / all.len() as f64;
            Some(Excess { delta: Measured::mean(all.iter().map(|excess| excess.delta)), passing })
        };
        let aucs: Option<Vec<Measured>> = of.iter().map(|closure| closure.auc).collect();
        Self { auc: aucs.map(Measured::mean), excesses: (0..cut_grid().len()).map(excess).collect() }
    }

    /// The excess at an efficiency of the common grid.
    pub fn excess(&self, efficiency: f64) -> Option<Excess> {
        place_on_grid(efficiency).and_then(|place| *self.excesses.get(place)?)
    }
}

/// A fold whose events are ranked, the template as the class that is to be rejected.
struct RankedFold {
    scores: RankedScores,
    pairs: f64,
    background: f64,
}

impl RankedFold {
    fn of(FoldScores { template, background }: FoldScores) -> Self {
        Self {
            pairs: template.len() as f64 * background.len() as f64,
            background: background.len() as f64,
            scores: RankedScores::new(template, background),
        }
    }
}

/// The mean of the folds' AUC, each weighted by its pairs of events; none where no fold has any.
fn auc(folds: &[RankedFold]) -> Option<f64> {
    let pairs: f64 = folds.iter().map(|fold| fold.pairs).sum();
    let won = folds.iter().filter_map(|fold| Some(fold.pairs * fold.scores.auc()?)).sum::<f64>();
    (pairs > 0.0).then(|| won / pairs)
}

/// The excess where a share of the template passes in each fold; none where the events are too few.
fn excess(folds: &[RankedFold], [templates, backgrounds]: [f64; 2], efficiency: f64) -> Option<Excess> {
    let [template, expected] = [templates, backgrounds].map(|events| efficiency * events);
    if template.min(expected) < LEAST_PASSING * (1.0 - 1e-9) {
        return None;
    }
    let passing = folds
        .iter()
        .map(|fold| Some(fold.background * fold.scores.efficiency_at(1.0 / efficiency)?))
        .sum::<Option<f64>>()?;
    let ratio = passing / expected;
    // Where nothing passes, the error is that of one event, not none.
    let (of_background, of_template) = (passing.max(1.0).sqrt() / expected, ratio / template.sqrt());
    let delta = Measured { value: ratio - 1.0, error: of_background.hypot(of_template) };
    Some(Excess { delta, passing })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evenly spread scores from 0 to a largest.
    fn spread(count: usize, largest: f32) -> Vec<f32> {
        (0..count).map(|event| largest * (event as f32 + 0.5) / count as f32).collect()
    }

    #[test]
    fn the_grid_holds_what_is_quoted() {
        assert_eq!(cut_grid().len(), 16);
        assert_eq!(QUOTED_EFFICIENCIES.map(place_on_grid), [Some(3), Some(7), Some(11)]);
        assert_eq!(place_on_grid(0.02), None);
    }

    #[test]
    fn the_mean_of_templates_knows_what_they_differ_by() {
        let of = |auc: f64, delta: Option<f64>| Closure {
            auc: Some(Measured { value: auc, error: 0.003 }),
            excesses: cut_grid()
                .map(|_| Some(Excess { delta: Measured { value: delta?, error: 0.03 }, passing: 20.0 }))
                .collect(),
        };
        let mean = Closure::mean(&[&of(0.50, Some(0.1)), &of(0.51, Some(0.2))]);
        let auc = mean.auc.expect("both have one");
        // Their mean is known to 0.005 by what they differ, and to 0.003 by the events.
        assert!((auc.value - 0.505).abs() < 1e-12 && (auc.error - 0.005_f64.hypot(0.003)).abs() < 1e-12);
        let Excess { delta, passing } = mean.excess(0.1).expect("both have one");
        assert!((delta.value - 0.15).abs() < 1e-12 && (delta.error - 0.05_f64.hypot(0.03)).abs() < 1e-12);
        assert!((passing - 20.0).abs() < 1e-12);
        assert_eq!(Closure::mean(&[&of(0.5, Some(0.1)), &of(0.5, None)]).excess(0.1), None);
        let single = of(0.52, Some(0.3));
        assert_eq!(Closure::mean(&[&single]), single);
    }

    #[test]
    fn equal_scores_close_at_every_cut() {
        let folds = (0..5).map(|_| FoldScores { template: spread(2000, 1.0), background: spread(1000, 1.0) });
        let closure = Closure::of(folds.collect());
        let auc = closure.auc.expect("events");
        assert!((auc.value - 0.5).abs() < 1e-9, "{auc:?}");
        // √((10,000 + 5,000 + 1) / (12 · 10,000 · 5,000)).
        assert!((auc.error - 0.005_000_17).abs() < 1e-7, "{auc:?}");
        for (efficiency, sigma) in [(0.1, (1.0_f64 / 500.0 + 1.0 / 1000.0).sqrt()), (0.01, 0.03_f64.sqrt())] {
            let found = closure.excess(efficiency).expect("fifty events");
            assert!(found.delta.value.abs() < 1e-6, "{found:?}");
            assert!((found.delta.error - sigma).abs() < 1e-6, "{found:?} instead of {sigma}");
            assert!((found.passing - efficiency * 5000.0).abs() < 1e-2, "{found:?}");
        }
        assert_eq!(closure.excess(0.001), None, "five true events are too few");
    }

    #[test]
    fn an_excess_is_counted_over_folds_that_have_thresholds_of_their_own() {
        // Above the template's threshold of the first fold (0.9) lies a fifth of its background (scores to 1.125), none of
        // that of the second, whose scores are shifted as a whole.
        let first = FoldScores { template: spread(1000, 1.0), background: spread(1000, 1.125) };
        let second = FoldScores {
            template: spread(1000, 1.0).iter().map(|score| score + 7.0).collect(),
            background: spread(1000, 0.9).iter().map(|score| score + 7.0).collect(),
        };
        let closure = Closure::of(vec![first, second]);
        let found = closure.excess(0.1).expect("events");
        assert!((found.passing - 200.0).abs() < 1.5, "{found:?}");
        assert!(found.delta.value.abs() < 0.01, "{found:?}");
        // Two in three pairs of classes would be told apart if folds were mixed.
        // First fold: P(b > t) = 1 − 1/(2 · 1.125); second: 0.9/2.
        let auc = closure.auc.expect("events").value;
        assert!((auc - f64::midpoint(1.0 - 1.0 / 2.25, 0.45)).abs() < 1e-3, "{auc}");
    }

    #[test]
    fn nothing_that_passes_has_an_error_and_too_few_have_no_number() {
        let fold = |background| FoldScores { template: spread(1000, 1.0), background };
        let found = Closure::of(vec![fold(spread(400, 0.5))]).excess(0.1).expect("forty are expected");
        assert!((found.delta.value + 1.0).abs() < 1e-12 && found.passing.abs() < 1e-12, "{found:?}");
        assert!((found.delta.error - 1.0 / 40.0).abs() < 1e-12, "{found:?}");
        assert_eq!(Closure::of(vec![fold(spread(99, 0.5))]).excess(0.1), None);
        let empty = Closure::of(vec![fold(vec![])]);
        assert_eq!((empty.auc, empty.excess(0.1)), (None, None));
        assert_eq!(Closure::of(vec![]), Closure::unknown());
    }
}
