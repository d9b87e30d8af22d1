use std::ops::Range;

use drapes_analysis::job::ClassifierSettings;
use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::store::record::Loss;
use drapes_operators::told_of;
use ndarray::{Array2, ArrayView2, s};
use rand_distr::{Distribution, StandardNormal};

use super::super::family::Scorer;
use super::super::member::ClassRows;
use super::super::outlier_maps::OutlierMaps;
use super::super::perceptrons::{Learnt, PerceptronNetworks, recipe};
use super::super::two_sample::{DataTruth, TemplateFolds, TemplateTruth, TwoSample};
use super::*;
use crate::nn::as_on_a_gpu;
use crate::training::{kernels_agree, operators_of_a_step, steps_at_once_agree, trained_alike};

const N_DATA: usize = 300;
const EVENTS: usize = 1000;

fn settings() -> ClassifierSettings {
    ClassifierSettings {
        hidden_layers: 3,
        width: 32,
        epochs: 4,
        batch: 100,
        learning_rate: 1e-3,
        weight_decay: 0.1,
        patience: 0,
        folds: 5,
        seeds: vec![],
    }
}

/// The first rows are data.
fn two_sample(rows: &Array2<f32>, n_data: usize) -> TwoSample<'_, ArrayView2<'_, f32>> {
    TwoSample {
        data: rows.slice(s![..n_data, ..]),
        data_truth: DataTruth::Generated,
        template: rows.slice(s![n_data.., ..]),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: rows.slice(s![..0, ..]),
        unseen_signal: rows.slice(s![..0, ..]),
        counts: None,
    }
}

/// Two members that learn from different events, those of data above those of a template.
fn both(settings: &ClassifierSettings) -> Training<Classifiers<PerceptronNetworks>> {
    some(settings, 5, 0..2)
}

/// Some members of such, each from events of so many features and random numbers of its own.
fn some(
    settings: &ClassifierSettings,
    features: usize,
    which: Range<usize>,
) -> Training<Classifiers<PerceptronNetworks>> {
    let rows = rows((EVENTS, N_DATA), features, 1);
    let members = members(which, (EVENTS, N_DATA));
    let smallest_fold = SmallestFold { batches: 5, validation: 200 };
    let two_sample = two_sample(&rows, N_DATA);
    let learnt = [Learnt { two_sample: &two_sample, members: &members, smallest_fold }];
    let networks = PerceptronNetworks::new(&learnt, settings, Device::Cpu).0;
    let all = TwoSampleMembers { members: &members, first_row: 0, n_data: N_DATA, smallest_fold };
    training(networks, recipe(settings), &[all], Device::Cpu)
}

/// So many events, of which so many are data.
fn rows((events, n_data): (usize, usize), features: usize, seed: u64) -> Array2<f32> {
    let mut generator = Stream::of_job(seed).generator();
    Array2::from_shape_fn((events, features), |(event, _)| {
        let normal: f32 = StandardNormal.sample(&mut generator);
        3.0 + 2.0 * normal + if event < n_data { 0.5 } else { 0.0 }
    })
}

/// Members that learn from them.
fn members(which: Range<usize>, (events, n_data): (usize, usize)) -> Vec<Member> {
    let parts = |part: usize| ClassRows {
        data: (0..n_data).filter(|event| event % 3 != part % 3).collect(),
        template: (0..events - n_data).filter(|event| event % 3 != part % 3).collect(),
    };
    let member = |index: usize| Member {
        seed: ClassifierSeed(0),
        fold: Fold(index as u32),
        training: parts(index),
        validation: parts(index),
        evaluated: parts(index),
        stream: Stream::of_job(1).branch(index),
    };
    which.map(member).collect()
}

/// Members of two two-sample tasks, which have other numbers of events, of data and of batches.
fn of_two_tasks(settings: &ClassifierSettings) -> Training<Classifiers<PerceptronNetworks>> {
    let sizes = [(EVENTS, N_DATA), (700, 450)];
    let tables = [rows(sizes[0], 5, 1), rows(sizes[1], 5, 2) * 10.0];
    let members = [members(0..2, sizes[0]), members(2..5, sizes[1])];
    let least = [(5, 200), (3, 60)].map(|(batches, validation)| SmallestFold { batches, validation });
    let two_samples = [two_sample(&tables[0], sizes[0].1), two_sample(&tables[1], sizes[1].1)];
    let learnt = [0, 1].map(|task| Learnt {
        two_sample: &two_samples[task],
        members: &members[task],
        smallest_fold: least[task],
    });
    let networks = PerceptronNetworks::new(&learnt, settings, Device::Cpu).0;
    let all = [0, 1].map(|task| TwoSampleMembers {
        members: &members[task],
        first_row: task * EVENTS,
        n_data: sizes[task].1,
        smallest_fold: least[task],
    });
    training(networks, recipe(settings), &all, Device::Cpu)
}

