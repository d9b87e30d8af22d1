//! Which events belong to which fold of the cross-validation.

use drapes_analysis::job::quantities::Fold;
use drapes_analysis::plan::random_stream::Stream;
use rand::seq::SliceRandom;

/// Which fold each event belongs to.
pub struct FoldAssignment {
    part: Vec<u32>,
    folds: u32,
}

impl FoldAssignment {
    /// Divides events at random into folds whose sizes differ by at most one.
    pub fn random(count: usize, folds: u32, stream: &Stream) -> Self {
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.shuffle(&mut stream.generator());
        let mut part = vec![0; count];
        for (place, event) in order.into_iter().enumerate() {
            part[event as usize] = place as u32 % folds;
        }
        Self { part, folds }
    }

    /// The folds of copies: copy `i` stays in the fold of event `i` modulo their number, so that no classifier is evaluated on a
    /// copy of what it has learnt from.
    pub fn repeated(&self, count: usize) -> Self {
        Self { part: self.part.iter().copied().cycle().take(count).collect(), folds: self.folds }
    }

    /// The part of an event.
    ///
    /// # Panics
    /// There is no such event.
    pub fn of(&self, event: usize) -> Fold {
        Fold(self.part[event])
    }

    /// Events of one part.
    pub fn part(&self, fold: Fold) -> impl Iterator<Item = usize> + '_ {
        (0..self.part.len()).filter(move |event| self.part[*event] == fold.0)
    }

    /// Events that train the classifier that is evaluated on `fold`: all but that part and its validation part.
    pub fn training(&self, fold: Fold) -> impl Iterator<Item = usize> + '_ {
        let others = [fold, fold.validation(self.folds)];
        (0..self.part.len()).filter(move |event| !others.contains(&Fold(self.part[*event])))
    }

    /// Events that every classifier has at least for training, whatever its fold.
    pub fn least_training(count: usize, folds: u32) -> usize {
        count - 2 * count.div_ceil(folds as usize).min(count / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_evaluated_once_and_never_trains_its_judge() {
        for count in [5, 23, 100] {
            let folds = FoldAssignment::random(count, 5, &Stream::of_job(1));
            let mut evaluated = vec![0; count];
            for fold in (0..5).map(Fold) {
                let training: Vec<usize> = folds.training(fold).collect();
                assert!(training.len() >= FoldAssignment::least_training(count, 5));
                for event in folds.part(fold) {
                    evaluated[event] += 1;
                    assert!(!training.contains(&event));
                }
                assert!(folds.part(fold.validation(5)).all(|event| !training.contains(&event)));
                let class_rows = folds.part(fold).count() + folds.part(fold.validation(5)).count();
                assert_eq!(class_rows + training.len(), count);
            }
            assert_eq!(evaluated, vec![1; count]);
        }
    }
}
