//! Columns on which smooth numbers fake a signal: templates close on them, and the constant ones are refused.

use drapes_analysis::figures::closure;
use drapes_analysis::store::results::Results;
use rand::RngExt;
use rand_distr::{Distribution, Exp1, StandardNormal};

use super::*;

const JOB: &str = "schema = 1\nname = 'a'\n[data]\nevents = 'e.csv'\nlayout = 'table'\nresonant = 'm_jj'\n\
                   features = ['a', 'b']\n[denoiser]\nepochs = 60\nbatch = 256\nlearning_rate = 3e-3\n[sampler]\n\
                   steps = 40\n[template]\noversampling = 1\n[flow]\nbatch = 256\n[flow.base]\nlayers = 2\nwidth = 24\n\
                   epochs = 20\nlearning_rate = 3e-3\n[flow.top]\nlayers = 2\nwidth = 16\nepochs = 20\n\
                   learning_rate = 3e-3\n[classifier]\nepochs = 10\nseeds = [0]\n";

/// A falling spectrum with these features of two smooth ones, a bell and an exponential, in a file of 6,000 events.
fn write(directory: &std::path::Path, features: impl Fn(usize, f32, f32) -> (f32, f32)) {
    let mut generator = Stream::of_job(5).generator();
    let mut text = "m_jj,a,b,label\n".to_owned();
    let mut event = 0;
    while event < 6000 {
        let mass = 2800.0 + 600.0 * Distribution::<f64>::sample(&Exp1, &mut generator);
        let (bell, tail): (f32, f32) = (StandardNormal.sample(&mut generator), Exp1.sample(&mut generator));
        let unused: f32 = generator.random();
        if mass < 6200.0 {
            let (a, b) = features(event, bell, tail + 1e-3 * unused);
            text += &format!("{mass},{a},{b},0\n");
            event += 1;
        }
    }
    std::fs::write(directory.join("e.csv"), text).expect("room");
}

fn workplace(directory: &std::path::Path, scans: &str) -> (Plan, Workplace, Vec<Fingerprint>) {
    let (plan, place, fingerprints) = workplace_of(&directory.join("out"), &format!("{JOB}{scans}"));
    (plan, Workplace { data_directory: directory.to_owned(), ..place }, fingerprints)
}

/// Every task of a scan on such events, and what its closing table warns of.
fn run(
    scans: &str,
    features: impl Fn(usize, f32, f32) -> (f32, f32),
) -> (Vec<(TaskId, TaskRecord)>, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), features);
    let (place, records) = perform_all(workplace(directory.path(), scans));
    let results = Results::read(&place.store).expect("a scan");
    let failures = closure::failures(&results);
    (records, failures.iter().map(|failure| failure.warning(results.job.closure.threshold)).collect())
}

const BOTH: &str = "n_signal = [0]\nclassifier = ['mlp', 'trees']\n";

#[test]
fn trees_close_on_whole_numbers_beside_zeros_by_every_method() {
    let scans = format!(
        "[[scan]]\nmethod = 'noise'\n{BOTH}[[scan]]\nmethod = 'sr'\n{BOTH}[[scan]]\nmethod = 'sb'\nsigma_prime = [80]\n\
         {BOTH}[[scan]]\nmethod = 'cathode'\n{BOTH}[[scan]]\nmethod = 'curtains_f4f'\n{BOTH}"
    );
    let (records, warnings) =
        run(&scans, |_, bell, tail| ((3.0 * bell).round(), if tail > 1.5 { tail } else { 0.0 }));
    let classified = records.iter().filter(|(id, _)| id.0.starts_with("classify/"));
    let closures: Vec<(String, f64)> =
        classified.map(|(id, _)| (id.0.clone(), super::closure(&records, &id.0))).collect();
    assert_eq!(closures.len(), 10);
    // Smooth templates of such columns have 0.97 by trees, templates of smooth columns 0.55 on so few events.
    assert!(closures.iter().all(|(_, auc)| (auc - 0.5).abs() < 0.09), "{closures:?}");
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn an_event_far_out_ruins_neither_scale_nor_template() {
    let scans = format!("[[scan]]\nmethod = 'noise'\n{BOTH}[[scan]]\nmethod = 'sr'\n{BOTH}");
    for far in [7, 23] {
        let (records, warnings) =
            run(&scans, |event, bell, tail| (bell, if event == far { 1e30 } else { tail }));
        for (id, _) in records.iter().filter(|(id, _)| id.0.starts_with("classify/")) {
            let found = super::closure(&records, &id.0);
            assert!((found - 0.5).abs() < 0.09, "{id}: {found}");
        }
        assert_eq!(warnings, [""; 0]);
    }
}

#[test]
fn a_template_that_fails_is_warned_of_by_the_name_of_its_feature() {
    let scans = format!("[[scan]]\nmethod = 'sb'\nsigma_prime = [0.05]\n{BOTH}");
    let directory = tempfile::tempdir().expect("a directory");
    // Side-band events that hardly change stay what they were, and here b leaps in the signal region.
    write(directory.path(), |_, bell, tail| (bell, tail));
    let text = std::fs::read_to_string(directory.path().join("e.csv")).expect("the events");
    let shifted: Vec<String> = text
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            match (fields[0].parse::<f64>(), fields[2].parse::<f64>()) {
                (Ok(mass), Ok(b)) if (3300.0..3700.0).contains(&mass) => {
                    format!("{mass},{},{},0", fields[1], b + 3.0)
                }
                _ => line.to_owned(),
            }
        })
        .collect();
    std::fs::write(directory.path().join("e.csv"), shifted.join("\n")).expect("room");
    let (place, _) = perform_all(workplace(directory.path(), &scans));
    let results = Results::read(&place.store).expect("a scan");
    let text = drapes_analysis::figures::reduce::summary(&results);
    let warnings: Vec<&str> = text.lines().filter(|line| line.starts_with("warning: closure")).collect();
    assert_eq!(warnings.len(), 2, "{text}");
    assert!(
        warnings.iter().all(|line| line.contains("DRAPES SB") && line.contains("at fault: b (")),
        "{text}"
    );
}

