//! By how much counts behind a cut scatter more than their numbers say, for classifiers of different folds learn from each other.

use crate::statistics::closure::Measured;

/// Pulls that must be known before counts are taken to scatter otherwise than their numbers say: of so many their variance is known to
/// ± 0.14.
pub const LEAST_PULLS: usize = 100;

/// The variance of the excess N − b over that of independent counts, b + b²/`N_t,c`, where there is no signal.
///
/// Each event is scored by classifiers that have not seen it, so that the excess of each fold is 0 on average. But the classifiers of
/// one fold have learnt from the events of another, and the other way round. Where both folds have by chance more data than template,
/// both take the place, each for the other's sake; where both have less, neither does; and where one has more and the other less, at most
/// the one with less takes it. So what both take is more often an excess in both, or else in none: the excesses of two folds rise and fall
/// together, and their sum has a larger variance than the sum of their variances.
///
/// Source: our own; that no sum over folds tells its own variance is known from Y. Bengio, Y. Grandvalet, J. Mach. Learn. Res. 5 (2004)
/// 1089.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scatter(f64);

impl Scatter {
    /// That of independent counts, which stands for one that nobody has measured.
    pub const OF_COUNTS: Self = Self(1.0);

    /// By the pulls (N − b)/√(b + b²/`N_t,c`) of searches without signal; none where these are fewer than [`LEAST_PULLS`]. Where they
    /// scatter less than counts it is that of counts: an error is never made smaller.
    pub fn of_pulls(pulls: &[f64]) -> Option<Self> {
        let measured = mean_square(pulls).filter(|_| pulls.len() >= LEAST_PULLS)?;
        Some(Self(measured.value.max(1.0)))
    }

    /// The ratio of variances, 1 or more.
    pub fn ratio(self) -> f64 {
        self.0
    }

    /// What it adds to the relative variance of b, of which so many events are expected behind a cut that so many independent template
    /// events pass.
    pub fn relative_variance(self, expected: f64, independent: f64) -> f64 {
        (self.0 - 1.0) * (1.0 / expected + 1.0 / independent)
    }
}

/// The pull of a count over what so many events of a template that pass say of it.
pub fn pull(count: f64, expected: f64, behind: f64) -> f64 {
    (count - expected) / (expected + expected * expected / behind).sqrt()
}

/// The mean of squares, with its error by how much they differ; none of fewer than two.
pub fn mean_square(pulls: &[f64]) -> Option<Measured> {
    let n = pulls.len() as f64;
    if pulls.len() < 2 {
        return None;
    }
    let value = pulls.iter().map(|pull| pull * pull).sum::<f64>() / n;
    let variance = pulls.iter().map(|pull| (pull * pull - value).powi(2)).sum::<f64>() / (n - 1.0);
    Some(Measured { value, error: (variance / n).sqrt() })
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::plan::random_stream::Stream;

    const FOLDS: usize = 5;
    const PLACES: usize = 400;

    /// N and b of a search in which nothing can be learnt: each place has as much data as template on average, and each fold takes
    /// the twentieth of the places in which all others have the largest excess.
    fn searched(stream: &Stream) -> (f64, f64) {
        let mut generator = stream.generator();
        let mut normal = |mean: f64| -> f64 {
            let unit: f64 = StandardNormal.sample(&mut generator);
            mean + mean.sqrt() * unit
        };
        let data: [[f64; PLACES]; FOLDS] = std::array::from_fn(|_| std::array::from_fn(|_| normal(50.0)));
        let template: [[f64; PLACES]; FOLDS] =
            std::array::from_fn(|_| std::array::from_fn(|_| normal(200.0)));
        let (mut count, mut expected) = (0.0, 0.0);
        for fold in 0..FOLDS {
            let others = || (0..FOLDS).filter(|other| *other != fold);
            let score = |place: usize| -> f64 {
                others().map(|other| data[other][place] - template[other][place] / 4.0).sum()
            };
            let mut places: Vec<usize> = (0..PLACES).collect();
            places.sort_by(|one, other| score(*other).total_cmp(&score(*one)));
            for place in &places[..PLACES / 20] {
                count += data[fold][*place];
                expected += template[fold][*place] / 4.0;
            }
        }
        (count, expected)
    }

    #[test]
    fn folds_that_learn_from_each_other_scatter_more_and_errors_are_right_once_that_is_known() {
        let all = Stream::of_job(1);
        let searches: Vec<(f64, f64)> = (0..2000).map(|number| searched(&all.branch(number))).collect();
        let pulls: Vec<f64> = searches.iter().map(|(count, b)| pull(*count, *b, 4.0 * b)).collect();
        let found = mean_square(&pulls).expect("many");
        // 1 + 4 ρ, where the correlation ρ of two folds follows from an integral over normal densities: 0.26 of a share of 0.05.
        assert!((found.value - 2.025).abs() < 4.0 * found.error && found.error < 0.08, "{found:?}");
        // Known from one half of the searches, errors of the other half are what they say.
        let rate = |scatter: Scatter| {
            let is_high = |pull: &&f64| **pull > 1.645 * scatter.ratio().sqrt();
            pulls[1000..].iter().filter(is_high).count() as f64 / 1000.0
        };
        let (plain, known) =
            (rate(Scatter::OF_COUNTS), rate(Scatter::of_pulls(&pulls[..1000]).expect("enough")));
        assert!(plain > 0.09, "{plain}: counts alone say too little");
        assert!((known - 0.05).abs() < 0.021, "{known}");
    }

    #[test]
    fn a_few_pulls_measure_nothing_and_no_error_is_made_smaller() {
        let few = vec![3.0; LEAST_PULLS - 1];
        for pulls in [&[][..], &[2.0], &few] {
            assert_eq!(Scatter::of_pulls(pulls), None, "{} pulls", pulls.len());
        }
        assert_eq!(Scatter::of_pulls(&[0.5; LEAST_PULLS]), Some(Scatter::OF_COUNTS));
        let wide = Scatter::of_pulls(&[2.0; LEAST_PULLS]).expect("enough");
        assert!((wide.ratio() - 4.0).abs() < 1e-12);
        assert!(Scatter::OF_COUNTS.relative_variance(10.0, 40.0).abs() < 1e-15);
        assert_eq!((mean_square(&[]), mean_square(&[1.0])), (None, None));
    }
}
