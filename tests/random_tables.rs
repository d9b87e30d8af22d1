//! Random tables of events: whatever a file holds, the program answers in time, in words, and touches nothing of others.
//!
//! `DRAPES_TABLES=500 cargo test --test random_tables` tries more of them (`make test-faults` does).

mod support;
mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use drapes_analysis::job::{DEFAULTS, JobFile};
use proptest::prelude::*;
use support::{directory, drapes, files};
use tables::{Table, table};

/// Tables where nobody asks for more: about a minute on two cores.
const TABLES: u32 = 16;
/// Nothing here takes longer, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(180);
/// A screen.
const MOST_LINES: usize = 40;
const MOST_BYTES: usize = 4000;

/// What a program said.
struct Said {
    code: i32,
    out: String,
    error: String,
}

/// Runs a command in a folder to its end, which must come.
fn ends(command: &mut Command, folder: &Path, logs: &Path) -> Said {
    let [out, error] = ["out.log", "error.log"].map(|name| logs.join(name));
    let to = |path: &PathBuf| Stdio::from(fs::File::create(path).expect("room for a log"));
    let begun = command.current_dir(folder).stdout(to(&out)).stderr(to(&error)).stdin(Stdio::null()).spawn();
    let (mut child, begin) = (begun.expect("the program starts"), Instant::now());
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if begin.elapsed() > PATIENCE {
            child.kill().expect("a child that hangs");
            panic!("no end after {PATIENCE:?}: {}", fs::read_to_string(&error).unwrap_or_default());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = |path| String::from_utf8_lossy(&fs::read(path).expect("a log")).into_owned();
    let (out, error) = (text(&out), text(&error));
    let code = status.code().unwrap_or_else(|| panic!("ended by {status}: {error}"));
    Said { code, out, error }
}

impl Said {
    /// That the end is one of those that the help names, and said as it should be.
    fn check(&self, codes: &[i32]) {
        let Self { code, out, error } = self;
        assert!(codes.contains(code), "exit code {code}\n{out}\n{error}");
        for text in [out, error] {
            assert!(!text.contains("panicked") && !text.contains("nobody has foreseen"), "{text}");
        }
        if *code == 2 || *code == 3 {
            let begin = error.find("error:").unwrap_or_else(|| panic!("no reason given\n{error}"));
            let message = &error[begin..];
            assert!(message.lines().count() <= MOST_LINES && message.len() <= MOST_BYTES, "{message}");
        }
    }
}

/// Files of somebody else, with names that the program uses as well.
const FOREIGN: [&str; 8] = [
    "results.csv",
    "job.json",
    "notes.txt",
    "figures/fig06.pdf",
    "figures/mine.png.part",
    "tasks/train/thesis.h5",
    "logs/rank-000.log",
    "events.h5.part",
];

/// Every file of a folder but those below `own`, with its bytes.
fn contents(folder: &Path, own: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry == own {
            continue;
        }
        if entry.is_dir() {
            found.extend(contents(&entry, own));
        } else {
            let bytes = fs::read(&entry).expect("a file");
            found.push((entry, bytes));
        }
    }
    found.sort();
    found
}

/// One kind of classifier in a table of results: its closures fold by fold, and the fewest background events among them.
#[derive(Default)]
struct Closures {
    values: Vec<f64>,
    is_complete: bool,
    fewest: f64,
}

impl Closures {
    fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// An error that is no smaller than the program's: the spread of the folds, or what so few events give by chance.
    fn error(&self) -> f64 {
        let count = self.values.len() as f64;
        let variance = self.values.iter().map(|value| (value - self.mean()).powi(2)).sum::<f64>() / count;
        (variance / (count - 1.0).max(1.0)).sqrt().max((1.0 / (6.0 * self.fewest.max(1.0))).sqrt())
    }
}

