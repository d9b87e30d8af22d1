use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::quantities::SigmaPrime;
use drapes_analysis::job::{Momentum, Precision, SamplerSettings, Schedule, Solver};
use drapes_operators::{Operators, told_of};

use super::super::sample::JetSampler;
use super::super::toy;
use super::*;
use crate::nn::as_on_a_gpu;
use crate::progress_sink::NoProgress;
use crate::sample::jets::{Jets, Outline};
use crate::training::{make_what_is_made_once, operators_of_a_step};
use tch::Kind;

fn settings() -> JetModelSettings {
    JetModelSettings {
        blocks: 2,
        width: 16,
        heads: 2,
        hidden: 32,
        context: 8,
        noise_features: 16,
        epochs: 2,
        batch: 32,
        learning_rate: 3e-3,
        warmup_steps: 20,
        schedule: Schedule::Cosine,
        weight_decay: 0.0,
        gradient_clip: 10.0,
        ema_decay: 0.98,
        loss_weighting: LossWeighting::Edm,
        log_noise_mean: -1.2,
        log_noise_std: 1.2,
        validation_fraction: 0.1,
        precision: Precision::Mixed,
    }
}

fn sampler() -> SamplerSettings {
    SamplerSettings {
        solver: Solver::Heun,
        steps: 16,
        sigma_min: 1e-5,
        sigma_max: 80.0,
        rho: 7.0,
        sigma_last: 0.01,
        edge_margin: 0.0,
    }
}

fn shape(settings: &JetModelSettings) -> JetModelShape {
    JetModelShape::new(settings, &sampler())
}

fn member(jets: &Jets, seed: u64) -> JetModelEvents<'_> {
    JetModelEvents { events: EventJets::all(jets), stream: Stream::of_job(seed) }
}

