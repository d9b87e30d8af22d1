//! Tasks that are stopped, and go on or begin anew.

use std::cell::Cell;

use super::*;

/// Says stop when it has been asked so many times.
pub(super) struct Impatient {
    left: Cell<usize>,
}

impl Impatient {
    pub(super) fn after(times: usize) -> Self {
        Self { left: Cell::new(times) }
    }
}

impl ProgressSink for Impatient {
    fn progress(&self, _share: f64) {}

    fn should_stop(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left == 0
    }
}

pub(super) const SCAN: &str = "[denoiser]\nepochs = 2\nbatch = 128\n[sampler]\nsteps = 4\n[classifier]\nepochs = 2\nseeds = [0]\n\
                    [template]\noversampling = 1\n[flow]\nbatch = 1024\n[flow.base]\nlayers = 1\nwidth = 10\nepochs = 2\n\
                    [flow.top]\nlayers = 1\nwidth = 10\nepochs = 1\n[[scan]]\nmethod = 'noise'\nn_signal = [100]\n\
                    [[scan]]\nmethod = 'curtains_f4f'\nn_signal = [100]\n[[scan]]\nmethod = 'noise'\nn_signal = [100]\n\
                    classifier = ['trees']\n[trees]\niterations = 3\n";

/// The records without their runs, and all arrays.
fn results(place: &Workplace, plan: &Plan) -> Vec<(TaskRecord, Vec<f32>)> {
    let of = |task: &Task| {
        let record = TaskRecord { run: RunInfo::default(), ..record_of(place, &task.id) };
        let arrays = match task.work.stage() {
            Stage::Train => Some("weights"),
            Stage::Template => Some("features"),
            Stage::Fit | Stage::Classify => None,
        };
        let values = arrays.map_or(vec![], |name| {
            let reader = ArrayReader::open(&place.store.arrays(&task.id)).expect("arrays");
            reader.table::<f32>(name).expect("a table").into_iter().collect()
        });
        (record, values)
    };
    plan.tasks.iter().map(of).collect()
}

#[test]
fn tasks_that_are_stopped_again_and_again_end_with_the_same_bits() {
    let straight = {
        let directory = tempfile::tempdir().expect("a directory");
        let (plan, place, fingerprints) = workplace_with(directory.path(), SCAN);
        for index in 0..plan.tasks.len() {
            perform(&place, &plan, &fingerprints, index);
        }
        results(&place, &plan)
    };
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace_with(directory.path(), SCAN);
    for (index, task) in plan.tasks.iter().enumerate() {
        let goes_on = task.work.stage() != Stage::Fit && !task.id.0.contains("trees");
        let mut stops = 0;
        // Blocks of steps pass between two stops: 0, 1, 3, 5, …, and in the end all that are left.
        let (mut blocks, mut patience) = (0, 1);
        loop {
            let sink = Impatient { left: Cell::new(blocks) };
            match place.perform(task, &fingerprints[index], Attempt::Last, &sink) {
                Ended::Stopped => {
                    stops += 1;
                    assert!(!place.store.directory().join(format!("tasks/{}.json", task.id)).exists());
                    assert_eq!(place.store.checkpoint(&task.id).exists(), goes_on, "{}", task.id);
                }
                Ended::Done { .. } => break,
                other => panic!("{}: {other:?}", task.id),
            }
            // What begins anew needs more each time; what goes on ends although it never gets far.
            (blocks, patience) = if goes_on { (patience % 4, patience + 1) } else { (1000, patience) };
            assert!(stops < 1000, "{} never ends", task.id);
        }
        assert!(
            stops >= if goes_on { 3 } else { usize::from(task.work.stage() != Stage::Fit) },
            "{} was stopped {stops} times",
            task.id
        );
        assert!(!place.store.checkpoint(&task.id).exists(), "two files a task at most");
    }
    for ((task, straight), stopped) in plan.tasks.iter().zip(straight).zip(results(&place, &plan)) {
        assert_eq!(straight.0, stopped.0, "{}", task.id);
        assert!(straight.1 == stopped.1, "arrays of {}", task.id);
    }
}

