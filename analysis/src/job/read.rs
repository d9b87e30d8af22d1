//! From a document to a job: every section, every key, every check.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::axes::{self, Surroundings};
use super::bookkeeping;
use super::change::{Change, Placed};
use super::document::{Found, Mistakes, Section};
use super::flow;
use super::jets;
use super::limits;
use super::seeds::{any_whole_number, whole_number, whole_numbers};
use super::truth::{self, NamedColumns};
use super::{
    ClassifierSettings, DEFAULTS, Data, DenoiserSettings, IndependentBackground, Job, Layout, LossWeighting,
    Marginals, NoiseEmbedding, OtherSample, SamplerSettings, Schedule, Solver, TreeSettings,
};
use crate::error::{Error, Place, Problem};
use crate::hlv;
use crate::quantities::{ClassifierSeed, Gev, Oversampling, SigmaPrime};
use crate::regions::{MassWindow, Regions};

/// The only layout of a job file so far.
const SCHEMA: u32 = 1;

/// Checks the text of a job file with what the command line changes of it.
pub fn job(path: &Path, text: &str, changes: &[Change]) -> Result<Job, Error> {
    let refused = |problems| Error::JobFile { path: path.to_owned(), problems };
    let changes = Placed::behind(text.len(), changes);
    let mistakes = Mistakes::new(text, &changes);
    let (mut user, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        mistakes.note(
            error.span().map_or(0, |span| span.start),
            "",
            format!("is not TOML ({}) see https://toml.io for its rules", error.message()),
        );
    }
    if syntax.is_empty() {
        for placed in &changes {
            if let Err(message) = placed.apply(user.get_mut()) {
                mistakes.note(placed.at, placed.change.key(), message);
            }
        }
    }
    // What follows from a key that is not there would hide why it is not.
    if mistakes.are_there() {
        return Err(refused(mistakes.into_problems()));
    }
    let (defaults, _) = DeTable::parse_recoverable(DEFAULTS);
    let job = sections(Section::root(user.get_ref(), defaults.get_ref(), &mistakes), user.get_ref());
    let problems = mistakes.into_problems();
    match job {
        Some(job) if problems.is_empty() => Ok(job),
        // A section without a value has always noted why.
        _ => Err(refused(nonempty(problems))),
    }
}

fn nonempty(mut problems: Vec<Problem>) -> Vec<Problem> {
    if problems.is_empty() {
        problems.push(Problem {
            place: Place::Line(1),
            key: String::new(),
            message: "the file is not a job".to_owned(),
        });
    }
    problems
}

