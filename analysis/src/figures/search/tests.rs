mod calibrated;
mod fits;
mod peak;
mod sensed;

use std::collections::HashMap;

use super::csv::csv;
use super::numbers::{Estimate, Excess, of_all};
use super::told::told;
use super::{delta, features, limits, p_values, spectra};
use crate::figures::FigureTable;
use crate::job::{Job, JobFile, ScanPoint};
use crate::plan::work::search_window::fine_edges;
use crate::plan::work::{
    CutOutcome, FeatureBehind, FeatureLook, Passed, PseudoCount, PseudoExperiment, PseudoWindow,
    SearchedWindow, WindowCut,
};
use crate::statistics::closure::Measured;
use crate::statistics::search::background::{Normalisation, TemplateCut, expected_background};
use crate::statistics::search::counting::CountLikelihood;
use crate::statistics::search::limits::{QUOTED_LEVEL, upper_limits};
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::small_counts::exact_p_behind_cut;
use crate::store::unblinding::{Blinding, Unblinding};
use crate::store::{Results, TaskResult};
use drapes_draw::Range;

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
        diverged: 0,
        point: job.points[0],
        n_data: n_data as usize,
        n_signal: Some(60),
        n_template: 40_000,
        cuts: vec![cut(0.01, CutOutcome::Passed(passed)), cut(0.0001, CutOutcome::FewPass)],
        edges,
        spectrum: before,
        looks: looks(),
    };
    let others = vec![TaskResult::Window(window)];
    Results { others, ..Results::of_points(job, vec![]) }
}

/// Five features; the fourth is the one by which data were selected, and the cut of the template moves the second most.
fn looks() -> Vec<FeatureLook> {
    let look = |feature: usize| {
        let moved = FeatureBehind {
            template: vec![300, 100],
            data: vec![30, 90],
            template_moved: if feature == 1 { 0.5 } else { 0.1 },
            data_moved: Some(if feature == 3 { 0.75 } else { 0.2 }),
        };
        FeatureLook {
            edges: vec![0.0, 1.0, 3.0],
            template: vec![30_000, 10_000],
            cuts: vec![Some(moved), None],
        }
    };
    (0..5).map(look).collect()
}

/// The same with a spike in a side-band, before the cut and behind it, which no function describes.
fn with_a_spike(mut results: Results) -> Results {
    for other in &mut results.others {
        let TaskResult::Window(window) = other else { continue };
        window.spectrum[4] += 5000;
        for cut in &mut window.cuts {
            if let CutOutcome::Passed(passed) = &mut cut.outcome {
                passed.spectrum[4] += 500;
            }
        }
    }
    results
}

#[test]
fn a_fit_that_does_not_describe_its_side_bands_counts_for_nothing() {
    let (good, bad) = (results("blind = false"), with_a_spike(results("blind = false")));
    let (before, after) = (rows(&good), rows(&bad));
    assert!(before[1]["fit_quality_p"].parse::<f64>().expect("a p-value") >= 0.05);
    assert!(!before[1]["fit_limit"].is_empty() && !before[1]["limit"].is_empty());
    assert!(!before[1]["note"].contains("describe"), "{}", before[1]["note"]);
    for row in &after[..2] {
        assert!(row["fit_quality_p"].parse::<f64>().expect("a p-value") < 0.05);
        assert!(!row["fit_background"].is_empty() && !row["fit_z"].is_empty());
        assert!(row["fit_limit"].is_empty() && row["fit_limit_expected"].is_empty());
        assert!(row["note"].contains("the fit does not describe its side-bands (p = "), "{}", row["note"]);
    }
    // The template takes the number of events in the window from the fit before the cut.
    assert!(after[1]["limit"].is_empty() && after[1]["note"].contains("no limit over the template"));
    assert_eq!(before[1]["z"], after[1]["z"]);
    let curves = |results: &Results| {
        let table = p_values::table("search", results);
        table.rows.iter().filter(|row| row.curve.starts_with("side-bands")).count()
    };
    assert_eq!((curves(&good), curves(&bad)), (2, 0));
    let said = told(&bad).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("of 2 fits of side-bands 2 failed or do not describe them (p < 0.05), and 0 have"),
        "{said}"
    );
    assert!(!told(&good).contains("fits of side-bands"));
    let with_peak = with_a_spike(results("blind = false\npeak = 'gaussian'\npeak_width_gev = 60"));
    let peaks = rows(&with_peak);
    assert!(!peaks[1]["peak_signal"].is_empty() && !peaks[1]["peak_width"].is_empty());
    assert!(peaks[1]["peak_p"].is_empty() && peaks[1]["peak_limit"].is_empty(), "{:?}", peaks[1]);
    // While the search is blind, what is expected is withheld from the same rows.
    assert!(rows(&with_a_spike(results("blind = true")))[1]["fit_limit_expected"].is_empty());
}

