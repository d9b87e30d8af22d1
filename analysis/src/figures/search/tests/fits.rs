//! The functions of mass spectra.

use super::super::fits_csv;
use super::*;
use crate::store::unblinding::CalibrationThen;

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
fn whatever_tables_depend_on_and_tasks_do_not_has_them_written_anew() {
    let digest = |search: &str| {
        let job = results(search).job;
        crate::store::results::digest(&job, &crate::plan::Plan::of(&job), &[], None, (&[], &[]))
    };
    let sensed = "injected = 5\nsensitivity = [1]";
    let before = digest(sensed);
    for changed in [
        "fit_functions = 'bernstein'",
        "peak = 'gaussian'",
        "blind = false",
        "luminosity_ifb = 3\nacceptance = 0.5",
    ] {
        let after = format!("{sensed}\n{changed}");
        assert_eq!(
            results(&after).job.physics(),
            results(sensed).job.physics(),
            "{changed}: no task is other"
        );
        assert_ne!(digest(&after), before, "{changed}");
    }
    assert_eq!(digest(sensed), before);
}

#[test]
fn a_record_of_hepdata_names_what_each_panel_shows() {
    let table = spectra::table("search_spectra", &results("blind = false"));
    let text = crate::export::hepdata::description(crate::figures::Figure::SearchSpectra, &table);
    for panel in table.panels() {
        let quantity = if panel.starts_with("pull ") { "pull" } else { "events / 40 GeV" };
        assert!(text.contains(&format!("Panel {panel}: {quantity} against ")), "{panel} in {text}");
    }
}

#[test]
fn estimates_that_contradict_each_other_are_told() {
    let note = |template: usize| {
        let mut results = results("");
        let TaskResult::Window(window) = &mut results.others[0] else { panic!("a window") };
        let CutOutcome::Passed(passed) = &mut window.cuts[0].outcome else { panic!("a cut") };
        (passed.template, passed.independent) = (template, template as f64);
        rows(&results)[1]["note"].clone()
    };
    // The fit expects about as much as the template: 400 of 40,000 pass.
    assert!(!note(400).contains("events behind this cut"), "{}", note(400));
    let told = note(60);
    assert!(
        told.contains("the fit of the side-bands expects ")
            && told.contains("events behind this cut and the template 7 "),
        "{told}"
    );
}

#[test]
fn a_p_value_that_no_double_holds_is_written_all_the_same() {
    let mut results = results("blind = false");
    let TaskResult::Window(window) = &mut results.others[0] else { panic!("a window") };
    let CutOutcome::Passed(passed) = &mut window.cuts[0].outcome else { panic!("a cut") };
    passed.data = 5000;
    let row = rows(&results)[1].clone();
    assert!(number(&row, "z") > 40.0, "{}", row["z"]);
    let (mantissa, exponent) = row["p"].split_once('e').expect("an exponent");
    let exponent: i32 = exponent.parse().expect("a whole number");
    let digits: f64 = mantissa.parse().expect("a number");
    assert!((1.0..10.0).contains(&digits) && exponent < -308, "{}", row["p"]);
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
        calibration: Some(CalibrationThen::Without),
    };
    let told = unblinding(&then).changed_since(&now, &[]).expect("a change");
    assert!(told.contains("fits of spectra by bernstein"), "{told}");
    assert_eq!(unblinding(&then).changed_since(&then, &[]), None);
    // An earlier program did not write them, and had the usual ones.
    let mut older = serde_json::to_value(unblinding(&then)).expect("JSON");
    older.as_object_mut().expect("an object").remove("fit_functions");
    let older: Unblinding = serde_json::from_value(older).expect("an earlier record");
    assert_eq!(older, unblinding(&then));
    assert!(older.changed_since(&now, &[]).is_some());
    // Pseudo-experiments widen errors, and with them p-values and limits.
    let calibrated = results("calibrate = 100").job;
    let told = unblinding(&then).changed_since(&calibrated, &[]).expect("a change");
    assert!(told.contains("other pseudo-experiments"), "{told}");
    let earlier = Unblinding { calibration: None, ..unblinding(&then) };
    assert_eq!(earlier.changed_since(&calibrated, &[]), None, "nobody knows");
}
