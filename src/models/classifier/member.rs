//! The classifiers of a two-sample task, one for each seed and fold, and the events that each may see.

use std::sync::Arc;

use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::plan::random_stream::Stream;

use super::folds::FoldAssignment;
use super::rows::{Role, Rows};
use super::two_sample::{Events, TemplateFolds, TwoSample};

/// Events of both classes, by their rows.
pub struct ClassRows {
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
    pub training: ClassRows,
    /// What tells how far it has learnt.
    pub validation: ClassRows,
    /// What it is evaluated on.
    pub evaluated: ClassRows,
    /// Where its random numbers begin.
    pub stream: Stream,
}

impl ClassRows {
    /// Rows in the table of both classes, the first above the second.
    pub fn rows(&self, n_data: usize) -> Vec<u32> {
        let template = self.template.each().map(|event| event + n_data);
        self.data.each().chain(template).map(|row| row as u32).collect()
    }

    /// Weights by which both classes count alike and an event counts 1 on average: N / (2 `N_class`), data first.
    pub fn class_weights(&self) -> [f64; 2] {
        let half = (self.data.count() + self.template.count()) as f64 / 2.0;
        [&self.data, &self.template].map(|class| half / class.count().max(1) as f64)
    }
}

/// All folds of some seeds.
pub fn members<E: Events>(
    two_sample: &TwoSample<'_, E>,
    folds: u32,
    seeds: &[ClassifierSeed],
    (fold_stream, stream): (&Stream, &Stream),
) -> Vec<Member> {
    let mut members = Vec::new();
    for seed in seeds {
        let fold_stream = fold_stream.branch("folds").branch(seed);
        let data =
            Arc::new(FoldAssignment::random(two_sample.data.count(), folds, &fold_stream.branch("data")));
        let n_template = two_sample.template.count();
        let template = Arc::new(match two_sample.template_folds {
            TemplateFolds::Random => {
                FoldAssignment::random(n_template, folds, &fold_stream.branch("template"))
            }
            TemplateFolds::OfData => data.repeated(n_template),
            TemplateFolds::OfOrigins(origins) => {
                FoldAssignment::random(origins, folds, &fold_stream.branch("template")).repeated(n_template)
            }
        });
        for fold in (0..folds).map(Fold) {
            let class_rows = |role: Role| {
                let [data, template] =
                    [&data, &template].map(|folds| Rows::of_folds(Arc::clone(folds), role));
                ClassRows { data, template }
            };
            members.push(Member {
                seed: *seed,
                fold,
                training: class_rows(Role::TrainingFor(fold)),
                validation: class_rows(Role::Part(fold.validation(folds))),
                evaluated: class_rows(Role::Part(fold)),
                stream: stream.branch(seed).branch(fold),
            });
        }
    }
    members
}
