//! The signal that is mixed into the data: how much of it, and which events.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::keys::keys;
use super::rules::word;
use crate::job::{InjectionSeed, SignalCount};

keys! {
    /// How much signal an injection of `n_signal` events has.
    #[derive(Copy, Default, Eq)]
    pub struct InjectionSettings {
        /// `exact`: as many events as it says, as in the paper (P); `poisson`: a number that fluctuates around it as that of an
        /// experiment would, anew for each of `injection_seeds`. A larger injection contains every smaller one of its seed.
        pub count: InjectionCount = "exact", word();
    }
}

impl InjectionSettings {
    /// Whether they are those of jobs that were stored before there was such a section.
    pub fn are_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// How many signal events an injection has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InjectionCount {
    /// As many as it says.
    #[default]
    Exact,
    /// A Poisson number with that mean.
    Poisson,
}

/// An injection of signal into data.
///
/// It is a part of records: an injection of the first seed reads as it did before there were others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injection {
    /// Signal events mixed into the full-range background, or their mean.
    pub n_signal: SignalCount,
    /// The seed of the order in which signal is injected. Absent where it is the first.
    #[serde(default, skip_serializing_if = "InjectionSeed::is_first")]
    pub injection_seed: InjectionSeed,
}

impl Injection {
    /// So many events in the first order.
    pub fn first(n_signal: SignalCount) -> Self {
        Self { n_signal, injection_seed: InjectionSeed(0) }
    }

    /// So many events in the order of a seed; without events all orders are the first.
    pub fn of_seed(n_signal: SignalCount, injection_seed: InjectionSeed) -> Self {
        if n_signal == SignalCount(0) { Self::first(n_signal) } else { Self { n_signal, injection_seed } }
    }
}

impl From<SignalCount> for Injection {
    fn from(n_signal: SignalCount) -> Self {
        Self::first(n_signal)
    }
}

impl fmt::Display for Injection {
    /// `s500`, `s500-i2`: a part of ids.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.n_signal)?;
        match self.injection_seed {
            InjectionSeed(0) => Ok(()),
            InjectionSeed(seed) => write!(f, "-i{seed}"),
        }
    }
}
