mod broken_device;
mod class_samples;
mod closure;
mod columns;
mod dependencies;
mod diverging;
mod jets;
mod stopping;
mod together;
mod toy;

use std::any::Any;
use std::time::Instant;

use drapes_analysis::dispatch::{Attempt, Fault};
use drapes_analysis::job::injection::Injection;
use drapes_analysis::job::quantities::SignalCount;
use drapes_analysis::job::regions::{MassWindow, Region};
use drapes_analysis::job::template_spec::FlowKind;
use drapes_analysis::job::{Chip, JobFile};
use drapes_analysis::plan::fingerprint::{Fingerprint, fingerprints};
use drapes_analysis::plan::price::EventCounts;
use drapes_analysis::plan::price::memory::MemoryDemand;
use drapes_analysis::plan::{Plan, Stage, Task, TaskId, TaskKind};
use drapes_analysis::store::record::{Outcome, TaskRecord, TaskResult};

use super::execution::panic_reason;
use super::*;
use crate::arrays::ArrayReader;
use crate::dispatch::Ended;
use crate::progress_sink::{NoProgress, ProgressSink};
use crate::training::Checkpointer;

/// A directory, its plan and a workplace for a job on the shipped sample.
fn workplace(directory: &std::path::Path, extra: &str) -> (Plan, Workplace, Vec<Fingerprint>) {
    let settings = "[denoiser]\nepochs = 1\nbatch = 1024\n[sampler]\nsteps = 6\n[classifier]\nepochs = 1\n\
                    seeds = [0]\n";
    let scan = "[[scan]]\nmethod = 'noise'\nn_signal = [100]\noversampling = [1]\n";
    workplace_with(directory, &format!("{settings}{extra}\n{scan}"))
}

fn workplace_with(directory: &std::path::Path, job: &str) -> (Plan, Workplace, Vec<Fingerprint>) {
    workplace_of(
        directory,
        &format!("schema = 1\nname = 'a'\n[data]\nevents = 'demo_dijets.features.h5'\n{job}"),
    )
}

fn workplace_of(directory: &std::path::Path, job: &str) -> (Plan, Workplace, Vec<Fingerprint>) {
    let file = JobFile::from_text("job.toml", job);
    let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
    let plan = Plan::of(&stored.job);
    let store = Store::create(directory, &file, &stored).expect("a new directory");
    let fingerprints = fingerprints(&stored.job, &stored.inputs, &plan);
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let place = Workplace::new(store, stored, data, Device::Cpu, RunInfo::default(), Shard::WHOLE);
    (plan, place, fingerprints)
}

fn perform(place: &Workplace, plan: &Plan, fingerprints: &[Fingerprint], index: usize) -> TaskRecord {
    let ended = place.perform(&plan.tasks[index], &fingerprints[index], Attempt::Last, &NoProgress);
    assert!(matches!(ended, Ended::Done { .. } | Ended::Failed { .. }), "{ended:?}");
    record_of(place, &plan.tasks[index].id)
}

