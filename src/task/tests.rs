use drapes_analysis::fingerprint::fingerprints;
use drapes_analysis::job::JobFile;
use drapes_analysis::plan::{Plan, Stage};

use super::*;
use crate::watch::Unwatched;

/// A directory, its plan and a workplace for a job on the shipped sample.
fn workplace(directory: &std::path::Path, extra: &str) -> (Plan, Workplace, Vec<Fingerprint>) {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'demo_dijets.features.h5'\n[denoiser]\nepochs = 1\nbatch = 1024\n\
         [sampler]\nsteps = 4\n[classifier]\nepochs = 1\nseeds = [0]\n{extra}\n[[scan]]\nmethod = 'noise'\n\
         n_signal = [100]\noversampling = [1]\n"
    );
    let file = JobFile::from_text("job.toml", text);
    let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
    let plan = Plan::of(&stored.job);
    let store = Store::create(directory, &file, &stored).expect("a new directory");
    let fingerprints = fingerprints(&stored.job, &stored.inputs, &plan);
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let place = Workplace::new(store, stored, data, Device::Cpu, RunInfo::default());
    (plan, place, fingerprints)
}

fn perform(place: &Workplace, plan: &Plan, fingerprints: &[Fingerprint], index: usize) -> TaskRecord {
    place.perform(&plan.tasks[index], &fingerprints[index], &Unwatched).expect("room for a record")
}

#[test]
fn the_chain_runs_from_fit_to_classifiers_and_repeats_bit_for_bit() {
    let run = || {
        let directory = tempfile::tempdir().expect("a directory");
        let (plan, place, fingerprints) = workplace(directory.path(), "");
        let records = (0..plan.tasks.len()).map(|index| perform(&place, &plan, &fingerprints, index));
        records.map(|record| TaskRecord { run: RunInfo::default(), ..record }).collect::<Vec<_>>()
    };
    let records = run();
    assert_eq!(records.len(), 4);
    for record in &records {
        let Outcome::Done(result) = &record.outcome else { panic!("{record:?}") };
        if let TaskResult::Classify(found) = result.as_ref() {
            assert_eq!(found.classifiers.len(), 5);
            assert_eq!(found.sizes.data_background, 8612);
            assert_eq!(found.sizes.template, found.sizes.data_background + found.sizes.data_signal);
            let evaluated: usize = found.classifiers.iter().map(|one| one.performance.n_background).sum();
            assert_eq!(evaluated, 8612, "every background event is judged once");
        }
    }
    assert_eq!(records, run());
}

#[test]
fn a_task_without_its_inputs_fails_and_says_which() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace(directory.path(), "");
    let template =
        plan.tasks.iter().position(|task| task.work.stage() == Stage::Template).expect("a template");
    let record = perform(&place, &plan, &fingerprints, template);
    let Outcome::Failed { reason } = &record.outcome else { panic!("{record:?}") };
    assert!(reason.contains("denoiser-s100-w2800-6000.h5"), "{reason}");
}

#[test]
fn a_diverging_training_is_a_failed_record() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace(directory.path(), "");
    let place = Workplace {
        job: Job {
            denoiser: drapes_analysis::job::DenoiserSettings {
                learning_rate: 1e30,
                gradient_clip: 1e30,
                ..place.job.denoiser.clone()
            },
            ..place.job.clone()
        },
        ..place
    };
    let training = plan.tasks.iter().position(|task| task.work.stage() == Stage::Train).expect("a training");
    let record = perform(&place, &plan, &fingerprints, training);
    let Outcome::Failed { reason } = &record.outcome else { panic!("{record:?}") };
    assert!(reason.contains("diverged"), "{reason}");
}

#[test]
fn a_panic_is_a_failed_record_with_its_reason() {
    struct Bomb;
    impl Watch for Bomb {
        fn progress(&self, _share: f64) {
            panic!("tripped");
        }
    }
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace(directory.path(), "");
    let training = plan.tasks.iter().position(|task| task.work.stage() == Stage::Train).expect("a training");
    let record =
        place.perform(&plan.tasks[training], &fingerprints[training], &Bomb).expect("room for a record");
    let Outcome::Failed { reason } = &record.outcome else { panic!("{record:?}") };
    assert!(reason.contains("panicked (tripped)"), "{reason}");
    // The rank goes on.
    assert!(matches!(perform(&place, &plan, &fingerprints, training).outcome, Outcome::Done(_)));
}
