//! The scan blocks of a job file: a method each, and axes that multiply.

use toml::de::DeValue;

use super::document::{Found, Section};
use super::limits::check_axes;
use super::read::window;
use super::sampling::{check_grids, integrations, starts};
use super::seeds::whole_numbers;
use super::{IndependentBackground, Layout, OtherSample, SamplerSettings};
use crate::generated::{Generated, Inputs, Kinematics, Start, TemplateMethod, TrainingSample};
use crate::point::{ClassifierKind, Contest, ScanPoint};
use crate::quantities::{Gev, Oversampling, SigmaPrime, SignalCount};
use crate::regions::{MassWindow, Regions};

/// What scan blocks are checked against and take their defaults from.
pub struct Surroundings<'a> {
    /// The layout of the files of events.
    pub layout: &'a Layout,
    /// Signal region and nominal side-bands.
    pub regions: Regions,
    /// Template events for each event that a method starts from.
    pub oversampling: Oversampling,
    /// Where partial diffusion turns round.
    pub sigma_prime: SigmaPrime,
    /// The same for constituents.
    pub sigma_prime_llv: SigmaPrime,
    /// The job's sampler.
    pub sampler: &'a SamplerSettings,
    /// √s of the dijet fit.
    pub collision_energy: Gev,
    /// True background outside of the data.
    pub background: &'a IndependentBackground,
    /// The sample that MC starts from.
    pub other_sample: &'a OtherSample,
}

/// What a scan block computes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Template(TemplateMethod),
    GenSr,
    Idealised,
    OverIdealised,
    Supervised,
}

