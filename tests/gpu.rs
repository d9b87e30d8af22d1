//! What a GPU computes, beside what a processor does: needs one, and says so where there is none.

use drapes::device;
use drapes::models::classifier::{
    ClassRows, ClassifierFamily, DataTruth, Member, Perceptrons, Scorer, SmallestFold, TemplateFolds,
    TemplateTruth, TwoSample,
};
use drapes::models::diffusion::{Condition, Denoiser, DenoiserShape, Sampler, TrainingEvents, train};
use drapes::models::flow::{Flow, FlowEvents, FlowShape, Objective, train as train_flows};
use drapes::models::jet_classifier::Transformers;
use drapes::models::jet_model::{JetModelEvents, JetModelShape, train as train_jets};
use drapes::progress_sink::NoProgress;
use drapes::sample::jets::{EventJets, Jets, Kinematics};
use drapes::sample::marginals::ColumnMaps;
use drapes::training::{Checkpointer, Noise, StepNormals, TrainedMember, TrainingHistory};
use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::job::template_spec::FlowKind;
use drapes_analysis::job::{
    ClassifierSettings, DEFAULTS, DenoiserSettings, FlowNetwork, FlowSettings, JetClassifierSettings,
    JetModelSettings, Job, JobFile, MassWindow, Precision, SamplerSettings,
};
use drapes_analysis::plan::random_stream::Stream;
use half::f16;
use ndarray::{Array2, s};
use rand_distr::{Distribution, StandardNormal};
use tch::{Device, Kind, Tensor};

/// How far losses may be apart, as a share: rounding grows from step to step.
const LOSSES: f64 = 2e-4;
/// The same where networks compute in lower precision, of three digits.
const MIXED_LOSSES: f64 = 3e-2;

/// The first GPU; none where there is none.
fn gpu() -> Option<Device> {
    let found = device::gpus() > 0;
    if !found {
        eprintln!("skipped: libtorch sees no GPU here");
    }
    found.then_some(Device::Cuda(0))
}

fn job() -> Job {
    JobFile::from_text("defaults", DEFAULTS.as_str()).check().expect("the defaults are a job")
}

fn normals(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut generator = Stream::of_job(seed).generator();
    Array2::from_shape_simple_fn((rows, columns), || StandardNormal.sample(&mut generator))
}

/// That losses agree, and how far they are apart.
fn assert_alike(what: &str, on_core: &[&TrainingHistory], on_gpu: &[&TrainingHistory], share: f64) {
    assert_eq!(on_core.len(), on_gpu.len());
    let mut worst = 0.0_f64;
    for (core, gpu) in on_core.iter().zip(on_gpu) {
        assert!(core.losses.len() > 2 && core.losses.len() == gpu.losses.len());
        for (core, gpu) in core.losses.iter().zip(&gpu.losses) {
            let (core, gpu) = (f64::from(core.training), f64::from(gpu.training));
            worst = worst.max((core - gpu).abs() / core.abs().max(0.1));
        }
    }
    eprintln!("{what}: losses differ by {worst:.1e}");
    assert!(worst < share, "{what}: losses differ by {worst:.1e}");
}

fn histories(members: &[TrainedMember]) -> Vec<&TrainingHistory> {
    members.iter().map(|member| &member.history).collect()
}

fn distance(core: &Tensor, gpu: &Tensor) -> f64 {
    let gpu = gpu.to_device(Device::Cpu);
    let norm = |of: &Tensor| of.to_kind(Kind::Double).norm().double_value(&[]);
    norm(&(core - gpu)) / norm(core)
}

#[test]
fn random_numbers_of_trainings_are_the_same_to_the_last_bit() {
    let Some(gpu) = gpu() else { return };
    let mut members = [1, 2, 3].map(|seed| Noise::of(&Stream::of_job(seed)).from_step((1 << 32) - 9));
    let normals = StepNormals::of(members.iter_mut(), 32, 1536);
    let found = normals.on_device(gpu).to_device(Device::Cpu);
    for step in 0..32 {
        assert!(found.get(step).flatten(0, -1).equal(&normals.of_step(step as usize)), "step {step}");
    }
}