#[test]
fn several_tasks_learn_together_by_kernels_tensors_and_the_steps_of_a_gpu_alike() {
    let settings = settings();
    kernels_agree(of_two_tasks(&settings));
    steps_at_once_agree(of_two_tasks(&settings), of_two_tasks(&settings));
    let (by_kernels, mut by_tensors) = (of_two_tasks(&settings), of_two_tasks(&settings));
    by_tensors.model.networks.forget_kernel();
    let [by_kernels, by_tensors] =
        [by_kernels, by_tensors].map(|training| training.run(&Checkpointer::default()).expect("an end"));
    for found in [by_kernels, of_two_tasks(&settings).run_as_on_a_gpu()] {
        trained_alike(&found, &by_tensors, (1e-5, 1e-5));
    }
}

#[test]
fn a_step_of_several_tasks_has_as_many_operators_as_that_of_one() {
    let [one, two] = [both(&settings()), of_two_tasks(&settings())].map(operators_of_a_step);
    assert_eq!((one.total(), one.reads()), (two.total(), two.reads()), "{two}");
}

#[test]
fn kernels_compute_what_tensors_do() {
    for (width, hidden_layers, batch) in [(16, 1, 64), (32, 3, 100), (48, 2, 37), (64, 4, 128)] {
        kernels_agree(both(&ClassifierSettings { width, hidden_layers, batch, ..settings() }));
    }
}

#[test]
fn events_of_any_number_of_features_are_standardised_alike() {
    for features in 1..=10 {
        kernels_agree(some(&settings(), features, 0..2));
    }
}

#[test]
fn trainings_by_kernels_and_by_the_steps_of_a_gpu_differ_by_rounding_alone() {
    let (by_kernels, mut by_tensors) = (both(&settings()), both(&settings()));
    by_tensors.model.networks.forget_kernel();
    let [by_kernels, by_tensors] =
        [by_kernels, by_tensors].map(|training| training.run(&Checkpointer::default()).expect("an end"));
    for found in [by_kernels, both(&settings()).run_as_on_a_gpu()] {
        trained_alike(&found, &by_tensors, (1e-5, 1e-5));
    }
}

#[test]
fn padded_networks_learn_what_others_do_and_score_alike() {
    // One of these widths is padded, too.
    for width in [32, 24] {
        let settings = ClassifierSettings { width, ..settings() };
        let mut own = both(&settings);
        own.model.networks.forget_kernel();
        let own = own.run(&Checkpointer::default()).expect("an end");
        let mut padded = as_on_a_gpu(|| both(&settings));
        padded.model.networks.forget_kernel();
        assert!(padded.parameters.size()[1] > own.parameters.size()[1]);
        let mut padded = as_on_a_gpu(|| padded.run_as_on_a_gpu());
        let events = rows((200, 100), 5, 7);
        let scores = |of: &Trained<Classifiers<PerceptronNetworks>>| {
            let maps = OutlierMaps::of(events.view());
            let trained = of.model.networks.trained(maps, &of.parameters, &(0..2));
            trained.score_by_all(events.view()).concat()
        };
        let apart = scores(&own).iter().zip(scores(&padded)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-3, "{width}: {apart}");
        padded.parameters = padded.model.networks.layout().without_padding(&padded.parameters);
        trained_alike(&padded, &own, (1e-5, 1e-5));
    }
}

#[test]
fn widths_that_kernels_do_not_know_learn_by_tensors() {
    let training = both(&ClassifierSettings { width: 12, ..settings() });
    assert!(training.model.networks.kernel().is_none());
    training.run(&Checkpointer::default()).expect("an end");
}