const METHODS: [(&str, Method); 12] = [
    ("noise", Method::Template(TemplateMethod::Noise)),
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

/// All points of all blocks, each once, in the order of the file.
pub fn points(scans: Vec<Section<'_>>, around: &Surroundings<'_>) -> Vec<ScanPoint> {
    let mut points: Vec<ScanPoint> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for scan in scans {
        points.extend(block(scan, around).into_iter().filter(|point| known.insert(point.to_string())));
    }
    points
}

fn block(scan: Section<'_>, around: &Surroundings<'_>) -> Vec<ScanPoint> {
    let words = METHODS.map(|(word, _)| format!("\"{word}\"")).join(", ");
    let method = scan.require("method", &format!("one of {words}"), |value| {
        let word = value.as_str()?;
        METHODS.iter().find(|(known, _)| *known == word).map(|(_, method)| *method)
    });
    let Some(Found { value: method, at }) = method else { return Vec::new() };
    let inputs = inputs(&scan, method, around.layout);
    let kinds = kinds(&scan, &inputs);
    let contests = contests(&scan, method, &inputs, around);
    if let Method::Template(template) = method
        && template.starts() == Start::OtherSample
        && *around.other_sample == OtherSample::None
    {
        let message = format!(
            "is {} (it starts from the events of another sample) set other_sample.source = \"file\" and \
             other_sample.events",
            template.word()
        );
        scan.wrong("method", at, message);
    }
    let points: Vec<ScanPoint> = contests
        .iter()
        .flat_map(|contest| kinds.iter().map(|kind| ScanPoint { contest: *contest, classifier: *kind }))
        .filter(|point| point.template().is_none_or(|template| template.inputs == point.classifier.inputs()))
        .collect();
    if *around.background == IndependentBackground::None
        && let Some(point) = points.iter().find(|point| point.needs_independent_background())
    {
        let message = format!(
            "is {} (a reference must not share events with the data) set independent_background.source to \
             \"withheld\" or \"file\"",
            point.method()
        );
        scan.wrong("method", at, message);
    }
    scan.finish();
    points
}

/// The contests of a block: its axes, multiplied.
fn contests(
    scan: &Section<'_>,
    method: Method,
    inputs: &[Inputs],
    around: &Surroundings<'_>,
) -> Vec<Contest> {
    if method == Method::Supervised {
        return vec![Contest::Supervised];
    }
    let n_signal = list(scan, "n_signal");
    let signals = n_signal.into_iter().map(SignalCount);
    match method {
        Method::Supervised => unreachable!("it has no axes"),
        Method::Idealised => signals.map(|n_signal| Contest::Idealised { n_signal }).collect(),
        Method::OverIdealised => {
            let factors = factors(scan, "oversampling", around);
            if check_axes(scan, &[("n_signal", signals.len()), ("oversampling", factors.len())]) {
                return vec![];
            }
            let pairs = signals.flat_map(|n| factors.iter().map(move |factor| (n, *factor)));
            pairs.map(|(n_signal, oversampling)| Contest::OverIdealised { n_signal, oversampling }).collect()
        }
        Method::GenSr => {
            let samples = samples(scan, signals, around);
            let (factors, data) =
                (factors(scan, "oversampling", around), factors(scan, "data_oversampling", around));
            let [made, resampled] = [&factors, &data].map(Vec::len);
            let all = [("n_signal", samples.len()), ("oversampling", made), ("data_oversampling", resampled)];
            if check_axes(scan, &all) {
                return vec![];
            }
            let mut contests = Vec::new();
            for sample in samples {
                let template = Generated::plain(TemplateMethod::Noise, sample);
                for oversampling in &factors {
                    contests.extend(data.iter().map(|data_oversampling| Contest::GenSr {
                        template,
                        oversampling: *oversampling,
                        data_oversampling: *data_oversampling,
                    }));
                }
            }
            contests
        }
        Method::Template(method) if method.flow().is_some() => {
            let samples = samples(scan, signals, around);
            let factors = match method {
                TemplateMethod::Feta => single(scan),
                _ => factors(scan, "oversampling", around),
            };
            if check_axes(scan, &[("n_signal", samples.len()), ("oversampling", factors.len())]) {
                return vec![];
            }
            let of = |sample| {
                let template = Generated::plain(method, sample);
                factors.iter().map(move |factor| Contest::Search { template, oversampling: *factor })
            };
            samples.into_iter().flat_map(of).collect()
        }
        Method::Template(method) => {
            let samples = samples(scan, signals, around);
            let integrations = integrations(scan, around);
            let factors = factors(scan, "oversampling", around);
            let mut kinds = Vec::new();
            for (inputs, kinematics) in generated(scan, method, inputs) {
                let starts = starts(scan, method, inputs, around);
                let all = [
                    ("n_signal", samples.len()),
                    ("sigma_prime", starts.len()),
                    ("steps", integrations.len()),
                    ("oversampling", factors.len()),
                ];
                if check_axes(scan, &all) {
                    return vec![];
                }
                check_grids(scan, &starts, &integrations, around);
                for sigma_prime in starts {
                    let of = |integration: &_| (inputs, kinematics, sigma_prime, *integration);
                    kinds.extend(integrations.iter().map(of));
                }
            }
            let templates = samples.into_iter().flat_map(|sample| {
                kinds.iter().map(move |(inputs, kinematics, sigma_prime, integration)| Generated {
                    inputs: *inputs,
                    kinematics: *kinematics,
                    sigma_prime: *sigma_prime,
                    integration: *integration,
                    ..Generated::plain(method, sample)
                })
            });
            let contest = |template| {
                factors.iter().map(move |factor| Contest::Search { template, oversampling: *factor })
            };
            templates.flat_map(contest).collect()
        }
    }
}

fn samples(
    scan: &Section<'_>,
    signals: impl Iterator<Item = SignalCount>,
    around: &Surroundings<'_>,
) -> Vec<TrainingSample> {
    let windows = side_bands(scan, around);
    let regions = signal_regions(scan, &windows, around);
    let signals: Vec<SignalCount> = signals.collect();
    let all = [
        ("n_signal", signals.len()),
        ("side_bands_gev", windows.len()),
        ("signal_region_gev", regions.len()),
    ];
    if check_axes(scan, &all) {
        return vec![];
    }
    let mut samples = Vec::new();
    for n_signal in signals {
        for side_bands in &windows {
            let of = |region: &Option<MassWindow>| TrainingSample {
                n_signal,
                side_bands: *side_bands,
                signal_region: *region,
            };
            samples.extend(regions.iter().map(of));
        }
    }
    samples
}

/// The signal regions that a scan searches; none stands for the job's.
fn signal_regions(
    scan: &Section<'_>,
    side_bands: &[MassWindow],
    around: &Surroundings<'_>,
) -> Vec<Option<MassWindow>> {
    let expected = "a list of [low, high] in GeV";
    let found = scan.get("signal_region_gev", expected, |value: &DeValue<'_>| {
        let windows: Option<Vec<_>> = value.as_array()?.iter().map(|item| window(item.get_ref())).collect();
        windows.filter(|windows| !windows.is_empty())
    });
    let Some(found) = found else { return vec![None] };
    for region in &found.value {
        if let Some(outer) =
            side_bands.iter().find(|outer| outer.low >= region.low || outer.high <= region.high)
        {
            let message = format!(
                "contains {region} (the side-bands {outer} must lie on both sides of it) move it, or widen them"
            );
            scan.wrong("signal_region_gev", found.at, message);
        }
    }
    if around.background.withheld().is_some()
        && found.value.iter().any(|region| *region != around.regions.signal)
    {
        let message = "names another than the job's (background is withheld from the job's alone, so that others would \
                       have a dent) set independent_background.source to \"none\" or \"file\"";
        scan.wrong("signal_region_gev", found.at, message);
    }
    let of = |region: MassWindow| (region != around.regions.signal).then_some(region);
    found.value.into_iter().map(of).collect()
}

