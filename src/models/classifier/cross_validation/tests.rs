use drapes_analysis::job::ClassifierSettings;
use drapes_analysis::statistics::replicas::{Counts, REPLICAS};
use drapes_analysis::store::record::{Classifier, Loss};
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use rand_distr::{Distribution, StandardNormal};
use tch::Device;

use super::super::two_sample::{DataTruth, EventCounts, TemplateFolds, TemplateTruth};
use super::super::{Member, Perceptrons, Rows};
use super::*;
use crate::training::Checkpointer;

fn settings() -> ClassifierSettings {
    ClassifierSettings {
        hidden_layers: 2,
        width: 16,
        epochs: 6,
        batch: 64,
        learning_rate: 3e-3,
        weight_decay: 0.1,
        patience: 0,
        folds: 5,
        seeds: vec![],
    }
}

/// Two normal features around a centre.
fn cloud(count: usize, centre: f32, seed: u64) -> Array2<f32> {
    let mut generator = Stream::of_job(seed).generator();
    Array2::from_shape_simple_fn((count, 2), || {
        let normal: f32 = StandardNormal.sample(&mut generator);
        centre + normal
    })
}

fn run(two_sample: &TwoSample<'_, ArrayView2<'_, f32>>, seeds: &[u32]) -> Vec<Classifier> {
    let stream = Stream::of_job(7);
    let seeds: Vec<ClassifierSeed> = seeds.iter().copied().map(ClassifierSeed).collect();
    let streams = (&stream.branch("deal"), &stream.branch("rest"));
    let settings = settings();
    let family = Perceptrons { settings: &settings, device: Device::Cpu };
    classify(two_sample, settings.folds, &seeds, streams, &family, &Checkpointer::default())
        .expect("a good two-sample task")
        .classifiers
}

fn mean(classifiers: &[Classifier], value: impl Fn(&Classifier) -> f64) -> f64 {
    classifiers.iter().map(value).sum::<f64>() / classifiers.len() as f64
}

#[test]
fn a_template_against_its_own_kind_cannot_be_told_apart() {
    let (data, template) = (cloud(4000, 0.0, 1), cloud(8000, 0.0, 2));
    let (none, is_signal) = (cloud(0, 0.0, 3), vec![false; 4000]);
    let two_sample = TwoSample {
        data: data.view(),
        data_truth: DataTruth::Simulated(&is_signal),
        template: template.view(),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: none.view(),
        unseen_signal: none.view(),
        counts: None,
    };
    let found = run(&two_sample, &[0, 1]);
    let closure = mean(&found, |classifier| classifier.closure_auc.expect("a template"));
    // Ten classifiers, each evaluated on 800 against 1,600 events: σ(AUC) is 0.013 for one.
    assert!((closure - 0.5).abs() < 0.02, "{closure}");
}

#[test]
fn weak_labels_find_a_signal() {
    let (background, signal) = (cloud(4000, 0.0, 4), cloud(400, 2.5, 5));
    let data = concatenate(Axis(0), &[background.view(), signal.view()]).expect("same features");
    let is_signal: Vec<bool> = (0..4400).map(|event| event >= 4000).collect();
    let (template, unseen) = (cloud(8000, 0.0, 6), cloud(1000, 2.5, 8));
    let further = cloud(3000, 0.0, 9);
    let two_sample = TwoSample {
        data: data.view(),
        data_truth: DataTruth::Simulated(&is_signal),
        template: template.view(),
        template_truth: TemplateTruth::Background,
        template_folds: TemplateFolds::Random,
        unseen_background: further.view(),
        unseen_signal: unseen.view(),
        counts: None,
    };
    let found = run(&two_sample, &[3]);
    // The best possible AUC of two unit normals 2.5 apart in both features is Φ(2.5) = 0.994.
    assert!(mean(&found, |classifier| classifier.performance.auc.expect("both sides")) > 0.97);
    let (background, signal) = found.iter().fold((0, 0), |(background, signal), classifier| {
        let performance = &classifier.performance;
        (background + performance.n_background, signal + performance.n_signal)
    });
    // Over the five folds every own event is judged once, every further event five times.
    assert_eq!((background, signal), (4000 + 8000 + 5 * 3000, 400 + 5 * 1000));
    assert!(found.iter().all(|classifier| classifier.losses.len() == 6));
    let last = &found[0].losses[5];
    assert!(last.training < found[0].losses[0].training && last.validation.expect("a validation part") < 0.7);
}

/// Counts that are the same in each replica.
fn constant(counts: impl Iterator<Item = u8>) -> Vec<Counts> {
    counts.map(|count| Counts([count; REPLICAS])).collect()
}