fn record_of(place: &Workplace, id: &TaskId) -> TaskRecord {
    let path = place.store.directory().join(format!("tasks/{id}.json"));
    serde_json::from_slice(&std::fs::read(path).expect("a record")).expect("a whole record")
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
fn a_task_without_its_inputs_asks_for_them_and_leaves_no_record() {
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace(directory.path(), "");
    let template =
        plan.tasks.iter().position(|task| task.work.stage() == Stage::Template).expect("a template");
    let ended = place.perform(&plan.tasks[template], &fingerprints[template], Attempt::Last, &NoProgress);
    let Ended::UnreadableInput { needs, reason } = &ended else { panic!("{ended:?}") };
    assert!(needs.iter().any(|id| id.0 == "fit/dijet-s100-w2800-6000"), "{needs:?}");
    assert!(needs.iter().all(|id| plan.tasks[template].needs.contains(id)), "{needs:?}");
    assert!(reason.contains("dijet-s100-w2800-6000.json"), "{reason}");
    assert!(!place.store.directory().join(format!("tasks/{}.json", plan.tasks[template].id)).exists());
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
    impl ProgressSink for Bomb {
        fn progress(&self, _share: f64) {
            panic!("tripped");
        }
    }
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace(directory.path(), "");
    let training = plan.tasks.iter().position(|task| task.work.stage() == Stage::Train).expect("a training");
    let ended = place.perform(&plan.tasks[training], &fingerprints[training], Attempt::Last, &Bomb);
    let Ended::Failed { reason } = ended else { panic!("{ended:?}") };
    assert!(reason.contains("panicked (tripped)"), "{reason}");
    // The rank goes on.
    assert!(matches!(perform(&place, &plan, &fingerprints, training).outcome, Outcome::Done(_)));
}

/// Performs every task of a plan and gives the place back with the ids of its templates.
fn performed(directory: &std::path::Path, scan: &str) -> (Workplace, Vec<(TaskId, TaskRecord)>) {
    perform_all(workplace(directory, scan))
}

fn perform_all(
    (plan, place, fingerprints): (Plan, Workplace, Vec<Fingerprint>),
) -> (Workplace, Vec<(TaskId, TaskRecord)>) {
    let records: Vec<_> = (0..plan.tasks.len())
        .map(|index| (plan.tasks[index].id.clone(), perform(&place, &plan, &fingerprints, index)))
        .collect();
    for (id, record) in &records {
        assert!(matches!(record.outcome, Outcome::Done(_)), "{id}: {:?}", record.outcome);
    }
    (place, records)
}

const OTHER: &str = "[other_sample]\nsource = 'file'\nevents = 'demo_alt.features.h5'\n";

#[test]
fn each_method_starts_from_its_own_events_at_its_own_masses() {
    let directory = tempfile::tempdir().expect("a directory");
    let scan = format!(
        "{OTHER}[[scan]]\nmethod = 'sr'\nn_signal = [100]\noversampling = [2]\n[[scan]]\nmethod = 'sb'\n\
         n_signal = [100]\noversampling = [1]\n[[scan]]\nmethod = 'mc'\nn_signal = [100]\noversampling = [1]\n\
         [[scan]]\nmethod = 'gensr'\nn_signal = [100]\noversampling = [1]\ndata_oversampling = [2]"
    );
    let (place, records) = performed(directory.path(), &scan);
    let masses = |id: &str| {
        let reader = ArrayReader::open(&place.store.arrays(&TaskId(id.to_owned()))).expect("arrays");
        reader.list::<f64>("masses_gev").expect("masses").to_vec()
    };
    let sample = place.sample().expect("a sample");
    let data = |region| {
        sample.data(Injection::first(SignalCount(100)), &place.job.regions, region).expect("enough signal")
    };
    let own = data(Region::Signal).masses;
    let twice = [own.clone(), own.clone()].concat();
    assert_eq!(masses("template/sr-sp2.24-s100-w2800-6000"), twice, "SR keeps its masses");
    assert_eq!(masses("template/gensr-s100-w2800-6000"), twice);
    let other = sample.other_in(&place.job.regions, Region::Signal).expect("a sample");
    assert_eq!(masses("template/mc-sp2.24-s100-w2800-6000"), other.masses);
    let drawn = masses("template/sb-sp2.24-s100-w2800-6000");
    assert_eq!(drawn.len(), data(Region::SideBand).len(), "every side-band event is used");
    let fit = place.store.result(&TaskId("fit/dijet-s100-w2800-6000".to_owned())).expect("a fit");
    let TaskResult::Fit(fit) = fit else { panic!("a fit") };
    // The share of target masses below the middle of the signal region is that of the fit.
    let shape = crate::sample::dijet::DijetShape::of(&fit, place.job.collision_energy);
    let part = |low, high| shape.integral(MassWindow::new(low, high));
    let expected = part(3300.0, 3500.0) / part(3300.0, 3700.0);
    let found = drawn.iter().filter(|mass| **mass < 3500.0).count() as f64 / drawn.len() as f64;
    assert!((found - expected).abs() < 4.0 * (0.25 / drawn.len() as f64).sqrt(), "{found} {expected}");
    assert!(drawn.iter().all(|mass| place.job.regions.signal.contains(*mass)));

    for (id, record) in &records {
        let Outcome::Done(result) = &record.outcome else { panic!("{id}") };
        match result.as_ref() {
            TaskResult::Template(summary) => {
                assert_eq!(summary.displacement.is_some(), id.0.contains("/sr-"), "{id}");
                assert_eq!(summary.pairs.len(), if id.0.contains("/noise-") { 10 } else { 0 }, "{id}");
                for spectra in &summary.spectra {
                    let total: f64 = spectra.generated.iter().sum();
                    assert!(total > 0.2 && total < 1.0 + 1e-9, "{id}: {total}");
                    let truth: f64 = spectra.background.iter().sum();
                    assert!(truth > 0.98, "{id}: {truth}");
                }
            }
            TaskResult::Classify(found) if id.0.contains("gensr") => {
                assert_eq!((found.sizes.data_background, found.sizes.data_signal), (8612, own.len() - 8612));
                // All true events judge every classifier, for none has seen them.
                assert!(found.classifiers.iter().all(|one| one.performance.n_background == 8612));
            }
            _ => {}
        }
    }
}

#[test]
fn the_more_noise_the_better_the_template_and_the_further_the_events_move() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = "[denoiser]\nepochs = 30\nbatch = 512\nlearning_rate = 2e-3\nschedule = 'cosine'\n[sampler]\n\
                    steps = 40\n[classifier]\nepochs = 4\nseeds = [0]\n[template]\noversampling = 1\n";
    let scan = "[[scan]]\nmethod = 'sb'\nn_signal = [0]\nsigma_prime = [0.05, 0.62, 80]\n\
                [[scan]]\nmethod = 'sr'\nn_signal = [0]\nsigma_prime = [0.05, 0.62]\n";
    let (_, records) = perform_all(workplace_with(directory.path(), &format!("{settings}{scan}")));
    let closure = |id: &str| {
        let (_, record) = records.iter().find(|(found, _)| found.0.starts_with(id)).expect("a task");
        let Outcome::Done(result) = &record.outcome else { panic!("{id}") };
        let TaskResult::Classify(found) = result.as_ref() else { panic!("{id}") };
        let values = found.classifiers.iter().map(|one| one.closure_auc.expect("both classes"));
        values.sum::<f64>() / found.classifiers.len() as f64
    };
    // Side-band events that hardly changed stand at masses of the signal region, and their features do not belong there.
    let by_noise = ["classify/sb-sp0.05-", "classify/sb-sp0.62-", "classify/sb-sp80-"].map(closure);
    // One classifier's AUC is known to about 0.003 here.
    assert!(by_noise[0] > 0.6 && by_noise[2] < 0.57, "{by_noise:?}");
    assert!(by_noise[0] > by_noise[1] + 0.05 && by_noise[1] > by_noise[2] + 0.008, "{by_noise:?}");
    let copies = closure("classify/sr-sp0.05-");
    assert!((copies - 0.5).abs() < 0.02, "copies cannot be told from their events: {copies}");
    let moved = |id: &str| {
        let (_, record) = records.iter().find(|(found, _)| found.0.starts_with(id)).expect("a task");
        let Outcome::Done(result) = &record.outcome else { panic!("{id}") };
        let TaskResult::Template(summary) = result.as_ref() else { panic!("{id}") };
        summary.displacement.clone().expect("SR")
    };
    let (little, more) = (moved("template/sr-sp0.05-"), moved("template/sr-sp0.62-"));
    assert!(little.signal.is_empty());
    assert!(
        little.background.iter().zip(&more.background).all(|(little, more)| *little < 0.1 && little < more)
    );
}

