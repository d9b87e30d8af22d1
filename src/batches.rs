//! Which events a member sees in which step.

use drapes_analysis::stream::Stream;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// An endless sequence of batches: the events of one member, shuffled anew for each pass.
///
/// The last, incomplete batch of a pass is left out; the next shuffle mixes its events in again.
pub struct Batches {
    events: Vec<u32>,
    batch: usize,
    /// Batches of a pass.
    per_epoch: usize,
    next: usize,
    generator: Pcg64,
}

impl Batches {
    /// Batches over these events, `per_epoch` of them before each shuffle.
    ///
    /// # Panics
    /// If a pass needs more events than there are, or has no batch.
    pub fn new(events: Vec<u32>, batch: usize, per_epoch: usize, stream: &Stream) -> Self {
        assert!(per_epoch > 0 && per_epoch * batch <= events.len(), "a pass fits into the events");
        let generator = stream.branch("batches").generator();
        Self { events, batch, per_epoch, next: per_epoch, generator }
    }

    /// The events of the next step.
    pub fn next_batch(&mut self) -> &[u32] {
        if self.next == self.per_epoch {
            self.events.shuffle(&mut self.generator);
            self.next = 0;
        }
        let start = self.next * self.batch;
        self.next += 1;
        &self.events[start..start + self.batch]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pass_shows_every_event_once_in_another_order() {
        let mut batches = Batches::new((10..22).collect(), 4, 3, &Stream::of_job(1));
        let mut pass = || -> Vec<u32> { (0..3).flat_map(|_| batches.next_batch().to_vec()).collect() };
        let (first, second) = (pass(), pass());
        assert_ne!(first, second);
        for mut events in [first, second] {
            events.sort_unstable();
            assert_eq!(events, (10..22).collect::<Vec<_>>());
        }
    }
}
