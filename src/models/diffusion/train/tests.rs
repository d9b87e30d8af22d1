use drapes_analysis::job::{
    Conditioning, LossWeighting, Marginals, NoiseEmbedding, NoisePath, SamplerSettings, Schedule, Solver,
};
use rand_distr::{Distribution, StandardNormal};

use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::quantities::SigmaPrime;

use super::super::condition::Condition;
use super::super::noise::Preconditioning;
use super::super::sample::Sampler;
use super::*;
use crate::progress_sink::NoProgress;
use crate::sample::scaler::Scaler;
use crate::training::Checkpointer;
use tch::Kind;

pub fn settings() -> DenoiserSettings {
    DenoiserSettings {
        hidden_layers: 3,
        width: 48,
        noise_features: 16,
        mass_features: 0,
        noise_embedding: NoiseEmbedding::Cosine,
        conditioning: Conditioning::Input,
        epochs: 20,
        batch: 256,
        learning_rate: 3e-3,
        warmup_steps: 100,
        schedule: Schedule::Cosine,
        weight_decay: 0.0,
        gradient_clip: 10.0,
        ema_decay: 0.99,
        ema_width: 0.0,
        loss_weighting: LossWeighting::Edm,
        marginals: Marginals::Standardised,
        log_noise_mean: -1.2,
        log_noise_std: 1.2,
        validation_fraction: 0.1,
    }
}

pub fn sampler() -> SamplerSettings {
    SamplerSettings {
        solver: Solver::Heun,
        steps: 30,
        sigma_min: 1e-5,
        sigma_max: 80.0,
        rho: 7.0,
        sigma_last: 0.01,
        edge_margin: 0.0,
    }
}

pub fn shape(features: usize) -> DenoiserShape {
    DenoiserShape::new(features, &settings(), &sampler())
}

/// Two features whose mean moves with the mass and which are correlated.
fn events(count: usize, seed: u64) -> TrainingEvents {
    let stream = Stream::of_job(seed);
    let mut generator = stream.branch("toy").generator();
    let mut normal = || -> f32 { StandardNormal.sample(&mut generator) };
    let rows = (0..count).flat_map(|_| {
        let (mass, a, b) = (normal(), normal(), normal());
        [3.0 + 0.8 * mass + 0.5 * a, -1.0 + 0.3 * a + 0.4 * b, 100.0 + 10.0 * mass]
    });
    let rows = Array2::from_shape_vec((count, 3), rows.collect()).expect("three columns");
    TrainingEvents { rows, stream }
}

#[test]
fn trainings_learn_the_noise_strengths_of_the_sampler() {
    let largest = |sigma_max: f64, log_noise_mean: f64| {
        let settings = DenoiserSettings { log_noise_mean, log_noise_std: 1e-3, ..settings() };
        let shape =
            DenoiserShape::new(2, &settings, &SamplerSettings { sigma_max, sigma_min: 0.01, ..sampler() });
        let (rows, normals) = (
            Tensor::zeros([1, 4, 3], (Kind::Double, Device::Cpu)),
            Tensor::ones([1, 4, 3], (Kind::Double, Device::Cpu)),
        );
        let noisy = Noisy::new(&shape, &settings, &rows, &normals);
        // Where the event is zero and the noise one, the target is −1/√(σ² + 1).
        let target = noisy.target.double_value(&[0, 0, 0]);
        (1.0 / (target * target) - 1.0).sqrt()
    };
    for (sigma_max, log_noise, expected) in [(80.0, 9.0, 80.0), (160.0, 9.0, 160.0), (80.0, -9.0, 0.01)] {
        let found = largest(sigma_max, log_noise);
        assert!((found / expected - 1.0).abs() < 1e-3, "{found} where it should be {expected}");
    }
}

pub fn trained(members: &[TrainingEvents]) -> TrainedDenoisers<Denoiser> {
    train(shape(2), &settings(), members, Device::Cpu, &Checkpointer::default()).expect("a good training")
}

