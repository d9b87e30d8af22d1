//! Rows of a file that are no events, by reason.

use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

/// Why a row is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    ZeroTau,
    NotFinite,
    /// A value is one of those that stand for a missing one.
    Missing,
    /// The job's selection does not take it.
    NotSelected,
    /// A formula, by its place among those of the job, has no value.
    NotComputed(usize),
}

/// Events whose jets cannot be used, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DroppedJets {
    /// A jet has fewer than two constituents.
    pub few_constituents: usize,
    /// A number is NaN or infinite, or a transverse momentum is not above zero.
    pub not_finite: usize,
}

impl DroppedJets {
    /// All of them.
    pub fn total(&self) -> usize {
        self.few_constituents + self.not_finite
    }

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self.total() == 0
    }
}

impl fmt::Display for DroppedJets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = [
            (self.few_constituents, "a jet of fewer than two constituents"),
            (self.not_finite, "NaN or infinity or without transverse momentum"),
        ];
        let counted = reasons.iter().filter(|(count, _)| *count > 0);
        let counted: Vec<String> = counted.map(|(count, reason)| format!("{count} with {reason}")).collect();
        f.write_str(&if counted.is_empty() { "none".to_owned() } else { counted.join(", ") })
    }
}

/// Rows of a file that are no events, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The denominator of an N-subjettiness ratio is zero.
    pub zero_tau: usize,
    /// A value is NaN or infinite.
    pub not_finite: usize,
    /// A value is one of those that the job says stand for a missing one.
    pub missing: usize,
    /// The job's selection does not take the row: nothing is wrong with it.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_selected: usize,
    /// A formula of the job cannot be computed.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_computed: usize,
    /// The row's jets cannot be used.
    #[serde(skip_serializing_if = "DroppedJets::is_none")]
    pub jets: DroppedJets,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Dropped {
    /// All of them.
    pub fn total(&self) -> usize {
        self.not_selected + self.damaged()
    }

    /// Those that the job would have taken if their values were there.
    pub fn damaged(&self) -> usize {
        self.zero_tau + self.not_finite + self.missing + self.not_computed + self.jets.total()
    }

    pub(super) fn count(&mut self, reason: Reason) {
        match reason {
            Reason::ZeroTau => self.zero_tau += 1,
            Reason::NotFinite => self.not_finite += 1,
            Reason::Missing => self.missing += 1,
            Reason::NotSelected => self.not_selected += 1,
            Reason::NotComputed(_) => self.not_computed += 1,
        }
    }
}

impl AddAssign for Dropped {
    fn add_assign(&mut self, other: Self) {
        self.zero_tau += other.zero_tau;
        self.not_finite += other.not_finite;
        self.missing += other.missing;
        self.not_selected += other.not_selected;
        self.not_computed += other.not_computed;
        self.jets.few_constituents += other.jets.few_constituents;
        self.jets.not_finite += other.jets.not_finite;
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = [
            (self.not_selected, "not selected"),
            (self.zero_tau, "with τ = 0 in a ratio"),
            (self.not_finite, "with NaN or infinity"),
            (self.missing, "with a value that stands for a missing one"),
            (self.not_computed, "with a formula that has no value"),
            (self.jets.few_constituents, "with a jet of fewer than two constituents"),
            (
                self.jets.not_finite,
                "with a jet or constituent that is NaN, infinite or without transverse momentum",
            ),
        ];
        let counted: Vec<String> = reasons
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, reason)| format!("{count} {} {reason}", if *count == 1 { "row" } else { "rows" }))
            .collect();
        f.write_str(&if counted.is_empty() { "none".to_owned() } else { counted.join(", ") })
    }
}
