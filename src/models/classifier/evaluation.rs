//! How good classifiers are, measured with their scores of events that they have not seen: closure AUC, rejection and
//! significance improvement.

use drapes_analysis::statistics::metrics::RankedScores;
use drapes_analysis::store::record::{Classifier, DivergedClassifier};

use super::family::Scorer;
use super::member::Member;
use super::two_sample::{DataTruth, Events, TemplateTruth, TwoSample};
use crate::training::TrainingHistory;

/// What the classifiers of a two-sample task achieve.
#[derive(Debug)]
pub struct Evaluation {
    /// Those that learnt, with what they achieve.
    pub classifiers: Vec<Classifier>,
    /// Those that came to nothing.
    pub diverged: Vec<DivergedClassifier>,
}

/// Evaluates every member that has learnt on the fold that it has not seen and on the events that no member has seen.
pub fn evaluate<E: Events>(
    two_sample: &TwoSample<'_, E>,
    scorer: &impl Scorer<E>,
    members: Vec<Member>,
    histories: Vec<TrainingHistory>,
) -> Evaluation {
    let mut unseen_background = scorer.score_by_all(two_sample.unseen_background);
    let mut unseen_signal = scorer.score_by_all(two_sample.unseen_signal);
    let mut evaluation = Evaluation { classifiers: Vec::with_capacity(members.len()), diverged: vec![] };
    for (index, (member, history)) in members.into_iter().zip(histories).enumerate() {
        if let Some(epoch) = history.diverged {
            evaluation.diverged.push(DivergedClassifier { seed: member.seed, fold: member.fold, epoch });
            continue;
        }
        let data = scorer.score_by_one(index, two_sample.data, &member.evaluated.data.list());
        let template = scorer.score_by_one(index, two_sample.template, &member.evaluated.template.list());
        let closure_auc = match two_sample.template_truth {
            // Background against signal alone says nothing of a template.
            TemplateTruth::Background if two_sample.data_is_signal() => None,
            TemplateTruth::Background | TemplateTruth::Generated => {
                RankedScores::new(template.clone(), data.clone()).auc()
            }
        };
        let mut background = std::mem::take(&mut unseen_background[index]);
        let mut signal = std::mem::take(&mut unseen_signal[index]);
        if let DataTruth::Simulated(is_signal) = two_sample.data_truth {
            for (event, score) in member.evaluated.data.each().zip(&data) {
                let side = if is_signal[event] { &mut signal } else { &mut background };
                side.push(*score);
            }
        }
        // The background of the data that it is evaluated on, and all background that no classifier has seen.
        let background_closure_auc = match two_sample.template_truth {
            TemplateTruth::Background if two_sample.data_is_signal() => None,
            _ => RankedScores::new(template.clone(), background.clone()).auc(),
        };
        if two_sample.template_truth == TemplateTruth::Background {
            background.extend(template);
        }
        evaluation.classifiers.push(Classifier {
            seed: member.seed,
            fold: member.fold,
            closure_auc,
            background_closure_auc,
            performance: RankedScores::new(background, signal).performance(),
            losses: history.losses,
        });
    }
    evaluation
}
