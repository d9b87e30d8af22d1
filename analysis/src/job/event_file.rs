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
    /// Simulated signal of a search: the file in this place of a list.
    SimulatedSignal(usize),
}

impl EventFile {
    /// The key of a job that names it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Data => "data.events",
            Self::IndependentBackground => "independent_background.events",
            Self::OtherSample => "other_sample.events",
            Self::SimulatedSignal(_) => "search.signal_events",
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
            EventFile::SimulatedSignal(place) => self.signal_files().get(place).copied(),
        }
    }

    /// All files of events that the job reads, in the order in which its inputs are stored.
    pub fn event_files(&self) -> impl Iterator<Item = (EventFile, &Path)> {
        let signal = (0..self.signal_files().len()).map(EventFile::SimulatedSignal);
        let all = [EventFile::Data, EventFile::IndependentBackground, EventFile::OtherSample];
        all.into_iter().chain(signal).filter_map(|which| Some((which, self.event_file(which)?)))
    }

    fn signal_files(&self) -> Vec<&Path> {
        self.search.as_ref().map_or(vec![], Search::signal_files)
    }
}
