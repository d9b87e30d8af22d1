use drapes_analysis::job::{Conditioning, NoiseEmbedding, NoisePath, SamplerSettings};
use drapes_analysis::plan::random_stream::Stream;
use drapes_operators::{Operators, told_of};
use ndarray::Array2;

use super::super::condition::Condition;
use super::super::denoiser::DenoiserShape;
use super::super::sample::Sampler;
use super::super::solve::descend;
use super::*;
use crate::nn::as_on_a_gpu;
use crate::progress_sink::NoProgress;
use crate::sample::marginals::ColumnMaps;
use drapes_analysis::job::Marginals;

const SETTINGS: SamplerSettings = SamplerSettings {
    solver: Solver::Heun,
    steps: 25,
    sigma_min: 1e-3,
    sigma_max: 20.0,
    rho: 7.0,
    sigma_last: 0.01,
    edge_margin: 0.0,
};

fn denoiser(
    width: usize,
    hidden_layers: usize,
    mass_features: usize,
    noise_embedding: NoiseEmbedding,
    path: NoisePath,
) -> Denoiser {
    let shape = DenoiserShape {
        features: 3,
        hidden_layers,
        width,
        noise_features: 6,
        mass_features,
        noise_embedding,
        conditioning: Conditioning::Input,
        path,
        sigma_min: SETTINGS.sigma_min,
        sigma_max: SETTINGS.sigma_max,
    };
    let start = shape.layout().initial(&[Stream::of_job(3)], Device::Cpu);
    // The last layer starts at zero, and would hide all others.
    let shift = Tensor::arange(start.numel() as i64, (Kind::Float, Device::Cpu)).sin() * 0.05;
    let parameters = &start + shift.view_as(&start);
    let rows = Array2::from_shape_fn((50, 4), |(event, column)| ((event * 7 + column) as f32).sin());
    Denoiser::new(shape, parameters, vec![ColumnMaps::of(rows.view(), Marginals::Standardised)])
}

#[test]
fn kernels_make_the_events_that_tensors_make() {
    for (width, hidden_layers, mass_features, embedding, path) in [
        (64, 4, 0, NoiseEmbedding::Cosine, NoisePath::Diffusion),
        (32, 1, 3, NoiseEmbedding::Log, NoisePath::Diffusion),
        (48, 2, 8, NoiseEmbedding::Cosine, NoisePath::Diffusion),
        (64, 2, 0, NoiseEmbedding::Cosine, NoisePath::Straight),
    ] {
        let denoiser = denoiser(width, hidden_layers, mass_features, embedding, path);
        for (solver, events) in [(Solver::Heun, 150), (Solver::Euler, 7), (Solver::Dpmpp2m, 150)] {
            let grid = NoiseGrid::full(&SamplerSettings { solver, ..SETTINGS });
            let start: Vec<f64> = (0..3 * events).map(|index| 20.0 * f64::from(index).sin()).collect();
            let masses: Vec<f32> = (0..events).map(|event| (event as f32 * 0.3).cos()).collect();
            let shares = (0..events).map(|event| f64::from(event) / f64::from(events)).collect();
            let sampler = Sampler {
                denoiser: &denoiser,
                grid: &grid,
                solver,
                condition: Condition::Own,
                device: Device::Cpu,
            };
            for told in [Told::Own(masses), Told::Edges([-0.4, 0.7], shares)] {
                let mut found = start.clone();
                let kernel = SamplingKernel::new(&denoiser, (&grid, solver), Device::Cpu);
                kernel.expect("a kernel for this width").descend(&mut found, &told);
                let x = Tensor::from_slice(&start).reshape([1, -1, 3]);
                let expected = sampler.solved(x, &told).expect("nobody stops it");
                let moved = start.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(moved > 1.0 && apart < 1e-5, "{apart} with {width} nodes and {solver:?}");
            }
        }
    }
}

#[test]
fn widths_that_kernels_do_not_know_have_none() {
    let grid = NoiseGrid::full(&SETTINGS);
    let denoiser = denoiser(20, 2, 0, NoiseEmbedding::Cosine, NoisePath::Diffusion);
    assert!(SamplingKernel::new(&denoiser, (&grid, Solver::Heun), Device::Cpu).is_none());
}

#[test]
fn a_step_of_a_gpu_is_so_many_operators() {
    let denoiser = denoiser(64, 4, 0, NoiseEmbedding::Cosine, NoisePath::Diffusion);
    let mass = Tensor::zeros([1, 20, 1], (tch::Kind::Float, Device::Cpu));
    let operators = |solver, steps| {
        let grid = NoiseGrid::full(&SamplerSettings { solver, steps, ..SETTINGS });
        let x = Tensor::ones([1, 20, 3], (tch::Kind::Double, Device::Cpu));
        let descent =
            || descend(x, (&grid, solver), &NoProgress, |x, sigma| denoiser.denoise(x, sigma, &mass));
        Operators::of(|| drop(descent().expect("nobody stops it")))
    };
    for (solver, name) in
        [(Solver::Euler, "Euler"), (Solver::Heun, "Heun"), (Solver::Dpmpp2m, "DPM-Solver++(2M)")]
    {
        // What a longer way costs more.
        let of = |steps| as_on_a_gpu(|| operators(solver, steps));
        let expected = told_of(&format!("events, a step of {name}"));
        assert_eq!(of(12).total() - of(11).total(), expected, "{name}: {}", of(11));
    }
}
