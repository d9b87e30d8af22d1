//! Throughput of training and sampling through the program's own entry points, one figure a line.
//!
//! `cargo bench --bench throughput` for people, `-- --json` for programs, `-- --rates FILE` for `drapes plan`,
//! `-- --device cuda` for the first GPU (`--gpu-kernels fastest` for sums in any order), `-- --peer SCRIPT` (and `--python PROGRAM`, `--rounds N`) for ratios to another program that does
//! the same, `-- --trees-peer benches/throughput/trees_peer.py` the same for other libraries of boosted trees. The figures are medians of several runs on one core or GPU; shapes are those
//! of the paper.

#[path = "throughput/gpu.rs"]
mod gpu;
#[path = "throughput/jets.rs"]
mod jets;
#[path = "throughput/peer.rs"]
mod peer;
#[path = "throughput/trees.rs"]
mod trees;

use std::time::Instant;

use drapes::device::{self, GpuKernels};
use drapes::models::classifier::{
    BoostedTrees, ClassifierFamily, DataTruth, Perceptrons, TemplateFolds, TemplateTruth, TwoSample, classify,
};
use drapes::models::diffusion::{Condition, Denoiser, DenoiserShape, Sampler};
use drapes::models::flow::{FlowEvents, FlowModel, FlowShape};
use drapes::progress_sink::NoProgress;
use drapes::sample::marginals::ColumnMaps;
use drapes::training::Checkpointer;
use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::quantities::ClassifierSeed;
use drapes_analysis::job::template_spec::FlowKind;
use drapes_analysis::job::{ClassifierSettings, DEFAULTS, Job, JobFile, SamplerSettings, TreeSettings};
use drapes_analysis::plan::price::Measured;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::rates::Rates;
use ndarray::{Array2, ArrayView2};
use rand_distr::{Distribution, StandardNormal};
use tch::Device;

use peer::{Better, Compared, Peer};

/// Runs behind each median.
const RUNS: usize = 5;
/// Features of an event.
const FEATURES: usize = 5;

struct Figure<'a> {
    name: &'a str,
    value: f64,
    unit: &'static str,
}

/// Measures a figure: value and unit.
type Measure<'a> = Box<dyn Fn() -> (f64, &'static str) + 'a>;