#[test]
fn a_denoiser_of_gaussian_events_finds_their_score() {
    // For x0 ~ N(μ(m), Σ) the best denoiser is known: D = μ + Σ (Σ + σ² 1)⁻¹ (x − μ).
    let members = [events(20_000, 1)];
    let denoiser = trained(&members).denoiser;
    let scaler = Scaler::of(members[0].rows.view());
    let conditional = |mass: f64| {
        [
            (3.0 + 0.8 * mass - scaler.mean[0]) / scaler.deviation[0],
            (-1.0 - scaler.mean[1]) / scaler.deviation[1],
        ]
    };
    let [s0, s1] = [scaler.deviation[0], scaler.deviation[1]];
    let covariance = [[0.25 / s0 / s0, 0.15 / s0 / s1], [0.15 / s0 / s1, 0.25 / s1 / s1]];
    for sigma in [0.1, 0.3, 1.0] {
        let mut worst: f64 = 0.0;
        for (mass, dx) in [(0.0, [0.0, 0.0]), (0.5, [0.5, -0.3]), (-0.7, [-0.4, 0.6])] {
            let mu = conditional(mass);
            let x = [mu[0] + dx[0], mu[1] + dx[1]];
            let [[a, b], [_, d]] = covariance;
            let (a2, d2) = (a + sigma * sigma, d + sigma * sigma);
            let det = a2 * d2 - b * b;
            let w = [(d2 * dx[0] - b * dx[1]) / det, (a2 * dx[1] - b * dx[0]) / det];
            let best = [mu[0] + a * w[0] + b * w[1], mu[1] + b * w[0] + d * w[1]];
            let x = Tensor::from_slice(&x).reshape([1, 1, 2]);
            let scaled_mass = ((100.0 + 10.0 * mass - scaler.mean[2]) / scaler.deviation[2]) as f32;
            let found = denoiser.denoise(&x, sigma, &Tensor::from_slice(&[scaled_mass]).reshape([1, 1, 1]));
            for (axis, best) in best.iter().enumerate() {
                let difference = found.double_value(&[0, 0, axis as i64]) - best;
                // In units of what noise of this strength can tell.
                worst = worst.max(difference.abs() / Preconditioning::at(sigma).c_out);
            }
        }
        assert!(worst < 0.15, "{worst} at σ = {sigma}");
    }
}

#[test]
fn flow_matching_makes_events_with_the_moments_of_the_training_events() {
    let shape = shape(2).on(NoisePath::Straight);
    let members = [events(20_000, 2)];
    let trained = train(shape, &settings(), &members, Device::Cpu, &Checkpointer::default());
    let denoiser = trained.expect("a good training").denoiser;
    let grid = NoiseGrid::straight(&sampler());
    for (solver, tolerance) in [(Solver::Heun, 0.06), (Solver::Euler, 0.1), (Solver::Dpmpp2m, 0.06)] {
        let grid = if solver == Solver::Dpmpp2m {
            NoiseGrid::straight(&SamplerSettings { solver, ..sampler() })
        } else {
            grid.clone()
        };
        let maker = Sampler {
            denoiser: &denoiser,
            grid: &grid,
            solver,
            condition: Condition::Own,
            device: Device::Cpu,
        };
        let made = maker.from_noise(&vec![108.0; 3000], &mut Stream::of_job(5).generator(), &NoProgress);
        let made = made.expect("nobody stops it");
        let found = Scaler::of(made.view());
        for (column, (mean, deviation)) in [(3.0 + 0.8 * 0.8, 0.5), (-1.0, 0.5)].into_iter().enumerate() {
            assert!((found.mean[column] - mean).abs() < tolerance, "{solver:?}: {found:?}");
            assert!((found.deviation[column] - deviation).abs() < tolerance, "{solver:?}: {found:?}");
        }
        let rows = made.rows().into_iter();
        let product = rows
            .map(|row| f64::from(row[0] - found.mean[0] as f32) * f64::from(row[1] - found.mean[1] as f32));
        let correlation = product.sum::<f64>() / 3000.0 / (found.deviation[0] * found.deviation[1]);
        assert!((correlation - 0.6).abs() < 0.06, "{solver:?}: {correlation}");
    }
}