#[test]
fn denoisers_that_train_together_each_serve_their_own_template() {
    let templates = |together: usize| {
        let directory = tempfile::tempdir().expect("a directory");
        let job = format!(
            "[denoiser]\nepochs = 2\nbatch = 1024\n[sampler]\nsteps = 4\n[classifier]\nepochs = 1\nseeds = [0]\n\
             [compute]\ndenoisers_per_task = {together}\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 500, 1000]\n\
             oversampling = [1]\n"
        );
        let (place, records) = perform_all(workplace_with(directory.path(), &job));
        let trainings = records.iter().filter(|(id, _)| id.0.starts_with("train/")).count();
        let features = [0, 500, 1000].map(|n_signal| {
            let id = TaskId(format!("template/noise-s{n_signal}-w2800-6000"));
            template::read(&place, &id, 1000).expect("a template")
        });
        (trainings, features)
    };
    let (alone, together) = (templates(1), templates(2));
    assert_eq!((alone.0, together.0), (3, 2));
    for (alone, together) in alone.1.iter().zip(&together.1) {
        // The same numbers but for the order of sums in batched products, which a few hundred steps and a solver spread.
        let far =
            alone.iter().zip(together).filter(|(a, b)| (*a - *b).abs() > 0.02 * a.abs().max(1.0)).count();
        assert!(far < 50, "{far} of 5000");
    }
    let mixed =
        alone.1[0].iter().zip(&together.1[1]).filter(|(a, b)| (*a - *b).abs() > 0.02 * a.abs().max(1.0));
    assert!(mixed.count() > 1000, "templates of other injections differ");
}