fn list(scan: &Section<'_>, key: &'static str) -> Vec<u32> {
    let Some(found) = scan.require(key, "whole numbers, as [0, 1000]", whole_numbers) else { return vec![] };
    refuse_repeats(scan, key, found.at, &found.value);
    found.value
}

fn factors(scan: &Section<'_>, key: &'static str, around: &Surroundings<'_>) -> Vec<Oversampling> {
    let expected = "whole numbers from 1, as [5] (below 1 events would be left out)";
    let found =
        scan.get(key, expected, |value: &DeValue<'_>| whole_numbers(value).filter(|list| !list.contains(&0)));
    let Some(found) = found else { return vec![around.oversampling] };
    refuse_repeats(scan, key, found.at, &found.value);
    found.value.into_iter().map(Oversampling).collect()
}

/// The over-sampling of a method whose copies of an event would all be equal.
fn single(scan: &Section<'_>) -> Vec<Oversampling> {
    let found = scan.get("oversampling", "[1]", |value: &DeValue<'_>| whole_numbers(value));
    if let Some(Found { at, .. }) = found.filter(|found| found.value != [1]) {
        let why = "the flow takes an event to one place, so that its copies would be equal";
        scan.wrong("oversampling", at, format!("is not [1] ({why}) remove it"));
    }
    vec![Oversampling(1)]
}

/// What is generated and classified: features, constituents, or both.
fn inputs(scan: &Section<'_>, method: Method, layout: &Layout) -> Vec<Inputs> {
    let found = scan.get("inputs", "a list of \"hlv\" and \"llv\"", |value: &DeValue<'_>| {
        words(value)?.into_iter().map(Inputs::named).collect::<Option<Vec<_>>>()
    });
    let Some(found) = found else { return vec![Inputs::Hlv] };
    let knows_jets = match method {
        Method::Template(method) => {
            matches!(method, TemplateMethod::Noise | TemplateMethod::SignalRegion | TemplateMethod::SideBand)
        }
        Method::Idealised | Method::OverIdealised | Method::Supervised => true,
        Method::GenSr => false,
    };
    if found.value.contains(&Inputs::Llv) && !knows_jets {
        let message = "contains \"llv\" (this method knows features only) remove it; constituents are generated by noise, \
                       sr and sb";
        scan.wrong("inputs", found.at, message);
    }
    if found.value.contains(&Inputs::Llv) && *layout == Layout::LhcoFeatures {
        let message = "contains \"llv\" (a file of data.layout = \"lhco_features\" has no constituents) make one with \
                       `drapes-prepare` from raw events and set data.layout = \"table\"";
        scan.wrong("inputs", found.at, message);
    }
    for (index, inputs) in found.value.iter().enumerate() {
        if found.value[..index].contains(inputs) {
            repeated(scan, "inputs", found.at, inputs.word());
        }
    }
    found.value
}

/// What a method generates: features; or constituents, with the jets' kinematics kept or diffused.
fn generated(scan: &Section<'_>, method: TemplateMethod, inputs: &[Inputs]) -> Vec<(Inputs, Kinematics)> {
    let found = scan.get("kinematics", "a list of \"kept\" and \"diffused\"", |value: &DeValue<'_>| {
        let kind = |word| match word {
            "kept" => Some(Kinematics::Kept),
            "diffused" => Some(Kinematics::Diffused),
            _ => None,
        };
        words(value)?.into_iter().map(kind).collect::<Option<Vec<_>>>()
    });
    if let Some(found) = &found
        && (method != TemplateMethod::SignalRegion || !inputs.contains(&Inputs::Llv))
    {
        let message = "has no meaning here (only sr with inputs = [\"llv\"] has a choice: elsewhere there are no jets, or \
                       none whose kinematics could stay) remove it";
        scan.wrong("kinematics", found.at, message);
    }
    let kinematics = found.map_or(vec![Kinematics::Kept], |found| found.value);
    let of = |inputs: &Inputs| match inputs {
        Inputs::Hlv => vec![(Inputs::Hlv, Kinematics::Kept)],
        Inputs::Llv => kinematics.iter().map(|kinematics| (Inputs::Llv, *kinematics)).collect(),
    };
    inputs.iter().flat_map(of).collect()
}

