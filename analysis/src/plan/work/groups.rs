//! Who trains together, and which template a point reads, also when a job has grown.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use crate::job::Oversampling;

/// Cuts members into groups. Those that came to the job together make groups of their own, so that a finished group keeps
/// its members when others come. Groups are numbered as they came and returned in the order of `members`, which are told
/// apart by their key.
pub fn groups<T: Copy, K: Eq + Hash>(
    members: &[T],
    eras: &[Vec<T>],
    per_task: usize,
    key: impl Fn(&T) -> K,
) -> Vec<(usize, Vec<T>)> {
    let places: HashMap<K, usize> = members.iter().map(&key).zip(0..).collect();
    let mut known: HashSet<K> = HashSet::new();
    // The first place of a group's members among all, its number, and they.
    let mut groups: Vec<(usize, usize, Vec<T>)> = Vec::new();
    for era in eras {
        let is_new = |member: &&T| places.contains_key(&key(member)) && known.insert(key(member));
        let new: Vec<T> = era.iter().filter(is_new).copied().collect();
        for chunk in new.chunks(per_task) {
            let place = chunk.iter().map(|member| places[&key(member)]).min().unwrap_or_default();
            groups.push((place, groups.len(), chunk.to_vec()));
        }
    }
    groups.sort_by_key(|(place, ..)| *place);
    groups.into_iter().map(|(_, number, group)| (number, group)).collect()
}

/// The factors at which something is generated: one, unless a job that has grown asks for more than there is. A finished
/// template stays, and the further points have one of their own.
#[derive(Default)]
pub struct Versions(HashMap<String, Vec<Oversampling>>);

impl Versions {
    /// Of what each generation of points asks for.
    pub fn of(eras: impl Iterator<Item = Vec<(String, Oversampling)>>) -> Self {
        let mut versions = Self::default();
        for (name, factor) in eras.flatten() {
            let known = versions.0.entry(name).or_default();
            if known.last().is_none_or(|most| *most < factor) {
                known.push(factor);
            }
        }
        versions
    }

    /// Every version, with what its name ends with.
    pub fn all(&self, name: &str) -> Vec<(Oversampling, String)> {
        let known = self.0.get(name).map_or(&[][..], Vec::as_slice);
        let ending = |(place, factor): (usize, &Oversampling)| {
            (*factor, if place == 0 { String::new() } else { format!("-x{factor}") })
        };
        known.iter().enumerate().map(ending).collect()
    }

    /// What the name of the first version ends with that is large enough.
    pub fn ending(&self, name: &str, factor: Oversampling) -> String {
        let found = self.all(name).into_iter().find(|(known, _)| *known >= factor);
        found.map_or_else(String::new, |(_, ending)| ending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_groups_keep_their_members() {
        assert_eq!(
            groups(&[1, 2, 3], &[vec![1, 2, 3]], 2, |member| *member),
            [(0, vec![1, 2]), (1, vec![3])]
        );
        let grown = groups(&[0, 1, 2, 3], &[vec![3, 1, 2], vec![1, 0]], 2, |member| *member);
        assert_eq!(grown, [(2, vec![0]), (0, vec![3, 1]), (1, vec![2])]);
    }

    #[test]
    fn a_larger_factor_is_a_version_of_its_own() {
        let era = |factor| vec![("a".to_owned(), Oversampling(factor))];
        let versions = Versions::of([era(2), era(1), era(5)].into_iter());
        assert_eq!(
            versions.all("a"),
            [(Oversampling(2), String::new()), (Oversampling(5), "-x5".to_owned())]
        );
        assert_eq!([1, 2, 3].map(|factor| versions.ending("a", Oversampling(factor))), ["", "", "-x5"]);
    }
}
