//! When rank 0 last heard of each rank, so that a rank that hangs is named instead of waited for.

use std::time::{Duration, Instant};

/// A rank that has nothing to say says so this often.
pub const ALIVE_EVERY: Duration = Duration::from_secs(2);
/// A rank that was not heard of for so long does not answer.
pub const SILENT: Duration = Duration::from_secs(15);
/// Rank 0 was busy or stopped itself for so long: others cannot have been heard meanwhile.
const GAP: Duration = Duration::from_secs(1);

/// When each rank was last heard of; what rank 0 computes itself it hears at once.
pub struct LastHeard {
    heard: Vec<Instant>,
    looked: Instant,
}

impl LastHeard {
    /// A record of so many ranks that were all heard of just now.
    pub fn new(ranks: usize, now: Instant) -> Self {
        Self { heard: vec![now; ranks], looked: now }
    }

    /// Notes that a message of a rank has arrived.
    pub fn heard_from(&mut self, rank: usize, now: Instant) {
        self.heard[rank] = now;
    }

    /// Notes that rank 0 polls its messages. Where it could not do so for a while, because a file system was slow or the whole job was
    /// suspended, that time does not count as silence of other ranks.
    pub fn listens(&mut self, now: Instant) {
        let gap = now - self.looked;
        if gap > GAP {
            for heard in &mut self.heard {
                *heard += gap;
            }
        }
        // Its own task may have nothing to tell for longer than any silence of others: an epoch of a large ensemble takes hours.
        self.heard[0] = now;
        self.looked = now;
    }

    /// How long a rank was silent.
    pub fn silence(&self, rank: usize) -> Duration {
        self.looked.saturating_duration_since(self.heard[rank])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_that_of_the_rank_and_not_of_who_listens() {
        let start = Instant::now();
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        let mut last_heard = LastHeard::new(2, start);
        for tenths in 1..=100 {
            last_heard.listens(at(tenths));
        }
        assert_eq!((last_heard.silence(0), last_heard.silence(1)), (Duration::ZERO, Duration::from_secs(10)));
        // The whole job was suspended for an hour.
        last_heard.listens(at(36_100));
        assert_eq!((last_heard.silence(0), last_heard.silence(1)), (Duration::ZERO, Duration::from_secs(10)));
        last_heard.listens(at(36_105));
        assert_eq!(last_heard.silence(1), Duration::from_millis(10_500));
    }
}