fn main() {
    device::prepare_cpu(1);
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    device::set_gpu_kernels(gpu_kernels(value_of(&mut arguments, "--gpu-kernels").as_deref()));
    let job = JobFile::from_text("defaults", DEFAULTS.as_str()).check().expect("the defaults are a job");
    let rates = value_of(&mut arguments, "--rates");
    let (peer, python) = (value_of(&mut arguments, "--peer"), value_of(&mut arguments, "--python"));
    let rounds = value_of(&mut arguments, "--rounds");
    if let Some(script) = value_of(&mut arguments, "--trees-peer") {
        return trees::compare(script, python, rounds, &job.trees);
    }
    let device = match value_of(&mut arguments, "--device").as_deref() {
        None | Some("cpu") => Device::Cpu,
        Some("cuda") => {
            assert!(device::gpus() > 0, "libtorch sees no GPU: `drapes doctor` says why");
            Device::Cuda(0)
        }
        Some(other) => panic!("--device is cpu or cuda, not {other}"),
    };
    // As cargo's own harness: a word selects the figures whose name contains it.
    let word = arguments.iter().find(|argument| !argument.starts_with('-')).cloned().unwrap_or_default();
    let sampled = Job { sampler: SamplerSettings { steps: 100, ..job.sampler.clone() }, ..job.clone() };
    if let Some(script) = peer {
        compare(&Peer::new(script, python, rounds), &job, &sampled, device);
        return;
    }
    let demo = jets::demo(&sampled);
    let all: [(&str, Measure<'_>); 17] = [
        ("classifier_50_members", Box::new(|| classifier(&job, device))),
        // Four points together (`compute.classifier_points_per_task`): what a GPU gains by that.
        ("classifier_200_members", Box::new(|| gpu::classifier(&job, 200, device))),
        ("denoiser_1_member", Box::new(|| denoiser(&job, 1, device))),
        ("denoiser_12_members", Box::new(|| denoiser(&job, 12, device))),
        ("sampling_100_heun", Box::new(|| sampling(&job, device))),
        ("base_flow_1_member", Box::new(|| flow(&job, FlowKind::Base, 1, device))),
        ("base_flow_12_members", Box::new(|| flow(&job, FlowKind::Base, 12, device))),
        ("top_flow_1_member", Box::new(|| flow(&job, FlowKind::Curtains, 1, device))),
        ("top_flow_12_members", Box::new(|| flow(&job, FlowKind::Curtains, 12, device))),
        ("flow_sampling", Box::new(|| flow_sampling(&job, device))),
        ("trees_5_members", Box::new(|| tree_growth(&job))),
        ("jet_training", Box::new(|| jets::training(&sampled, device))),
        ("jet_training_demo", Box::new(|| jets::training(&demo, device))),
        ("jet_generation_100_heun", Box::new(|| jets::generation(&sampled, device))),
        ("jet_generation_100_heun_demo", Box::new(|| jets::generation(&demo, device))),
        ("jet_classifier_5_members", Box::new(|| jets::classifier(&sampled, device))),
        ("jet_classifier_5_members_demo", Box::new(|| jets::classifier(&demo, device))),
    ];
    let chosen = all.iter().filter(|(name, _)| name.contains(&word));
    let mut figures: Vec<Figure<'_>> = chosen
        .map(|(name, measure)| {
            let (value, unit) = measure();
            Figure { name, value, unit }
        })
        .collect();
    if let Some(bytes) = peak_bytes() {
        figures.push(Figure { name: "peak_memory", value: bytes / 1e6, unit: "MB" });
    }
    if let Some(file) = rates {
        write_rates(&sampled, &figures, device, &file);
    }
    say(&figures, arguments.iter().any(|argument| argument == "--json"));
}

fn gpu_kernels(asked: Option<&str>) -> GpuKernels {
    match asked {
        None | Some("deterministic") => GpuKernels::Deterministic,
        Some("fastest") => GpuKernels::Fastest,
        Some(other) => panic!("--gpu-kernels is deterministic or fastest, not {other}"),
    }
}

/// The figures of which the peer has its own.
fn compare(peer: &Peer, job: &Job, sampled: &Job, device: Device) {
    peer.compare(&[
        // Steps alone, as the peer takes them: the losses on events that are kept aside are rare here.
        Compared { word: "classifier", better: Better::Lower, measure: &|| gpu::classifier(job, 50, device) },
        Compared { word: "denoiser", better: Better::Lower, measure: &|| denoiser(job, 12, device) },
        Compared { word: "sampling", better: Better::Higher, measure: &|| sampling(sampled, device) },
    ]);
}

fn say(figures: &[Figure<'_>], as_json: bool) {
    if as_json {
        let entries = figures.iter().map(|figure| {
            let Figure { name, value, unit } = figure;
            (name.to_string(), serde_json::json!({ "value": value, "unit": unit }))
        });
        println!("{:#}", serde_json::Value::Object(entries.collect()));
    } else {
        for Figure { name, value, unit } in figures {
            println!("{name:<30} {value:>10.1} {unit}");
        }
    }
}

/// Takes `name VALUE` out of the arguments.
fn value_of(arguments: &mut Vec<String>, name: &str) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == name)?;
    let value = arguments.get(at + 1).unwrap_or_else(|| panic!("{name} wants a value")).clone();
    arguments.drain(at..=at + 1);
    Some(value)
}

