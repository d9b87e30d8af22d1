//! How good classifiers are, measured with their scores of events that they have not seen: closure AUC, rejection and
//! significance improvement, and the same in replicas of these events.

use drapes_analysis::statistics::metrics::RankedScores;
use drapes_analysis::statistics::replicas::{Counts, ONCE, Ranked, Replicas};
use drapes_analysis::store::record::{Classifier, DivergedClassifier};

use super::family::Scorer;
use super::member::Member;
use super::rows::Rows;
use super::two_sample::{DataTruth, EventCounts, Events, TemplateTruth, TwoSample};
use crate::training::TrainingHistory;

/// What the classifiers of a two-sample task achieve.
#[derive(Debug)]
pub struct Evaluation {
    /// Those that learnt, with what they achieve.
    pub classifiers: Vec<Classifier>,
    /// Those that came to nothing.
    pub diverged: Vec<DivergedClassifier>,
    /// The mean of those that learnt, in each replica of the evaluation events; none where nobody asked.
    pub replicas: Option<Replicas>,
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
    let (mut classifiers, mut diverged, mut replicas) = (Vec::with_capacity(members.len()), vec![], vec![]);
    for (index, (member, history)) in members.into_iter().zip(histories).enumerate() {
        if let Some(epoch) = history.diverged {
            diverged.push(DivergedClassifier { seed: member.seed, fold: member.fold, epoch });
            continue;
        }
        let events = &member.evaluated;
        let scores = OfEach {
            data: scorer.score_by_one(index, two_sample.data, &events.data.list()),
            template: scorer.score_by_one(index, two_sample.template, &events.template.list()),
            unseen_background: std::mem::take(&mut unseen_background[index]),
            unseen_signal: std::mem::take(&mut unseen_signal[index]),
        };
        let scored = Scored::of(two_sample, &member, scores);
        replicas.extend(two_sample.counts.map(|counts| scored.replicas(two_sample, &member, counts)));
        classifiers.push(scored.classifier(&member, history));
    }
    let replicas = Replicas::mean(replicas.iter().map(|one| (1.0, one)));
    Evaluation { classifiers, diverged, replicas }
}

/// The scores that a classifier gives to the events that it is evaluated on.
struct Scored {
    scores: OfEach<f32>,
    truth: OfTruth<f32>,
    /// Whether they say how well the template closes.
    closes: bool,
}

impl Scored {
    fn of<E: Events>(two_sample: &TwoSample<'_, E>, member: &Member, scores: OfEach<f32>) -> Self {
        let closes = match two_sample.template_truth {
            // Background against signal alone says nothing of a template.
            TemplateTruth::Background => !two_sample.data_is_signal(),
            TemplateTruth::Generated => true,
        };
        Self { truth: scores.truth(two_sample, member), scores, closes }
    }

    fn classifier(self, member: &Member, history: TrainingHistory) -> Classifier {
        let closure = |data: &[f32]| {
            let ranked = self.closes.then(|| RankedScores::new(self.scores.template.clone(), data.to_vec()));
            ranked?.auc()
        };
        Classifier {
            seed: member.seed,
            fold: member.fold,
            closure_auc: closure(&self.scores.data),
            // The background of the data that it is evaluated on, and all background that no classifier has seen.
            background_closure_auc: closure(self.truth.beside_template()),
            performance: RankedScores::new(self.truth.background, self.truth.signal).performance(),
            losses: history.losses,
        }
    }

    /// What the classifier achieves in each replica of its evaluation events.
    fn replicas<E: Events>(
        &self,
        two_sample: &TwoSample<'_, E>,
        member: &Member,
        counts: &EventCounts,
    ) -> Replicas {
        let counts = OfEach::of_counts(counts, member);
        let counts_of_truth = counts.truth(two_sample, member);
        let background = Ranked::new(&self.truth.background, &counts_of_truth.background);
        let signal = Ranked::new(&self.truth.signal, &counts_of_truth.signal);
        // Beside a generated template all background is: it need not be ranked twice.
        let is_all = self.truth.beside_template().len() == self.truth.background.len();
        let beside = (self.closes && !is_all)
            .then(|| Ranked::new(self.truth.beside_template(), counts_of_truth.beside_template()));
        let template =
            if self.closes { Ranked::new(&self.scores.template, &counts.template) } else { Ranked::empty() };
        Replicas::of(&background, &signal, [&template, beside.as_ref().unwrap_or(&background)])
    }
}

/// Something of each event that a classifier is evaluated on: of data and template the fold that it has not seen.
struct OfEach<T> {
    data: Vec<T>,
    template: Vec<T>,
    unseen_background: Vec<T>,
    unseen_signal: Vec<T>,
}

/// The same by what events are.
struct OfTruth<T> {
    /// Of true background: of the data and of what no classifier has seen, and after these of a template of true background.
    background: Vec<T>,
    /// Of those beside the template.
    beside_template: usize,
    signal: Vec<T>,
}

impl<T> OfTruth<T> {
    /// Of the background that a template is told apart from.
    fn beside_template(&self) -> &[T] {
        &self.background[..self.beside_template]
    }
}

impl<'c> OfEach<&'c Counts> {
    /// How often the events count in replicas. Generated ones are not drawn anew: each template and each fold has its own, and
    /// what these leave open is in the spread of both.
    fn of_counts(counts: &'c EventCounts, member: &Member) -> Self {
        let of = |counts: &'c Option<Vec<Counts>>, events: &Rows| {
            events.each().map(|event| counts.as_ref().map_or(&ONCE, |counts| &counts[event])).collect()
        };
        Self {
            data: of(&counts.data, &member.evaluated.data),
            template: of(&counts.template, &member.evaluated.template),
            unseen_background: counts.unseen_background.iter().collect(),
            unseen_signal: counts.unseen_signal.iter().collect(),
        }
    }
}

impl<T: Copy> OfEach<T> {
    fn truth<E: Events>(&self, two_sample: &TwoSample<'_, E>, member: &Member) -> OfTruth<T> {
        let (mut background, mut signal) = (self.unseen_background.clone(), self.unseen_signal.clone());
        if let DataTruth::Simulated(is_signal) = two_sample.data_truth {
            for (event, one) in member.evaluated.data.each().zip(&self.data) {
                let side = if is_signal[event] { &mut signal } else { &mut background };
                side.push(*one);
            }
        }
        let beside_template = background.len();
        if two_sample.template_truth == TemplateTruth::Background {
            background.extend(&self.template);
        }
        OfTruth { background, beside_template, signal }
    }
}
