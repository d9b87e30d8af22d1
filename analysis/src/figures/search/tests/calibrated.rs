//! Control windows and pseudo-experiments.

use super::super::{calibration, calibration_csv, control_csv};
use super::told as told_as_lines;
use super::*;
use crate::figures::search::other_search::counted;
use crate::job::{MassWindow, SearchedEvents};
use crate::statistics::search::control::ControlCount;
use crate::store::control_searches::{ControlSearch, CutOfOther, WindowOfOther};

/// What is told, wherever its lines end.
fn told(results: &Results) -> String {
    told_as_lines(results).split_whitespace().collect::<Vec<_>>().join(" ")
}

const CONTROL: &str = "control_windows_gev = [[4200, 4600], [4600, 5000]]";

/// The results of one window, and what is found in its control windows: events behind the cut where 100 are expected.
fn with_control(more: &str, found: [usize; 2]) -> Results {
    let mut results = results(&format!("{CONTROL}\n{more}"));
    let points: Vec<_> = results.job.points.iter().filter(|point| point.is_control()).copied().collect();
    for (point, data) in points.into_iter().zip(found) {
        let passed = Passed {
            thresholds: vec![Some(1.5); 5],
            template: 400,
            independent: 400.0,
            data,
            signal: None,
            spectrum: vec![],
        };
        results.others.push(TaskResult::Window(SearchedWindow {
            diverged: 0,
            point,
            n_data: 10_000,
            n_signal: None,
            n_template: 40_000,
            cuts: vec![WindowCut { efficiency: 0.01, outcome: CutOutcome::Passed(passed) }],
            edges: vec![],
            looks: vec![],
            spectrum: vec![],
        }));
    }
    results
}

#[test]
fn the_figure_of_delta_has_every_control_window_and_what_is_taken_of_them() {
    let results = with_control("blind = true", [125, 115]);
    let table = delta::table("search_delta", &results);
    let mean = table.curve("control windows", "mean");
    let [mean] = &mean[..] else { panic!("one cut") };
    let row = &rows(&results)[1];
    assert_eq!((mean.x, mean.n), (0.01, 2));
    near(&row["delta"], mean.mean);
    near(&row["delta_error"], 0.5 * (mean.high - mean.low) / (1.0 + mean.mean));
    for (window, expected) in [("4200-4600", 0.25), ("4600-5000", 0.15)] {
        let rows = table.curve("each control window", window);
        assert!(rows.len() == 1 && (rows[0].mean - expected).abs() < 1e-9, "{window}");
    }
    assert_eq!(table.curve("control windows", "published_idealised").len(), 3);
    assert!(
        delta::table("search_delta", &super::results("blind = false")).rows.is_empty(),
        "nothing measures it"
    );
}

#[test]
fn delta_of_control_windows_enters_b_and_its_error() {
    let results = with_control("blind = false", [125, 115]);
    let rows = rows(&results);
    assert_eq!(rows.len(), 3, "control windows are no windows of the search");
    let row = &rows[1];
    near(&row["delta"], 0.2);
    assert_eq!(row["delta_windows"], "2");
    let TaskResult::Window(window) = &results.others[0] else { panic!("a window") };
    // 240 events, and two templates of 400; the two do not differ by more than that.
    let error = (1.0_f64 / 240.0 + 1.0 / 800.0).sqrt();
    near(&row["delta_error"], error);
    near(&row["background"], 0.01 * window.n_data as f64 * 1.2);
    near(&row["background_error"], 0.012 * window.n_data as f64 * (1.0_f64 / 400.0 + error.powi(2)).sqrt());
    let plain = super::rows(&super::results("blind = false"));
    assert_eq!((plain[1]["delta"].as_str(), plain[1]["delta_windows"].as_str()), ("0.0", "0"));
    let number = |text: &str| text.parse::<f64>().expect("a number");
    assert!(number(&row["z"]) < number(&plain[1]["z"]), "more is expected");
    let said = told(&results);
    assert!(said.contains("control windows") && said.contains("+0.200 ± 0.088"), "{said}");
    assert!(
        told(&super::results("blind = false")).contains("a δ that no control window has measured"),
        "{said}"
    );
}

