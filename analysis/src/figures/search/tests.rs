mod calibrated;

use std::collections::HashMap;

use super::csv::csv;
use super::numbers::{Estimate, Excess, of_all};
use super::p_values;
use super::told::told;
use crate::job::{Job, JobFile};
use crate::plan::work::search_window::fine_edges;
use crate::plan::work::{CutOutcome, Passed, SearchedWindow, WindowCut};
use crate::statistics::closure::Measured;
use crate::statistics::search::background::{Normalisation, TemplateCut, expected_background};
use crate::statistics::search::counting::CountLikelihood;
use crate::statistics::search::limits::{QUOTED_LEVEL, upper_limits};
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::small_counts::exact_p;
use crate::store::unblinding::{Blinding, Unblinding};
use crate::store::{Results, TaskResult};

/// Counts of a falling spectrum of the job's outer edges, with so many events more in the window.
fn spectrum(job: &Job, scale: f64, excess: u32) -> (Vec<f64>, Vec<u32>, u32) {
    let edges = fine_edges(&job.regions);
    let integral = |m: f64| -400.0 * (-(m - 2800.0) / 400.0).exp();
    let mut counts: Vec<u32> = edges
        .windows(2)
        .map(|pair| (scale * (integral(pair[1]) - integral(pair[0]))).round() as u32)
        .collect();
    let signal = job.regions.signal;
    let inside = |bin: usize| signal.contains(f64::midpoint(edges[bin], edges[bin + 1]));
    let middle = (0..counts.len()).filter(|bin| inside(*bin)).nth(5).expect("ten bins");
    counts[middle] += excess;
    let data = (0..counts.len()).filter(|bin| inside(*bin)).map(|bin| counts[bin]).sum();
    (edges, counts, data)
}

/// A search of one window with an excess at 0.01, and a cut that too few pass.
fn results(search: &str) -> Results {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.csv'\nlayout = 'table'\n[search]\nwindows_gev = [[3300, 3700]]\n\
         efficiencies = [0.01, 0.0001]\n{search}\n"
    );
    let job = JobFile::from_text("job.toml", text).check().expect("a good job");
    let (edges, before, n_data) = spectrum(&job, 60.0, 60);
    let (_, after, data) = spectrum(&job, 0.6, 60);
    let passed = Passed {
        thresholds: vec![Some(1.5); 5],
        template: 400,
        independent: 400.0,
        data: data as usize,
        signal: Some(58),
        spectrum: after,
    };
    let cut = |efficiency, outcome| WindowCut { efficiency, outcome };
    let window = SearchedWindow {
        point: job.points[0],
        n_data: n_data as usize,
        n_signal: Some(60),
        n_template: 40_000,
        cuts: vec![cut(0.01, CutOutcome::Passed(passed)), cut(0.0001, CutOutcome::FewPass)],
        edges,
        spectrum: before,
    };
    Results {
        unblinding: None,
        points: vec![],
        others: vec![TaskResult::Window(window)],
        job,
        missing: vec![],
        torn: vec![],
        digest: String::new(),
    }
}

fn unblinded(results: Results) -> Results {
    let unblinding =
        Unblinding { by: "me".to_owned(), host: "here".to_owned(), at: "2026-01-02T03:04:05Z".to_owned() };
    Results { unblinding: Some(unblinding), ..results }
}