/// Computes until it has been asked so many times, and then breaks.
struct Brittle(Impatient);

impl ProgressSink for Brittle {
    fn progress(&self, _share: f64) {}

    fn should_stop(&self) -> bool {
        assert!(!self.0.should_stop(), "CUDA error: an illegal memory access");
        false
    }
}

/// What the rank wrote down.
fn log(place: &Workplace) -> String {
    std::fs::read_to_string(place.store.directory().join("logs/rank-000.log")).expect("a log")
}

fn a_training(plan: &Plan) -> usize {
    plan.tasks.iter().position(|task| task.work.stage() == Stage::Train).expect("a training")
}

#[test]
fn a_training_that_breaks_is_tried_again_from_its_checkpoint() {
    let straight = {
        let directory = tempfile::tempdir().expect("a directory");
        let (plan, place, fingerprints) = workplace_with(directory.path(), SCAN);
        perform(&place, &plan, &fingerprints, a_training(&plan)).outcome
    };
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace_with(directory.path(), SCAN);
    let place = place.saving_every(Duration::ZERO);
    let (task, print) = (&plan.tasks[a_training(&plan)], &fingerprints[a_training(&plan)]);
    let ended = place.perform(task, print, Attempt::Last, &Brittle(Impatient { left: Cell::new(3) }));
    assert!(matches!(&ended, Ended::Failed { reason } if reason.contains("CUDA error")), "{ended:?}");
    assert!(place.store.checkpoint(&task.id).exists(), "what it has learnt is not thrown away");
    assert!(matches!(place.perform(task, print, Attempt::Last, &NoProgress), Ended::Done { .. }));
    assert!(log(&place).contains("goes on from its checkpoint"), "{}", log(&place));
    assert_eq!(record_of(&place, &task.id).outcome, straight);
    assert!(!place.store.checkpoint(&task.id).exists(), "two files a task at most");
}

#[test]
fn a_training_that_diverges_leaves_no_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let wild = SCAN.replace(
        "[denoiser]\n",
        "[denoiser]\nlearning_rate = 1e30\ngradient_clip = 1e30\nwarmup_steps = 0\n",
    );
    let (plan, place, fingerprints) = workplace_with(directory.path(), &wild);
    let place = place.saving_every(Duration::ZERO);
    let record = perform(&place, &plan, &fingerprints, a_training(&plan));
    assert!(
        matches!(&record.outcome, Outcome::Failed { reason } if reason.contains("diverged")),
        "{record:?}"
    );
    assert!(!place.store.checkpoint(&record.id).exists(), "it would diverge again");
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace_with(directory.path(), SCAN);
    let place = place.saving_every(Duration::ZERO);
    let (task, print) = (&plan.tasks[a_training(&plan)], &fingerprints[a_training(&plan)]);
    let folder = directory.path().join("tasks/train");
    std::fs::remove_dir(&folder).expect("an empty folder");
    let ended = place.perform(task, print, Attempt::Last, &Impatient { left: Cell::new(2) });
    let Ended::NotStored { reason } = &ended else { panic!("its work is lost, and it says {ended:?}") };
    assert!(reason.starts_with(&task.id.0) && reason.contains("its checkpoint of 0."), "{reason}");
    assert!(reason.contains("of its work are lost") && reason.contains("cannot write"), "{reason}");
    // Twice on the way it went on without.
    assert_eq!(log(&place).matches("WARNING: no checkpoint was written").count(), 2, "{}", log(&place));
    std::fs::create_dir(&folder).expect("a folder");
    assert_eq!(place.perform(task, print, Attempt::Last, &Impatient { left: Cell::new(2) }), Ended::Stopped);
}

