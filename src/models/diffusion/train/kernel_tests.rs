use drapes_analysis::job::{
    Conditioning, LossWeighting, Marginals, NoiseEmbedding, NoisePath, SamplerSettings, Schedule, Solver,
};
use drapes_operators::told_of;
use rand_distr::{Distribution, StandardNormal};

use tch::Kind;

use super::*;
use crate::nn::as_on_a_gpu;
use crate::training::{Resumable, kernels_agree, operators_of_a_step, steps_at_once_agree, trained_alike};

fn settings() -> DenoiserSettings {
    DenoiserSettings {
        hidden_layers: 4,
        width: 64,
        noise_features: 16,
        mass_features: 0,
        noise_embedding: NoiseEmbedding::Cosine,
        conditioning: Conditioning::Input,
        epochs: 3,
        batch: 100,
        learning_rate: 1e-3,
        warmup_steps: 0,
        schedule: Schedule::Constant,
        weight_decay: 0.01,
        gradient_clip: 1.0,
        ema_decay: 0.9,
        ema_width: 0.1,
        loss_weighting: LossWeighting::Edm,
        marginals: Marginals::Standardised,
        log_noise_mean: -1.2,
        log_noise_std: 1.2,
        validation_fraction: 0.1,
    }
}

fn events(count: usize, seed: u64) -> TrainingEvents {
    let stream = Stream::of_job(seed);
    let mut generator = stream.branch("toy").generator();
    let rows = Array2::from_shape_simple_fn((count, 6), || -> f32 { StandardNormal.sample(&mut generator) });
    TrainingEvents { rows, stream }
}

/// Two members of unequal size, the first of which has learnt enough when the second has not.
fn both(settings: &DenoiserSettings) -> Training<DenoiserModel<'_>> {
    both_on(NoisePath::Diffusion, settings)
}

/// The same in the layout of a GPU.
fn padded(settings: &DenoiserSettings) -> Training<DenoiserModel<'_>> {
    as_on_a_gpu(|| both(settings))
}

fn both_on(path: NoisePath, settings: &DenoiserSettings) -> Training<DenoiserModel<'_>> {
    let sampler = SamplerSettings {
        solver: Solver::Heun,
        steps: 30,
        sigma_min: 1e-5,
        sigma_max: 80.0,
        rho: 7.0,
        sigma_last: 0.01,
        edge_margin: 0.0,
    };
    let shape = DenoiserShape::new(5, settings, &sampler).on(path);
    training(shape, settings, &[events(500, 1), events(1100, 2)], Device::Cpu).expect("enough events")
}

#[test]
fn kernels_compute_what_tensors_do() {
    for (width, hidden_layers) in [(16, 1), (32, 2), (48, 3), (64, 4), (80, 2)] {
        kernels_agree(both(&DenoiserSettings { width, hidden_layers, ..settings() }));
    }
    let (noise_embedding, loss_weighting) = (NoiseEmbedding::Log, LossWeighting::Printed);
    kernels_agree(both(&DenoiserSettings { noise_embedding, loss_weighting, batch: 37, ..settings() }));
    kernels_agree(both(&DenoiserSettings { mass_features: 5, ..settings() }));
}

#[test]
fn kernels_compute_what_tensors_do_on_straight_paths() {
    for loss_weighting in [LossWeighting::Edm, LossWeighting::Printed] {
        let settings = DenoiserSettings { loss_weighting, ..settings() };
        kernels_agree(both_on(NoisePath::Straight, &settings));
    }
}

#[test]
fn trainings_by_kernels_and_by_the_steps_of_a_gpu_differ_by_rounding_alone() {
    let settings = settings();
    let by_kernels = both(&settings);
    let mut by_tensors = both(&settings);
    by_tensors.model.kernel = None;
    let [by_kernels, by_tensors] =
        [by_kernels, by_tensors].map(|training| training.run(&Checkpointer::default()).expect("an end"));
    for found in [by_kernels, both(&settings).run_as_on_a_gpu()] {
        trained_alike(&found, &by_tensors, (1e-5, 1e-4));
    }
    let mut padded = as_on_a_gpu(|| both(&settings).run_as_on_a_gpu());
    assert!(padded.parameters.size()[1] > by_tensors.parameters.size()[1]);
    padded.parameters = padded.model.layout.without_padding(&padded.parameters);
    trained_alike(&padded, &by_tensors, (1e-5, 1e-4));
}