/// The rows of search.csv by their headings.
fn rows(results: &Results) -> Vec<HashMap<String, String>> {
    let table = csv(results).expect("a table");
    let mut reader = ::csv::Reader::from_reader(&table[..]);
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

fn near(cell: &str, expected: f64) {
    let found: f64 = cell.parse().unwrap_or_else(|_| panic!("{cell} is no number"));
    assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{found} is not {expected}");
}

#[test]
fn search_csv_has_the_numbers_of_the_statistics() {
    let results = results("blind = false");
    let rows = rows(&results);
    assert_eq!(rows.len(), 3, "before a cut and behind two");
    let row = &rows[1];
    let TaskResult::Window(window) = &results.others[0] else { panic!("a window") };
    let passed = window.cuts[0].outcome.passed().expect("it passes");
    let background = expected_background(
        &TemplateCut::of_independent(40_000.0, 400.0),
        Normalisation::Counted(window.n_data as f64),
        Measured { value: 0.0, error: 0.0 },
    )
    .expect("events");
    let likelihood = CountLikelihood { count: passed.data as f64, background, efficiency_error: 0.0 };
    assert_eq!((row["n"].parse(), row["n_window"].parse()), (Ok(passed.data), Ok(window.n_data)));
    near(&row["background"], 0.01 * window.n_data as f64);
    near(&row["background_error"], background.error);
    near(&row["z"], likelihood.z());
    near(&row["p"], PValue::of_z(likelihood.z()).value());
    near(&row["p_exact"], exact_p(passed.data as u64, background).value());
    let limits = upper_limits(&likelihood, QUOTED_LEVEL, 20.0).expect("limits");
    near(&row["limit"], limits.observed);
    near(&row["limit_expected"], limits.expected[2]);
    near(&row["purity"], 58.0 / passed.data as f64);
    // The spectrum is an exponential: side-bands behind the cut say what lies in the window without the excess.
    let fitted: f64 = row["fit_background"].parse().expect("a fit");
    let truth = passed.data as f64 - 60.0;
    assert!((fitted / truth - 1.0).abs() < 0.1 && row["fit_function"].len() > 3, "{row:?}");
    let error = row["fit_background_error"].parse().expect("an error");
    let of_fit = CountLikelihood {
        background: crate::statistics::search::background::Background { expected: fitted, error },
        ..likelihood
    };
    let z: f64 = row["fit_z"].parse().expect("a number");
    assert!((z - of_fit.z()).abs() < 1e-4 && z > 3.0, "{z}");
}

#[test]
fn before_a_cut_there_is_the_fit_alone_and_too_few_events_give_no_number() {
    let results = results("blind = false");
    let rows = rows(&results);
    assert_eq!((rows[0]["efficiency"].parse(), rows[0]["z"].as_str()), (Ok(1.0), ""));
    assert_eq!(rows[0]["note"], "");
    let z: f64 = rows[0]["fit_z"].parse().expect("a number");
    assert!(z > 0.0 && z < 3.0, "sixty events in thousands: {z}");
    for empty in ["n", "background", "z", "p", "p_exact", "limit", "fit_z", "fit_background", "purity"] {
        assert_eq!(rows[2][empty], "", "{empty}");
    }
    assert!(rows[2]["note"].contains("fewer than ten template events would pass"), "{:?}", rows[2]);
    assert!(told(&results).contains("window 3300-3700, ε = 0.0001: fewer than ten"), "{}", told(&results));
}

#[test]
fn a_blind_search_tells_what_is_expected_and_nothing_of_what_is_found() {
    let blind = results("");
    assert_eq!(blind.blinding(), Blinding::Blind);
    let (hidden, open) = (rows(&blind), rows(&unblinded(results(""))));
    let withheld =
        ["z", "p", "p_exact", "limit", "limit_expected", "fit_z", "fit_p", "n", "n_signal", "purity"];
    for heading in withheld {
        assert_eq!(hidden[1][heading], "blind", "{heading}");
        assert_ne!(open[1][heading], "blind", "{heading}");
    }
    assert_eq!((hidden[0]["fit_z"].as_str(), hidden[0]["fit_p"].as_str()), ("blind", "blind"));
    for heading in ["n_window", "background", "background_error", "fit_background", "n_template_passing"] {
        assert_eq!(hidden[1][heading], open[1][heading], "{heading}");
    }
    let said = told(&blind);
    assert!(said.contains("the search is blind") && said.contains("expected at ε = 0.01"), "{said}");
    assert!(!said.contains("local p"), "{said}");
    assert_eq!(p_values::table("search", &blind).rows, []);
    let said = told(&unblinded(blind));
    assert!(said.contains("unblinded by me on here, 2026-01-02T03:04:05Z"), "{said}");
}

#[test]
fn the_closing_table_and_the_figure_have_the_smallest_p_value_of_each_window() {
    let results = results("blind = false\ninjected = 60");
    let all = of_all(&results);
    let quoted: Vec<f64> = [Estimate::Template, Estimate::SideBands]
        .into_iter()
        .flat_map(|estimate| all.iter().filter_map(move |cut| cut.excess(estimate)).map(Excess::quoted))
        .map(PValue::value)
        .collect();
    assert_eq!(quoted.len(), 3);
    let least = quoted.iter().copied().fold(1.0, f64::min);
    let said = told(&results);
    assert!(said.contains(&format!("{least:.1e}")) && said.contains("purity"), "{said}");
    let table = p_values::table("search", &results);
    let drawn: Vec<f64> =
        table.rows.iter().filter(|row| row.panel == "local p").map(|row| row.mean).collect();
    assert_eq!(drawn, quoted);
    assert!(table.rows.iter().all(|row| row.panel != "local p" || (row.x - 3500.0).abs() < 1e-9));
}