fn of_other(name: &str, windows: &[(MassWindow, f64, f64)]) -> ControlSearch {
    let window = |(window, efficiency, found): &(MassWindow, f64, f64)| WindowOfOther {
        window: *window,
        n_data: 5000,
        n_template: 20_000,
        cuts: vec![CutOfOther {
            efficiency: *efficiency,
            n_template_passing: 200,
            count: ControlCount { expected: 5000.0 * efficiency, independent: 200.0, found: *found },
        }],
    };
    ControlSearch {
        name: name.to_owned(),
        directory: format!("out/{name}").into(),
        events: SearchedEvents { content: name.to_owned(), layout: String::new(), selection: String::new() },
        doubts: vec![],
        at: "2026-01-02T03:04:05Z".to_owned(),
        windows: windows.iter().map(window).collect(),
    }
}

#[test]
fn windows_of_other_searches_count_as_control_windows() {
    let at = MassWindow::new(3300.0, 3700.0);
    let other = of_other("same_sign", &[(at, 0.01, 60.0), (at, 0.1, 900.0)]);
    let results =
        Results { control_searches: vec![other.clone()], ..with_control("blind = false", [125, 115]) };
    let row = &rows(&results)[1];
    // All three are at 1.2; what is behind another cut says nothing of this one.
    near(&row["delta"], 0.2);
    assert_eq!(row["delta_windows"], "3");
    let number = |row: &HashMap<String, String>| row["delta_error"].parse::<f64>().expect("a number");
    assert!(number(row) < number(&rows(&with_control("blind = false", [125, 115]))[1]));
    let table = String::from_utf8(control_csv::csv(&results).expect("a table")).expect("text");
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines.len() == 5 && lines[0].ends_with(",search") && lines[1].ends_with(','), "{table}");
    assert!(lines[3].starts_with("3300.0,3700.0,0.01,5000,20000,200,60,50.0,0.2,"), "{table}");
    assert!(lines[3].ends_with(",,,,same_sign"), "{table}");
    // The closing table rests on the same windows: 125 + 115 + 60 events where 250 are expected.
    let said = told(&results);
    assert!(said.contains(" 3 0.01 300 250.0 +0.200 ± ") && said.contains(" 0 of 3 "), "{said}");
    // Where several searches measure it, what each says stands below.
    for row in [" 2 of this search 0.01 240 200.0 +0.200 ± ", " 1 of same_sign 0.01 60 50.0 +0.200 ± "] {
        assert!(said.contains(row), "{row}: {said}");
    }
    assert!(!told(&with_control("blind = false", [125, 115])).contains("of this search"), "one source alone");
    assert!(said.contains("2 of the control windows are of same_sign, whose events are taken"), "{said}");
    assert!(!said.contains("no control window has"), "{said}");
    // Where it is the only one, too.
    let alone = Results { control_searches: vec![other], ..super::results("blind = false") };
    assert_eq!(rows(&alone)[1]["delta_windows"], "1");
}

#[test]
fn each_control_window_has_a_p_value_by_delta_of_the_others() {
    let by_others = |results: &Results| -> Vec<String> {
        let table = String::from_utf8(control_csv::csv(results).expect("a table")).expect("text");
        let mut reader = ::csv::Reader::from_reader(table.as_bytes());
        let column = reader.headers().expect("headings").iter().position(|name| name == "p_by_others");
        let column = column.expect("the column");
        reader.records().map(|row| row.expect("a row")[column].to_owned()).collect()
    };
    // 125 events where 100 are expected, by 115 in the other: δ is 0.15, known to the errors of 115 data and of a template of 400.
    let delta_error = (1.0_f64 / 115.0 + 1.0 / 400.0).sqrt();
    let error = 115.0 * (1.0 / 400.0 + delta_error.powi(2)).sqrt();
    let background = crate::statistics::search::background::Background { expected: 115.0, error };
    let found = by_others(&with_control("blind = false", [125, 115]));
    near(&found[0], crate::statistics::search::quoted::quoted_p(125, background).value());
    assert!(found[1].parse::<f64>().is_ok_and(|p| p > 0.5), "fewer than the other: {found:?}");
    // One window alone has no others, and what the others do not have is seen.
    let alone = Results {
        control_searches: vec![of_other("same_sign", &[(MassWindow::new(3300.0, 3700.0), 0.01, 60.0)])],
        ..super::results("blind = false")
    };
    assert_eq!(by_others(&alone), [""]);
    let far = with_control("blind = false", [300, 100]);
    assert!(by_others(&far)[0].parse::<f64>().is_ok_and(|p| p < 1e-6), "{:?}", by_others(&far));
    assert!(told(&far).contains("1 of 2"), "{}", told(&far));
}

