use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::{
    Conditioning, DenoiserSettings, LossWeighting, Marginals, NoiseEmbedding, SamplerSettings, Schedule,
    Solver,
};
use drapes_analysis::plan::random_stream::Stream;
use half::f16;
use rand_distr::StandardNormal;
use tch::Device;

use super::*;
use crate::data::Jets;
use crate::models::diffusion::{Condition, DenoiserShape, Sampler, TrainingEvents, train};
use crate::progress_sink::NoProgress;
use crate::sample::scaler::Scaler;
use crate::training::Checkpointer;

const EDGE: f64 = 1200.0;

/// Di-jets with a leading jet above an edge, and more constituents than are kept in some.
fn dijets(events: usize, seed: u64) -> Jets {
    let mut noise = Stream::of_job(seed).generator();
    let mut jets = Jets::default();
    while jets.events() < events {
        let mut normal = || -> f64 { StandardNormal.sample(&mut noise) };
        let shares = [(-2.0 + 0.5 * normal()).exp(), (-1.9 + 0.5 * normal()).exp()];
        let acoplanarity = 0.03 * normal() * (0.7 * normal()).exp();
        let (gap, centre) = (1.1 * normal(), 0.5 * normal());
        let counts = [0, 1].map(|side| (60.0 * (0.45 * normal() + shares[side]).exp()).round());
        let log_ratio: f64 = Exp1.sample(&mut noise);
        let mass: f64 = Exp1.sample(&mut noise);
        let (pair, mass) =
            (Pair { ratio: (-0.09 * log_ratio).exp(), shares, acoplanarity }, 2800.0 + 500.0 * mass);
        let pt = mass / pair.mass_over_pt(gap);
        if pt < EDGE || mass > 6000.0 {
            continue;
        }
        let phi = noise.random_range(-PI..PI);
        for side in 0..2 {
            let pt = if side == 0 { pt } else { pt * pair.ratio };
            let y = centre + if side == 0 { gap / 2.0 } else { -gap / 2.0 };
            let kinematics = Kinematics {
                pt: pt as f32,
                eta: (y.sinh() * shares[side].hypot(1.0)).asinh() as f32,
                phi: if side == 0 { phi } else { wrap(phi + PI + acoplanarity) } as f32,
                mass: (shares[side] * pt) as f32,
            };
            let count = counts[side].clamp(2.0, MOST_CONSTITUENTS as f64) as usize;
            jets.push(kinematics, vec![[f16::ZERO; 3]; count]);
        }
    }
    jets
}

#[test]
fn jets_come_back_from_their_features_turned_around_the_beam() {
    let jets = dijets(2000, 1);
    let map = KinematicMap::of(EventJets::all(&jets));
    let rows = map.rows(EventJets::all(&jets), &mut Stream::of_job(2).generator());
    assert!(rows.iter().all(|value| value.is_finite()));
    let masses: Vec<f64> = (0..2000).map(|event| jets.dijet_mass(event)).collect();
    let features = rows.slice(ndarray::s![.., ..KINEMATIC_FEATURES]);
    let found = map.jets(features, &masses, &mut Stream::of_job(3).generator()).expect("numbers");
    let mut turned = 0.0_f64;
    for event in 0..2000 {
        let turn = wrap(f64::from(found[2 * event].kinematics.phi - jets.kinematics(2 * event).phi));
        turned = turned.max(turn.abs());
        for jet in [2 * event, 2 * event + 1] {
            let (was, is) = (jets.kinematics(jet), found[jet].kinematics);
            assert_eq!(found[jet].count, jets.count(jet));
            assert!((is.pt / was.pt - 1.0).abs() < 1e-4, "{was:?} {is:?}");
            assert!((is.eta - was.eta).abs() < 1e-4 && (is.mass / was.mass - 1.0).abs() < 1e-4);
            let back = wrap(f64::from(is.phi) - f64::from(was.phi) - turn);
            assert!(back.abs() < 1e-4, "{back}");
        }
    }
    assert!(turned > 3.0, "azimuths are drawn anew");
}

#[test]
fn whatever_is_generated_has_the_mass_and_the_order_that_were_asked_for() {
    let jets = dijets(500, 1);
    let map = KinematicMap::of(EventJets::all(&jets));
    let mut noise = Stream::of_job(4).generator();
    // Twice as wide as in the sample.
    let scaler = Scaler::of(map.rows(EventJets::all(&jets), &mut noise).view());
    let features = Array2::from_shape_fn((3000, KINEMATIC_FEATURES), |(_, column)| {
        let normal: f64 = StandardNormal.sample(&mut noise);
        (scaler.mean[column] + 2.0 * normal * scaler.deviation[column]) as f32
    });
    let masses: Vec<f64> = (0..3000).map(|event| 2800.0 + f64::from(event)).collect();
    let found = map.jets(features.view(), &masses, &mut noise).expect("numbers");
    let mut made = Jets::default();
    for jet in &found {
        made.push(jet.kinematics, []);
    }
    for (event, mass) in masses.iter().enumerate() {
        assert!((made.dijet_mass(event) / mass - 1.0).abs() < 1e-5, "{}", made.dijet_mass(event));
        assert!(found[2 * event].kinematics.pt >= found[2 * event + 1].kinematics.pt);
        assert!(
            found[2 * event..2 * event + 2]
                .iter()
                .all(|jet| (FEWEST_CONSTITUENTS..=MOST_CONSTITUENTS).contains(&jet.count))
        );
    }
    let wild = Array2::from_elem((1, KINEMATIC_FEATURES), f32::NAN);
    let error = map.jets(wild.view(), &[3000.0], &mut noise).expect_err("no number").to_string();
    assert!(error.starts_with("the template is of no use (a generated jet has a NaN)"), "{error}");
}

