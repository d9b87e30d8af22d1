//! Jets whose noise was drawn together, integrated down the grid of noise strengths one group of similar size after the other.

use std::ops::Range;

use crate::sample::jets::{CONSTITUENT_FEATURES, Group, Outline};

/// Jets that are solved group by group: the first groups are solved, the others still begin as noise.
pub struct JetBatch {
    outlines: Vec<Outline>,
    /// Mapped constituents of each jet: solved ones, or noisy ones.
    values: Vec<Vec<f64>>,
    groups: Vec<Group>,
    /// Groups that are solved.
    solved: usize,
}

impl JetBatch {
    /// Noisy jets, of which no group is solved.
    pub(super) fn new(outlines: Vec<Outline>, values: Vec<Vec<f64>>, groups: Vec<Group>) -> Self {
        Self { outlines, values, groups, solved: 0 }
    }

    /// The jets as wholes.
    pub fn outlines(&self) -> &[Outline] {
        &self.outlines
    }

    /// The mapped constituents of a jet.
    pub(super) fn values(&self, jet: usize) -> &[f64] {
        &self.values[jet]
    }

    /// Whether all groups are solved.
    pub fn is_solved(&self) -> bool {
        self.solved == self.groups.len()
    }

    /// The share of the constituents that are solved, from 0 to 1: the work on a jet grows with their number.
    pub fn share(&self) -> f64 {
        let constituents = |groups: &[Group]| groups.iter().flat_map(|group| &group.counts).sum::<usize>();
        constituents(&self.groups[..self.solved]) as f64 / constituents(&self.groups).max(1) as f64
    }

    /// The group to be solved next.
    pub(super) fn next_group(&self) -> Group {
        self.groups[self.solved].clone()
    }

    /// Takes the solved values of the next group, padded to its slots.
    pub(super) fn solve(&mut self, padded: &[f64]) {
        let group = &self.groups[self.solved];
        for (slots, place) in padded.chunks_exact(CONSTITUENT_FEATURES * group.slots).zip(&group.places) {
            let length = self.values[*place].len();
            self.values[*place].copy_from_slice(&slots[..length]);
        }
        self.solved += 1;
    }

    /// The values of all groups that are solved, one after the other.
    pub fn solved_values(&self) -> Vec<f64> {
        self.places(0..self.solved).flat_map(|place| &self.values[place]).copied().collect()
    }

    /// Takes over values of so many groups that were solved before; none, and then nothing has changed, if they are not as
    /// many as those groups have.
    pub fn take_over(&mut self, groups: usize, solved: &[f64]) -> Option<()> {
        let places: Vec<usize> = self.places(0..groups.min(self.groups.len())).collect();
        let needed: usize = places.iter().map(|place| self.values[*place].len()).sum();
        if groups > self.groups.len() || needed != solved.len() {
            return None;
        }
        let mut rest = solved;
        for place in places {
            let (own, others) = rest.split_at(self.values[place].len());
            self.values[place].copy_from_slice(own);
            rest = others;
        }
        self.solved = groups;
        Some(())
    }

    /// Groups that are solved.
    pub fn solved_groups(&self) -> usize {
        self.solved
    }

    fn places(&self, groups: Range<usize>) -> impl Iterator<Item = usize> {
        self.groups[groups].iter().flat_map(|group| &group.places).copied()
    }
}