#[test]
fn denoisers_learn_and_sample_the_same() {
    let Some(gpu) = gpu() else { return };
    let job = job();
    let settings = DenoiserSettings { epochs: 6, mass_features: 4, ..job.denoiser.clone() };
    let shape = DenoiserShape::new(5, &settings, &job.sampler);
    let events = |seed: u64| TrainingEvents { rows: normals(256 * 8, 6, seed), stream: Stream::of_job(seed) };
    // One with fewer events ends earlier.
    let members =
        [events(1), events(2), TrainingEvents { rows: normals(256 * 5, 6, 3), stream: Stream::of_job(3) }];
    let of =
        |device| train(shape, &settings, &members, device, &Checkpointer::default()).expect("a training");
    let (core, on_gpu) = (of(Device::Cpu), of(gpu));
    assert_alike("denoisers", &histories(&core.members), &histories(&on_gpu.members), LOSSES);
    let apart = distance(core.denoiser.parameters(), on_gpu.denoiser.parameters());
    eprintln!("denoisers: weights differ by {apart:.1e}");
    assert!(apart < 1e-3, "{apart}");

    let sampler = SamplerSettings { steps: 20, ..job.sampler };
    let grid = NoiseGrid::full(&sampler);
    let parameters = core.denoiser.member(0).parameters().copy();
    let maps = core.denoiser.member(0).maps().to_vec();
    let made = |device, condition| {
        let denoiser = Denoiser::new(shape, parameters.to_device(device), maps.clone());
        let sampler = Sampler { denoiser: &denoiser, grid: &grid, solver: sampler.solver, condition, device };
        let mut noise = Stream::of_job(7).generator();
        sampler.from_noise(&[0.0; 500], &mut noise, &NoProgress).expect("events")
    };
    for condition in [Condition::Own, Condition::Edges(MassWindow::new(-0.5, 0.5))] {
        let (core, on_gpu) = (made(Device::Cpu, condition), made(gpu, condition));
        let worst = core.iter().zip(&on_gpu).map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
        eprintln!("samples differ by {worst:.1e} at most");
        assert!(worst < 1e-2, "{worst} by {condition:?}");
    }
}

#[test]
fn flows_learn_the_same() {
    let Some(gpu) = gpu() else { return };
    let job = job();
    let events = |seed: u64| {
        let rows = normals(256 * 4, 6, seed);
        FlowEvents {
            maps: ColumnMaps::of(rows.view(), job.flow.marginals),
            rows,
            stream: Stream::of_job(seed),
            split: Stream::of_job(seed).branch("split"),
        }
    };
    let members = [events(1), events(2)];
    let streams = [1, 2].map(Stream::of_job);
    let settings = FlowSettings { validation_fraction: 0.1, ..job.flow.clone() };
    for kind in [FlowKind::Base, FlowKind::Curtains] {
        let network = FlowNetwork { epochs: 5, ..job.flow.network(kind) };
        let shape = |kind| FlowShape::new(5, &job.flow.network(kind), job.flow.bins, job.flow.tail);
        let of = |device| {
            let objective = kind.base_density().map_or(Objective::Density, |judge| {
                Objective::Transport(Flow::over(shape(judge), &shape(judge).initial(&streams, device)))
            });
            let sizes = (&settings, &network);
            train_flows(shape(kind), sizes, &objective, &members, device, &Checkpointer::default())
                .expect("a training")
        };
        let (core, on_gpu) = (of(Device::Cpu), of(gpu));
        let (core, on_gpu) = (histories(&core.members), histories(&on_gpu.members));
        assert_alike(&format!("flows {kind:?}"), &core, &on_gpu, LOSSES);
    }
}

/// Jets of 5 to 44 constituents, which are so far from their axis.
fn jets(count: usize, width: f32, seed: u64) -> Jets {
    let mut generator = Stream::of_job(seed).generator();
    let mut jets = Jets::default();
    for jet in 0..count {
        let mut normal = || -> f32 { StandardNormal.sample(&mut generator) };
        let constituents: Vec<_> = (0..5 + jet % 40)
            .map(|slot| {
                [0.1 * (-(slot as f32) / 20.0).exp(), width * normal(), width * normal()].map(f16::from_f32)
            })
            .collect();
        jets.push(Kinematics { pt: 1200.0, eta: 0.0, phi: 0.0, mass: 150.0 }, constituents);
    }
    jets
}

#[test]
fn jet_models_learn_the_same() {
    let Some(gpu) = gpu() else { return };
    let job = job();
    let jets = jets(400, 0.2, 1);
    let settings = JetModelSettings {
        blocks: 2,
        width: 32,
        heads: 4,
        hidden: 64,
        context: 16,
        batch: 64,
        epochs: 2,
        precision: Precision::Single,
        ..job.jet_model.clone()
    };
    let shape = JetModelShape::new(&settings, &job.sampler);
    let of = |device, precision| {
        let members = [JetModelEvents { events: EventJets::all(&jets), stream: Stream::of_job(1) }];
        let settings = JetModelSettings { precision, ..settings.clone() };
        train_jets(shape, &settings, &members, device, &Checkpointer::default()).expect("a training")
    };
    let core = of(Device::Cpu, Precision::Single);
    for (precision, share) in [(Precision::Single, LOSSES), (Precision::Mixed, MIXED_LOSSES)] {
        let on_gpu = of(gpu, precision);
        let (core, on_gpu) = (histories(&core.members), histories(&on_gpu.members));
        assert_alike(&format!("jet models {precision:?}"), &core, &on_gpu, share);
    }
}

