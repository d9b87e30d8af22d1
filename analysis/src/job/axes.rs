//! The scan blocks of a job file: a method each, and axes that multiply.

use super::checks::{check_energy, check_side_bands, refuse_equal, refuse_repeats};
use super::document::Section;
use super::limits::check_axes;
use super::rules::{Rule, one_or_many, read_whole_numbers, whole_numbers, windows, words};
use super::sampling::{check_grids, integrations, starts};
use super::{IndependentBackground, Job, Layout, OtherSample};
use crate::job::{
    ClassifierKind, Comparison, Injection, InjectionSeed, Inputs, Kinematics, MassWindow, Oversampling,
    ScanPoint, SignalCount, Start, TemplateMethod, TemplateSeed, TemplateSpec, TrainingSample,
};

/// What a scan block computes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Template(TemplateMethod),
    GenSr,
    Idealised,
    OverIdealised,
    Supervised,
}

const METHODS: [(&str, Method); 15] = [
    ("noise", Method::Template(TemplateMethod::Noise)),
    ("noise_efficient", Method::Template(TemplateMethod::NoiseEfficient)),
    ("flow_matching", Method::Template(TemplateMethod::FlowMatching)),
    ("flow_matching_efficient", Method::Template(TemplateMethod::FlowMatchingEfficient)),
    ("sr", Method::Template(TemplateMethod::SignalRegion)),
    ("sb", Method::Template(TemplateMethod::SideBand)),
    ("mc", Method::Template(TemplateMethod::OtherSample)),
    ("curtains_f4f", Method::Template(TemplateMethod::Curtains)),
    ("curtains_f4f_efficient", Method::Template(TemplateMethod::CurtainsEfficient)),
    ("cathode", Method::Template(TemplateMethod::Cathode)),
    ("feta", Method::Template(TemplateMethod::Feta)),
    ("gensr", Method::GenSr),
    ("idealised", Method::Idealised),
    ("over_idealised", Method::OverIdealised),
    ("supervised", Method::Supervised),
];

/// What the commented defaults say of scan blocks, and a block.
pub const DEFAULT_SCAN: &str = r#"# One block a method; its axes multiply. Points that two blocks share are computed once. Methods with a template also
# have the axes signal_region_gev = [[3300, 3700]], for searches in several regions, and template_seeds = [0], for models
# and templates that are made anew; all but supervised have injection_seeds = [0], for signal that is drawn anew. Bands hold
# the classifiers of all of them, variance.csv says what comes from where.
#   noise           DRAPES ∅; axes n_signal, side_bands_gev = [[2800, 6000]], oversampling = [5],
#                   sigma_prime (from less noise), solver = ["heun"], steps = [200]
#   flow_matching   conditional flow matching, from noise along straight paths; axes n_signal, side_bands_gev, oversampling,
#                   solver, steps
#   noise_efficient, flow_matching_efficient
#                   the same with one network of all data for every signal region, between whose edges its answers are
#                   interpolated
#   sr, sb, mc      DRAPES SR, SB, MC: partial diffusion of data, side-bands, other sample; the same axes, with
#                   sigma_prime = [2.24]
#   curtains_f4f, curtains_f4f_efficient, cathode
#                   flows; axes n_signal, side_bands_gev, oversampling
#   feta            a flow from the other sample to the data; axes n_signal, side_bands_gev
#   gensr           DRAPES GenSR; axes n_signal, side_bands_gev, oversampling, data_oversampling = [5]
#   idealised       true background as the template, as many events as the data; axis n_signal
#   over_idealised  true background as the template; axes n_signal, oversampling
#   supervised      the classifier that is told the truth
# The last three need an independent background. All have the axis classifier = ["mlp"]; "trees" are the other kind.
# noise, sr, sb and the last three have the axis inputs = ["hlv"]; "llv" are the constituents of the jets, which have a
# classifier of their own. With them sr has the axis kinematics = ["kept"]: the jets' momenta, masses and numbers of
# constituents stay as they are (P) or are "diffused" as well.
[[scan]]
method = "noise"
n_signal = [0, 50, 100, 333, 500, 667, 1000, 2000, 3000]
"#;

