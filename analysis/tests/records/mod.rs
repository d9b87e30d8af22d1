//! A finished scan of made-up records, in which every method and every axis occurs.

mod search;

use std::path::Path;

use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::point::{ClassifierKind, ScanPoint};
use drapes_analysis::job::quantities::{ClassifierSeed, Fold, SignalCount};
use drapes_analysis::job::template_spec::{NoisePath, Scope, TemplateMethod, TemplateSpec, TrainingSample};
use drapes_analysis::job::{JobFile, Solver};
use drapes_analysis::plan::fingerprint::fingerprints;
use drapes_analysis::plan::work::jet_summary::{JetQuantity, JetSpectrum, JetSummary};
use drapes_analysis::plan::work::template_summary::{
    Displacement, FeatureSpectra, PairDensity, TemplateSummary,
};
use drapes_analysis::plan::work::{
    Classify, ClassifyTogether, ClosureByTrees, Fit, MadePool, MakeJets, MakePool, MakeTemplate,
    SearchWindow, TestedClosure, TrainDenoisers, TrainFlows, TrainJets, TrainKinematics,
};
use drapes_analysis::plan::{Plan, Work};
use drapes_analysis::statistics::closure::{Closure, FoldScores};
use drapes_analysis::statistics::metrics::RankedScores;
use drapes_analysis::store::record::{
    Classification, Classifier, DenoiserTraining, FlowTraining, Loss, MassFit, NoiseLoss, Outcome, RunInfo,
    SampleSizes, TaskRecord, TaskResult,
};
use drapes_analysis::store::{Store, StoredJob};

/// Every method and every axis.
const JOB: &str = "
schema = 1
name = 'golden'
[data]
events = 'a.h5'
layout = 'table'
[independent_background]
source = 'file'
[other_sample]
source = 'file'
[denoiser]
epochs = 4
[classifier]
epochs = 2
folds = 3
seeds = '0-1'
[figures]
injections = [1000, 3000]
[search]
windows_gev = [[3300, 3700], [3700, 4100]]
oversampling = 5
efficiencies = [0.1, 0.01]
injected = 1000
blind = false
calibrate = 40
sensitivity = [1, 3, 5]
sensitivity_experiments = 10
luminosity_ifb = 100
peak = 'gaussian'
peak_width_gev = 60
control_windows_gev = [[2900, 3200], [4200, 4600]]
[[scan]]
method = 'noise'
n_signal = [0, 100, 1000, 3000]
oversampling = [2, 5]
classifier = ['mlp', 'trees']
[[scan]]
method = 'noise'
n_signal = [0]
sigma_prime = [0.62, 2.24, 80]
[[scan]]
method = 'noise'
n_signal = [0]
solver = ['heun', 'euler', 'dpmpp_2m']
steps = [20, 50]
[[scan]]
method = 'noise'
n_signal = [3000]
side_bands_gev = [[3100, 3900], [2800, 4200]]
[[scan]]
method = 'sr'
n_signal = [0, 100, 1000, 3000]
sigma_prime = [0.62, 2.24, 80]
[[scan]]
method = 'sb'
n_signal = [0, 100, 1000, 3000]
sigma_prime = [0.62, 2.24, 80]
[[scan]]
method = 'sr'
n_signal = [3000]
side_bands_gev = [[3100, 3900], [2800, 4200]]
[[scan]]
method = 'sb'
n_signal = [3000]
side_bands_gev = [[3100, 3900], [2800, 4200]]
[[scan]]
method = 'mc'
n_signal = [0, 100, 1000, 3000]
sigma_prime = [0.62, 2.24, 80]
[[scan]]
method = 'curtains_f4f'
n_signal = [0, 100, 1000, 3000]
oversampling = [4]
[[scan]]
method = 'curtains_f4f'
n_signal = [3000]
oversampling = [4]
side_bands_gev = [[3100, 3900], [2800, 4200]]
[[scan]]
method = 'cathode'
n_signal = [0, 100, 1000, 3000]
signal_region_gev = [[3300, 3700], [3700, 4100]]
[[scan]]
method = 'gensr'
n_signal = [1000, 3000]
data_oversampling = [2]
[[scan]]
method = 'idealised'
n_signal = [0, 100, 1000, 3000]
[[scan]]
method = 'over_idealised'
n_signal = [0, 100, 1000, 3000]
classifier = ['mlp', 'trees']
[[scan]]
method = 'supervised'
classifier = ['mlp', 'trees']
[[scan]]
method = 'noise'
inputs = ['llv']
n_signal = [0, 100, 1000, 3000]
oversampling = [2]
[[scan]]
method = 'sr'
inputs = ['llv']
n_signal = [0, 1000, 3000]
sigma_prime = [0.62, 8.9, 80]
oversampling = [1]
[[scan]]
method = 'sr'
inputs = ['llv']
kinematics = ['diffused']
n_signal = [0]
oversampling = [1]
[[scan]]
method = 'idealised'
inputs = ['llv']
n_signal = [1000, 3000]
[[scan]]
method = 'supervised'
inputs = ['llv']
";

