use std::collections::HashSet;
use std::path::Path;

use super::toy::{Toy, ToySum};
use super::*;
use crate::dispatch::makespan;
use crate::job::JobFile;
use crate::plan::price::demand::{longest, most_disk, most_memory, shorter};
use crate::plan::price::{EventCounts, HANDLING, Price};
use crate::plan::{Fingerprint, Task, fingerprints};
use crate::store::{Outcome, Results, RunInfo, Store, StoredJob, TaskRecord};

const JOB: &str = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[trees]\nleaves = 31\n[[scan]]\nmethod = 'noise'\n\
                   n_signal = [0]\n";

/// A job that has a toy, and its plan, whose last task it is.
fn with_toy(text: &str) -> (Job, Plan) {
    let text = text.replace("name = 'a'", "name = 'toy'");
    let job = JobFile::from_text("job.toml", text).check().expect("a good job");
    let plan = Plan::of(&job);
    (job, plan)
}

#[test]
fn a_toy_that_is_one_file_is_identified_by_its_settings_and_its_needs() {
    let of = |text: &str| {
        let (job, plan) = with_toy(text);
        let all = fingerprints(&job, &[], &plan);
        plan.tasks.into_iter().zip(all).collect::<Vec<(Task, Fingerprint)>>()
    };
    let changed = |from: &str, to: &str| {
        let (before, after) = (of(JOB), of(&JOB.replace(from, to)));
        let toys = [before, after].map(|mut tasks| tasks.pop().expect("a toy"));
        assert!(toys[0].0.id.0.starts_with("fit/toy-s0-"), "{}", toys[0].0.id);
        toys[0].1 != toys[1].1
    };
    assert!(changed("leaves = 31", "leaves = 30"), "its own setting");
    assert!(changed("[trees]", "[regions]\nside_bands_gev = [2700, 6000]\n[trees]"), "its data");
    assert!(!changed("leaves = 31", "leaves = 31\niterations = 7"), "another kind's setting");
    // The fit that it needs reads this key, the toy itself does not.
    assert!(changed("[trees]", "[regions]\ncollision_energy_gev = 14000\n[trees]"), "its need");
}

#[test]
fn flows_that_go_up_and_down_need_more_memory_on_a_gpu_and_others_do_not() {
    let text = JOB.replace("'noise'", "'curtains_f4f'");
    let job = JobFile::from_text("job.toml", &text).check().expect("a good job");
    let (plan, counts) = (Plan::of(&job), EventCounts::estimated(&job));
    let on = |name: &str, chip: Chip| {
        let task = plan.tasks.iter().find(|task| task.id.0.starts_with(name)).expect("a training");
        task.work.kind().memory(&job, counts, chip)
    };
    let of_base = [Chip::Core, Chip::Gpu].map(|chip| on("train/flow-base", chip));
    assert_eq!(of_base[0].to_bits(), of_base[1].to_bits());
    // The gradients of five features' values and of the slopes by all numbers of their splines, of a batch and in all layers.
    let numbers = 5 * (3 * job.flow.bins - 1);
    let least = (4 * job.flow.batch * job.flow.top.layers * 6 * numbers) as f64;
    let more = on("train/flow-curtains", Chip::Gpu) - on("train/flow-curtains", Chip::Core);
    assert!((least..4.0 * least).contains(&more), "{more} where one such tensor takes {least}");
}

#[test]
fn a_toy_is_priced_and_its_demands_name_its_own_key() {
    let (job, plan) = with_toy(&JOB.replace("leaves = 31", "leaves = 62"));
    let (counts, toy) = (EventCounts::estimated(&job), plan.tasks.last().expect("a toy"));
    let price = Price::of(&job, &plan, counts, &Rates::CPU_CORE);
    assert_eq!(price.seconds.last(), Some(&(HANDLING + 62.0 * counts.side_band as f64)));
    let without = Plan { tasks: plan.tasks[..plan.tasks.len() - 1].to_vec() };
    let added = price.bytes - Price::of(&job, &without, counts, &Rates::CPU_CORE).bytes;
    assert!((added / (1e6 * counts.side_band as f64) - 1.0).abs() < 1e-6, "{added}");
    let tasks: Vec<&Task> = plan.tasks.iter().collect();
    let memory = most_memory(&job, &tasks, counts, Chip::Core).expect("a task");
    assert_eq!((&memory.task, memory.lower), (&toy.id, "trees.leaves"));
    let time = longest(&job, &plan, &price, |_| true).expect("a task");
    assert_eq!((&time.task, time.lower), (&toy.id, "trees.leaves"));
    let disk = most_disk(&job, &tasks, counts).expect("a task");
    assert_eq!((&disk.task, disk.lower), (&toy.id, "n_signal of the scan"));
    assert_eq!(shorter(&job, toy), "trees.leaves");
}

#[test]
fn a_toy_is_scheduled_behind_what_it_needs() {
    let (job, plan) = with_toy(JOB);
    let fit = plan.tasks.iter().position(|task| matches!(task.work, Work::Fit(_))).expect("a fit");
    let toy = plan.tasks.len() - 1;
    assert_eq!(plan.tasks[toy].needs, [plan.tasks[fit].id.clone()]);
    let seconds = Price::of(&job, &plan, EventCounts::estimated(&job), &Rates::CPU_CORE).seconds;
    let whole = makespan(&plan, &seconds, &vec![false; plan.tasks.len()], 100);
    assert!(whole >= seconds[fit] + seconds[toy], "{whole}");
    assert_eq!((plan.tasks[toy].work.stage(), plan.stage(Stage::Fit).count()), (Stage::Fit, 2));
    assert_eq!(plan.tasks[toy].work.kind().if_stopped(), IfStopped::GoesOn);
}

