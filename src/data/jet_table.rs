//! A table of jets, each with its own number of constituents, which lie one behind the other.

use half::f16;

/// Constituents of a jet that are kept, the hardest ones.
///
/// Source: "the leading 128", as the sample of the paper is published.
pub const MOST_CONSTITUENTS: usize = 128;

/// Constituents that a jet has at least: one alone has no substructure.
pub const FEWEST_CONSTITUENTS: usize = 2;

/// A constituent: its share of the jet's transverse momentum, Δη and Δφ to the jet. Half precision is that of the files;
/// the published sample fits into a gigabyte by it.
pub type Constituent = [f16; 3];

/// A jet as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kinematics {
    /// Transverse momentum (GeV).
    pub pt: f32,
    /// Pseudorapidity.
    pub eta: f32,
    /// Azimuth, within [−π, π].
    pub phi: f32,
    /// Mass (GeV).
    pub mass: f32,
}

/// The condition of the jet model for a jet: its kinematics and number of constituents.
///
/// Source: the paper, section 3.3, `p₄`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outline {
    /// The jet as a whole.
    pub kinematics: Kinematics,
    /// Its number of constituents.
    pub count: usize,
}

/// Jets with their constituents; jets 2i and 2i + 1 are those of event i.
#[derive(Clone, Debug, PartialEq)]
pub struct Jets {
    kinematics: Vec<Kinematics>,
    /// Where each jet's constituents begin, and where the last one's end.
    starts: Vec<u32>,
    constituents: Vec<Constituent>,
}

impl Default for Jets {
    fn default() -> Self {
        Self::with_capacity(0, 0)
    }
}

impl Jets {
    /// A table without jets, with room for some.
    pub fn with_capacity(jets: usize, constituents: usize) -> Self {
        let mut starts = Vec::with_capacity(jets + 1);
        starts.push(0);
        Self { kinematics: Vec::with_capacity(jets), starts, constituents: Vec::with_capacity(constituents) }
    }

    /// Adds a jet.
    ///
    /// # Panics
    /// The table holds more than 2³² constituents.
    pub fn push(&mut self, kinematics: Kinematics, constituents: impl IntoIterator<Item = Constituent>) {
        self.kinematics.push(kinematics);
        self.constituents.extend(constituents);
        self.starts.push(u32::try_from(self.constituents.len()).expect("fewer than 2^32 constituents"));
    }

    /// Adds the jets of another table.
    pub fn append(&mut self, other: &Self) {
        for jet in 0..other.len() {
            self.push(other.kinematics(jet), other.constituents(jet).iter().copied());
        }
    }

    /// Number of jets.
    pub fn len(&self) -> usize {
        self.kinematics.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kinematics.is_empty()
    }

    /// Number of events.
    pub fn events(&self) -> usize {
        self.len() / 2
    }

    /// A jet as a whole.
    ///
    /// # Panics
    /// If there is no such jet.
    pub fn kinematics(&self, jet: usize) -> Kinematics {
        self.kinematics[jet]
    }

    /// How many constituents a jet has.
    ///
    /// # Panics
    /// If there is no such jet.
    pub fn count(&self, jet: usize) -> usize {
        (self.starts[jet + 1] - self.starts[jet]) as usize
    }

    /// The condition of the jet model for a jet: its kinematics and number of constituents.
    ///
    /// # Panics
    /// If there is no such jet.
    pub fn outline(&self, jet: usize) -> Outline {
        Outline { kinematics: self.kinematics(jet), count: self.count(jet) }
    }

    /// The constituents of a jet, in falling order of transverse momentum.
    ///
    /// # Panics
    /// If there is no such jet.
    pub fn constituents(&self, jet: usize) -> &[Constituent] {
        &self.constituents[self.starts[jet] as usize..self.starts[jet + 1] as usize]
    }

    /// The constituents of a jet, to be filled.
    ///
    /// # Panics
    /// If there is no such jet.
    pub fn constituents_mut(&mut self, jet: usize) -> &mut [Constituent] {
        &mut self.constituents[self.starts[jet] as usize..self.starts[jet + 1] as usize]
    }

    /// The constituents of all jets, one jet after the other.
    pub fn all_constituents(&self) -> &[Constituent] {
        &self.constituents
    }

    /// The jets of some events, in this order.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn select(&self, events: &[u32]) -> Self {
        let jets = || events.iter().flat_map(|event| [2 * *event as usize, 2 * *event as usize + 1]);
        let constituents = jets().map(|jet| self.count(jet)).sum();
        let mut selected = Self::with_capacity(2 * events.len(), constituents);
        for jet in jets() {
            selected.push(self.kinematics(jet), self.constituents(jet).iter().copied());
        }
        selected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn numbered(events: usize) -> Jets {
        let mut jets = Jets::default();
        for jet in 0..2 * events {
            let kinematics = Kinematics { pt: jet as f32, eta: 0.0, phi: 0.0, mass: 1.0 };
            let constituents = (0..2 + jet % 5).map(|index| [f16::from_f32((jet + index) as f32); 3]);
            jets.push(kinematics, constituents);
        }
        jets
    }

    #[test]
    fn jets_keep_their_constituents() {
        let jets = numbered(4);
        assert_eq!((jets.len(), jets.events()), (8, 4));
        for jet in 0..8 {
            assert_eq!(jets.count(jet), 2 + jet % 5);
            assert_eq!(jets.constituents(jet)[1], [f16::from_f32((jet + 1) as f32); 3]);
        }
        let selected = jets.select(&[3, 0, 3]);
        assert_eq!(selected.events(), 3);
        assert_eq!(selected.constituents(1), jets.constituents(7));
        assert_eq!(selected.kinematics(2), jets.kinematics(0));
        let mut both = jets.select(&[0, 1]);
        both.append(&jets.select(&[2, 3]));
        assert_eq!(both, jets);
    }
}
