//! The scan blocks of a job file: a method each, and axes that multiply.

use toml::de::DeValue;

use super::document::{Found, Section};
use super::read::{float, window};
use super::seeds::whole_numbers;
use super::{IndependentBackground, OtherSample, SamplerSettings, Solver};
use crate::generated::{Generated, Integration, Start, TemplateMethod, TrainingSample};
use crate::noise_grid::NoiseGrid;
use crate::point::{ClassifierKind, Contest, ScanPoint};
use crate::quantities::{Gev, Oversampling, SigmaPrime, SignalCount};
use crate::regions::{MassWindow, Regions};

/// What scan blocks are checked against and take their defaults from.
pub struct Surroundings<'a> {
    /// Signal region and nominal side-bands.
    pub regions: Regions,
    /// Template events for each event that a method starts from.
    pub oversampling: Oversampling,
    /// Where partial diffusion turns round.
    pub sigma_prime: SigmaPrime,
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
    let kinds = kinds(&scan);
    let contests = contests(&scan, method, around);
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
fn contests(scan: &Section<'_>, method: Method, around: &Surroundings<'_>) -> Vec<Contest> {
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
            let pairs = signals.flat_map(|n| factors.iter().map(move |factor| (n, *factor)));
            pairs.map(|(n_signal, oversampling)| Contest::OverIdealised { n_signal, oversampling }).collect()
        }
        Method::GenSr => {
            let samples = samples(scan, signals, around);
            let (factors, data) =
                (factors(scan, "oversampling", around), factors(scan, "data_oversampling", around));
            let mut contests = Vec::new();
            for sample in samples {
                let template =
                    Generated { method: TemplateMethod::Noise, sample, sigma_prime: None, integration: None };
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
            let of = |sample| {
                let template = Generated { method, sample, sigma_prime: None, integration: None };
                factors.iter().map(move |factor| Contest::Search { template, oversampling: *factor })
            };
            samples.into_iter().flat_map(of).collect()
        }
        Method::Template(method) => {
            let samples = samples(scan, signals, around);
            let starts = starts(scan, method, around);
            let integrations = integrations(scan, around);
            check_grids(scan, &starts, &integrations, around);
            let factors = factors(scan, "oversampling", around);
            let mut contests = Vec::new();
            for sample in samples {
                for sigma_prime in &starts {
                    for integration in &integrations {
                        let (sigma_prime, integration) = (*sigma_prime, *integration);
                        let template = Generated { method, sample, sigma_prime, integration };
                        contests.extend(
                            factors.iter().map(|factor| Contest::Search { template, oversampling: *factor }),
                        );
                    }
                }
            }
            contests
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

fn kinds(scan: &Section<'_>) -> Vec<ClassifierKind> {
    let expected = "a list of \"mlp\" and \"trees\"";
    let found = scan.get("classifier", expected, |value: &DeValue<'_>| {
        let kind = |word: &str| ClassifierKind::ALL.into_iter().find(|kind| kind.word() == word);
        words(value)?.into_iter().map(kind).collect::<Option<Vec<_>>>()
    });
    found.map_or(vec![ClassifierKind::Mlp], |found| found.value)
}

/// A word, or a list of words.
fn words<'a>(value: &'a DeValue<'_>) -> Option<Vec<&'a str>> {
    match value {
        DeValue::String(word) => Some(vec![word.as_ref()]),
        DeValue::Array(items) if !items.is_empty() => {
            items.iter().map(|item| item.get_ref().as_str()).collect()
        }
        _ => None,
    }
}

/// The noise strengths that events start from: as the scan says, else the job's for partial diffusion, and the
/// largest for ∅.
fn starts(scan: &Section<'_>, method: TemplateMethod, around: &Surroundings<'_>) -> Vec<Option<SigmaPrime>> {
    let (least, largest) = (around.sampler.sigma_min, around.sampler.sigma_max);
    let expected = format!("noise strengths above {least} and up to {largest}, as [0.62, 2.24]");
    let found = scan.get("sigma_prime", &expected, |value: &DeValue<'_>| {
        let items: Vec<f64> = match value {
            DeValue::Array(items) => items.iter().map(|item| float(item.get_ref())).collect::<Option<_>>()?,
            one => vec![float(one)?],
        };
        let inside = items.iter().all(|sigma| *sigma > least && *sigma <= largest);
        (inside && !items.is_empty()).then_some(items)
    });
    match found {
        Some(found) => {
            let mut sorted = found.value.clone();
            sorted.sort_by(f64::total_cmp);
            if let Some(twice) = sorted.windows(2).find(|pair| pair[0].total_cmp(&pair[1]).is_eq()) {
                repeated(scan, "sigma_prime", found.at, &twice[0].to_string());
            }
            found.value.into_iter().map(|sigma| Some(SigmaPrime(sigma))).collect()
        }
        None if method == TemplateMethod::Noise => vec![None],
        None => {
            if !(around.sigma_prime.0 > least && around.sigma_prime.0 <= largest) {
                let message = format!(
                    "is {} as in [template] (it must lie above {least} and up to {largest}, the sampler's own) name \
                     another here or there",
                    around.sigma_prime
                );
                scan.wrong("sigma_prime", scan.at(), message);
            }
            vec![Some(around.sigma_prime)]
        }
    }
}

