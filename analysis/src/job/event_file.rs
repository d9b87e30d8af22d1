//! The files of events that a job can read.

use std::path::Path;

use super::{Job, Search};

/// A file of events by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFile {
    /// The data.
    Data,
    /// True background outside of the data.
    IndependentBackground,
    /// Another sample of background events.
    OtherSample,
    /// Simulated signal of a search.
    SimulatedSignal,
}

impl EventFile {
    /// All of them, in the order in which a job's inputs are stored.
    pub const ALL: [Self; 4] =
        [Self::Data, Self::IndependentBackground, Self::OtherSample, Self::SimulatedSignal];

    /// The key of a job that names it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Data => "data.events",
            Self::IndependentBackground => "independent_background.events",
            Self::OtherSample => "other_sample.events",
            Self::SimulatedSignal => "search.signal_events",
        }
    }
}

impl Job {
    /// The path of such a file as the job names it; none where the job reads none.
    pub fn event_file(&self, which: EventFile) -> Option<&Path> {
        match which {
            EventFile::Data => Some(&self.data.events),
            EventFile::IndependentBackground => self.independent_background.file(),
            EventFile::OtherSample => self.other_sample.file(),
            EventFile::SimulatedSignal => self.search.as_ref().and_then(Search::signal_file),
        }
    }

    /// All files of events that the job reads.
    pub fn event_files(&self) -> impl Iterator<Item = (EventFile, &Path)> {
        EventFile::ALL.into_iter().filter_map(|which| Some((which, self.event_file(which)?)))
    }
}
