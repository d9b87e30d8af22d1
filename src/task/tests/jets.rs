//! Tasks of jets' constituents, on the shipped sample.

use super::*;
use crate::sample::jets::Jets;
use drapes_analysis::plan::Work;

/// Small networks that have learnt little: kinematics, numbers and places do not depend on that.
pub(super) const SMALL: &str = "schema = 1\nname = 'a'\n[data]\nevents = 'demo_constituents.h5'\nlayout = 'table'\n\
    [independent_background]\nsource = 'withheld'\n[denoiser]\nepochs = 3\nmarginals = 'gaussian'\n\
    [sampler]\nsteps = 60\n[jet_model]\nblocks = 1\nwidth = 8\nheads = 2\nhidden = 8\ncontext = 4\nepochs = 1\n\
    learning_rate = 1e-3\nprecision = 'single'\n[jet_classifier]\nwidth = 8\nheads = 2\nhidden = 8\n\
    self_attention_layers = 1\nclass_attention_layers = 1\nepochs = 1\nbatch = 32\n[classifier]\nseeds = [0]\n\
    [regions]\nsignal_region_gev = [3400, 3500]\nside_bands_gev = [3200, 3700]\n";

fn jets_of(place: &Workplace, id: &str) -> Jets {
    let file = ArrayReader::of(&place.store, &TaskId(id.to_owned())).expect("a template");
    crate::sample::jets::read(&file).expect("jets")
}

/// Does all tasks whose id holds none of some words.
fn perform_but(
    (plan, place, fingerprints): &(Plan, Workplace, Vec<Fingerprint>),
    words: &[&str],
) -> Vec<TaskRecord> {
    let wanted = |index: &usize| !words.iter().any(|word| plan.tasks[*index].id.0.contains(word));
    let records = (0..plan.tasks.len()).filter(wanted).map(|index| perform(place, plan, fingerprints, index));
    let records: Vec<TaskRecord> = records.collect();
    for record in &records {
        assert!(matches!(record.outcome, Outcome::Done(_)), "{record:?}");
    }
    records
}

#[test]
fn templates_have_the_kinematics_that_their_method_gives_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let scans = "[[scan]]\nmethod = 'noise'\ninputs = ['llv']\nn_signal = [20]\noversampling = [2]\n[[scan]]\n\
                 method = 'sr'\ninputs = ['llv']\nn_signal = [20]\noversampling = [1]\nsigma_prime = [1e-4]\n\
                 kinematics = ['kept', 'diffused']\n[[scan]]\nmethod = 'sb'\ninputs = ['llv']\nn_signal = [20]\n\
                 oversampling = [1]\nsigma_prime = [1.0]\n";
    let all = workplace_of(directory.path(), &format!("{SMALL}{scans}"));
    perform_but(&all, &["classify"]);
    let place = &all.1;
    let sample = place.sample().expect("events");
    let region = |wanted| {
        sample.chosen(Injection::first(SignalCount(20)), &place.job.regions, wanted).expect("enough signal")
    };
    let (inside, side_bands) = (region(Region::Signal), region(Region::SideBand));
    let data = sample.jets().select(&inside);

    let noise = [0, 1].map(|copy| jets_of(place, &format!("template/noise-s20-w3200-3700-llv-k0{copy}")));
    assert_ne!(noise[0], noise[1], "copies have noise of their own");
    let masses = ArrayReader::of(&place.store, &TaskId("template/noise-s20-w3200-3700-llv-k01".to_owned()));
    let masses = masses.and_then(|file| file.list::<f64>("masses_gev")).expect("masses");
    assert_eq!(
        (noise[0].events(), masses.len()),
        (inside.len(), inside.len()),
        "an event for each of the data"
    );
    for (event, mass) in masses.iter().enumerate() {
        assert!((3400.0..3500.0).contains(mass));
        assert!((noise[1].dijet_mass(event) / mass - 1.0).abs() < 1e-3, "{mass}: it is the mass of its jets");
    }

    // At the smallest noise, partial diffusion gives back what it took, kinematics to the bit.
    let kept = jets_of(place, "template/sr-sp0.0001-s20-w3200-3700-llv-k00");
    for jet in 0..data.len() {
        assert_eq!(kept.outline(jet), data.outline(jet));
        // Axis by axis, for constituents that are equally hard may change places.
        for axis in 0..3 {
            let sorted = |jets: &Jets| {
                let mut values: Vec<f32> =
                    jets.constituents(jet).iter().map(|values| f32::from(values[axis])).collect();
                values.sort_unstable_by(f32::total_cmp);
                values
            };
            for (one, other) in sorted(&kept).iter().zip(sorted(&data)) {
                assert!((one - other).abs() < 2e-3 * other.abs().max(0.1), "{one} {other}");
            }
        }
    }
    let diffused = jets_of(place, "template/sr-sp0.0001-s20-w3200-3700-llv-kd-k00");
    for jet in 0..data.len() {
        let (new, old) = (diffused.outline(jet), data.outline(jet));
        assert!((new.kinematics.pt / old.kinematics.pt - 1.0).abs() < 0.01, "{new:?} {old:?}");
        assert!((new.kinematics.mass - old.kinematics.mass).abs() < 0.01 * old.kinematics.pt);
        assert!(new.count.abs_diff(old.count) <= 1, "{new:?} {old:?}");
    }

    let from_side_bands = jets_of(place, "template/sb-sp1-s20-w3200-3700-llv-k00");
    assert_eq!(from_side_bands.events(), side_bands.len());
    assert!((0..side_bands.len()).all(|event| (3399.0..3501.0).contains(&from_side_bands.dijet_mass(event))));
}

