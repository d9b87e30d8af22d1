use super::*;
use crate::error::{Error, MistakeAt, Problem};
use crate::job::{
    ClassifierKind, Comparison, MassWindow, SignalCount, TemplateMethod, TemplateSpec, TrainingSample,
};

const SMALL: &str =
    "schema = 1\nname = 'small'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";

fn check(text: &str) -> Result<Job, Error> {
    JobFile::from_text("job.toml", text).check()
}

fn problems(text: &str) -> Vec<(usize, String)> {
    match check(text) {
        Err(Error::JobFile { problems, .. }) => {
            let line = |problem: &Problem| match &problem.place {
                MistakeAt::Line(line) => *line,
                MistakeAt::Change(change) => panic!("nothing is changed: {change}"),
            };
            problems.iter().map(|problem| (line(problem), problem.to_string())).collect()
        }
        other => panic!("expected mistakes, got {other:?}"),
    }
}

#[test]
fn points_say_what_they_need_labels_for() {
    let truth = |scan: &str| {
        let job = check(&SMALL.replace("method = 'noise'\nn_signal = [0]\n", scan)).expect("a good job");
        job.points.iter().map(|point| job.truth_for(point)).collect::<Vec<_>>()
    };
    assert_eq!(truth("method = 'noise'\nn_signal = [0, 3]\n"), [None, Some(Truth::Injected)]);
    let file = "[independent_background]\nsource = 'file'\n";
    assert_eq!(truth(&format!("method = 'supervised'\n{file}")), [Some(Truth::Learnt)]);
    assert_eq!(truth(&format!("method = 'idealised'\nn_signal = [0]\n{file}")), [None]);
    let withheld = file.replace("'file'", "'withheld'");
    assert_eq!(truth(&format!("method = 'noise'\nn_signal = [0]\n{withheld}")), [Some(Truth::Withheld)]);
}

#[test]
fn the_defaults_are_a_job() {
    let job = check(&DEFAULTS).expect("a good job");
    assert_eq!(job.points.len(), 9);
    assert_eq!(job.classifiers_per_point(), 50);
    assert_eq!(job.denoiser.epochs, 700);
    assert_eq!(job.data.features.len(), 5);
}

#[test]
fn a_job_that_was_stored_before_prices_had_signal_events_is_read() {
    let text =
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
    let job = JobFile::from_text("job.toml", text).check().expect("a good job");
    let mut stored = serde_json::to_value(&job).expect("JSON");
    let pricing = stored["pricing"].as_object_mut().expect("a section");
    assert!(pricing.remove("signal_events").is_some());
    let read: Job = serde_json::from_value(stored).expect("a job of an earlier version");
    assert_eq!(read.pricing.signal_events, 77_200);
}

#[test]
fn a_small_job_takes_its_defaults() {
    let job = check(SMALL).expect("a good job");
    let sample = TrainingSample::new(SignalCount(0), MassWindow::new(2800.0, 6000.0));
    let template = TemplateSpec::plain(TemplateMethod::Noise, sample);
    let comparison = Comparison::Search { template, oversampling: Oversampling(5) };
    assert_eq!(job.points, [ScanPoint { comparison, classifier: ClassifierKind::Mlp }]);
    let stored = serde_json::to_string(&job).expect("JSON");
    let read: Job = serde_json::from_str(&stored).expect("a job");
    assert_eq!(read.physics(), job.physics());
}

