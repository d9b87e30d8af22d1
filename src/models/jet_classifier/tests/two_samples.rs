use std::cell::Cell;

use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::store::record::{Classifier, Loss};

use super::super::Transformers;
use super::*;
use crate::error::Error;
use crate::models::classifier::{
    ClassRows, ClassifierFamily, DataTruth, Member, SmallestFold, TemplateFolds, TemplateTruth, TwoSample,
    classify,
};
use crate::progress_sink::ProgressSink;
use crate::training::{CheckpointFile, Checkpointer, TrainingHistory};

fn run(
    two_sample: &TwoSample<'_, EventJets<'_>>,
    settings: &JetClassifierSettings,
    seeds: &[u32],
) -> Result<Vec<Classifier>, Error> {
    let stream = Stream::of_job(7);
    let seeds: Vec<ClassifierSeed> = seeds.iter().copied().map(ClassifierSeed).collect();
    let streams = (&stream.branch("deal"), &stream.branch("rest"));
    let family = Transformers { settings, device: Device::Cpu };
    classify(two_sample, 5, &seeds, streams, &family, &Checkpointer::default())
        .map(|evaluation| evaluation.classifiers)
}

fn mean(classifiers: &[Classifier], value: impl Fn(&Classifier) -> Option<f64>) -> f64 {
    let values = classifiers.iter().map(|classifier| value(classifier).expect("a value"));
    values.sum::<f64>() / classifiers.len() as f64
}

/// One below the other.
fn below(first: &Jets, second: &Jets) -> Jets {
    let mut both = first.clone();
    both.append(second);
    both
}

#[test]
fn a_signal_is_told_from_background_by_its_constituents() {
    let (signal, background) = (signal(300, 1), toy::jets(500, 2));
    let (none, unseen) = (Jets::default(), toy::jets(100, 3));
    // The supervised reference; background and the events that nobody has seen lie in tables of their own.
    let two_sample = TwoSample {
        data: EventJets::all(&signal),
        data_truth: DataTruth::Simulated(&[true; 300]),
        template: EventJets::all(&background),
        template_truth: TemplateTruth::Background,
        template_folds: TemplateFolds::Random,
        unseen_background: EventJets::all(&unseen),
        unseen_signal: EventJets::all(&none),
        counts: None,
    };
    let found = run(&two_sample, &settings(), &[0]).expect("a good two-sample task");
    assert!(mean(&found, |classifier| classifier.performance.auc) > 0.95);
    assert!(found.iter().all(|classifier| classifier.closure_auc.is_none() && classifier.losses.len() == 3));
    let evaluation = found.iter().map(|classifier| classifier.performance.n_background).sum::<usize>();
    assert_eq!(evaluation, 500 + 5 * 100);
    let losses = &found[0].losses;
    assert!(losses[2].training < losses[0].training && losses[2].validation.expect("a part") < 0.6);
}

#[test]
fn weak_labels_find_a_signal_in_events_of_one_table() {
    // Data, template and unseen events are rows of one sample, in no order.
    let sample = below(&toy::jets(1300, 4), &signal(300, 5));
    let data: Vec<u32> = (0..500).chain(1300..1500).rev().collect();
    let is_signal: Vec<bool> = data.iter().map(|row| *row >= 1300).collect();
    let (template, rest, unseen): (Vec<u32>, Vec<u32>, Vec<u32>) =
        ((600..1200).collect(), (1200..1300).collect(), (1500..1600).collect());
    let two_sample = TwoSample {
        data: EventJets::only(&sample, &data),
        data_truth: DataTruth::Simulated(&is_signal),
        template: EventJets::only(&sample, &template),
        template_truth: TemplateTruth::Background,
        template_folds: TemplateFolds::Random,
        unseen_background: EventJets::only(&sample, &rest),
        unseen_signal: EventJets::only(&sample, &unseen),
        counts: None,
    };
    let found = run(&two_sample, &settings(), &[1]).expect("a good two-sample task");
    assert!(mean(&found, |classifier| classifier.performance.auc) > 0.9);
    let (background, signal) = found.iter().fold((0, 0), |(background, signal), classifier| {
        let performance = &classifier.performance;
        (background + performance.n_background, signal + performance.n_signal)
    });
    assert_eq!((background, signal), (500 + 600 + 5 * 100, 200 + 5 * 100));
}