#[test]
fn a_cut_that_no_control_window_measures_is_named() {
    let other = of_other("same_sign", &[(MassWindow::new(3300.0, 3700.0), 0.01, 60.0)]);
    let mut results = Results { control_searches: vec![other], ..super::results("blind = false") };
    results.job.search.as_mut().expect("a search").efficiencies[1] = 0.02;
    let TaskResult::Window(window) = &mut results.others[0] else { panic!("a window") };
    let mut cut = window.cuts[0].clone();
    cut.efficiency = 0.02;
    window.cuts[1] = cut;
    let said = told(&results);
    assert!(said.contains("no control window has numbers behind ε = 0.02: δ is taken as 0 there"), "{said}");
    assert!(
        said.contains("by a δ that is taken as 0 behind cuts that no control window has measured"),
        "{said}"
    );
}

#[test]
fn control_searches_that_come_or_go_after_somebody_has_looked_are_named() {
    let at = MassWindow::new(3300.0, 3700.0);
    let [one, other] = [60.0, 70.0].map(|found| of_other("same_sign", &[(at, 0.01, found)]));
    let seen = |then: &[&ControlSearch], now: &[&ControlSearch]| {
        let mut results = unblinded(super::results(""));
        let unblinding = results.unblinding.as_mut().expect("somebody");
        unblinding.control_searches = then.iter().map(|search| search.then()).collect();
        results.control_searches = now.iter().copied().cloned().collect();
        told(&results)
    };
    let unchanged = seen(&[&one], &[&one]);
    assert!(!unchanged.contains("added") && !unchanged.contains("taken away"), "{unchanged}");
    let added = seen(&[], &[&one]);
    assert!(added.contains("added after the search was unblinded: the control search same_sign;"), "{added}");
    let removed = seen(&[&one], &[]);
    assert!(removed.contains("taken away after the search was unblinded: the control search same_sign;"));
    let again = seen(&[&one], &[&other]);
    assert!(
        again.contains("added after the search") && again.contains("; taken away after the search"),
        "{again}"
    );
}

#[test]
fn of_windows_that_overlap_as_many_measure_as_share_no_event() {
    let mut results = super::results("blind = false");
    let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.csv'\nlayout = 'table'\n[search]\nblind = false\n\
                windows_gev = [[3000, 3400], [3200, 3600], [3300, 3700], [3400, 3800], [3700, 4000]]";
    results.job = JobFile::from_text("job.toml", text).check().expect("a good job");
    let TaskResult::Window(window) = results.others.remove(0) else { panic!("a window") };
    let points: Vec<_> = results.job.points.iter().filter(|point| point.is_searched()).copied().collect();
    for point in points {
        results.others.push(TaskResult::Window(SearchedWindow { point, ..window.clone() }));
    }
    let found = counted(&results, &[0.01, 0.0001]);
    let masses: Vec<String> = found.windows.iter().map(|window| window.window.to_string()).collect();
    assert_eq!((masses.join(" ").as_str(), found.overlapping), ("3000-3400 3400-3800", 3));
    assert_eq!(found.windows[0].cuts.len(), 1, "the cut that few pass has no numbers");
}

#[test]
fn control_windows_are_not_blind_and_have_a_table_of_their_own() {
    let results = with_control("", [125, 115]);
    assert_eq!(results.blinding(), Blinding::Blind);
    let table = String::from_utf8(control_csv::csv(&results).expect("a table")).expect("text");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].starts_with("4200.0,4600.0,0.01,10000,40000,400,125,100.0,0.25,"), "{table}");
    assert_eq!(control_csv::csv(&super::results("")), None);
    assert!(told(&results).contains("+0.200 ± 0.088"), "{}", told(&results));
    let one = with_control("", [125, 115]);
    let one = Results { others: one.others[..2].to_vec(), ..one };
    assert!(told(&one).contains("one control window measures δ"), "{}", told(&one));
}

/// Two windows with pseudo-experiments, whose numbers behind the cut are so many standard deviations above what is expected.
fn with_pseudo(more: &str, deviations: impl Fn(usize, usize) -> f64) -> Results {
    with_experiments(more, 40, deviations)
}

