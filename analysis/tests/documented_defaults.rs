//! What docs/differences.md and README.md say of defaults is what `plan --defaults` says: each sentence is made from the
//! numbers and looked for.

use std::fs;
use std::path::Path;

use drapes_analysis::job::{
    DEFAULTS, JetInputs, Job, JobFile, KeptMoment, Marginals, Momentum, Schedule, Solver,
};

fn defaults() -> Job {
    JobFile::from_text("defaults.toml", DEFAULTS.as_str()).check().expect("the defaults are a job")
}

/// A number between 1 and 9 in words, as sentences have it.
fn word(number: usize) -> &'static str {
    ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"][number]
}

/// 50000 as 50,000.
fn with_commas(number: usize) -> String {
    if number < 1000 {
        number.to_string()
    } else {
        format!("{},{:03}", with_commas(number / 1000), number % 1000)
    }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

#[test]
fn the_documents_name_the_defaults() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let read = |name: &str| fs::read_to_string(repository.join(name)).expect("a document");
    let (differences, readme) = (read("docs/differences.md"), read("README.md"));
    let Job { denoiser, sampler, flow, classifier, trees, jet_classifier, .. } = &defaults();
    let sentences = [
        format!(
            "| batch, gradient clip, running average of weights | {}, {}, {} |",
            denoiser.batch, denoiser.gradient_clip, denoiser.ema_decay
        ),
        format!("| {} cosines of σ, cos(π eᵏ σ/{}); ", denoiser.noise_features, sampler.sigma_max),
        format!("{} layers of {} nodes are stated", word(denoiser.hidden_layers), denoiser.width),
        format!("| warm-up | {} steps,", with_commas(denoiser.warmup_steps)),
        format!("| validation | {} of the side-band events", percent(denoiser.validation_fraction)),
        format!(
            "{} layers, {} bins, tails from {} standard deviations; base {} blocks of {} nodes, {} epochs at {:e}; top {} \
             nodes, {:e}; {} of the events are kept aside",
            flow.base.layers,
            flow.bins,
            flow.tail,
            flow.base.blocks,
            flow.base.width,
            flow.base.epochs,
            flow.base.learning_rate,
            flow.top.width,
            flow.top.learning_rate,
            percent(flow.validation_fraction)
        ),
        match flow.kept {
            KeptMoment::Best => {
                "of fifty moments of a training the one with the smallest loss on them is kept".to_owned()
            }
            KeptMoment::Last => "the last epoch of a flow is used".to_owned(),
        },
        format!("one base flow of all data for every `signal_region_gev`, {} epochs", flow.efficient_epochs),
        format!(
            "weight decay {}, class weights, {} of {} folds train",
            classifier.weight_decay,
            classifier.folds - 2,
            classifier.folds
        ),
        format!("default {} |", defaults().oversampling),
        format!("| {}, as the text of appendix C.2 says", defaults().sigma_prime),
        format!("{} trees at most, {} leaves", trees.iterations, trees.leaves),
        format!(
            "width {}, {} heads, {} layers of self-attention and {} of class attention",
            jet_classifier.width,
            jet_classifier.heads,
            word(jet_classifier.self_attention_layers),
            word(jet_classifier.class_attention_layers)
        ),
    ];
    let lines: Vec<&String> = sentences.iter().filter(|sentence| !differences.contains(*sentence)).collect();
    assert!(
        lines.is_empty(),
        "docs/differences.md does not say, or says otherwise than `drapes plan --defaults`:\n{lines:#?}"
    );
    let scan = format!("{} epochs, {} steps an event", denoiser.epochs, sampler.steps);
    assert!(readme.contains(&scan), "README.md does not say: {scan}");
}

#[test]
fn words_of_the_documents_are_those_of_the_defaults() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let read = |name: &str| fs::read_to_string(repository.join(name)).expect("a document");
    let differences = read("docs/differences.md");
    let Job { denoiser, sampler, flow, jet_classifier, momentum_llv, .. } = defaults();
    let marginals = |marginals| match marginals {
        Marginals::Standardised => ("standardised", "standardised"),
        Marginals::Gaussian => ("mapped to unit normals", "gaussian"),
    };
    let of_denoiser = marginals(denoiser.marginals);
    let of_flow = marginals(flow.marginals);
    let sum = match momentum_llv {
        Momentum::Free => ("as the model makes it, as in the paper; or", "free"),
        Momentum::Conserved => ("moved, scaled and spread until they sum", "conserved"),
    };
    let inputs = match jet_classifier.inputs {
        JetInputs::Relative => "relative",
        JetInputs::Absolute => "absolute",
    };
    // In the row of docs/differences.md that begins with the first of them stands the second.
    let said = [
        ("features of the denoiser", format!("| {}, as in the paper; or", of_denoiser.0)),
        ("features of the denoiser", format!("`denoiser.marginals = \"{}\"`; or", of_denoiser.1)),
        ("features of flows", format!("| {};", of_flow.0)),
        ("features of flows", format!("`flow.marginals = \"{}\"`", of_flow.1)),
        ("sum of constituents", format!("| {}", sum.0)),
        ("sum of constituents", format!("`template.momentum_llv = \"{}\"`; or", sum.1)),
        ("classifier of constituents", format!("{inputs} inputs |")),
        ("classifier of constituents", format!("`jet_classifier.inputs = \"{inputs}\"`")),
        // No key: the reader of events does so, and src/data/tests/jet_files.rs holds it to that.
        (
            "order of jets",
            "with constituents, the jet of larger p_T first (features name the heavier one J1".to_owned(),
        ),
    ];
    let is_said = |(row, words): &&(&str, String)| {
        let row = format!("| {row} |");
        differences.lines().any(|line| line.starts_with(&row) && line.contains(words))
    };
    let missing: Vec<_> = said.iter().filter(|said| !is_said(said)).collect();
    assert!(
        missing.is_empty(),
        "docs/differences.md does not say, or says otherwise than defaults.toml:\n{missing:#?}"
    );
    // The paper's own, of which the documents need not speak.
    assert_eq!(denoiser.schedule, Schedule::Constant);
    assert_eq!(sampler.solver, Solver::Heun);
}
