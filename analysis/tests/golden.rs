//! Tables word for word: fixed records in, the same results.csv and figure tables out.
//!
//! Whoever changes a reduction sees in the diff what users will read. To accept a change:
//! `DRAPES_WRITE_GOLDEN=1 cargo test -p drapes-analysis --test golden`.

mod records;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use clap::Parser;
use drapes_analysis::cli::Verb;
use drapes_analysis::figures::Figure;
use drapes_analysis::figures::reduce;
use drapes_analysis::store::Store;
use drapes_analysis::store::record::{Classifier, DivergedClassifier, Outcome, TaskRecord, TaskResult};
use drapes_analysis::store::results::Results;
use records::{finished, finished_job};

/// Curves with more rows than this are thinned in the golden copy of a table.
const LONG: usize = 20;
/// Of those, one row in so many is kept.
const KEPT: usize = 20;

/// Reduces a directory.
fn reduced(store: &Store) -> Results {
    let results = Results::read(store).expect("results");
    reduce::reduce(store, &results).expect("room");
    results
}

#[test]
fn tables_are_as_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished(directory.path());
    let results = reduced(&store);
    store.write("summary.txt", reduce::summary(&results).as_bytes()).expect("room");
    let mut names =
        ["results.csv", "search.csv", "control.csv", "calibration.csv", "sensitivity.csv", "summary.txt"]
            .map(str::to_owned)
            .to_vec();
    names.extend(Figure::ALL.map(|figure| format!("figures/{}.csv", figure.name())));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in names {
        let found = fs::read_to_string(store.directory().join(&name)).expect("a table");
        let found = if name.starts_with("figures/") { thinned(&found) } else { found };
        // The windows of a search and the figure of their p-values have one name in two places.
        let kept =
            if name == "search.csv" { "search_windows.csv" } else { name.trim_start_matches("figures/") };
        let file = golden.join(kept);
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

/// The table with every twentieth row only of its long curves, which are smooth.
fn thinned(table: &str) -> String {
    let curve = |line: &str| line.split(',').take(3).collect::<Vec<_>>().join(",");
    let mut lengths: HashMap<String, usize> = HashMap::new();
    for line in table.lines() {
        *lengths.entry(curve(line)).or_default() += 1;
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut thin = String::new();
    for line in table.lines() {
        let place = seen.entry(curve(line)).or_default();
        if lengths[&curve(line)] <= LONG || place.is_multiple_of(KEPT) {
            thin.push_str(line);
            thin.push('\n');
        }
        *place += 1;
    }
    thin
}

#[test]
fn every_figure_can_be_drawn_from_its_table_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished(directory.path());
    reduced(&store);
    fs::remove_dir_all(directory.path().join("tasks")).expect("records");
    for figure in Figure::ALL {
        figure.draw(&store).expect("a picture");
        let svg = fs::read_to_string(directory.path().join(format!("figures/{}.svg", figure.name())));
        let svg = svg.expect("a picture");
        assert!(svg.contains("<path") || svg.contains("<polyline"), "{}", figure.name());
    }
}

#[test]
fn tables_that_are_made_again_take_the_place_of_their_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished(directory.path());
    for _ in 0..2 {
        reduced(&store);
    }
    for table in ["closure.csv", "search.csv", "control.csv", "calibration.csv", "sensitivity.csv"] {
        assert!(directory.path().join(table).exists(), "{table}");
    }
    assert!(!directory.path().join("figures/earlier").exists(), "none is taken for somebody else's");
}

#[test]
fn classifiers_that_diverged_are_counted_and_left_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished(directory.path());
    let of_noise = |table: &str| -> Vec<String> {
        let wanted = |line: &&str| line.starts_with("classify/noise-s0-w2800-6000-x5-c00-01,");
        table.lines().filter(wanted).map(str::to_owned).collect()
    };
    let reduced = || {
        let results = reduced(&store);
        let rows = fs::read_to_string(directory.path().join("results.csv")).expect("a table");
        let figure = fs::read_to_string(directory.path().join("figures/fig05.csv")).expect("a table");
        (of_noise(&rows), figure, reduce::summary(&results))
    };
    let (whole, _, _) = reduced();
    let path = directory.path().join("tasks/classify/noise-s0-w2800-6000-x5-c00-01.json");
    let mut record: TaskRecord =
        serde_json::from_slice(&fs::read(path).expect("a record")).expect("a whole record");
    record.run.diverged = 2;
    let Outcome::Done(result) = &mut record.outcome else { panic!("a result") };
    let TaskResult::Classify(found) = result.as_mut() else { panic!("classifiers") };
    // Its last two: one seed keeps a fold.
    let lost = found.classifiers.split_off(4);
    let named = |one: Classifier| DivergedClassifier { seed: one.seed, fold: one.fold, epoch: 2.0 };
    found.diverged = lost.into_iter().map(named).collect();
    record.readable().expect("numbers");
    store.write_record(&record).expect("room");
    let (rows, figure, summary) = reduced();
    // The others as they were, then those that came to nothing, with nothing but their names.
    let start =
        "classify/noise-s0-w2800-6000-x5-c00-01,noise,0,0,2800-6000,3300-3700,,80.0,heun,200,5,,hlv,,mlp,0";
    let nothing = |fold: u32| format!("{start},1,{fold},,,,,,,,,,1.0,2.0");
    assert_eq!(rows, [&whole[..4], &[nothing(1), nothing(2)]].concat());
    assert!(summary.contains("4, 2 more diverged"), "{summary}");
    assert!(!figure.contains("NaN") && figure.lines().count() > 10);
    // Without reading the results.
    let output =
        Command::new(env!("CARGO_BIN_EXE_drapes-analysis")).arg("status").arg(directory.path()).output();
    let status = String::from_utf8(output.expect("the program starts").stdout).expect("text");
    assert!(status.contains("2 classifiers diverged, and are left out"), "{status}");
}

