//! Pseudo-experiments with signal.

use rand_distr::{Binomial, Distribution, Poisson};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;

use super::super::{limits, sensitivity, sensitivity_csv};
use super::*;
use crate::plan::work::{SensedCount, SensedExperiment, SensedWindow};

/// The results of one window in which, of 100, 200 and 400 signal events, 5, 20 and 80 pass.
fn with_signal(more: &str) -> Results {
    let mut results = results(&format!("injected = 5\nsensitivity = [1, 2, 4]\n{more}"));
    let point = results.job.points[0];
    for (strength, passing) in [(1.0_f64, 5_usize), (2.0, 20), (4.0, 80)] {
        let n_signal = (100.0 * strength) as usize;
        let experiment = |number: usize| {
            // Twenty around what is expected: −9.5 to 9.5 events.
            let data = 110 + passing - number;
            let count = SensedCount { template: 40_000, data, signal: passing };
            SensedExperiment { n_data: 10_000 + n_signal, n_signal, cuts: vec![Some(count), None] }
        };
        results.others.push(TaskResult::Sensitivity(SensedWindow {
            point,
            strength,
            mean_signal: n_signal as f64,
            share_in_window: 0.8,
            n_template: 4_000_000,
            experiments: (0..20).map(experiment).collect(),
        }));
    }
    results
}

fn sensed_rows(results: &Results) -> Vec<HashMap<String, String>> {
    let table = sensitivity_csv::csv(results).expect("a table");
    ::csv::Reader::from_reader(&table[..]).deserialize().map(|row| row.expect("a row")).collect()
}

#[test]
fn z_of_injected_signal_has_the_scatter_of_searches_without_signal() {
    let plain = with_signal("calibrate = 100");
    let mut known = with_signal("calibrate = 100");
    known.others.push(twice_as_wide(known.job.points[0]));
    let z = |results: &Results| sensed_rows(results)[2]["z_mean"].parse::<f64>().expect("a number");
    let ratio = z(&plain) / z(&known);
    assert!((1.7..2.5).contains(&ratio), "{ratio}: variances are four times as large");
}

#[test]
fn found_significances_and_efficiencies_stand_beside_the_mass_alone() {
    let results = with_signal("");
    let rows = sensed_rows(&results);
    assert_eq!(rows.len(), 3, "a cut without numbers has no row");
    let number = |row: usize, key: &str| rows[row][key].parse::<f64>().expect("a number");
    for (row, (signal, passing)) in [(100.0, 5.0), (200.0, 20.0), (400.0, 80.0)].into_iter().enumerate() {
        near(&rows[row]["mean_signal"], signal);
        near(&rows[row]["signal_efficiency"], passing / signal);
        assert_eq!(rows[row]["experiments"], "20");
        // b is 1% of signal and background, and N lies around 100.5 and what passes: Z of a Poisson count.
        let (b, n) = (0.01 * (10_000.0 + signal), 100.5 + passing);
        let about = (2.0 * (n * (n / b).ln() - (n - b))).sqrt();
        assert!((number(row, "z_mean") - about).abs() < 0.1, "{about}: {:?}", rows[row]);
        assert!(
            number(row, "z_low") < number(row, "z_mean") && number(row, "z_mean") < number(row, "z_high")
        );
        assert!(number(row, "z_mass_alone") > 0.0);
    }
    assert!((number(2, "share_above_5_sigma") - 1.0).abs() < 1e-12 && number(0, "share_above_3_sigma") < 0.5);
    assert!(number(2, "z_mass_alone") > number(1, "z_mass_alone"));
    let table = sensitivity::table("search_sensitivity", &results);
    assert_eq!(table.panels(), ["3300-3700 GeV"]);
    assert_eq!(table.curves("3300-3700 GeV"), ["0.01", "mass alone"]);
    assert_eq!(sensitivity::picture(&table).rows.len(), 1);
    let none = super::results("");
    assert_eq!(sensitivity::table("search_sensitivity", &none).rows, []);
    assert_eq!(sensitivity_csv::csv(&none), None);
}