fn sections<'a>(root: Section<'a>, user: &'a DeTable<'a>) -> Option<Job> {
    // Every section is read before the first `?`, so that all mistakes are found in one go.
    let schema = root.require("schema", "schema = 1", whole_number);
    if let Some(schema) = schema.as_ref().filter(|schema| schema.value != SCHEMA) {
        root.wrong("schema", schema.at, "is not 1 (this version of drapes reads no other) set schema = 1");
    }
    let name = root.require("name", "a short name in quotes, without slashes", |value| {
        text(value).filter(|name| !name.contains('/') && !name.starts_with('.'))
    });
    let seed = root.get("seed", "a whole number from 0 to 18446744073709551615", any_whole_number);
    let data_section = root.section("data");
    let most_repeated = truth::most_repeated(&data_section);
    let data = data(data_section);
    let independent_background = independent_background(root.section("independent_background"));
    let regions = regions(root.section("regions"));
    let denoiser = denoiser(root.section("denoiser"));
    let sampler = sampler(root.section("sampler"));
    let flow = flow::flow(root.section("flow"), data.as_ref().map(|data: &Data| data.features.len()));
    let jet_model = jets::jet_model(root.section("jet_model"));
    let jet_classifier = jets::jet_classifier(root.section("jet_classifier"));
    let template = root.section("template");
    let oversampling = positive(&template, "oversampling").map(|factor| Oversampling(factor as u32));
    let sigma_prime = number(&template, "sigma_prime", "a noise strength above 0", |x| x > 0.0);
    let sigma_prime_llv = number(&template, "sigma_prime_llv", "a noise strength above 0", |x| x > 0.0);
    let momentum_llv = jets::momentum(&template);
    template.finish();
    let other_sample = other_sample(root.section("other_sample"));
    let classifier = classifier(root.section("classifier"));
    let trees = trees(root.section("trees"));
    let closure = bookkeeping::closure(root.section("closure"));
    let compute = bookkeeping::compute(root.section("compute"));
    let pricing = bookkeeping::pricing(root.section("pricing"));
    let figures = bookkeeping::figures(root.section("figures"));
    let scans = root.tables("scan");
    if scans.is_empty() && !user.iter().any(|(key, _)| key.get_ref() == "scan") {
        root.wrong("scan", 0, "is missing (there is nothing to compute) add a [[scan]] block with a method");
    }
    let points = (|| {
        let around = Surroundings {
            layout: &data.as_ref()?.layout,
            regions: regions.as_ref()?.0,
            oversampling: oversampling?,
            sigma_prime: SigmaPrime(sigma_prime?),
            sigma_prime_llv: SigmaPrime(sigma_prime_llv?),
            sampler: sampler.as_ref()?,
            collision_energy: regions.as_ref()?.1,
            background: independent_background.as_ref()?,
            other_sample: other_sample.as_ref()?,
        };
        Some(axes::points(scans, &around))
    })();
    if let (Some(points), Some(compute), Some(classifier)) = (&points, &compute, &classifier) {
        limits::check_tasks(&root, points, compute, classifier);
    }
    root.finish();
    let (regions, collision_energy) = regions?;
    Some(Job {
        schema: schema?.value,
        name: name?.value,
        seed: seed?.value,
        data: data?,
        most_repeated: most_repeated?,
        independent_background: independent_background?,
        regions,
        collision_energy,
        denoiser: denoiser?,
        sampler: sampler?,
        flow: flow?,
        jet_model: jet_model?,
        other_sample: other_sample?,
        oversampling: oversampling?,
        sigma_prime: SigmaPrime(sigma_prime?),
        sigma_prime_llv: SigmaPrime(sigma_prime_llv?),
        momentum_llv: momentum_llv?,
        classifier: classifier?,
        trees: trees?,
        jet_classifier: jet_classifier?,
        closure: closure?,
        compute: compute?,
        pricing: pricing?,
        figures: figures?,
        points: points?,
        generations: vec![],
    })
}

fn data(section: Section<'_>) -> Option<Data> {
    let events = section.require("events", "the name of a file", text);
    let directory = section.get("directory", "a folder", text);
    let group = section.get("group", "the name of an HDF5 group", text);
    let layout = section.get("layout", "\"lhco_features\" or \"table\"", |value| match value.as_str()? {
        "lhco_features" => Some(None),
        "table" => Some(Some(())),
        _ => None,
    });
    let resonant = section.get("resonant", "the name of a column", text);
    let label = section.get("label", "the name of a column", text);
    let features = section.get("features", "a list of column names", |value| {
        let names: Option<Vec<String>> = value.as_array()?.iter().map(|item| text(item.get_ref())).collect();
        names.filter(|names| !names.is_empty())
    });
    let missing = section.get("missing", "a number, or a list of numbers", numbers);
    if let (Some(layout), Some(features), Some(resonant)) = (&layout, &features, &resonant) {
        check_columns(&section, layout.value.is_some(), features, resonant);
        if let Some(label) = &label {
            truth::check(&section, &NamedColumns { resonant, features, label });
        }
    }
    section.finish();
    let group = group?.value;
    Some(Data {
        events: events?.value.into(),
        directory: directory?.value.into(),
        layout: layout?.value.map_or(Layout::LhcoFeatures, |()| Layout::Table { group }),
        resonant: resonant?.value,
        features: features?.value,
        label: label?.value,
        missing: missing?.value,
    })
}