#[test]
fn events_from_noise_have_the_moments_of_the_training_events() {
    let denoiser = trained(&[events(20_000, 2)]).denoiser;
    let grid = NoiseGrid::full(&sampler());
    let make = |solver| {
        let sampler = Sampler {
            denoiser: &denoiser,
            grid: &grid,
            solver,
            condition: Condition::Own,
            device: Device::Cpu,
        };
        sampler
            .from_noise(&vec![108.0; 3000], &mut Stream::of_job(5).generator(), &NoProgress)
            .expect("nobody stops it")
    };
    for (solver, tolerance) in [(Solver::Heun, 0.06), (Solver::Euler, 0.1)] {
        let found = Scaler::of(make(solver).view());
        let expected = [(3.0 + 0.8 * 0.8, 0.5), (-1.0, 0.5)];
        for (column, (mean, deviation)) in expected.into_iter().enumerate() {
            assert!((found.mean[column] - mean).abs() < tolerance, "{found:?}");
            assert!((found.deviation[column] - deviation).abs() < tolerance, "{found:?}");
        }
    }
}

#[test]
fn a_network_that_is_modulated_in_every_layer_learns_how_events_move_with_the_mass() {
    let settings = DenoiserSettings { conditioning: Conditioning::Layers, ..settings() };
    let shape = DenoiserShape::new(2, &settings, &sampler());
    assert!(shape.kernel().is_none(), "kernels do not know it");
    let members = [events(20_000, 2)];
    let trained = train(shape, &settings, &members, Device::Cpu, &Checkpointer::default()).expect("an end");
    let grid = NoiseGrid::full(&sampler());
    for mass in [92.0, 108.0] {
        let sampler = Sampler {
            denoiser: &trained.denoiser,
            grid: &grid,
            solver: Solver::Heun,
            condition: Condition::Own,
            device: Device::Cpu,
        };
        let made = sampler.from_noise(&vec![mass; 3000], &mut Stream::of_job(5).generator(), &NoProgress);
        let found = Scaler::of(made.expect("nobody stops it").view());
        let expected = 3.0 + 0.08 * (mass - 100.0);
        assert!(
            (found.mean[0] - expected).abs() < 0.06 && (found.deviation[0] - 0.5).abs() < 0.06,
            "{found:?}"
        );
    }
}

#[test]
fn events_made_in_portions_are_those_made_in_one_go() {
    let denoiser = trained(&[events(2000, 2)]).denoiser;
    let settings = SamplerSettings { steps: 4, ..sampler() };
    let grid = NoiseGrid::full(&settings);
    let sampler = Sampler {
        denoiser: &denoiser,
        grid: &grid,
        solver: Solver::Heun,
        condition: Condition::Own,
        device: Device::Cpu,
    };
    let masses: Vec<f64> = (0..3000).map(|event| 95.0 + 0.01 * f64::from(event)).collect();
    let mut noise = Stream::of_job(5).generator();
    let whole = sampler.from_noise(&masses, &mut noise.clone(), &NoProgress).expect("nobody stops it");
    // Portions of a template are multiples of what is solved together.
    let parts = [&masses[..2048], &masses[2048..]]
        .map(|masses| sampler.from_noise(masses, &mut noise, &NoProgress).expect("nobody stops it"));
    let views = [parts[0].view(), parts[1].view()];
    assert_eq!(ndarray::concatenate(ndarray::Axis(0), &views).expect("the same features"), whole);
}

