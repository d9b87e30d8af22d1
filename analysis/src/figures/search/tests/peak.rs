//! Peaks on the spectrum.

use super::*;
use crate::statistics::spectrum::binned::Window;
use crate::statistics::spectrum::signal::SignalShape;

/// The row before any cut of a window in which 500 events of a Gaussian lie at its centre, with this width.
fn row(search: &str, width: f64) -> HashMap<String, String> {
    let mut results = results(search);
    let (edges, mut counts, _) = spectrum(&results.job, 60.0, 0);
    let signal = SignalShape::Gaussian { mean: 3500.0, width };
    for (pair, count) in edges.windows(2).zip(&mut counts) {
        *count += (500.0 * signal.share(Window { low: pair[0], high: pair[1] })).round() as u32;
    }
    let TaskResult::Window(window) = &mut results.others[0] else { panic!("a window") };
    window.spectrum = counts;
    rows(&results)[0].clone()
}

fn number(row: &HashMap<String, String>, key: &str) -> f64 {
    row[key].parse().unwrap_or_else(|_| panic!("{key} is {}", row[key]))
}

#[test]
fn a_peak_of_given_width_has_the_events_of_the_signal() {
    let found = row("blind = false\npeak = 'gaussian'\npeak_width_gev = 60", 60.0);
    assert!((number(&found, "peak_signal") / 500.0 - 1.0).abs() < 0.05, "{found:?}");
    assert!(number(&found, "peak_z") > 5.0 && number(&found, "peak_p") < 1e-6, "{found:?}");
    let [limit, expected] = ["peak_limit", "peak_limit_expected"].map(|key| number(&found, key));
    assert!(limit > 500.0 && limit < 800.0 && expected < 300.0, "{found:?}");
    near(&found["peak_width"], 60.0);
    // The counts beside it are those of an exponential, so that little is feigned.
    assert!(number(&found, "peak_spurious").abs() < number(&found, "peak_spurious_error"), "{found:?}");
    let crystal = "blind = false\npeak = 'crystal_ball'\npeak_width_gev = 60\npeak_tails = [1, 2, 1, 2]";
    assert!(number(&row(crystal, 60.0), "peak_signal") > 520.0, "its tails hold events, too");
}

#[test]
fn a_width_is_fitted_and_its_significance_has_no_p_value() {
    let found = row("blind = false\npeak = 'gaussian'", 90.0);
    assert!((number(&found, "peak_width") / 90.0 - 1.0).abs() < 0.1, "{found:?}");
    assert!((number(&found, "peak_signal") / 500.0 - 1.0).abs() < 0.1, "{found:?}");
    assert_eq!(found["peak_p"], "");
    let given = row("blind = false\npeak = 'gaussian'\npeak_width_gev = 150", 90.0);
    assert!(number(&found, "peak_z") > number(&given, "peak_z"), "the best of all widths");
}

#[test]
fn a_peak_is_blind_but_for_what_follows_from_the_side_bands() {
    let blind = row("peak = 'gaussian'\npeak_width_gev = 60", 60.0);
    for withheld in ["peak_signal", "peak_z", "peak_p", "peak_limit", "peak_limit_expected"] {
        assert_eq!(blind[withheld], "blind", "{withheld}");
    }
    let [none, much] = [1.0, 60.0].map(|width| row("peak = 'gaussian'\npeak_width_gev = 60", width));
    // Whatever is in the window, the same is feigned.
    near(&none["peak_spurious"], number(&much, "peak_spurious"));
    assert_eq!(
        row("peak = 'gaussian'", 60.0)["peak_spurious"],
        "blind",
        "a fitted width depends on the window"
    );
    assert_eq!(row("blind = false", 60.0)["peak_signal"], "");
}

#[test]
fn a_peak_that_is_named_after_the_search_was_unblinded_is_said_to_be_so() {
    let plain = unblinded(results(""));
    let unblinding = plain.unblinding.as_ref().expect("somebody");
    assert_eq!(unblinding.changed_since(&plain.job, &[]), None);
    let later = results("peak = 'gaussian'");
    assert!(
        unblinding.changed_since(&later.job, &[]).is_some_and(|added| added.contains("unblinded: the peak;"))
    );
}