/// Evenly spread scores of background, and signal that is the more separated the larger `power` is.
fn scores(power: f32) -> RankedScores {
    let even = |n: u16| (0..n).map(move |event| (f32::from(event) + 0.5) / f32::from(n));
    RankedScores::new(even(30_000).collect(), even(500).map(|u| u.powf(1.0 / power)).collect())
}

fn losses(epochs: u8, floor: f32) -> Vec<Loss> {
    let loss = |epoch: u8| Loss {
        epoch: f64::from(epoch),
        training: floor + 1.0 / f32::from(epoch),
        validation: Some(floor + 1.25 / f32::from(epoch)),
    };
    (1..=epochs).map(loss).collect()
}

fn fit(sample: TrainingSample) -> MassFit {
    let edges: Vec<f64> = (0..=8).map(|edge| 2800.0 + 400.0 * f64::from(edge)).collect();
    let expected: Vec<f64> = (0..8).map(|bin| 10_000.0 * 0.5_f64.powi(bin)).collect();
    let counts = expected.iter().enumerate().map(|(bin, mean)| mean + (bin as f64 - 3.0) * mean.sqrt() / 4.0);
    MassFit {
        sample,
        parameters: [1.0, 10.0, -5.0, -0.5],
        covariance: [[1.0, 0.5, 0.1], [0.5, 2.0, 0.2], [0.1, 0.2, 0.3]],
        chi_squared: 4.5,
        degrees_of_freedom: 3,
        n_events: 17_500,
        counts: counts.collect(),
        edges,
        expected,
    }
}

/// How good a method is in this made-up world.
fn skill(method: &str) -> f64 {
    match method {
        "supervised" => 1.8,
        "over_idealised" => 1.5,
        "noise" => 1.35,
        "sr" => 1.2,
        "sb" => 1.05,
        "idealised" => 0.95,
        "curtains_f4f" => 0.9,
        "cathode" => 1.1,
        "mc" => 0.8,
        _ => 0.6,
    }
}

fn classified(point: ScanPoint, seeds: &[ClassifierSeed]) -> Classification {
    let signal = point.n_signal().unwrap_or(SignalCount(3000)).0;
    let over = point.oversampling().map_or(5, |factor| factor.0);
    let mut classifiers = Vec::new();
    for seed in seeds {
        for fold in 0..3 {
            // Any smooth function of the coordinates would do, if no two curves are the same.
            let spread = 0.1 * (f64::from(seed.0) - f64::from(fold));
            let template = point.template();
            let start = template.and_then(|template| template.sigma_prime).map_or(80.0, |sigma| sigma.0);
            let steps =
                template.and_then(|template| template.integration).map_or(200, |own| match own.solver {
                    Solver::Heun | Solver::Dpmpp2m => own.steps,
                    Solver::Euler => own.steps / 2,
                });
            let width = point.side_bands().map_or(1.0, |window| window.width() / 3200.0);
            let unlike = (-start).exp() + 1.0 / steps as f64;
            let kind = match point.classifier {
                ClassifierKind::Mlp => 1.0,
                ClassifierKind::Trees => 1.5,
                ClassifierKind::Transformer => 2.0 * f64::from(signal) / 3000.0,
            };
            let learnt = kind * skill(point.method()) * (1.0 - unlike) * (1.0 + 0.3 * width + spread);
            let power = 1.0 + 0.02 * f64::from(signal) * learnt * (1.0 - 0.8 / f64::from(over));
            classifiers.push(Classifier {
                seed: *seed,
                fold: Fold(fold),
                closure_auc: point
                    .n_signal()
                    .map(|_| 0.505 + 0.01 * spread + 0.2 * unlike * (2.0 - skill(point.method()))),
                background_closure_auc: None,
                performance: scores(power as f32).performance(),
                losses: losses(2, 0.6),
            });
        }
    }
    let data_signal = (signal as usize) * 3 / 4;
    let sizes = SampleSizes { data_background: 10_000, data_signal, template: 10_000 * over as usize };
    Classification { point, sizes, classifiers, diverged: vec![], replicas: None }
}