#[test]
fn events_count_in_replicas_as_often_as_they_are_to() {
    let (background, signal) = (cloud(2000, 0.0, 4), cloud(400, 1.5, 5));
    let data = concatenate(Axis(0), &[background.view(), signal.view()]).expect("same features");
    let is_signal: Vec<bool> = (0..2400).map(|event| event >= 2000).collect();
    let (template, unseen, further) = (cloud(3000, 0.0, 6), cloud(300, 1.5, 8), cloud(1500, 0.0, 9));
    let once = |events: &Array2<f32>| constant((0..events.nrows()).map(|_| 1));
    let all = || EventCounts {
        data: Some(once(&data)),
        template: Some(once(&template)),
        unseen_background: once(&further),
        unseen_signal: once(&unseen),
    };
    // Those whose features together are above zero, which look like signal, do not count.
    let without_tail =
        |events: &Array2<f32>| constant(events.rows().into_iter().map(|event| u8::from(event.sum() < 0.0)));
    let evaluate = |counts: &EventCounts, template_truth| {
        let two_sample = TwoSample {
            data: data.view(),
            data_truth: DataTruth::Simulated(&is_signal),
            template: template.view(),
            template_truth,
            template_folds: TemplateFolds::Random,
            unseen_background: further.view(),
            unseen_signal: unseen.view(),
            counts: Some(counts),
        };
        let (stream, settings) = (Stream::of_job(7), settings());
        let family = Perceptrons { settings: &settings, device: Device::Cpu };
        let seeds = [ClassifierSeed(3)];
        classify(&two_sample, 5, &seeds, (&stream, &stream), &family, &Checkpointer::default())
            .expect("a good two-sample task")
    };
    let first = |values: &Option<Vec<f32>>| f64::from(values.as_ref().expect("events")[0]);
    let area = |counts: &EventCounts, truth| first(&evaluate(counts, truth).replicas.expect("counts").auc);
    for truth in [TemplateTruth::Background, TemplateTruth::Generated] {
        let found = evaluate(&all(), truth);
        let replicas = found.replicas.expect("counts");
        let near = |replicas: &Option<Vec<f32>>, value: fn(&Classifier) -> Option<f64>| {
            let expected = mean(&found.classifiers, |one| value(one).expect("events"));
            assert!((first(replicas) - expected).abs() < 1e-5, "{expected}");
        };
        near(&replicas.auc, |one| one.performance.auc);
        near(&replicas.sic_at_1e3, |one| one.performance.sic_at_1e3);
        near(&replicas.background_closure_auc, |one| one.background_closure_auc);
        // Without the half that looks like signal the area grows with the share of the background that it is of: the data have 400
        // of 1,900 events a fold, or of 2,500 with the template's 600. Other events in its place would leave the area as it is,
        // within a thousandth.
        let auc = first(&replicas.auc);
        let of_background = without_tail(&background).into_iter().chain(once(&signal)).collect();
        let higher = [
            (EventCounts { data: Some(of_background), ..all() }, 0.003),
            (EventCounts { unseen_background: without_tail(&further), ..all() }, 0.015),
        ];
        for (counts, least) in higher {
            let found = area(&counts, truth);
            assert!(found > auc + least, "{found} {auc}");
        }
        let lower = EventCounts { unseen_signal: without_tail(&unseen), ..all() };
        assert!(area(&lower, truth) < auc - 0.03);
        let of_template = area(&EventCounts { template: Some(without_tail(&template)), ..all() }, truth);
        match truth {
            TemplateTruth::Background => assert!(of_template > auc + 0.004, "{of_template} {auc}"),
            TemplateTruth::Generated => assert!((of_template - auc).abs() < 1e-9, "{of_template} {auc}"),
        }
    }
}

#[test]
fn a_seed_gives_the_same_classifiers_alone_and_in_company() {
    let (data, template) = (cloud(1000, 0.0, 1), cloud(1500, 0.3, 2));
    let (none, is_signal) = (cloud(50, 0.0, 3), vec![false; 1000]);
    let two_sample = TwoSample {
        data: data.view(),
        data_truth: DataTruth::Simulated(&is_signal),
        template: template.view(),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: none.view(),
        unseen_signal: none.view(),
        counts: None,
    };
    let together = run(&two_sample, &[4, 9]);
    let alone = run(&two_sample, &[9]);
    for (alone, together) in alone.iter().zip(&together[5..]) {
        assert_eq!((alone.seed, alone.fold), (together.seed, together.fold));
        let difference = alone.closure_auc.expect("a template") - together.closure_auc.expect("a template");
        assert!(difference.abs() < 1e-4, "{difference}");
    }
    assert_ne!(together[0].closure_auc, together[5].closure_auc, "seeds differ");
}