fn check_columns(
    section: &Section<'_>,
    table: bool,
    features: &Found<Vec<String>>,
    resonant: &Found<String>,
) {
    let mut known = std::collections::HashSet::new();
    for name in &features.value {
        if !known.insert(name) {
            section.wrong(
                "features",
                features.at,
                format!("names {name} twice (a column carries nothing twice) remove one"),
            );
        }
        if *name == resonant.value {
            let why = "the search would see the mass that defines the signal region";
            section.wrong(
                "features",
                features.at,
                format!("contains the resonant column {name} ({why}) remove it"),
            );
        }
    }
    let unknown = features.value.iter().map(|name| ("features", name, features.at));
    let unknown = unknown.chain([("resonant", &resonant.value, resonant.at)]);
    for (key, name, at) in unknown.filter(|(_, name, _)| !table && hlv::Variable::named(name).is_none()) {
        let message = format!(
            "names {name} (the LHCO layout does not give it) choose from {}",
            hlv::names().join(", ")
        );
        section.wrong(key, at, message);
    }
}

fn independent_background(section: Section<'_>) -> Option<IndependentBackground> {
    let fraction = number(&section, "fraction", "a share between 0 and 1", |x| 0.0 < x && x < 1.0);
    let events = section.get("events", "the name of a file", text);
    let file = || Some(PathBuf::from(&events.as_ref()?.value));
    let sources = "\"none\", \"withheld\", \"file\" or \"withheld_and_file\"";
    let source = section.get("source", sources, |value| match value.as_str()? {
        "none" => Some(IndependentBackground::None),
        "withheld" => Some(IndependentBackground::Withheld { fraction: fraction? }),
        "file" => Some(IndependentBackground::File { events: file()? }),
        "withheld_and_file" => {
            Some(IndependentBackground::WithheldAndFile { fraction: fraction?, events: file()? })
        }
        _ => None,
    });
    section.finish();
    Some(source?.value)
}

fn other_sample(section: Section<'_>) -> Option<OtherSample> {
    let events = section.get("events", "the name of a file", text);
    let source = section.get("source", "\"none\" or \"file\"", |value| match value.as_str()? {
        "none" => Some(OtherSample::None),
        "file" => Some(OtherSample::File { events: PathBuf::from(&events.as_ref()?.value) }),
        _ => None,
    });
    section.finish();
    Some(source?.value)
}

fn regions(section: Section<'_>) -> Option<(Regions, Gev)> {
    let signal = section.get("signal_region_gev", "[low, high] in GeV, low below high", window);
    let outer = section.get("side_bands_gev", "[low, high] in GeV, low below high", window);
    let energy = number(&section, "collision_energy_gev", "an energy in GeV", |x| x > 0.0);
    if let (Some(signal), Some(outer)) = (&signal, &outer) {
        axes::check_side_bands(&section, outer, signal.value);
    }
    if let (Some(outer), Some(energy)) = (&outer, energy) {
        axes::check_energy(&section, outer, energy);
    }
    section.finish();
    Some((Regions { signal: signal?.value, outer: outer?.value }, Gev(energy?)))
}