fn with_experiments(more: &str, experiments: usize, deviations: impl Fn(usize, usize) -> f64) -> Results {
    let mut results = results(&format!("{more}\ncalibrate = {experiments}\n"));
    let mut other = results.job.points[0];
    if let crate::job::Comparison::Window { template, .. } = &mut other.comparison {
        template.sample.signal_region = Some(crate::job::MassWindow::new(3700.0, 4100.0));
    }
    results.job.points.push(other);
    for (place, point) in results.job.points.clone().into_iter().enumerate() {
        for first in (0..experiments).step_by(10) {
            let experiment = |number| {
                let data = (100.0 + 10.0 * deviations(place, number)).round() as usize;
                let count = PseudoCount { template: 40_000, data };
                PseudoExperiment { n_data: 10_000, cuts: vec![Some(count), None] }
            };
            results.others.push(TaskResult::Pseudo(PseudoWindow {
                point,
                first,
                n_template: 4_000_000,
                experiments: (first..first + 10).map(experiment).collect(),
            }));
        }
    }
    results
}

/// Deviations that make p-values even: 1/80, 3/80, 5/80 and so on, in another order in each window.
fn even(place: usize, number: usize) -> f64 {
    PValue::new(((number * 7 + place * 13) % 40) as f64 / 40.0 + 1.0 / 80.0).z()
}

#[test]
fn even_p_values_are_calibrated_and_the_global_one_counts_pseudo_searches_of_all_windows() {
    let results = with_pseudo("blind = false", even);
    let rows = rows(&results);
    assert_eq!(rows[1]["p_calibrated"], "", "they are what they say");
    // The excess of the window is beyond all of them.
    near(&rows[1]["global_p"], 1.0 / 41.0);
    assert_eq!((rows[0]["global_p"].as_str(), rows[2]["global_p"].as_str()), ("", ""));
    let pseudo = super::super::pseudo_searches::PseudoSearch::of(&results);
    let smallest = |number| (0..2).map(|place| even(place, number)).fold(f64::NEG_INFINITY, f64::max);
    for p in [0.02, 0.06, 0.3] {
        let wanted = PValue::new(p);
        let as_low = (0..40).filter(|number| smallest(*number) >= wanted.z()).count();
        let found = pseudo.global(wanted).expect("pseudo-searches");
        assert!(found.as_low.abs_diff(as_low as u64) <= 2 && found.all == 40, "{p}: {found:?} and {as_low}");
        assert!(found.p > p, "one of two windows is low more often than one");
    }
    let said = told(&results);
    for words in
        ["global p of the smallest", "at most 2.4e-2", "for 0 of 40", "40 pseudo-experiments a window tell"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("not uniform"), "{said}");
}

#[test]
fn p_values_that_are_too_small_are_corrected_and_named() {
    let results = with_pseudo("blind = false", |place, number| 1.5 * even(place, number) + 1.0);
    let rows = rows(&results);
    near(&rows[1]["p_calibrated"], 1.0 / 41.0);
    assert!(told(&results).contains("not uniform in 3300-3700 at ε = 0.01, 3700-4100"), "{}", told(&results));
    let table = String::from_utf8(calibration_csv::csv(&results).expect("a table")).expect("text");
    let mut reader = ::csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<HashMap<String, String>> = reader.deserialize().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 2, "a cut without numbers has no row: {table}");
    let number = |key: &str| rows[0][key].parse::<f64>().expect("a number");
    assert_eq!(rows[0]["experiments"], "40");
    // 1.5 z + 1 beyond 1.645: z beyond 0.43, a third of them.
    assert!((number("rate_at_0_05") - 1.0 / 3.0).abs() < 0.05, "{table}");
    assert!(number("rate_low") < number("rate_at_0_05") && number("rate_at_0_05") < number("rate_high"));
    assert!(number("uniformity_p") < 0.05 && (number("mean_n") - 110.0).abs() < 1.0, "{table}");
}

