//! A task that runs: how much of it is done, and how long that took.

use std::time::{Duration, Instant};

/// A task shows its pace once such a share is done.
pub const TELLING: f64 = 0.05;
/// A task begins with reading and setting up, which says nothing of the pace of its work: that counts from the first share that is
/// told, if it is told so soon. Beside a longer beginning it is little.
const SETTING_UP: Duration = Duration::from_secs(2);
/// A task that has not told its end is not taken to be done beyond this share.
const AT_MOST: f64 = 0.95;

/// A task that runs.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    /// The rank that does it, and since when.
    pub rank: usize,
    pub since: Instant,
    /// The share from which on this run has done the work, and when that began.
    pub from: f64,
    pub from_when: Instant,
    /// The share that was done when the rank told it last, and when that was.
    pub share: f64,
    pub heard: Instant,
}

impl Running {
    /// A task that begins now, of which earlier runs have done a share.
    pub fn begin(rank: usize, kept: f64) -> Self {
        let now = Instant::now();
        Self { rank, since: now, from: kept, from_when: now, share: kept, heard: now }
    }

    /// The rank tells now that such a share is done.
    pub fn hear(&mut self, share: f64) {
        let now = Instant::now();
        let is_first = self.heard == self.since;
        if is_first && now.duration_since(self.since) < SETTING_UP {
            (self.from, self.from_when) = (share, now);
        }
        // A task whose checkpoint cannot be read begins anew.
        self.from = self.from.min(share);
        (self.share, self.heard) = (share, now);
    }

    /// The share that is done now, if it goes on as it has: a rank says so every second.
    pub fn share_now(&self) -> f64 {
        let until_heard = self.seconds();
        if self.own_share() < TELLING || until_heard <= 0.0 {
            return self.share;
        }
        let own = self.own_share() * self.from_when.elapsed().as_secs_f64() / until_heard;
        (self.from + own).min(self.share.max(AT_MOST))
    }

    /// The share that this run has done: what is kept of earlier ones took no time of it.
    pub fn own_share(&self) -> f64 {
        self.share - self.from
    }

    /// Seconds that the own share has taken.
    pub fn seconds(&self) -> f64 {
        self.heard.duration_since(self.from_when).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_needs_to_set_up_says_nothing_of_its_pace() {
        let ago =
            |seconds: f64| Instant::now().checked_sub(Duration::from_secs_f64(seconds)).expect("it is up");
        // A second of reading, and then a tenth of the work in each second.
        let mut running = Running::begin(0, 0.0);
        let start = ago(1.1);
        (running.since, running.from_when, running.heard) = (start, start, start);
        running.hear(0.01);
        assert_eq!((running.own_share(), running.seconds()), (0.0, 0.0));
        assert!((running.share_now() - 0.01).abs() < 1e-9, "nothing is known of it");
        running.from_when = ago(2.0);
        running.hear(0.21);
        assert!((running.own_share() - 0.2).abs() < 1e-9 && (running.seconds() - 2.0).abs() < 0.1);
        // Told for the first time after long: all of it counts.
        let mut running = Running::begin(0, 0.0);
        let start = ago(30.0);
        (running.since, running.from_when, running.heard) = (start, start, start);
        running.hear(0.3);
        assert!((running.own_share() - 0.3).abs() < 1e-9 && (running.seconds() - 30.0).abs() < 0.5);
        // Nothing could be read of what an earlier run had done.
        let mut running = Running::begin(0, 0.8);
        running.hear(0.0);
        running.hear(0.1);
        assert!((running.own_share() - 0.1).abs() < 1e-9);
    }
}
