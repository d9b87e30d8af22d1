use drapes_analysis::job::ClassifierSettings;
use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::plan::random_stream::Stream;
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};

use super::super::family::Scorer;
use super::super::member::ClassRows;
use super::super::perceptrons::PerceptronNetworks;
use super::*;
use crate::training::{TrainedMember, kernels_agree};

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
        folds: 5,
        seeds: vec![],
    }
}

/// Two members that learn from different events, those of data above those of a template.
fn both(settings: &ClassifierSettings) -> Training<Classifiers<PerceptronNetworks>> {
    let mut generator = Stream::of_job(1).generator();
    let rows = Array2::from_shape_fn((EVENTS, 5), |(event, _)| {
        let normal: f32 = StandardNormal.sample(&mut generator);
        3.0 + 2.0 * normal + if event < N_DATA { 0.5 } else { 0.0 }
    });
    let parts = |part: usize| ClassRows {
        data: (0..N_DATA).filter(|event| event % 3 != part).collect(),
        template: (0..EVENTS - N_DATA).filter(|event| event % 3 != part).collect(),
    };
    let members: Vec<Member> = (0..2)
        .map(|index| Member {
            seed: ClassifierSeed(0),
            fold: Fold(index as u32),
            training: parts(index),
            validation: parts(index),
            evaluated: parts(index),
            stream: Stream::of_job(1).branch(index),
        })
        .collect();
    let networks = PerceptronNetworks::new(&rows, N_DATA, settings, &members, Device::Cpu);
    let ClassifierSettings { epochs, batch, learning_rate, weight_decay, .. } = *settings;
    let recipe = TrainingSettings { epochs, batch, learning_rate, weight_decay, ..CLASSIFIERS };
    training(networks, recipe, &members, (N_DATA, SmallestFold { batches: 5, validation: 200 }), Device::Cpu)
}

#[test]
fn kernels_compute_what_tensors_do() {
    for (width, hidden_layers, batch) in [(16, 1, 64), (32, 3, 100), (48, 2, 37), (64, 4, 128)] {
        kernels_agree(both(&ClassifierSettings { width, hidden_layers, batch, ..settings() }));
    }
}

#[test]
fn trainings_by_kernels_differ_by_rounding_alone() {
    let (by_kernels, mut by_tensors) = (both(&settings()), both(&settings()));
    by_tensors.model.networks.forget_kernel();
    let [found, expected] =
        [by_kernels, by_tensors].map(|training| training.run(&Checkpointer::default()).expect("an end"));
    let apart = (found.parameters - &expected.parameters).abs().max().double_value(&[]);
    assert!(apart < 1e-5, "{apart}");
    let losses = |members: &[TrainedMember]| -> Vec<f32> {
        let each = members.iter().flat_map(|member| &member.history.losses);
        each.flat_map(|loss| [Some(loss.training), loss.validation]).flatten().collect()
    };
    let (found, expected) = (losses(&found.members), losses(&expected.members));
    assert_eq!((found.len(), expected.len()), (2 * 2 * 4, 2 * 2 * 4));
    assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {expected:?}");
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
        let ensemble = Ensemble { networks, parameters };
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