#[test]
fn scores_by_kernels_are_those_of_tensors() {
    let settings = ClassifierSettings { epochs: 1, ..settings() };
    let mut generator = Stream::of_job(2).generator();
    let events = Array2::from_shape_simple_fn((300, 5), || -> f32 { StandardNormal.sample(&mut generator) });
    let rows = [7, 299, 0, 130];
    let scores = |forgetting: bool| {
        let mut training = both(&settings);
        if forgetting {
            training.model.networks.forget_kernel();
        }
        // The parameters of both are the same: they have not learnt.
        let (networks, parameters) = (training.model.networks, training.parameters);
        let ensemble = networks.trained(OutlierMaps::of(events.view()), &parameters, &(0..2));
        (ensemble.score_by_all(events.view()), ensemble.score_by_one(1, events.view(), &rows))
    };
    let ((by_kernels, some), (by_tensors, expected_some)) = (scores(false), scores(true));
    let apart = |found: &[f32], expected: &[f32]| {
        assert_eq!(found.len(), expected.len());
        found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    for (found, expected) in by_kernels.iter().zip(&by_tensors) {
        assert!(apart(found, expected) < 1e-5);
    }
    assert!(apart(&some, &expected_some) < 1e-5);
    assert!(rows.iter().zip(&some).all(|(row, score)| by_kernels[1][*row].to_bits() == score.to_bits()));
    assert!(by_kernels[0] != by_kernels[1] && some.len() == rows.len());
}

/// What members have learnt, by tensors or by kernels.
fn learnt(settings: &ClassifierSettings, which: Range<usize>, kernels: bool) -> Trained<impl Sized> {
    let mut training = some(settings, 5, which);
    if !kernels {
        training.model.networks.forget_kernel();
    }
    training.run(&Checkpointer::default()).expect("an end")
}

#[test]
fn members_that_stop_early_change_nothing_of_the_others() {
    // So large a rate over-trains soon, and the members do so at different epochs.
    let all = ClassifierSettings { epochs: 12, learning_rate: 1e-2, ..settings() };
    let early = ClassifierSettings { patience: 2, ..all.clone() };
    for kernels in [true, false] {
        let (whole, stopped) = (learnt(&all, 0..6, kernels), learnt(&early, 0..6, kernels));
        let lengths: Vec<usize> = stopped.members.iter().map(|member| member.history.losses.len()).collect();
        let (shortest, longest) = (lengths.iter().min(), lengths.iter().max());
        assert!(shortest < longest && shortest < Some(&12), "{lengths:?}");
        for (index, (whole_member, member)) in whole.members.iter().zip(&stopped.members).enumerate() {
            let losses = &member.history.losses;
            // Until it stops it learns as it does without stopping, whoever rests meanwhile: by kernels to the bit, while the last
            // bit of tensors is libtorch's affair.
            let expected = &whole_member.history.losses[..losses.len()];
            if kernels {
                assert_eq!(losses[..], *expected, "{index}");
            }
            let apart = |(one, other): (&Loss, &Loss)| (one.training - other.training).abs();
            assert!(losses.iter().zip(expected).map(apart).all(|apart| apart < 1e-6), "{index}");
            let validation = |record: usize| losses[record].validation.expect("events kept aside");
            let best = (0..losses.len()).min_by(|a, b| validation(*a).total_cmp(&validation(*b)));
            let since = losses.len() - 1 - best.expect("a record");
            assert!(since == 2 || (losses.len() == 12 && since < 2), "{index}: {since} of {}", losses.len());
            // By kernels it is to the bit what it is when it learns alone; how libtorch rounds goes by the size of tensors.
            if kernels {
                let alone = learnt(&early, index..index + 1, kernels);
                assert_eq!(alone.members[0].history, member.history, "{index}");
                assert!(alone.parameters.get(0).equal(&stopped.parameters.get(index as i64)), "{index}");
            }
        }
    }
}

#[test]
fn a_member_that_stops_early_is_what_it_was_at_its_best_epoch() {
    let early = ClassifierSettings { epochs: 12, learning_rate: 1e-2, patience: 2, ..settings() };
    let (start, end) = (some(&early, 5, 0..1), learnt(&early, 0..1, true));
    let losses = start.model.validation(&end.parameters, &[true]);
    let recorded = end.members[0].history.losses.iter().filter_map(|loss| loss.validation);
    assert_eq!(losses[0], recorded.reduce(f32::min));
}

#[test]
fn steps_that_are_prepared_at_once_are_as_others() {
    steps_at_once_agree(both(&settings()), both(&settings()));
    let padded = || as_on_a_gpu(|| both(&settings()));
    steps_at_once_agree(padded(), padded());
}

#[test]
fn a_step_of_a_gpu_is_so_many_operators() {
    let step = as_on_a_gpu(|| operators_of_a_step(both(&settings())));
    assert_eq!((step.total(), step.reads()), (told_of("classifier 3×32"), 0), "{step}");
}
