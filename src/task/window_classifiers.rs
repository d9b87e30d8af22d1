//! What tells data from template in a window of a search, and in its pseudo-experiments: the classifiers that its point names.

use drapes_analysis::job::ScanPoint;
use drapes_analysis::job::point::ClassifierKind;
use drapes_analysis::plan::random_stream::Stream;
use ndarray::ArrayView2;

use super::Workplace;
use crate::error::Error;
use crate::models::classifier::{
    DealtClass, OutOfFold, Perceptrons, out_of_fold, out_of_fold_by_perceptrons,
};
use crate::training::Checkpointer;

/// Scores of all events of both classes and of further ones, summed over so many trainings, each by classifiers that have not seen the
/// event; none where there are too few to learn from.
///
/// # Errors
/// The classifiers cannot be trained, or are told to stop.
pub fn scores(
    (place, point): (&Workplace, &ScanPoint),
    (template, data): (&DealtClass, &DealtClass),
    (further, trainings): (ArrayView2<'_, f32>, usize),
    stream: &Stream,
    checkpointer: &Checkpointer<'_>,
) -> Result<Option<OutOfFold>, Error> {
    if !(template.is_enough() && data.is_enough()) {
        return Ok(None);
    }
    match point.classifier {
        ClassifierKind::Trees => {
            let trees = (place.trees(template.count() + data.count()), trainings);
            out_of_fold(template, data, further, trees, stream, checkpointer).map(Some)
        }
        ClassifierKind::Mlp => {
            let family = Perceptrons { settings: &place.job.window_classifier(), device: place.device };
            out_of_fold_by_perceptrons((template, data), further, (&family, trainings), stream, checkpointer)
        }
        ClassifierKind::Transformer => unreachable!("windows are searched with features"),
    }
}
