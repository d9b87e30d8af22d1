//! A job whose masses are not in GeV: what people read has its unit, on every axis and in every table.

mod records;

use std::fs;
use std::path::Path;

use clap::Parser;
use drapes_analysis::cli::Verb;
use drapes_analysis::error::Exit;
use drapes_analysis::job::JobFile;
use drapes_analysis::plan::Plan;
use drapes_analysis::plan::fingerprint::fingerprints;
use records::finished_job;

const JOB: &str = "
schema = 1
name = 'charm'
[data]
events = 'd0.csv'
layout = 'table'
resonant = 'mass'
features = ['pt', 'x']
[regions]
signal_region_gev = [1845, 1885]
side_bands_gev = [1815, 1915]
[classifier]
folds = 3
seeds = '0-1'
[figures]
injections = [3000]
[[scan]]
method = 'noise'
n_signal = [0, 3000]
[[scan]]
method = 'noise'
n_signal = [3000]
side_bands_gev = [[1820, 1910], [1830, 1900]]
";

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

fn run(verb: &str, directory: &Path, more: &[&str]) {
    let words = ["drapes", verb, directory.to_str().expect("text")];
    let arguments = Arguments::parse_from(words.iter().chain(more));
    assert_eq!(arguments.verb.run().expect(verb), Exit::Done, "{verb}");
}

fn with_unit() -> String {
    JOB.replace("layout =", "unit = 'MeV'\nlayout =")
}

#[test]
fn axes_tables_and_the_page_have_the_unit_of_the_job() {
    let folder = tempfile::tempdir().expect("a folder");
    let read = |directory: &str, name: &str| {
        fs::read_to_string(folder.path().join(directory).join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    for (directory, job, unit, other) in
        [("mev", with_unit(), "MeV", "GeV"), ("gev", JOB.to_owned(), "GeV", "MeV")]
    {
        let path = folder.path().join(directory);
        fs::create_dir(&path).expect("a folder");
        finished_job(&path, &job);
        run("reduce", &path, &[]);
        run("plot", &path, &[]);
        run("report", &path, &[]);
        let spectrum = read(directory, "figures/mass_spectrum.csv");
        assert!(spectrum.contains(&format!("mass [{unit}]")), "{spectrum}");
        for figure in ["figures/mass_spectrum.svg", "figures/fig12.svg"] {
            let picture = read(directory, figure);
            assert!(picture.contains(unit) && !picture.contains(other), "{figure} in {directory}");
        }
        let page = read(directory, "report.html");
        assert!(page.contains(&format!("1845-1885 {unit} in <code>mass</code>")), "{directory}");
        assert!(page.contains(&format!("side-bands 1820–1910 {unit}")), "{directory}");
        assert!(!page.contains(&format!(" {other}")), "{directory}");
        let out = folder.path().join(format!("{directory}-hepdata"));
        run("export", &path, &["--hepdata", out.to_str().expect("text")]);
        let submission = fs::read_to_string(out.join("submission.yaml")).expect("a submission");
        assert!(
            submission.contains(&format!("signal region 1845-1885 {unit}, side-bands 1815-1915 {unit}")),
            "{submission}"
        );
    }
}

#[test]
fn the_unit_changes_no_result() {
    let of = |text: String| {
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        assert_eq!(serde_json::to_string(&job).expect("JSON").contains("unit"), !job.unit.is_usual());
        fingerprints(&job, &[], &Plan::of(&job))
    };
    assert_eq!(of(JOB.to_owned()), of(with_unit()));
    assert_eq!(of(JOB.to_owned()), of(with_unit().replace("MeV", "GeV")));
    let refused = |unit: &str| {
        let text = with_unit().replace("'MeV'", unit);
        JobFile::from_text("job.toml", text).check().expect_err(unit).to_string()
    };
    for unit in ["''", "3", "'a [b]'", "'megaelectronvolts'"] {
        let message = refused(unit);
        assert!(
            message.contains("data.unit") && message.contains("write a unit of mass in quotes"),
            "{message}"
        );
    }
}
