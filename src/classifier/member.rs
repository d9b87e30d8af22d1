//! The classifiers of a contest and the events that each may see.

use std::sync::Arc;

use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::plan::random_stream::Stream;

use super::folds::Folds;
use super::rows::{Role, Rows};
use super::two_sample::{Contest, Events, TemplateFolds};

/// Events of both classes, by their rows.
pub struct Parts {
    /// Rows of the first class.
    pub data: Rows,
    /// Rows of the second class.
    pub template: Rows,
}

/// One classifier of the ensemble and the events that it may see.
pub struct Member {
    /// Which of several that learn the same.
    pub seed: ClassifierSeed,
    /// The part that it is evaluated on.
    pub fold: Fold,
    /// What it learns from.
    pub training: Parts,
    /// What tells how far it has learnt.
    pub validation: Parts,
    /// What it is evaluated on.
    pub evaluated: Parts,
    /// Where its random numbers begin.
    pub stream: Stream,
}

impl Parts {
    /// Rows in the table of both classes, the first above the second.
    pub fn rows(&self, n_data: usize) -> Vec<u32> {
        let template = self.template.each().map(|event| event + n_data);
        self.data.each().chain(template).map(|row| row as u32).collect()
    }

    /// What makes both classes weigh alike, an event 1 on average: N / (2 `N_class`), data first.
    pub fn class_weights(&self) -> [f64; 2] {
        let half = (self.data.count() + self.template.count()) as f64 / 2.0;
        [&self.data, &self.template].map(|class| half / class.count().max(1) as f64)
    }
}

/// All folds of some seeds.
pub fn members<E: Events>(
    contest: &Contest<'_, E>,
    folds: u32,
    seeds: &[ClassifierSeed],
    (deal, stream): (&Stream, &Stream),
) -> Vec<Member> {
    let mut members = Vec::new();
    for seed in seeds {
        let deal = deal.branch("folds").branch(seed);
        let data = Arc::new(Folds::deal(contest.data.count(), folds, &deal.branch("data")));
        let n_template = contest.template.count();
        let template = Arc::new(match contest.template_folds {
            TemplateFolds::Dealt => Folds::deal(n_template, folds, &deal.branch("template")),
            TemplateFolds::OfData => data.repeated(n_template),
            TemplateFolds::OfOrigins(origins) => {
                Folds::deal(origins, folds, &deal.branch("template")).repeated(n_template)
            }
        });
        for fold in (0..folds).map(Fold) {
            let parts = |role: Role| {
                let [data, template] = [&data, &template].map(|folds| Rows::dealt(Arc::clone(folds), role));
                Parts { data, template }
            };
            members.push(Member {
                seed: *seed,
                fold,
                training: parts(Role::TrainingFor(fold)),
                validation: parts(Role::Part(fold.validation(folds))),
                evaluated: parts(Role::Part(fold)),
                stream: stream.branch(seed).branch(fold),
            });
        }
    }
    members
}
