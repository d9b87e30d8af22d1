//! How much of an event's mass its features tell, by boosted trees.
//!
//! A template is made at the masses of the signal region from events beside it. Features that are the mass under another name tell
//! classifiers where an event lies, and a cut on their scores carves a bump into a spectrum that has none.

use forust_ml::objective::ObjectiveType;
use forust_ml::{GradientBooster, Matrix};
use ndarray::{ArrayView2, Axis};

/// Events at most, of which half are learnt from: a fraction of a second, and the share is known to a hundredth.
pub const EVENTS: usize = 10_000;
/// Events below which nothing is said.
const FEWEST: usize = 200;
/// Trees, and how much each of them moves.
const TREES: usize = 60;
const LEARNING_RATE: f32 = 0.2;

/// The share of the variance of the mass that trees find in the features, R², on events that they have not seen; nothing where
/// there are too few events, or all have one mass.
///
/// # Shapes
/// `(events, features)`, and a mass for each event.
///
/// # Panics
/// If there are not as many masses as events.
pub fn share_told(features: ArrayView2<'_, f32>, masses: &[f64]) -> Option<f64> {
    assert_eq!(features.nrows(), masses.len(), "a mass for each event");
    if masses.len() < FEWEST || !features.iter().all(|value| value.is_finite()) {
        return None;
    }
    // Every other event, so that the order of the file does not matter.
    let half = |first: usize| -> (Vec<f64>, Vec<f64>) {
        let rows: Vec<usize> = (first..masses.len()).step_by(2).collect();
        let own = features.select(Axis(0), &rows);
        (own.t().iter().copied().map(f64::from).collect(), rows.iter().map(|row| masses[*row]).collect())
    };
    let ((seen, seen_masses), (unseen, unseen_masses)) = (half(0), half(1));
    let mut booster = GradientBooster::default()
        .set_objective_type(ObjectiveType::SquaredLoss)
        .set_iterations(TREES)
        .set_learning_rate(LEARNING_RATE)
        .set_initialize_base_score(true)
        .set_parallel(false);
    let matrix = Matrix::new(&seen, seen_masses.len(), features.ncols());
    booster.fit_unweighted(&matrix, &seen_masses, None).ok()?;
    let found = booster.predict(&Matrix::new(&unseen, unseen_masses.len(), features.ncols()), false);
    let mean = unseen_masses.iter().sum::<f64>() / unseen_masses.len() as f64;
    let squares = |expected: &dyn Fn(usize) -> f64| -> f64 {
        unseen_masses.iter().enumerate().map(|(event, mass)| (mass - expected(event)).powi(2)).sum()
    };
    let (left, all) = (squares(&|event| found[event]), squares(&|_| mean));
    // One mass that is no exact binary number differs from its mean by rounding.
    let rounding = unseen_masses.len() as f64 * (mean * 1e-9).powi(2);
    (all > rounding).then(|| 1.0 - left / all)
}

#[cfg(test)]
mod tests {
    use drapes_analysis::plan::random_stream::Stream;
    use ndarray::Array2;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    #[test]
    fn features_tell_the_mass_where_it_follows_from_them() {
        let mut generator = Stream::of_job(3).generator();
        let features =
            Array2::from_shape_simple_fn((4000, 3), || -> f32 { StandardNormal.sample(&mut generator) });
        let mass = |row: usize| {
            f64::from(features[[row, 0]]) * 300.0 + f64::from(features[[row, 1]].abs()) * 200.0 + 3500.0
        };
        let known: Vec<f64> = (0..4000).map(mass).collect();
        let told = share_told(features.view(), &known).expect("enough events");
        assert!(told > 0.97, "{told}");
        let unknown: Vec<f64> = (0..4000)
            .map(|_| {
                let normal: f64 = StandardNormal.sample(&mut generator);
                3500.0 + 300.0 * normal
            })
            .collect();
        let told = share_told(features.view(), &unknown).expect("enough events");
        assert!(told < 0.05, "{told}");
        // Half of the variance is noise.
        let half: Vec<f64> =
            known.iter().zip(&unknown).map(|(known, other)| known + (other - 3500.0) * 1.08).collect();
        let told = share_told(features.view(), &half).expect("enough events");
        assert!((0.4..0.6).contains(&told), "{told}");
        assert_eq!(share_told(features.view(), &vec![91.1876; 4000]), None);
        assert_eq!(share_told(features.slice(ndarray::s![..100, ..]), &known[..100]), None);
    }
}
