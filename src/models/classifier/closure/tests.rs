use drapes_analysis::job::TreeSettings;
use drapes_analysis::statistics::closure::Closure;
use rand::RngExt;

use super::*;
use crate::training::Checkpointer;

const SETTINGS: TreeSettings = TreeSettings { iterations: 250, learning_rate: 0.1, leaves: 31, patience: 10 };
const TREES: BoostedTrees<'_> = BoostedTrees { settings: &SETTINGS, threads: 1 };

/// Events of a feature that falls towards an edge, and of one that does nothing.
fn events(count: usize, edge: f32, seed: u64) -> Array2<f32> {
    let mut generator = Stream::of_job(seed).generator();
    Array2::from_shape_fn((count, 2), |(_, column)| {
        let uniform: f32 = generator.random();
        if column == 0 { edge * (1.0 - (1.0 - uniform).sqrt()) } else { uniform }
    })
}

fn closure(template: &DealtClass, background: &DealtClass) -> Closure {
    let stream = Stream::of_job(3);
    let none = Array2::zeros((0, 2));
    let scores =
        out_of_fold(template, background, none.view(), (TREES, 2), &stream, &Checkpointer::default());
    let scores = scores.expect("good events").by_fold();
    let count = |of: fn(&FoldScores) -> usize| scores.iter().map(of).sum::<usize>();
    assert_eq!(count(|fold| fold.template.len()), template.count(), "each is evaluated once");
    assert_eq!(count(|fold| fold.background.len()), background.count(), "each is evaluated once");
    Closure::of(scores)
}

#[test]
fn true_background_cannot_be_told_from_true_background() {
    let [template, background] =
        [(8000, 1), (5000, 2)].map(|(count, seed)| DealtClass::of_single(events(count, 1.0, seed)));
    let found = closure(&template, &background);
    let auc = found.auc.expect("events");
    assert!((auc.value - 0.5).abs() < 3.0 * auc.error, "{auc:?}");
    for efficiency in [0.1, 0.01] {
        let delta = found.excess(efficiency).expect("events").delta;
        assert!(delta.value.abs() < 3.0 * delta.error, "δ({efficiency}) = {delta:?}");
    }
    assert_eq!(found.excess(0.001), None, "five events are too few");
}

#[test]
fn an_edge_at_another_place_is_seen_most_at_small_efficiencies() {
    let template = DealtClass::of_single(events(8000, 0.9, 1));
    let background = DealtClass::of_single(events(5000, 1.0, 2));
    let found = closure(&template, &background);
    let auc = found.auc.expect("events");
    let delta = found.excess(0.01).expect("events").delta;
    // The best cut that a hundredth of the template passes, at 0.81, is passed by 3.6% of the background; the best AUC is 0.53.
    assert!(auc.value > 0.5 + 2.0 * auc.error && auc.value < 0.6, "{auc:?}");
    assert!(delta.value > 3.0 * delta.error, "{delta:?}");
}

#[test]
fn copies_of_an_event_stay_in_its_fold() {
    let single = events(300, 1.0, 1);
    let all = concatenate(Axis(0), &[single.view(), single.view()]).expect("the same features");
    // Every other event, so that origins have gaps.
    let origins: Vec<usize> = (0..600).map(|row| 7 * (row % 300)).collect();
    let copies = DealtClass::of_copies(all.clone(), &origins);
    let parts = copies.dealt(5, &Stream::of_job(1));
    assert_eq!(parts[..300], parts[300..]);
    let counts: Vec<usize> = (0..5).map(|part| parts.iter().filter(|one| **one == part).count()).collect();
    assert_eq!(counts, [120; 5]);
    let single = DealtClass::of_single(all).dealt(5, &Stream::of_job(1));
    assert_ne!(single[..300], single[300..]);
}

#[test]
fn few_events_are_not_enough_however_many_copies_there_are() {
    let copies = |count: usize| {
        DealtClass::of_copies(
            events(4 * count, 1.0, 1),
            &(0..4 * count).map(|row| row % count).collect::<Vec<_>>(),
        )
    };
    assert!(!copies(99).is_enough() && copies(100).is_enough());
}

#[test]
fn scores_are_the_same_by_any_number_of_threads() {
    let [template, background] =
        [(600, 0.5, 1), (500, 1.0, 2)].map(|(count, edge, seed)| events(count, edge, seed));
    let further = events(50, 0.7, 4);
    let classes = [&template, &background].map(|class| DealtClass::of_single(class.clone()));
    let scores = |threads: usize| {
        let trees = (BoostedTrees { threads, ..TREES }, 3);
        let (stream, checkpointer) = (Stream::of_job(3), Checkpointer::default());
        let found = out_of_fold(&classes[0], &classes[1], further.view(), trees, &stream, &checkpointer);
        let OutOfFold { template, background, further, .. } = found.expect("good events");
        let judged = template.iter().chain(&background).map(|event| event.score.to_bits());
        judged.chain(further.iter().map(|score| score.to_bits())).collect::<Vec<u32>>()
    };
    let expected = scores(1);
    assert_eq!(expected.len(), 600 + 500 + 5 * 50);
    for threads in [2, 4, 50] {
        assert_eq!(scores(threads), expected, "{threads} threads");
    }
}

#[test]
fn further_events_are_scored_by_the_trees_of_every_fold_as_those_of_the_fold_are() {
    let [template, background] =
        [(600, 0.5, 1), (500, 1.0, 2)].map(|(count, edge, seed)| events(count, edge, seed));
    let classes = [&template, &background].map(|class| DealtClass::of_single(class.clone()));
    let (stream, checkpointer) = (Stream::of_job(3), Checkpointer::default());
    // The events of a class once more, as if nobody had learnt from them.
    let found = out_of_fold(&classes[0], &classes[1], background.view(), (TREES, 1), &stream, &checkpointer);
    let found = found.expect("good events");
    assert_eq!((found.template.len(), found.background.len(), found.further.dim()), (600, 500, (500, 5)));
    for (event, judged) in found.background.iter().enumerate() {
        assert_eq!(found.further[[event, judged.fold as usize]].to_bits(), judged.score.to_bits());
    }
}