#[test]
fn all_mistakes_are_reported_with_their_lines() {
    let text = "schema = 2\nname = 'x'\n[data]\nevents = 'a.h5'\nfeature = ['m_j1']\n[regions]\n\
                signal_region_gev = [3700, 3300]\n[denoiser]\nepochs = 'many'\nlearnin_rate = 1\n[classifier]\n\
                seeds = [1, 2, 1]\nfolds = 2\n[[scan]]\nmethod = 'noize'\n[[scan]]\nmethod = 'noise'\n\
                n_signal = []\nside_bands_gev = [[3400, 6000]]\n[[scan]]\nmethod = 'supervised'\nn_signal = [1]\n";
    let found = problems(text);
    let expect = [
        (1, "schema is not 1"),
        (5, "data.feature is not a key of drapes (it would be ignored) did you mean features?"),
        (7, "regions.signal_region_gev is [3700, 3300] (that has no meaning here)"),
        (9, "denoiser.epochs is the text \"many\" (that has no meaning here) write a whole number from 1"),
        (
            10,
            "denoiser.learnin_rate is not a key of drapes (it would be ignored) did you mean learning_rate?",
        ),
        (12, "classifier.seeds contains 1 twice"),
        (13, "classifier.folds is below 3"),
        (15, "scan.method is the text \"noize\""),
        (18, "scan.n_signal is an empty list"),
        (19, "scan.side_bands_gev is 3400-6000 (it must leave side-bands on both sides"),
        (21, "scan.method is supervised (a reference must not share events with the data)"),
        (22, "scan.n_signal is not a key of drapes"),
    ];
    for ((line, message), expected) in found.iter().zip(expect) {
        assert_eq!(*line, expected.0, "{message}");
        assert!(message.starts_with(expected.1), "{message}\nshould start with\n{}", expected.1);
    }
    assert_eq!(found.len(), expect.len(), "{found:#?}");
}

#[test]
fn broken_toml_is_reported_with_its_line() {
    let found = problems("schema = 1\nname = 'x\n");
    assert!(found[0].0 == 2 && found[0].1.contains("not TOML"), "{found:?}");
}

#[test]
fn an_empty_file_names_what_is_missing() {
    let found: Vec<String> = problems("").into_iter().map(|(_, message)| message).collect();
    for key in ["schema", "name", "data.events", "scan"] {
        assert!(
            found.iter().any(|message| message.starts_with(&format!("{key} is missing"))),
            "{key}: {found:?}"
        );
    }
}

#[test]
fn columns_are_checked_where_the_layout_is_known() {
    let with = |line: &str| SMALL.replace("events = 'a.h5'", &format!("events = 'a.h5'\n{line}"));
    assert!(
        problems(&with("features = ['m_j9']"))[0]
            .1
            .contains("the LHCO layout does not give it) choose from m_jj, m_j1")
    );
    assert!(problems(&with("features = ['m_j1', 'm_j1']"))[0].1.contains("twice"));
    assert!(problems(&with("features = ['m_jj']"))[0].1.contains("resonant column"));
    assert!(problems(&with("features = []"))[0].1.contains("an empty list"));
    assert!(check(&with("layout = 'table'\nfeatures = ['anything']")).is_ok());
}

#[test]
fn blocks_that_share_points_compute_them_once() {
    let text = format!("{SMALL}[[scan]]\nmethod = 'noise'\nn_signal = [0, 9]\noversampling = [5, 2]\n");
    let job = check(&text).expect("a good job");
    assert_eq!(job.points.len(), 4);
}

