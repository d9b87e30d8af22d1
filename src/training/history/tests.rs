use std::cell::Cell;
use std::time::Duration;

use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::job::{ClassifierSettings, Job, JobFile};
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::store::record::NoiseLoss;
use half::f16;
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::models::classifier::{
    ClassRows, ClassifierFamily, DataTruth, Evaluation, Member, Perceptrons, SmallestFold, TemplateFolds,
    TemplateTruth, TwoSample, classify,
};
use crate::models::diffusion::{DenoiserShape, TrainingEvents};
use crate::models::jet_classifier::Transformers;
use crate::models::jet_model::{JetModelEvents, JetModelShape, toy};
use crate::progress_sink::ProgressSink;
use crate::sample::jets::{EventJets, Jets};
use crate::training::{CheckpointFile, Checkpointer};

#[test]
fn what_has_diverged_stays_so_and_is_told_apart_from_what_has_not() {
    let mut history = TrainingHistory::default();
    let loss = |epoch, training, validation| Loss { epoch, training, validation };
    assert!(history.finite(loss(1.0, 0.5, None), Weights::Finite).is_some());
    assert!(history.finite(loss(2.0, 0.5, Some(f32::INFINITY)), Weights::Finite).is_none());
    assert!(history.finite(loss(3.0, 0.5, Some(0.5)), Weights::Finite).is_none(), "for good");
    assert_eq!(history.diverged, Some(2.0));
    let mut other = TrainingHistory::default();
    assert!(some_are_well([&history, &other]).is_ok());
    assert!(other.finite(loss(1.5, 0.5, None), Weights::NotFinite).is_none(), "though its loss still is");
    let error = some_are_well([&history, &other]).expect_err("nobody is left").to_string();
    assert!(error.contains("epoch 1.5 (the loss of every member is not a number)"), "{error}");
    // JSON knows no NaN: what a checkpoint holds of a diverged member can be read again.
    let text = serde_json::to_string(&history).expect("JSON");
    assert_eq!(serde_json::from_str::<TrainingHistory>(&text).expect("the same"), history);
    let weights = Tensor::from_slice(&[1.0_f32, 2.0, f32::NAN, 3.0, 4.0, f32::INFINITY]).reshape([3, 2]);
    assert_eq!(Weights::of(&weights), [Weights::Finite, Weights::NotFinite, Weights::NotFinite]);
}

/// Small networks.
fn job() -> Job {
    let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[denoiser]\nwidth = 16\nepochs = 20\nbatch = 64\n\
                learning_rate = 1e-3\nvalidation_fraction = 0.1\n[jet_model]\nblocks = 1\nwidth = 8\nheads = 2\n\
                hidden = 8\ncontext = 4\nepochs = 2\nbatch = 16\nlearning_rate = 1e-3\n[classifier]\nepochs = 3\n\
                batch = 64\nwidth = 16\n[jet_classifier]\nwidth = 8\nheads = 2\nhidden = 8\n\
                self_attention_layers = 1\nclass_attention_layers = 1\nepochs = 3\nbatch = 32\n[[scan]]\n\
                method = 'noise'\nn_signal = [0]\n";
    JobFile::from_text("job.toml", text).check().expect("a good job")
}

fn bits(parameters: &Tensor) -> Vec<u32> {
    let flat = Vec::<f32>::try_from(&parameters.flatten(0, -1)).expect("values");
    flat.into_iter().map(f32::to_bits).collect()
}

/// Stops when it has been asked so many times.
struct Impatient(Cell<usize>);

impl ProgressSink for Impatient {
    fn progress(&self, _share: f64) {}