fn denoiser(section: Section<'_>) -> Option<DenoiserSettings> {
    let s = &section;
    let hidden_layers = positive(s, "hidden_layers");
    let width = positive(s, "width");
    let noise_features = positive(s, "noise_features");
    let noise_embedding = NoiseEmbedding::read(s);
    let epochs = positive(s, "epochs");
    let batch = positive(s, "batch");
    let learning_rate = number(s, "learning_rate", "a rate above 0", |x| x > 0.0);
    let warmup_steps = s.get("warmup_steps", "a whole number", whole_number);
    let schedule = schedule(s);
    let weight_decay = number(s, "weight_decay", "a number from 0", |x| x >= 0.0);
    let gradient_clip = number(s, "gradient_clip", "a number above 0", |x| x > 0.0);
    let ema_decay = number(s, "ema_decay", "a share from 0 to below 1", |x| (0.0..1.0).contains(&x));
    let loss_weighting = loss_weighting(s);
    let marginals = marginals(s);
    let log_noise_mean = number(s, "log_noise_mean", "a number", |_| true);
    let log_noise_std = number(s, "log_noise_std", "a number above 0", |x| x > 0.0);
    let validation = number(s, "validation_fraction", "a share from 0 to 0.5", |x| (0.0..=0.5).contains(&x));
    section.finish();
    Some(DenoiserSettings {
        hidden_layers: hidden_layers?,
        width: width?,
        noise_features: noise_features?,
        noise_embedding: noise_embedding?,
        epochs: epochs?,
        batch: batch?,
        learning_rate: learning_rate?,
        warmup_steps: warmup_steps?.value as usize,
        schedule: schedule?,
        weight_decay: weight_decay?,
        gradient_clip: gradient_clip?,
        ema_decay: ema_decay?,
        loss_weighting: loss_weighting?,
        marginals: marginals?,
        log_noise_mean: log_noise_mean?,
        log_noise_std: log_noise_std?,
        validation_fraction: validation?,
    })
}

/// The course of a learning rate after its warm-up.
pub fn schedule(section: &Section<'_>) -> Option<Schedule> {
    let found = section.get("schedule", "\"constant\" or \"cosine\"", |value| match value.as_str()? {
        "constant" => Some(Schedule::Constant),
        "cosine" => Some(Schedule::Cosine),
        _ => None,
    });
    found.map(|found| found.value)
}

/// What the squared error of a denoiser is taken of.
pub fn loss_weighting(section: &Section<'_>) -> Option<LossWeighting> {
    let found = section.get("loss_weighting", "\"edm\" or \"printed\"", |value| match value.as_str()? {
        "edm" => Some(LossWeighting::Edm),
        "printed" => Some(LossWeighting::Printed),
        _ => None,
    });
    found.map(|found| found.value)
}

/// How features are mapped before a model sees them.
pub fn marginals(section: &Section<'_>) -> Option<Marginals> {
    let found =
        section.get("marginals", "\"standardised\" or \"gaussian\"", |value| match value.as_str()? {
            "standardised" => Some(Marginals::Standardised),
            "gaussian" => Some(Marginals::Gaussian),
            _ => None,
        });
    found.map(|found| found.value)
}

fn sampler(section: Section<'_>) -> Option<SamplerSettings> {
    let solver = section.get("solver", "\"heun\" or \"euler\"", |value| Solver::named(value.as_str()?));
    let steps = section.get("steps", "a whole number from 2", whole_number);
    if let Some(steps) = steps.as_ref().filter(|steps| steps.value < 2) {
        section.wrong(
            "steps",
            steps.at,
            "is below 2 (a grid has two ends) set at least 2; the paper uses 200",
        );
    }
    if let Some(steps) = steps.as_ref().filter(|steps| steps.value > limits::MOST_STEPS) {
        let message = format!(
            "is {} (with so many steps nothing changes any more but the time that they take) use {} at most; the paper \
             uses 200",
            steps.value,
            limits::MOST_STEPS
        );
        section.wrong("steps", steps.at, message);
    }
    let sigma_min = number(&section, "sigma_min", "a number from 1e-12", |x| x >= limits::LEAST_SIGMA);
    let sigma_max = number(&section, "sigma_max", "a number from 1e-12 to 1e6", |x| {
        (limits::LEAST_SIGMA..=limits::MOST_SIGMA).contains(&x)
    });
    let rho = number(&section, "rho", "a number from 1 to 100", |x| (1.0..=100.0).contains(&x));
    if let (Some(low), Some(high)) = (sigma_min, sigma_max)
        && low >= high
    {
        section.wrong("sigma_min", section.at(), "is not below sigma_max (noise must fall) lower it");
    }
    section.finish();
    Some(SamplerSettings {
        solver: solver?.value,
        steps: steps?.value as usize,
        sigma_min: sigma_min?,
        sigma_max: sigma_max?,
        rho: rho?,
    })
}