#[test]
fn limits_on_what_passes_are_limits_on_the_signal_of_the_window() {
    let results = with_signal("blind = false");
    let row = &rows(&results)[1];
    let [passing, in_window] =
        ["limit_expected", "limit_signal_expected"].map(|key| row[key].parse::<f64>().expect("a number"));
    // Between 5 and 20 of 100 and 200, or between 20 and 80 of 200 and 400.
    let expected = match passing {
        below if below < 20.0 => 100.0 + 100.0 * (below - 5.0) / 15.0,
        above => 200.0 + 200.0 * (above - 20.0) / 60.0,
    };
    assert!(passing > 5.0 && passing < 80.0, "{passing}");
    near(&row["limit_signal_expected"], expected);
    assert!((in_window - expected).abs() < 1e-3 * expected);
    assert_eq!((row["limit_fb"].as_str(), rows(&results)[2]["limit_signal"].as_str()), ("", ""));
    let table = limits::table_of_signal("search_signal_limits", &results);
    assert!(table.panels().contains(&"signal events in the window"));

    let produced = with_signal("blind = false\nluminosity_ifb = 10\nacceptance = 0.5");
    // A femtobarn makes ten events, five of which reach the table, four of which lie in the window.
    near(&rows(&produced)[1]["limit_fb_expected"], expected / 4.0);
    let table = limits::table_of_signal("search_signal_limits", &produced);
    let expected_at = table.curve("template at 0.01", "expected");
    assert!((expected_at[0].mean / (expected / 4.0) - 1.0).abs() < 1e-5, "{expected_at:?}");
    assert!(table.panels().contains(&"*σ* [fb]"));
    assert_eq!(limits::table_of_signal("search_signal_limits", &super::results("blind = false")).rows, []);
}

#[test]
fn a_blind_search_has_expected_limits_on_signal_and_no_observed_ones() {
    let results = with_signal("");
    let row = &rows(&results)[1];
    assert_eq!(row["limit_signal"], "blind");
    assert!(row["limit_signal_expected"].parse::<f64>().is_ok_and(|limit| limit > 100.0), "{row:?}");
    let table = limits::table_of_signal("search_signal_limits", &results);
    assert!(table.rows.iter().any(|row| row.curve == "expected"));
    assert!(table.rows.iter().all(|row| row.curve != "observed"));
}

#[test]
fn an_experiment_in_which_nothing_passes_has_a_significance_too() {
    let mut results = with_signal("");
    for other in &mut results.others {
        if let TaskResult::Sensitivity(window) = other {
            window.experiments[3].cuts[0] = Some(SensedCount { template: 40_000, data: 0, signal: 0 });
        }
    }
    let rows = sensed_rows(&results);
    assert_eq!((rows.len(), rows[0]["experiments"].as_str()), (3, "20"));
    // One of twenty experiments finds no signal.
    near(&rows[0]["signal_efficiency"], 0.05 * 19.0 / 20.0);
    let error: f64 = rows[0]["signal_efficiency_error"].parse().expect("a number");
    assert!((error / 0.0025 - 1.0).abs() < 0.1, "{error}");
}

#[test]
fn efficiencies_are_those_of_the_signal_that_was_drawn() {
    let mut results = with_signal("");
    for other in &mut results.others {
        if let TaskResult::Sensitivity(window) = other {
            // Twice as much as on average, of which twice as much passes.
            for experiment in &mut window.experiments {
                experiment.n_signal *= 2;
                experiment.cuts[0].iter_mut().for_each(|count| count.signal *= 2);
            }
        }
    }
    near(&sensed_rows(&results)[1]["signal_efficiency"], 0.1);
}

#[test]
fn without_a_cut_the_mass_alone_limits_the_signal_by_a_fit() {
    let row = &rows(&with_signal("blind = false\nluminosity_ifb = 10"))[0];
    assert_eq!(
        (row["fit_limit_signal"].as_str(), row["limit_signal"].as_str()),
        (row["fit_limit"].as_str(), "")
    );
    let number = |key: &str| row[key].parse::<f64>().expect("a number");
    assert!((number("fit_limit_fb_expected") / (number("fit_limit_expected") / 8.0) - 1.0).abs() < 1e-6);
    let table = limits::table_of_signal("search_signal_limits", &with_signal(""));
    assert!(!table.curve("side-bands at 1", "expected").is_empty());
}

/// As [`with_signal`], in searches of which every other one finds all of this signal and the others a part of it.
fn with_unequal_searches(part: f64) -> Results {
    let mut results = with_signal("blind = false");
    for other in &mut results.others {
        let TaskResult::Sensitivity(window) = other else { continue };
        for (number, experiment) in window.experiments.iter_mut().enumerate() {
            let count = experiment.cuts[0].as_mut().expect("numbers");
            let share = if number % 2 == 0 { 1.0 } else { part };
            count.signal = (share * count.signal as f64).round() as usize;
        }
    }
    results
}

