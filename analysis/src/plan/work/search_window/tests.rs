use super::*;
use crate::job::{JobFile, MassWindow};
use crate::plan::{Fingerprint, Plan, fingerprints};

const SCAN: &str = "[[scan]]\nmethod = 'noise'\nn_signal = [0]\noversampling = [4]\n";

fn job(search: &str, more: &str) -> Job {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.csv'\nlayout = 'table'\n[search]\n{search}\n{more}"
    );
    JobFile::from_text("job.toml", text).check().expect("a good job")
}

fn prints(job: &Job) -> Vec<(String, Fingerprint)> {
    let plan = Plan::of(job);
    let prints = fingerprints(job, &[], &plan);
    plan.tasks.into_iter().map(|task| task.id.0).zip(prints).collect()
}

const WINDOWS: &str = "windows_gev = [[3100, 3500], [3300, 3700]]";

#[test]
fn each_window_has_a_fit_a_training_a_template_and_a_task_of_its_own() {
    let plan = Plan::of(&job(WINDOWS, ""));
    let ids: Vec<&str> = plan.tasks.iter().map(|task| task.id.0.as_str()).collect();
    let expected = [
        "fit/dijet-s0-w2800-6000-r3100-3500",
        "fit/dijet-s0-w2800-6000",
        "train/denoiser-s0-w2800-6000-r3100-3500",
        "train/denoiser-s0-w2800-6000",
        "template/noise-s0-w2800-6000-r3100-3500",
        "template/noise-s0-w2800-6000",
        "classify/window-noise-s0-w2800-6000-r3100-3500-x4-trees",
        "classify/window-noise-s0-w2800-6000-x4-trees",
    ];
    assert_eq!(ids, expected);
    assert_eq!(plan.tasks[6].needs, [TaskId(expected[4].to_owned())]);
}

#[test]
fn several_models_make_a_part_of_a_template_each() {
    let plan = Plan::of(&job(&format!("{WINDOWS}\ntemplates = 2"), "[compute]\ndenoisers_per_task = 2"));
    let ids: Vec<&str> = plan.tasks.iter().map(|task| task.id.0.as_str()).collect();
    let expected = [
        "fit/dijet-s0-w2800-6000-r3100-3500",
        "fit/dijet-s0-w2800-6000",
        "train/denoisers-w2800-6000-r3100-3500-c00",
        "train/denoisers-w2800-6000-c00",
        "template/noise-s0-w2800-6000-r3100-3500",
        "template/noise-s0-w2800-6000-r3100-3500-t1",
        "template/noise-s0-w2800-6000",
        "template/noise-s0-w2800-6000-t1",
        "classify/window-noise-s0-w2800-6000-r3100-3500-x4-k2-trees",
        "classify/window-noise-s0-w2800-6000-x4-k2-trees",
    ];
    assert_eq!(ids, expected);
    assert_eq!(plan.tasks[8].needs, [expected[4], expected[5]].map(|id| TaskId(id.to_owned())));
    for task in &plan.tasks[4..8] {
        let Work::Template(made) = &task.work else { panic!("{}", task.id) };
        assert_eq!(made.oversampling, Oversampling(2), "half of four");
    }
    // One model is what there was before there were several.
    assert_eq!(prints(&job(&format!("{WINDOWS}\ntemplates = 1"), "")), prints(&job(WINDOWS, "")));
}

#[test]
fn a_search_shares_what_a_scan_has_and_changes_none_of_it() {
    let alone = prints(&job("", SCAN));
    let both = prints(&job(WINDOWS, SCAN));
    assert!(alone.iter().all(|task| both.contains(task)), "{alone:?} and {both:?}");
    // The window that is the job's own signal region has the scan's template.
    assert_eq!(both.len(), alone.len() + 5);
    assert!(!alone.iter().any(|(id, _)| id.contains("window")));
}

#[test]
fn what_a_window_depends_on_changes_it_alone() {
    let before = prints(&job(WINDOWS, ""));
    let changed = |search: &str, more: &str| -> Vec<String> {
        let after = prints(&job(&format!("{WINDOWS}\n{search}"), more));
        before.iter().filter(|task| !after.contains(task)).map(|(id, _)| id.clone()).collect()
    };
    for search in ["trainings = 4", "efficiencies = [0.1]"] {
        let found = changed(search, "");
        assert!(found.len() == 2 && found.iter().all(|id| id.starts_with("classify/window")), "{found:?}");
    }
    assert_eq!(changed("", "[trees]\nleaves = 20").len(), 2);
    assert_eq!(changed("blind = false", ""), [""; 0]);
    assert_eq!(changed("", "[closure]\ntrees = 0"), [""; 0]);
}

#[test]
fn a_window_costs_its_trainings_and_names_the_key_that_is_too_much() {
    let of = |trainings: usize| {
        let job = job(&format!("{WINDOWS}\ntrainings = {trainings}"), "");
        let plan = Plan::of(&job);
        let kind = plan.tasks[7].work.kind();
        (kind.seconds(&job, EventCounts::estimated(&job), &Rates::CPU_CORE), kind.lower(&job, Cost::Time))
    };
    let (three, six) = (of(3).0, of(6).0);
    assert!(three > 0.0 && (six / three - 2.0).abs() < 1e-9, "{three} and {six}");
    assert_eq!(of(4_000_000).1, "search.trainings");
}

#[test]
fn bins_of_spectra_end_where_regions_do() {
    let regions = Regions::new(MassWindow::new(3300.0, 3700.0), MassWindow::new(2800.0, 6000.0));
    let edges = fine_edges(&regions);
    assert!(edges.is_sorted() && edges.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!((edges[0], edges[edges.len() - 1]), (2800.0, 6000.0));
    // 500 GeV, 400 GeV and 2300 GeV in bins of about 40 GeV.
    assert_eq!(edges.len() - 1, 13 + 10 + 58);
    let place = |mass: f64| edges.iter().position(|edge| (edge - mass).abs() < 1e-12);
    assert_eq!(place(3700.0).zip(place(3300.0)).map(|(high, low)| high - low), Some(10));
    // A side-band that is narrower than a bin has one.
    let narrow = Regions { outer: MassWindow::new(3299.0, 3701.0), ..regions };
    assert_eq!(fine_edges(&narrow).len(), 13);
}

#[test]
fn the_log_says_no_word_of_data_behind_a_cut() {
    let job = job(WINDOWS, "");
    let passed = Passed {
        thresholds: vec![Some(0.5); 5],
        template: 1234,
        independent: 1234.0,
        data: 98_765,
        signal: Some(98_764),
        spectrum: vec![98_763],
    };
    let cut = |efficiency, outcome| WindowCut { efficiency, outcome };
    let found = SearchedWindow {
        diverged: 0,
        point: job.points[0],
        n_data: 8000,
        n_signal: None,
        n_template: 32_000,
        cuts: vec![cut(0.1, CutOutcome::Passed(passed)), cut(1e-4, CutOutcome::FewPass)],
        edges: vec![0.0, 1.0],
        spectrum: vec![8000],
        looks: vec![],
    };
    let said = SearchWindow::remarks(&found, &job);
    assert_eq!(
        said,
        [
            "search: 8000 events of data against 32000 of the template; 1234 of it pass at 0.1, fewer than ten of it pass at 0.0001"
        ]
    );
}
