//! How long to sleep between two looks at the mail.

use std::time::Duration;

use drapes_analysis::dispatch::LONGEST_PAUSE;

/// Short where messages follow each other, longer the longer nothing comes: MPI has no call that waits without using a
/// core.
pub struct PollInterval {
    next: Duration,
}

/// The shortest pause.
const SHORTEST: Duration = Duration::from_micros(200);

impl PollInterval {
    /// The shortest pause.
    pub fn new() -> Self {
        Self { next: SHORTEST }
    }

    /// The pause that is due; the next one is longer.
    pub fn longer(&mut self) -> Duration {
        let now = self.next;
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        now
    }

    /// Something has come.
    pub fn reset(&mut self) {
        self.next = SHORTEST;
    }
}

impl Default for PollInterval {
    fn default() -> Self {
        Self::new()
    }
}
