//! The two-sample task and the members that trials of classifiers train. Both classes draw on the same events, and networks take as long
//! where they are all the same.

use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::plan::random_stream::Stream;

use crate::models::classifier::{ClassRows, DataTruth, Member, TemplateFolds, TemplateTruth, TwoSample};

/// Two classes with the same events.
pub fn two_sample<E: Copy>(events: E, data_truth: DataTruth<'_>, none: E) -> TwoSample<'_, E> {
    TwoSample {
        data: events,
        data_truth,
        template: events,
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: none,
        unseen_signal: none,
        counts: None,
    }
}

/// So many classifiers that learn from so many events of each class.
pub fn members_of(members: usize, events: usize) -> Vec<Member> {
    let class_rows = |count: usize| ClassRows { data: (0..count).collect(), template: (0..count).collect() };
    let member = |seed: usize| Member {
        seed: ClassifierSeed(seed as u32),
        fold: Fold(0),
        training: class_rows(events),
        validation: class_rows(0),
        evaluated: class_rows(0),
        stream: Stream::of_job(seed as u64),
    };
    (0..members).map(member).collect()
}
