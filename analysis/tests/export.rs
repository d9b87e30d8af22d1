//! What `export` writes is what HEPData and UHI accept, and the directory that it reads stays as it is.

#[path = "../../tests/support/python.rs"]
mod python;
mod records;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use drapes_analysis::cli::Verb;
use drapes_analysis::error::{Error, Exit};
use drapes_analysis::figures::table::FigureTable;
use drapes_analysis::figures::{figure_stamp, reduce};
use drapes_analysis::store::Store;
use drapes_analysis::store::results::Results;
use records::finished;
use serde_json::Value;

/// Every file below a folder with its bytes.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(bytes(&path));
        } else {
            let content = fs::read(&path).expect("a file");
            found.insert(path, content);
        }
    }
    found
}

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

/// `export` of a directory.
fn export(directory: &Path, form: &str, out: &Path) -> Result<Exit, Error> {
    let words = ["drapes", "export"].map(Into::into);
    let rest = [directory.as_os_str().to_owned(), form.into(), out.as_os_str().to_owned()];
    Arguments::parse_from(words.into_iter().chain(rest)).verb.run()
}

/// A finished scan with its tables.
fn drawn(directory: &Path) -> Store {
    let store = finished(directory);
    reduce::reduce(&store, &Results::read(&store).expect("results")).expect("a reduction");
    store.write("figures/fig05.png", b"a picture").expect("room");
    store
}

/// Runs a Python program; false, with the reason, where there is no Python with these packages.
fn runs(program: &str, argument: &Path) -> bool {
    match python::python(Path::new(env!("CARGO_TARGET_TMPDIR"))) {
        Ok(python) => {
            let result = python::run(Command::new(python).args(["-c", program]).arg(argument));
            result.unwrap_or_else(|said| panic!("{said}"));
            true
        }
        Err(reason) => {
            eprintln!("skipped: {reason}");
            false
        }
    }
}

#[test]
fn hepdata_accepts_the_submission() {
    let place = tempfile::tempdir().expect("a directory");
    let store = drawn(&place.path().join("scan"));
    let (before, out) = (bytes(store.directory()), place.path().join("new/submission"));
    export(store.directory(), "--hepdata", &out).expect("a submission");
    assert!(bytes(store.directory()) == before, "the scan has changed");
    let tables = fs::read_dir(store.directory().join("figures")).expect("figures").count() - 1;
    let files = fs::read_dir(&out).expect("files").count();
    // A file a table, submission.yaml, the windows of the search, and the one picture.
    assert_eq!(files, tables + 3);
    let program = "
import sys, yaml
from hepdata_validator.full_submission_validator import FullSubmissionValidator
validator = FullSubmissionValidator(schema_version='1.1.1')
ok = validator.validate(directory=sys.argv[1])
validator.print_errors(sys.argv[1] + '/submission.yaml')
assert ok, validator.get_messages()
table = yaml.safe_load(open(sys.argv[1] + '/fig05.yaml'))
for column in table['independent_variables'] + table['dependent_variables']:
    for cell in column['values']:
        for error in cell.get('errors', []):
            assert all(isinstance(side, float) for side in error['asymerror'].values()), error
        assert isinstance(cell['value'], (int, float)) or cell['value'] == '-' or column['header']['name'] == 'panel', cell
names = [doc.get('name') for doc in yaml.safe_load_all(open(sys.argv[1] + '/submission.yaml'))]
assert 'fig05' in names and 'corner' in names and 'search_spectra' in names and 'search_windows' in names, names
";
    runs(program, &out);
}

#[test]
fn a_submission_of_a_scan_with_tasks_left_says_so() {
    let place = tempfile::tempdir().expect("a directory");
    let store = drawn(&place.path().join("scan"));
    let comment = |out: &str| {
        let out = place.path().join(out);
        export(store.directory(), "--hepdata", &out).expect("a submission");
        fs::read_to_string(out.join("submission.yaml")).expect("a text")
    };
    assert!(!comment("whole").contains("not finished"));
    let of = store.directory().join("tasks/fit");
    let record = fs::read_dir(&of).expect("a folder").next().expect("a record").expect("an entry").path();
    fs::remove_file(record).expect("a file");
    assert!(comment("part").contains(" has no result, and what needs them is not here"));
}