/// Data and template of a two-sample task, of which nothing else is asked.
fn two_sample<E: Copy>(data: E, template: E, none: E) -> TwoSample<'static, E> {
    TwoSample {
        data,
        data_truth: DataTruth::Generated,
        template,
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: none,
        unseen_signal: none,
        counts: None,
    }
}

/// Members of three of five folds of so many data and template events.
fn members(data: usize, template: usize) -> Vec<Member> {
    let rows = |is_own: &dyn Fn(usize) -> bool| ClassRows {
        data: (0..data).filter(|row| is_own(*row)).collect(),
        template: (0..template).filter(|row| is_own(*row)).collect(),
    };
    let member = |fold: usize| Member {
        seed: ClassifierSeed(0),
        fold: Fold(fold as u32),
        training: rows(&|row| row % 5 != fold),
        validation: rows(&|row| row % 5 == fold),
        evaluated: rows(&|row| row % 5 == fold),
        stream: Stream::of_job(1).branch(fold),
    };
    (0..3).map(member).collect()
}

/// That scores agree, those of all members and those of one, but for a share of their own.
fn assert_scored_alike(what: &str, [core, on_gpu]: [(Vec<Vec<f32>>, Vec<f32>); 2], share: f64) {
    let flat = |(all, one): (Vec<Vec<f32>>, Vec<f32>)| Tensor::from_slice(&[all.concat(), one].concat());
    let apart = distance(&flat(core), &flat(on_gpu));
    eprintln!("{what}: scores differ by {apart:.1e}");
    assert!(apart < share, "{what}: scores differ by {apart:.1e}");
}

#[test]
fn classifiers_learn_and_score_the_same() {
    let Some(gpu) = gpu() else { return };
    let settings = ClassifierSettings { epochs: 6, ..job().classifier.clone() };
    let (data, template) = (normals(8 * settings.batch, 5, 1) + 0.3, normals(9 * settings.batch, 5, 2));
    let two_sample = two_sample(data.view(), template.view(), data.slice(s![..0, ..]));
    let members = members(data.nrows(), template.nrows());
    let smallest = SmallestFold { batches: 10, validation: settings.batch };
    let of = |device| {
        let family = Perceptrons { settings: &settings, device };
        family.train(&two_sample, &members, smallest, &Checkpointer::default()).expect("a training")
    };
    let [(core, core_histories), (on_gpu, gpu_histories)] = [Device::Cpu, gpu].map(of);
    let [core_histories, gpu_histories] =
        [&core_histories, &gpu_histories].map(|histories| histories.iter().collect::<Vec<_>>());
    assert_alike("classifiers", &core_histories, &gpu_histories, LOSSES);
    let scored = |trained: &dyn Scorer<_>| {
        (trained.score_by_all(data.view()), trained.score_by_one(1, data.view(), &[7, 100, 3]))
    };
    assert_scored_alike("classifiers", [scored(&core), scored(&on_gpu)], 1e-2);
}

#[test]
fn jet_classifiers_learn_and_score_the_same() {
    let Some(gpu) = gpu() else { return };
    let (data, template) = (jets(2 * 320, 0.3, 1), jets(2 * 400, 0.2, 2));
    let none = Jets::default();
    let [data, template, none] = [&data, &template, &none].map(EventJets::all);
    let two_sample = two_sample(data, template, none);
    let members = members(320, 400);
    let smallest = SmallestFold { batches: 9, validation: 60 };
    let of = |device, precision| {
        let settings = JetClassifierSettings {
            width: 32,
            heads: 4,
            hidden: 64,
            batch: 64,
            epochs: 3,
            precision,
            ..job().jet_classifier.clone()
        };
        let family = Transformers { settings: &settings, device };
        let (trained, histories) =
            family.train(&two_sample, &members, smallest, &Checkpointer::default()).expect("a training");
        let scores = (trained.score_by_all(data), trained.score_by_one(1, data, &[7, 100, 3]));
        (scores, histories)
    };
    let (scores, histories) = of(Device::Cpu, Precision::Single);
    for (precision, share) in [(Precision::Single, LOSSES), (Precision::Mixed, MIXED_LOSSES)] {
        let (found, on_gpu) = of(gpu, precision);
        let what = format!("jet classifiers {precision:?}");
        let [core, on_gpu] = [&histories, &on_gpu].map(|histories| histories.iter().collect::<Vec<_>>());
        assert_alike(&what, &core, &on_gpu, share);
        assert_scored_alike(&what, [scores.clone(), found], 10.0 * share);
    }
}
