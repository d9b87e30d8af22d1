//! What a result depends on, in one short text.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::job::{EventFile, Job};
use crate::plan::work::Settings;
use crate::plan::{Plan, TaskId};

/// Raised whenever the same job would give other numbers than before.
const CODE_SCHEMA: u32 = 11;

/// A digest of everything that a task's result depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An input file by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// The name that the job gives it.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// The fingerprints of all tasks, in the order of the plan.
///
/// A task's own settings, the input files and the fingerprints of the tasks it needs go in; the rest of the
/// job does not.
pub fn fingerprints(job: &Job, inputs: &[InputFile], plan: &Plan) -> Vec<Fingerprint> {
    of_version(CODE_SCHEMA, job, inputs, plan)
}

/// Those that earlier versions gave the same tasks, the latest version first.
pub fn earlier_fingerprints(
    job: &Job,
    inputs: &[InputFile],
    plan: &Plan,
) -> impl Iterator<Item = Vec<Fingerprint>> {
    (1..CODE_SCHEMA).rev().map(move |version| of_version(version, job, inputs, plan))
}

fn of_version(version: u32, job: &Job, inputs: &[InputFile], plan: &Plan) -> Vec<Fingerprint> {
    let mut known: HashMap<&TaskId, Fingerprint> = HashMap::new();
    // The other sample reaches those who start from it: a job may get one with a method that needs it. So does simulated signal.
    let is_apart = |input: &InputFile| is_only(job, is_other_sample, input) || is_only(job, is_signal, input);
    let shared: Vec<&InputFile> = inputs.iter().filter(|input| !is_apart(input)).collect();
    let common = json!([version, job.seed, job.data, shared]).to_string();
    let common = Sha256::new_with_prefix(common.as_bytes());
    let settings = Settings {
        job,
        split: split(job),
        noise: noise(job),
        other_sample: other_sample(job, inputs),
        simulated_signal: simulated_signal(job, inputs),
    };
    let mut settings_of: HashMap<[&'static str; 2], Sha256> = HashMap::new();
    let mut fingerprints = Vec::with_capacity(plan.tasks.len());
    for task in &plan.tasks {
        // What tasks of a kind share is digested once: a scan has many tasks and few kinds.
        let kind = task.work.kind();
        let of_kind = settings_of.entry([task.work.name(), kind.settings_variant()]).or_insert_with(|| {
            let mut hash = common.clone();
            hash.update(kind.settings(&settings).to_string().as_bytes());
            hash
        });
        let mut hash = of_kind.clone();
        let work = serde_json::to_vec(&task.work).unwrap_or_default();
        hash.update((work.len() as u64).to_le_bytes());
        hash.update(&work);
        for need in task.needs.iter().filter_map(|need| known.get(need)) {
            hash.update(need.0.as_bytes());
        }
        let fingerprint = digest(hash);
        known.insert(&task.id, fingerprint.clone());
        fingerprints.push(fingerprint);
    }
    fingerprints
}

/// Which events are data. Jobs with the usual injection stay what they were before there was another.
fn split(job: &Job) -> Value {
    if job.injection.are_usual() {
        return json!([job.regions, job.independent_background]);
    }
    json!([job.regions, job.independent_background, job.injection])
}

/// The noise strengths that trainings learn; the largest is also the scale of their embedding.
fn noise(job: &Job) -> Value {
    let (least, largest) = (job.sampler.sigma_min, job.sampler.sigma_max);
    // Trainings learnt the paper's range before they learnt the sampler's: those within it stay what they are.
    if (least, largest) == (1e-5, 80.0) { json!(largest) } else { json!([least, largest]) }
}

/// The other sample and those files that are read for it alone.
fn other_sample(job: &Job, inputs: &[InputFile]) -> Value {
    json!([job.other_sample, files(job, is_other_sample, inputs)])
}

/// The simulated signal, and its file where nothing else is read from it.
fn simulated_signal(job: &Job, inputs: &[InputFile]) -> Value {
    let sensitivity = job.search.as_ref().and_then(|search| search.sensitivity.as_ref());
    let signal = sensitivity.map(|sensitivity| {
        let first = json!([sensitivity.signal, sensitivity.simulated_at]);
        if sensitivity.further.is_empty() { first } else { json!([first, sensitivity.further]) }
    });
    json!([signal, files(job, is_signal, inputs)])
}

fn is_other_sample(file: EventFile) -> bool {
    file == EventFile::OtherSample
}

fn is_signal(file: EventFile) -> bool {
    matches!(file, EventFile::SimulatedSignal(_))
}

/// The inputs that are read as such files alone.
fn files<'a>(job: &Job, which: fn(EventFile) -> bool, inputs: &'a [InputFile]) -> Vec<&'a InputFile> {
    inputs.iter().filter(|input| is_only(job, which, input)).collect()
}