#[test]
fn a_toy_is_planned_for_jobs_that_need_it_and_nothing_else_changes() {
    let (_, plan) = with_toy(JOB);
    let without = Plan::of(&JobFile::from_text("job.toml", JOB).check().expect("a good job"));
    assert_eq!(plan.tasks[..plan.tasks.len() - 1], without.tasks);
    assert!(matches!(plan.tasks.last(), Some(Task { work: Work::Toy(_), .. })));
    assert_eq!((plan.notes(), without.notes()), (vec!["the job has 1 toys".to_owned()], vec![]));
}

/// What a toy has found, stored as its record in a directory of its job.
fn stored_toy(directory: &Path) -> (Store, Job, TaskRecord, ToySum) {
    let text = JOB.replace("name = 'a'", "name = 'toy'");
    let file = JobFile::from_text("job.toml", &text);
    let job = file.check().expect("a good job");
    let stored = StoredJob { job: job.clone(), inputs: vec![] };
    let store = Store::create(directory, &file, &stored).expect("a directory");
    let plan = Plan::of(&job);
    let (toy, fingerprint) =
        plan.tasks.iter().zip(fingerprints(&job, &[], &plan)).next_back().expect("a toy");
    let Work::Toy(Toy { sample }) = toy.work else { panic!("{}", toy.id) };
    let sum = ToySum { sample, sum: 7000.0, edges: [3000.0, 3500.0, 4000.0], counts: [1.0, 2.0] };
    let record = TaskRecord {
        id: toy.id.clone(),
        fingerprint,
        run: RunInfo { seconds: 2.0, ..RunInfo::default() },
        outcome: Outcome::Done(Box::new(TaskResult::Toy(sum.clone()))),
    };
    store.write_record(&record).expect("room");
    (store, job, record, sum)
}

#[test]
fn the_result_of_a_toy_is_recorded_gathered_exported_and_logged() {
    let directory = tempfile::tempdir().expect("a directory");
    let (store, job, record, sum) = stored_toy(directory.path());
    let line = String::from_utf8(record.to_line()).expect("text");
    assert!(line.contains(r#""outcome":{"done":{"toy":{"sample":{"#), "{line}");
    assert_eq!(store.result(&record.id).expect("a result"), TaskResult::Toy(sum.clone()));
    let results = Results::read(&store).expect("results");
    assert_eq!(results.each::<Toy>().collect::<Vec<_>>(), [&sum]);
    assert_eq!(results.each::<Fit>().count(), 0);
    assert!(!results.missing.contains(&record.id) && !results.missing.is_empty());
    let exported = crate::export::histograms(&store).expect("histograms");
    let name = format!("{}/{}/toy", record.id, job.data.resonant);
    assert_eq!(exported.keys().collect::<Vec<_>>(), [&name]);
    assert_eq!(exported[&name]["storage"]["values"], serde_json::json!([1.0, 2.0]));
    assert_eq!(
        record.told(&job),
        ["a sum of 7000 GeV for 31 leaves", "the toy's network diverged at epoch 7000.0", "done in 2.0 s"]
    );
}

/// A plan with every kind of task.
fn every_kind() -> Vec<Task> {
    let features = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'gensr'\nn_signal = [0]\n\
                    classifier = ['mlp', 'trees']\n[[scan]]\nmethod = 'curtains_f4f'\nn_signal = [0]\n";
    let jets = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = 'table'\n[[scan]]\nmethod = 'noise'\n\
                inputs = ['llv']\nn_signal = [0]\noversampling = [2]\n";
    let together = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[compute]\nclassifier_points_per_task = 2\n[[scan]]\n\
                    method = 'noise'\nn_signal = [0, 5]\n";
    let plan = |text: &str| Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
    [with_toy(JOB).1, plan(features), plan(jets), plan(together)]
        .into_iter()
        .flat_map(|plan| plan.tasks)
        .collect()
}

#[test]
fn a_kind_is_called_as_its_json_and_comes_back_from_it() {
    let mut names = HashSet::new();
    for task in every_kind() {
        let json = serde_json::to_value(&task.work).expect("JSON");
        assert_eq!(json["work"], task.work.name(), "{}", task.id);
        assert_eq!(serde_json::from_value::<Work>(json).expect("work"), task.work);
        assert!(task.id.0.starts_with(&format!("{}/", task.work.stage().word())), "{}", task.id);
        names.insert(task.work.name());
    }
    assert_eq!(names.len(), 11, "{names:?}");
}

#[test]
fn the_json_of_work_is_flat_behind_its_name() {
    let (_, plan) = with_toy(JOB);
    let json = serde_json::to_string(&plan.tasks[0].work).expect("JSON");
    assert!(json.starts_with(r#"{"work":"fit","sample":{"#), "{json}");
}

#[test]
fn work_of_one_kind_with_different_settings_has_different_variants() {
    let job = JobFile::from_text("job.toml", JOB).check().expect("a good job");
    let settings = Settings {
        job: &job,
        split: Value::Null,
        noise: Value::Null,
        other_sample: Value::Null,
        simulated_signal: Value::Null,
    };
    let mut known = std::collections::HashMap::new();
    for task in every_kind() {
        let kind = task.work.kind();
        let found = kind.settings(&settings);
        let of_variant =
            known.entry([task.work.name(), kind.settings_variant()]).or_insert_with(|| found.clone());
        assert_eq!(*of_variant, found, "{}", task.id);
    }
}
