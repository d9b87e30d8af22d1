//! The scan blocks of a job file: a method each, and axes that multiply.

use toml::de::DeValue;

use super::IndependentBackground;
use super::document::{Found, Section};
use super::read::window;
use super::seeds::whole_numbers;
use crate::point::{ScanPoint, TemplateMethod};
use crate::quantities::{Gev, Oversampling, SignalCount};
use crate::regions::{MassWindow, Regions};

/// What a scan block computes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Template(TemplateMethod),
    Idealised,
    OverIdealised,
    Supervised,
}

const METHODS: [(&str, Method); 4] = [
    ("noise", Method::Template(TemplateMethod::Noise)),
    ("idealised", Method::Idealised),
    ("over_idealised", Method::OverIdealised),
    ("supervised", Method::Supervised),
];

/// All points of all blocks, each once, in the order of the file.
pub fn points(
    scans: Vec<Section<'_>>,
    regions: Regions,
    oversampling: u32,
    background: &IndependentBackground,
) -> Vec<ScanPoint> {
    let mut points: Vec<ScanPoint> = Vec::new();
    for scan in scans {
        for point in block(scan, regions, oversampling, background) {
            if !points.contains(&point) {
                points.push(point);
            }
        }
    }
    points
}

fn block(
    scan: Section<'_>,
    regions: Regions,
    oversampling: u32,
    background: &IndependentBackground,
) -> Vec<ScanPoint> {
    let words = METHODS.map(|(word, _)| format!("\"{word}\"")).join(", ");
    let method = scan.require("method", &format!("one of {words}"), |value| {
        let word = value.as_str()?;
        METHODS.iter().find(|(known, _)| *known == word).map(|(_, method)| *method)
    });
    let Some(Found { value: method, at }) = method else { return Vec::new() };
    let mut result = Vec::new();
    let n_signal = match method {
        Method::Supervised => vec![],
        _ => list(&scan, "n_signal").map(|list| list.value).unwrap_or_default(),
    };
    match method {
        Method::Supervised => result.push(ScanPoint::Supervised),
        Method::Idealised => {
            result.extend(n_signal.iter().map(|n| ScanPoint::Idealised { n_signal: SignalCount(*n) }));
        }
        Method::OverIdealised => {
            let factors = factors(&scan, oversampling);
            for n in &n_signal {
                result.extend(
                    factors
                        .iter()
                        .map(|x| ScanPoint::OverIdealised { n_signal: SignalCount(*n), oversampling: *x }),
                );
            }
        }
        Method::Template(template) => {
            let factors = factors(&scan, oversampling);
            for side_bands in side_bands(&scan, regions) {
                for n in &n_signal {
                    result.extend(factors.iter().map(|x| ScanPoint::Search {
                        template,
                        n_signal: SignalCount(*n),
                        side_bands,
                        oversampling: *x,
                    }));
                }
            }
        }
    }
    if *background == IndependentBackground::None
        && let Some(point) = result.iter().find(|point| point.needs_independent_background())
    {
        let message = format!(
            "is {} (a reference must not share events with the data) set independent_background.source to \
             \"withheld\" or \"file\"",
            point.method()
        );
        scan.wrong("method", at, message);
    }
    scan.finish();
    result
}

fn list(scan: &Section<'_>, key: &'static str) -> Option<Found<Vec<u32>>> {
    let found = scan.require(key, "whole numbers, as [0, 1000]", whole_numbers)?;
    refuse_repeats(scan, key, found.at, &found.value);
    Some(found)
}

fn factors(scan: &Section<'_>, oversampling: u32) -> Vec<Oversampling> {
    let expected = "whole numbers from 1, as [5]";
    let found = scan.get("oversampling", expected, |value: &DeValue<'_>| {
        whole_numbers(value).filter(|list| !list.contains(&0))
    });
    if let Some(found) = &found {
        refuse_repeats(scan, "oversampling", found.at, &found.value);
    }
    found.map_or(vec![oversampling], |found| found.value).into_iter().map(Oversampling).collect()
}

fn side_bands(scan: &Section<'_>, regions: Regions) -> Vec<MassWindow> {
    let expected = "a list of [low, high] in GeV";
    let found = scan.get("side_bands_gev", expected, |value: &DeValue<'_>| {
        let windows: Option<Vec<_>> = value.as_array()?.iter().map(|item| window(item.get_ref())).collect();
        windows.filter(|windows| !windows.is_empty())
    });
    let Some(found) = found else { return vec![regions.outer] };
    for window in &found.value {
        check_side_bands(scan, &Found { value: *window, at: found.at }, regions.signal);
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
    if let Some(repeated) = sorted.windows(2).find_map(|pair| (pair[0] == pair[1]).then_some(pair[0])) {
        section.wrong(key, at, format!("contains {repeated} twice (it would be computed twice) remove one"));
    }
}