/// All points of all blocks, each once, in the order of the file.
pub fn points(scans: Vec<Section<'_>>, job: &Job) -> Vec<ScanPoint> {
    let mut points: Vec<ScanPoint> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for scan in scans {
        points.extend(block(scan, job).into_iter().filter(|point| known.insert(point.to_string())));
    }
    points
}

fn method() -> Rule<'static, Method> {
    let words = METHODS.map(|(word, _)| format!("\"{word}\"")).join(", ");
    Rule::new(format!("one of {words}"), |value| {
        let word = value.as_str()?;
        METHODS.iter().find(|(known, _)| *known == word).map(|(_, method)| *method)
    })
}

fn block(scan: Section<'_>, job: &Job) -> Vec<ScanPoint> {
    let Some(method) = scan.find("method", &method().required()) else { return Vec::new() };
    let inputs = inputs(&scan, method, &job.data.layout);
    let kinds = kinds(&scan, &inputs);
    let comparisons = comparisons(&scan, method, &inputs, job);
    if let Method::Template(template) = method
        && template.starts() == Start::OtherSample
        && job.other_sample == OtherSample::None
    {
        let message = format!(
            "is {} (it starts from the events of another sample) set other_sample.source = \"file\" and \
             other_sample.events",
            template.word()
        );
        scan.wrong("method", message);
    }
    let points: Vec<ScanPoint> = comparisons
        .iter()
        .flat_map(|comparison| {
            kinds.iter().map(|kind| ScanPoint { comparison: *comparison, classifier: *kind })
        })
        .filter(|point| point.template().is_none_or(|template| template.inputs == point.classifier.inputs()))
        .collect();
    if job.independent_background == IndependentBackground::None
        && let Some(point) = points.iter().find(|point| point.needs_independent_background())
    {
        let message = format!(
            "is {} (a reference must not share events with the data) set independent_background.source to \
             \"withheld\" or \"file\"",
            point.method()
        );
        scan.wrong("method", message);
    }
    scan.finish();
    points
}

/// What the classifiers of a block tell apart: its axes, multiplied. A mistake in an axis leaves nothing.
fn comparisons(scan: &Section<'_>, method: Method, inputs: &[Inputs], job: &Job) -> Vec<Comparison> {
    match method {
        Method::Supervised => vec![Comparison::Supervised],
        Method::Idealised => {
            injections(scan).into_iter().map(|injection| Comparison::Idealised { injection }).collect()
        }
        Method::OverIdealised => over_idealised(scan, job),
        Method::GenSr => over_sampled_data(scan, job),
        Method::Template(method) if method.flow().is_some() => templates_of_flows(scan, method, job),
        Method::Template(method) => templates_of_diffusion(scan, method, inputs, job),
    }
}

fn over_idealised(scan: &Section<'_>, job: &Job) -> Vec<Comparison> {
    let (injections, factors) = (injections(scan), factors(scan, "oversampling", job));
    if check_axes(scan, &[("n_signal", injections.len()), ("oversampling", factors.len())]) {
        return vec![];
    }
    let pairs = injections.into_iter().flat_map(|one| factors.iter().map(move |factor| (one, *factor)));
    pairs.map(|(injection, oversampling)| Comparison::OverIdealised { injection, oversampling }).collect()
}

fn over_sampled_data(scan: &Section<'_>, job: &Job) -> Vec<Comparison> {
    let samples = samples(scan, job);
    let (factors, data) = (factors(scan, "oversampling", job), factors(scan, "data_oversampling", job));
    let [made, resampled] = [&factors, &data].map(Vec::len);
    let all = [("n_signal", samples.len()), ("oversampling", made), ("data_oversampling", resampled)];
    if check_axes(scan, &all) {
        return vec![];
    }
    let mut comparisons = Vec::new();
    for sample in samples {
        let template = TemplateSpec::plain(TemplateMethod::Noise, sample);
        for oversampling in &factors {
            comparisons.extend(data.iter().map(|data_oversampling| Comparison::GenSr {
                template,
                oversampling: *oversampling,
                data_oversampling: *data_oversampling,
            }));
        }
    }
    comparisons
}

