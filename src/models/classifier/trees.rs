//! Gradient-boosted decision trees that tell data from template, as a reference for the perceptrons.

use drapes_analysis::job::TreeSettings;
use drapes_analysis::store::record::Loss;
use forust_ml::gradientbooster::GrowPolicy;
use forust_ml::metric::Metric;
use forust_ml::{GradientBooster, Matrix};
use ndarray::ArrayView2;

/// Bins of each feature's histogram.
const BINS: u16 = 256;
/// Least sum of p (1 − p) in a leaf, where events weigh 1 on average: 20 events that cannot be told apart.
const LEAST_LEAF_WEIGHT: f32 = 5.0;
/// Moments of the training that are kept.
const MOMENTS: usize = 20;

/// Events of both classes.
pub struct Rows<'a> {
    /// Jets' features in their own units, `(events, features)`.
    pub features: ArrayView2<'a, f32>,
    /// Which events are data (class 1); the others are template (class 0).
    pub is_data: &'a [bool],
    /// What each event counts in the loss; 1 on average.
    pub weights: &'a [f64],
}

/// Boosted trees, up to the one with the least loss on the validation events.
pub struct Trees {
    booster: GradientBooster,
}

/// Events as the library takes them.
struct Table {
    events: usize,
    features: usize,
    /// Column by column.
    values: Vec<f64>,
    /// 1 for data.
    truth: Vec<f64>,
}

impl Trees {
    /// Trains on `training` until the loss on `validation` has not improved for `patience` trees.
    ///
    /// One thread works. Neither rows nor columns are sampled, so no random number is drawn: trees that shall differ
    /// need different events.
    ///
    /// # Shapes
    /// As many features in both parts.
    ///
    /// # Errors
    /// A class has no events or no weight, or a number is not finite.
    ///
    /// # Panics
    /// The lists of a part differ in length, or the parts in their features.
    ///
    /// Source: J. H. Friedman, Ann. Stat. 29 (2001) 1189, with the second-order leaves of T. Chen and
    /// C. Guestrin, arXiv:1603.02754. Leaf sizes and the absence of a penalty follow scikit-learn's
    /// `HistGradientBoostingClassifier`. Unlike there, the next leaf to split is not the one that gains most by
    /// it but the one whose own G²/H is largest: trees reach deeper into their purest regions.
    pub fn train(
        training: &Rows<'_>,
        validation: &Rows<'_>,
        settings: &TreeSettings,
    ) -> Result<Self, String> {
        check(training, "training")?;
        check(validation, "validation")?;
        assert_eq!(training.features.ncols(), validation.features.ncols(), "parts have the same features");
        let mut booster = GradientBooster::default()
            .set_iterations(settings.iterations)
            .set_learning_rate(settings.learning_rate as f32)
            .set_max_leaves(settings.leaves)
            .set_max_depth(usize::MAX)
            .set_min_leaf_weight(LEAST_LEAF_WEIGHT)
            .set_l2(0.0)
            .set_nbins(BINS)
            .set_initialize_base_score(true)
            .set_evaluation_metric(Some(Metric::LogLoss))
            .set_early_stopping_rounds(Some(settings.patience))
            // The ranks share the cores of a machine; a pool of threads in each would fight for them.
            .set_parallel(false);
        booster.grow_policy = GrowPolicy::LossGuide;
        let (learnt, kept) = (Table::of(training), Table::of(validation));
        // The last part is the one that stops the training.
        let watched = vec![
            (learnt.matrix(), learnt.truth.as_slice(), training.weights),
            (kept.matrix(), kept.truth.as_slice(), validation.weights),
        ];
        booster
            .fit(&learnt.matrix(), &learnt.truth, training.weights, Some(watched))
            .map_err(|error| error.to_string())?;
        Ok(Self { booster })
    }

    /// Log-odds of data against template, larger for more data-like; one for each event.
    ///
    /// # Shapes
    /// `(events, features)`, the features of the training.
    pub fn score(&self, features: ArrayView2<'_, f32>) -> Vec<f32> {
        let values = by_column(features);
        let matrix = Matrix::new(&values, features.nrows(), features.ncols());
        self.booster.predict(&matrix, false).into_iter().map(|score| score as f32).collect()
    }

    /// Loss on the training and on the validation events at some moments, the last of them the end; a tree
    /// counts as an epoch.
    pub fn losses(&self) -> Vec<Loss> {
        let Some(history) = &self.booster.evaluation_history else { return Vec::new() };
        let moments = history.rows.min(MOMENTS);
        let after = (1..=moments).map(|moment| moment * history.rows / moments);
        let losses = after.map(|trees| Loss {
            epoch: trees as f64,
            training: *history.get(trees - 1, 0) as f32,
            validation: Some(*history.get(trees - 1, 1) as f32),
        });
        losses.collect()
    }
}

impl Table {
    fn of(rows: &Rows<'_>) -> Self {
        Self {
            events: rows.features.nrows(),
            features: rows.features.ncols(),
            values: by_column(rows.features),
            truth: rows.is_data.iter().map(|is_data| f64::from(u8::from(*is_data))).collect(),
        }
    }

    fn matrix(&self) -> Matrix<'_, f64> {
        Matrix::new(&self.values, self.events, self.features)
    }
}

fn by_column(features: ArrayView2<'_, f32>) -> Vec<f64> {
    features.t().iter().copied().map(f64::from).collect()
}

/// Refuses what the library would answer with scores that are not numbers, or with the same for all events.
fn check(rows: &Rows<'_>, part: &str) -> Result<(), String> {
    let events = rows.features.nrows();
    assert_eq!((rows.is_data.len(), rows.weights.len()), (events, events), "one class and weight an event");
    if !rows.features.iter().all(|value| value.is_finite()) {
        return Err(format!("a feature of the {part} events is not a finite number"));
    }
    if !rows.weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0) {
        return Err(format!("a weight of the {part} events is negative or not finite"));
    }
    for (class, name) in [(true, "data"), (false, "template")] {
        let of_class = rows.weights.iter().zip(rows.is_data).filter(|(_, is_data)| **is_data == class);
        if of_class.map(|(weight, _)| weight).sum::<f64>() <= 0.0 {
            return Err(format!("the {part} events hold no {name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
