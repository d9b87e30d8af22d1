//! The program as a user meets it: answers, refusals, exit codes.

mod support;

use std::fmt::Write;
use std::fs;

use support::{answer, data, directory, drapes, mpirun, records, refusal, small_job, write};

#[test]
fn plan_counts_and_prices() {
    let place = directory();
    let job = small_job(place.path(), "");
    let text = answer(drapes().arg("plan").arg(&job).args(["--ranks", "16"]));
    for expected in ["small: 4 points, 14 tasks", "DRAPES ∅", "16     ", "core each", "disk: about"] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    let json = answer(drapes().arg("plan").arg(&job).args(["--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["tasks"].as_array().map(Vec::len), Some(14));
}

#[test]
fn the_default_job_is_a_job() {
    let place = directory();
    let defaults = answer(drapes().args(["plan", "--defaults"]));
    let job = write(place.path(), "defaults.toml", &defaults);
    assert!(answer(drapes().arg("plan").arg(job)).contains("9 denoisers, 700 epochs"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_drapes"));
    let pipe = std::process::Stdio::piped;
    let mut child =
        program.args(["plan", "--defaults"]).stdout(pipe()).stderr(pipe()).spawn().expect("a program");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn every_job_of_the_repository_plans() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let jobs: Vec<_> =
        fs::read_dir(folder).expect("jobs").map(|entry| entry.expect("an entry").path()).collect();
    assert!(jobs.len() >= 4, "{jobs:?}");
    for job in jobs {
        answer(drapes().arg("plan").arg(job));
    }
}

#[test]
fn a_finished_scan_has_status_tables_and_pictures() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    assert!(answer(drapes().arg("status").arg(&out)).contains("14 of 14 tasks done"));
    let rows = fs::read_to_string(out.join("results.csv")).expect("results").lines().count();
    assert_eq!(rows, 1 + 4 * 2 * 5);
    for figure in ["fig04", "fig05", "mass_spectrum", "training"] {
        for kind in ["csv", "svg", "pdf", "png"] {
            let file = out.join(format!("figures/{figure}.{kind}"));
            assert!(fs::metadata(&file).is_ok_and(|file| file.len() > 300), "{}", file.display());
        }
    }
    // Pictures follow their table, and only their table.
    fs::remove_dir_all(out.join("tasks")).expect("records");
    fs::remove_file(out.join("figures/fig05.png")).expect("a picture");
    assert!(answer(drapes().arg("plot").arg(&out).args(["--figure", "fig05"])).contains("fig05.png"));
    assert!(out.join("figures/fig05.png").exists());
    let (code, message) = refusal(drapes().arg("status").arg(&out));
    assert_eq!(code, 75, "{message}");
}

#[test]
fn bad_data_is_refused_before_any_task() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    let run = |job: &std::path::Path| refusal(drapes().arg("run").arg(job).arg("--out").arg(&out));
    let changed = |from: &str, to: &str| {
        let text = fs::read_to_string(&job).expect("the job");
        assert!(text.contains(from));
        write(place.path(), "changed.toml", &text.replace(from, to))
    };
    let short = place.path().join("short.h5");
    let whole = fs::read(data().join("demo_dijets.features.h5")).expect("the sample");
    fs::write(&short, &whole[..whole.len() / 3]).expect("room");
    let other = place.path().join("noise.h5");
    fs::write(&other, "not HDF5 at all, and no table either").expect("room");
    let file = |path: &std::path::Path| format!("events = '{}'", path.display());
    let events = "events = 'demo_dijets.features.h5'";
    let cases = [
        ("demo_dijets", "no_such", "no_such.features.h5"),
        (events, &file(&short), "short.h5"),
        (events, &file(&other), "noise.h5"),
        ("[0, 500]", "[0, 500000]", "6000 signal events (at least 500000 are needed)"),
        ("[denoiser]", "[regions]\nside_bands_gev = [200, 6000]\n[denoiser]", "leave the data's range"),
        ("[independent_background]", "label = 'truth'\n[independent_background]", "truth"),
    ];
    for (from, to, expected) in cases {
        let (code, message) = run(&changed(from, to));
        assert_eq!(code, 2, "{message}");
        assert!(message.contains(expected), "{expected}:\n{message}");
        assert!(!out.exists(), "nothing was begun");
    }
}

#[test]
fn several_bad_files_and_requests_are_told_at_once() {
    let place = directory();
    let mut table = String::from("m_jj,x,y,label\n");
    for event in 0..4000 {
        let _ = writeln!(
            table,
            "{},{event},{},{}",
            1000.0 + 0.25 * f64::from(event),
            -event,
            u32::from(event % 40 == 0)
        );
    }
    write(place.path(), "data.csv", &table);
    write(place.path(), "other.csv", "m_jj,x\n1500,1\n1501,2\n");
    write(place.path(), "more.csv", "m_jj,y\n1500,1\n");
    let text = "schema = 1\nname = 'a'\n[data]\nevents = 'data.csv'\nlayout = 'table'\nfeatures = ['x', 'y']\n\
                [other_sample]\nsource = 'file'\nevents = 'other.csv'\n[independent_background]\nsource = 'file'\n\
                events = 'more.csv'\n[regions]\nsignal_region_gev = [1400, 1600]\nside_bands_gev = [1000, 2000]\n\
                [[scan]]\nmethod = 'mc'\nn_signal = [0]\n[[scan]]\nmethod = 'over_idealised'\nn_signal = [500]\n";
    let out = place.path().join("out");
    let refused = |text: &str| {
        let job = write(place.path(), "job.toml", text);
        let (code, message) = refusal(drapes().arg("run").arg(job).arg("--out").arg(&out));
        assert_eq!(code, 2, "{message}");
        assert!(!out.exists(), "nothing was begun");
        message
    };
    let message = refused(text);
    assert!(
        message.contains("other.csv lacks column y") && message.contains("more.csv lacks column x"),
        "{message}"
    );
    // Of files that stand under another key than that of the data, the key is told.
    for key in ["other_sample.events: ", "independent_background.events: "] {
        assert!(message.contains(key), "{message}");
    }
    fs::remove_file(place.path().join("more.csv")).expect("a file");
    let message = refused(text);
    assert!(message.contains("independent_background.events: cannot read "), "{message}");
    write(place.path(), "other.csv", "m_jj,x,y\n1100,1,1\n");
    write(place.path(), "more.csv", "m_jj,x,y\n1500,1,1\n");
    let message = refused(text);
    for expected in [
        "the signal region of the other sample holds 0 events",
        "the data file holds 100 signal events (at least 500 are needed)",
        "the independent background holds 1 events (at least 3900 are needed)",
    ] {
        assert!(message.contains(expected), "{expected}:\n{message}");
    }
}

#[test]
fn closure_by_trees_is_asked_for_by_a_key_and_has_a_table_and_a_figure() {
    let place = directory();
    let (job, out) = (small_job(place.path(), ""), place.path().join("out"));
    let run = |set: &str| {
        let mut run = drapes();
        run.arg("run").arg(&job).arg("--out").arg(&out).args(["--set", set, "--set", "trees.iterations=5"]);
        answer(&mut run)
    };
    run("closure.trees=0");
    assert!(!out.join("closure.csv").exists(), "nothing was asked for");
    // What is finished is not done again.
    let done = records(&out);
    let told = run("closure.trees=1");
    let table = fs::read_to_string(out.join("closure.csv")).expect("a table");
    assert!(table.lines().count() > 1 && told.contains("closure"), "{table}\n{told}");
    assert!(out.join("figures/closure.svg").exists());
    let after = records(&out);
    assert!(done.iter().all(|(name, record)| after.get(name) == Some(record)) && after.len() > done.len());
}

#[test]
fn data_without_signal_have_a_closure_and_nothing_else() {
    let place = directory();
    let mut table = String::from("m_jj,x,label\n");
    for event in 0..4000 {
        // Evenly from 1000 to 2000 GeV; a feature that has nothing to do with the mass.
        let _ = writeln!(table, "{},{},0", 1000.0 + 0.25 * f64::from(event), f64::from(event * 7919 % 1000));
    }
    write(place.path(), "nothing.csv", &table);
    let job = write(
        place.path(),
        "nothing.toml",
        "schema = 1\nname = 'nothing'\n[data]\nevents = 'nothing.csv'\nlayout = 'table'\nfeatures = ['x']\n\
         [regions]\nsignal_region_gev = [1400, 1600]\nside_bands_gev = [1000, 2000]\n[denoiser]\nepochs = 1\n\
         [sampler]\nsteps = 4\n[classifier]\nepochs = 1\nseeds = '0'\n[[scan]]\nmethod = 'noise'\n\
         n_signal = [0]\n",
    );
    let out = place.path().join("out");
    let text = answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    let row = text.lines().find(|line| line.contains("DRAPES ∅")).expect("a row");
    assert!(row.contains(" -  ") && row.contains("0."), "no SIC, but a closure: {row}");
    assert!(answer(drapes().arg("status").arg(&out)).contains("4 of 4 tasks done"));
    // A processor without vectors does the same work, and it is said once why it takes longer.
    let slow = place.path().join("slow");
    let said = |value: &str| {
        let mut run = drapes();
        let found = run.env("DRAPES_KERNELS", value).arg("run").arg(&job).arg("--out").arg(&slow).output();
        let found = found.expect("the program starts");
        assert!(found.status.success());
        String::from_utf8_lossy(&found.stderr).matches("compute as tensors on this processor").count()
    };
    assert_eq!(said("off"), 1);
    let mut dry = drapes();
    let dry = dry
        .env("DRAPES_KERNELS", "off")
        .arg("run")
        .arg(&job)
        .arg("--dry-run")
        .arg("--out")
        .arg(place.path().join("dry"));
    let dry = dry.output().expect("the program starts");
    assert!(String::from_utf8_lossy(&dry.stderr).contains("compute as tensors on this processor"));
    assert!(answer(drapes().arg("status").arg(&slow)).contains("4 of 4 tasks done"));
    fs::remove_dir_all(&slow).expect("a folder");
    assert_eq!(said("on"), 0);
}

#[test]
fn a_directory_that_cannot_be_written_is_refused() {
    let place = directory();
    let job = small_job(place.path(), "");
    let occupied = write(place.path(), "occupied", "a file");
    let (code, message) = refusal(drapes().arg("run").arg(&job).arg("--out").arg(occupied.join("out")));
    assert_eq!(code, 3);
    assert!(message.contains("cannot write") && message.contains("--out"), "{message}");
}

#[test]
fn directories_without_results_are_named_as_such() {
    let place = directory();
    for verb in ["status", "reduce", "plot"] {
        let (code, message) = refusal(drapes().arg(verb).arg(place.path()));
        assert_eq!(code, 2);
        assert!(message.contains("holds no results of drapes"), "{message}");
    }
    let (code, message) = refusal(drapes().arg("plot").arg(place.path()).args(["--figure", "fig99"]));
    assert_eq!(code, 2);
    assert!(message.contains("drapes draws fig04, fig05"), "{message}");
}

#[test]
fn data_are_described_as_text_and_json() {
    let file = data().join("demo_dijets.features.h5");
    let text = answer(drapes().args(["data", "describe"]).arg(&file));
    assert!(text.contains("60,000") && text.contains("m_jj"), "{text}");
    let json = answer(drapes().args(["data", "describe", "--format", "json"]).arg(&file));
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["layout"], "lhco_features");
    // As it was called before.
    assert_eq!(answer(drapes().args(["data", "describe", "--json"]).arg(&file)), json);
}

#[test]
fn windows_that_are_none_are_refused_in_one_line() {
    let file = data().join("demo_dijets.features.h5");
    for (edges, reason) in [
        (
            ["3700", "3300"],
            "--signal-region 3700 3300 is no window (the low edge comes first) swap the edges",
        ),
        (
            ["1e300", "1e308"],
            "--signal-region 1e300 1e308 is no window of masses (they lie between 0 and 1e12 GeV)",
        ),
        (["-5", "3300"], "--signal-region -5 3300 is no window of masses"),
        (["nan", "3300"], "is no window"),
    ] {
        let mut command = drapes();
        command.args(["data", "describe"]).arg(&file).arg("--signal-region").args(edges);
        let (code, text) = refusal(&mut command);
        assert!(code == 2 && text.contains(reason) && text.lines().all(|line| line.len() < 200), "{text}");
    }
}

#[test]
fn the_doctor_names_versions_and_what_is_wrong() {
    let place = directory();
    let text = answer(drapes().arg("doctor").arg("--out").arg(place.path().join("to/be/made")));
    for expected in
        ["drapes 0.", "OK  libtorch", "2.11.0 in ", "built with Open MPI", "with Blosc", "can be written"]
    {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    assert_eq!(fs::read_dir(place.path()).expect("a folder").count(), 0, "it leaves nothing");
    let json = answer(
        drapes().args(["doctor", "--format", "json", "--device", "cpu"]).arg("--out").arg(place.path()),
    );
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["versions"]["libtorch"], "2.11.0");
    assert!(
        json["findings"]
            .as_array()
            .is_some_and(|findings| findings.iter().all(|found| found["verdict"] == "OK"))
    );
    let output = drapes().args(["doctor", "--out", "/proc"]).output().expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("FAIL") && text.contains("name another directory with --out"), "{text}");
    let ranks = answer(mpirun(2).args(["doctor", "--out"]).arg(place.path()));
    assert!(ranks.contains("ranks 0-1 on") && ranks.matches("libtorch").count() >= 1, "{ranks}");
}

#[test]
fn large_scans_are_simulated() {
    let place = directory();
    let job = small_job(place.path(), "");
    let text =
        answer(drapes().arg("plan").arg(&job).args(["--simulate-ranks", "1", "--simulate-ranks", "1000"]));
    assert!(
        text.contains("rank 0 busy") && text.lines().any(|line| line.trim().starts_with("1000 ")),
        "{text}"
    );
    let json = answer(drapes().arg("plan").arg(&job).args(["--simulate-ranks", "8", "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let simulated = &json["simulated"][0];
    assert_eq!(simulated["ranks"], 8);
    // What rank 0 does alone at the start and at the end is charged.
    let seconds = |key: &str| simulated[key].as_f64().expect("a number");
    assert!(seconds("start_seconds") > 0.0 && seconds("end_seconds") > 1.0, "{simulated}");
    assert!(seconds("seconds") > seconds("start_seconds") + seconds("end_seconds"), "{simulated}");
}

#[test]
fn times_that_are_too_short_are_told() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    let run = |deadline: &str| {
        let (code, message) = refusal(drapes().arg("run").arg(&job).arg("--out").arg(&out).args([
            "--deadline",
            deadline,
            "--margin",
            "0s",
        ]));
        assert_eq!(code, 2, "{message}");
        message
    };
    let message = run("soon");
    assert!(message.contains("90m") && message.contains("(nothing can be planned for it)"), "{message}");
    let refused = |option: &str, value: &str| {
        refusal(drapes().arg("run").arg(&job).arg("--out").arg(&out).args([option, value])).1
    };
    assert!(refused("--margin", "60").contains("that is no length of time ("));
    assert!(refused("--ranks", "many").contains("that is no number of ranks ("));
    // The trainings are done; templates begin anew and need their time.
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    fs::remove_dir_all(out.join("tasks/template")).expect("records");
    fs::remove_dir_all(out.join("tasks/classify")).expect("records");
    let message = run("1ms");
    assert!(
        message.contains("give the job more time") && message.contains("ends in the 0 s until"),
        "{message}"
    );
    // Programs get the tasks that they ask for.
    let json = drapes().arg("status").arg(&out).args(["--format", "json", "--list", "waiting"]).output();
    let json: serde_json::Value =
        serde_json::from_slice(&json.expect("the program starts").stdout).expect("JSON");
    let tasks = json["tasks"].as_array().expect("tasks");
    assert!(!tasks.is_empty() && tasks.iter().all(|task| task["state"] == "waiting"), "{json}");
    assert_eq!(json["counts"]["done"], 4);
}

#[test]
fn a_pipe_as_a_job_file_is_refused_and_not_waited_for() {
    let place = directory();
    let pipe = place.path().join("job.toml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there").success());
    for verb in ["run", "plan"] {
        let mut command = std::process::Command::new("timeout");
        command.args(["-k", "1", "20", env!("CARGO_BIN_EXE_drapes"), verb]).arg(&pipe);
        let (code, message) = refusal(&mut command);
        assert!(code == 2 && message.contains("(it is no regular file)"), "{verb} {code}: {message}");
    }
}