fn result(work: &Work) -> TaskResult {
    match work {
        Work::Fit(Fit { sample }) => TaskResult::Fit(fit(*sample)),
        Work::Train(TrainDenoisers { scope, samples, .. }) => TaskResult::Train(trained(*scope, samples)),
        Work::TrainKinematics(TrainKinematics { samples }) => {
            TaskResult::TrainKinematics(trained(Scope::SideBands, samples))
        }
        Work::TrainJets(TrainJets { samples }) => TaskResult::TrainJets(trained(Scope::SideBands, samples)),
        Work::TemplateJets(MakeJets { template, copy, .. }) => {
            TaskResult::Jets(Box::new(jet_summary(*template, *copy)))
        }
        Work::TrainFlow(TrainFlows { flow, samples, .. }) => {
            let training = |sample: &TrainingSample| FlowTraining {
                flow: *flow,
                sample: *sample,
                n_training: 16_625,
                n_validation: 875,
                in_tails: 0.0001,
                steps: 256,
                losses: losses(4, 6.0),
                diverged: None,
            };
            TaskResult::TrainFlow(samples.iter().map(training).collect())
        }
        Work::Template(MakeTemplate { template, .. }) => {
            TaskResult::Template(Box::new(template_summary(Some(*template))))
        }
        Work::Pool(MakePool { events }) => {
            TaskResult::Pool(MadePool { events: 10_000 * events.oversampling.0 as usize })
        }
        Work::Pseudo(these) => TaskResult::Pseudo(search::pseudo(these)),
        Work::Sensitivity(these) => TaskResult::Sensitivity(search::sensed(these)),
        Work::Resample(_) => TaskResult::Template(Box::new(template_summary(None))),
        Work::Closure(ClosureByTrees { template }) => {
            TaskResult::Closure(tested(template.as_ref().map(|made| made.template)))
        }
        Work::Window(SearchWindow { point, .. }) => TaskResult::Window(search::searched(*point)),
        Work::Classify(Classify { point, seeds, .. }) => TaskResult::Classify(classified(*point, seeds)),
        Work::ClassifyTogether(ClassifyTogether { chunks }) => {
            let found = chunks.iter().map(|chunk| classified(chunk.point, &chunk.seeds));
            TaskResult::ClassifiedTogether(found.collect())
        }
    }
}

/// Scores of five folds in which true background is a little more like itself than the template is.
fn tested(template: Option<TemplateSpec>) -> TestedClosure {
    let power = template.map_or(1.0, |template| 1.0 + 0.05 * (2.0 - skill(template.method.word())));
    let spread = |count: usize, power: f64| -> Vec<f32> {
        let score = |event: usize| ((event as f64 + 0.5) / count as f64).powf(1.0 / power) as f32;
        (0..count).map(score).collect()
    };
    let folds = (0..5).map(|_| FoldScores { template: spread(4000, 1.0), background: spread(3000, power) });
    TestedClosure {
        template,
        n_template: 20_000,
        n_background: 15_000,
        closure: Closure::of(folds.collect()),
    }
}

fn trained(scope: Scope, samples: &[TrainingSample]) -> Vec<DenoiserTraining> {
    let training = |sample: &TrainingSample| DenoiserTraining {
        path: NoisePath::Diffusion,
        scope,
        sample: *sample,
        n_training: 16_625,
        n_validation: 875,
        steps: 256,
        warmup_steps: 12,
        losses: losses(4, 0.3),
        by_noise: by_noise(),
        diverged: None,
    };
    samples.iter().map(training).collect()
}

fn jet_summary(template: TemplateSpec, copy: u32) -> JetSummary {
    let job = JobFile::from_text("job.toml", JOB).check().expect("a good job");
    let grid = NoiseGrid::of(&job.sampler, &template);
    let bell = |middle: f64| -> Vec<f64> {
        (0..20_u8).map(|bin| 0.16 * (-((f64::from(bin) - middle) / 5.0).powi(2)).exp()).collect()
    };
    let spectrum = |(place, quantity): (usize, JetQuantity)| JetSpectrum {
        quantity,
        edges: (0..=20_u8).map(|edge| f64::from(edge) * (1 + place) as f64).collect(),
        background: bell(8.0),
        signal: bell(14.0),
        generated: bell(8.0 + 1.0 / grid.start()),
        distance: 0.01 * (1 + place) as f64 + 0.1 / grid.start(),
        chance: 0.005,
    };
    let kinematic = if template.makes_kinematics() { &JetQuantity::KINEMATIC[..] } else { &[] };
    let quantities = JetQuantity::OF_JETS.iter().chain(kinematic).copied();
    JetSummary {
        template,
        copy,
        n_events: 10_000,
        sigma_used: grid.start(),
        steps: grid.sigmas.len(),
        spectra: quantities.enumerate().map(spectrum).collect(),
    }
}

