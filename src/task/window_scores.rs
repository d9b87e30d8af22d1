//! Scores of a window: means over trainings, of data and pseudo-data alike.

use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::SearchWindow;
use drapes_analysis::statistics::search::cut::Judged;
use ndarray::Array2;
use rand::RngExt;

use crate::models::classifier::{DealtClass, OutOfFold};

/// Log-odds below which scores are told apart by chance. Trees that find little have few different scores, and all events of one
/// would pass a cut together, however small a share of the template was to pass.
const LEAST_DIFFERENCE: f32 = 1e-3;

/// Scores, averaged over trainings.
pub struct Scores {
    /// Of the template.
    pub template: Vec<Judged>,
    /// Of the data of the window.
    pub data: Vec<Judged>,
    /// Of the side-bands' data, each by the trees of one fold, to which it was dealt: a cut is the same for them as for the data
    /// of the window, whose scores are by one fold too.
    pub beside: Vec<Judged>,
    /// The same by the trees of all folds that have not seen the event.
    pub beside_by_all: Vec<f32>,
}

impl Scores {
    /// The sums of scores over so many trainings as means, equal ones told apart by chance; `unseen` is the one fold whose trees have
    /// not seen a side-band event, where there is only one.
    pub fn averaged(found: OutOfFold, trainings: usize, unseen: Option<Vec<u32>>, stream: &Stream) -> Self {
        let times = trainings as f32;
        let apart = |part: &str, events: Vec<Judged>| -> Vec<Judged> {
            let mut generator = stream.branch("equal scores").branch(part).generator();
            let apart = |event: Judged| {
                let chance: f32 = generator.random();
                Judged { score: event.score + LEAST_DIFFERENCE * chance, ..event }
            };
            events.into_iter().map(apart).collect()
        };
        let mean = |events: Vec<Judged>| -> Vec<Judged> {
            events.into_iter().map(|event| Judged { score: event.score / times, ..event }).collect()
        };
        let further: Array2<f32> = found.further / times;
        let is_seen = unseen.is_some();
        let folds = unseen.unwrap_or_else(|| {
            DealtClass::fold_of_each(further.nrows(), SearchWindow::FOLDS, &stream.branch("side-bands"))
        });
        let judged: Vec<Judged> = folds
            .iter()
            .enumerate()
            .map(|(event, fold)| Judged { fold: *fold, score: further[[event, *fold as usize]] })
            .collect();
        let beside_by_all = if is_seen {
            judged.iter().map(|event| event.score).collect()
        } else {
            further.rows().into_iter().map(|row| row.sum() / row.len() as f32).collect()
        };
        Self {
            template: apart("template", mean(found.template)),
            data: apart("data", mean(found.background)),
            beside: apart("side-bands", judged),
            beside_by_all,
        }
    }
}
