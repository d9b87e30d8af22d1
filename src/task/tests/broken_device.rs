//! A device that breaks in the middle of a task: the task is another rank's, and goes on where this one has saved it.

use super::*;

/// Computes a while, and then its device is gone.
struct Breaks {
    left: std::cell::Cell<usize>,
}

impl ProgressSink for Breaks {
    fn progress(&self, _share: f64) {}

    fn should_stop(&self) -> bool {
        let left = self.left.get();
        assert!(left > 0, "CUDA error: an illegal memory access was encountered");
        self.left.set(left - 1);
        false
    }
}

#[test]
fn a_broken_device_leaves_no_record_and_the_checkpoint_stays() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace_with(directory.path(), stopping::SCAN);
    // Saved at every moment at which it may be.
    let good = place.saving_every(Duration::ZERO);
    let training = plan.tasks.iter().position(|task| task.work.stage() == Stage::Train).expect("a training");
    let task = &plan.tasks[training];
    let attempt = |place: &Workplace, attempt| {
        place.perform(task, &fingerprints[training], attempt, &Breaks { left: std::cell::Cell::new(3) })
    };
    let record = directory.path().join(format!("tasks/{}.json", task.id));

    let broken = Workplace { check: |_| Err("the context is gone".to_owned()), ..good };
    let ended = attempt(&broken, Attempt::First);
    let Ended::LetDown { fault: Fault::Device, reason } = ended else { panic!("{ended:?}") };
    assert!(
        reason.contains("illegal memory access") && reason.contains("is broken: the context is gone"),
        "{reason}"
    );
    assert!(!record.exists(), "another rank is to try it");
    assert!(broken.store.checkpoint(&task.id).exists(), "and goes on from here");
    assert_eq!(broken.check_device(), Err("the context is gone".to_owned()), "the rank leaves");

    // On a device that still computes the task itself is at fault.
    let good = Workplace { check: |_| Ok(()), ..broken };
    let ended = attempt(&good, Attempt::First);
    assert!(matches!(ended, Ended::Failed { .. }), "{ended:?}");
    assert!(record.exists());
}
