//! Which key of a job makes a task as dear as it is: the one that is raised most above its default.

use std::sync::OnceLock;

use crate::job::{DEFAULTS, FlowKind, Job, JobFile, Oversampling};

/// What is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Of the rank that computes.
    Memory,
    /// Until it is done.
    Time,
    /// For what is stored.
    Disk,
}

/// The job of all defaults.
///
/// # Panics
/// If the defaults are no job, which tests exclude.
pub fn defaults() -> &'static Job {
    static DEFAULT: OnceLock<Job> = OnceLock::new();
    DEFAULT.get_or_init(|| {
        JobFile::from_text("defaults.toml", DEFAULTS.as_str())
            .check()
            .expect("the defaults are a job, as tests show")
    })
}

/// A key, its value in a job and in the defaults.
pub type Key = (&'static str, usize, usize);

/// The key to lower: the one that is raised most, of equals the first, which helps most.
pub fn raised_most(keys: &[Key]) -> &'static str {
    let raised = |(_, value, usual): &Key| *value as f64 / *usual as f64;
    let most = keys.iter().rev().max_by(|a, b| raised(a).total_cmp(&raised(b)));
    most.map_or("n_signal of the scan", |(key, ..)| *key)
}

/// The factor of over-sampling of a template.
pub fn factor(job: &Job, oversampling: Oversampling) -> Key {
    let key =
        if oversampling == job.oversampling { "template.oversampling" } else { "oversampling of the scan" };
    (key, oversampling.0 as usize, defaults().oversampling.0 as usize)
}

/// The steps of the sampler, or those of a point that has its own.
pub fn steps(job: &Job, steps: usize) -> Key {
    let key = if steps == job.sampler.steps { "sampler.steps" } else { "steps of the scan" };
    (key, steps, defaults().sampler.steps)
}

/// Those of denoisers, of which so many train together.
pub fn denoiser(job: &Job, members: usize, cost: Cost) -> Vec<Key> {
    let (own, usual) = (&job.denoiser, &defaults().denoiser);
    let mut keys = vec![
        ("denoiser.width", own.width, usual.width),
        ("denoiser.hidden_layers", own.hidden_layers, usual.hidden_layers),
        ("denoiser.noise_features", own.noise_features, usual.noise_features),
        ("compute.denoisers_per_task", members, defaults().compute.denoisers_per_task),
    ];
    // There are none by default, and one costs next to nothing.
    keys.extend((own.mass_features > 0).then_some((
        "denoiser.mass_features",
        own.mass_features,
        usual.noise_features,
    )));
    keys.extend(by_cost(
        cost,
        ("denoiser.epochs", own.epochs, usual.epochs),
        ("denoiser.batch", own.batch, usual.batch),
    ));
    keys
}

/// Epochs cost time, batches memory.
fn by_cost(cost: Cost, epochs: Key, batch: Key) -> Option<Key> {
    match cost {
        Cost::Time => Some(epochs),
        Cost::Memory => Some(batch),
        Cost::Disk => None,
    }
}

/// Those of a flow.
pub fn network(job: &Job, flow: FlowKind, cost: Cost) -> Vec<Key> {
    let names = match flow {
        FlowKind::Base | FlowKind::BaseOfAll => {
            ["flow.base.width", "flow.base.layers", "flow.base.blocks", "flow.base.epochs"]
        }
        FlowKind::Curtains | FlowKind::Feta => {
            ["flow.top.width", "flow.top.layers", "flow.top.blocks", "flow.top.epochs"]
        }
        FlowKind::CurtainsEfficient => {
            ["flow.top.width", "flow.top.layers", "flow.top.blocks", "flow.efficient_epochs"]
        }
    };
    let (own, usual) = (job.flow.network(flow), defaults().flow.network(flow));
    let mut keys = vec![
        (names[0], own.width, usual.width),
        (names[1], own.layers, usual.layers),
        (names[2], own.blocks, usual.blocks),
        ("flow.bins", job.flow.bins, defaults().flow.bins),
    ];
    let batch = ("flow.batch", job.flow.batch, defaults().flow.batch);
    keys.extend(by_cost(cost, (names[3], own.epochs, usual.epochs), batch));
    keys
}

/// Those of a model of jets' constituents.
pub fn jet_model(job: &Job, cost: Cost) -> Vec<Key> {
    let (own, usual) = (&job.jet_model, &defaults().jet_model);
    let mut keys = vec![
        ("jet_model.width", own.width, usual.width),
        ("jet_model.blocks", own.blocks, usual.blocks),
        ("jet_model.hidden", own.hidden, usual.hidden),
        ("jet_model.context", own.context, usual.context),
        ("jet_model.heads", own.heads, usual.heads),
    ];
    if cost == Cost::Time {
        keys.push(("jet_model.epochs", own.epochs, usual.epochs));
    }
    keys
}

/// Those of perceptrons, of which a task trains those of so many seeds.
pub fn classifier(job: &Job, seeds: usize, cost: Cost) -> Vec<Key> {
    let (own, usual) = (&job.classifier, &defaults().classifier);
    let mut keys = vec![
        ("classifier.width", own.width, usual.width),
        ("classifier.hidden_layers", own.hidden_layers, usual.hidden_layers),
        ("compute.classifier_seeds_per_task", seeds, defaults().compute.classifier_seeds_per_task),
    ];
    let (epochs, batch) =
        (("classifier.epochs", own.epochs, usual.epochs), ("classifier.batch", own.batch, usual.batch));
    keys.extend(if cost == Cost::Disk { Some(epochs) } else { by_cost(cost, epochs, batch) });
    keys
}

/// Those of boosted trees.
pub fn trees(job: &Job, cost: Cost) -> Vec<Key> {
    let (own, usual) = (&job.trees, &defaults().trees);
    match cost {
        Cost::Time => vec![("trees.iterations", own.iterations, usual.iterations)],
        Cost::Memory => vec![("trees.leaves", own.leaves, usual.leaves)],
        Cost::Disk => vec![],
    }
}

/// Those of transformers, of which a task trains those of so many seeds.
pub fn jet_classifier(job: &Job, seeds: usize, cost: Cost) -> Vec<Key> {
    let (own, usual) = (&job.jet_classifier, &defaults().jet_classifier);
    let mut keys = vec![
        ("jet_classifier.width", own.width, usual.width),
        ("jet_classifier.hidden", own.hidden, usual.hidden),
        ("jet_classifier.heads", own.heads, usual.heads),
        ("jet_classifier.self_attention_layers", own.self_attention_layers, usual.self_attention_layers),
        ("jet_classifier.class_attention_layers", own.class_attention_layers, usual.class_attention_layers),
        ("compute.jet_classifier_seeds_per_task", seeds, defaults().compute.jet_classifier_seeds_per_task),
    ];
    let (epochs, batch) = (
        ("jet_classifier.epochs", own.epochs, usual.epochs),
        ("jet_classifier.batch", own.batch, usual.batch),
    );
    keys.extend(by_cost(cost, epochs, batch));
    keys
}
