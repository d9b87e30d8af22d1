//! Programs, libraries and data of a rank, which must be those of rank 0: results of different ones do not belong together.

use serde::{Deserialize, Serialize};

/// What results depend on besides the job: ranks whose environments differ would mix results that do not belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Digest of the events as they were read.
    pub events: String,
    /// Version and revision of the program.
    pub program: String,
    /// Version of libtorch.
    pub libtorch: String,
}

impl Environment {
    /// Why a rank with this environment must not work beside one with the other; none if it may.
    pub fn mismatch(&self, leader: &Self) -> Option<String> {
        let differs = |what: &str, own: &str, other: &str, remedy: &str| {
            format!(
                "its {what} is {own}, that of rank 0 {other} (their results do not belong together) {remedy}"
            )
        };
        if self.program != leader.program {
            let remedy = "start the same program on every node";
            Some(differs("program", &self.program, &leader.program, remedy))
        } else if self.libtorch != leader.libtorch {
            let remedy = "load the same libtorch on every node";
            Some(differs("libtorch", &self.libtorch, &leader.libtorch, remedy))
        } else if self.events != leader.events {
            let remedy = "copy the same data files to every node, or name a folder that all nodes share with --data-dir";
            Some(differs("digest of the events", &self.events, &leader.events, remedy))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_with_other_data_or_programs_is_told_what_differs() {
        let own = Environment { events: "a".into(), program: "0.1.0 1".into(), libtorch: "2.11.0".into() };
        assert_eq!(own.mismatch(&own.clone()), None);
        let other = |change: fn(&mut Environment)| {
            let mut other = own.clone();
            change(&mut other);
            other.mismatch(&own).expect("an objection")
        };
        assert!(other(|rank| rank.events = "b".into()).contains("digest of the events is b"));
        assert!(other(|rank| rank.program = "0.1.0 2".into()).contains("start the same program"));
        assert!(
            other(|rank| rank.libtorch = "2.12.0".into())
                .contains("libtorch is 2.12.0, that of rank 0 2.11.0")
        );
    }
}
