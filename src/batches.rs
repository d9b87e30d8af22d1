//! Which events a member sees in which step.

use drapes_analysis::stream::Stream;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

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

    /// What later batches depend on besides the order of the events.
    pub fn state(&self) -> BatchesState {
        BatchesState { next: self.next, generator: self.generator.clone() }
    }

    /// The events in their present order.
    pub fn order(&self) -> &[u32] {
        &self.events
    }

    /// Goes on from a state; none if it is one of other events.
    pub fn restore(&mut self, state: BatchesState, order: &[u32]) -> Option<()> {
        if order.len() != self.events.len() || state.next > self.per_epoch {
            return None;
        }
        self.events.copy_from_slice(order);
        self.next = state.next;
        self.generator = state.generator;
        Some(())
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

/// Where a sequence of batches stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchesState {
    next: usize,
    generator: Pcg64,
}

/// Puts the batches of all members where they were; none if they are those of others.
pub fn restore_batches(all: &mut [Batches], states: Vec<BatchesState>, orders: &[Vec<u32>]) -> Option<()> {
    if all.len() != states.len() || all.len() != orders.len() {
        return None;
    }
    let members = all.iter_mut().zip(states).zip(orders);
    members.map(|((batches, state), order)| batches.restore(state, order)).collect()
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
    fn batches_go_on_from_a_state() {
        let all = || Batches::new((0..30).collect(), 4, 7, &Stream::of_job(1));
        let mut straight = all();
        for _ in 0..10 {
            straight.next_batch();
        }
        let state = serde_json::to_vec(&straight.state()).expect("JSON");
        let order = straight.order().to_vec();
        let mut resumed = all();
        resumed.restore(serde_json::from_slice(&state).expect("a state"), &order).expect("the same events");
        for _ in 0..20 {
            assert_eq!(straight.next_batch(), resumed.next_batch());
        }
        assert!(resumed.restore(straight.state(), &order[1..]).is_none(), "of other events");
    }
}
