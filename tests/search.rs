//! A search from its events to p-values: with labels that take no part, and without any.

#[path = "search/control.rs"]
mod control;
#[path = "search/perceptrons.rs"]
mod perceptrons;
mod support;
#[path = "search/templates.rs"]
mod templates;

use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use drapes_analysis::plan::random_stream::Stream;
use rand::RngExt;
use support::{answer, data, directory, drapes, records, refusal, write};

/// A search in the shipped sample that takes some seconds, with further lines in its `[search]`.
fn small_search(place: &Path, search: &str) -> PathBuf {
    let text = format!(
        "schema = 1\nname = 'small'\nseed = 5\n[data]\nevents = 'demo_dijets.features.h5'\ndirectory = '{}'\n[denoiser]\n\
         epochs = 1\nbatch = 1024\nlearning_rate = 2e-3\n[sampler]\nsteps = 5\n[trees]\niterations = 20\n[search]\n\
         windows_gev = [[3300, 3700]]\noversampling = 1\ntrainings = 1\nefficiencies = [0.1, 0.01, 1e-4]\n{search}\n",
        data().display()
    );
    write(place, "search.toml", &text)
}

fn run(job: &Path, out: &Path) -> Command {
    let mut run = drapes();
    run.arg("run").arg(job).arg("--out").arg(out);
    run
}

