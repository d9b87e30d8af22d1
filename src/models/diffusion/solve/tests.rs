use drapes_analysis::job::{SamplerSettings, SigmaPrime};
use drapes_analysis::plan::random_stream::Stream;
use rand_distr::{Distribution, StandardNormal};
use tch::Device;

use super::*;
use crate::progress_sink::NoProgress;

#[test]
fn heun_is_of_second_order_and_euler_of_first() {
    // A denoiser of events that are all zero: dx/dt = x / t, so that x falls as the noise does; and one of unit normals,
    // D = x / (1 + t²), for which x falls as √(1 + t²).
    let solved = |solver, steps: usize, denoise: &dyn Fn(&Tensor, f64) -> Tensor| {
        let sigmas = (0..=steps).map(|step| 2.0 * 0.25_f64.powf(step as f64 / steps as f64)).collect();
        let grid = NoiseGrid { sigmas };
        let x = Tensor::full([1], 3.0, (Kind::Double, Device::Cpu));
        descend(x, (&grid, solver), &NoProgress, denoise).expect("nobody stops it").double_value(&[0])
    };
    let zero = |x: &Tensor, _: f64| x.zeros_like();
    for solver in [Solver::Euler, Solver::Heun] {
        assert!((solved(solver, 5, &zero) - 3.0 * 0.25).abs() < 1e-12, "exact, for x is straight in t");
    }
    let normal = |x: &Tensor, sigma: f64| x / (1.0 + sigma * sigma);
    let exact = 3.0 * (1.25_f64 / 5.0).sqrt();
    let far = |solver, steps| (solved(solver, steps, &normal) - exact).abs();
    for (solver, order) in [(Solver::Euler, 1), (Solver::Heun, 2)] {
        let ratio = far(solver, 20) / far(solver, 40);
        let expected = 2.0_f64.powi(order);
        assert!((ratio / expected - 1.0).abs() < 0.15, "{solver:?}: {ratio}");
    }
}

#[test]
fn the_multistep_rule_is_exact_for_one_event_and_of_second_order_for_normals() {
    let grid = |steps: usize| NoiseGrid {
        sigmas: (0..steps).map(|step| 2.0 * 0.05_f64.powf(step as f64 / (steps - 1) as f64)).collect(),
    };
    let solved = |steps: usize, denoise: &dyn Fn(&Tensor, f64) -> Tensor| {
        let x = Tensor::full([1], 3.0, (Kind::Double, Device::Cpu));
        let solved = descend(x, (&grid(steps), Solver::Dpmpp2m), &NoProgress, denoise);
        solved.expect("nobody stops it").double_value(&[0])
    };
    // One event, at 0.7: whatever the step, its end lies where the noise has faded along the straight line to it.
    let one = |x: &Tensor, _: f64| x.full_like(0.7);
    assert!((solved(5, &one) - 0.7).abs() < 1e-12);
    let normal = |x: &Tensor, sigma: f64| x / (1.0 + sigma * sigma);
    // At σ = 0.1 the exact solution is 3 √(1.01 / 5), and what the network takes it for a 1.01th of that.
    let exact = 3.0 * (1.01_f64 / 5.0).sqrt() / 1.01;
    let far = |steps| (solved(steps, &normal) - exact).abs();
    let ratio = far(41) / far(81);
    assert!((ratio / 4.0 - 1.0).abs() < 0.15, "{ratio}");
}

#[test]
fn the_multistep_rule_asks_the_network_once_a_point() {
    let asked = std::cell::RefCell::new(Vec::new());
    let grid = NoiseGrid { sigmas: vec![4.0, 2.0, 0.5, 0.1] };
    let x = Tensor::full([1], 3.0, (Kind::Double, Device::Cpu));
    let solved = descend(x, (&grid, Solver::Dpmpp2m), &NoProgress, |x, sigma| {
        asked.borrow_mut().push(sigma);
        x * 0.5
    });
    let _ = solved.expect("nobody stops it");
    assert_eq!(asked.into_inner(), grid.sigmas);
    assert_eq!(grid.evaluations(Solver::Dpmpp2m), 4);
}

/// A mixture of round normals in two dimensions: shares, means, deviations.
const MIXTURE: [(f64, [f64; 2], f64); 3] =
    [(0.5, [-1.0, 0.2], 0.3), (0.3, [1.2, 0.8], 0.2), (0.2, [0.5, -1.3], 0.4)];

/// What an event of the mixture is expected to be behind noise of strength σ.
fn of_mixture(x: &[f64; 2], sigma: f64) -> [f64; 2] {
    let spread = |deviation: f64| deviation * deviation + sigma * sigma;
    let logarithm = |(share, mean, deviation): &(f64, [f64; 2], f64)| {
        let far = (x[0] - mean[0]).powi(2) + (x[1] - mean[1]).powi(2);
        share.ln() - spread(*deviation).ln() - far / (2.0 * spread(*deviation))
    };
    let logarithms = MIXTURE.each_ref().map(logarithm);
    let largest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let chances = logarithms.map(|logarithm| (logarithm - largest).exp());
    let all: f64 = chances.iter().sum();
    let mut expected = [0.0; 2];
    for ((_, mean, deviation), chance) in MIXTURE.iter().zip(chances) {
        let kept = deviation * deviation / spread(*deviation);
        for (axis, expected) in expected.iter_mut().enumerate() {
            *expected += chance / all * (mean[axis] + kept * (x[axis] - mean[axis]));
        }
    }
    expected
}

