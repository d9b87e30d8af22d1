//! A kind of task that no job has, done as those of jobs are.

use drapes_analysis::job::template_spec::TrainingSample;
use drapes_analysis::plan::cost::keys::{Cost, Key};
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::plan::work::{Fit, Planning, Settings};
use drapes_analysis::plan::{IfStopped, PaceKind, Work};

use super::*;

/// Looks up the fit of a sample, and gives it back with twice its events.
struct Toy {
    sample: TrainingSample,
    /// Bytes that it says it works in.
    memory: f64,
}

impl TaskKind for Toy {
    fn plan(_planning: &mut Planning<'_>) {}

    fn pace(&self) -> PaceKind {
        PaceKind::Fit
    }

    fn needs(&self) -> Vec<TaskId> {
        vec![Fit::id(self.sample)]
    }

    fn settings(&self, of: &Settings<'_>) -> serde_json::Value {
        of.split.clone()
    }

    fn seconds(&self, _job: &Job, _counts: EventCounts, _rates: &Rates) -> f64 {
        1.0
    }

    fn bytes(&self, _job: &Job, _counts: EventCounts) -> f64 {
        8e3
    }

    fn memory(&self, _job: &Job, _counts: EventCounts, _chip: Chip) -> f64 {
        self.memory
    }

    fn keys(&self, _job: &Job, _cost: Cost) -> Vec<Key> {
        vec![("trees.leaves", 2, 1)]
    }

    fn if_stopped(&self) -> IfStopped {
        IfStopped::Lost
    }
}

impl Perform for Toy {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        checkpointer.progress(0.5);
        assert!(id.0.starts_with("fit/toy"), "{id}");
        match place.store.result(&Fit::id(self.sample))? {
            TaskResult::Fit(fit) => Ok(TaskResult::Fit(drapes_analysis::store::record::MassFit {
                n_events: 2 * fit.n_events,
                ..fit
            })),
            _ => unreachable!("a fit leaves a fit"),
        }
    }
}

#[test]
fn a_toy_kind_is_performed_recorded_and_refused_as_any_other() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace(directory.path(), "");
    let Work::Fit(fit) = plan.tasks[0].work.clone() else { panic!("{}", plan.tasks[0].id) };
    let Outcome::Done(fitted) = perform(&place, &plan, &fingerprints, 0).outcome else { panic!("a fit") };
    let fingerprint = Fingerprint("of a toy".to_owned());
    let toy = |memory| Toy { sample: fit.sample, memory };
    // What the task says of its work is not looked at where it is done by the toy.
    let task = |name: &str, toy: &Toy| Task {
        id: TaskId(format!("fit/{name}")),
        work: plan.tasks[0].work.clone(),
        needs: toy.needs(),
    };
    let done = |name: &str, toy: &Toy| {
        let task = task(name, toy);
        place.perform_as(&task, toy, &fingerprint, Attempt::Last, &NoProgress)
    };
    let ended = done("toy", &toy(1.0));
    assert!(matches!(ended, Ended::Done { .. }), "{ended:?}");
    let record = record_of(&place, &TaskId("fit/toy".to_owned()));
    assert_eq!(record.fingerprint, fingerprint);
    let (Outcome::Done(result), TaskResult::Fit(fitted)) = (record.outcome, *fitted) else { panic!("fits") };
    let TaskResult::Fit(twice) = *result else { panic!("a fit") };
    assert!(fitted.n_events > 0 && twice.n_events == 2 * fitted.n_events, "{twice:?}");
    // Its own memory is checked before it begins, and its own key is named.
    let ended = done("toy-that-is-large", &toy(1e18));
    let Ended::Failed { reason } = ended else { panic!("{ended:?}") };
    for words in ["fit/toy-that-is-large needs about", "lower trees.leaves"] {
        assert!(reason.contains(words), "{reason}");
    }
    // What it needs is looked at when it fails: the fit is to be made again.
    std::fs::write(directory.path().join(format!("tasks/{}.json", plan.tasks[0].id)), "").expect("a file");
    let ended = done("toy-without-its-fit", &toy(1.0));
    assert!(
        matches!(&ended, Ended::UnreadableInput { needs, .. } if *needs == toy(1.0).needs()),
        "{ended:?}"
    );
}

#[test]
fn what_a_gpu_has_free_is_asked_before_a_task_begins_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace(directory.path(), "");
    let Work::Fit(fit) = plan.tasks[0].work.clone() else { panic!("{}", plan.tasks[0].id) };
    let Outcome::Done(_) = perform(&place, &plan, &fingerprints, 0).outcome else { panic!("a fit") };
    let toy = Toy { sample: fit.sample, memory: 2e9 };
    let task =
        Task { id: TaskId("fit/toy".to_owned()), work: plan.tasks[0].work.clone(), needs: toy.needs() };
    // The toy computes nothing there, so that no GPU is needed.
    let mut place = Workplace { device: Device::Cuda(0), check: |_| Ok(()), ..place };
    let mut ended_with = |free| {
        place.gpu_memory = free;
        place.perform_as(&task, &toy, &Fingerprint("of a toy".to_owned()), Attempt::Last, &NoProgress)
    };
    let Ended::Failed { reason } = ended_with(Some(1e9)) else { panic!("it does not fit") };
    for words in ["fit/toy needs about 2.0 GB", "1.0 GB", "lower trees.leaves"] {
        assert!(reason.contains(words), "{reason}");
    }
    // Enough, or a driver that does not say.
    for free in [Some(3e9), None] {
        let ended = ended_with(free);
        assert!(matches!(ended, Ended::Done { .. }), "{ended:?}");
    }
}