#[test]
fn axes_of_the_other_methods_are_checked() {
    let scan = |text: &str| problems(&format!("{SMALL}[[scan]]\n{text}\n"));
    let message = |text: &str| {
        let found = scan(text);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].1.clone()
    };
    let sr = "method = 'sr'\nn_signal = [0]\n";
    assert!(
        message(&format!("{sr}sigma_prime = [100]")).contains("noise strengths above 0.00001 and up to 80")
    );
    assert!(message(&format!("{sr}sigma_prime = [0.5, 0.5]")).contains("contains 0.5 twice"));
    assert!(message(&format!("{sr}oversampling = [0]")).contains("whole numbers from 1"));
    assert!(message(&format!("{sr}solver = ['rk4']")).contains("\"heun\" and \"euler\" and \"dpmpp_2m\""));
    assert!(message(&format!("{sr}steps = [1]")).contains("from 2"));
    assert!(message(&format!("{sr}classifier = ['bdt']")).contains("\"mlp\" and \"trees\""));
    assert!(message("method = 'mc'\nn_signal = [0]").contains("set other_sample.source = \"file\""));
    assert!(message("method = 'gensr'\nn_signal = [0]\nsigma_prime = [2]").contains("not a key of drapes"));
    // Grids too coarse for the noise, and noise that becomes the same.
    assert!(
        message(&format!("{sr}sigma_prime = [0.01]\nsteps = [4]"))
            .contains("4 steps of heun leave 0 network evaluations from there")
    );
    let same = message(&format!("{sr}sigma_prime = [2.24, 2.3]\nsteps = [20]"));
    assert!(
        same.contains("contains 2.24 and 2.3 (both become the same point of the grid of 20 steps)"),
        "{same}"
    );
    assert!(message(&format!("{sr}side_bands_gev = [[2800, 14000]]")).contains("0 < m < 13000"));
    let text = format!("{SMALL}[sampler]\nsigma_max = 1\n[[scan]]\n{sr}");
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].1.contains("is 2.24 as in [template] (it must lie above 0.00001 and up to 1"),
        "{found:?}"
    );
    // All at once, in the order of the file.
    let all = scan("method = 'sb'\nsigma_prime = [-1]\nsteps = [0]\nclassifier = []");
    assert_eq!(all.len(), 4, "{all:?}");
}

#[test]
fn axes_multiply() {
    let text = format!(
        "{SMALL}[[scan]]\nmethod = 'sb'\nn_signal = [0, 9]\nsigma_prime = [0.62, 2.24, 8.9]\noversampling = [1, 2]\n\
         solver = ['heun', 'euler']\nsteps = [50, 100]\nclassifier = ['mlp', 'trees']\n"
    );
    assert_eq!(check(&text).expect("a good job").points.len(), 1 + 2 * 3 * 2 * 4 * 2);
    let defaults = check(&format!("{SMALL}[[scan]]\nmethod = 'sr'\nn_signal = [9]\n")).expect("a good job");
    assert_eq!(defaults.points[1].to_string(), "sr-sp2.24-s9-w2800-6000-x5");
}