fn by_noise() -> Vec<NoiseLoss> {
    let loss = |step: u8| {
        let sigma = 10_f64.powf(f64::from(step) / 4.0 - 3.0);
        let training = 1.0 / (1.0 + 0.5 * sigma);
        NoiseLoss { sigma, training, validation: Some(1.02 * training) }
    };
    (0..20).map(loss).collect()
}

fn template_summary(template: Option<TemplateSpec>) -> TemplateSummary {
    let job = JobFile::from_text("job.toml", JOB).check().expect("a good job");
    let grid = template
        .map_or_else(|| NoiseGrid::full(&job.sampler), |template| NoiseGrid::of(&job.sampler, &template));
    let method = template.map(|template| template.method);
    let injected = template.map_or(0, |template| template.sample.injection.n_signal.0);
    let bell = |middle: f64| -> Vec<f64> {
        (0..20_u8).map(|bin| 0.16 * (-((f64::from(bin) - middle) / 5.0).powi(2)).exp()).collect()
    };
    let partial = method == Some(TemplateMethod::SignalRegion);
    let signal = partial && injected > 0;
    let only = |wanted: bool, values: Vec<f64>| if wanted { values } else { vec![] };
    let learnt = grid.start().min(3.0);
    let diffused = method.is_none_or(|method| method.flow().is_none());
    let spectra = (0..5_u8).map(|feature| FeatureSpectra {
        edges: (0..=20_u8).map(|edge| f64::from(edge) * f64::from(1 + feature)).collect(),
        background: bell(8.0),
        signal: bell(14.0),
        generated: bell(8.2),
        from_background: only(partial, bell(8.1)),
        from_signal: only(signal, bell(14.0 - learnt)),
    });
    let pair = |x: usize, y: usize| {
        let edges =
            |feature: usize| (0..=10_u8).map(|edge| f64::from(edge) * 2.0 * (feature + 1) as f64).collect();
        let hill = |shift: f64| -> Vec<f64> {
            let at = |bin: u8| f64::from(bin) + 0.5 - 4.2 - shift;
            let value = |row, column| {
                0.05 * (-(at(row).powi(2) + at(row) * at(column) + at(column).powi(2)) / 6.0).exp()
            };
            (0..10).flat_map(|row| (0..10).map(move |column| value(row, column))).collect()
        };
        PairDensity {
            x,
            y,
            x_edges: edges(x),
            y_edges: edges(y),
            background: hill(0.0),
            generated: hill(0.2),
        }
    };
    let corner = template.is_some_and(|t| {
        t.method == TemplateMethod::Noise && t.sigma_prime.is_none() && t.integration.is_none()
    });
    let pairs = (0..5).flat_map(|x| (x + 1..5).map(move |y| (x, y)));
    TemplateSummary {
        template,
        n_events: 50_000,
        sigma_used: diffused.then(|| grid.start()),
        steps: diffused.then_some(grid.sigmas.len()),
        in_tails: None,
        means: vec![1.0; 5],
        deviations: vec![0.5; 5],
        spectra: spectra.collect(),
        pairs: if corner { pairs.map(|(x, y)| pair(x, y)).collect() } else { vec![] },
        displacement: partial.then(|| Displacement {
            background: vec![0.3 * learnt; 5],
            signal: only(signal, vec![0.2 * learnt; 5]),
        }),
        distances: vec![],
    }
}

/// A directory in which every task is done.
#[allow(dead_code, reason = "each test file uses its own part")]
pub fn finished(directory: &Path) -> Store {
    finished_job(directory, JOB)
}

/// A directory in which every task of a job is done.
pub fn finished_job(directory: &Path, job: &str) -> Store {
    let file = JobFile::from_text("job.toml", job);
    let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
    let store = Store::create(directory, &file, &stored).expect("a directory");
    let plan = Plan::of(&stored.job);
    for (task, fingerprint) in plan.tasks.iter().zip(fingerprints(&stored.job, &[], &plan)) {
        let outcome = Outcome::Done(Box::new(result(&task.work)));
        let run = RunInfo {
            host: "here".to_owned(),
            rank: 0,
            device: "cpu".to_owned(),
            seconds: 6.0,
            began: None,
            diverged: 0,
        };
        let record = TaskRecord { id: task.id.clone(), fingerprint, outcome, run };
        store.write_record(&record).expect("room");
    }
    store
}