#[test]
fn copies_of_the_data_stay_in_the_parts_of_their_originals() {
    let (data, none) = (toy::jets(300, 6), Jets::default());
    let template = below(&data, &data);
    let two_sample = TwoSample {
        data: EventJets::all(&data),
        data_truth: DataTruth::Simulated(&[false; 300]),
        template: EventJets::all(&template),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::OfData,
        unseen_background: EventJets::all(&none),
        unseen_signal: EventJets::all(&none),
        counts: None,
    };
    let found = run(&two_sample, &settings(), &[2]).expect("a good two-sample task");
    // Each classifier is evaluated on some events against the very same, twice: it cannot tell them apart at all.
    let closures = found.iter().map(|classifier| classifier.closure_auc.expect("two classes"));
    assert!(closures.into_iter().all(|closure| (closure - 0.5).abs() < 1e-9));
    let at_random = TwoSample { template_folds: TemplateFolds::Random, ..two_sample };
    let found = run(&at_random, &settings(), &[2]).expect("a good two-sample task");
    assert!(found.iter().any(|classifier| (classifier.closure_auc.expect("two classes") - 0.5).abs() > 1e-6));
    let large = JetClassifierSettings { batch: 900, ..settings() };
    let message = run(&at_random, &large, &[2]).expect_err("a refusal").to_string();
    assert!(message.contains("lower jet_classifier.batch or classifier.folds"), "{message}");
    let wild = JetClassifierSettings { learning_rate: 1e30, ..settings() };
    let message = run(&at_random, &wild, &[2]).expect_err("a refusal").to_string();
    assert!(message.starts_with("the training diverged at epoch"), "{message}");
}

/// Members that learn from events of two tables, each from others.
fn members(data: &Jets, template: &Jets, seeds: &[u32]) -> Vec<Member> {
    let class_rows = |data: std::ops::Range<usize>, template: std::ops::Range<usize>| ClassRows {
        data: data.collect(),
        template: template.collect(),
    };
    let (n_data, n_template) = (data.events(), template.events());
    let member = |seed: &u32| Member {
        seed: ClassifierSeed(*seed),
        fold: Fold(0),
        training: class_rows(20 + *seed as usize..n_data, 20..n_template - *seed as usize),
        validation: class_rows(0..10, 0..20),
        evaluated: class_rows(10..20, 0..0),
        stream: Stream::of_job(u64::from(*seed)),
    };
    seeds.iter().map(member).collect()
}

fn trained(seeds: &[u32], checkpointer: &Checkpointer<'_>) -> Result<(Tensor, Vec<TrainingHistory>), Error> {
    let (data, template, none) = (signal(100, 8), toy::jets(120, 9), Jets::default());
    let two_sample = TwoSample {
        data: EventJets::all(&data),
        data_truth: DataTruth::Generated,
        template: EventJets::all(&template),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: EventJets::all(&none),
        unseen_signal: EventJets::all(&none),
        counts: None,
    };
    let settings = settings();
    let family = Transformers { settings: &settings, device: Device::Cpu };
    let smallest_fold = SmallestFold { batches: 4, validation: 30 };
    let (ensemble, losses) =
        family.train(&two_sample, &members(&data, &template, seeds), smallest_fold, checkpointer)?;
    Ok((ensemble.parameters.copy(), losses))
}

#[test]
fn a_member_learns_the_same_alone_and_in_company() {
    let (together, losses) = trained(&[0, 3, 5], &Checkpointer::default()).expect("a good training");
    for (place, seed) in [0, 3, 5].into_iter().enumerate() {
        let (alone, own_losses) = trained(&[seed], &Checkpointer::default()).expect("a good training");
        let (alone, together) = (alone.get(0), together.get(place as i64));
        // Adam makes much of the rounding of single gradients that are almost zero.
        let difference = ((&alone - &together).norm() / together.norm()).double_value(&[]);
        assert!(difference < 1e-4, "member {place} differs by {difference}");
        for (alone, together) in own_losses[0].losses.iter().zip(&losses[place].losses) {
            assert!((alone.training - together.training).abs() < 1e-5);
            let saved = |loss: &Loss| loss.validation.expect("a validation part");
            assert!((saved(alone) - saved(together)).abs() < 1e-4);
        }
    }
    assert!(difference(&together.get(0), &together.get(1)) > 0.01, "members differ");
}

#[test]
fn a_training_that_is_stopped_goes_on_with_the_same_bits() {
    struct Impatient(Cell<usize>);

    impl ProgressSink for Impatient {
        fn progress(&self, _share: f64) {}

        fn should_stop(&self) -> bool {
            let left = self.0.get();
            self.0.set(left.saturating_sub(1));
            left == 0
        }
    }

    let (straight, straight_losses) = trained(&[1, 2], &Checkpointer::default()).expect("a good training");
    let folder = tempfile::tempdir().expect("a folder");
    let file = || CheckpointFile {
        path: folder.path().join("a.checkpoint"),
        fingerprint: Fingerprint("a".to_owned()),
        device: "cpu".to_owned(),
    };
    let mut stops = 0;
    let (found, losses) = loop {
        let sink = Impatient(Cell::new(stops % 3));
        match trained(&[1, 2], &Checkpointer::new(&sink, file(), std::time::Duration::MAX)) {
            Ok(found) => break found,
            Err(Error::Stopped) => stops += 1,
            Err(other) => panic!("{other}"),
        }
        assert!(stops < 100, "it never ends");
    };
    assert!(stops > 5, "{stops}");
    let bits = |parameters: &Tensor| -> Vec<u32> {
        let flat = Vec::<f32>::try_from(&parameters.flatten(0, -1)).expect("values");
        flat.into_iter().map(f32::to_bits).collect()
    };
    assert_eq!(bits(&straight), bits(&found));
    assert_eq!(straight_losses, losses);
}