#[test]
fn classes_that_are_too_small_are_refused() {
    let (data, template, none) = (cloud(30, 0.0, 1), cloud(30, 0.0, 2), cloud(0, 0.0, 3));
    let two_sample = TwoSample {
        data: data.view(),
        data_truth: DataTruth::Simulated(&[false; 30]),
        template: template.view(),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: none.view(),
        unseen_signal: none.view(),
        counts: None,
    };
    let stream = Stream::of_job(1);
    let settings = settings();
    let family = Perceptrons { settings: &settings, device: Device::Cpu };
    let found =
        classify(&two_sample, 5, &[ClassifierSeed(0)], (&stream, &stream), &family, &Checkpointer::default());
    assert!(found.expect_err("a refusal").to_string().contains("lower classifier.batch"));
}

/// Whether two records say the same, as far as single precision goes.
fn assert_near(found: &[Classifier], expected: &[Classifier]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!((found.seed, found.fold), (expected.seed, expected.fold));
        let closure = |one: &Classifier| one.closure_auc.expect("a template");
        assert!((closure(found) - closure(expected)).abs() < 1e-4);
        for (found, expected) in found.losses.iter().zip(&expected.losses) {
            assert!((found.training - expected.training).abs() < 1e-5);
            let validation = |loss: &Loss| loss.validation.expect("events kept aside");
            assert!((validation(found) - validation(expected)).abs() < 1e-5);
        }
    }
}

#[test]
fn tasks_of_any_size_find_in_company_what_they_find_alone() {
    // Of other sizes, so that they take other numbers of steps and are judged on other numbers of events; the features of the last are
    // a hundred times as far apart.
    let (data, template) = (cloud(1000, 0.0, 1), cloud(1500, 0.3, 2));
    let (more_data, more_template) = (cloud(2000, 0.0, 4), cloud(6000, 0.2, 5));
    let (far_data, far_template) = (cloud(700, 0.0, 6) * 100.0, cloud(800, 0.3, 7) * 100.0);
    let (none, is_signal) = (cloud(50, 0.0, 3), vec![false; 2000]);
    let seeds = [ClassifierSeed(4), ClassifierSeed(9)];
    let streams = |name: &str| (Stream::of_job(7).branch("deal"), Stream::of_job(7).branch(name));
    // Kernels know the first width, and tensors compute the second. With some patience members end at other times.
    for (width, patience, to_the_bit) in [(16, 0, true), (16, 1, true), (12, 0, false)] {
        let settings = ClassifierSettings { width, patience, epochs: 4, ..settings() };
        let family = Perceptrons { settings: &settings, device: Device::Cpu };
        let all =
            [(&data, &template, "a"), (&more_data, &more_template, "b"), (&far_data, &far_template, "c")];
        let tasks = all.map(|(data, template, name)| {
            let (fold_stream, stream) = streams(name);
            let data_truth = DataTruth::Simulated(&is_signal[..data.nrows()]);
            let two_sample = TwoSample { data_truth, ..two_sample_of(data, template, &none) };
            CrossValidation { two_sample, seeds: &seeds, fold_stream, stream }
        });
        let together =
            classify_together(&tasks, 5, &family, &Checkpointer::default()).expect("good two-sample tasks");
        assert_eq!(together.len(), 3);
        for (task, found) in tasks.iter().zip(&together) {
            let streams = (&task.fold_stream, &task.stream);
            let alone = classify(&task.two_sample, 5, &seeds, streams, &family, &Checkpointer::default());
            let alone = alone.expect("a good two-sample task").classifiers;
            assert_eq!(alone.len(), 10);
            let lengths = alone.iter().map(|one| one.losses.len());
            assert!(patience == 0 || lengths.min() < Some(4), "somebody ends early");
            if to_the_bit {
                assert_eq!(found.classifiers, alone);
            } else {
                assert_near(&found.classifiers, &alone);
            }
        }
    }
}

