use crate::error::Error;
use crate::job::ClassifierKind;
use crate::job::{
    Injected, Job, JobFile, MassWindow, PseudoSearches, SignalCount, SimulatedSignal, TemplateMethod,
};

/// A job with these lines in its `[search]`, and further sections.
fn check(search: &str, more: &str) -> Result<Job, Vec<(String, String)>> {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.csv'\nlayout = 'table'\n[search]\n{search}\n{more}"
    );
    match JobFile::from_text("job.toml", text).check() {
        Ok(job) => Ok(job),
        Err(Error::JobFile { problems, .. }) => {
            Err(problems.into_iter().map(|found| (found.key, found.message)).collect())
        }
        Err(other) => panic!("{other}"),
    }
}

fn good(search: &str) -> Job {
    check(search, "").expect("a good job")
}

/// The window and the outer edges of each point.
fn windows(job: &Job) -> Vec<(MassWindow, MassWindow)> {
    let template = |point: &crate::job::ScanPoint| point.template().expect("a template");
    let regions = job.points.iter().map(|point| job.regions_of(&template(point).sample));
    regions.map(|regions| (regions.signal, regions.outer)).collect()
}

#[test]
fn windows_are_listed_or_lie_around_centres() {
    let outer = MassWindow::new(2800.0, 6000.0);
    let job = good("windows_gev = [[3100, 3500], [3300, 3700]]");
    let expected =
        [(3100.0, 3500.0), (3300.0, 3700.0)].map(|(low, high)| (MassWindow::new(low, high), outer));
    assert_eq!(windows(&job), expected);
    let names: Vec<String> = job.points.iter().map(ToString::to_string).collect();
    // The job's own signal region is not named.
    assert_eq!(
        names,
        ["window-noise-s0-w2800-6000-r3100-3500-x4-trees", "window-noise-s0-w2800-6000-x4-trees"]
    );
    let stepped = good("from_gev = 3300\nto_gev = 3700\nstep_gev = 200\nwidth_gev = 400");
    let centres = [3300.0, 3500.0, 3700.0].map(|m| (MassWindow::new(m - 200.0, m + 200.0), outer));
    assert_eq!(windows(&stepped), centres);
    // Steps of a tenth reach the last centre in spite of rounding, and edges have no endless digits.
    let fine = good("from_gev = 3300\nto_gev = 3300.3\nstep_gev = 0.1\nrelative_width = 0.1");
    assert_eq!(windows(&fine).len(), 4);
    assert_eq!(windows(&fine)[3].0, MassWindow::new(3135.285, 3465.315));
}

#[test]
fn side_bands_are_those_of_the_job_or_so_wide_on_each_side() {
    let job = good("windows_gev = [[3100, 3500], [3300, 3700]]\nside_band_width_gev = 300");
    let outer: Vec<MassWindow> = windows(&job).into_iter().map(|(_, outer)| outer).collect();
    assert_eq!(outer, [MassWindow::new(2800.0, 3800.0), MassWindow::new(3000.0, 4000.0)]);
}

#[test]
fn without_windows_there_is_no_search_and_a_job_needs_a_scan() {
    let scan = "[[scan]]\nmethod = 'noise'\nn_signal = [0]";
    let job = check("trainings = 7", scan).expect("a scan alone");
    assert_eq!((job.search.clone(), job.points.len()), (None, 1));
    let stored = serde_json::to_value(&job).expect("JSON");
    assert_eq!(stored.get("search"), None, "jobs without a search are stored as before");
    let both = check("windows_gev = [[3300, 3700]]", scan).expect("a scan and a search");
    assert_eq!(both.points.len(), 2);
    let found = check("trainings = 7", "").expect_err("nothing to compute");
    assert!(
        found[0].1.contains("add a [[scan]] block with a method, or a [search] with windows_gev"),
        "{found:?}"
    );
}

