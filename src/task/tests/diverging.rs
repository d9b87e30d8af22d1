//! Networks that diverge, and what needs them.

use super::*;

/// Does a training of two, and writes down that its first member diverged.
fn first_diverges(all: &(Plan, Workplace, Vec<Fingerprint>), id: &str) {
    let (plan, place, fingerprints) = all;
    let mut record = perform(place, plan, fingerprints, index(plan, id));
    let Outcome::Done(result) = &mut record.outcome else { panic!("{record:?}") };
    let (TaskResult::Train(trainings)
    | TaskResult::TrainKinematics(trainings)
    | TaskResult::TrainJets(trainings)) = result.as_mut()
    else {
        panic!("denoisers")
    };
    trainings[0].diverged = Some(7.5);
    place.store.write_record(&record).expect("room");
}

fn index(plan: &Plan, id: &str) -> usize {
    let place = plan.tasks.iter().position(|task| task.id.0 == id);
    place
        .unwrap_or_else(|| panic!("{id}: {:?}", plan.tasks.iter().map(|task| &task.id.0).collect::<Vec<_>>()))
}

#[test]
fn a_denoiser_that_diverges_fails_what_needs_it_and_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let job = "[denoiser]\nepochs = 1\nbatch = 1024\n[sampler]\nsteps = 4\n[classifier]\nepochs = 1\nseeds = [0]\n\
               [compute]\ndenoisers_per_task = 2\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 100]\n\
               oversampling = [1]\n";
    let all = workplace_with(directory.path(), job);
    first_diverges(&all, "train/denoisers-w2800-6000-c00");
    let (plan, place, fingerprints) = &all;
    let outcome = |id: &str| perform(place, plan, fingerprints, index(plan, id)).outcome;
    for n_signal in [0, 100] {
        assert!(matches!(outcome(&format!("fit/dijet-s{n_signal}-w2800-6000")), Outcome::Done(_)));
    }
    let Outcome::Failed { reason } = outcome("template/noise-s0-w2800-6000") else { panic!("it diverged") };
    assert!(reason.contains("diverged at epoch 7.5 (the loss of member 0 of train/denoisers"), "{reason}");
    assert!(matches!(outcome("template/noise-s100-w2800-6000"), Outcome::Done(_)));
}
