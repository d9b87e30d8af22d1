//! How long a rank sleeps between two polls of its messages.

use std::time::Duration;

use drapes_analysis::dispatch::LONGEST_PAUSE;

/// An interval that is short where messages follow each other and grows while none comes: MPI has no call that waits without using a
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

    /// A message has arrived: the next interval is short again.
    pub fn reset(&mut self) {
        self.next = SHORTEST;
    }
}

impl Default for PollInterval {
    fn default() -> Self {
        Self::new()
    }
}
