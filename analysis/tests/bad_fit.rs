//! How good the dijet fit is stands on its figure; a bad one is warned of in the closing table and on the page.

mod records;

use std::fs;

use drapes_analysis::figures::Figure;
use drapes_analysis::figures::reduce;
use drapes_analysis::report::{self, Moment};
use drapes_analysis::store::Store;
use drapes_analysis::store::record::{Outcome, TaskRecord, TaskResult};
use drapes_analysis::store::results::Results;
use records::finished;

/// Gives all dijet fits of a scan this χ².
fn with_chi_squared(store: &Store, chi_squared: f64) {
    for entry in fs::read_dir(store.directory().join("tasks/fit")).expect("fits") {
        let path = entry.expect("an entry").path();
        let mut record: TaskRecord =
            serde_json::from_slice(&fs::read(path).expect("a record")).expect("a whole record");
        let Outcome::Done(result) = &mut record.outcome else { panic!("a result") };
        let TaskResult::Fit(fit) = result.as_mut() else { panic!("a fit") };
        fit.chi_squared = chi_squared;
        store.write_record(&record).expect("room");
    }
}

/// The closing table, the figure of the spectrum and the page of a scan.
fn shown(store: &Store) -> [String; 3] {
    let results = Results::read(store).expect("results");
    reduce::reduce(store, &results).expect("room");
    Figure::MassSpectrum.draw(store).expect("a picture");
    let (_, page, _) = report::write(store, Moment::AtWork, None).expect("a page");
    let read = |path| fs::read_to_string(path).expect("a file");
    [reduce::summary(&results), read(store.directory().join("figures/mass_spectrum.svg")), read(page)]
}

#[test]
fn a_bad_fit_is_told_wherever_its_masses_are_used() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished(directory.path());
    // χ² = 4.5 with three degrees of freedom.
    let [table, figure, page] = shown(&store);
    assert!(figure.contains("p = 0.21") && !figure.contains("p = 7.5e-8"), "no p-value on the figure");
    assert!(table.contains("χ²/ndf = 4.5/3, p = 0.21"), "{table}");
    let warning = "does not describe its side-bands (p = 7.5e-8";
    assert!(!table.contains(warning) && !page.contains(warning), "a good fit: {table}");

    with_chi_squared(&store, 36.0);
    let [table, figure, page] = shown(&store);
    assert!(figure.contains("p = 7.5e-8"), "no p-value on the figure");
    let line = table.lines().find(|line| line.contains(warning)).unwrap_or_else(|| panic!("{table}"));
    assert!(
        line.starts_with("warning: the dijet fit of ") && line.contains("narrow side_bands_gev"),
        "{line}"
    );
    assert!(page.contains(warning), "no notice on the page");
}