#[test]
fn a_member_learns_the_same_alone_and_in_company() {
    let short = DenoiserSettings { epochs: 2, ..settings() };
    let run = |members: &[TrainingEvents]| {
        train(shape(2), &short, members, Device::Cpu, &Checkpointer::default()).expect("a good training")
    };
    // Unequal sizes: the first member has fewer steps and must rest while the second goes on.
    let together = run(&[events(1500, 3), events(2600, 4)]);
    for (member, (count, seed)) in [(1500, 3), (2600, 4)].into_iter().enumerate() {
        let alone = run(&[events(count, seed)]);
        let pair = together.denoiser.member(member);
        let difference = (alone.denoiser.parameters() - pair.parameters()).abs().max().double_value(&[]);
        assert!(difference < 1e-5, "member {member} differs by {difference}");
        let (alone, together) = (&alone.members[0], &together.members[member]);
        assert_eq!((alone.n_training, alone.rate), (together.n_training, together.rate));
        assert!(
            (alone.history.losses[0].validation.expect("kept events")
                - together.history.losses[0].validation.expect("kept events"))
            .abs()
                < 0.5
        );
    }
}

#[test]
fn training_lowers_the_loss_on_events_kept_aside() {
    let member = trained(&[events(20_000, 6)]).members.remove(0);
    let losses: Vec<f32> = member.history.losses.iter().filter_map(|loss| loss.validation).collect();
    assert_eq!((member.n_validation, losses.len()), (2000, 50));
    assert!(losses[49] < 0.9 * losses[0], "{losses:?}");
    let last = &member.history.losses[49];
    assert!((last.epoch - 20.0).abs() < 1e-9 && last.training.is_finite());
}

#[test]
fn a_diverging_training_says_where() {
    let wild = DenoiserSettings { learning_rate: 1e30, gradient_clip: 1e30, warmup_steps: 0, ..settings() };
    let error = train(shape(2), &wild, &[events(2000, 7)], Device::Cpu, &Checkpointer::default())
        .err()
        .expect("a divergence");
    assert!(error.to_string().starts_with("the training diverged at epoch"), "{error}");
}

#[test]
fn too_few_events_for_a_batch_are_refused() {
    let error = train(shape(2), &settings(), &[events(200, 8)], Device::Cpu, &Checkpointer::default())
        .err()
        .expect("a refusal");
    assert!(error.to_string().contains("lower denoiser.batch"), "{error}");
}

#[test]
fn partial_diffusion_at_little_noise_returns_the_events() {
    let members = [events(4_000, 3)];
    let denoiser = trained(&members).denoiser;
    let starts = members[0].rows.slice(ndarray::s![..500, ..2]).to_owned();
    let strength = 1e-3;
    let grid = NoiseGrid::partial(&SamplerSettings { steps: 200, ..sampler() }, SigmaPrime(strength));
    assert!(grid.sigmas.len() > 5, "the denoiser is asked");
    let sampler = Sampler {
        denoiser: &denoiser,
        grid: &grid,
        solver: Solver::Heun,
        condition: Condition::Own,
        device: Device::Cpu,
    };
    let found = sampler
        .from_events(
            starts.view(),
            &vec![110.0; 1000],
            (&mut Stream::of_job(9).generator(), &mut Stream::of_job(99).generator()),
            &NoProgress,
        )
        .expect("nobody stops it");
    let moved = found
        .indexed_iter()
        .map(|((row, column), found)| f64::from((found - starts[[row % 500, column]]).abs()));
    let (largest, total) =
        moved.fold((0.0_f64, 0.0), |(largest, total), moved| (largest.max(moved), total + moved));
    // Noise of this strength, of which a denoiser can take away hardly any: E|N(0, 1)| = 0.8 of the deviation.
    assert!(largest < 6.0 * strength, "{largest}");
    let mean = total / 2000.0;
    assert!(mean > 0.3 * strength && mean < 1.2 * strength, "{mean}");
}

