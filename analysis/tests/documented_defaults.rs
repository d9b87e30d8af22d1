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
    // Choices that docs/differences.md calls the default, or the other one, in words.
    let Job { denoiser, sampler, flow, jet_classifier, momentum_llv, .. } = defaults();
    assert_eq!(
        denoiser.marginals,
        Marginals::Standardised,
        "features of the denoiser: standardised, as in the paper"
    );
    assert_eq!(flow.marginals, Marginals::Gaussian, "features of flows: mapped to unit normals");
    assert_eq!(denoiser.schedule, Schedule::Constant);
    assert_eq!(sampler.solver, Solver::Heun);
    assert_eq!(momentum_llv, Momentum::Free, "sum of constituents: as the model makes it");
    assert_eq!(jet_classifier.inputs, JetInputs::Relative, "relative inputs");
}