#[test]
fn a_model_that_cannot_fit_says_what_it_needs_and_which_key_lowers_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let wide = SMALL.replace(
        "width = 8\nheads = 2\nhidden = 8\ncontext",
        "width = 200000\nheads = 2\nhidden = 200000\ncontext",
    );
    let scan = "[[scan]]\nmethod = 'noise'\ninputs = ['llv']\nn_signal = [0]\n";
    let (plan, place, fingerprints) = workplace_of(directory.path(), &format!("{wide}{scan}"));
    let training =
        plan.tasks.iter().position(|task| matches!(task.work, Work::TrainJets(_))).expect("a training");
    let record = perform(&place, &plan, &fingerprints, training);
    let Outcome::Failed { reason } = &record.outcome else { panic!("{record:?}") };
    for words in ["train/jet-model-s0-w3200-3700 needs about", "GB are free) lower jet_model.width"] {
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn what_libtorch_says_of_memory_becomes_advice() {
    let need = MemoryDemand { bytes: 2.5e9, lower: "jet_model.width" };
    let said: Box<dyn Any + Send> = Box::new("CUDA out of memory. Tried to allocate 3 GiB.\nmore".to_owned());
    let (reason, fault) = panic_reason(said.as_ref(), need);
    assert_eq!(fault, Some(Fault::Memory));
    assert!(reason.starts_with("the task needs about 2.5 GB of memory (CUDA out of memory."), "{reason}");
    assert!(reason.ends_with("lower jet_model.width"), "{reason}");
}

#[test]
fn events_without_usable_jets_are_left_out_of_jets_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo_constituents.h5");
    let path = folder.path().join("demo_constituents.h5");
    std::fs::copy(shipped, &path).expect("room");
    let file = hdf5::File::append(&path).expect("a file");
    let counts = file.dataset("events/n_constituents").expect("counts");
    let mut values = counts.read_2d::<u16>().expect("numbers");
    values[[0, 0]] = 1;
    values[[7, 1]] = 0;
    counts.write(&values).expect("room");
    drop((counts, file));
    let scan = "[[scan]]\nmethod = 'noise'\ninputs = ['hlv', 'llv']\nn_signal = [0]\n";
    let job = JobFile::from_text("job.toml", format!("{SMALL}{scan}")).check().expect("a good job");
    let sample = load(&job, folder.path()).expect("events");
    assert_eq!(sample.dropped().to_string(), "2 rows with a jet of fewer than two constituents");
    let all: Vec<u32> = (0..5000).collect();
    assert_eq!(sample.events(&all).len(), 5000, "they have features");
    let with_jets = sample.with_jets(all);
    assert_eq!((with_jets.len(), with_jets[0], with_jets.contains(&7)), (4998, 1, false));
    let whole = load(&job, &Path::new(env!("CARGO_MANIFEST_DIR")).join("data")).expect("events");
    assert_eq!(sample.jets().constituents(20), whole.jets().constituents(20));
}