fn unblinded(results: Results) -> Results {
    let unblinding = Unblinding {
        by: "me".to_owned(),
        host: "here".to_owned(),
        at: "2026-01-02T03:04:05Z".to_owned(),
        windows: results.job.searched_windows(),
        control_windows: vec![],
        efficiencies: vec![0.01, 0.0001],
        peak: None,
        fit_functions: crate::job::FitFunctions::usual(),
        control_searches: vec![],
        calibration: None,
    };
    Results { unblinding: Some(unblinding), ..results }
}

/// A hundred pseudo-experiments in which N lies twice as far from b as counts say, above it or below.
fn twice_as_wide(point: ScanPoint) -> TaskResult {
    let experiment = |number: usize| {
        let data = if number.is_multiple_of(2) { 120 } else { 80 };
        PseudoExperiment { n_data: 10_000, cuts: vec![Some(PseudoCount { template: 40_000, data }), None] }
    };
    let experiments = (0..100).map(experiment).collect();
    TaskResult::Pseudo(PseudoWindow { point, first: 0, n_template: 4_000_000, experiments })
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
    near(&row["p_exact"], exact_p_behind_cut(passed.data as u64, background).value());
    // Limits are over the template's share of what the fit expects before the cut.
    let [value, error] =
        ["fit_background", "fit_background_error"].map(|key| rows[0][key].parse().expect("a fit"));
    let of_fit = expected_background(
        &TemplateCut::of_independent(40_000.0, 400.0),
        Normalisation::Fitted(Measured { value, error }),
        Measured { value: 0.0, error: 0.0 },
    );
    let of_limits = of_fit.expect("events");
    assert!(
        (row["limit_background"].parse::<f64>().expect("a number") / of_limits.expected - 1.0).abs() < 1e-6
    );
    let of_limits = CountLikelihood { background: of_limits, ..likelihood };
    let limits = upper_limits(&of_limits, QUOTED_LEVEL, 20.0).expect("limits");
    assert!((row["limit"].parse::<f64>().expect("a number") / limits.observed - 1.0).abs() < 1e-4);
    assert!(
        (row["limit_expected"].parse::<f64>().expect("a number") / limits.expected[2] - 1.0).abs() < 1e-4
    );
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
fn the_bias_of_a_fit_is_that_of_the_function_that_the_side_bands_chose() {
    // Counts of an exponential: a dijet function of as many parameters as are needed is not far from it.
    let bias_of = |results: &Results, row: usize| {
        let row = &rows(results)[row];
        ["fit_bias", "fit_bias_error", "fit_pull", "fit_pull_error"]
            .map(|key| row[key].parse::<f64>().expect("a number"))
    };
    let found = results("");
    let [events, error, pull, pull_error] = bias_of(&found, 1);
    assert!(error > 0.0 && (0.05..0.2).contains(&pull_error), "a hundred pulls of about 1: {pull_error}");
    let bits = |bias: [f64; 4]| bias.map(f64::to_bits);
    let again = bits(bias_of(&found, 1));
    assert_eq!(again, bits([events, error, pull, pull_error]), "the same whenever it is asked");
    assert_eq!(rows(&found)[2]["fit_bias"], "", "nothing passes");
    // The window takes no part.
    let mut more = results("");
    let TaskResult::Window(window) = &mut more.others[0] else { panic!("a window") };
    let middle = window.edges.partition_point(|edge| *edge < 3500.0);
    window.spectrum[middle] += 500;
    let CutOutcome::Passed(passed) = &mut window.cuts[0].outcome else { panic!("it passes") };
    passed.spectrum[middle] += 500;
    assert_eq!([0, 1].map(|row| bits(bias_of(&more, row))), [0, 1].map(|row| bits(bias_of(&found, row))));
    let row = &rows(&found)[1];
    assert!(
        !row["fit_bias_function"].is_empty() && row["fit_bias_function"] != row["fit_function"],
        "{row:?}"
    );
    // In ten thousand times as many events it is seen that no dijet function is quite an exponential, and noted.
    let mut many = results("");
    let (edges, counts, _) = spectrum(&many.job, 6e5, 0);
    let TaskResult::Window(window) = &mut many.others[0] else { panic!("a window") };
    (window.edges, window.spectrum) = (edges, counts);
    let row = rows(&many)[0].clone();
    assert!(row["fit_pull"].parse::<f64>().expect("a number").abs() > 0.5, "{row:?}");
    assert!(
        row["note"].contains("of the same side-bands, by ") && row["note"].contains("of its error"),
        "{row:?}"
    );
}

#[test]
fn a_blind_search_tells_what_is_expected_and_nothing_of_what_is_found() {
    let blind = results("");
    assert_eq!(blind.blinding(), Blinding::Blind);
    let (hidden, open) = (rows(&blind), rows(&unblinded(results(""))));
    let withheld = ["z", "p", "p_exact", "limit", "fit_limit", "fit_z", "fit_p", "n", "n_signal", "purity"];
    for heading in withheld {
        assert_eq!(hidden[1][heading], "blind", "{heading}");
        assert_ne!(open[1][heading], "blind", "{heading}");
    }
    assert_eq!((hidden[0]["fit_z"].as_str(), hidden[0]["fit_p"].as_str()), ("blind", "blind"));
    for heading in ["n_window", "background", "background_error", "fit_background", "n_template_passing"] {
        assert_eq!(hidden[1][heading], open[1][heading], "{heading}");
    }
    // What is expected is told, by b and its error: whatever the data behind the cut are.
    let mut fewer = results("");
    let TaskResult::Window(window) = &mut fewer.others[0] else { panic!("a window") };
    let CutOutcome::Passed(passed) = &mut window.cuts[0].outcome else { panic!("it passes") };
    passed.data -= 60;
    let (fewer, many) = (rows(&fewer), rows(&blind));
    for heading in ["limit_expected", "fit_limit_expected"] {
        assert_eq!(fewer[1][heading], many[1][heading], "{heading}");
    }
    // They are over the background that limits are over, in which a signal in the window is not.
    let expected: f64 = many[1]["limit_background"].parse().expect("a number");
    let error: f64 = many[1]["limit_background_error"].parse().expect("a number");
    let background = crate::statistics::search::background::Background { expected, error };
    let likelihood = CountLikelihood { count: expected, background, efficiency_error: 0.0 };
    let limits = upper_limits(&likelihood, QUOTED_LEVEL, expected.sqrt()).expect("limits");
    let found: f64 = many[1]["limit_expected"].parse().expect("a number");
    assert!((found / limits.expected[2] - 1.0).abs() < 1e-4, "{found} {limits:?}");
    let said = told(&blind);
    assert!(said.contains("the search is blind") && said.contains("expected at ε = 0.01"), "{said}");
    assert!(!said.contains("local p"), "{said}");
    assert_eq!(p_values::table("search", &blind).rows, []);
    let said = told(&unblinded(blind));
    assert!(said.contains("unblinded by me on here, 2026-01-02T03:04:05Z"), "{said}");
    assert!(!said.contains("added after"), "{said}");
}

#[test]
fn windows_and_cuts_that_were_added_with_the_data_in_sight_are_named() {
    let mut results = unblinded(results(""));
    let unblinding = results.unblinding.as_mut().expect("it is unblinded");
    unblinding.windows[0].low.0 = 3400.0;
    unblinding.efficiencies = vec![0.01];
    // The text is wrapped where a line ends.
    let said = told(&results).split_whitespace().collect::<Vec<_>>().join(" ");
    let added = "added after the search was unblinded: window 3300-3700, ε = 0.0001; p-values that rest on them are not";
    assert!(said.contains(added), "{said}");
    // A file of an earlier program says nothing of windows.
    let earlier = serde_json::from_str::<Unblinding>(r#"{"by": "me", "host": "here", "at": "then"}"#);
    results.unblinding = Some(earlier.expect("a file of an earlier program"));
    assert!(!told(&results).contains("added after"));
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

#[test]
fn spectra_have_the_data_the_fit_and_pulls_before_and_behind_each_cut() {
    let results = results("blind = false");
    let table = spectra::table("search_spectra", &results);
    let TaskResult::Window(window) = &results.others[0] else { panic!("a window") };
    let passed = window.cuts[0].outcome.passed().expect("it passes");
    assert_eq!(table.curves("3300-3700 at 0.0001"), Vec::<&str>::new(), "nothing is told of it");
    for (panel, counts) in [("3300-3700 at 1", &window.spectrum), ("3300-3700 at 0.01", &passed.spectrum)] {
        let data = table.curve(panel, "data");
        let events: usize = data.iter().map(|row| row.n).sum();
        assert_eq!(events, counts.iter().sum::<u32>() as usize, "no event is lost where bins are joined");
        assert_eq!(table.curve(panel, "fit").len(), counts.len());
        let edges = table.curve(&format!("pull {panel}"), "bin edges");
        assert_eq!(edges.len(), data.len() + 1);
        for edge in [3300.0, 3700.0] {
            assert!(edges.iter().any(|row| (row.x - edge).abs() < 1e-9), "a bin crosses {edge}");
        }
        // Counts are told in the bins of the window, 40 GeV wide, whatever bins were joined.
        let row = data.iter().find(|row| row.x > 3300.0).expect("a bin");
        let above = edges.iter().find(|edge| edge.x > row.x).expect("an edge").x;
        let width = 2.0 * (above - row.x);
        assert!((row.mean - row.n as f64 * 40.0 / width).abs() < 1e-9, "{row:?}");
        assert!(row.low < row.mean && row.mean < row.high, "{row:?}");
    }
    let pulls = table.curve("pull 3300-3700 at 0.01", "data");
    let largest = pulls.iter().max_by(|one, other| one.mean.total_cmp(&other.mean)).expect("pulls");
    assert!(
        (3300.0..3700.0).contains(&largest.x) && largest.mean > 5.0,
        "sixty events too many: {largest:?}"
    );
    let beside = pulls.iter().filter(|row| !(3300.0..3700.0).contains(&row.x));
    assert!(beside.clone().count() > 10 && beside.clone().all(|row| row.mean.abs() < 2.0), "{pulls:?}");
    // A fit that falls by thirty decades beyond the last events does not take the axis with it.
    let mut falling = table.clone();
    for row in &mut falling.rows {
        if row.curve == "fit" && row.x > 5000.0 {
            (row.mean, row.low) = (1e-30, 0.0);
        }
    }
    let data = table.curve("3300-3700 at 1", "data").into_iter().map(|row| row.mean);
    let lowest = data.filter(|mean| *mean > 0.0).fold(f64::INFINITY, f64::min);
    let Range::From(low) = spectra::picture(&falling).rows[0].panels[0].y.range else {
        panic!("a lower end")
    };
    assert!(low > 1e-3 * lowest && low < lowest, "{low} {lowest}");
}

#[test]
fn blind_figures_hold_nothing_of_data_behind_cuts() {
    let (blind, open) = (results(""), unblinded(results("")));
    let inside = |table: &FigureTable, panel: &str| {
        table.curve(panel, "data").iter().filter(|row| (3300.0..3700.0).contains(&row.x)).count()
    };
    let [hidden, shown] = [&blind, &open].map(|results| spectra::table("search_spectra", results));
    for panel in ["3300-3700 at 0.01", "pull 3300-3700 at 0.01", "pull 3300-3700 at 1"] {
        assert_eq!(inside(&hidden, panel), 0, "{panel}");
        assert!(inside(&shown, panel) > 0, "{panel}");
    }
    assert!(inside(&hidden, "3300-3700 at 1") > 0, "the mass is no secret");
    assert!(!hidden.curve("3300-3700 at 0.01", "data").is_empty(), "side-bands are shown");
    assert_eq!(hidden.curve("3300-3700 at 0.01", "fit"), shown.curve("3300-3700 at 0.01", "fit"));

    let [hidden, shown] = [&blind, &open].map(|results| limits::table("search_limits", results));
    assert!(hidden.rows.iter().all(|row| row.curve != "observed"));
    assert_eq!(shown.curve("template at 0.01", "observed").len(), 1);
    // The events that were found change nothing of what is expected before anybody has looked.
    let mut fewer = results("");
    let TaskResult::Window(window) = &mut fewer.others[0] else { panic!("a window") };
    let CutOutcome::Passed(passed) = &mut window.cuts[0].outcome else { panic!("it passes") };
    passed.data -= 50;
    assert_eq!(limits::table("search_limits", &fewer), hidden);
    assert_ne!(limits::table("search_limits", &unblinded(fewer)), shown);

    let table = features::table("search_features", &blind);
    assert!(table.rows.iter().all(|row| row.curve != "data"));
    assert_eq!(
        table.panels()[0],
        blind.job.data.features[1],
        "in the order of what the cut does to the template"
    );
    let selection = table.rows.iter().find(|row| row.panel == "selection").expect("what is shown");
    assert!((selection.mean, selection.x) == (0.0, 400.0), "{selection:?}");
}

#[test]
fn limits_are_those_of_search_csv() {
    let results = results("blind = false");
    let (row, table) = (&rows(&results)[1], limits::table("search_limits", &results));
    for (panel, prefix) in [("template at 0.01", ""), ("side-bands at 0.01", "fit_")] {
        near(&row[&format!("{prefix}limit")], table.curve(panel, "observed")[0].mean);
        let expected = table.curve(panel, "expected")[0];
        near(&row[&format!("{prefix}limit_expected")], expected.mean);
        let wide = table.curve(panel, "expected, 2σ")[0];
        let ends = [wide.low, expected.low, expected.mean, expected.high, wide.high];
        assert!(ends.is_sorted_by(|one, next| one < next), "{ends:?}");
    }
}

#[test]
fn features_that_tell_the_selected_data_come_first() {
    let results = results("blind = false");
    let table = features::table("search_features", &results);
    assert_eq!(table.panels()[0], results.job.data.features[3]);
    let feature = table.panels()[0];
    let data = table.curve(feature, "data");
    assert_eq!(data.iter().map(|row| row.n).sum::<usize>(), 120);
    // Densities: a quarter of the events in a bin of width 1, the rest in one of width 2.
    assert!((data[0].mean - 0.25).abs() < 1e-12 && (data[1].mean - 0.375).abs() < 1e-12, "{data:?}");
    assert!((table.curve(feature, "template")[0].mean - 0.75).abs() < 1e-12);
    let selection = table.rows.iter().find(|row| row.panel == "selection").expect("what is shown");
    assert_eq!(selection.curve, "3300-3700 GeV at 0.01");
    // Records that are older than the histograms have no such figure.
    let mut older = results;
    let TaskResult::Window(window) = &mut older.others[0] else { panic!("a window") };
    window.looks.clear();
    assert_eq!(features::table("search_features", &older).rows, []);
}