/// The closures of a scan by kind of classifier.
fn closures(out: &Path) -> BTreeMap<String, Closures> {
    let mut reader = csv::Reader::from_path(out.join("results.csv")).expect("a table of results");
    let headings = reader.headers().expect("headings").clone();
    let column = |name: &str| headings.iter().position(|known| known == name).expect("a column of that name");
    let (kind, closure) = (column("classifier"), column("background_closure_auc"));
    let background = column("n_background");
    let mut found: BTreeMap<String, Closures> = BTreeMap::new();
    for row in reader.records().map(|row| row.expect("a row")) {
        let start = || Closures { is_complete: true, fewest: f64::INFINITY, ..Closures::default() };
        let known = found.entry(row[kind].to_owned()).or_insert_with(start);
        match row[closure].parse() {
            Ok(value) => known.values.push(value),
            Err(_) => known.is_complete = false,
        }
        known.fewest = known.fewest.min(row[background].parse().unwrap_or(1.0));
    }
    found
}

/// That templates without signal which can be told from background are warned of, and those that cannot are not.
fn closure_is_told(out: &Path, said: &Said) {
    let defaults =
        JobFile::from_text("defaults.toml", DEFAULTS.as_str()).check().expect("the defaults are a job");
    let threshold = defaults.closure.threshold;
    let warnings = said.out.lines().chain(said.error.lines());
    let warnings: Vec<&str> = warnings.filter(|line| line.starts_with("warning: closure fails")).collect();
    for (kind, found) in closures(out) {
        if found.values.is_empty() || !found.is_complete {
            continue;
        }
        let named = [":", " at "].map(|next| format!(" by {kind}{next}"));
        let is_told = warnings.iter().any(|line| named.iter().any(|words| line.contains(words)));
        let (mean, error) = (found.mean(), found.error());
        let told = format!("{kind} closes at {mean:.3} ± {error:.3}\n{}\n{}", said.out, said.error);
        assert!(is_told || mean - 2.0 * error <= threshold, "no warning: {told}");
        assert!(!is_told || mean > threshold, "a warning without a cause: {told}");
    }
}

fn try_table(table: &Table) {
    let place = directory();
    let (folder, logs) = (place.path().join("work"), place.path().join("logs"));
    for path in FOREIGN.map(|name| folder.join(name)).iter().chain([&logs.join("x")]) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        fs::write(path, format!("of somebody else: {}", path.display())).expect("room");
    }
    let events = table.write(&folder);
    fs::write(folder.join("t.toml"), table.job(&events)).expect("room");
    let out = folder.join("scan");
    let before = contents(&folder, &out);

    let described = ends(drapes().args(["data", "describe", &events]), &folder, &logs);
    described.check(&[0, 2]);
    let run = ends(drapes().args(["run", "t.toml", "--out", "scan", "--device", "cpu"]), &folder, &logs);
    run.check(&[0, 2, 3, 4, 75]);
    if out.join("tasks").exists() {
        for record in files(&out.join("tasks"), "json") {
            let text = fs::read_to_string(&record).expect("a record");
            assert!(!text.contains("the task panicked"), "{}: {text}", record.display());
        }
    }
    if run.code == 0 {
        closure_is_told(&out, &run);
    }
    assert!(contents(&folder, &out) == before, "a file of somebody else was touched");
}

#[test]
fn any_table_is_used_or_refused() {
    let more = std::env::var("DRAPES_TABLES").ok().and_then(|count| count.parse().ok());
    let settings = ProptestConfig {
        cases: more.unwrap_or(TABLES),
        // Each attempt to make a failing table smaller runs the program twice.
        max_shrink_iters: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(settings, |(table in table())| try_table(&table));
}

#[test]
fn a_usual_table_comes_through() {
    let table = tables::usual();
    let place = directory();
    let events = table.write(place.path());
    fs::write(place.path().join("t.toml"), table.job(&events)).expect("room");
    let command = &mut drapes();
    let command = command.args(["run", "t.toml", "--out", "scan", "--device", "cpu"]);
    let logs = directory();
    let said = ends(command, place.path(), logs.path());
    assert_eq!(said.code, 0, "{}", said.error);
    assert!(place.path().join("scan/results.csv").exists());
}
