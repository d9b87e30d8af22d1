//! Models that generate other coordinates than the features: templates hold both, and formulae that do not fit are refused.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use drapes::arrays::ArrayReader;
use drapes::data::{Label, read_events};
use drapes_analysis::expression::Expression;
use drapes_analysis::job::JobFile;
use ndarray::Array2;
use support::{answer, data, directory, drapes, records, refusal, write};

/// A job of every kind of model that makes templates of features, with these lines behind the keys of the data.
fn job(directory: &Path, generated: &str) -> PathBuf {
    let text = format!(
        "schema = 1\nname = 'coordinates'\nseed = 5\n[data]\nevents = 'demo_dijets.features.h5'\ndirectory = '{}'\n{generated}\n\
         [independent_background]\nsource = 'withheld'\n[denoiser]\nepochs = 1\nbatch = 1024\nmarginals = 'gaussian'\n[flow]\n\
         batch = 1024\nefficient_epochs = 1\n[flow.base]\nepochs = 1\nblocks = 1\nwidth = 14\n[flow.top]\nepochs = 1\nblocks = 1\n\
         width = 14\n[sampler]\nsteps = 5\n[trees]\niterations = 5\n[closure]\ntrees = 1\n[classifier]\nepochs = 1\nseeds = '0'\n\
         [[scan]]\nmethod = 'noise'\nn_signal = [0]\noversampling = [1]\n[[scan]]\nmethod = 'sr'\nn_signal = [0]\noversampling = [1]\n\
         [[scan]]\nmethod = 'cathode'\nn_signal = [0]\noversampling = [1]\n",
        data().display()
    );
    write(directory, "coordinates.toml", &text)
}

const COORDINATES: &str = "[data.generated]\ncolumns = ['m_j1', 'dm_jj', 'tau21_j1', 'tau21_j2', 'deta_scaled_jj', 'acoplanarity_jj']";

/// A template: its masses, what was generated, and its features.
fn template(out: &Path, name: &str) -> (Vec<f64>, Option<Array2<f32>>, Array2<f32>) {
    let reader = ArrayReader::open(&out.join(format!("tasks/template/{name}.h5"))).expect("a template");
    let table = |name: &str| reader.has(name).map(|name| reader.table::<f32>(&name).expect("a table"));
    let masses = reader.list::<f64>("masses_gev").expect("masses");
    (masses.to_vec(), table("generated"), table("features").expect("features"))
}

#[test]
fn templates_hold_what_was_generated_and_the_features_that_follow() {
    let place = directory();
    let out = place.path().join("out");
    answer(drapes().arg("run").arg(job(place.path(), COORDINATES)).arg("--out").arg(&out));
    for name in ["noise-s0-w2800-6000", "sr-sp2.24-s0-w2800-6000", "cathode-s0-w2800-6000"] {
        let (masses, generated, features) = template(&out, name);
        let generated = generated.expect("coordinates");
        assert_eq!((generated.dim(), features.dim()), ((masses.len(), 6), (masses.len(), 5)), "{name}");
        let mut signs = [false; 2];
        for ((mass, made), features) in masses.iter().zip(generated.rows()).zip(features.rows()) {
            for column in 0..4 {
                assert_eq!(made[column].to_bits(), features[column].to_bits(), "{name}");
            }
            let largest = 2.0 * (mass / 2400.0).acosh();
            let distance =
                (f64::from(made[4]) * largest).hypot(std::f64::consts::PI - f64::from(made[5]).abs());
            assert!((distance - f64::from(features[4])).abs() < 1e-5, "{name}: {distance} {features}");
            signs[usize::from(made[4] < 0.0)] = true;
        }
        assert_eq!(signs, [true, true], "{name}: the coordinates have both signs");
    }
    let text = fs::read_to_string(out.join("results.csv")).expect("results");
    assert!(text.contains("cathode") && out.join("closure.csv").exists());
    // Nothing is left to do, and nothing is done again.
    let before = records(&out);
    answer(drapes().arg("run").arg(job(place.path(), COORDINATES)).arg("--out").arg(&out));
    assert_eq!(records(&out), before);
}

#[test]
fn a_formula_of_our_own_gives_what_the_built_in_one_gives() {
    let place = directory();
    let [built_in, own] = ["built-in", "own"].map(|name| place.path().join(name));
    let text = "[data.columns]\nshare = '(eta_j1-eta_j2)/(2*acosh(max(m_jj/2400, 1.001)))'\nback = 'atan2(-sin(phi_j1-phi_j2), \
                -cos(phi_j1-phi_j2))'\n[data.generated]\ncolumns = ['m_j1', 'dm_jj', 'tau21_j1', 'tau21_j2', 'share', 'back']\n\
                [data.generated.features]\ndr_jj = 'sqrt((share*2*acosh(max(m_jj/2400, 1.001)))^2 + (pi-abs(back))^2)'";
    for (out, generated) in [(&built_in, COORDINATES), (&own, text)] {
        let job = job(place.path(), generated);
        answer(drapes().arg("run").arg(job).arg("--only").arg("template/noise-*").arg("--out").arg(out));
    }
    let name = "noise-s0-w2800-6000";
    assert_eq!(template(&built_in, name), template(&own, name));
}