fn kinds(scan: &Section<'_>, inputs: &[Inputs]) -> Vec<ClassifierKind> {
    let expected = "a list of \"mlp\" and \"trees\" (constituents have a classifier of their own)";
    let found = scan.get("classifier", expected, |value: &DeValue<'_>| {
        let kind = |word: &str| ClassifierKind::ALL.into_iter().find(|kind| kind.word() == word);
        let kinds = words(value)?.into_iter().map(kind).collect::<Option<Vec<_>>>();
        kinds.filter(|kinds| !kinds.contains(&ClassifierKind::Transformer))
    });
    if let Some(found) = &found
        && !inputs.contains(&Inputs::Hlv)
    {
        let message =
            "has no meaning here (inputs = [\"llv\"] has a classifier of its own) remove it, or add \"hlv\"";
        scan.wrong("classifier", found.at, message);
    }
    let of_features = found.map_or(vec![ClassifierKind::Mlp], |found| found.value);
    let of = |inputs: &Inputs| match inputs {
        Inputs::Hlv => of_features.clone(),
        Inputs::Llv => vec![ClassifierKind::Transformer],
    };
    inputs.iter().flat_map(of).collect()
}

/// A word, or a list of words.
pub fn words<'a>(value: &'a DeValue<'_>) -> Option<Vec<&'a str>> {
    match value {
        DeValue::String(word) => Some(vec![word.as_ref()]),
        DeValue::Array(items) if !items.is_empty() => {
            items.iter().map(|item| item.get_ref().as_str()).collect()
        }
        _ => None,
    }
}

fn side_bands(scan: &Section<'_>, around: &Surroundings<'_>) -> Vec<MassWindow> {
    let expected = "a list of [low, high] in GeV";
    let found = scan.get("side_bands_gev", expected, |value: &DeValue<'_>| {
        let windows: Option<Vec<_>> = value.as_array()?.iter().map(|item| window(item.get_ref())).collect();
        windows.filter(|windows| !windows.is_empty())
    });
    let Some(found) = found else { return vec![around.regions.outer] };
    for window in &found.value {
        let window = Found { value: *window, at: found.at };
        check_side_bands(scan, &window, around.regions.signal);
        check_energy(scan, &window, around.collision_energy.0);
    }
    found.value
}

/// Notes side-bands that do not lie on both sides of the signal region.
pub fn check_side_bands(section: &Section<'_>, outer: &Found<MassWindow>, signal: MassWindow) {
    let (window, at) = (outer.value, outer.at);
    if window.low.0 >= signal.low.0 || window.high.0 <= signal.high.0 {
        let message = format!(
            "is {window} (it must leave side-bands on both sides of the signal region {signal}) widen it or \
             narrow the signal region"
        );
        section.wrong("side_bands_gev", at, message);
    }
}

/// Notes side-bands above the collision energy, where the dijet function is not defined.
pub fn check_energy(section: &Section<'_>, outer: &Found<MassWindow>, energy: f64) {
    if outer.value.high >= Gev(energy) || outer.value.low <= Gev(0.0) {
        let message = format!("is {} (the dijet fit needs 0 < m < {energy} GeV) move its edges", outer.value);
        section.wrong("side_bands_gev", outer.at, message);
    }
}

/// Notes a value that a list contains twice.
pub fn refuse_repeats(section: &Section<'_>, key: &str, at: usize, list: &[u32]) {
    let mut sorted = list.to_vec();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find_map(|pair| (pair[0] == pair[1]).then_some(pair[0])) {
        repeated(section, key, at, &twice.to_string());
    }
}

/// Notes a value that stands twice.
pub fn repeated(section: &Section<'_>, key: &str, at: usize, value: &str) {
    section.wrong(key, at, format!("contains {value} twice (it would be computed twice) remove one"));
}
