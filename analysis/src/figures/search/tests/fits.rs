//! The functions of mass spectra.

use super::super::fits_csv;
use super::*;

fn fit_rows(results: &Results) -> Vec<HashMap<String, String>> {
    let table = fits_csv::csv(results).expect("a table");
    ::csv::Reader::from_reader(&table[..]).deserialize().map(|row| row.expect("a row")).collect()
}

fn number(row: &HashMap<String, String>, key: &str) -> f64 {
    row[key].parse().unwrap_or_else(|_| panic!("{key} is {}", row[key]))
}

/// The window in a spectrum that rises in a line from nothing, which no exponential and no power of the mass describes.
fn rising(mut results: Results) -> Results {
    for other in &mut results.others {
        let TaskResult::Window(window) = other else { continue };
        let density = |m: f64| 0.2 * (m - 2800.0);
        for (pair, count) in window.edges.windows(2).zip(&mut window.spectrum) {
            *count = (density(f64::midpoint(pair[0], pair[1])) * (pair[1] - pair[0])).round() as u32;
        }
    }
    results
}

#[test]
fn parameters_and_their_covariance_give_the_function_that_was_fitted() {
    // Blind: all of it follows from the side-bands.
    let results = results("fit_functions = 'exponential'");
    let rows = fit_rows(&results);
    let before: Vec<_> = rows.iter().filter(|row| row["efficiency"] == "1").collect();
    assert_eq!(before.len(), 2, "a line in the exponent: {before:?}");
    assert_eq!(before[0]["function"], "exponential of a polynomial of degree 1");
    assert!(number(before[0], "quality_p") > 0.05 && number(before[0], "f_test_p") > 0.05);
    assert!(rows.iter().any(|row| row["efficiency"] == "0.01"));
    // The density is 60 exp(−(m − 2800)/400) a GeV, and y runs from −1 to 1 between 2800 and 6000 GeV.
    let [constant, slope] = [0, 1].map(|place| number(before[place], "value"));
    assert!((slope / -4.0 - 1.0).abs() < 0.01, "{slope}");
    assert!((constant - (60_f64.ln() - 4.0)).abs() < 0.02, "{constant}");
    let error = number(before[1], "error");
    near(&before[1]["covariance_2"], error * error);
    near(&before[0]["covariance_2"], number(before[1], "covariance_1"));
    assert_eq!(before[0]["covariance_3"], "");
}

#[test]
fn families_are_tried_in_the_order_of_the_job() {
    let function = |search: &str, of: fn(Results) -> Results| {
        let rows = rows(&of(results(search)));
        (rows[0]["fit_function"].clone(), rows[0]["fit_quality_p"].parse::<f64>().expect("a p-value"))
    };
    let as_it_is = |results: Results| results;
    assert!(function("", as_it_is).0.starts_with("dijet function"));
    assert!(function("fit_functions = ['exponential', 'dijet']", as_it_is).0.starts_with("exponential"));
    // What falls does not describe what rises, and says so; a Bernstein polynomial does where it is asked for, and only there.
    let (usual, bad) = function("", rising);
    assert!(!usual.starts_with("Bernstein") && bad < 0.05, "{usual}: {bad}");
    let (named, good) = function("fit_functions = ['dijet', 'exponential', 'bernstein']", rising);
    assert!(named.starts_with("Bernstein") && good >= 0.05, "{named}: {good}");
    let unneeded = function("fit_functions = ['dijet', 'exponential', 'bernstein']", as_it_is).0;
    assert!(unneeded.starts_with("dijet"), "{unneeded}");
}

#[test]
fn functions_that_are_named_after_unblinding_are_told() {
    let then = results("").job;
    let now = results("fit_functions = ['bernstein']").job;
    let unblinding = |job: &Job| Unblinding {
        by: "somebody".to_owned(),
        host: "here".to_owned(),
        at: "then".to_owned(),
        windows: job.searched_windows(),
        control_windows: vec![],
        efficiencies: vec![0.01, 0.0001],
        peak: None,
        fit_functions: job.search.as_ref().map(|search| search.fit_functions.clone()).unwrap_or_default(),
        control_searches: vec![],
    };
    let told = unblinding(&then).changed_since(&now, &[]).expect("a change");
    assert!(told.contains("fits of spectra by bernstein"), "{told}");
    assert_eq!(unblinding(&then).changed_since(&then, &[]), None);
    // An earlier program did not write them.
    let older = Unblinding { fit_functions: vec![], ..unblinding(&then) };
    assert_eq!(older.changed_since(&now, &[]), None);
}