fn templates_of_flows(scan: &Section<'_>, method: TemplateMethod, job: &Job) -> Vec<Comparison> {
    let samples = samples(scan, job);
    let factors = match method {
        TemplateMethod::Feta => single(scan),
        _ => factors(scan, "oversampling", job),
    };
    if check_axes(scan, &[("n_signal", samples.len()), ("oversampling", factors.len())]) {
        return vec![];
    }
    searches(samples.into_iter().map(|sample| TemplateSpec::plain(method, sample)), &factors)
}

fn templates_of_diffusion(
    scan: &Section<'_>,
    method: TemplateMethod,
    inputs: &[Inputs],
    job: &Job,
) -> Vec<Comparison> {
    let samples = samples(scan, job);
    let integrations = integrations(scan, job);
    let factors = factors(scan, "oversampling", job);
    let mut kinds = Vec::new();
    for (inputs, kinematics) in generated(scan, method, inputs) {
        let starts = starts(scan, method, inputs, job);
        let all = [
            ("n_signal", samples.len()),
            ("sigma_prime", starts.len()),
            ("steps", integrations.len()),
            ("oversampling", factors.len()),
        ];
        if check_axes(scan, &all) {
            return vec![];
        }
        check_grids(scan, &starts, &integrations, job);
        for sigma_prime in starts {
            let of = |integration: &_| (inputs, kinematics, sigma_prime, *integration);
            kinds.extend(integrations.iter().map(of));
        }
    }
    let templates = samples.into_iter().flat_map(|sample| {
        kinds.iter().map(move |(inputs, kinematics, sigma_prime, integration)| TemplateSpec {
            inputs: *inputs,
            kinematics: *kinematics,
            sigma_prime: *sigma_prime,
            integration: *integration,
            ..TemplateSpec::plain(method, sample)
        })
    });
    searches(templates, &factors)
}

/// Data against each of these templates, over-sampled by each of these factors.
fn searches(templates: impl Iterator<Item = TemplateSpec>, factors: &[Oversampling]) -> Vec<Comparison> {
    let search =
        |template| factors.iter().map(move |factor| Comparison::Search { template, oversampling: *factor });
    templates.flat_map(search).collect()
}

/// The data that models of a scan learn from: injections, side-bands and signal regions, multiplied.
fn samples(scan: &Section<'_>, job: &Job) -> Vec<TrainingSample> {
    let injections = injections(scan);
    let windows = side_bands(scan, job);
    let regions = signal_regions(scan, &windows, job);
    let seeds = template_seeds(scan);
    let all = [
        ("n_signal", injections.len()),
        ("side_bands_gev", windows.len()),
        ("signal_region_gev", regions.len()),
        ("template_seeds", seeds.len()),
    ];
    if check_axes(scan, &all) {
        return vec![];
    }
    let mut samples = Vec::new();
    for injection in injections {
        for side_bands in &windows {
            for region in &regions {
                let of = |seed: &TemplateSeed| TrainingSample {
                    signal_region: *region,
                    template_seed: *seed,
                    ..TrainingSample::new(injection, *side_bands)
                };
                samples.extend(seeds.iter().map(of));
            }
        }
    }
    samples
}

/// The seeds with which the models of a scan and their templates are made.
fn template_seeds(scan: &Section<'_>) -> Vec<TemplateSeed> {
    seeds(scan, "template_seeds").into_iter().map(TemplateSeed).collect()
}