#[test]
fn signal_of_a_file_with_labels_is_data_as_far_as_it_is_injected() {
    let signal = |job: &Job| job.points[0].n_signal().expect("a window has data");
    let job = good("windows_gev = [[3300, 3700]]");
    assert_eq!((signal(&job), job.truth_for(&job.points[0])), (SignalCount(0), None));
    assert_eq!(job.search.as_ref().expect("a search").injected, Injected::Unlabelled);
    let rehearsal = good("windows_gev = [[3300, 3700]]\ninjected = 300");
    assert_eq!(signal(&rehearsal), SignalCount(300));
    assert_eq!(rehearsal.search.expect("a search").injected, Injected::Labelled(SignalCount(300)));
    let none = good("windows_gev = [[3300, 3700]]\ninjected = 0");
    assert_eq!((signal(&none), none.truth_for(&none.points[0])), (SignalCount(0), None));
}

#[test]
fn methods_that_begin_as_events_start_at_the_jobs_noise() {
    let template = |method: &str| {
        let search = format!("windows_gev = [[3300, 3700]]\nmethod = '{method}'");
        good(&search).points[0].template().expect("a template")
    };
    assert_eq!(template("cathode").method, TemplateMethod::Cathode);
    assert_eq!(template("noise").sigma_prime, None);
    assert!(template("sb").sigma_prime.is_some());
}