/// The rows of search.csv by their headings.
fn rows(out: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(out.join("search.csv")).expect("search.csv");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

#[test]
fn a_blind_search_counts_and_is_unblinded_once() {
    let place = directory();
    let out = place.path().join("out");
    let said = answer(&mut run(&small_search(place.path(), "injected = 1000"), &out));
    assert!(said.contains("the search is blind"), "{said}");
    let blind = rows(&out);
    assert_eq!(blind.len(), 4, "before a cut and behind three");
    assert_eq!((blind[1]["n"].as_str(), blind[1]["z"].as_str()), ("blind", "blind"));
    assert!(!out.join("figures/search.csv").exists());
    let page = fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(
        page.contains("The search is blind.") && page.contains(">blind</td>"),
        "it is withheld there too"
    );
    for figure in ["search_spectra", "search_limits", "search_features"] {
        assert!(
            page.contains(&format!("id=\"{figure}\"")) && out.join(format!("figures/{figure}.png")).exists()
        );
    }
    let limits = fs::read_to_string(out.join("figures/search_limits.csv")).expect("a table");
    assert!(limits.contains("expected") && !limits.contains("observed"), "{limits}");
    let selected = place.path().join("selected.csv");
    let mut export = drapes();
    export.arg("export").arg(&out).args(["--events", "3500", "--efficiency", "0.1", "--out"]).arg(&selected);
    let (code, message) = refusal(&mut export);
    assert!(
        code == 2 && message.contains("is blind (selected events would show") && !selected.exists(),
        "{message}"
    );
    // 8,612 background events, and those of the 1,000 signal events that lie in the window.
    let n_window: usize = blind[0]["n_window"].parse().expect("a number");
    assert!((9_100..9_612).contains(&n_window), "{n_window}");
    assert_eq!(blind[1]["n_template"], blind[0]["n_window"], "as many, at an over-sampling of 1");
    assert!(blind[3]["note"].contains("fewer than ten template events would pass"), "{:?}", blind[3]);

    control::assert_stays_blind(place.path(), &out);

    let unblind = || answer(drapes().arg("unblind").arg(&out));
    let first = unblind();
    assert!(first.starts_with("unblinded by ") && first.contains("local p"), "{first}");
    let open = rows(&out);
    let number = |row: &HashMap<String, String>, key: &str| row[key].parse::<f64>().expect("a number");
    // A template that has learnt next to nothing is told from data whether there is signal or not.
    assert!(number(&open[1], "n") > number(&open[1], "background"), "{:?}", open[1]);
    assert!(number(&open[1], "purity") <= 1.0 && number(&open[0], "n_signal") > 500.0);
    let share = number(&open[1], "n_template_passing") / number(&open[1], "n_template");
    assert!((share - 0.1).abs() < 1e-3, "{share}");
    assert!(out.join("figures/search.csv").exists() && out.join("figures/search.png").exists());
    let page = fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(page.contains("Unblinded by ") && !page.contains(">blind</td>"));
    assert!(fs::read_to_string(out.join("figures/search_limits.csv")).expect("a table").contains("observed"));
    let said = answer(&mut export);
    assert_eq!(said, format!("{}: {} events\n", selected.display(), open[1]["n"]));
    let file = fs::read_to_string(out.join("unblinded.json")).expect("who and when");
    let second = unblind();
    assert!(second.contains("was unblinded before, by "), "{second}");
    assert_eq!(fs::read_to_string(out.join("unblinded.json")).expect("who and when"), file);
    // The same command finds all done, and tables stay open.
    let said = answer(&mut run(&small_search(place.path(), "injected = 1000"), &out));
    assert!(rows(&out)[1]["n"] != "blind" && !said.contains("added after"), "{said}");
    later_windows_are_named(place.path(), &out);
}

/// Windows of either kind that come after a search was unblinded are named, on the page too.
fn later_windows_are_named(place: &Path, out: &Path) {
    let file = fs::read_to_string(out.join("unblinded.json")).expect("who and when");
    let job = small_search(place, "injected = 1000\ncontrol_windows_gev = [[4400, 4900]]");
    let text =
        fs::read_to_string(&job).expect("the job").replace("[[3300, 3700]]", "[[3300, 3700], [3500, 3900]]");
    let said = answer(&mut run(&write(place, "search.toml", &text), out));
    let added = "added after the search was unblinded: window 3500-3900, control window 4400-4900;";
    assert!(unwrapped(&said).contains(added), "{said}");
    let page = fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(page.contains(added), "the page names them");
    assert_eq!(fs::read_to_string(out.join("unblinded.json")).expect("who and when"), file);
}

/// A text of the terminal in one line.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn scores_are_stored_beside_the_rows_of_their_events() {
    let place = directory();
    let out = place.path().join("out");
    answer(&mut run(&small_search(place.path(), "injected = 0\nblind = false"), &out));
    let record = records(&out).into_iter().find(|(name, _)| name.contains("window")).expect("a window");
    let arrays = hdf5::File::open(out.join(record.0.replace(".json", ".h5"))).expect("scores");
    let read = |name: &str| arrays.dataset(name).expect("a list");
    let [inside, beside] = ["data", "side_bands"].map(|part| {
        let rows = read(&format!("{part}_row")).read_1d::<u32>().expect("rows").to_vec();
        let masses = read(&format!("{part}_mass")).read_1d::<f64>().expect("masses").to_vec();
        let scores = read(&format!("{part}_score")).read_1d::<f32>().expect("scores").to_vec();
        assert!(rows.len() == masses.len() && rows.len() == scores.len() && rows.is_sorted());
        (rows, masses, scores)
    });
    assert!(inside.1.iter().all(|mass| (3300.0..3700.0).contains(mass)));
    assert!(beside.1.iter().all(|mass| !(3300.0..3700.0).contains(mass)));
    assert_eq!((inside.0.len(), read("side_bands_score_by_all").size()), (8612, beside.0.len()));
    // What passes by the stored scores is what the record says.
    let result = &record.1["outcome"]["done"]["window"];
    let passed = &result["cuts"][0]["outcome"]["passed"];
    let folds = read("data_fold").read_1d::<u32>().expect("folds").to_vec();
    let threshold = |fold: u32| passed["thresholds"][fold as usize].as_f64().expect("a threshold") as f32;
    let passes = |(fold, score): (&u32, &f32)| *score >= threshold(*fold);
    let passing: Vec<usize> =
        (0..folds.len()).filter(|event| passes((&folds[*event], &inside.2[*event]))).collect();
    assert_eq!(passed["data"], passing.len(), "{result}");
    // Histograms of the features hold the same events, and all of the template.
    let looks = result["looks"].as_array().expect("features");
    let sum = |counts: &serde_json::Value| -> u64 {
        counts.as_array().expect("counts").iter().filter_map(serde_json::Value::as_u64).sum()
    };
    assert_eq!(looks.len(), 5);
    for look in looks {
        assert_eq!((sum(&look["template"]), sum(&look["cuts"][0]["data"])), (8612, passing.len() as u64));
        assert_eq!(sum(&look["cuts"][0]["template"]), passed["template"].as_u64().expect("a count"));
        assert!(look["cuts"][2].is_null(), "nothing is told of too few events");
    }
    exports(place.path(), &out, &passing.iter().map(|event| (inside.0[*event], inside.1[*event])).collect());
}

