//! Tables word for word: fixed records in, the same results.csv and figure tables out.
//!
//! Whoever changes a reduction sees in the diff what users will read. To accept a change:
//! `DRAPES_WRITE_GOLDEN=1 cargo test -p drapes-analysis --test golden`.

use std::fs;
use std::path::Path;

use drapes_analysis::figures::Figure;
use drapes_analysis::fingerprint::fingerprints;
use drapes_analysis::job::JobFile;
use drapes_analysis::metrics::RankedScores;
use drapes_analysis::plan::{Plan, TrainingSample, Work};
use drapes_analysis::point::ScanPoint;
use drapes_analysis::quantities::{ClassifierSeed, Fold, SignalCount};
use drapes_analysis::record::{
    Classification, Classifier, DenoiserTraining, Loss, MassFit, Outcome, RunInfo, SampleSizes, TaskRecord,
    TaskResult, TemplateSummary,
};
use drapes_analysis::reduce;
use drapes_analysis::store::{Store, StoredJob};

const JOB: &str = "schema = 1\nname = 'golden'\n[data]\nevents = 'a.h5'\n[independent_background]\n\
    source = 'withheld'\n[denoiser]\nepochs = 4\n[classifier]\nepochs = 2\nfolds = 3\nseeds = '0-1'\n[figures]\n\
    injections = [1000]\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 100, 1000]\noversampling = [2, 5]\n[[scan]]\n\
    method = 'over_idealised'\nn_signal = [0, 100, 1000]\n[[scan]]\nmethod = 'supervised'\n";

/// Evenly spread scores of background, and signal that is the more separated the larger `power` is.
fn scores(power: f32) -> RankedScores {
    let even = |n: u16| (0..n).map(move |event| (f32::from(event) + 0.5) / f32::from(n));
    RankedScores::new(even(20_000).collect(), even(500).map(|u| u.powf(1.0 / power)).collect())
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

fn classified(point: ScanPoint, seeds: &[ClassifierSeed]) -> Classification {
    let signal = point.n_signal().unwrap_or(SignalCount(3000)).0;
    let over = point.oversampling().map_or(1, |factor| factor.0);
    let mut classifiers = Vec::new();
    for seed in seeds {
        for fold in 0..3 {
            // Any smooth function of the coordinates would do.
            let spread = 0.1 * (f64::from(seed.0) - f64::from(fold)) + 0.05 * f64::from(over);
            let power = 1.0 + 0.01 * f64::from(signal) * (1.0 + spread);
            classifiers.push(Classifier {
                seed: *seed,
                fold: Fold(fold),
                closure_auc: point.n_signal().map(|_| 0.5 + 0.01 * spread),
                performance: scores(power as f32).performance(),
                losses: losses(2, 0.6),
            });
        }
    }
    let data_signal = (signal as usize) * 3 / 4;
    let sizes = SampleSizes { data_background: 10_000, data_signal, template: 10_000 * over as usize };
    Classification { point, sizes, classifiers }
}

fn result(work: &Work) -> TaskResult {
    match work {
        Work::Fit { sample } => TaskResult::Fit(fit(*sample)),
        Work::Train { samples } => {
            let training = |sample: &TrainingSample| DenoiserTraining {
                sample: *sample,
                n_training: 16_625,
                n_validation: 875,
                steps: 256,
                warmup_steps: 12,
                losses: losses(4, 0.3),
            };
            TaskResult::Train(samples.iter().map(training).collect())
        }
        Work::Template { .. } => TaskResult::Template(TemplateSummary {
            n_events: 50_000,
            means: vec![1.0; 5],
            deviations: vec![0.5; 5],
        }),
        Work::Classify { point, seeds, .. } => TaskResult::Classify(classified(*point, seeds)),
    }
}

/// A directory in which every task is done.
fn finished(directory: &Path) -> Store {
    let file = JobFile::from_text("job.toml", JOB);
    let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
    let store = Store::create(directory, &file, &stored).expect("a directory");
    let plan = Plan::of(&stored.job);
    for (task, fingerprint) in plan.tasks.iter().zip(fingerprints(&stored.job, &[], &plan)) {
        let outcome = Outcome::Done(Box::new(result(&task.work)));
        let run = RunInfo { host: "here".to_owned(), rank: 0, device: "cpu".to_owned(), seconds: 6.0 };
        let record = TaskRecord { id: task.id.clone(), fingerprint, outcome, run };
        store.write_record(&record).expect("room");
    }
    store
}

#[test]
fn tables_are_as_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished(directory.path());
    let results = reduce::reduce(&store).expect("a reduction");
    store.write("summary.txt", reduce::summary(&results).as_bytes()).expect("room");
    let mut names = vec!["results.csv".to_owned(), "summary.txt".to_owned()];
    names.extend(Figure::ALL.map(|figure| format!("figures/{}.csv", figure.name())));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in names {
        let found = fs::read_to_string(store.directory().join(&name)).expect("a table");
        let file = golden.join(name.trim_start_matches("figures/"));
        if std::env::var_os("DRAPES_WRITE_GOLDEN").is_some() {
            fs::write(&file, &found).expect("room for golden files");
        }
        let expected = fs::read_to_string(&file).expect("a golden file");
        for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{name}:{}", line + 1);
        }
        assert_eq!(found.lines().count(), expected.lines().count(), "{name}");
    }
}

#[test]
fn every_figure_can_be_drawn_from_its_table_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished(directory.path());
    reduce::reduce(&store).expect("a reduction");
    fs::remove_dir_all(directory.path().join("tasks")).expect("records");
    for figure in Figure::ALL {
        figure.draw(&store).expect("a picture");
        let svg = fs::read_to_string(directory.path().join(format!("figures/{}.svg", figure.name())));
        let svg = svg.expect("a picture");
        assert!(svg.contains("<path") || svg.contains("<polyline"), "{}", figure.name());
    }
}