fn trained(settings: &JetModelSettings, members: &[JetModelEvents<'_>]) -> TrainedDenoisers<JetDenoiser> {
    train(shape(settings), settings, members, Device::Cpu, &Checkpointer::default()).expect("a good training")
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// A training whose output layer no longer is zero, so that every parameter has a gradient.
fn stirred<'a>(settings: &'a JetModelSettings, members: &[JetModelEvents<'_>]) -> Training<JetModel<'a>> {
    let mut training = training(shape(settings), settings, members, Device::Cpu).expect("enough jets");
    let wave = Tensor::arange(training.parameters.numel() as i64, (Kind::Float, Device::Cpu)).sin() * 0.1;
    let wave = wave.view_as(&training.parameters);
    training.parameters += wave;
    training
}

/// The loss of each member, and the gradient, of drawn jets of which so many are computed at once.
fn gradient(training: &Training<JetModel<'_>>, drawn: &[Drawn], together: usize) -> (Tensor, Tensor) {
    let mut loss = Tensor::zeros([drawn.len() as i64], (Kind::Float, Device::Cpu));
    let gradient = training.model.sum_gradient(&training.parameters, drawn, together, &mut loss);
    (loss, gradient.copy())
}

#[test]
fn the_gradient_of_groups_is_that_of_the_whole_batch() {
    for loss_weighting in [LossWeighting::Edm, LossWeighting::Printed] {
        let settings = JetModelSettings { loss_weighting, ..settings() };
        let jets = toy::jets(100, 1);
        let mut training = stirred(&settings, &[member(&jets, 1), member(&jets, 2)]);
        let drawn = training.model.draw(&mut training.members, 1);
        let (whole_loss, whole) = gradient(&training, &drawn, 32);
        let scale = whole.abs().max().double_value(&[]);
        assert!(scale > 0.01, "a gradient to compare with");
        for together in [1, 5, 16] {
            let (loss, gradient) = gradient(&training, &drawn, together);
            assert!(difference(&loss, &whole_loss) < 1e-5);
            assert!(difference(&gradient, &whole) < 1e-5 * scale, "{together}");
        }
    }
}

#[test]
fn the_gradient_is_that_of_the_loss() {
    is_that_of_the_loss(Precision::Single);
}

fn is_that_of_the_loss(precision: Precision) {
    let settings = JetModelSettings { precision, ..settings() };
    let jets = toy::jets(100, 1);
    let mut training = stirred(&settings, &[member(&jets, 1)]);
    let drawn = training.model.draw(&mut training.members, 1);
    let (_, whole) = gradient(&training, &drawn, 8);
    let start = training.parameters.copy();
    let norm = whole.norm().double_value(&[]);
    // Downhill, and along a direction of its own in each layer.
    let wave = Tensor::arange(whole.numel() as i64, (Kind::Float, Device::Cpu)).cos().view_as(&whole);
    for along in [&whole / norm, &whole * wave.abs() / norm] {
        let slope = (&whole * &along).sum(Kind::Double).double_value(&[]);
        let step = 0.02;
        let mut loss = |sign: f64| {
            training.parameters.copy_(&(&start + &along * (sign * step)));
            gradient(&training, &drawn, 8).0.double_value(&[0])
        };
        let found = (loss(1.0) - loss(-1.0)) / (2.0 * step);
        assert!(slope > 0.1 && (found / slope - 1.0).abs() < 0.02, "{found} {slope}");
    }
}

#[test]
fn a_member_learns_the_same_alone_and_in_company() {
    let settings = settings();
    let jets = toy::jets(150, 3);
    let few: Vec<u32> = (0..100).collect();
    // Unequal sizes: the first member has fewer steps and must rest while the second goes on.
    let members = || {
        let events = EventJets::only(&jets, &few);
        [JetModelEvents { events, stream: Stream::of_job(3) }, member(&jets, 4)]
    };
    let together = trained(&settings, &members());
    for (index, alone) in members().into_iter().enumerate() {
        let alone = trained(&settings, &[alone]);
        let pair = together.denoiser.member(index);
        let difference = difference(alone.denoiser.parameters(), pair.parameters());
        assert!(difference < 1e-4, "member {index} differs by {difference}");
        assert_eq!(alone.denoiser.maps(), pair.maps());
        let (alone, together) = (&alone.members[0], &together.members[index]);
        assert_eq!((alone.n_training, alone.n_validation), (together.n_training, together.n_validation));
        assert_eq!(alone.rate, together.rate);
    }
    let [one, other] = [0, 1].map(|index| together.denoiser.member(index));
    assert!(difference(one.parameters(), other.parameters()) > 0.01, "members differ");
}

#[test]
fn a_training_that_is_stopped_goes_on_with_the_same_bits() {
    use std::cell::Cell;

    use drapes_analysis::plan::fingerprint::Fingerprint;

    use crate::progress_sink::ProgressSink;
    use crate::training::CheckpointFile;

    struct Impatient(Cell<usize>);

    impl ProgressSink for Impatient {
        fn progress(&self, _share: f64) {}

        fn should_stop(&self) -> bool {
            let left = self.0.get();
            self.0.set(left.saturating_sub(1));
            left == 0
        }
    }

    let settings = settings();
    let jets = toy::jets(100, 5);
    let members = [member(&jets, 5), member(&jets, 6)];
    let straight = trained(&settings, &members);
    let folder = tempfile::tempdir().expect("a folder");
    let file = || CheckpointFile {
        path: folder.path().join("a.checkpoint"),
        fingerprint: Fingerprint("a".to_owned()),
        device: "cpu".to_owned(),
    };
    let mut stops = 0;
    let found = loop {
        let sink = Impatient(Cell::new(stops % 4));
        let checkpointer = Checkpointer::new(&sink, file(), std::time::Duration::MAX);
        match train(shape(&settings), &settings, &members, Device::Cpu, &checkpointer) {
            Ok(training) => break training,
            Err(Error::Stopped) => stops += 1,
            Err(other) => panic!("{other}"),
        }
        assert!(stops < 100, "it never ends");
    };
    assert!(stops > 5, "{stops}");
    let bits = |training: &TrainedDenoisers<JetDenoiser>| -> Vec<u32> {
        let flat = training.denoiser.parameters().flatten(0, -1);
        Vec::<f32>::try_from(&flat).expect("values").into_iter().map(f32::to_bits).collect()
    };
    assert_eq!(bits(&straight), bits(&found));
    for (one, other) in straight.members.iter().zip(&found.members) {
        assert_eq!(one.history, other.history);
    }
    assert_eq!(straight.by_noise, found.by_noise);
}

#[test]
fn too_few_jets_and_wild_trainings_say_so() {
    let settings = settings();
    let jets = toy::jets(15, 8);
    let refused = |settings: &JetModelSettings, jets: &Jets| {
        let found =
            train(shape(settings), settings, &[member(jets, 1)], Device::Cpu, &Checkpointer::default());
        found.err().expect("a refusal").to_string()
    };
    let message = refused(&settings, &jets);
    assert!(message.contains("27 jets (at least 32 are needed) lower jet_model.batch"), "{message}");
    let wild = JetModelSettings { learning_rate: 1e30, gradient_clip: 1e30, warmup_steps: 0, ..settings };
    let message = refused(&wild, &toy::jets(100, 8));
    assert!(message.starts_with("the training diverged at epoch"), "{message}");
}

#[test]
fn a_small_model_learns_what_constituents_look_like_given_their_jet() {
    let settings = JetModelSettings { blocks: 1, epochs: 24, learning_rate: 5e-3, ..settings() };
    let training = trained(&settings, &[member(&toy::jets(1500, 9), 9)]);
    let member = &training.members[0];
    let losses: Vec<f32> = member.history.losses.iter().filter_map(|loss| loss.validation).collect();
    assert_eq!(member.n_validation, 300);
    assert!(losses.len() > 40 && losses[losses.len() - 1] < losses[0] - 0.02, "{losses:?}");
    // All that is known of a constituent at strong noise is what its jet tells.
    for loss in &training.by_noise[0] {
        assert!(
            loss.training < 1.1 && (loss.training - loss.validation.expect("kept jets")).abs() < 0.15,
            "{loss:?}"
        );
    }
    let grid = NoiseGrid::full(&sampler());
    let (denoiser, device) = (&training.denoiser, Device::Cpu);
    let sampler =
        JetSampler { denoiser, grid: &grid, solver: Solver::Heun, momentum: Momentum::Free, device };
    for (mass, count) in [(60.0, 6), (150.0, 14)] {
        let outlines = vec![toy::outline(1200.0, mass, count); 150];
        let mut noise = Stream::of_job(1).generator();
        let made = sampler.from_noise(&outlines, &mut noise, &NoProgress).expect("nobody stops it");
        let found = toy::moments(&made);
        let mut expected_jets = Jets::default();
        let mut generator = Stream::of_job(2).generator();
        for outline in vec![toy::outline(1200.0, mass, count); 1000] {
            expected_jets.push(outline.kinematics, toy::constituents(outline, &mut generator));
        }
        let expected = toy::moments(&expected_jets);
        for (axis, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let ([mean, deviation], [right_mean, right_deviation]) = (found, expected);
            assert!(
                (mean - right_mean).abs() < 0.25 * right_deviation,
                "{mass} {axis}: {found:?} {expected:?}"
            );
            assert!(
                (deviation / right_deviation - 1.0).abs() < 0.25,
                "{mass} {axis}: {found:?} {expected:?}"
            );
        }
    }
}

#[test]
fn jets_have_exactly_what_was_asked_for_whatever_the_portions() {
    let settings = settings();
    let training = trained(&settings, &[member(&toy::jets(100, 1), 1)]);
    let grid = NoiseGrid::full(&SamplerSettings { steps: 3, ..sampler() });
    for (solver, momentum) in [(Solver::Heun, Momentum::Free), (Solver::Euler, Momentum::Conserved)] {
        let sampler =
            JetSampler { denoiser: &training.denoiser, grid: &grid, solver, momentum, device: Device::Cpu };
        let count = sampler.portion() + 70;
        let outlines: Vec<Outline> =
            (0..count).map(|jet| toy::outline(1000.0 + jet as f32, 80.0, 2 + jet % 9)).collect();
        let noise = Stream::of_job(5).generator();
        let whole = sampler.from_noise(&outlines, &mut noise.clone(), &NoProgress).expect("an end");
        assert_eq!(whole.len(), count);
        for (jet, outline) in outlines.iter().enumerate() {
            assert_eq!(whole.outline(jet), *outline);
            let constituents = whole.constituents(jet);
            assert!(constituents.iter().all(|values| values[0] > half::f16::ZERO));
            assert!(constituents.is_sorted_by(|one, next| one[0] >= next[0]), "the hardest first");
            let missing = f64::from(outline.kinematics.pt) - whole.sum_of_constituents(jet).pt();
            assert_eq!(missing.abs() < 1.0, momentum == Momentum::Conserved, "{missing} GeV");
        }
        let mut shared = noise.clone();
        let (first, rest) = outlines.split_at(sampler.portion());
        let mut parts = sampler.from_noise(first, &mut shared, &NoProgress).expect("an end");
        parts.append(&sampler.from_noise(rest, &mut shared, &NoProgress).expect("an end"));
        assert_eq!(parts, whole);
    }
}

#[test]
fn partial_diffusion_at_little_noise_returns_the_jets() {
    let settings = settings();
    let jets = toy::jets(100, 1);
    let training = trained(&settings, &[member(&jets, 1)]);
    let moved = |strength: f64| {
        let grid = NoiseGrid::partial(&SamplerSettings { steps: 200, ..sampler() }, SigmaPrime(strength));
        let sampler = JetSampler {
            denoiser: &training.denoiser,
            grid: &grid,
            solver: Solver::Heun,
            momentum: Momentum::Free,
            device: Device::Cpu,
        };
        // More copies than jets, from the middle on: each begins as the jet that it is a copy of.
        let mut noise = Stream::of_job(3).generator();
        let found = sampler.from_jets(&jets, 150..280, &mut noise, &NoProgress).expect("an end");
        let mut largest = 0.0_f32;
        for copy in 0..130 {
            let origin = (150 + copy) % 200;
            assert_eq!(found.outline(copy), jets.outline(origin));
            for (is, was) in found.constituents(copy).iter().zip(jets.constituents(origin)) {
                largest = largest.max((is[0].to_f32() / was[0].to_f32()).ln().abs());
                largest = largest.max((is[1] - was[1]).to_f32().abs()).max((is[2] - was[2]).to_f32().abs());
            }
        }
        largest
    };
    assert!(moved(1e-5) < 1e-3, "nothing but half precision");
    // Softest constituents may change places, but none goes far.
    let found = moved(1e-3);
    assert!(found < 0.02, "{found}");
    assert!(moved(2.0) > 0.1, "jets move");
}

#[test]
fn a_denoiser_knows_no_order_of_constituents_and_no_padding() {
    let settings = settings();
    let training = trained(&settings, &[member(&toy::jets(200, 9), 9)]);
    let jets = toy::jets(6, 4);
    let ready = training.denoiser.ready();
    let outlines: Vec<Outline> = (0..jets.len()).map(|jet| jets.outline(jet)).collect();
    let about = training.denoiser.maps()[0].outlines(&outlines);
    let counts: Vec<usize> = outlines.iter().map(|outline| outline.count).collect();
    let slots = *counts.iter().max().expect("jets") as i64;
    let sets = counts.len() as i64;
    let padding = crate::nn::Padding::new(&counts, 1, slots as usize, Device::Cpu);
    let wave = Tensor::arange(sets * slots * 3, (Kind::Double, Device::Cpu)).sin().view([1, -1, 3]);
    let of_element = padding.elements().expect("some padding");
    for sigma in [0.05, 1.0, 20.0] {
        let denoised = ready.denoise(&wave, sigma, &about, &padding);
        let spoilt = wave.masked_fill(&of_element.lt(0.5), f64::NAN);
        let found = padding.zeroed(&ready.denoise(&spoilt, sigma, &about, &padding));
        assert!(difference(&found, &padding.zeroed(&denoised)) < 1e-5);
        // The largest jet's constituents in another order.
        let jet = counts.iter().position(|count| *count as i64 == slots).expect("a full one") as i64;
        let order: Vec<i64> = (0..slots).map(|slot| (7 * slot + 3) % slots).collect();
        let distinct = order.iter().collect::<std::collections::BTreeSet<_>>().len() as i64;
        let order = Tensor::from_slice(&if distinct == slots { order } else { (0..slots).rev().collect() });
        let alone = crate::nn::Padding::new(&[slots as usize], 1, slots as usize, Device::Cpu);
        let of_jet = |all: &Tensor| all.narrow(1, jet * slots, slots);
        let permuted =
            ready.denoise(&of_jet(&wave).index_select(1, &order), sigma, &about.narrow(1, jet, 1), &alone);
        assert!(difference(&permuted, &of_jet(&denoised).index_select(1, &order)) < 1e-4 * sigma.max(1.0));
    }
    assert_eq!(settings.precision, Precision::Mixed, "which is single on a core");
}

#[test]
fn sampling_stops_when_told() {
    struct Told;

    impl crate::progress_sink::ProgressSink for Told {
        fn progress(&self, _share: f64) {}

        fn should_stop(&self) -> bool {
            true
        }
    }

    let settings = settings();
    let training = trained(&settings, &[member(&toy::jets(100, 1), 1)]);
    let grid = NoiseGrid::full(&sampler());
    let (denoiser, device) = (&training.denoiser, Device::Cpu);
    let sampler =
        JetSampler { denoiser, grid: &grid, solver: Solver::Euler, momentum: Momentum::Free, device };
    let outlines = [toy::outline(1000.0, 50.0, 4)];
    let found = sampler.from_noise(&outlines, &mut Stream::of_job(1).generator(), &Told);
    assert!(matches!(found, Err(Error::Stopped)));
}

#[test]
fn a_step_of_a_gpu_is_so_many_operators() {
    let jets = toy::jets(100, 1);
    for (precision, name) in
        [(Precision::Single, "in single precision"), (Precision::Mixed, "in mixed precision")]
    {
        let settings = JetModelSettings { blocks: 3, precision, ..settings() };
        let step = || operators_of_a_step(stirred(&settings, &[member(&jets, 1), member(&jets, 2)]));
        let step = as_on_a_gpu(step);
        let told = told_of(&format!("jet model of three blocks, {name}"));
        assert_eq!((step.total(), step.reads()), (told, 0), "{step}");
    }
}

#[test]
fn a_step_down_to_jets_is_so_many_operators() {
    let settings = JetModelSettings { blocks: 3, precision: Precision::Single, ..settings() };
    let training = training(shape(&settings), &settings, &[member(&toy::jets(100, 1), 1)], Device::Cpu);
    let Training { model, parameters, .. } = training.expect("enough jets");
    let denoiser = JetDenoiser::new(shape(&settings), parameters, model.maps, settings.precision);
    let outlines: Vec<Outline> = (0..9).map(|jet| toy::outline(1000.0, 80.0, 5 + jet % 3)).collect();
    let of = |steps| {
        let grid = NoiseGrid::full(&SamplerSettings { steps, ..sampler() });
        let (solver, momentum) = (Solver::Heun, Momentum::Free);
        let sampler = JetSampler { denoiser: &denoiser, grid: &grid, solver, momentum, device: Device::Cpu };
        let make = || drop(sampler.from_noise(&outlines, &mut Stream::of_job(1).generator(), &NoProgress));
        make_what_is_made_once();
        as_on_a_gpu(|| Operators::of(make))
    };
    // What a longer way costs more.
    let expected = told_of("jets of like size, a step of Heun, in single precision");
    assert_eq!(of(12).total() - of(11).total(), expected, "{}", of(11));
}

#[test]
fn the_norms_and_the_layout_of_a_gpu_give_the_same() {
    for precision in [Precision::Single, Precision::Mixed] {
        as_on_a_gpu(|| is_that_of_the_loss(precision));
    }
}

#[test]
fn the_gradient_of_a_gpu_is_that_of_a_processor() {
    let jets = toy::jets(100, 1);
    let members = [member(&jets, 1), member(&jets, 2)];
    let of = |training: &mut Training<JetModel<'_>>| {
        let drawn = training.model.draw(&mut training.members, 1);
        gradient(training, &drawn, 8)
    };
    for (precision, share) in [(Precision::Single, 1e-5), (Precision::Mixed, 2e-2)] {
        let settings = JetModelSettings { precision, ..settings() };
        let mut there = as_on_a_gpu(|| stirred(&settings, &members));
        let layout = there.model.layout.clone();
        // The same parameters, and zeros where they are padded.
        let mut here = training(shape(&settings), &settings, &members, Device::Cpu).expect("enough jets");
        here.parameters.copy_(&layout.without_padding(&there.parameters));
        let _ = there.parameters.zero_();
        layout.put(&here.parameters, &there.parameters);
        let (loss, found) = as_on_a_gpu(|| of(&mut there));
        let (expected_loss, expected) = of(&mut here);
        let norm = |of: &Tensor| of.norm().double_value(&[]);
        assert!(norm(&expected) > 0.1 && layout.len() as i64 > expected.size()[1]);
        assert!(difference(&loss, &expected_loss) < share, "{precision:?}");
        let apart = norm(&(layout.without_padding(&found) - &expected)) / norm(&expected);
        assert!(apart < share, "{precision:?}: {apart}");
        layout.put(&expected.zeros_like(), &found);
        assert!(found.equal(&found.zeros_like()), "a gradient where they are padded");
    }
}

#[test]
fn trainings_in_the_layout_of_a_gpu_end_alike() {
    let jets = toy::jets(100, 1);
    let settings = JetModelSettings { precision: Precision::Single, ..settings() };
    let own = trained(&settings, &[member(&jets, 1)]);
    let on_gpu = as_on_a_gpu(|| trained(&settings, &[member(&jets, 1)]));
    let (own, on_gpu) = (own.denoiser.parameters(), on_gpu.denoiser.parameters());
    assert_eq!(own.size(), on_gpu.size());
    assert!((own - on_gpu).norm().double_value(&[]) < 1e-2 * own.norm().double_value(&[]));
}