    fn should_stop(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

/// What a training gives that is stopped again and again, and how often it was.
fn with_stops<T>(train: impl Fn(&Checkpointer<'_>) -> Result<T, Error>) -> (T, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    for stops in 0..1000 {
        let file = CheckpointFile {
            path: folder.path().join("a.checkpoint"),
            fingerprint: Fingerprint("a".to_owned()),
            device: "cpu".to_owned(),
        };
        let sink = Impatient(Cell::new(1));
        match train(&Checkpointer::new(&sink, file, Duration::MAX)) {
            Ok(trained) => return (trained, stops),
            Err(Error::Stopped) => {}
            Err(other) => panic!("{other}"),
        }
    }
    panic!("it never ends");
}

/// What is known of some networks: their weights, how they learnt, and their losses by noise strength.
type Known = (Tensor, Vec<TrainedMember>, Vec<Vec<NoiseLoss>>);

/// Holds the second of two networks, whose first diverges, against what becomes of it otherwise.
fn the_second_is_well(broken: &Known, otherwise: &[(Known, usize)]) {
    let (weights, members, by_noise) = broken;
    assert!(members[0].history.diverged.is_some(), "it has met what is no number");
    assert!(by_noise[0].is_empty());
    let second = |(_, members, by_noise): &Known, place: usize| {
        let TrainedMember { history, n_training, .. } = &members[place];
        (history.clone(), by_noise[place].clone(), *n_training)
    };
    let found = second(broken, 1);
    assert!(found.0.diverged.is_none() && !found.0.losses.is_empty() && !found.1.is_empty());
    for (other, place) in otherwise {
        assert_eq!(found, second(other, *place));
        assert_eq!(bits(&weights.get(1)), bits(&other.0.get(*place as i64)));
    }
}

#[test]
fn a_denoiser_that_diverges_takes_nobody_with_it() {
    let job = job();
    let shape = DenoiserShape::new(2, &job.denoiser, &job.sampler);
    let events = |seed: u64| {
        let stream = Stream::of_job(seed);
        let mut generator = stream.branch("toy").generator();
        let rows = Array2::from_shape_simple_fn((500, 3), || StandardNormal.sample(&mut generator));
        TrainingEvents { rows, stream }
    };
    let run = |members: &[TrainingEvents], checkpointer: &Checkpointer<'_>| -> Result<Known, Error> {
        let found =
            crate::models::diffusion::train(shape, &job.denoiser, members, Device::Cpu, checkpointer)?;
        Ok((found.denoiser.parameters().copy(), found.members, found.by_noise))
    };
    let straight =
        |members: &[TrainingEvents]| run(members, &Checkpointer::default()).expect("somebody is well");
    let mut broken = events(1);
    broken.rows[[7, 1]] = f32::NAN;
    let members = [broken, events(2)];
    let found = straight(&members);
    let company = straight(&[events(1), events(2)]);
    let (stopped, stops) = with_stops(|checkpointer| run(&members, checkpointer));
    assert!(stops > 0 && stopped.1[0].history == found.1[0].history);
    the_second_is_well(&found, &[(company, 1), (straight(&[events(2)]), 0), (stopped, 1)]);
    let alone = run(&members[..1], &Checkpointer::default()).expect_err("nobody is well").to_string();
    assert!(alone.contains("diverged at epoch") && alone.contains("every member"), "{alone}");
}

/// A table of jets one of whose events has a constituent beyond all numbers.
fn with_infinity(jets: &Jets, event: usize) -> Jets {
    let mut jets = jets.clone();
    jets.constituents_mut(2 * event)[0][1] = f16::INFINITY;
    jets
}

#[test]
fn a_jet_model_that_diverges_takes_nobody_with_it() {
    let job = job();
    let shape = JetModelShape::new(&job.jet_model, &job.sampler);
    let (first, second): (Vec<u32>, Vec<u32>) = ((0..60).collect(), (60..120).collect());
    let run = |jets: &Jets, wanted: &[&[u32]], checkpointer: &Checkpointer<'_>| -> Result<Known, Error> {
        let members: Vec<JetModelEvents<'_>> = wanted
            .iter()
            .map(|events| JetModelEvents {
                events: EventJets::only(jets, events),
                stream: Stream::of_job(u64::from(events[0])),
            })
            .collect();
        let found =
            crate::models::jet_model::train(shape, &job.jet_model, &members, Device::Cpu, checkpointer)?;
        Ok((found.denoiser.parameters().copy(), found.members, found.by_noise))
    };
    let jets = toy::jets(120, 3);
    let broken = with_infinity(&jets, 7);
    let both: [&[u32]; 2] = [&first, &second];
    let found = run(&broken, &both, &Checkpointer::default()).expect("one is well");
    let company = run(&jets, &both, &Checkpointer::default()).expect("both are well");
    let (stopped, stops) = with_stops(|checkpointer| run(&broken, &both, checkpointer));
    assert!(stops > 0 && stopped.1[0].history == found.1[0].history);
    the_second_is_well(&found, &[(company, 1), (stopped, 1)]);
    let alone = run(&broken, &both[..1], &Checkpointer::default()).expect_err("nobody is well").to_string();
    assert!(alone.contains("diverged at epoch") && alone.contains("every member"), "{alone}");
}

