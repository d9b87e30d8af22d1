use super::*;
use crate::job::{Change, JobFile};

const SEARCH: &str = "schema = 1\nname = 'x'\nseed = 1\n[data]\nevents = 'e.csv'\nlayout = 'table'\nresonant = 'm'\n\
                      features = ['x', 'y']\n[regions]\nsignal_region_gev = [80, 90]\nside_bands_gev = [50, 120]\n\
                      [search]\nwindows_gev = [[80, 90]]\n";

fn job(changes: &[&str]) -> Job {
    let changes =
        changes.iter().map(|change| change.parse::<Change>().expect("KEY=VALUE")).collect::<Vec<_>>();
    JobFile::from_text("job.toml", SEARCH).with(changes).check().expect("a good job")
}

#[test]
fn other_events_masses_and_windows_make_no_other_search() {
    let one = job(&[]);
    let other = job(&[
        "data.events='f.csv'",
        "data.select='x > 0'",
        "search.windows_gev=[[70, 75]]",
        "search.blind=false",
        "name='y'",
        "seed=2",
    ]);
    assert_eq!(one.unlike(&other), Unlike::default());
}

#[test]
fn what_templates_fail_by_is_compared_key_by_key() {
    let one = job(&[]);
    for (change, expected) in [
        ("data.features=['x']", "data.features is x there and x, y here"),
        ("data.unit='MeV'", "data.unit is MeV there and GeV here"),
        ("search.method='cathode'", "search.method is cathode there and noise here"),
        ("search.classifier='perceptrons'", "search.classifier is perceptrons there and trees here"),
    ] {
        let found = one.unlike(&job(&[change])).decisive;
        assert!(found.iter().any(|line| line == expected), "{change}: {found:?}");
    }
    for (change, key) in [
        ("denoiser.epochs=3", "[denoiser]"),
        ("sampler.steps=31", "[sampler]"),
        ("trees.leaves=7", "[trees]"),
        ("search.trainings=7", "search.trainings"),
        ("search.oversampling=7", "search.oversampling"),
        ("data.resonant='mass'", "data.resonant"),
        ("data.columns.x='2 * u'", "[data.columns]"),
        ("template.sigma_prime=0.3", "[template] sigma_prime"),
        ("data.missing=-999", "data.missing"),
        ("regions.side_bands_gev=[55, 120]", "its side-bands"),
    ] {
        let found = one.unlike(&job(&[change]));
        assert_eq!(found, Unlike { decisive: vec![], told: vec![key] }, "{change}");
    }
}

#[test]
fn of_classifiers_only_what_windows_have_is_compared() {
    let by = |change: &str| job(&["search.classifier='perceptrons'", change]);
    let none = by("seed=4");
    for other in ["classifier.seeds='0-3'", "classifier.folds=3", "trees.leaves=7"] {
        assert_eq!(none.unlike(&by(other)), Unlike::default(), "{other}");
    }
    assert_eq!(none.unlike(&by("classifier.epochs=3")).told, ["[classifier]"]);
    assert_eq!(job(&[]).unlike(&job(&["classifier.epochs=3"])), Unlike::default());
}

#[test]
fn models_that_a_method_does_not_have_are_not_compared() {
    let by_flow = |change: &str| job(&["search.method='cathode'", change]);
    let none = by_flow("seed=4");
    assert_eq!(none.unlike(&by_flow("denoiser.epochs=3")), Unlike::default());
    assert_eq!(none.unlike(&by_flow("flow.batch=76")).told, ["[flow]"]);
    assert_eq!(job(&[]).unlike(&job(&["flow.batch=76"])), Unlike::default());
    // Features are a set.
    assert_eq!(job(&[]).unlike(&job(&["data.features=['y', 'x']"])), Unlike::default());
}

#[test]
fn events_are_known_by_their_file_and_by_what_selects_among_them() {
    let of = |changes: &[&str], sha256: &str| job(changes).searched_events(sha256);
    let all = of(&[], "a");
    assert_eq!(all.in_common(&of(&["data.events='other name.csv'"], "a")), InCommon::Certainly);
    assert_eq!(all.in_common(&of(&[], "b")), InCommon::Nothing);
    assert_eq!(all.in_common(&of(&["data.group='ss'"], "a")), InCommon::Perhaps, "another part of the file");
    let selected = of(&["data.select='q > 0'"], "a");
    assert_eq!(selected.in_common(&all), InCommon::Certainly, "they are among all");
    assert_eq!(selected.in_common(&of(&["data.select='q>0'"], "a")), InCommon::Certainly);
    assert_eq!(selected.in_common(&of(&["data.select='q < 0'"], "a")), InCommon::Perhaps);
    // A formula of another column selects nothing.
    let beside = of(&["data.select='q > 0'", "data.columns.x='2 * u'"], "a");
    assert_eq!(selected.in_common(&beside), InCommon::Certainly);
    let other = of(&["data.select='q > 0'", "data.columns.q='2 * u'"], "a");
    assert_eq!(selected.in_common(&other), InCommon::Perhaps);
}