#[test]
fn a_task_whose_classifiers_all_diverge_takes_no_other_with_it() {
    let (data, template, none) = (cloud(1000, 0.0, 1), cloud(1500, 0.3, 2), cloud(50, 0.0, 3));
    let mut broken = data.clone();
    broken.fill(f32::NAN);
    let (seeds, settings) = ([ClassifierSeed(4)], settings());
    let family = Perceptrons { settings: &settings, device: Device::Cpu };
    let run = |all: &[&Array2<f32>]| {
        let mut tasks = vec![];
        for data in all {
            tasks.push(CrossValidation {
                two_sample: two_sample_of(data, &template, &none),
                seeds: &seeds,
                fold_stream: Stream::of_job(7).branch("deal"),
                stream: Stream::of_job(7).branch("rest"),
            });
        }
        classify_together(&tasks, 5, &family, &Checkpointer::default())
    };
    let [of_broken, well] = &run(&[&broken, &data]).expect("some are well")[..] else { panic!("two tasks") };
    assert_eq!((of_broken.classifiers.len(), of_broken.diverged.len()), (0, 5));
    let alone = run(&[&data]).expect("all are well");
    assert_eq!((&well.classifiers, well.diverged.len()), (&alone[0].classifiers, 0));
    let nobody = run(&[&broken, &broken]).expect_err("nobody is well").to_string();
    assert!(nobody.starts_with("the training diverged"), "{nobody}");
}

fn two_sample_of<'a>(
    data: &'a Array2<f32>,
    template: &'a Array2<f32>,
    unseen: &'a Array2<f32>,
) -> TwoSample<'a, ArrayView2<'a, f32>> {
    TwoSample {
        data: data.view(),
        data_truth: DataTruth::Generated,
        template: template.view(),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: unseen.view(),
        unseen_signal: unseen.view(),
        counts: None,
    }
}

/// Events of which nothing is known but how many there are.
#[derive(Clone, Copy)]
struct Many(usize);

impl Events for Many {
    fn count(self) -> usize {
        self.0
    }
}

fn of_many(data: usize, template: usize) -> TwoSample<'static, Many> {
    TwoSample {
        data: Many(data),
        data_truth: DataTruth::Generated,
        template: Many(template),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::OfData,
        unseen_background: Many(0),
        unseen_signal: Many(0),
        counts: None,
    }
}

/// Memory that this process holds, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    1024 * line.split_whitespace().nth(1).expect("a number").parse::<usize>().expect("a number")
}

#[test]
fn members_do_not_hold_a_number_for_each_event() {
    let (two_sample, stream) = (of_many(100_000, 500_000), Stream::of_job(1));
    let seeds: Vec<ClassifierSeed> = (0..10).map(ClassifierSeed).collect();
    let before = resident();
    let members = super::members(&two_sample, 5, &seeds, (&stream, &stream));
    let taken = resident().saturating_sub(before);
    // A list of 64-bit rows for each of fifty members were 240 MB; the part of each event for each of ten seeds is 24 MB.
    assert!(taken < 60_000_000, "{taken} bytes");
    let rows = |member: &Member| member.evaluated.rows(100_000).len() + member.training.rows(100_000).len();
    assert!(members.iter().all(|member| rows(member) == 480_000), "four of five parts each");
}

#[test]
fn more_events_than_rows_can_be_counted_are_refused() {
    assert!(super::check_count(&of_many(1 << 20, 1 << 31)).is_ok());
    let error = super::check_count(&of_many(1 << 31, 1 << 31)).expect_err("2³² rows").to_string();
    assert!(error.contains("lower template.oversampling"), "{error}");
}

#[test]
fn copies_stay_in_the_part_of_the_event_that_they_began_as() {
    let (data, template, none) = (cloud(50, 0.0, 1), cloud(120, 0.0, 2), cloud(0, 0.0, 3));
    let two_sample = TwoSample {
        data: data.view(),
        data_truth: DataTruth::Simulated(&[false; 50]),
        template: template.view(),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::OfOrigins(40),
        unseen_background: none.view(),
        unseen_signal: none.view(),
        counts: None,
    };
    let stream = Stream::of_job(1);
    let members = super::members(&two_sample, 5, &[ClassifierSeed(0)], (&stream, &stream));
    let origins = |rows: &[usize]| rows.iter().map(|row| row % 40).collect::<std::collections::BTreeSet<_>>();
    for member in &members {
        let class_rows = [&member.training, &member.validation, &member.evaluated].map(|part| &part.template);
        assert_eq!(class_rows.map(Rows::count), [72, 24, 24]);
        let sizes = class_rows.map(|rows| origins(&rows.list()).len());
        assert_eq!(sizes, [24, 8, 8], "each origin is in one part, with all of its copies");
    }
    // Without copies, as by chance.
    let of_folds = |template_folds| {
        let two_sample = TwoSample { template_folds, ..two_sample };
        let members = super::members(&two_sample, 5, &[ClassifierSeed(0)], (&stream, &stream));
        members.into_iter().map(|member| member.evaluated.template.list()).collect::<Vec<_>>()
    };
    assert_eq!(of_folds(TemplateFolds::OfOrigins(120)), of_folds(TemplateFolds::Random));
}