/// The mean closure AUC of a point's classifiers.
fn closure(records: &[(TaskId, TaskRecord)], start: &str) -> f64 {
    let (_, record) = records.iter().find(|(found, _)| found.0.starts_with(start)).expect("a task");
    let Outcome::Done(result) = &record.outcome else { panic!("{start}") };
    let TaskResult::Classify(found) = result.as_ref() else { panic!("{start}") };
    let values = found.classifiers.iter().map(|one| one.closure_auc.expect("both classes"));
    values.sum::<f64>() / found.classifiers.len() as f64
}

#[test]
fn templates_of_flows_close_in_every_signal_region() {
    let directory = tempfile::tempdir().expect("a directory");
    let flows = "[denoiser]\nepochs = 2\nbatch = 1024\n[sampler]\nsteps = 30\n[flow]\nbatch = 512\nefficient_epochs = 8\n[flow.base]\nlayers = 3\nwidth = 40\nepochs = 15\n\
                 learning_rate = 3e-3\n[flow.top]\nlayers = 3\nwidth = 20\nepochs = 15\nlearning_rate = 3e-3\n\
                 [classifier]\nepochs = 4\nseeds = [0]\n[template]\noversampling = 2\n[compute]\nflows_per_task = 2\n";
    let scan = "[[scan]]\nmethod = 'cathode'\nn_signal = [0]\n[[scan]]\nmethod = 'curtains_f4f'\nn_signal = [0]\n\
                [[scan]]\nmethod = 'curtains_f4f_efficient'\nn_signal = [0]\n\
                signal_region_gev = [[3300, 3700], [3700, 4200]]\n[[scan]]\nmethod = 'feta'\nn_signal = [0]\n\
                [[scan]]\nmethod = 'sb'\nn_signal = [0]\nsigma_prime = [0.05]\n[[scan]]\nmethod = 'mc'\n\
                n_signal = [0]\nsigma_prime = [0.05]\n";
    let (place, records) = perform_all(workplace_with(directory.path(), &format!("{OTHER}{flows}{scan}")));
    for method in ["cathode", "curtains_f4f", "curtains_f4f_efficient", "feta"] {
        let found = closure(&records, &format!("classify/{method}-s0-w2800-6000-x"));
        assert!((found - 0.5).abs() < 0.05, "{method}: {found}");
    }
    let further = closure(&records, "classify/curtains_f4f_efficient-s0-w2800-6000-r3700-4200-");
    assert!((further - 0.5).abs() < 0.05, "{further}");
    // The same classifiers tell side-band events from data, and the other sample: hardly moved by a little noise.
    let raw = ["sb", "mc"].map(|word| closure(&records, &format!("classify/{word}-sp0.05-s0-")));
    assert!(raw[0] > 0.6 && raw[1] > 0.53, "{raw:?}");
    let masses = |id: &str| -> Vec<f64> {
        let file = ArrayReader::open(&place.store.arrays(&TaskId(id.to_owned()))).expect("a template");
        file.list("masses_gev").expect("masses").to_vec()
    };
    for (id, record) in &records {
        let Outcome::Done(result) = &record.outcome else { panic!("{id}") };
        let TaskResult::Template(summary) = result.as_ref() else { continue };
        let moves = id.0.contains("curtains") || id.0.contains("feta");
        assert_eq!(summary.in_tails.is_some(), moves, "{id}");
        assert!(summary.in_tails.is_none_or(|share| share > 0.0 && share < 0.01), "{id}");
        assert_eq!(summary.steps.is_none(), moves || id.0.contains("cathode"), "{id}");
    }
    let moved = masses("template/curtains_f4f_efficient-s0-w2800-6000-r3700-4200");
    assert!(moved.iter().all(|mass| (3700.0..4200.0).contains(mass)));
    let other = place.sample().expect("events").other_in(&place.job.regions, Region::Signal).expect("events");
    assert_eq!(masses("template/feta-s0-w2800-6000"), other.masses, "its masses are its own");
}