/// Whether an input is read as such a file, and not as one that all tasks depend on.
fn is_only(job: &Job, which: fn(EventFile) -> bool, input: &InputFile) -> bool {
    let is = |which: fn(EventFile) -> bool| {
        job.event_files().any(|(file, path)| which(file) && path.display().to_string() == input.name)
    };
    is(which) && !is(|file| matches!(file, EventFile::Data | EventFile::IndependentBackground))
}

fn digest(hash: Sha256) -> Fingerprint {
    Fingerprint(hex::encode(&hash.finalize()[..12]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;

    fn of(text: &str) -> Vec<(String, Fingerprint)> {
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        let plan = Plan::of(&job);
        let ids = plan.tasks.iter().map(|task| task.id.to_string());
        ids.zip(fingerprints(&job, &[], &plan)).collect()
    }

    fn changed(from: &str, to: &str) -> Vec<String> {
        let base = "schema = 1\nname = 'a'\nseed = 1\n[data]\nevents = 'a.h5'\n[denoiser]\nepochs = 3\n\
                    [classifier]\nepochs = 2\nseeds = '0-1'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
        let (before, after) = (of(base), of(&base.replace(from, to)));
        before.into_iter().filter(|task| !after.contains(task)).map(|(id, _)| id).collect()
    }

    #[test]
    fn a_setting_reaches_its_own_stage_and_what_follows() {
        assert_eq!(changed("name = 'a'", "name = 'b'"), [""; 0]);
        assert_eq!(changed("seeds = '0-1'", "seeds = '0-1'\n[figures]\ninjections = [0]"), [""; 0]);
        assert_eq!(changed("epochs = 2", "epochs = 3"), ["classify/noise-s0-w2800-6000-x5-c00-01"]);
        assert_eq!(changed("epochs = 3", "epochs = 4").len(), 3);
        assert_eq!(changed("seed = 1", "seed = 2").len(), 4);
        // The sampler's noise strengths are those that trainings learn.
        for range in ["sigma_min = 1e-4", "sigma_max = 160.0"] {
            assert_eq!(changed("seed = 1", &format!("seed = 1\n[sampler]\n{range}")).len(), 3, "{range}");
        }
        assert_eq!(changed("seed = 1", "seed = 1\n[sampler]\nsigma_min = 1e-5\nsigma_max = 80"), [""; 0]);
    }

    #[test]
    fn a_flow_depends_on_its_own_network_alone() {
        let base = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[flow]\nefficient_epochs = 3\n[flow.top]\nepochs = 5\n\
                    [flow.base]\nepochs = 7\n[classifier]\nseeds = '0'\n[[scan]]\nmethod = 'cathode'\nn_signal = [0]\n\
                    [[scan]]\nmethod = 'curtains_f4f'\nn_signal = [0]\n[[scan]]\nmethod = 'curtains_f4f_efficient'\n\
                    n_signal = [0]\n";
        let changed = |from: &str, to: &str| {
            let (before, after) = (of(base), of(&base.replace(from, to)));
            let changed = before.into_iter().filter(|task| !after.contains(task)).map(|(id, _)| id);
            changed.filter(|id| id.starts_with("train/")).collect::<Vec<_>>()
        };
        let named = |word: &str| format!("train/flow-{word}-s0-w2800-6000");
        assert_eq!(changed("efficient_epochs = 3", "efficient_epochs = 4"), [named("curtains_efficient")]);
        assert_eq!(changed("epochs = 5", "epochs = 6"), [named("curtains")]);
        assert_eq!(changed("epochs = 7", "epochs = 8").len(), 4);
        assert_eq!(changed("[flow]", "[flow]\ntail = 5"), changed("epochs = 7", "epochs = 8"));
    }

    #[test]
    fn a_margin_is_of_templates_that_are_asked_at_edges() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[independent_background]\nsource = 'withheld'\n\
                    [sampler]\nsteps = 20\n[classifier]\nseeds = '0'\n[[scan]]\n\
                    method = 'noise'\nn_signal = [0]\n[[scan]]\nmethod = 'noise_efficient'\nn_signal = [0]\n[[scan]]\n\
                    method = 'over_idealised'\nn_signal = [0]\noversampling = [2]\n";
        let (before, after) = (of(text), of(&text.replace("steps = 20", "steps = 20\nedge_margin = 0.5")));
        let changed: Vec<&str> =
            before.iter().filter(|task| !after.contains(task)).map(|(id, _)| id.as_str()).collect();
        assert!(
            !changed.is_empty() && changed.iter().all(|id| id.contains("noise_efficient")),
            "{changed:?}"
        );
        assert!(changed.iter().any(|id| id.starts_with("template/")), "{changed:?}");
    }

    #[test]
    fn models_of_jets_depend_on_their_own_settings() {
        let base = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = 'table'\n[denoiser]\nepochs = 3\n[jet_model]\n\
                    epochs = 5\n[jet_classifier]\nepochs = 7\n[template]\nmomentum_llv = 'free'\n[classifier]\n\
                    seeds = '0'\n[[scan]]\nmethod = 'noise'\ninputs = ['llv']\nn_signal = [0]\noversampling = [1]\n";
        let changed = |from: &str, to: &str| {
            let (before, after) = (of(base), of(&base.replace(from, to)));
            let changed = before.into_iter().filter(|task| !after.contains(task)).map(|(id, _)| id);
            changed.collect::<Vec<_>>()
        };
        let [kinematics, jets] =
            ["kinematic-model", "jet-model"].map(|model| format!("train/{model}-s0-w2800-6000"));
        let template = "template/noise-s0-w2800-6000-llv-k00".to_owned();
        let classify = "classify/noise-s0-w2800-6000-llv-x1-c00".to_owned();
        assert_eq!(changed("epochs = 3", "epochs = 4"), [kinematics, template.clone(), classify.clone()]);
        assert_eq!(changed("epochs = 5", "epochs = 6"), [jets, template.clone(), classify.clone()]);
        assert_eq!(changed("'free'", "'conserved'"), [template, classify.clone()]);
        // Models of jets learn the noise strengths of the sampler, too.
        assert_eq!(changed("[denoiser]", "[sampler]\nsigma_max = 160.0\n[denoiser]").len(), 4);
        assert_eq!(changed("epochs = 7", "epochs = 8"), [classify]);
    }

    #[test]
    fn poisson_injections_are_other_data() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = '0'\n[[scan]]\nmethod = 'noise'\n\
                    n_signal = [5]\n";
        let (exact, poisson) = (of(text), of(&format!("{text}[injection]\ncount = 'poisson'\n")));
        assert_eq!(exact, of(&format!("{text}[injection]\ncount = 'exact'\n")));
        assert!(exact.len() > 3 && exact.len() == poisson.len());
        for ((task, one), (_, other)) in exact.iter().zip(&poisson) {
            assert_ne!(one, other, "{task}");
        }
    }
}