#[test]
fn counts_that_scatter_more_than_they_say_widen_errors_until_p_values_are_what_they_say() {
    let wide = |place, number| 1.5 * even(place, number);
    let few = with_experiments("blind = false", 40, wide);
    let rates = |results: &Results| -> Vec<f64> {
        let pseudo = super::super::pseudo_searches::PseudoSearch::of(results);
        pseudo.cuts().map(|cut| cut.rate().share).collect()
    };
    assert!(rates(&few).iter().all(|rate| *rate > 0.1), "{:?}: eighty are too few to know it", rates(&few));
    assert_eq!(rows(&few)[1]["scatter"], "");
    assert!(told(&few).contains("fewer than 100 pseudo-experiments"), "{}", told(&few));
    let many = with_experiments("blind = false", 80, wide);
    let row = &rows(&many)[1];
    let scatter: f64 = row["scatter"].parse().expect("a number");
    let evens = (0..40).map(|number| even(0, number).powi(2)).sum::<f64>() / 40.0;
    assert!((scatter / (2.25 * evens) - 1.0).abs() < 0.03, "{scatter} and {evens}");
    let plain = &rows(&results("blind = false"))[1];
    let number = |row: &HashMap<String, String>, key: &str| row[key].parse::<f64>().expect("a number");
    let (b, error) = (number(row, "background"), number(plain, "background_error"));
    near(&row["background_error"], (error * error + (scatter - 1.0) * (b + b * b / 400.0)).sqrt());
    assert!(number(row, "z") < number(plain, "z"));
    assert!(number(row, "limit_expected") > number(plain, "limit_expected"));
    assert_eq!(row["p_calibrated"], "", "what is known of the scatter makes them what they say");
    assert!(told(&many).contains(&format!(" {scatter:.2} ± ")), "{}", told(&many));
    assert!(!told(&many).contains("fewer than 100"), "{}", told(&many));
    assert!(rates(&many).iter().all(|rate| (rate - 0.05).abs() < 0.03), "{:?}", rates(&many));
    let table = String::from_utf8(calibration_csv::csv(&many).expect("a table")).expect("text");
    let mut reader = ::csv::Reader::from_reader(table.as_bytes());
    let measured: Vec<HashMap<String, String>> =
        reader.deserialize().map(|row| row.expect("a row")).collect();
    for row in measured {
        assert!((number(&row, "scatter") / scatter - 1.0).abs() < 0.03, "{row:?}");
        assert!(number(&row, "scatter_error") > 0.0, "{row:?}");
    }
}

#[test]
fn control_windows_have_the_scatter_of_any_search() {
    let plain = with_control("blind = false\ncalibrate = 100", [125, 115]);
    let mut known = with_control("blind = false\ncalibrate = 100", [125, 115]);
    known.others.push(twice_as_wide(known.job.points[0]));
    let number = |row: &HashMap<String, String>, key: &str| row[key].parse::<f64>().expect("a number");
    let control = |results: &Results| -> HashMap<String, String> {
        let table = control_csv::csv(results).expect("a table");
        ::csv::Reader::from_reader(&table[..]).deserialize().next().expect("a row").expect("a row")
    };
    let root = number(&rows(&known)[1], "scatter").sqrt();
    assert!((root - 2.0).abs() < 0.02, "{root}");
    for (before, after) in
        [(rows(&plain)[1].clone(), rows(&known)[1].clone()), (control(&plain), control(&known))]
    {
        let ratio = number(&after, "delta_error") / number(&before, "delta_error");
        assert!((ratio - root).abs() < 1e-3, "{ratio}");
    }
    // An excess of a tenth over the other window is less rare.
    assert!(number(&control(&known), "p_by_others") > number(&control(&plain), "p_by_others"));
}

#[test]
fn a_blind_search_is_calibrated_without_a_word_of_its_data() {
    let results = with_pseudo("", even);
    let rows = rows(&results);
    assert_eq!((rows[1]["global_p"].as_str(), rows[1]["p_calibrated"].as_str()), ("blind", ""));
    let said = told(&results);
    assert!(said.contains("rate of p < 0.05") && !said.contains("global p of"), "{said}");
    assert!(calibration_csv::csv(&results).is_some());
    let table = calibration::table("search_calibration", &results);
    assert_eq!(table.curves("calibration"), ["0.01"]);
    assert!(table.rows.iter().all(|row| row.n == 80 && row.low <= row.mean && row.mean <= row.high));
    for row in table.rows.iter().filter(|row| row.x > 0.1) {
        assert!((row.mean / row.x - 1.0).abs() < 0.3, "{row:?}");
    }
    assert_eq!(calibration::table("search_calibration", &super::results("")).rows, []);
}

#[test]
fn a_window_that_is_not_done_leaves_its_experiments_out_of_pseudo_searches() {
    let results = with_pseudo("blind = false", even);
    let mut others = results.others.clone();
    others.pop();
    let results = Results { others, ..results };
    let pseudo = super::super::pseudo_searches::PseudoSearch::of(&results);
    assert_eq!(pseudo.len(), 30);
    assert_eq!(pseudo.cuts().map(|cut| cut.p_values.len()).collect::<Vec<_>>(), [40, 30]);
}