#[test]
fn a_checkpoint_of_other_settings_or_a_torn_one_is_not_used() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace_with(directory.path(), SCAN);
    let (task, print) = (&plan.tasks[a_training(&plan)], &fingerprints[a_training(&plan)]);
    let stop = |print: &Fingerprint| {
        let sink = Impatient { left: Cell::new(2) };
        assert_eq!(place.perform(task, print, Attempt::Last, &sink), Ended::Stopped);
    };
    let seconds = || match place.perform(task, print, Attempt::Last, &NoProgress) {
        Ended::Done { seconds } => seconds,
        other => panic!("{other:?}"),
    };
    seconds();
    let straight = record_of(&place, &task.id).outcome;
    stop(&Fingerprint("of another job".to_owned()));
    seconds();
    let said = || log(&place).lines().rev().take(4).collect::<Vec<_>>().join("\n");
    assert!(said().contains("begins anew: its checkpoint does not count, it is of a training"), "{}", said());
    assert_eq!(record_of(&place, &task.id).outcome, straight);
    stop(print);
    let path = place.store.checkpoint(&task.id);
    let whole = std::fs::read(&path).expect("a checkpoint");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("room");
    seconds();
    assert!(said().contains("begins anew: its checkpoint does not count, it is not whole"), "{}", said());
    assert!(!log(&place).contains("goes on"), "{}", log(&place));
    assert_eq!(record_of(&place, &task.id).outcome, straight);
}

#[test]
fn what_cannot_be_stored_is_no_failure_of_the_task() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace_with(directory.path(), SCAN);
    let training = plan.tasks.iter().position(|task| task.work.stage() == Stage::Train).expect("a training");
    let folder = directory.path().join("tasks/train");
    std::fs::remove_dir(&folder).expect("an empty folder");
    let ended = place.perform(&plan.tasks[training], &fingerprints[training], Attempt::Last, &NoProgress);
    let Ended::NotStored { reason } = ended else { panic!("{ended:?}") };
    assert!(reason.starts_with(&plan.tasks[training].id.0) && reason.contains("MB"), "{reason}");
    std::fs::create_dir(&folder).expect("a folder");
    perform(&place, &plan, &fingerprints, training);
}

#[test]
fn arrays_and_records_that_cannot_be_read_are_put_back_and_no_failure_of_what_needs_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace(directory.path(), "");
    for index in 0..plan.tasks.len() {
        perform(&place, &plan, &fingerprints, index);
    }
    let index =
        |start: &str| plan.tasks.iter().position(|task| task.id.0.starts_with(start)).expect("a task");
    let (fit, train) = (index("fit/"), index("train/"));
    let (template, classify) = (index("template/"), index("classify/"));
    let lacks = |task: usize, need: usize| {
        std::fs::remove_file(directory.path().join(format!("tasks/{}.json", plan.tasks[task].id)))
            .expect("a record");
        match place.perform(&plan.tasks[task], &fingerprints[task], Attempt::Last, &NoProgress) {
            Ended::UnreadableInput { needs, reason } => {
                assert_eq!(needs, [plan.tasks[need].id.clone()]);
                assert!(!reason.contains("delete"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
        assert!(
            !directory.path().join(format!("tasks/{}.json", plan.tasks[task].id)).exists(),
            "no failed record"
        );
        // Done again, what needs it is as good as before.
        let again = [need, task].map(|index| perform(&place, &plan, &fingerprints, index));
        assert!(again.iter().all(|record| matches!(record.outcome, Outcome::Done(_))), "{again:?}");
    };
    let template_arrays = place.store.arrays(&plan.tasks[template].id);
    std::fs::remove_file(&template_arrays).expect("arrays");
    lacks(classify, template);
    let weights = place.store.arrays(&plan.tasks[train].id);
    let whole = std::fs::read(&weights).expect("weights");
    for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&weights, &whole[..length]).expect("room");
        lacks(template, train);
    }
    let record = directory.path().join(format!("tasks/{}.json", plan.tasks[fit].id));
    let mut bytes = std::fs::read(&record).expect("a record");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20].fill(b'#');
    std::fs::write(&record, bytes).expect("room");
    lacks(template, fit);
}