/// What people call a device.
fn device_name(device: Device) -> String {
    if device == Device::Cpu {
        return "core".to_owned();
    }
    let asked =
        std::process::Command::new("nvidia-smi").args(["--query-gpu=name", "--format=csv,noheader"]).output();
    let names = asked.map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned()).unwrap_or_default();
    names.lines().next().map_or("GPU", str::trim).to_owned()
}

/// Writes what `drapes plan --rates` reads.
fn write_rates(job: &Job, figures: &[Figure<'_>], device: Device, file: &str) {
    let value = |name: &str| {
        let figure = figures.iter().find(|figure| figure.name == name);
        figure.expect("rates need all figures: leave out the word that selects some").value
    };
    let rates = Rates::measured(
        job,
        &Measured {
            device: device_name(device),
            classifier_step: 1e-6 * value("classifier_50_members"),
            denoiser_steps: [1e-6 * value("denoiser_1_member"), 1e-6 * value("denoiser_12_members")],
            events_per_second: value("sampling_100_heun"),
            base_flow_steps: ["base_flow_1_member", "base_flow_12_members"].map(|name| 1e-6 * value(name)),
            top_flow_steps: ["top_flow_1_member", "top_flow_12_members"].map(|name| 1e-6 * value(name)),
            flow_events_per_second: value("flow_sampling"),
            tree_growth: 1e6 * value("trees_5_members"),
            jets_trained_per_second: value("jet_training"),
            jets_made_per_second: value("jet_generation_100_heun"),
            jet_classifier_step: 1e-3 * value("jet_classifier_5_members"),
        },
    );
    std::fs::write(file, serde_json::to_vec_pretty(&rates).expect("finite rates"))
        .expect("room for the rates");
}

/// Median of the seconds that `run` takes.
fn median(mut run: impl FnMut()) -> f64 {
    run();
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_unstable_by(f64::total_cmp);
    seconds[RUNS / 2]
}

fn normals(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut generator = Stream::of_job(seed).generator();
    Array2::from_shape_simple_fn((rows, columns), || StandardNormal.sample(&mut generator))
}

/// A training step of one of fifty classifiers, batch 128: 3 × 32 nodes, five features.
fn classifier(job: &Job, device: Device) -> (f64, &'static str) {
    if device.is_cuda() {
        return gpu::classifier(job, 50, device);
    }
    let seconds_of = |epochs: usize| {
        let settings = ClassifierSettings { epochs, ..job.classifier.clone() };
        two_sample_seconds(10, &Perceptrons { settings: &settings, device })
    };
    // Set-up and scoring are in both.
    let steps = (2 * (TRAINING_EVENTS / job.classifier.batch) * 50) as f64;
    ((seconds_of(3) - seconds_of(1)) / steps * 1e6, "µs a model step")
}

/// Growing the trees of five folds, five features; on a processor core, whatever the device.
fn tree_growth(job: &Job) -> (f64, &'static str) {
    let seconds_of = |iterations: usize| {
        let settings = TreeSettings { iterations, patience: 1000, ..job.trees.clone() };
        two_sample_seconds(1, &BoostedTrees { settings: &settings, threads: 1 })
    };
    let grown = (40 * TRAINING_EVENTS * FEATURES * 5) as f64;
    (grown / (seconds_of(50) - seconds_of(10)) / 1e6, "10⁶ events × features × trees/s")
}

/// Events that a classifier of the two-sample task below learns from.
const TRAINING_EVENTS: usize = 36_000 * 3 / 5;

/// Seconds of five folds times so many seeds.
fn two_sample_seconds(seeds: u32, family: &impl for<'a> ClassifierFamily<ArrayView2<'a, f32>>) -> f64 {
    let (data, template, none) =
        (normals(6_000, FEATURES, 1), normals(30_000, FEATURES, 2), normals(0, FEATURES, 3));
    let two_sample = TwoSample {
        data: data.view(),
        data_truth: DataTruth::Simulated(&vec![false; data.nrows()]),
        template: template.view(),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: none.view(),
        unseen_signal: none.view(),
        counts: None,
    };
    let chosen: Vec<ClassifierSeed> = (0..seeds).map(ClassifierSeed).collect();
    let stream = Stream::of_job(4);
    median(|| {
        let found = classify(&two_sample, 5, &chosen, (&stream, &stream), family, &Checkpointer::default());
        assert_eq!(found.expect("a good two-sample task").classifiers.len(), 5 * chosen.len());
    })
}

/// A training step of one of `members` denoisers, batch 256: 4 × 64 nodes, five features.
fn denoiser(job: &Job, members: usize, device: Device) -> (f64, &'static str) {
    if device.is_cuda() {
        return gpu::denoiser(job, members, device);
    }
    median_of(|| gpu::denoiser(job, members, device).0)
}

fn median_of(measure: impl Fn() -> f64) -> (f64, &'static str) {
    let mut moments: Vec<f64> = (0..RUNS).map(|_| measure()).collect();
    moments.sort_unstable_by(f64::total_cmp);
    (moments[RUNS / 2], "µs a model step")
}

/// Events from noise with 100 Heun steps.
fn sampling(job: &Job, device: Device) -> (f64, &'static str) {
    let settings = SamplerSettings { steps: 100, ..job.sampler.clone() };
    let shape = DenoiserShape::new(FEATURES, &job.denoiser, &settings);
    let parameters = shape.layout().initial(&[Stream::of_job(1)], device);
    let maps = ColumnMaps::of(normals(100, FEATURES + 1, 1).view(), job.denoiser.marginals);
    let denoiser = Denoiser::new(shape, parameters, vec![maps]);
    let grid = NoiseGrid::full(&settings);
    let sampler = Sampler {
        denoiser: &denoiser,
        grid: &grid,
        solver: settings.solver,
        condition: Condition::Own,
        device,
    };
    let masses = vec![0.0; if device.is_cuda() { 1 << 18 } else { 4096 }];
    let seconds = median(|| {
        assert_eq!(
            sampler
                .from_noise(&masses, &mut Stream::of_job(2).generator(), &NoProgress)
                .expect("an end")
                .nrows(),
            masses.len()
        );
    });
    (masses.len() as f64 / seconds, "events/s")
}

fn flow_shape(job: &Job, kind: FlowKind) -> FlowShape {
    FlowShape::new(FEATURES, &job.flow.network(kind), job.flow.bins, job.flow.tail)
}

fn flow_events(job: &Job, seed: u64) -> FlowEvents {
    let rows = normals(256 * 10, FEATURES + 1, seed);
    FlowEvents {
        maps: ColumnMaps::of(rows.view(), job.flow.marginals),
        rows,
        stream: Stream::of_job(seed),
        split: Stream::of_job(seed).branch("split"),
    }
}

/// A training step of one of `members` flows, batch 256, five features; a top flow's with its base density.
fn flow(job: &Job, kind: FlowKind, members: usize, device: Device) -> (f64, &'static str) {
    if device.is_cuda() {
        return gpu::flow(job, kind, members, device);
    }
    median_of(|| gpu::flow(job, kind, members, device).0)
}

/// Events from a base flow.
fn flow_sampling(job: &Job, device: Device) -> (f64, &'static str) {
    let shape = flow_shape(job, FlowKind::Base);
    let parameters = shape.initial(&[Stream::of_job(1)], device);
    let model = FlowModel { shape, parameters, maps: flow_events(job, 1).maps };
    let masses = vec![0.0; if device.is_cuda() { 1 << 20 } else { 1 << 16 }];
    let seconds = median(|| {
        assert_eq!(
            model.sample(&masses, &mut Stream::of_job(2).generator(), &NoProgress).expect("an end").nrows(),
            masses.len()
        );
    });
    (masses.len() as f64 / seconds, "events/s")
}

/// The largest resident memory of this process so far.
fn peak_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}