fn classifier(section: Section<'_>) -> Option<ClassifierSettings> {
    let s = &section;
    let hidden_layers = positive(s, "hidden_layers");
    let width = positive(s, "width");
    let epochs = positive(s, "epochs");
    let batch = positive(s, "batch");
    let learning_rate = number(s, "learning_rate", "a rate above 0", |x| x > 0.0);
    let weight_decay = number(s, "weight_decay", "a number from 0", |x| x >= 0.0);
    let folds = s.get("folds", "a whole number from 3", whole_number);
    if let Some(folds) = folds.as_ref().filter(|folds| folds.value < 3) {
        let message =
            "is below 3 (a classifier trains, validates and evaluates on different parts) set at least 3";
        s.wrong("folds", folds.at, message);
    }
    let seeds = s.get("seeds", "whole numbers, as [0, 1] or \"0-9\"", whole_numbers);
    if let Some(seeds) = &seeds {
        axes::refuse_repeats(s, "seeds", seeds.at, &seeds.value);
    }
    section.finish();
    Some(ClassifierSettings {
        hidden_layers: hidden_layers?,
        width: width?,
        epochs: epochs?,
        batch: batch?,
        learning_rate: learning_rate?,
        weight_decay: weight_decay?,
        folds: folds?.value,
        seeds: seeds?.value.into_iter().map(ClassifierSeed).collect(),
    })
}

fn trees(section: Section<'_>) -> Option<TreeSettings> {
    let iterations = positive(&section, "iterations");
    let learning_rate = number(&section, "learning_rate", "a rate above 0", |x| x > 0.0);
    let leaves =
        section.get("leaves", "a whole number from 2", |value| whole_number(value).filter(|n| *n > 1));
    let patience = positive(&section, "patience");
    section.finish();
    Some(TreeSettings {
        iterations: iterations?,
        learning_rate: learning_rate?,
        leaves: leaves?.value as usize,
        patience: patience?,
    })
}

/// What [`positive`] reads.
pub const POSITIVE: &str = "a whole number from 1 to 4294967295";

/// Reads a whole number from 1 to 2³² − 1.
pub fn positive(section: &Section<'_>, key: &'static str) -> Option<usize> {
    let found = section.get(key, POSITIVE, |value| whole_number(value).filter(|n| *n > 0));
    found.map(|found| found.value as usize)
}

/// Reads a finite number that fits.
pub fn number(
    section: &Section<'_>,
    key: &'static str,
    expected: &str,
    fits: impl Fn(f64) -> bool,
) -> Option<f64> {
    section.get(key, expected, |value| float(value).filter(|x| fits(*x))).map(|found| found.value)
}

fn text(value: &DeValue<'_>) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Reads a finite number, or a list of them.
fn numbers(value: &DeValue<'_>) -> Option<Vec<f64>> {
    match value.as_array() {
        Some(items) => items.iter().map(|item| float(item.get_ref())).collect(),
        None => float(value).map(|number| vec![number]),
    }
}

/// Reads a finite number.
pub fn float(value: &DeValue<'_>) -> Option<f64> {
    let text = match value {
        DeValue::Float(number) => number.as_str(),
        DeValue::Integer(number) => number.as_str(),
        _ => return None,
    };
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Reads `[low, high]` in GeV.
pub fn window(value: &DeValue<'_>) -> Option<MassWindow> {
    let edges: Option<Vec<f64>> = value.as_array()?.iter().map(|item| float(item.get_ref())).collect();
    match edges?[..] {
        [low, high] if low < high => Some(MassWindow::new(low, high)),
        _ => None,
    }
}
