//! How good classifiers are: their scores of events that they have not seen.

use drapes_analysis::metrics::RankedScores;
use drapes_analysis::record::{Classifier, Loss};
use ndarray::{Array2, ArrayView2, Axis};

use super::contest::{Contest, DataTruth, TemplateTruth};
use super::train::Member;

/// Trained classifiers that score events, larger for more data-like.
pub trait Scorer {
    /// The scores of the same events by every member.
    ///
    /// # Shapes
    /// `(events, features)`, in their own units.
    fn score_by_all(&self, rows: ArrayView2<'_, f32>) -> Vec<Vec<f32>>;

    /// The scores of events by one member.
    ///
    /// # Shapes
    /// `(events, features)`, in their own units.
    fn score_by_one(&self, member: usize, rows: ArrayView2<'_, f32>) -> Vec<f32>;
}

/// Judges every member on the part that it is evaluated on and on the events that no member has seen.
pub fn judge(
    contest: &Contest<'_>,
    scorer: &impl Scorer,
    members: Vec<Member>,
    losses: Vec<Vec<Loss>>,
) -> Vec<Classifier> {
    let mut unseen_background = scorer.score_by_all(contest.unseen_background);
    let mut unseen_signal = scorer.score_by_all(contest.unseen_signal);
    let judged = members.into_iter().zip(losses).enumerate().map(|(index, (member, losses))| {
        let scores = |rows: &Array2<f32>| scorer.score_by_one(index, rows.view());
        let data = scores(&contest.data.select(Axis(0), &member.evaluated.data));
        let template = scores(&contest.template.select(Axis(0), &member.evaluated.template));
        let closure_auc = match contest.template_truth {
            // Background against signal alone says nothing of a template.
            TemplateTruth::Background if contest.data_is_signal() => None,
            TemplateTruth::Background | TemplateTruth::Generated => {
                RankedScores::new(template.clone(), data.clone()).auc()
            }
        };
        let mut background = std::mem::take(&mut unseen_background[index]);
        let mut signal = std::mem::take(&mut unseen_signal[index]);
        if let DataTruth::Simulated(is_signal) = contest.data_truth {
            for (event, score) in member.evaluated.data.iter().zip(&data) {
                let side = if is_signal[*event] { &mut signal } else { &mut background };
                side.push(*score);
            }
        }
        if contest.template_truth == TemplateTruth::Background {
            background.extend(template);
        }
        Classifier {
            seed: member.seed,
            fold: member.fold,
            closure_auc,
            performance: RankedScores::new(background, signal).performance(),
            losses,
        }
    });
    judged.collect()
}