#[test]
fn flows_are_checked() {
    let message = |text: &str| {
        let found = problems(&format!("{SMALL}{text}\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].1.clone()
    };
    assert!(message("[flow]\nbins = 1").contains("a whole number from 2"));
    assert!(message("[flow]\nbins = 2000").contains("hardly anything would be left to learn"));
    assert!(message("[flow]\ntail = 0").contains("a number above 0"));
    assert!(message("[flow]\ntail = 0.5").contains("most standardised values would lie in the tails"));
    assert!(message("[flow]\ntail = 1e4").contains("few would lie where events are"));
    assert!(message("[flow]\nbatch = 255").contains("an even number"));
    assert!(message("[flow.top]\nwidth = 3").contains("flow.top.width is 3 (each of the 5 features"));
    assert!(message("[flow.base]\nlayer = 3").contains("did you mean layers?"));
    let cathode = "[[scan]]\nmethod = 'cathode'\nn_signal = [0]\n";
    assert!(message(&format!("{cathode}sigma_prime = [2]")).contains("not a key of drapes"));
    assert!(message("[[scan]]\nmethod = 'feta'\nn_signal = [0]").contains("is feta (it starts from"));
    let feta =
        "[other_sample]\nsource = 'file'\n[[scan]]\nmethod = 'feta'\nn_signal = [0]\noversampling = [4]";
    assert!(message(feta).contains("is not [1] (the flow takes an event to one place"));
    let regions = format!("{cathode}signal_region_gev = [[3300, 3700], [2800, 3000]]");
    assert!(
        message(&regions).contains("contains 2800-3000 (the side-bands 2800-6000 must lie on both sides")
    );
    let withheld =
        format!("[independent_background]\nsource = 'withheld'\n{cathode}signal_region_gev = [[3500, 3900]]");
    assert!(message(&withheld).contains("others would have a dent"));
}

#[test]
fn the_sections_of_jets_are_checked() {
    let message = |section: &str| {
        let found = problems(&format!("{SMALL}{section}\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].1.clone()
    };
    let job = check(&format!("{SMALL}[jet_model]\nblocks = 2\n[jet_classifier]\ninputs = 'absolute'\n"));
    let job = job.expect("a good job");
    assert_eq!((job.jet_model.blocks, job.jet_model.width), (2, 256));
    assert_eq!((job.jet_classifier.inputs, job.jet_classifier.width), (JetInputs::Absolute, 64));
    for section in ["[jet_model]\nheads = 3", "[jet_classifier]\nheads = 3", "[jet_model]\nwidth = 100"] {
        let found = message(section);
        assert!(found.contains("(heads share the ") && found.contains("choose a divisor of"), "{found}");
    }
    assert!(message("[jet_model]\nwidht = 3").contains("did you mean width?"));
    assert!(message("[jet_model]\nprecision = 'half'").contains("write \"single\" or \"mixed\""));
    assert!(message("[jet_model]\nloss_weighting = 'x'").contains("write \"edm\" or \"printed\""));
    assert!(message("[jet_model]\nema_decay = 1").contains("a share from 0 to below 1"));
    assert!(message("[jet_classifier]\ninputs = 'all'").contains("write \"relative\" or \"absolute\""));
    assert!(message("[jet_classifier]\nclass_attention_layers = 0").contains("a whole number from 1"));
    assert!(check(&format!("{SMALL}[jet_classifier]\nself_attention_layers = 0\n")).is_ok());
}

#[test]
fn weights_are_averaged_by_one_rule() {
    let found = problems(&format!("{SMALL}[denoiser]\nema_decay = 0.99\nema_width = 0.1\n"));
    assert!(found.len() == 1 && found[0].1.contains("is 0.99, with ema_width = 0.1"), "{found:?}");
    // The default is named by every job that is made of the commented defaults.
    assert!(check(&format!("{SMALL}[denoiser]\nema_decay = 0.999\nema_width = 0.1\n")).is_ok());
}

#[test]
fn constituents_are_refused_where_they_have_no_meaning() {
    let scan_of = |layout: &str, text: &str| {
        let start = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = '{layout}'\n[other_sample]\nsource = 'file'\n"
        );
        JobFile::from_text("job.toml", format!("{start}[[scan]]\n{text}\nn_signal = [0]\n")).check()
    };
    let scan = |text: &str| scan_of("table", text);
    let refused = |text: &str, expected: &str| {
        let error = scan(text).expect_err("a mistake").to_string();
        assert!(error.contains(expected) && error.contains("1 mistake"), "{text}: {error}");
    };
    refused("method = 'mc'\ninputs = ['llv']", "this method knows features only");
    refused("method = 'gensr'\ninputs = ['hlv', 'llv']", "this method knows features only");
    refused("method = 'noise'\ninputs = ['pixels']", "a list of \"hlv\" and \"llv\"");
    refused("method = 'noise'\ninputs = ['llv', 'llv']", "contains llv twice");
    refused("method = 'sr'\ninputs = ['llv']\nkinematics = ['kept', 'kept']", "contains kept twice");
    refused("method = 'noise'\ninputs = ['llv']\nkinematics = ['kept']", "has no meaning here");
    refused("method = 'sr'\nkinematics = ['diffused']", "has no meaning here");
    let error =
        scan_of("lhco_features", "method = 'sr'\ninputs = ['llv']").expect_err("a mistake").to_string();
    assert!(error.contains("has no constituents) make one with `drapes-prepare`"), "{error}");
    refused("method = 'noise'\nclassifier = ['transformer']", "constituents have a classifier of their own");
    refused("method = 'noise'\ninputs = ['llv']\nclassifier = ['trees']", "has a classifier of its own");
    refused("method = 'sr'\ninputs = ['hlv', 'llv']\nsigma_prime = [900]", "noise strengths above");
    let job =
        scan("method = 'sr'\ninputs = ['hlv', 'llv']\nclassifier = ['mlp', 'trees']").expect("a good job");
    let points: Vec<String> = job.points.iter().map(ToString::to_string).collect();
    assert_eq!(
        points,
        ["sr-sp2.24-s0-w2800-6000-x5", "sr-sp2.24-s0-w2800-6000-x5-trees", "sr-sp8.9-s0-w2800-6000-llv-x5",]
    );
}

#[test]
fn numbers_for_missing_values_are_one_or_many_and_absent_from_jobs_without_any() {
    let with = |missing: &str| {
        SMALL.replace("events = 'a.h5'\n", &format!("events = 'a.h5'\nmissing = {missing}\n"))
    };
    assert_eq!(check(&with("-999")).expect("a good job").data.missing, [-999.0]);
    assert_eq!(check(&with("[-999, 9999.5]")).expect("a good job").data.missing, [-999.0, 9999.5]);
    let found = problems(&with("'NA'"));
    assert!(found[0].1.contains("write a number, or a list of numbers"), "{found:?}");
    // Fingerprints follow the physics of a job: those of jobs without the key stay as they were.
    let tree = check(SMALL).expect("a good job").physics();
    assert!(tree["data"].get("missing").is_none(), "{tree}");
    let tree = check(&with("-999")).expect("a good job").physics();
    assert_eq!(tree["data"]["missing"][0], -999.0);
}

#[test]
fn templates_are_made_anew_for_each_seed() {
    let of = |more: &str| check(&format!("{SMALL}{more}"));
    let job = of("template_seeds = '0-2'\noversampling = [1]\n").expect("a good job");
    let names: Vec<String> = job.points.iter().map(ToString::to_string).collect();
    let expected = ["noise-s0-w2800-6000-x1", "noise-s0-w2800-6000-t1-x1", "noise-s0-w2800-6000-t2-x1"];
    assert_eq!(names, expected);
    assert_eq!(of("template_seeds = [0]\n").expect("a good job"), check(SMALL).expect("a good job"));
    for (more, expected) in [
        ("template_seeds = [1, 2]\n", "lacks 0"),
        ("template_seeds = [0, 1, 1]\n", "template_seeds"),
        ("template_seeds = 'many'\n", "whole numbers"),
        (
            "[independent_background]\nsource = 'file'\n[[scan]]\nmethod = 'idealised'\nn_signal = [0]\ntemplate_seeds = [0, 1]\n",
            "template_seeds",
        ),
    ] {
        let found = of(more).expect_err(more).to_string();
        assert!(found.contains(expected), "{more}: {found}");
    }
}

#[test]
fn injections_are_drawn_anew_for_each_seed_where_there_is_signal() {
    let of = |n_signal: &str, more: &str| {
        check(&SMALL.replace("n_signal = [0]", &format!("n_signal = {n_signal}\noversampling = [1]\n{more}")))
    };
    let names = |job: Job| job.points.iter().map(ToString::to_string).collect::<Vec<_>>();
    let job = of("[0, 500]", "injection_seeds = '0-1'\ntemplate_seeds = '0-1'").expect("a good job");
    let expected = [
        "s0-w2800-6000",
        "s0-w2800-6000-t1",
        "s500-w2800-6000",
        "s500-w2800-6000-t1",
        "s500-i1-w2800-6000",
        "s500-i1-w2800-6000-t1",
    ];
    assert_eq!(names(job), expected.map(|sample| format!("noise-{sample}-x1")));
    let references = "[independent_background]\nsource = 'file'\n[[scan]]\nmethod = 'over_idealised'\nn_signal = [5]\ninjection_seeds = [0, 3]\noversampling = [2]\n";
    let job = of("[0]", references).expect("a good job");
    assert_eq!(names(job)[1..], ["over_idealised-s5-x2", "over_idealised-s5-i3-x2"]);
    assert_eq!(of("[5]", "injection_seeds = [0]").expect("a good job"), of("[5]", "").expect("a good job"));
    for (more, expected) in [
        ("injection_seeds = [1]\n", "lacks 0"),
        ("injection_seeds = [0, 0]\n", "injection_seeds"),
        ("injection_seeds = [0, -1]\n", "whole numbers"),
        ("[injection]\ncount = 'poison'\n", "write \"exact\" or \"poisson\""),
        (
            "[independent_background]\nsource = 'file'\n[[scan]]\nmethod = 'supervised'\ninjection_seeds = [0, 1]\n",
            "injection_seeds",
        ),
    ] {
        let found = of("[5]", more).expect_err(more).to_string();
        assert!(found.contains(expected), "{more}: {found}");
    }
    let found = of("[0]", "injection_seeds = [0, 1]").expect_err("nothing to draw").to_string();
    assert!(found.contains("no signal is injected"), "{found}");
}

#[test]
fn points_of_the_first_injection_read_as_they_did_before_there_were_others() {
    let job = check(&SMALL.replace("n_signal = [0]", "n_signal = [5]\ninjection_seeds = [0, 1]"))
        .expect("a good job");
    let texts: Vec<String> =
        job.points.iter().map(|point| serde_json::to_string(point).expect("text")).collect();
    assert!(texts[0].contains("\"sample\":{\"n_signal\":5,\"side_bands\""), "{}", texts[0]);
    assert!(
        texts[1].contains("\"sample\":{\"n_signal\":5,\"injection_seed\":1,\"side_bands\""),
        "{}",
        texts[1]
    );
    for (text, point) in texts.iter().zip(&job.points) {
        assert_eq!(serde_json::from_str::<ScanPoint>(text).expect("a point"), *point);
    }
    let references = check(&format!(
        "{SMALL}[independent_background]\nsource = 'file'\n[[scan]]\nmethod = 'idealised'\nn_signal = [5]\ninjection_seeds = [0, 2]\n\
         [[scan]]\nmethod = 'over_idealised'\nn_signal = [5]\ninjection_seeds = [0, 2]\noversampling = [2]\n"
    ));
    for point in references.expect("a good job").points {
        let text = serde_json::to_string(&point).expect("text");
        assert_eq!(serde_json::from_str::<ScanPoint>(&text).expect("a point"), point, "{text}");
        let seed = point.draw().injection.expect("data").0;
        assert_eq!(text.contains("\"injection_seed\":2"), seed == 2, "{text}");
    }
    // Nor do the settings of a job without Poisson numbers stand in its text.
    assert!(job.physics().get("injection").is_none());
    let job = check(&format!("{SMALL}[injection]\ncount = 'poisson'\n")).expect("a good job");
    assert_eq!(job.physics()["injection"]["count"], "poisson");
}

#[test]
fn flow_matching_begins_with_noise_alone() {
    let scan = |more: &str| {
        check(&SMALL.replace(
            "method = 'noise'",
            &format!("method = 'flow_matching'\nsolver = ['euler', 'dpmpp_2m']\nsteps = [20]\n{more}"),
        ))
    };
    let job = scan("").expect("a good job");
    assert_eq!(job.points.len(), 2);
    assert_eq!(job.points[0].to_string(), "flow_matching-euler20-s0-w2800-6000-x5");
    let found = scan("sigma_prime = [2.24]\n").expect_err("no strength").to_string();
    assert!(found.contains("begins with noise alone"), "{found}");
}