#[derive(Parser)]
struct Drapes {
    #[command(subcommand)]
    verb: Verb,
}

/// What `drapes plot --figure NAME` says of a directory that has no such figure.
fn refusal(directory: &Path, figure: &str) -> String {
    let words = ["drapes", "plot", directory.to_str().expect("a plain path"), "--figure", figure];
    let error = Drapes::parse_from(words).verb.run().expect_err("no figure");
    error.to_string().replace(&directory.display().to_string(), "DIR")
}

#[test]
fn a_figure_that_cannot_be_drawn_says_what_it_lacks() {
    let directory = tempfile::tempdir().expect("a directory");
    finished(directory.path());
    assert_eq!(
        refusal(directory.path(), "fig14"),
        "cannot draw fig14 (DIR has its results but no figures/fig14.csv) run `drapes reduce DIR` first"
    );
    for seeds in fs::read_dir(directory.path().join("tasks/classify")).expect("records") {
        let path = seeds.expect("a record").path();
        if path.display().to_string().contains("gensr") {
            fs::remove_file(path).expect("a record");
        }
    }
    assert_eq!(
        refusal(directory.path(), "fig14"),
        "cannot draw fig14 (it needs DRAPES GenSR with signal, and these tasks have no result yet: \
         classify/gensr-s1000-w2800-6000-x5-d2-c00-01, classify/gensr-s3000-w2800-6000-x5-d2-c00-01) run \
         `drapes run DIR/job.toml --data-dir FOLDER_OF_THE_DATA --out DIR` first"
    );
    let started = "{\"command\": \"drapes run my.toml --data-dir lhco --out DIR\"}";
    fs::write(directory.path().join("provenance.json"), started).expect("room");
    assert!(
        refusal(directory.path(), "fig14").contains("run `drapes run my.toml --data-dir lhco --out DIR`")
    );
    let small = "schema = 1\nname = 'small'\n[data]\nevents = 'a.h5'\n[classifier]\nfolds = 3\nseeds = '0'\n\
                 [[scan]]\nmethod = 'noise'\nn_signal = [1000]\n";
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished_job(directory.path(), small);
    reduced(&store);
    assert_eq!(
        refusal(directory.path(), "fig06"),
        "cannot draw fig06 (its job lacks DRAPES SR, SB or MC, or ∅ from less noise, without signal at several σ′; \
         add such [[scan]] blocks, or take another job) run `drapes run jobs/fig06_07_15_16_19.toml --out out/fig06_07_15_16_19` first"
    );
    // A table of an earlier reduction that the results no longer give is kept, but not drawn.
    let table = b"figure,panel,curve,x,mean,low,high,n,background_events\nfig06,a,b,0,0,0,0,1,\n";
    store.write("figures/fig06.csv", table).expect("room");
    store.write("figures/fig06.png", b"picture").expect("room");
    reduced(&store);
    let there = |name: &str| directory.path().join("figures").join(name).exists();
    assert!(
        there("earlier/fig06.csv")
            && there("earlier/fig06.png")
            && !there("fig06.csv")
            && !there("fig06.png")
    );
    let drawn = ["fig04", "fig05", "fig18", "mass_spectrum", "training", "denoiser_noise", "corner"];
    for figure in Figure::ALL {
        let there = directory.path().join(format!("figures/{}.csv", figure.name())).exists();
        assert_eq!(there, drawn.contains(&figure.name()), "{}", figure.name());
        if !there {
            assert!(refusal(directory.path(), figure.name()).contains(figure.needs().what));
        }
    }
}
