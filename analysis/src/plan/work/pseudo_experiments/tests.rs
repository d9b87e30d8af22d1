use super::*;
use crate::job::JobFile;
use crate::plan::{Fingerprint, fingerprints};

fn job(search: &str) -> Job {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.csv'\nlayout = 'table'\n[search]\nwindows_gev = [[3100, 3500], [3300, 3700]]\n\
         {search}\n"
    );
    JobFile::from_text("job.toml", text).check().expect("a good job")
}

fn prints(job: &Job) -> Vec<(String, Fingerprint)> {
    let plan = Plan::of(job);
    let prints = fingerprints(job, &[], &plan);
    plan.tasks.into_iter().map(|task| task.id.0).zip(prints).collect()
}

#[test]
fn pseudo_experiments_come_in_tens_that_share_a_pool_and_change_nothing_else() {
    let (without, with) = (prints(&job("")), prints(&job("calibrate = 30")));
    assert!(without.iter().all(|task| with.contains(task)));
    let new: Vec<&str> =
        with.iter().filter(|task| !without.contains(task)).map(|(id, _)| id.as_str()).collect();
    assert_eq!(new.len(), 2 + 6, "{new:?}");
    assert_eq!(new[1], "template/pool-noise-s0-w2800-6000-x10", "data and four times as many, twice");
    assert_eq!(new[2], "classify/pseudo-window-noise-s0-w2800-6000-r3100-3500-x4-trees-e00000");
    assert_eq!(new[7], "classify/pseudo-window-noise-s0-w2800-6000-x4-trees-e00020");
    let plan = Plan::of(&job("calibrate = 30"));
    let last = plan.tasks.iter().rfind(|task| task.id.0 == new[7]).expect("a task");
    assert_eq!(last.needs, [TaskId(new[1].to_owned())]);
}

#[test]
fn more_of_them_leave_those_that_are_done_and_their_settings_change_them_all() {
    let before = prints(&job("calibrate = 20"));
    let changed = |search: &str| -> Vec<String> {
        let after = prints(&job(search));
        before.iter().filter(|task| !after.contains(task)).map(|(id, _)| id.clone()).collect()
    };
    assert_eq!(changed("calibrate = 1000"), [""; 0]);
    assert_eq!(changed("calibrate = 20\nblind = false"), [""; 0]);
    assert_eq!(changed("calibrate = 20\ncalibration_trainings = 1").len(), 4);
    assert_eq!(changed("calibrate = 20\ncalibration_pool = 3").len(), 2 + 4);
    // Cuts are those of the windows, too.
    assert_eq!(changed("calibrate = 20\nefficiencies = [0.1]").len(), 2 + 4);
}

#[test]
fn control_windows_have_no_pseudo_experiments() {
    let (with, without) = ("calibrate = 10\ncontrol_windows_gev = [[4200, 4600]]", "calibrate = 10");
    let pseudo = |search: &str| {
        let plan = Plan::of(&job(search));
        plan.tasks.iter().filter(|task| matches!(task.work, Work::Pseudo(_) | Work::Pool(_))).count()
    };
    assert_eq!((pseudo(with), pseudo(without)), (4, 4));
}

#[test]
fn their_price_is_that_of_their_trainings_and_names_its_key() {
    let of = |search: &str| {
        let job = job(search);
        let plan = Plan::of(&job);
        let task = plan.tasks.iter().find(|task| matches!(task.work, Work::Pseudo(_))).expect("a task");
        let kind = task.work.kind();
        (kind.seconds(&job, EventCounts::estimated(&job), &Rates::CPU_CORE), kind.lower(&job, Cost::Time))
    };
    let (three, one) = (of("calibrate = 10"), of("calibrate = 10\ncalibration_trainings = 1"));
    assert!((three.0 / one.0 - 3.0).abs() < 1e-9, "{three:?} and {one:?}");
    assert_eq!(of("calibrate = 10\ncalibration_trainings = 4000000").1, "search.calibration_trainings");
}

#[test]
fn a_plan_says_what_so_few_cannot_tell() {
    let notes = |search: &str| Plan::of(&job(search)).notes();
    assert_eq!(notes(""), [""; 0]);
    assert_eq!(notes("calibrate = 1000"), [""; 0]);
    let told = notes("calibrate = 100");
    assert!(told[0].contains("± 0.022") && told[0].contains("below 9.9e-3"), "{told:?}");
}

#[test]
fn the_log_has_no_count() {
    let job = job("calibrate = 10");
    let count = Some(PseudoCount { template: 4321, data: 1234 });
    let found = PseudoWindow {
        point: job.points[0],
        first: 20,
        n_template: 40_000,
        experiments: vec![PseudoExperiment { n_data: 10_050, cuts: vec![count] }; 10],
    };
    assert_eq!(
        PseudoExperiments::remarks(&found, &job),
        ["pseudo-experiments 21 to 30 without signal, of 40000 template events each"]
    );
}