/// The largest distance of two cumulative distributions (Kolmogorov and Smirnov).
fn largest_distance(mut a: Vec<f32>, mut b: Vec<f32>) -> f64 {
    a.sort_unstable_by(f32::total_cmp);
    b.sort_unstable_by(f32::total_cmp);
    let below =
        |sorted: &[f32], x: f32| sorted.partition_point(|value| *value <= x) as f64 / sorted.len() as f64;
    a.iter().chain(&b).map(|x| (below(&a, *x) - below(&b, *x)).abs()).fold(0.0, f64::max)
}

#[test]
fn partial_diffusion_from_the_largest_noise_forgets_the_events() {
    let denoiser = trained(&[events(20_000, 4)]).denoiser;
    let settings = sampler();
    let grid = NoiseGrid::partial(&settings, SigmaPrime(settings.sigma_max));
    let sampler = Sampler {
        denoiser: &denoiser,
        grid: &grid,
        solver: Solver::Heun,
        condition: Condition::Own,
        device: Device::Cpu,
    };
    // Events of the sample, each at its own mass: the same distribution as from noise at these masses.
    let members = [events(4000, 8)];
    let own: Vec<f64> = members[0].rows.column(2).iter().map(|mass| f64::from(*mass)).collect();
    let starts = members[0].rows.slice(ndarray::s![.., ..2]).to_owned();
    let partial = sampler
        .from_events(
            starts.view(),
            &own,
            (&mut Stream::of_job(16).generator(), &mut Stream::of_job(99).generator()),
            &NoProgress,
        )
        .expect("nobody stops it");
    let noise =
        sampler.from_noise(&own, &mut Stream::of_job(15).generator(), &NoProgress).expect("nobody stops it");
    for column in 0..2 {
        let distance = largest_distance(partial.column(column).to_vec(), noise.column(column).to_vec());
        // Two samples of 4,000 of one distribution come further apart once in ten thousand times.
        assert!(distance < 2.23 * (2.0_f64 / 4000.0).sqrt(), "{column}: {distance}");
    }
    let masses = vec![108.0; 4000];
    // Events far from all that the model has seen, at one mass; and none at all.
    let starts = ndarray::Array2::from_elem((1, 2), 2.0_f32);
    let partial = sampler
        .from_events(
            starts.view(),
            &masses,
            (&mut Stream::of_job(6).generator(), &mut Stream::of_job(99).generator()),
            &NoProgress,
        )
        .expect("nobody stops it");
    let noise = sampler
        .from_noise(&masses, &mut Stream::of_job(5).generator(), &NoProgress)
        .expect("nobody stops it");
    let (partial, noise) = (Scaler::of(partial.view()), Scaler::of(noise.view()));
    for column in 0..2 {
        // They began up to 6 deviations of 0.5 away, which noise of 80 deviations leaves 0.04 of; the means of 4,000
        // events differ by 0.011.
        assert!((partial.mean[column] - noise.mean[column]).abs() < 0.08, "{partial:?} {noise:?}");
        assert!((partial.deviation[column] - noise.deviation[column]).abs() < 0.05, "{partial:?} {noise:?}");
    }
}

#[test]
fn a_denoiser_knows_most_where_the_noise_is_strong() {
    let by_noise = &trained(&[events(20_000, 2)]).by_noise[0];
    assert!(by_noise.windows(2).all(|pair| pair[0].sigma < pair[1].sigma));
    // At σ → 0 the target is the noise itself, which no network can know; at σ → ∞ it is the event's place in a
    // distribution whose mean the mass gives away.
    for loss in by_noise.iter().filter(|loss| loss.sigma < 0.05) {
        assert!((loss.training - 1.0).abs() < 0.1, "{loss:?}");
    }
    for loss in by_noise {
        let validation = loss.validation.expect("events are kept aside");
        assert!((loss.training - validation).abs() < 0.12, "{loss:?}");
        assert!(loss.training < 1.1, "{loss:?}");
    }
}
