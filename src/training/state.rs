//! The state of a training in a checkpoint: everything that later steps depend on.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::adam::Adam;
use super::batches::BatchesState;
use super::checkpoint::{Resumable, Snapshot};
use super::ensemble::Training;
use super::history::TrainingHistory;
use super::model::Model;

/// Raised whenever a state means something else than before, or its tensors are others: earlier checkpoints do not count then.
const VERSION: u32 = 2;

/// What a checkpoint holds besides tensors and orders of events.
#[derive(Serialize, Deserialize)]
pub(super) struct TrainingState {
    pub(super) version: u32,
    pub(super) done: usize,
    pub(super) adam_steps: i32,
    pub(super) histories: Vec<TrainingHistory>,
    pub(super) kept_losses: Vec<Option<f32>>,
    pub(super) batches: Vec<BatchesState>,
}

impl<M: Model> Resumable for Training<M> {
    fn snapshot(&self) -> Snapshot {
        let Adam { first, second, steps, .. } = &self.adam;
        // As a processor has them, which may go on where a GPU is gone.
        let tensors = std::iter::once(&self.parameters).chain(&self.kept.parameters).chain([first, second]);
        let tensors = tensors.map(|flat| self.layout.without_padding(flat));
        let tensors = tensors.chain([self.loss.shallow_clone()]);
        let members = &self.members;
        let state = TrainingState {
            version: VERSION,
            done: self.done,
            adam_steps: *steps,
            histories: members.iter().map(|member| member.trained.history.clone()).collect(),
            kept_losses: self.kept.losses.clone(),
            batches: members.iter().map(|member| member.batches.state()).collect(),
        };
        let orders = members.iter().map(|member| member.batches.order().to_vec());
        Snapshot::new(tensors.collect(), orders.collect(), &state)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Option<()> {
        let state: TrainingState = snapshot.rest()?;
        let counts = [state.histories.len(), state.kept_losses.len(), state.batches.len()];
        if state.version != VERSION || counts != [self.members.len(); 3] || snapshot.lists.len() != counts[0]
        {
            return None;
        }
        // All that can be wrong is looked at before anything changes: tensors come last, and are taken all or none.
        let own = self.members.iter().zip(state.batches).zip(&snapshot.lists);
        let batches = own.map(|((member, state), order)| member.batches.restored(state, order));
        let batches = batches.collect::<Option<Vec<_>>>()?;
        let Adam { first, second, steps, .. } = &mut self.adam;
        let padded: Vec<&Tensor> = std::iter::once(&self.parameters)
            .chain(&self.kept.parameters)
            .chain([&*first, &*second])
            .collect();
        let mut own: Vec<Tensor> =
            padded.iter().map(|flat| self.layout.without_padding(flat).empty_like()).collect();
        let mut tensors: Vec<&mut Tensor> = own.iter_mut().collect();
        tensors.push(&mut self.loss);
        snapshot.copy_tensors(&mut tensors)?;
        for (own, flat) in own.iter().zip(padded) {
            self.layout.put(own, flat);
        }
        *steps = state.adam_steps;
        for (member, (batches, history)) in
            self.members.iter_mut().zip(batches.into_iter().zip(state.histories))
        {
            (member.batches, member.trained.history) = (batches, history);
            member.noise = member.noise.from_step(state.done);
        }
        self.kept.losses = state.kept_losses;
        self.done = state.done;
        Some(())
    }
}
