//! Events that are of no use, by reason.

use std::fmt;

/// Why a raw event is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// A value, or what follows from it, is NaN or infinite.
    NotFinite,
    /// Nothing but padding.
    NoParticles,
    /// A particle has a negative transverse momentum.
    NegativeMomentum,
    /// All particles lie in one jet.
    FewerThanTwoJets,
    /// One of the two jets is a single particle, which has no substructure.
    LoneParticle,
    /// All particles of a jet have one direction: τ1 is zero, and τ21 does not exist.
    ZeroTau,
}

impl Rejection {
    /// All reasons, in the order in which they are told.
    pub const ALL: [Self; 6] = [
        Self::NotFinite,
        Self::NoParticles,
        Self::NegativeMomentum,
        Self::FewerThanTwoJets,
        Self::LoneParticle,
        Self::ZeroTau,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFinite => "not_finite",
            Self::NoParticles => "no_particles",
            Self::NegativeMomentum => "negative_momentum",
            Self::FewerThanTwoJets => "fewer_than_two_jets",
            Self::LoneParticle => "lone_particle",
            Self::ZeroTau => "zero_tau",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::NotFinite => "with NaN or infinity",
            Self::NoParticles => "without particles",
            Self::NegativeMomentum => "with a negative pT",
            Self::FewerThanTwoJets => "with fewer than two jets",
            Self::LoneParticle => "with a jet of a single particle",
            Self::ZeroTau => "with τ1 = 0",
        }
    }
}

/// How many events were dropped for each reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped([u64; Rejection::ALL.len()]);

impl Dropped {
    /// Counts one event.
    pub fn count(&mut self, reason: Rejection) {
        self.add(reason, 1);
    }

    /// Counts several events.
    pub fn add(&mut self, reason: Rejection, events: u64) {
        self.0[reason as usize] += events;
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: Self) {
        for reason in Rejection::ALL {
            self.add(reason, other.of(reason));
        }
    }

    /// The events of one reason.
    pub fn of(&self, reason: Rejection) -> u64 {
        self.0[reason as usize]
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted: Vec<String> = Rejection::ALL
            .into_iter()
            .filter(|reason| self.of(*reason) > 0)
            .map(|reason| format!("{} {}", self.of(reason), reason.words()))
            .collect();
        f.write_str(&if counted.is_empty() { "none".to_owned() } else { counted.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_with_their_counts() {
        let mut dropped = Dropped::default();
        assert_eq!(dropped.to_string(), "none");
        dropped.count(Rejection::ZeroTau);
        dropped.add(Rejection::NoParticles, 2);
        let mut both = dropped;
        both.merge(dropped);
        assert_eq!(both.to_string(), "4 without particles, 2 with τ1 = 0");
        assert_eq!((both.total(), both.of(Rejection::NotFinite)), (6, 0));
    }
}
