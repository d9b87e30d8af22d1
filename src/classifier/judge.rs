//! How good classifiers are: their scores of events that they have not seen.

use drapes_analysis::statistics::metrics::RankedScores;
use drapes_analysis::store::record::{Classifier, DivergedClassifier};

use super::judges::Scorer;
use super::member::Member;
use super::two_sample::{Contest, DataTruth, Events, TemplateTruth};
use crate::training::TrainingHistory;

/// The classifiers of a contest.
#[derive(Debug)]
pub struct Judged {
    /// Those that learnt, with what they achieve.
    pub classifiers: Vec<Classifier>,
    /// Those that came to nothing.
    pub diverged: Vec<DivergedClassifier>,
}

/// Judges every member that has learnt on the part that it is evaluated on and on the events that no member has seen.
pub fn judge<E: Events>(
    contest: &Contest<'_, E>,
    scorer: &impl Scorer<E>,
    members: Vec<Member>,
    histories: Vec<TrainingHistory>,
) -> Judged {
    let mut unseen_background = scorer.score_by_all(contest.unseen_background);
    let mut unseen_signal = scorer.score_by_all(contest.unseen_signal);
    let mut judged = Judged { classifiers: Vec::with_capacity(members.len()), diverged: vec![] };
    for (index, (member, history)) in members.into_iter().zip(histories).enumerate() {
        if let Some(epoch) = history.diverged {
            judged.diverged.push(DivergedClassifier { seed: member.seed, fold: member.fold, epoch });
            continue;
        }
        let data = scorer.score_by_one(index, contest.data, &member.evaluated.data.list());
        let template = scorer.score_by_one(index, contest.template, &member.evaluated.template.list());
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
            for (event, score) in member.evaluated.data.each().zip(&data) {
                let side = if is_signal[event] { &mut signal } else { &mut background };
                side.push(*score);
            }
        }
        // The background of the data that it is evaluated on, and all background that no classifier has seen.
        let background_closure_auc = match contest.template_truth {
            TemplateTruth::Background if contest.data_is_signal() => None,
            _ => RankedScores::new(template.clone(), background.clone()).auc(),
        };
        if contest.template_truth == TemplateTruth::Background {
            background.extend(template);
        }
        judged.classifiers.push(Classifier {
            seed: member.seed,
            fold: member.fold,
            closure_auc,
            background_closure_auc,
            performance: RankedScores::new(background, signal).performance(),
            losses: history.losses,
        });
    }
    judged
}
