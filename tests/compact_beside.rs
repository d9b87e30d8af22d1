//! `drapes compact` again and again beside a run that goes on: nothing is lost, and the results are those of a run alone.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use drapes::arrays::ArrayReader;
use drapes_analysis::plan::Plan;
use drapes_analysis::store::Store;
use drapes_analysis::store::record::TaskResult;
use support::lasting::lasting_job;
use support::scan::Scan;
use support::{answer, directory, drapes};

/// The result of every task and its numbers, wherever they lie.
fn results(out: &Path) -> Vec<(String, TaskResult, Vec<f32>)> {
    let store = Store::open(out).expect("a scan");
    let plan = Plan::of(&store.job().expect("a job").job);
    let of = |task: &drapes_analysis::plan::Task| {
        let id = &task.id;
        let name = if id.0.starts_with("train/") { Some("weights") } else { None };
        let name = if id.0.starts_with("template/") { Some("features") } else { name };
        let values = name.map_or(vec![], |name| {
            let reader = ArrayReader::of(&store, id).expect("arrays");
            reader.table::<f32>(name).expect("a table").into_iter().collect()
        });
        (id.0.clone(), store.result(id).unwrap_or_else(|error| panic!("{id}: {error}")), values)
    };
    plan.tasks.iter().map(of).collect()
}

#[test]
fn compact_beside_a_run_changes_nothing() {
    let place = directory();
    let job = lasting_job(place.path());
    let (whole, out) = (place.path().join("whole"), place.path().join("out"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    let mut scan = Scan::start(&job, &out, 2, &[]);
    scan.wait_for_work();
    let (start, mut beside) = (Instant::now(), 0);
    let status = loop {
        assert!(start.elapsed() < Duration::from_secs(240), "no end: {}", scan.log());
        let output = drapes().arg("compact").arg(&out).output().expect("the program starts");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{message}{}", scan.log());
        if let Some(status) = scan.launcher.try_wait().expect("a child") {
            break status;
        }
        // Something was folded while the run went on.
        beside += usize::from(out.join("tasks/folded.h5").exists());
    };
    assert!(status.success(), "{}", scan.log());
    assert!(beside > 0, "it never met the run");
    answer(drapes().arg("compact").arg(&out));
    let files = |out: &Path| {
        let tasks = out.join("tasks");
        (support::files(&tasks, "h5").len(), support::files(&tasks, "json").len())
    };
    assert_eq!(files(&out), (1, 0), "all is folded");
    let (found, expected) = (results(&out), results(&whole));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!(found == expected, "{}", found.0);
    }
    assert!(!scan.log().contains("put back"), "{}", scan.log());
}