/// The seeds of a scan's axis; the first is among them.
fn seeds(scan: &Section<'_>, key: &'static str) -> Vec<u32> {
    let rule = whole_numbers("whole numbers from 0, as [0, 1, 2] or \"0-2\"", |seed| seed);
    let Some(seeds) = scan.find(key, &rule) else { return vec![0] };
    refuse_repeats(scan, key, &seeds, |seed| *seed);
    if !seeds.contains(&0) {
        let message = "lacks 0 (figures that show one injection or template show that of seed 0, and a scan grows from it) add it";
        scan.wrong(key, message);
    }
    seeds
}

/// The signal regions that a scan searches; none stands for the job's.
fn signal_regions(scan: &Section<'_>, side_bands: &[MassWindow], job: &Job) -> Vec<Option<MassWindow>> {
    let Some(regions) = scan.find("signal_region_gev", &windows()) else { return vec![None] };
    refuse_equal(scan, "signal_region_gev", &regions, MassWindow::to_string);
    for region in &regions {
        if let Some(outer) =
            side_bands.iter().find(|outer| outer.low >= region.low || outer.high <= region.high)
        {
            let message = format!(
                "contains {region} (the side-bands {outer} must lie on both sides of it) move it, or widen them"
            );
            scan.wrong("signal_region_gev", message);
        }
    }
    if job.independent_background.withheld().is_some()
        && regions.iter().any(|region| *region != job.regions.signal)
    {
        let message = "names another than the job's (background is withheld from the job's alone, so that others would \
                       have a dent) set independent_background.source to \"none\" or \"file\"";
        scan.wrong("signal_region_gev", message);
    }
    let of = |region: MassWindow| (region != job.regions.signal).then_some(region);
    regions.into_iter().map(of).collect()
}

/// The injections of a scan: numbers of signal events and seeds, multiplied. Without signal there is nothing to draw anew.
fn injections(scan: &Section<'_>) -> Vec<Injection> {
    let seeds = seeds(scan, "injection_seeds");
    let signals = signals(scan);
    if seeds.len() > 1 && signals == [SignalCount(0)] {
        let message = "has several seeds (no signal is injected, so that there is nothing to draw anew) remove it, or add an \
                       injection to n_signal";
        scan.wrong("injection_seeds", message);
    }
    if check_axes(scan, &[("n_signal", signals.len()), ("injection_seeds", seeds.len())]) {
        return vec![];
    }
    let of = |n_signal| {
        let seeds = if n_signal == SignalCount(0) { &seeds[..1] } else { &seeds[..] };
        seeds.iter().map(move |seed| Injection::of_seed(n_signal, InjectionSeed(*seed))).collect::<Vec<_>>()
    };
    signals.into_iter().flat_map(of).collect()
}

/// The numbers of signal events of a scan's injections.
fn signals(scan: &Section<'_>) -> Vec<SignalCount> {
    let rule = whole_numbers("whole numbers, as [0, 1000]", SignalCount).required();
    let Some(signals) = scan.find("n_signal", &rule) else { return vec![] };
    refuse_repeats(scan, "n_signal", &signals, |n_signal| n_signal.0);
    signals
}

fn factors(scan: &Section<'_>, key: &'static str, job: &Job) -> Vec<Oversampling> {
    let rule = Rule::new("whole numbers from 1, as [5] (below 1 events would be left out)", |value| {
        let list = read_whole_numbers(value).filter(|list| !list.contains(&0))?;
        Some(list.into_iter().map(Oversampling).collect::<Vec<_>>())
    });
    let Some(factors) = scan.find(key, &rule) else { return vec![job.oversampling] };
    refuse_repeats(scan, key, &factors, |factor| factor.0);
    factors
}

/// The over-sampling of a method whose copies of an event would all be equal.
fn single(scan: &Section<'_>) -> Vec<Oversampling> {
    let only = vec![Oversampling(1)];
    if scan.find("oversampling", &whole_numbers("[1]", Oversampling)).is_some_and(|found| found != only) {
        let why = "the flow takes an event to one place, so that its copies would be equal";
        scan.wrong("oversampling", format!("is not [1] ({why}) remove it"));
    }
    only
}