#[test]
fn prices_know_the_weights_of_flows() {
    let job =
        JobFile::from_text("job.toml", drapes_analysis::job::DEFAULTS.as_str()).check().expect("a good job");
    for kind in [FlowKind::Base, FlowKind::Curtains] {
        let network = job.flow.network(kind);
        let shape = crate::models::flow::FlowShape::new(
            job.data.features.len(),
            &network,
            job.flow.bins,
            job.flow.tail,
        );
        let stored = shape.layers * shape.conditioner.weights();
        assert!((drapes_analysis::plan::price::flow_weights(&job, &network) - stored as f64).abs() < 0.5);
    }
}

#[test]
fn a_density_that_diverges_fails_what_needs_it_and_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let job = "[flow]\nbatch = 1024\n[flow.base]\nlayers = 2\nwidth = 10\nepochs = 1\n[flow.top]\nlayers = 2\nwidth = 10\n\
               epochs = 1\n[classifier]\nepochs = 1\nseeds = [0]\n[compute]\nflows_per_task = 2\n[[scan]]\n\
               method = 'curtains_f4f'\nn_signal = [0, 100]\noversampling = [1]\n";
    let (plan, place, fingerprints) = workplace_with(directory.path(), job);
    let index = |id: &str| plan.tasks.iter().position(|task| task.id.0 == id).expect("a task");
    let base = index("train/flows-base-w2800-6000-c00");
    let mut record = perform(&place, &plan, &fingerprints, base);
    // As if the first of the two had diverged.
    let Outcome::Done(result) = &mut record.outcome else { panic!("{record:?}") };
    let TaskResult::TrainFlow(flows) = result.as_mut() else { panic!("flows") };
    flows[0].diverged = Some(7.5);
    place.store.write_record(&record).expect("room");
    let outcome = |id: &str| perform(&place, &plan, &fingerprints, index(id)).outcome;
    let Outcome::Done(top) = outcome("train/flows-curtains-w2800-6000-c00") else {
        panic!("one of two learns")
    };
    let TaskResult::TrainFlow(flows) = top.as_ref() else { panic!("flows") };
    assert_eq!((flows[0].diverged, flows[1].diverged), (Some(7.5), None));
    assert!(flows[0].losses.is_empty() && !flows[1].losses.is_empty());
    for n_signal in [0, 100] {
        assert!(matches!(outcome(&format!("fit/dijet-s{n_signal}-w2800-6000")), Outcome::Done(_)));
    }
    let Outcome::Failed { reason } = outcome("template/curtains_f4f-s0-w2800-6000") else {
        panic!("it diverged")
    };
    assert!(reason.contains("diverged at epoch 7.5") && reason.contains("member 0"), "{reason}");
    assert!(matches!(outcome("template/curtains_f4f-s100-w2800-6000"), Outcome::Done(_)));
}