#[test]
fn every_value_of_a_table_is_in_the_submission() {
    let place = tempfile::tempdir().expect("a directory");
    let store = drawn(&place.path().join("scan"));
    let out = place.path().join("submission");
    export(store.directory(), "--hepdata", &out).expect("a submission");
    for name in ["fig05", "corner", "mass_spectrum", "fig12"] {
        let text = fs::read_to_string(out.join(format!("{name}.yaml"))).expect("a table");
        let data: Value = serde_json::from_str(&text).expect("JSON that is YAML");
        let columns = data["dependent_variables"].as_array().expect("columns");
        let values = columns.iter().filter(|column| {
            !column["header"]["name"].as_str().expect("a name").ends_with("events behind it")
        });
        let values = values.flat_map(|column| column["values"].as_array().expect("cells"));
        let mut found: Vec<f64> = values.filter_map(|cell| cell["value"].as_f64()).collect();
        let table =
            FigureTable::read(&store.directory().join(format!("figures/{name}.csv"))).expect("a table");
        let mut expected: Vec<f64> = table.rows.iter().map(|row| row.mean).collect();
        found.sort_by(f64::total_cmp);
        expected.sort_by(f64::total_cmp);
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn uhi_accepts_the_histograms() {
    let place = tempfile::tempdir().expect("a directory");
    let store = drawn(&place.path().join("scan"));
    let (before, out) = (bytes(store.directory()), place.path().join("histograms.json"));
    export(store.directory(), "--uhi", &out).expect("histograms");
    assert!(bytes(store.directory()) == before, "the scan has changed");
    let found: Value = serde_json::from_slice(&fs::read(&out).expect("a file")).expect("JSON");
    let found = found.as_object().expect("names");
    for ending in ["/m_jj/data", "/m_jj/fit", "/m_j1/background", "/m_j1/generated", "/share/generated"] {
        assert!(found.keys().any(|name| name.ends_with(ending)), "{ending}");
    }
    let spectrum = found.iter().find(|(name, _)| name.ends_with("/m_jj/data")).expect("a spectrum").1;
    assert_eq!(spectrum["axes"][0]["metadata"]["unit"], "GeV");
    let edges = spectrum["axes"][0]["edges"].as_array().expect("edges").len();
    assert_eq!(spectrum["storage"]["values"].as_array().expect("contents").len() + 1, edges);
    runs("import json, sys, uhi.schema; uhi.schema.validate(json.load(open(sys.argv[1])))", &out);
}

#[test]
fn edited_tables_are_refused_with_their_place() {
    let place = tempfile::tempdir().expect("a directory");
    let store = drawn(&place.path().join("scan"));
    let path = store.directory().join("figures/fig05.csv");
    let whole = fs::read_to_string(&path).expect("a table");
    let out = place.path().join("submission");
    let told = |text: &str| {
        fs::write(&path, text).expect("room");
        let error = export(store.directory(), "--hepdata", &out).expect_err("a refusal");
        assert_eq!(error.kind(), Exit::BadRequest);
        assert!(!out.exists());
        error.to_string()
    };
    let message = told(&format!("\u{feff}{whole}"));
    assert!(message.contains("fig05.csv (line 1: a byte order mark before the headings"), "{message}");
    assert!(message.contains("make the tables again with `drapes reduce "), "{message}");
    let message = told(&whole.replace(',', ";").replace('.', ","));
    assert!(
        message.contains("(line 1: semicolons between the cells, and with them decimal commas"),
        "{message}"
    );
    let message = told(&whole.replace('\n', "\r\n"));
    assert!(message.contains("(line 1: line ends of Windows"), "{message}");
    let third = whole.lines().nth(2).expect("a row");
    let mean = third.split(',').nth(4).expect("a mean");
    let message = told(&whole.replace(third, &third.replacen(mean, "\"1,5\"", 1)));
    assert!(message.contains("(line 3, column mean: \"1,5\" is no number)"), "{message}");
    let message = told(&whole.replace(third, &third.replacen(mean, "99.5", 1)));
    let expected = format!("(line 3, column mean: \"99.5\" where the records give \"{mean}\")");
    assert!(message.contains(&expected), "{message}");
    let message = told(&whole.replace(&format!("{third}\n"), ""));
    assert!(message.contains("(line 3"), "{message}");
    fs::write(&path, &whole).expect("room");
    export(store.directory(), "--hepdata", &out).expect("a submission");
}

#[test]
fn tables_that_came_without_records_must_be_as_they_are_written() {
    let place = tempfile::tempdir().expect("a directory");
    let store = drawn(&place.path().join("scan"));
    figure_stamp::draw(&store, &Results::read(&store).expect("results")).expect("room");
    fs::remove_dir_all(store.directory().join("tasks")).expect("records");
    let out = place.path().join("submission");
    export(store.directory(), "--hepdata", &out).expect("a submission");
    let path = store.directory().join("figures/fig05.csv");
    let text = fs::read_to_string(&path).expect("a table");
    let mean = text.lines().nth(1).and_then(|row| row.split(',').nth(4)).expect("a mean");
    fs::write(&path, text.replacen(mean, &format!("{mean}00"), 1)).expect("room");
    let error = export(store.directory(), "--hepdata", &place.path().join("other")).expect_err("a refusal");
    assert!(error.to_string().contains("where drapes writes"), "{error}");
    // Written as drapes writes it, with another number.
    let other = if mean.ends_with('5') { "6" } else { "5" };
    fs::write(&path, text.replacen(mean, &format!("{}{other}", &mean[..mean.len() - 1]), 1)).expect("room");
    let error = export(store.directory(), "--hepdata", &place.path().join("other")).expect_err("a refusal");
    assert!(error.to_string().contains("not what was written when it was drawn"), "{error}");
    let error = export(store.directory(), "--uhi", &place.path().join("a.json")).expect_err("a refusal");
    assert!(error.to_string().contains("has nothing to export (no record"), "{error}");
}

#[test]
fn directories_that_hold_nothing_to_export_are_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let (out, empty) = (place.path().join("out"), place.path().join("empty"));
    fs::create_dir(&empty).expect("room");
    for form in ["--hepdata", "--uhi"] {
        let error = export(&empty, form, &out).expect_err("a refusal").to_string();
        assert!(error.contains("holds no results of drapes"), "{error}");
        assert!(fs::read_dir(&empty).expect("a folder").count() == 0 && !out.exists());
    }
    assert!(Arguments::try_parse_from(["drapes", "export", "scan"]).is_err(), "no form is asked for");
    let store = drawn(&place.path().join("scan"));
    // What is there already stays.
    fs::write(&out, "mine").expect("room");
    for form in ["--hepdata", "--uhi"] {
        let error = export(store.directory(), form, &out).expect_err("a refusal").to_string();
        assert!(error.contains("is there already (an export replaces nothing)"), "{error}");
    }
    assert_eq!(fs::read_to_string(&out).expect("a file"), "mine");
    // A damaged record is named.
    let record = bytes(&store.directory().join("tasks/fit")).into_keys().next().expect("a record");
    let whole = fs::read_to_string(&record).expect("a record");
    fs::write(&record, whole.replacen("\"n_events\":", "\"n_events\":1", 1)).expect("room");
    for (form, new) in [("--hepdata", "new"), ("--uhi", "new.json")] {
        let error =
            export(store.directory(), form, &place.path().join(new)).expect_err("a refusal").to_string();
        assert!(error.contains("cannot understand"), "{error}");
        assert!(!place.path().join(new).exists());
    }
    fs::write(&record, whole).expect("room");
    // Nothing was drawn yet.
    fs::remove_dir_all(store.directory().join("figures")).expect("tables");
    let error = export(store.directory(), "--hepdata", &place.path().join("new")).expect_err("a refusal");
    assert!(error.to_string().contains("there is no table in figures/) finish the scan"), "{error}");
}

#[test]
fn pyhf_has_the_limits_and_p_values_of_search_csv() {
    let place = tempfile::tempdir().expect("a directory");
    let store = drawn(&place.path().join("scan"));
    let (before, out) = (bytes(store.directory()), place.path().join("workspaces"));
    export(store.directory(), "--pyhf", &out).expect("workspaces");
    assert!(bytes(store.directory()) == before, "the scan has changed");
    // Two windows, before a cut by the fit alone, and behind two by both estimates, of which the template's limits have another
    // background than its Z. Fits of the second, in whose side-bands the signal lies, do not describe them: of it there is what the
    // template says of Z.
    assert_eq!(fs::read_dir(&out).expect("files").count(), (1 + 2 * 3) + 2);
    fs::copy(store.directory().join("search.csv"), out.join("search.csv")).expect("room");
    // Asymptotic limits and p-values are the same functions of the same likelihood: what is left is the precision of its minimum
    // (1e-4 of a limit, 1e-3 of Z).
    let program = "
import csv, json, os, sys, pyhf
from scipy.stats import norm
from pyhf.infer.intervals.upper_limits import toms748_scan
rows = list(csv.DictReader(open(sys.argv[1] + '/search.csv')))
checked, limited = 0, 0
for row in rows:
    window = '%g-%g' % (float(row['window_low_gev']), float(row['window_high_gev']))
    for estimate, prefix in (('template', ''), ('side-bands', 'fit_')):
        if not row[prefix + 'z']:
            continue
        name = '%s_%g_%s.json' % (window, float(row['efficiency']), estimate)
        if estimate == 'side-bands' and 'does not describe' in row['note']:
            assert not row['fit_limit'] and not os.path.exists(sys.argv[1] + '/' + name), name
            continue
        workspace = pyhf.Workspace(json.load(open(sys.argv[1] + '/' + name)))
        model = workspace.model()
        data = workspace.data(model)
        assert data[0] == float(row['n']), name
        z = float(row[prefix + 'z'])
        if 0.1 < z < 8:
            p = float(pyhf.infer.hypotest(0.0, data, model, test_stat='q0'))
            assert abs(norm.isf(p) - z) < 1e-3, (name, p, z)
        checked += 1
        if not row[prefix + 'limit']:
            assert 'no limit over the template' in row['note'], name
            continue
        limits = workspace
        if estimate == 'template':
            limits = pyhf.Workspace(json.load(open(sys.argv[1] + '/' + name.replace('.json', '-limits.json'))))
        of_limits = limits.model()
        ours = [float(row[prefix + name]) for name in ('limit', 'limit_expected')]
        observed, expected = toms748_scan(limits.data(of_limits), of_limits, 0.1 * min(ours), 3 * max(ours), level=0.05, rtol=1e-6)
        for found, wanted in ((observed, row[prefix + 'limit']), (expected[2], row[prefix + 'limit_expected'])):
            assert abs(found / float(wanted) - 1) < 1e-4, (name, found, wanted)
        limited += 1
assert (checked, limited) == (7, 5), (checked, limited)
";
    runs(program, &out);
}

#[test]
fn what_a_blind_search_hides_is_not_exported_and_a_scan_has_no_windows() {
    let place = tempfile::tempdir().expect("a directory");
    let job = |search: &str| {
        format!(
            "schema = 1\nname = 'small'\n[data]\nevents = 'a.h5'\nlayout = 'table'\n[classifier]\nfolds = 3\nseeds = '0'\n{search}\n\
             [[scan]]\nmethod = 'noise'\nn_signal = [1000]\n"
        )
    };
    let (blind, none) = (place.path().join("blind"), place.path().join("none"));
    let search =
        "[search]\nwindows_gev = [[3300, 3700], [3500, 3900]]\nefficiencies = [0.1, 0.01]\ninjected = 1000";
    let store = records::finished_job(&blind, &job(search));
    records::finished_job(&none, &job(""));
    let out = place.path().join("out");
    let events = |directory: &Path, window: &str, efficiency: &str| {
        let words = ["drapes", "export"].map(std::ffi::OsString::from);
        let rest = ["--events", window, "--efficiency", efficiency, "--out"].map(Into::into);
        let all = words.into_iter().chain([directory.as_os_str().to_owned()]).chain(rest);
        let error = Arguments::parse_from(all.chain([out.as_os_str().to_owned()])).verb.run();
        let error = error.expect_err("a refusal");
        assert_eq!(error.kind(), Exit::BadRequest);
        error.to_string()
    };
    for message in
        [export(&blind, "--pyhf", &out).expect_err("a refusal").to_string(), events(&blind, "3500", "0.01")]
    {
        let expected = format!("`drapes unblind {}`", blind.display());
        assert!(message.contains("is blind (") && message.ends_with(&expected), "{message}");
    }
    for message in
        [export(&none, "--pyhf", &out).expect_err("a refusal").to_string(), events(&none, "3500", "0.01")]
    {
        assert!(message.contains("holds no search (its job has no [search] with windows)"), "{message}");
    }
    store.unblind(&store.job().expect("a job").job).expect("room");
    let message = events(&blind, "3400", "0.01");
    assert!(
        message.contains("--events 3400 names no window")
            && message.contains("name one of 3300-3700, 3500-3900"),
        "{message}"
    );
    let message = events(&blind, "3700", "0.001");
    assert!(
        message.contains("--efficiency 0.001 is no cut") && message.contains("name one of 0.1, 0.01"),
        "{message}"
    );
    let message = events(&blind, "3300-3700", "0.01");
    assert!(message.contains("cannot be read here (they lie in HDF5 files"), "{message}");
    let record = blind.join("tasks/classify");
    for path in bytes(&record).into_keys().filter(|path| path.display().to_string().contains("window")) {
        fs::remove_file(path).expect("a record");
    }
    let message = events(&blind, "3300-3700", "0.01");
    assert!(
        message.contains("window 3300-3700 has no result yet (its task is still to be done)"),
        "{message}"
    );
    assert!(!out.exists());
    let message = export(&blind, "--pyhf", &out).expect_err("a refusal").to_string();
    assert!(message.contains("no window of its search has a background yet"), "{message}");
}
