use std::fs;

use super::*;
use crate::arrays::Fault;

/// A place where all but the template and what needs it is done, with the template's place in the plan and the file of the
/// training that it reads.
fn trained(directory: &Path) -> (Plan, Workplace, Vec<Fingerprint>, usize, PathBuf) {
    let (plan, place, fingerprints) = workplace(directory, "");
    let template =
        plan.tasks.iter().position(|task| task.work.stage() == Stage::Template).expect("a template");
    for index in 0..template {
        assert!(matches!(perform(&place, &plan, &fingerprints, index).outcome, Outcome::Done(_)));
    }
    let training = plan.tasks.iter().find(|task| task.work.stage() == Stage::Train).expect("a training");
    let weights = place.store.arrays(&training.id);
    (plan, place, fingerprints, template, weights)
}

#[test]
fn what_cannot_be_read_for_a_moment_is_not_made_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints, template, weights) = trained(directory.path());
    let before = fs::read(&weights).expect("arrays");
    let perform =
        || place.perform(&plan.tasks[template], &fingerprints[template], Attempt::Last, &NoProgress);
    // A notebook has it open.
    let other = std::process::Command::new("flock").arg("-x").arg(&weights).args(["sleep", "3"]).spawn();
    let mut other = other.expect("flock, of util-linux");
    while !matches!(Fault::of(&weights), Fault::Busy) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let ended = perform();
    assert!(matches!(ended, Ended::Done { .. }), "{ended:?}");
    other.wait().expect("an end");
    // A network file system says for a while that it is not there.
    let aside = directory.path().join("aside");
    fs::rename(&weights, &aside).expect("room");
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(900));
            fs::rename(&aside, &weights).expect("room");
        });
        perform()
    });
    assert!(matches!(ended, Ended::Done { .. }), "{ended:?}");
    assert!(fs::read(&weights).expect("arrays") == before);
    let log = fs::read_to_string(directory.path().join("logs/rank-000.log")).expect("a log");
    assert!(log.contains("it could be read at the next look"), "{log}");
}

#[test]
fn a_wrong_byte_in_an_array_is_found_when_it_is_read_and_asked_for_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints, template, weights) = trained(directory.path());
    let mut bytes = fs::read(&weights).expect("arrays");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&weights).expect("arrays");
    fs::write(&weights, bytes).expect("room");
    let ended = place.perform(&plan.tasks[template], &fingerprints[template], Attempt::Last, &NoProgress);
    let Ended::UnreadableInput { needs, reason } = &ended else { panic!("{ended:?}") };
    let [need] = &needs[..] else { panic!("{reason}") };
    let need = plan.position(need).expect("a task of the plan");
    assert_eq!(plan.tasks[need].work.stage(), Stage::Train, "{reason}");
    assert!(is_readable(&place.store, &plan.tasks[0].id) && weights.exists(), "nothing is deleted");
    assert!(matches!(perform(&place, &plan, &fingerprints, need).outcome, Outcome::Done(_)));
    assert!(matches!(perform(&place, &plan, &fingerprints, template).outcome, Outcome::Done(_)));
}

#[test]
fn whoever_waits_for_another_look_stops_when_it_is_told_to() {
    struct Stopping;
    impl ProgressSink for Stopping {
        fn progress(&self, _share: f64) {}
        fn should_stop(&self) -> bool {
            true
        }
    }
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, _, template, weights) = trained(directory.path());
    fs::remove_file(&weights).expect("arrays");
    let start = Instant::now();
    assert!(matches!(
        unreadable_after_retries(&place.store, &plan.tasks[template].needs, &Stopping),
        Err(Error::Stopped)
    ));
    assert!(start.elapsed() < Duration::from_secs(1));
    let missing =
        unreadable_after_retries(&place.store, &plan.tasks[template].needs, &NoProgress).expect("an answer");
    assert_eq!(missing.len(), 1, "it is not there after all");
}