/// Lines of `[search]`, further sections, the key in error, and what is said of it.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (
        "windows_gev = [[3700, 3300]]",
        "",
        "windows_gev",
        "is [[3700, 3300]] (that has no meaning here) write a list of [low, high] in GeV, low below high",
    ),
    ("from_gev = 0\nto_gev = 3500\nstep_gev = 100\nwidth_gev = 300", "", "from_gev", "name all three"),
    ("windows_gev = [[2800, 3200]]", "", "windows_gev", "the side-bands 2800-6000 must lie on both sides"),
    ("windows_gev = [[5800, 6200]]", "", "windows_gev", "contains 5800-6200"),
    ("windows_gev = [[3300, 3700], [3300, 3700]]", "", "windows_gev", "twice"),
    ("from_gev = 3300\nwindows_gev = [[3300, 3700]]", "", "windows_gev", "stands beside from_gev"),
    ("from_gev = 3300\nto_gev = 3200\nstep_gev = 100\nwidth_gev = 300", "", "from_gev", "name all three"),
    ("from_gev = 3300\nto_gev = 3500\nwidth_gev = 300", "", "from_gev", "step_gev = 0"),
    ("from_gev = 3300\nto_gev = 3500\nstep_gev = 100", "", "width_gev", "name one of both"),
    (
        "from_gev = 3300\nto_gev = 3500\nstep_gev = 100\nwidth_gev = 300\nrelative_width = 0.1",
        "",
        "width_gev",
        "name one of both",
    ),
    ("from_gev = 3300\nto_gev = 3500\nstep_gev = 0.001\nwidth_gev = 30", "", "step_gev", "1000 at most"),
    ("windows_gev = [[300, 700]]\nside_band_width_gev = 400", "", "side_band_width_gev", "lower it"),
    ("windows_gev = [[12000, 12500]]\nside_band_width_gev = 600", "", "side_band_width_gev", "13000"),
    ("", "", "efficiencies", "shares above 0, at most 0.2"),
    ("", "", "efficiencies_twice", "twice"),
    ("method = 'idealised'", "", "method", "needs to know which events are background"),
    ("method = 'supervised'", "", "method", "needs to know which events are background"),
    ("method = 'sr'", "", "method", "begins as the events that are searched"),
    ("method = 'magic'", "", "method", "there is no such method"),
    ("method = 'mc'", "", "method", "starts from the events of another sample"),
    ("method = 'feta'", "[other_sample]\nsource = 'file'", "oversampling", "set it to 1"),
    ("classifier = 'mlp'", "", "classifier", "\"trees\""),
    ("injected = -3", "", "injected", "\"unlabelled\""),
    ("trainings = 0", "", "trainings", "from 1"),
    ("blind = 'yes'", "", "blind", "true or false"),
    ("oversampling = 0", "", "oversampling", "a whole number from 1"),
    ("calibrate = 15", "", "calibrate", "a multiple of 10"),
    ("calibrate = -10", "", "calibrate", "a multiple of 10"),
    ("calibrate = 10\nmethod = 'sb'", "", "calibrate", "copies of template events"),
    ("calibrate = 10\ncalibration_pool = 1", "", "calibration_pool", "from 2"),
    ("sensitivity = [1]", "", "signal", "no event of the data is known to be signal"),
    ("sensitivity = [0]\ninjected = 5", "", "sensitivity", "numbers above 0"),
    ("sensitivity = [1, 1]\ninjected = 5", "", "sensitivity", "twice"),
    ("sensitivity = [1]\ninjected = 5\nmethod = 'sb'", "", "sensitivity", "copies of template events"),
    ("sensitivity = [1]\ninjected = 5\nsensitivity_experiments = 15", "", "sensitivity_experiments", "of 10"),
    ("sensitivity = [1]\ninjected = 5\nacceptance = 0", "", "acceptance", "a share above 0"),
    ("peak_width_gev = 20", "", "peak_width_gev", "without a peak"),
    ("peak = 'gaussian'\npeak_width_gev = 300", "", "peak_width_gev", "wider than half"),
    ("peak = 'square'", "", "peak", "\"gaussian\""),
    ("peak = 'crystal_ball'\npeak_tails = [1, 1, 1, 1]", "", "peak_tails", "powers above 1"),
    ("signal = 'here'", "", "signal", "\"labels\" or \"file\""),
    ("signal = 'file'", "", "signal", "without sensitivity"),
    ("signal_mass_gev = 3500", "", "signal_mass_gev", "without sensitivity"),
    ("signal_events = 's.csv'", "", "signal_events", "without sensitivity"),
    (
        "sensitivity = [1]\ninjected = 5\nsignal_events = 's.csv'",
        "",
        "signal_events",
        "that signal is taken from the data",
    ),
    (
        "sensitivity = [1]\ninjected = 5\nsignal_mass_gev = [3000, 3500]",
        "",
        "signal_mass_gev",
        "that signal has one mass",
    ),
    (
        "sensitivity = [1]\nsignal = 'file'\nsignal_events = ['s.csv', 't.csv']\nsignal_mass_gev = 3500",
        "",
        "signal_mass_gev",
        "name as many masses as files",
    ),
    (
        "sensitivity = [1]\nsignal = 'file'\nsignal_events = ['s.csv', 't.csv']\nsignal_mass_gev = [3500, 3500]",
        "",
        "signal_mass_gev",
        "twice",
    ),
    (
        "sensitivity = [1]\nsignal = 'file'\nsignal_events = ['s.csv', 'a.csv']\nsignal_mass_gev = [3000, 3500]",
        "",
        "signal_events",
        "nothing can be both",
    ),
    ("templates = 3", "", "templates", "set oversampling to a multiple of 3"),
    ("templates = 0", "", "templates", "from 1 to 100"),
    ("fit_functions = ['dijet', 'dijet']", "", "fit_functions", "twice"),
    ("fit_functions = ['spline']", "", "fit_functions", "\"bernstein\""),
    ("fit_functions = []", "", "fit_functions", "a list of"),
    (
        "sensitivity = [1]\nsignal = 'file'\nsignal_events = 'a.csv'\ninjected = 5",
        "",
        "signal_events",
        "set signal = \"labels\"",
    ),
    (
        "sensitivity = [1]\nsignal = 'file'\nsignal_events = 'a.csv'",
        "",
        "signal_events",
        "name a file of simulated signal",
    ),
    (
        "sensitivity = [1]\nsignal = 'file'\nsignal_events = 'o.csv'",
        "[other_sample]\nsource = 'file'\nevents = 'o.csv'",
        "signal_events",
        "nothing can be both",
    ),
    ("luminosity_ifb = 100", "", "luminosity_ifb", "name strengths"),
    ("control_windows_gev = [[3600, 3900]]", "", "control_windows_gev", "it overlaps 3300-3700"),
    ("control_windows_gev = [[2800, 3000]]", "", "control_windows_gev", "do not lie on both sides"),
    ("control_windows_gev = [[5800, 6100]]", "", "control_windows_gev", "do not lie on both sides"),
    ("control_windows_gev = [[2900, 3100], [2900, 3100]]", "", "control_windows_gev", "twice"),
    (
        "control_windows_gev = [[4000, 4200], [4100, 4300]]",
        "",
        "control_windows_gev",
        "contains 4100-4300 beside 4000-4200",
    ),
    ("control = 'side-bands'\ncontrol_windows_gev = [[2900, 3100]]", "", "control", "remove one of both"),
    ("control = 'side-bands'\nside_band_width_gev = 300", "", "control", "where no window fits"),
    ("control = 'everywhere'", "", "control", "\"side-bands\""),
    ("", "[independent_background]\nsource = 'withheld'", "windows_gev", "would have a dent"),
];

