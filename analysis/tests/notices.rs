//! What a page says of tasks that have failed: which, why, what was lost with them, and the command that tries again.

mod records;

use drapes_analysis::plan::fingerprint::fingerprints;
use drapes_analysis::plan::{Plan, Stage};
use drapes_analysis::report::{self, Moment};
use drapes_analysis::store::record::{Outcome, RunInfo, TaskRecord};
use records::finished_job;

const JOB: &str = "schema = 1\nname = 'failing'\n[data]\nevents = 'a.h5'\n[denoiser]\nepochs = 2\n[classifier]\nepochs = 1\n\
                   folds = 3\nseeds = '0'\n[compute]\ndenoisers_per_task = 1\n[figures]\ninjections = [1000]\n[[scan]]\n\
                   method = 'noise'\nn_signal = [0, 1000]\n";

#[test]
fn a_failed_task_stands_on_the_page_with_its_reason_and_the_command_that_tries_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished_job(directory.path(), JOB);
    let page = || {
        let (_, path, _) = report::write(&store, Moment::Ended, None).expect("a page");
        std::fs::read_to_string(path).expect("the page")
    };
    assert!(!page().contains("--retry-failed"), "nothing has failed");
    let stored = store.job().expect("the job");
    let plan = Plan::of(&stored.job);
    let prints = fingerprints(&stored.job, &stored.inputs, &plan);
    let is_first = |id: &str| id.contains("-s1000-");
    let place = plan
        .tasks
        .iter()
        .position(|task| task.work.stage() == Stage::Train && is_first(&task.id.0))
        .expect("a training");
    for task in &plan.tasks {
        if [Stage::Template, Stage::Classify].contains(&task.work.stage()) && is_first(&task.id.0) {
            store.forget(&task.id).expect("a record");
        }
    }
    let record = TaskRecord {
        id: plan.tasks[place].id.clone(),
        fingerprint: prints[place].clone(),
        outcome: Outcome::Failed { reason: "the loss was <no number> twice".to_owned() },
        run: RunInfo { host: "here".to_owned(), device: "cpu".to_owned(), ..RunInfo::default() },
    };
    store.write_record(&record).expect("room");
    let page = page();
    let what = format!(
        "{} failed: the loss was &#60;no number&#62; twice; 2 more tasks need what has failed",
        plan.tasks[place].id
    );
    assert!(page.contains(&what), "{what}\n{}", &page[..page.len().min(20_000)]);
    assert!(page.contains(&format!("{} --retry-failed", store.command())), "the remedy");
    assert!(!page.contains("<no number>"), "a reason is text");
}