/// What is generated and classified: features, constituents, or both.
fn inputs(scan: &Section<'_>, method: Method, layout: &Layout) -> Vec<Inputs> {
    let Some(inputs) = scan.find("inputs", &words()) else { return vec![Inputs::Hlv] };
    let knows_jets = match method {
        Method::Template(method) => {
            matches!(method, TemplateMethod::Noise | TemplateMethod::SignalRegion | TemplateMethod::SideBand)
        }
        Method::Idealised | Method::OverIdealised | Method::Supervised => true,
        Method::GenSr => false,
    };
    if inputs.contains(&Inputs::Llv) && !knows_jets {
        let message = "contains \"llv\" (this method knows features only) remove it; constituents are generated by noise, \
                       sr and sb";
        scan.wrong("inputs", message);
    }
    if inputs.contains(&Inputs::Llv) && *layout == Layout::LhcoFeatures {
        let message = "contains \"llv\" (a file of data.layout = \"lhco_features\" has no constituents) make one with \
                       `drapes-prepare` from raw events and set data.layout = \"table\"";
        scan.wrong("inputs", message);
    }
    refuse_equal(scan, "inputs", &inputs, |inputs| inputs.word().to_owned());
    inputs
}

/// What a method generates: features; or constituents, with the jets' kinematics kept or diffused.
fn generated(scan: &Section<'_>, method: TemplateMethod, inputs: &[Inputs]) -> Vec<(Inputs, Kinematics)> {
    let kinematics = scan.find("kinematics", &words());
    if kinematics.is_some() && (method != TemplateMethod::SignalRegion || !inputs.contains(&Inputs::Llv)) {
        let message = "has no meaning here (only sr with inputs = [\"llv\"] has a choice: elsewhere there are no jets, or \
                       none whose kinematics could stay) remove it";
        scan.wrong("kinematics", message);
    }
    let kinematics = kinematics.unwrap_or_else(|| vec![Kinematics::Kept]);
    refuse_equal(scan, "kinematics", &kinematics, |kinematics| kinematics.word().to_owned());
    let of = |inputs: &Inputs| match inputs {
        Inputs::Hlv => vec![(Inputs::Hlv, Kinematics::Kept)],
        Inputs::Llv => kinematics.iter().map(|kinematics| (Inputs::Llv, *kinematics)).collect(),
    };
    inputs.iter().flat_map(of).collect()
}

fn kinds(scan: &Section<'_>, inputs: &[Inputs]) -> Vec<ClassifierKind> {
    let expected = "a list of \"mlp\" and \"trees\" (constituents have a classifier of their own)";
    let rule = Rule::new(expected, |value| {
        one_or_many(value).filter(|kinds| !(kinds.is_empty() || kinds.contains(&ClassifierKind::Transformer)))
    });
    let found = scan.find("classifier", &rule);
    if found.is_some() && !inputs.contains(&Inputs::Hlv) {
        let message =
            "has no meaning here (inputs = [\"llv\"] has a classifier of its own) remove it, or add \"hlv\"";
        scan.wrong("classifier", message);
    }
    let of_features = found.unwrap_or_else(|| vec![ClassifierKind::Mlp]);
    refuse_equal(scan, "classifier", &of_features, |kind| kind.word().to_owned());
    let of = |inputs: &Inputs| match inputs {
        Inputs::Hlv => of_features.clone(),
        Inputs::Llv => vec![ClassifierKind::Transformer],
    };
    inputs.iter().flat_map(of).collect()
}

fn side_bands(scan: &Section<'_>, job: &Job) -> Vec<MassWindow> {
    let Some(windows) = scan.find("side_bands_gev", &windows()) else { return vec![job.regions.outer] };
    refuse_equal(scan, "side_bands_gev", &windows, MassWindow::to_string);
    for window in &windows {
        check_side_bands(scan, *window, job.regions.signal);
        check_energy(scan, *window, job.collision_energy);
    }
    windows
}