#[test]
fn searches_that_find_different_shares_of_a_signal_have_weaker_limits_on_it() {
    let (alike, unequal) = (with_signal("blind = false"), with_unequal_searches(0.5));
    let limit = |results: &Results, key: &str| rows(results)[1][key].parse::<f64>().ok();
    // Limits on what passes do not ask how much of a signal that is.
    assert_eq!(limit(&alike, "limit"), limit(&unequal, "limit"));
    let sensed = sensed_rows(&unequal);
    // 80 and 40 of 400: 0.15 ± 0.05, less the chance of 60 of 400.
    let spread: f64 = sensed[2]["signal_efficiency_spread"].parse().expect("a number");
    let expected = (20.0 * (0.05_f64.powi(2) / 19.0 - 0.15 * 0.85 / 400.0 / 20.0)).sqrt();
    assert!((spread / expected - 1.0).abs() < 0.03, "{spread} {expected}");
    // Three quarters pass on average, which would be a limit that is larger by a third, or as much more signal as the lines say.
    // Of five events two and a half are three.
    let mean = |passing: f64| match passing {
        below if below < 15.0 => 100.0 + 100.0 * (below - 4.0) / 11.0,
        below if below < 60.0 => 200.0 + 200.0 * (below - 15.0) / 45.0,
        above => 400.0 * above / 60.0,
    };
    let without_spread = mean(limit(&unequal, "limit_expected").expect("a limit"));
    let with_spread = limit(&unequal, "limit_signal_expected").expect("a limit");
    assert!(with_spread > 1.03 * without_spread, "{with_spread} {without_spread}");
    let in_figure = limits::table_of_signal("search_signal_limits", &unequal);
    let expected = in_figure.curve("template at 0.01", "expected");
    assert!((expected[0].mean / with_spread - 1.0).abs() < 1e-5, "{expected:?}");
    // Half of them find nothing: any signal may be missed.
    let missed = with_unequal_searches(0.0);
    let row = &rows(&missed)[1];
    assert_eq!((row["limit_signal"].as_str(), row["limit_signal_expected"].as_str()), ("", ""));
    assert_eq!(row["note"].matches("differs too much from search to search").count(), 1, "{row:?}");
    assert_ne!(row["limit"], "");
    let table = limits::table_of_signal("search_signal_limits", &missed);
    assert!(table.curve("template at 0.01", "expected").is_empty(), "no band without an upper edge");
}

#[test]
fn the_spread_of_searches_is_told_from_the_chance_of_few_events() {
    // Of ten events each on average, efficiencies of 0.2 and 0.6 in turn: a standard deviation of 0.2.
    let mut generator = Pcg64::seed_from_u64(3);
    let mut results = with_signal("");
    let point = results.job.points[0];
    results.others.retain(|other| !matches!(other, TaskResult::Sensitivity(_)));
    let experiment = |number: usize, generator: &mut Pcg64| {
        let n_signal = Poisson::new(10.0).expect("a mean").sample(generator) as u64;
        let efficiency = if number.is_multiple_of(2) { 0.2 } else { 0.6 };
        let signal = Binomial::new(n_signal, efficiency).expect("a share").sample(generator) as usize;
        let count = SensedCount { template: 40_000, data: 100 + signal, signal };
        SensedExperiment { n_data: 10_010, n_signal: n_signal as usize, cuts: vec![Some(count), None] }
    };
    results.others.push(TaskResult::Sensitivity(SensedWindow {
        point,
        strength: 1.0,
        mean_signal: 10.0,
        share_in_window: 1.0,
        n_template: 4_000_000,
        experiments: (0..4000).map(|number| experiment(number, &mut generator)).collect(),
    }));
    let row = &sensed_rows(&results)[0];
    let number = |key: &str| row[key].parse::<f64>().expect("a number");
    assert!((number("signal_efficiency") - 0.4).abs() < 0.015, "{row:?}");
    assert!((number("signal_efficiency_spread") - 0.2).abs() < 0.012, "{row:?}");
}

#[test]
fn a_blind_search_has_the_spread_in_what_is_expected_and_says_where_nothing_is() {
    let blind = |part: f64| {
        let mut results = with_unequal_searches(part);
        results.job.search.as_mut().expect("a search").blind = true;
        results
    };
    let row = |results: &Results| rows(results)[1].clone();
    let (alike, unequal) = (row(&with_signal("")), row(&blind(0.5)));
    let limit = |row: &HashMap<String, String>| row["limit_signal_expected"].parse::<f64>().expect("a limit");
    assert!(limit(&unequal) > limit(&alike));
    assert_eq!(unequal["limit_signal"], "blind");
    assert!(row(&blind(0.0))["note"].contains("no number of signal events is excluded"));
}