#[test]
fn formulae_that_do_not_give_the_features_back_are_refused_before_the_first_task() {
    let place = directory();
    let out = place.path().join("out");
    for (generated, expected) in [
        // The sum in place of the distance.
        (
            "[data.generated]\ncolumns = ['m_j1', 'dm_jj', 'tau21_j1', 'tau21_j2', 'deta_jj', 'dphi_jj']\n\
             [data.generated.features]\ndr_jj = 'deta_jj + dphi_jj'",
            "does not give dr_jj for",
        ),
        // The threshold of another selection.
        (
            &format!("{COORDINATES}\njet_pt_threshold_gev = 600"),
            "jet_pt_threshold_gev to that of the selection; these events look like about 12",
        ),
        (
            "[data.generated]\ncolumns = ['m_j1', 'dm_jj', 'tau21_j1', 'tau21_j2', 'deta_jj']",
            "do not lead to the feature dr_jj",
        ),
    ] {
        let job = job(place.path(), generated);
        let (code, message) = refusal(drapes().arg("run").arg(job).arg("--out").arg(&out));
        assert_eq!(code, 2, "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(!out.join("tasks").exists() || records(&out).is_empty());
    }
}

#[test]
fn an_edge_that_was_found_stands_still_in_a_job_with_the_lines_that_are_printed() {
    let place = directory();
    let plain = job(place.path(), "");
    let edge = |more: &[&str]| {
        let mut command = drapes();
        command.args(["data", "edge"]).arg(&plain).arg("dr_jj").args(more);
        command
    };
    let lines = answer(&mut edge(&["--from", "3.14159"]));
    assert!(lines.starts_with("# 99% of the side-bands' events have dr_jj below 3.6"), "{lines}");
    for (more, expected) in [
        (["--from", "3.5"].as_slice(), "the edge passes 3.5 at a mass of"),
        (&["--from", "nan"], "it must be a finite number"),
        (&["--from", "3", "--share", "1"], "it must lie between 0 and 1"),
        (&["--from", "3", "--share", "1e-20"], "nearer to the middle with --share"),
        (&["--from", "3", "--share", "0.9999"], "nearer to the middle with --share"),
        (
            &["--from", "3", "--set", "data.features=['m_j1', 'dm_jj']"],
            "dr_jj is no feature of the job (data.features are m_j1, dm_jj)",
        ),
    ] {
        let (code, message) = refusal(&mut edge(more));
        assert!(code == 2 && message.contains(expected), "{code}: {message}");
    }
    // The job has unit normals already.
    assert!(!lines.contains("[denoiser]"), "{lines}");
    let out = place.path().join("out");
    let job = job(place.path(), &lines);
    answer(drapes().arg("run").arg(job).arg("--only").arg("template/noise-*").arg("--out").arg(&out));
    let (masses, generated, features) = template(&out, "noise-s0-w2800-6000");
    let generated = generated.expect("coordinates");
    assert_eq!((generated.dim(), features.dim()), ((masses.len(), 5), (masses.len(), 5)));
    // The same as share of the way in the template, to single precision.
    let formula = lines.lines().find_map(|line| line.strip_prefix("dr_jj_to_edge = ")).expect("a formula");
    let formula = Expression::parse(formula.trim_matches('"')).expect("a formula");
    assert_eq!(formula.names(), ["dr_jj", "m_jj"]);
    for ((mass, made), features) in masses.iter().zip(generated.rows()).zip(features.rows()) {
        let share = formula.value(&[f64::from(features[4]), *mass]);
        assert!((share - f64::from(made[4])).abs() < 1e-4, "{share} {made}");
    }
    // Of the background between the side-bands, where nothing was looked at, one percent lies beyond the edge.
    let job = JobFile::open(&plain).expect("a job").check().expect("a job");
    let events =
        read_events(&data().join("demo_dijets.features.h5"), &job.data, Label::Expected).expect("events");
    for window in [3300.0..3500.0, 3500.0..3700.0] {
        let here = (0..events.len())
            .filter(|event| !events.is_signal[*event] && window.contains(&events.mass[*event]));
        let shares: Vec<f64> = here
            .map(|event| formula.value(&[f64::from(events.features[[event, 4]]), events.mass[event]]))
            .collect();
        let beyond = shares.iter().filter(|share| **share > 1.0).count() as f64 / shares.len() as f64;
        assert!(
            (0.005..0.02).contains(&beyond),
            "{beyond} of {} beyond the edge in {window:?}",
            shares.len()
        );
    }
}
