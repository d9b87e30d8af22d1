//! A cut on the scores of out-of-fold classifiers, as a share of the template.

use crate::statistics::closure::LEAST_PASSING;

/// The score of an event by the classifiers of one fold, which have not seen it; larger for what is more like data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The fold.
    pub fold: u32,
    /// The score.
    pub score: f32,
}

/// A cut: a threshold for each fold, whose classifiers have a scale of scores of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldCut {
    /// The least score that passes, by fold; infinite where nothing does.
    pub thresholds: Vec<f32>,
}

impl FoldCut {
    /// The cut that a share of the template passes: the whole number of events that is nearest to the share of all, of each fold its
    /// part (whole numbers, those with the largest remainders rounded up), and those that have the score of the last of them. None
    /// where fewer than [`LEAST_PASSING`] events would pass, for then their number says little of the share.
    ///
    /// Source: arXiv:2411.00085, for thresholds that are quantiles of the template in each fold.
    ///
    /// # Panics
    /// An event is of a fold beyond their number.
    pub fn of_share(template: &[Judged], folds: u32, share: f64) -> Option<Self> {
        let mut by_fold: Vec<Vec<f32>> = vec![vec![]; folds as usize];
        for event in template {
            by_fold[event.fold as usize].push(event.score);
        }
        if (share * template.len() as f64).round() < LEAST_PASSING {
            return None;
        }
        let counts = shared_out(share, &by_fold.iter().map(Vec::len).collect::<Vec<_>>());
        let threshold = |(mut scores, count): (Vec<f32>, usize)| {
            if count == 0 {
                return f32::INFINITY;
            }
            let (_, last, _) = scores.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
            *last
        };
        Some(Self { thresholds: by_fold.into_iter().zip(counts).map(threshold).collect() })
    }

    /// Whether an event passes.
    ///
    /// # Panics
    /// It is of a fold beyond their number.
    pub fn passes(&self, event: Judged) -> bool {
        event.score >= self.thresholds[event.fold as usize]
    }

    /// The places of the events that pass.
    pub fn passing(&self, events: &[Judged]) -> Vec<usize> {
        (0..events.len()).filter(|place| self.passes(events[*place])).collect()
    }
}

/// A share of the events of all folds as whole numbers of each. Rounded fold by fold, a small share could be off by a third.
fn shared_out(share: f64, events: &[usize]) -> Vec<usize> {
    let exact: Vec<f64> = events.iter().map(|count| share * *count as f64).collect();
    let mut counts: Vec<usize> = exact.iter().map(|part| part.floor() as usize).collect();
    let wanted = (share * events.iter().sum::<usize>() as f64).round() as usize;
    let mut by_remainder: Vec<usize> = (0..events.len()).collect();
    by_remainder.sort_by(|one, other| exact[*other].fract().total_cmp(&exact[*one].fract()));
    let left = wanted.saturating_sub(counts.iter().sum());
    for fold in by_remainder.into_iter().take(left) {
        counts[fold] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_share_is_rounded_once_and_not_in_each_fold() {
        // 7.5 of 7,500 events are eight, not two of each fold.
        assert_eq!(shared_out(0.001, &[1500; 5]).iter().sum::<usize>(), 8);
        // The last has the largest remainder; of equal ones the first comes first.
        assert_eq!(shared_out(0.001, &[1480, 1480, 1480, 1480, 1500]), [2, 1, 1, 1, 2]);
        assert_eq!(shared_out(0.1, &[100, 200]), [10, 20]);
        assert_eq!(shared_out(0.5, &[]), Vec::<usize>::new());
    }

    /// Events of two folds with scores 0, 1, 2, …; those of the second fold are larger by 1000.
    fn events(counts: [usize; 2]) -> Vec<Judged> {
        let of = |fold: u32| {
            (0..counts[fold as usize])
                .map(move |place| Judged { fold, score: place as f32 + 1000.0 * fold as f32 })
        };
        of(0).chain(of(1)).collect()
    }

    #[test]
    fn each_fold_has_the_threshold_of_its_own_template_and_counts_add_up() {
        let template = events([100, 200]);
        let cut = FoldCut::of_share(&template, 2, 0.1).expect("enough events");
        assert_eq!(cut.thresholds, [90.0, 1180.0]);
        assert_eq!(cut.passing(&template).len(), 30);
        let data = [(0, 89.9), (0, 90.0), (1, 1179.0), (1, 1180.5), (0, 1e6)];
        let data = data.map(|(fold, score)| Judged { fold, score });
        assert_eq!(cut.passing(&data), [1, 3, 4]);
    }

    #[test]
    fn events_of_the_last_score_pass_together_in_both_classes() {
        let template: Vec<Judged> =
            (0..40).map(|place| Judged { fold: 0, score: f32::from(u8::from(place >= 10)) }).collect();
        let cut = FoldCut::of_share(&template, 1, 0.5).expect("enough events");
        assert_eq!((cut.thresholds[0], cut.passing(&template).len()), (1.0, 30), "not 20 of equal ones");
    }

    #[test]
    fn a_cut_that_fewer_than_ten_events_pass_is_none() {
        assert_eq!(FoldCut::of_share(&events([40, 40]), 2, 0.1), None, "eight pass");
        assert!(FoldCut::of_share(&events([50, 50]), 2, 0.1).is_some());
        assert_eq!(FoldCut::of_share(&[], 2, 0.1), None);
        // A fold without events lets nothing pass.
        let cut = FoldCut::of_share(&events([200, 0]), 2, 0.1).expect("enough events");
        assert!(!cut.passes(Judged { fold: 1, score: f32::MAX }));
    }
}