#[test]
fn classifiers_that_diverge_are_told_apart_from_those_that_learn() {
    let job = job();
    let (data, template, none) = (toy::jets(100, 8), toy::jets(120, 9), Jets::default());
    let run = |data: &Jets, checkpointer: &Checkpointer<'_>| -> Result<Evaluation, Error> {
        let two_sample = TwoSample {
            data: EventJets::all(data),
            data_truth: DataTruth::Simulated(&[false; 100]),
            template: EventJets::all(&template),
            template_truth: TemplateTruth::Generated,
            template_folds: TemplateFolds::Random,
            unseen_background: EventJets::all(&none),
            unseen_signal: EventJets::all(&none),
            counts: None,
        };
        let family = Transformers { settings: &job.jet_classifier, device: Device::Cpu };
        let stream = Stream::of_job(7);
        let seeds = [ClassifierSeed(0), ClassifierSeed(4)];
        classify(
            &two_sample,
            5,
            &seeds,
            (&stream.branch("deal"), &stream.branch("rest")),
            &family,
            checkpointer,
        )
    };
    let broken = with_infinity(&data, 17);
    let found = run(&broken, &Checkpointer::default()).expect("some are well");
    let otherwise = run(&data, &Checkpointer::default()).expect("all are well");
    let (stopped, stops) = with_stops(|checkpointer| run(&broken, checkpointer));
    // Of each seed, three folds learn from the event and one is validated on it.
    assert_eq!((found.classifiers.len(), found.diverged.len(), otherwise.classifiers.len()), (2, 8, 10));
    assert!(stops > 0 && stopped.classifiers == found.classifiers && stopped.diverged == found.diverged);
    for classifier in &found.classifiers {
        let same = otherwise
            .classifiers
            .iter()
            .find(|other| (other.seed, other.fold) == (classifier.seed, classifier.fold))
            .expect("the same classifier");
        assert_eq!(same.losses, classifier.losses);
        let named = found.diverged.iter().any(|one| (one.seed, one.fold) == (same.seed, same.fold));
        assert!(!named && classifier.losses.len() == 3);
    }
    let all = (0..100).fold(data.clone(), |jets, event| with_infinity(&jets, event));
    let nobody = run(&all, &Checkpointer::default()).expect_err("nobody is well").to_string();
    assert!(nobody.starts_with("the training diverged at epoch 1.0"), "{nobody}");
}

#[test]
fn perceptrons_that_diverge_take_nobody_with_them() {
    // Long enough for several blocks of steps, between which it can be stopped.
    let settings = ClassifierSettings { epochs: 20, ..job().classifier };
    let normals = |count: usize, seed: u64| {
        let mut generator = Stream::of_job(seed).branch("toy").generator();
        Array2::<f32>::from_shape_simple_fn((count, 2), || StandardNormal.sample(&mut generator))
    };
    let (data, template, none) = (normals(300, 8), normals(320, 9), normals(0, 10));
    let is_signal = [false; 300];
    let run = |data: &Array2<f32>, checkpointer: &Checkpointer<'_>| -> Result<Evaluation, Error> {
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
        let family = Perceptrons { settings: &settings, device: Device::Cpu };
        let stream = Stream::of_job(7);
        let seeds = [ClassifierSeed(0), ClassifierSeed(4)];
        classify(
            &two_sample,
            5,
            &seeds,
            (&stream.branch("deal"), &stream.branch("rest")),
            &family,
            checkpointer,
        )
    };
    let mut broken = data.clone();
    broken[[17, 1]] = f32::NAN;
    let found = run(&broken, &Checkpointer::default()).expect("some are well");
    let otherwise = run(&data, &Checkpointer::default()).expect("all are well");
    let (stopped, stops) = with_stops(|checkpointer| run(&broken, checkpointer));
    // Of each seed, three folds learn from the event and one is validated on it.
    assert_eq!((found.classifiers.len(), found.diverged.len(), otherwise.classifiers.len()), (2, 8, 10));
    assert!(stops > 0 && stopped.classifiers == found.classifiers && stopped.diverged == found.diverged);
    for classifier in &found.classifiers {
        let named = (classifier.seed, classifier.fold);
        let same = otherwise.classifiers.iter().find(|other| (other.seed, other.fold) == named);
        assert_eq!(same.expect("the same classifier").losses, classifier.losses);
    }
}

#[test]
fn a_transformer_that_diverges_takes_nobody_with_it() {
    let job = job();
    let (data, template, none) = (toy::jets(100, 8), toy::jets(120, 9), Jets::default());
    // Members learn from the events behind the one that names them.
    let member = |first: usize| Member {
        seed: ClassifierSeed(first as u32),
        fold: Fold(0),
        training: ClassRows { data: (first..100).collect(), template: (20..120).collect() },
        validation: ClassRows { data: (0..10).collect(), template: (0..20).collect() },
        evaluated: ClassRows { data: (10..20).collect(), template: (0..0).collect() },
        stream: Stream::of_job(first as u64),
    };
    let run = |data: &Jets| {
        let two_sample = TwoSample {
            data: EventJets::all(data),
            data_truth: DataTruth::Generated,
            template: EventJets::all(&template),
            template_truth: TemplateTruth::Generated,
            template_folds: TemplateFolds::Random,
            unseen_background: EventJets::all(&none),
            unseen_signal: EventJets::all(&none),
            counts: None,
        };
        let family = Transformers { settings: &job.jet_classifier, device: Device::Cpu };
        let smallest_fold = SmallestFold { batches: 4, validation: 30 };
        let members = [member(20), member(25)];
        let (ensemble, histories) = family
            .train(&two_sample, &members, smallest_fold, &Checkpointer::default())
            .expect("somebody is well");
        (ensemble.parameters.copy(), histories)
    };
    let (weights, histories) = run(&with_infinity(&data, 22));
    let (other_weights, other_histories) = run(&data);
    assert!(histories[0].diverged.is_some() && other_histories[0].diverged.is_none());
    assert_eq!(histories[1], other_histories[1]);
    assert_eq!(bits(&weights.get(1)), bits(&other_weights.get(1)));
}