/// The solvers that a scan compares, where it names any.
fn integrations(scan: &Section<'_>, around: &Surroundings<'_>) -> Vec<Option<Integration>> {
    let solvers = scan.get("solver", "a list of \"heun\" and \"euler\"", |value: &DeValue<'_>| {
        words(value)?.into_iter().map(Solver::named).collect::<Option<Vec<_>>>()
    });
    let steps = scan.get("steps", "whole numbers from 2, as [50, 200]", |value: &DeValue<'_>| {
        whole_numbers(value).filter(|list| list.iter().all(|steps| *steps >= 2))
    });
    if solvers.is_none() && steps.is_none() {
        return vec![None];
    }
    let solvers = solvers.map_or(vec![around.sampler.solver], |found| found.value);
    let steps = steps.map_or(vec![around.sampler.steps as u32], |found| {
        refuse_repeats(scan, "steps", found.at, &found.value);
        found.value
    });
    let pairs = solvers.iter().flat_map(|solver| steps.iter().map(|steps| (*solver, *steps as usize)));
    pairs.map(|(solver, steps)| Some(Integration { solver, steps })).collect()
}

/// Notes noise strengths for which the grid has no step, and such as become the same.
fn check_grids(
    scan: &Section<'_>,
    starts: &[Option<SigmaPrime>],
    integrations: &[Option<Integration>],
    around: &Surroundings<'_>,
) {
    let inside =
        |sigma: &SigmaPrime| sigma.0 > around.sampler.sigma_min && sigma.0 <= around.sampler.sigma_max;
    let sigmas: Vec<SigmaPrime> = starts.iter().flatten().copied().filter(inside).collect();
    for integration in integrations {
        let sampler = around.sampler.with(*integration);
        let steps = |sigma: SigmaPrime| NoiseGrid::partial(&sampler, sigma).sigmas.len();
        let twin = |others: &[SigmaPrime], sigma: SigmaPrime| {
            others.iter().copied().find(|other| *other != sigma && steps(*other) == steps(sigma))
        };
        for (index, sigma) in sigmas.iter().enumerate() {
            let at = scan.at();
            let grid = format!("the grid of {} steps", sampler.steps);
            if steps(*sigma) < 2 {
                let message = format!(
                    "contains {sigma} ({grid} has no step from there, so that no noise would be taken away) raise \
                     it, or the number of steps"
                );
                scan.wrong("sigma_prime", at, message);
            } else if let Some(same) = twin(&sigmas[..index], *sigma) {
                let message = format!(
                    "contains {same} and {sigma} (both become the same point of {grid}) remove one, or raise the \
                     number of steps"
                );
                scan.wrong("sigma_prime", at, message);
            }
        }
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

fn repeated(section: &Section<'_>, key: &str, at: usize, value: &str) {
    section.wrong(key, at, format!("contains {value} twice (it would be computed twice) remove one"));
}
