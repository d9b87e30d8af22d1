//! Peaks on the spectrum.

use super::*;

fn row(search: &str, place: usize) -> HashMap<String, String> {
    rows(&results(search))[place].clone()
}

fn number(row: &HashMap<String, String>, key: &str) -> f64 {
    row[key].parse().unwrap_or_else(|_| panic!("{key} is {}", row[key]))
}

#[test]
fn a_peak_of_given_width_has_the_events_of_the_excess() {
    // Sixty events in the sixth of ten bins of 40 GeV, behind a cut of a hundredth and before it.
    for (place, within) in [(1, 12.0), (0, 40.0)] {
        let found = row("blind = false\npeak = 'gaussian'\npeak_width_gev = 15", place);
        // Half of the peak at 3500 lies in that bin.
        assert!((number(&found, "peak_signal") - 60.0).abs() < within + 40.0, "{found:?}");
        assert!(number(&found, "peak_z") > 1.0 && number(&found, "peak_p") < 0.2, "{found:?}");
        assert!(number(&found, "peak_limit") > number(&found, "peak_signal"), "{found:?}");
        near(&found["peak_width"], 15.0);
        // The counts are those of a smooth function, so that nothing is feigned.
        assert!(number(&found, "peak_spurious").abs() < number(&found, "peak_spurious_error"), "{found:?}");
    }
    let sharp = row("blind = false\npeak = 'gaussian'\npeak_width_gev = 25", 1);
    let tailed = row(
        "blind = false\npeak = 'crystal_ball'\npeak_width_gev = 25\npeak_tails = [0.5, 1.5, 0.5, 1.5]",
        1,
    );
    assert!(number(&tailed, "peak_signal") > number(&sharp, "peak_signal"), "tails hold events, too");
}

#[test]
fn a_width_is_fitted_between_a_bin_and_half_of_the_window() {
    let found = row("blind = false\npeak = 'gaussian'", 1);
    let width = number(&found, "peak_width");
    assert!((40.0..=200.0).contains(&width), "{width}");
    let given = row("blind = false\npeak = 'gaussian'\npeak_width_gev = 150", 1);
    assert!(number(&found, "peak_z") >= number(&given, "peak_z") - 1e-3, "the best of all widths");
}

#[test]
fn a_peak_is_blind_and_where_none_is_asked_for_there_is_none() {
    let blind = row("peak = 'gaussian'\npeak_width_gev = 15", 1);
    assert_eq!((blind["peak_z"].as_str(), blind["peak_limit_expected"].as_str()), ("blind", "blind"));
    assert_eq!(row("peak = 'gaussian'\npeak_width_gev = 15", 0)["peak_signal"], "blind");
    assert_eq!(row("blind = false", 1)["peak_signal"], "");
    // Of a cut that too few pass there is no spectrum.
    assert_eq!(row("blind = false\npeak = 'gaussian'", 2)["peak_signal"], "");
}