#[test]
fn a_checkpoint_of_a_gpu_goes_on_on_a_processor_and_back() {
    let settings = settings();
    let (mut here, mut there) = (both(&settings), padded(&settings));
    let own = |training: &Training<DenoiserModel<'_>>| {
        training.model.layout.without_padding(&training.parameters).copy()
    };
    // Other numbers than both have begun with, in all that is kept.
    let mut snapshot = there.snapshot();
    for tensor in &mut snapshot.tensors {
        *tensor = &*tensor * 0.5 + 0.25;
    }
    assert!(here.restore(&snapshot).is_some() && there.restore(&snapshot).is_some());
    assert!(own(&here).equal(&own(&there)) && (own(&here) - 0.25).abs().max().double_value(&[]) > 0.1);
    let alike = |one: &Training<DenoiserModel<'_>>, other: &Training<DenoiserModel<'_>>| {
        let (one, other) = (one.snapshot().tensors, other.snapshot().tensors);
        assert!(one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| a.equal(b)));
    };
    alike(&here, &there);
    let there = as_on_a_gpu(|| there.run_as_on_a_gpu());
    let mut other = padded(&settings);
    assert!(other.restore(&here.snapshot()).is_some(), "and back");
    alike(&other, &here);
    let here = here.run_as_on_a_gpu();
    let found = there.model.layout.without_padding(&there.parameters);
    let apart = (&found - &here.parameters).norm().double_value(&[]);
    assert!(apart < 1e-4 * found.norm().double_value(&[]), "{apart}");
}

#[test]
fn denoisers_that_cannot_be_padded_are_as_they_are_on_a_gpu() {
    for changed in [
        DenoiserSettings { width: 12, ..settings() },
        DenoiserSettings { conditioning: Conditioning::Layers, ..settings() },
    ] {
        let (on_gpu, own) = (padded(&changed), both(&changed));
        assert_eq!(on_gpu.parameters.size(), own.parameters.size());
        as_on_a_gpu(|| on_gpu.run_as_on_a_gpu());
    }
}

#[test]
fn widths_that_kernels_do_not_know_learn_by_tensors() {
    let settings = DenoiserSettings { width: 12, ..settings() };
    let training = both(&settings);
    assert!(training.model.kernel.is_none());
    training.run(&Checkpointer::default()).expect("an end");
}

#[test]
fn nothing_depends_on_who_learns_beside_a_member() {
    let settings = settings();
    let together = both(&settings).run(&Checkpointer::default()).expect("an end");
    let shape = together.model.shape;
    let alone = training(shape, &settings, &[events(1100, 2)], Device::Cpu).expect("enough events");
    let alone = alone.run(&Checkpointer::default()).expect("an end");
    assert_eq!(alone.parameters.get(0), together.parameters.get(1), "to the bit");
}

#[test]
fn what_kernels_answer_outside_of_trainings_is_what_tensors_do() {
    for (width, hidden_layers, events) in [(16, 1, 5), (64, 4, 200), (48, 2, 64)] {
        let settings = DenoiserSettings { width, hidden_layers, ..settings() };
        let model = both(&settings);
        let parameters = model.parameters.narrow(0, 1, 1).copy();
        let normals = |columns| Tensor::randn([1, events, columns], (Kind::Float, Device::Cpu));
        let input = normals(model.model.shape.features as i64 + 17);
        let expected = model.model.shape.networks(&model.model.shape.layout(), &parameters).forward(&input);
        let found = model.model.shape.answer(&parameters, &input);
        assert_eq!(found.size(), expected.size());
        let apart = (found - expected).abs().max().double_value(&[]);
        assert!(apart < 1e-5, "{width} {apart}");
        let denoiser = Denoiser::new(model.model.shape, parameters, vec![model.model.maps[1].clone()]);
        let x = Tensor::randn([1, events, 5], (Kind::Double, Device::Cpu));
        let mass = normals(1);
        for sigma in [0.01, 0.5, 80.0] {
            let expected = denoiser.denoise(&x, sigma, &mass);
            let apart = (denoiser.denoise_alone(&x, sigma, &mass) - expected).abs().max().double_value(&[]);
            assert!(apart < 1e-5, "{width} {sigma} {apart}");
        }
    }
}

#[test]
fn steps_that_are_prepared_at_once_are_as_others() {
    for (loss_weighting, mass_features) in [(LossWeighting::Edm, 0), (LossWeighting::Printed, 4)] {
        let settings = DenoiserSettings { loss_weighting, mass_features, ..settings() };
        for of in [both, padded] {
            steps_at_once_agree(of(&settings), of(&settings));
        }
        let straight = || both_on(NoisePath::Straight, &settings);
        steps_at_once_agree(straight(), straight());
    }
}

#[test]
fn a_step_of_a_gpu_is_so_many_operators() {
    // As jobs have them by default.
    let settings = DenoiserSettings { gradient_clip: 10.0, weight_decay: 0.0, ..settings() };
    let step = as_on_a_gpu(|| operators_of_a_step(both(&settings)));
    assert_eq!((step.total(), step.reads()), (told_of("denoiser 4×64"), 0), "{step}");
}
