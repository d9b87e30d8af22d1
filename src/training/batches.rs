//! The batches of a member: its events in random order, anew in each epoch.

use std::ops::Range;

use drapes_analysis::plan::random_stream::Stream;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use crate::error::Error;

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

    /// The state of later batches besides the order of the events.
    pub fn state(&self) -> BatchesState {
        BatchesState { next: self.next, generator: self.generator.clone() }
    }

    /// The events in their present order.
    pub fn order(&self) -> &[u32] {
        &self.events
    }

    /// These batches in another state; none if it is one of other events.
    pub fn restored(&self, state: BatchesState, order: &[u32]) -> Option<Self> {
        let sorted = |events: &[u32]| {
            let mut events = events.to_vec();
            events.sort_unstable();
            events
        };
        if state.next > self.per_epoch || sorted(order) != sorted(&self.events) {
            return None;
        }
        let (next, generator) = (state.next, state.generator);
        Some(Self { events: order.to_vec(), batch: self.batch, per_epoch: self.per_epoch, next, generator })
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

/// The rows of so many further events in a table that has `first` rows: they are counted in 32 bits, since an ensemble holds one
/// for each event and member.
///
/// # Errors
/// There are more.
pub fn next_rows(first: u32, count: usize) -> Result<Range<u32>, Error> {
    let end = u64::from(first) + count as u64;
    u32::try_from(end).map(|end| first..end).map_err(|_| Error::TooManyEvents { found: end })
}

/// The state of a sequence of batches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchesState {
    next: usize,
    generator: Pcg64,
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

    #[test]
    fn rows_are_counted_as_far_as_32_bits_go() {
        assert_eq!(next_rows(7, 3).expect("few"), 7..10);
        assert_eq!(next_rows(1, u32::MAX as usize - 1).expect("just enough"), 1..u32::MAX);
        let error = next_rows(2, u32::MAX as usize - 1).expect_err("one too many").to_string();
        assert!(error.starts_with("4294967296 events are to be learnt from together ("), "{error}");
    }

    #[test]
    fn batches_go_on_from_a_state() {
        let all = || Batches::new((0..30).collect(), 4, 7, &Stream::of_job(1));
        let mut straight = all();
        for _ in 0..10 {
            straight.next_batch();
        }
        let state = serde_json::to_vec(&straight.state()).expect("JSON");
        let order = straight.order().to_vec();
        let state = serde_json::from_slice(&state).expect("a state");
        let mut resumed = all().restored(state, &order).expect("the same events");
        for _ in 0..20 {
            assert_eq!(straight.next_batch(), resumed.next_batch());
        }
        assert!(resumed.restored(straight.state(), &order[1..]).is_none(), "of fewer events");
        let other: Vec<u32> = order.iter().map(|event| event + 1).collect();
        assert!(resumed.restored(straight.state(), &other).is_none(), "of other events");
    }
}