/// Events of the mixture from the same noise, by a rule with so many steps from a noise strength.
fn mixture(solver: Solver, steps: usize, sigma_prime: Option<f64>) -> (Vec<[f64; 2]>, usize) {
    let settings = SamplerSettings {
        solver,
        steps,
        sigma_min: 1e-5,
        sigma_max: 80.0,
        rho: 7.0,
        sigma_last: 0.01,
        edge_margin: 0.0,
    };
    let grid = match sigma_prime {
        Some(sigma) => NoiseGrid::partial(&settings, SigmaPrime(sigma)),
        None => NoiseGrid::full(&settings),
    };
    let mut noise = Stream::of_job(11).generator();
    let mut normal = || -> f64 { StandardNormal.sample(&mut noise) };
    let start: Vec<f64> = (0..1000)
        .flat_map(|event| {
            let (_, mean, deviation) = MIXTURE[event % 3];
            let kept = if sigma_prime.is_some() { 1.0 } else { 0.0 };
            let sigma = sigma_prime.unwrap_or(80.0);
            [0, 1].map(|axis| kept * (mean[axis] + deviation * normal()) + sigma * normal())
        })
        .collect();
    let x = Tensor::from_slice(&start).reshape([-1, 2]);
    let solved = descend(x, (&grid, solver), &NoProgress, |x, sigma| {
        let events = Vec::<f64>::try_from(&x.flatten(0, -1)).expect("numbers");
        let denoised: Vec<f64> =
            events.chunks_exact(2).flat_map(|event| of_mixture(&[event[0], event[1]], sigma)).collect();
        Tensor::from_slice(&denoised).reshape([-1, 2])
    });
    let solved = Vec::<f64>::try_from(&solved.expect("nobody stops it").flatten(0, -1)).expect("numbers");
    (solved.chunks_exact(2).map(|event| [event[0], event[1]]).collect(), grid.evaluations(solver))
}

/// The median distance of events from where the exact solution takes them.
fn apart(found: &[[f64; 2]], exact: &[[f64; 2]]) -> f64 {
    let distance = |(a, b): (&[f64; 2], &[f64; 2])| (a[0] - b[0]).hypot(a[1] - b[1]);
    let mut distances: Vec<f64> = found.iter().zip(exact).map(distance).collect();
    distances.sort_by(f64::total_cmp);
    distances[distances.len() / 2]
}

#[test]
fn the_multistep_rule_does_with_a_third_of_the_evaluations_what_heun_does() {
    let (exact, _) = mixture(Solver::Heun, 1000, None);
    let far = |solver, steps| {
        let (found, evaluations) = mixture(solver, steps, None);
        (evaluations, apart(&found, &exact))
    };
    for (multistep, heun, euler) in [(30, 50, 31), (60, 100, 61)] {
        let (few, by_multistep) = far(Solver::Dpmpp2m, multistep);
        let (many, by_heun) = far(Solver::Heun, heun);
        let (as_few, by_euler) = far(Solver::Euler, euler);
        assert_eq!((few, many, as_few), (multistep, 2 * heun - 2, multistep));
        assert!(by_multistep < 1.35 * by_heun, "{few}: {by_multistep}; {many}: {by_heun}");
        assert!(by_multistep < 0.15 * by_euler, "{few}: {by_multistep}, {by_euler}");
        let (as_many, by_short_heun) = far(Solver::Heun, multistep / 2 + 1);
        assert_eq!(as_many, multistep);
        assert!(by_multistep < 0.12 * by_short_heun, "{few}: {by_multistep}, {by_short_heun}");
    }
}

#[test]
fn partial_diffusion_by_the_multistep_rule_ends_where_heun_does() {
    // A strength at which Heun's grid has a point.
    let settings = SamplerSettings {
        solver: Solver::Heun,
        steps: 1000,
        sigma_min: 1e-5,
        sigma_max: 80.0,
        rho: 7.0,
        sigma_last: 0.01,
        edge_margin: 0.0,
    };
    let start = NoiseGrid::partial(&settings, SigmaPrime(2.24)).start();
    let (exact, _) = mixture(Solver::Heun, 1000, Some(start));
    let (found, evaluations) = mixture(Solver::Dpmpp2m, 30, Some(start));
    assert_eq!(evaluations, 18);
    let (end, own) = (apart(&found, &exact), apart(&exact, &[[0.0; 2]; 1000]));
    assert!(end < 0.01 && own > 1.0, "{end} of {own}");
}