#[test]
fn windows_are_searched_by_trees_or_perceptrons() {
    for (key, kind, ending) in
        [("trees", ClassifierKind::Trees, "-trees"), ("perceptrons", ClassifierKind::Mlp, "-x4")]
    {
        let job = good(&format!("windows_gev = [[3300, 3700]]\nclassifier = '{key}'"));
        assert_eq!(job.points[0].classifier, kind);
        assert!(job.points[0].to_string().ends_with(ending), "{}", job.points[0]);
    }
    assert_eq!(good("windows_gev = [[3300, 3700]]").points[0].classifier, ClassifierKind::Trees);
    assert!(check("windows_gev = [[3300, 3700]]\nclassifier = 'forests'", "").is_err());
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let window = "windows_gev = [[3300, 3700]]\n";
    for (search, more, key, expected) in MISTAKES.iter().copied() {
        let (key, search) = match key {
            "efficiencies" => (key, "efficiencies = [0.1, 1.0]"),
            "efficiencies_twice" => ("efficiencies", "efficiencies = [0.1, 0.1]"),
            _ => (key, search),
        };
        let own = search.starts_with("windows_gev") || search.starts_with("from_gev");
        let search = if own { search.to_owned() } else { format!("{window}{search}") };
        let found = check(&search, more).expect_err(&search);
        let is_told = |(named, message): &(String, String)| {
            *named == format!("search.{key}") && message.contains(expected)
        };
        assert!(found.iter().any(is_told), "{search}: {found:?}");
    }
    // One window in error does not hide the next.
    let found = check("windows_gev = [[2800, 3200], [5800, 6200]]", "").expect_err("two mistakes");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn control_windows_see_nothing_that_is_searched() {
    let job = good(
        "windows_gev = [[3100, 3500], [3300, 3700]]\ncontrol_windows_gev = [[2850, 3050], [4200, 4600]]",
    );
    let controls: Vec<&crate::job::ScanPoint> =
        job.points.iter().filter(|point| point.is_control()).collect();
    assert_eq!((job.points.len(), controls.len()), (4, 2));
    assert_eq!(controls[0].to_string(), "window-noise-s0-w2800-6000-r2850-3050-o3100-3700-x4-trees");
    let regions = job.regions_of(&controls[0].template().expect("a template").sample);
    let window = MassWindow::new;
    assert_eq!(regions.signal, window(2850.0, 3050.0));
    assert_eq!(
        regions.side_bands(),
        [window(2800.0, 2850.0), window(3050.0, 3100.0), window(3700.0, 6000.0)]
    );
    assert_eq!(job.points.iter().filter(|point| point.is_searched()).count(), 2);
}

#[test]
fn control_windows_are_found_where_they_fit() {
    let controls = |search: &str| -> Vec<MassWindow> {
        let job = good(search);
        let points = job.points.iter().filter(|point| point.is_control());
        points.map(|point| job.regions_of(&point.template().expect("a template").sample).signal).collect()
    };
    let window = MassWindow::new;
    // 500 GeV below, which is not twice 400; 2300 GeV above.
    let found = controls("windows_gev = [[3300, 3700]]\ncontrol = 'side-bands'");
    assert_eq!(found, [3900.0, 4300.0, 4700.0, 5100.0].map(|low| window(low, low + 400.0)));
    let found = controls("windows_gev = [[3300, 3500], [3500, 4000]]\ncontrol = 'side-bands'");
    assert_eq!(found[0], window(3000.0, 3200.0), "as wide as the lowest");
    assert_eq!(found[1], window(4250.0, 4750.0), "as wide as the highest");
}

#[test]
fn pseudo_experiments_have_as_many_trainings_as_data_or_so_many() {
    let calibration = |search: &str| {
        let job = good(&format!("windows_gev = [[3300, 3700]]\n{search}"));
        job.search.expect("a search").calibration
    };
    assert_eq!(calibration(""), None);
    let all = |trainings, pool| Some(PseudoSearches { experiments: 50, trainings, pool });
    assert_eq!(calibration("calibrate = 50\ntrainings = 4"), all(4, 2));
    assert_eq!(calibration("calibrate = 50\ncalibration_trainings = 1\ncalibration_pool = 5"), all(1, 5));
    let plain = serde_json::to_value(good("windows_gev = [[3300, 3700]]")).expect("JSON");
    assert_eq!(plain["search"].get("calibration"), None, "jobs without any are stored as before");
    let found = check("calibrate = 10", "[[scan]]\nmethod = 'noise'\nn_signal = [0]").expect_err("no search");
    assert!(found[0].1.contains("there is no search to calibrate"), "{found:?}");
    let found =
        check("sensitivity = [1]", "[[scan]]\nmethod = 'noise'\nn_signal = [0]").expect_err("no search");
    assert!(found[0].1.contains("there is no search whose sensitivity"), "{found:?}");
    let found =
        check("control = 'side-bands'", "[[scan]]\nmethod = 'noise'\nn_signal = [0]").expect_err("no search");
    assert!(found[0].1.contains("there is no search to control"), "{found:?}");
}

#[test]
fn sensitivity_takes_pools_and_trainings_of_pseudo_experiments_and_shifts_signal_to_windows() {
    let of = |search: &str| {
        let job = good(&format!("windows_gev = [[3300, 3700]]\ninjected = 5\n{search}"));
        job.search.and_then(|search| search.sensitivity)
    };
    assert_eq!(of("calibrate = 10"), None);
    let found = of("sensitivity = [1, 2.5]\ncalibration_trainings = 1\ncalibration_pool = 5").expect("one");
    assert_eq!((found.strengths.as_slice(), found.experiments), (&[1.0, 2.5][..], 20));
    assert_eq!((found.trainings, found.pool, &found.signal), (1, 5, &SimulatedSignal::Labels));
    assert_eq!(found.produced, None);
    let window = MassWindow::new(4000.0, 4400.0);
    assert!(found.shift(window).abs() < 1e-12, "masses stay where they are");
    let found = of("sensitivity = [1]\nsignal = 'file'\nsignal_events = 's.csv'\nsignal_mass_gev = 3500")
        .expect("one");
    assert!((found.shift(window) - 700.0).abs() < 1e-12 && !found.files().is_empty());
    // Of several files each window takes the one of the nearest mass.
    let files =
        "signal = 'file'\nsignal_events = ['s.csv', 't.csv', 'u.csv']\nsignal_mass_gev = [3500, 4100, 5000]";
    let found = of(&format!("sensitivity = [1]\n{files}")).expect("one");
    assert_eq!((found.nearest(window), found.files().len()), (1, 3));
    assert!((found.shift(window) - 100.0).abs() < 1e-12);
    assert_eq!(found.nearest(MassWindow::new(3000.0, 3100.0)), 0);
    // A luminosity changes what limits are written in, and no count.
    let [with, without] = ["\nluminosity_ifb = 139\nacceptance = 0.5", ""]
        .map(|more| good(&format!("windows_gev = [[3300, 3700]]\ninjected = 5\nsensitivity = [1]{more}")));
    assert_ne!(with, without);
    assert_eq!(with.physics(), without.physics());
    // Nor do a peak and other functions, which are fitted to what has been counted.
    let functions =
        good("windows_gev = [[3300, 3700]]\ninjected = 5\nsensitivity = [1]\nfit_functions = 'bernstein'");
    assert_eq!(functions.physics(), without.physics());
    let peak = good("windows_gev = [[3300, 3700]]\ninjected = 5\nsensitivity = [1]\npeak = 'crystal_ball'");
    assert_eq!(peak.physics(), without.physics());
    assert_eq!(peak.search.and_then(|search| search.peak?.tails), Some([1.5, 3.0, 1.5, 3.0]));
}

#[test]
fn blindness_is_no_physics() {
    let [blind, open] =
        ["", "\nblind = false"].map(|more| good(&format!("windows_gev = [[3300, 3700]]{more}")));
    assert!(blind.search.as_ref().is_some_and(|search| search.blind) && blind != open);
    assert_eq!(blind.physics(), open.physics());
    assert_ne!(good("windows_gev = [[3300, 3700]]\ntrainings = 4").physics(), open.physics());
}