/// The largest distance of two cumulative distributions (Kolmogorov and Smirnov).
fn largest_distance(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_unstable_by(f64::total_cmp);
    b.sort_unstable_by(f64::total_cmp);
    let below =
        |sorted: &[f64], x: f64| sorted.partition_point(|value| *value <= x) as f64 / sorted.len() as f64;
    a.iter().chain(&b).map(|x| (below(&a, *x) - below(&b, *x)).abs()).fold(0.0, f64::max)
}

/// A number of an event's two jets, with its name.
type Value<'a> = (&'a str, &'a dyn Fn(&[Outline]) -> f64);

fn settings() -> DenoiserSettings {
    DenoiserSettings {
        hidden_layers: 3,
        width: 48,
        noise_features: 16,
        mass_features: 0,
        noise_embedding: NoiseEmbedding::Cosine,
        conditioning: Conditioning::Input,
        epochs: 40,
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
        validation_fraction: 0.0,
    }
}

#[test]
fn a_model_of_the_features_closes_on_every_number_of_the_jets() {
    let settings = settings();
    let solved = SamplerSettings {
        solver: Solver::Heun,
        steps: 25,
        sigma_min: 1e-5,
        sigma_max: 80.0,
        rho: 7.0,
        sigma_last: 0.01,
        edge_margin: 0.0,
    };
    let stream = Stream::of_job(5);
    let jets = dijets(20_000, 6);
    let all = EventJets::all(&jets);
    let map = KinematicMap::of(all);
    let rows = map.rows(all, &mut stream.branch("constituents").generator());
    let shape = DenoiserShape::new(KINEMATIC_FEATURES, &settings, &solved);
    let members = [TrainingEvents { rows, stream: stream.clone() }];
    let training =
        train(shape, &settings, &members, Device::Cpu, &Checkpointer::default()).expect("a training");
    // Other events of the sample, each with the mass of one.
    let truth = dijets(4000, 7);
    let masses: Vec<f64> = (0..4000).map(|event| truth.dijet_mass(event)).collect();
    let grid = NoiseGrid::full(&solved);
    let sampler = Sampler {
        denoiser: &training.denoiser,
        grid: &grid,
        solver: solved.solver,
        condition: Condition::Own,
        device: Device::Cpu,
    };
    let features = sampler.from_noise(&masses, &mut stream.branch("noise").generator(), &NoProgress);
    let mut azimuths = stream.branch("azimuths").generator();
    let found = map.jets(features.expect("an end").view(), &masses, &mut azimuths).expect("numbers");
    let true_jets: Vec<Outline> = (0..truth.len()).map(|jet| truth.outline(jet)).collect();
    let of = |jets: &[Outline], value: &dyn Fn(&[Outline]) -> f64| jets.chunks_exact(2).map(value).collect();
    let values: [Value<'_>; 11] = [
        ("p_T1", &|pair| f64::from(pair[0].kinematics.pt)),
        ("p_T2", &|pair| f64::from(pair[1].kinematics.pt)),
        ("η1", &|pair| f64::from(pair[0].kinematics.eta)),
        ("η2", &|pair| f64::from(pair[1].kinematics.eta)),
        ("φ1", &|pair| f64::from(pair[0].kinematics.phi)),
        ("φ2", &|pair| f64::from(pair[1].kinematics.phi)),
        ("Δφ", &|pair| wrap(f64::from(pair[1].kinematics.phi - pair[0].kinematics.phi) - PI)),
        ("m1", &|pair| f64::from(pair[0].kinematics.mass)),
        ("m2", &|pair| f64::from(pair[1].kinematics.mass)),
        ("N1", &|pair| pair[0].count as f64),
        ("N2", &|pair| pair[1].count as f64),
    ];
    for (name, value) in values {
        let distance = largest_distance(of(&found, value), of(&true_jets, value));
        // Two samples of 4,000 of one distribution come further apart than 0.05 once in ten thousand times.
        assert!(distance < 0.05, "{name}: {distance}");
    }
    let soft = found.iter().step_by(2).filter(|jet| f64::from(jet.kinematics.pt) < 0.999 * EDGE).count();
    assert!(soft < 20, "{soft} leading jets below the edge");
    let full = |jets: &[Outline]| jets.iter().filter(|jet| jet.count == MOST_CONSTITUENTS).count() as f64;
    let (made, expected) = (full(&found), full(&true_jets));
    assert!((made - expected).abs() < 5.0 * expected.sqrt(), "{made} {expected}");
}
