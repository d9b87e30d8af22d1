//! Checks that sections and scan blocks share.

use super::document::Section;
use crate::job::{Gev, MassWindow};

/// Notes side-bands that do not lie on both sides of the signal region.
pub fn check_side_bands(section: &Section<'_>, outer: MassWindow, signal: MassWindow) {
    if outer.low >= signal.low || outer.high <= signal.high {
        let message = format!(
            "is {outer} (it must leave side-bands on both sides of the signal region {signal}) widen it or narrow the \
             signal region"
        );
        section.wrong("side_bands_gev", message);
    }
}

/// Notes side-bands above the collision energy, where the dijet function is not defined.
pub fn check_energy(section: &Section<'_>, outer: MassWindow, energy: Gev) {
    if outer.high >= energy || outer.low <= Gev(0.0) {
        let message = format!(
            "is {outer} (the dijet fit needs 0 < m < {energy}, which is collision_energy_gev in the unit of the masses) move its edges, or name the energy: 13 TeV are 13000000 in MeV"
        );
        section.wrong("side_bands_gev", message);
    }
}

/// Notes a value that a list contains twice.
pub fn refuse_repeats<T>(section: &Section<'_>, key: &str, list: &[T], number: impl Fn(&T) -> u32) {
    let mut sorted: Vec<u32> = list.iter().map(number).collect();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find_map(|pair| (pair[0] == pair[1]).then_some(pair[0])) {
        repeated(section, key, &twice.to_string());
    }
}

/// Notes the first value of a list that stands there twice.
pub fn refuse_equal<T: PartialEq>(section: &Section<'_>, key: &str, list: &[T], name: impl Fn(&T) -> String) {
    let is_second = |(place, value): &(usize, &T)| list[..*place].contains(value);
    if let Some((_, twice)) = list.iter().enumerate().find(is_second) {
        repeated(section, key, &name(twice));
    }
}

/// Notes a value that stands twice.
pub fn repeated(section: &Section<'_>, key: &str, value: &str) {
    section.wrong(key, format!("contains {value} twice (it would be computed twice) remove one"));
}