#[test]
fn constant_features_are_refused_by_name_wherever_they_are_constant() {
    let refusal = |features: &dyn Fn(usize, f64, f32) -> f32| {
        let directory = tempfile::tempdir().expect("a directory");
        write(directory.path(), |_, bell, tail| (bell, tail));
        let path = directory.path().join("e.csv");
        let text = std::fs::read_to_string(&path).expect("the events");
        let lines = text.lines().enumerate().map(|(row, line)| {
            let fields: Vec<&str> = line.split(',').collect();
            let (Ok(mass), Ok(b)) = (fields[0].parse::<f64>(), fields[2].parse::<f32>()) else {
                return line.to_owned();
            };
            format!("{mass},{},{},0", fields[1], features(row, mass, b))
        });
        let lines: Vec<String> = lines.collect();
        std::fs::write(&path, lines.join("\n")).expect("room");
        let job =
            JobFile::from_text("job.toml", format!("{JOB}[[scan]]\nmethod = 'noise'\nn_signal = [0]\n"));
        let loaded = load(&job.check().expect("a good job"), directory.path());
        let Err(error) = loaded else { return String::new() };
        assert_eq!(error.kind(), drapes_analysis::error::Exit::BadRequest);
        error.to_string()
    };
    let inside = |mass: f64| (3300.0..3700.0).contains(&mass);
    assert_eq!(refusal(&|_, _, b| b), "");
    let everywhere = refusal(&|_, _, _| 0.7);
    assert!(
        everywhere.starts_with("feature b is 0.7 in all ")
            && everywhere.contains("remove it from data.features"),
        "{everywhere}"
    );
    assert!(!everywhere.contains('\n'), "once is enough: {everywhere}");
    assert!(refusal(&|_, mass, b| if inside(mass) { b } else { -1.0 }).contains("of the side-bands"));
    assert!(refusal(&|_, mass, b| if inside(mass) { 0.0 } else { b }).contains("of the signal region"));
    // Numbers that differ less than single precision knows.
    assert!(refusal(&|row, _, _| 1e8 + (row % 3) as f32).contains("feature b is 1e8 in all"));
}

#[test]
fn data_without_labels_are_refused_with_the_points_that_need_them() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), |_, bell, tail| (bell, tail));
    let path = directory.path().join("e.csv");
    let text = std::fs::read_to_string(&path).expect("the events");
    std::fs::write(&path, text.replacen("label", "other", 1)).expect("room");
    let scans = "[[scan]]\nmethod = 'noise'\nn_signal = [0, 1, 2, 3, 4]\n[[scan]]\nmethod = 'supervised'\n\
                 [independent_background]\nsource = 'withheld'\n";
    let job = JobFile::from_text("job.toml", format!("{JOB}{scans}")).check().expect("a good job");
    let Err(error) = load(&job, directory.path()) else { panic!("labels are needed") };
    assert_eq!(error.kind(), drapes_analysis::error::Exit::BadRequest);
    let message = error.to_string();
    assert!(
        message.contains(
            "has no column label (it tells simulated signal from background, and these points need that: supervised, to train \
             on signal; noise-s1-w"
        ),
        "{message}"
    );
    assert!(message.contains(" and 1 more, to inject signal; noise-s0-w"), "{message}");
    assert!(
        message.ends_with(
            ", to withhold true background) name the column of labels in `label` of [data], define one \
             in [data.columns], use a file with labels, or leave these points out of the scan"
        ),
        "{message}"
    );
}

#[test]
fn a_scan_that_needs_no_truth_runs_without_labels() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), |_, bell, tail| (bell, tail));
    let path = directory.path().join("e.csv");
    let text = std::fs::read_to_string(&path).expect("the events");
    let job = format!("{JOB}[[scan]]\nmethod = 'noise'\nn_signal = [0]\n");
    let job = JobFile::from_text("job.toml", job).check().expect("a good job");
    let labelled = load(&job, directory.path()).unwrap_or_else(|error| panic!("{error}"));
    std::fs::write(&path, text.replacen("label", "other", 1)).expect("room");
    let sample = load(&job, directory.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sample.counts(&job), labelled.counts(&job));
    let told = "e.csv: there is no column label: all events are data, and nothing is known of signal";
    assert!(sample.remarks().contains(&told.to_owned()), "{:?}", sample.remarks());
    assert!(!labelled.remarks().contains(&told.to_owned()));
}