/// What `export --events` writes of a window of 8,612 events, of which these pass the cut of 0.1, and what it refuses.
fn exports(place: &Path, out: &Path, passing: &HashMap<u32, f64>) {
    let ask = |window: &str, efficiency: &str, file: &Path| {
        let mut ask = drapes();
        ask.arg("export").arg(out).args(["--events", window, "--efficiency", efficiency, "--out"]).arg(file);
        ask
    };
    let (by_centre, by_edges) = (place.join("a.csv"), place.join("new/b.csv"));
    let said = answer(&mut ask("3500", "0.1", &by_centre));
    assert_eq!(said, format!("{}: {} events\n", by_centre.display(), passing.len()));
    answer(&mut ask("3300-3700", "0.1", &by_edges));
    let text = fs::read_to_string(&by_centre).expect("events");
    assert_eq!(text, fs::read_to_string(&by_edges).expect("events"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let events: Vec<(u32, f64, f32, u32)> = reader.deserialize().map(|row| row.expect("an event")).collect();
    assert_eq!(events.iter().map(|event| (event.0, event.1)).collect::<HashMap<_, _>>(), *passing);
    assert!(events.is_sorted_by(|one, next| one.2 >= next.2) && events.iter().all(|event| event.3 < 5));
    let refused = |mut ask: Command, expected_code: i32, expected: &str| {
        let (code, message) = refusal(&mut ask);
        assert!(code == expected_code && message.contains(expected), "{message}");
    };
    let file = place.join("none.csv");
    refused(ask("3500", "0.1", &by_centre), 2, "is there already (an export replaces nothing)");
    refused(ask("3400", "0.1", &file), 2, "name one of 3300-3700, by its edges or its centre");
    refused(ask("3500", "0.2", &file), 2, "name one of 0.1, 0.01, 0.0001");
    refused(
        ask("3500", "1e-4", &file),
        2,
        "(fewer than ten template events would pass) take a larger efficiency",
    );
    // Scores that are not those that were counted.
    let arrays =
        fs::read_dir(out.join("tasks/classify")).expect("arrays").flatten().map(|entry| entry.path());
    let arrays =
        arrays.into_iter().find(|path| path.extension().is_some_and(|end| end == "h5")).expect("scores");
    let whole = fs::read(&arrays).expect("a file");
    fs::write(&arrays, &whole[..whole.len() / 2]).expect("room");
    refused(ask("3500", "0.1", &file), 2, "cannot read the scores of a window");
    fs::remove_file(&arrays).expect("a file");
    refused(ask("3500", "0.1", &file), 2, "have the window searched again with `drapes run");
    fs::write(&arrays, &whole).expect("room");
    let damaged = hdf5::File::open_rw(&arrays).expect("scores").dataset("data_score").expect("a list");
    let count = damaged.size();
    damaged.write(&ndarray::Array1::from_elem(count, 9.0_f32)).expect("room");
    drop(damaged);
    refused(ask("3500", "0.1", &file), 2, "8612 events pass where the record has counted");
    assert!(!file.exists());
}

/// A table without labels: a falling mass and two features.
fn table(count: usize, most: f64) -> String {
    table_of(3, count, most)
}

/// The same for a seed.
fn table_of(seed: u64, count: usize, most: f64) -> String {
    let mut generator = Stream::of_job(seed).branch("table").generator();
    let mut text = String::from("m,a,b\n");
    for _ in 0..count {
        let [mass, a, b]: [f64; 3] = std::array::from_fn(|_| generator.random());
        writeln!(text, "{},{a},{b}", 60.0 + (most - 60.0) * (1.0 - (1.0 - mass).sqrt())).expect("room");
    }
    text
}

fn unlabelled(place: &Path, search: &str) -> PathBuf {
    let text = format!(
        "schema = 1\nname = 'mine'\n[data]\nevents = 'mine.csv'\nlayout = 'table'\nresonant = 'm'\nfeatures = ['a', 'b']\n\
         [regions]\nsignal_region_gev = [80, 90]\nside_bands_gev = [60, 120]\n[denoiser]\nepochs = 1\n[sampler]\nsteps = 3\n\
         [trees]\niterations = 5\n[search]\n{search}\n"
    );
    write(place, "mine.toml", &text)
}

#[test]
fn events_without_labels_are_all_data() {
    let place = directory();
    let out = place.path().join("out");
    write(place.path(), "mine.csv", &table(4000, 120.0));
    let job = unlabelled(place.path(), "windows_gev = [[80, 90]]\nefficiencies = [0.1]\nblind = false");
    let said = answer(&mut run(&job, &out));
    assert!(said.contains("80-90") && said.contains("local p") && !said.contains("purity"), "{said}");
    let rows = rows(&out);
    assert_eq!((rows.len(), rows[1]["purity"].as_str(), rows[1]["n_signal"].as_str()), (2, "", ""));
    // Nothing is judged by the truth: the table of what is has its headings alone, and the closing line names the search's.
    let results = fs::read_to_string(out.join("results.csv")).expect("a table");
    assert!(results.starts_with("task,method,") && results.lines().count() == 1, "{results}");
    assert!(said.contains("\nsearch.csv, figures/ and report.html"), "{said}");
    let (code, message) = refusal(drapes().arg("unblind").arg(&out));
    assert!(code == 2 && message.contains("holds no blind search"), "{message}");
}

#[test]
fn what_a_search_cannot_do_is_refused_before_anything_is_written() {
    let place = directory();
    let out = place.path().join("out");
    let refused = |job: &Path, expected: &str| {
        let (code, message) = refusal(&mut run(job, &out));
        assert!(code == 2 && message.contains(expected), "{message}");
        assert!(!out.exists(), "{message}");
    };
    refused(&small_search(place.path(), ""), "tells 6000 of its events to be signal, by label");
    refused(&small_search(place.path(), "injected = 7000"), "7000");
    let nowhere = "injected = 0\nsensitivity = [1]\nsignal = 'file'\nsignal_events = 'nowhere.csv'";
    refused(&small_search(place.path(), nowhere), "search.signal_events: cannot read ");
    write(place.path(), "mine.csv", &table(3000, 120.0));
    refused(&unlabelled(place.path(), "windows_gev = [[80, 90]]\ninjected = 5"), "has no column label");
    refused(&unlabelled(place.path(), "windows_gev = [[50, 70]]"), "must lie on both sides");
    let beyond = "windows_gev = [[80, 90]]\nside_band_width_gev = 50";
    refused(&unlabelled(place.path(), beyond), "leave the data's range");
    let large = fs::read_to_string(unlabelled(place.path(), "windows_gev = [[80, 90]]")).expect("the job");
    let large = large.replace("[denoiser]\n", "[denoiser]\nbatch = 100000\n");
    refused(
        &write(place.path(), "mine.toml", &large),
        "the training part of the side-bands of the window 80-90",
    );
}

#[test]
fn features_that_give_the_mass_away_are_told() {
    let place = directory();
    write(place.path(), "mine.csv", &table(4000, 120.0));
    let job = unlabelled(place.path(), "windows_gev = [[80, 90]]");
    let told = |job: &Path| {
        let output = run(job, &place.path().join("out")).arg("--dry-run").output().expect("it starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(!told(&job).contains("of the variance of m"));
    let text = fs::read_to_string(&job).expect("the job").replace("'b']", "'c']\ncolumns.c = 'm + 3*b'");
    let said = told(&write(place.path(), "mine.toml", &text));
    let (_, rest) = said.split_once("warning: the features tell ").expect(&said);
    let (share, rest) = rest.split_once("% of the variance of m in the side-bands").expect(&said);
    assert!(share.parse::<u32>().is_ok_and(|share| (97..=100).contains(&share)), "{said}");
    assert!(rest.contains("leave out of data.features what follows the mass"), "{said}");
}

/// Masses at which the picture of the spectrum says how far the data pull.
fn pulls(out: &Path) -> Vec<f64> {
    let text = fs::read_to_string(out.join("figures/mass_spectrum.csv")).expect("a table");
    let rows = text.lines().filter_map(|line| line.strip_prefix("mass_spectrum,pull,data,"));
    rows.map(|row| row.split(',').next().expect("x").parse().expect("a number")).collect()
}

#[test]
fn no_figure_of_a_blind_search_has_an_excess_in_the_window_or_its_data_beside_the_template() {
    let place = directory();
    let out = place.path().join("out");
    write(place.path(), "mine.csv", &table(4000, 120.0));
    let job = unlabelled(place.path(), "windows_gev = [[80, 90]]\nefficiencies = [0.1]\ntrainings = 1");
    answer(&mut run(&job, &out));
    let inside = |mass: &f64| (80.0..90.0).contains(mass);
    assert!(!pulls(&out).is_empty() && !pulls(&out).iter().any(inside), "{:?}", pulls(&out));
    assert!(!out.join("figures/corner.csv").exists());
    let histograms = place.path().join("histograms.json");
    let export = || {
        answer(drapes().arg("export").arg(&out).arg("--uhi").arg(&histograms));
        let text = fs::read_to_string(&histograms).expect("JSON");
        fs::remove_file(&histograms).expect("our own file");
        text
    };
    assert!(!export().contains("/a/background\""));
    answer(drapes().arg("unblind").arg(&out));
    assert!(pulls(&out).iter().any(inside));
    let corner = fs::read_to_string(out.join("figures/corner.csv")).expect("a table");
    let has = |curve: &str| corner.lines().any(|row| row.split(',').nth(2) == Some(curve));
    assert!(has("data") && !has("background"), "the data hold whatever signal there is");
    assert!(export().contains("/a/background\""));
}

/// The counts of pseudo-experiments, task by task.
fn pseudo(out: &Path) -> Vec<(String, Vec<serde_json::Value>)> {
    let of_task = |(name, record): (String, serde_json::Value)| {
        let experiments = record["outcome"]["done"]["pseudo"]["experiments"].as_array()?;
        Some((name, experiments.clone()))
    };
    records(out).into_iter().filter_map(of_task).collect()
}

#[test]
fn a_search_is_calibrated_by_pseudo_experiments_and_control_windows() {
    let place = directory();
    let [one, two] = ["one", "two"].map(|name| place.path().join(name));
    write(place.path(), "mine.csv", &table(4000, 120.0));
    let search = |calibrate: usize| {
        // Too few events of the template for the second cut, which has no numbers in pseudo-experiments either.
        let more = format!(
            "windows_gev = [[80, 90]]\nefficiencies = [0.1, 1e-4]\nblind = false\ntrainings = 2\n\
             control_windows_gev = [[95, 105]]\ncalibrate = {calibrate}\ncalibration_trainings = 1"
        );
        unlabelled(place.path(), &more)
    };
    let said = answer(&mut run(&search(10), &one));
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "control windows",
        "one control window measures δ",
        "global p of the smallest",
        "10 pseudo-experiments a window tell",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let open = rows(&one);
    assert_eq!((open.len(), open[1]["delta_windows"].as_str()), (3, "1"), "control windows have no row");
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let [n_window, n_template, passing, delta] =
        ["n_window", "n_template", "n_template_passing", "delta"].map(|key| number(&open[1][key]));
    let expected = passing / n_template * n_window * (1.0 + delta);
    assert!((number(&open[1]["background"]) / expected - 1.0).abs() < 1e-5, "{:?}", open[1]);
    assert!(number(&open[1]["global_p"]) >= 1.0 / 11.0 - 1e-6, "{:?}", open[1]);
    for table in ["control.csv", "calibration.csv"] {
        let text = fs::read_to_string(one.join(table)).expect("a table");
        assert_eq!(text.lines().count(), 2, "{text}");
    }
    assert!(one.join("figures/search_calibration.png").exists());

    let first = pseudo(&one);
    assert_eq!((first.len(), first[0].1.len()), (1, 10), "one task of ten");
    let data = |one: &serde_json::Value| one["n_data"].as_f64().expect("a number");
    assert!(first[0].1.iter().any(|one| (data(one) - n_window).abs() > 0.5), "a Poisson number");
    for experiment in &first[0].1 {
        // Six standard deviations of a Poisson number.
        assert!((data(experiment) - n_window).abs() < 6.0 * n_window.sqrt(), "{experiment}");
        let count = |key: &str| experiment["cuts"][0][key].as_f64().expect("a number");
        assert!((count("template") - passing).abs() < 6.0, "{experiment}");
        // Of one model, so that a tenth passes of both, though the model has learnt next to nothing.
        let expected = 0.1 * data(experiment);
        assert!((count("data") - expected).abs() < 6.0 * expected.sqrt(), "{experiment}");
        assert!(experiment["cuts"][1].is_null(), "{experiment}");
    }

    // More of them leave those that are done, and each is the same in whichever directory.
    answer(&mut run(&search(20), &one));
    answer(&mut run(&search(20), &two));
    let grown = pseudo(&one);
    assert_eq!((grown.len(), &grown[0]), (2, &first[0]));
    assert_ne!(grown[0].1, grown[1].1);
    assert_eq!(grown, pseudo(&two));
}

/// A signal that a search of one window in [`table`] can find: a peak at 85 with features of its own.
fn signal_table(events: usize, mass: f64) -> String {
    let mut generator = Stream::of_job(9).branch("signal of a search").generator();
    let mut text = "m,a,b\n".to_owned();
    for _ in 0..events {
        let [mass_by, a, b]: [f64; 3] = generator.random();
        let _ = writeln!(text, "{},{},{}", mass + 4.0 * (mass_by - 0.5), 0.9 + 0.05 * a, 0.9 + 0.05 * b);
    }
    text
}

/// Sums over the pseudo-experiments with signal of each strength: signal, and signal behind the cut.
fn sensed(out: &Path) -> Vec<(f64, f64, f64)> {
    let of_task = |(_, record): (String, serde_json::Value)| {
        let found = record["outcome"]["done"].get("sensitivity")?.clone();
        let experiments = found["experiments"].as_array()?.clone();
        let sum = |of: &dyn Fn(&serde_json::Value) -> f64| experiments.iter().map(of).sum::<f64>();
        let signal = sum(&|one| one["n_signal"].as_f64().expect("a number"));
        let passing = sum(&|one| one["cuts"][0]["signal"].as_f64().expect("a number"));
        Some((found["strength"].as_f64()?, signal, passing))
    };
    let mut all: Vec<(f64, f64, f64)> = records(out).into_iter().filter_map(of_task).collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    all
}

#[test]
fn simulated_signal_of_a_file_is_found_in_pseudo_data_and_makes_limits_on_its_cross_section() {
    let place = directory();
    let out = place.path().join("out");
    write(place.path(), "mine.csv", &table(4000, 120.0));
    // Simulated at other masses: that of the nearest is shifted to the window. Of the other there would be too few events.
    write(place.path(), "signal.csv", &signal_table(2000, 200.0));
    write(place.path(), "far.csv", &signal_table(20, 400.0));
    let search = |more: &str| {
        let lines = "windows_gev = [[80, 90]]\nefficiencies = [0.1]\nblind = false\ntrainings = 1";
        unlabelled(place.path(), &format!("{lines}\n{more}"))
    };
    answer(&mut run(&search(""), &out));
    let tasks = records(&out).len();
    let with = "sensitivity = [2, 8]\nsensitivity_experiments = 10\nsignal = 'file'\n";
    // A signal that is not shifted lies in no window.
    let (code, message) = refusal(&mut run(&search(&format!("{with}signal_events = 'signal.csv'")), &out));
    assert!(
        code == 2 && message.contains("simulated signal events") && message.contains("signal_mass_gev"),
        "{message}"
    );
    let lumi = format!(
        "{with}signal_events = ['far.csv', 'signal.csv']\nsignal_mass_gev = [400, 200]\nluminosity_ifb = 10"
    );
    answer(&mut run(&search(&lumi), &out));
    assert_eq!(records(&out).len(), tasks + 3, "a pool and two strengths; nothing is done twice");
    let [weak, strong] = sensed(&out).try_into().expect("two strengths");
    let n_window: f64 = rows(&out)[0]["n_window"].parse().expect("a number");
    for (strength, signal, _) in [weak, strong] {
        let mean = 10.0 * strength * n_window.sqrt();
        assert!((signal - mean).abs() < 6.0 * mean.sqrt(), "{signal} of {mean}");
    }
    // Of a strong signal a larger share is found, for there is more to learn from.
    assert!(strong.2 / strong.1 > 0.5 && strong.2 / strong.1 > weak.2 / weak.1, "{weak:?} {strong:?}");
    let mut reader = csv::Reader::from_path(out.join("sensitivity.csv")).expect("a table");
    let sensed: Vec<HashMap<String, String>> = reader.deserialize().map(|row| row.expect("a row")).collect();
    let number = |text: &str| text.parse::<f64>().expect("a number");
    assert_eq!(sensed.len(), 2);
    assert!(
        number(&sensed[1]["z_mean"]) > 5.0 && number(&sensed[1]["z_mean"]) > number(&sensed[0]["z_mean"])
    );
    let row = &rows(&out)[1];
    assert!((number(&row["limit_fb"]) / (number(&row["limit_signal"]) / 10.0) - 1.0).abs() < 1e-4, "{row:?}");
    assert!(number(&row["limit_signal"]) > number(&row["limit"]), "not all of a signal passes");
    for figure in ["search_sensitivity", "search_signal_limits"] {
        assert!(out.join(format!("figures/{figure}.png")).exists());
    }
    // Twice the luminosity needs no task, and tables all the same.
    let twice = lumi.replace("luminosity_ifb = 10", "luminosity_ifb = 20");
    answer(&mut run(&search(&twice), &out));
    let halved = number(&rows(&out)[1]["limit_fb"]);
    assert!((2.0 * halved / number(&row["limit_fb"]) - 1.0).abs() < 1e-4, "{halved} after {row:?}");
}

#[test]
fn what_cannot_be_calibrated_or_controlled_is_refused() {
    let place = directory();
    let out = place.path().join("out");
    let refused = |search: &str, expected: &str| {
        let (code, message) = refusal(&mut run(&small_search(place.path(), search), &out));
        assert!(code == 2 && message.contains(expected) && !out.exists(), "{message}");
    };
    refused("injected = 0\nmethod = 'sb'\ncalibrate = 10", "copies of template events");
    refused("injected = 0\nsensitivity = [1]\nmethod = 'sb'", "copies of template events");
    refused("injected = 0\ncontrol_windows_gev = [[3600, 3800]]", "it overlaps 3300-3700");
    refused("injected = 0\ncontrol_windows_gev = [[2700, 2900]]", "do not lie on both sides");
}
