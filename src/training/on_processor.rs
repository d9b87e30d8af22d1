//! Steps that a model's kernels take on a processor, one member after the other.

use std::ops::Range;

use tch::{Device, Kind, Tensor};

use super::ensemble::Training;
use super::model::Model;
use crate::fused::{Layers, MemberState, Rule};

impl<M: Model> Training<M> {
    /// Takes some steps of a block with the model's kernels, if it has any; whether it has.
    ///
    /// Each member takes all of the steps before the next one begins, so that its parameters and their moments stay in the
    /// cache. One that has learnt enough rests: nothing is asked of it any more.
    pub(super) fn take_fused(&mut self, block: &M::Block, steps: &Range<usize>) -> bool {
        let rules = self.rules(steps);
        let Some(kernels) = self.model.fused(block) else { return false };
        let layers = kernels.layers();
        let mut parameters = Held::of(&mut self.parameters);
        let (mut first, mut second) = (Held::of(&mut self.adam.first), Held::of(&mut self.adam.second));
        let mut average = self.kept.average().map(Held::of);
        // Added to step by step, so that a sum does not depend on where the steps are cut.
        let mut losses = Vec::<f32>::try_from(&self.loss).unwrap_or_default();
        for (member, (rules, loss)) in rules.iter().zip(&mut losses).enumerate() {
            // Room of its own: what is no number in the padding of a member that has diverged would reach the next one.
            let mut state = MemberState::new(layers, average.is_some());
            parameters.lend(layers, member, &mut state.parameters);
            first.lend(layers, member, &mut state.first);
            second.lend(layers, member, &mut state.second);
            if let (Some(held), Some(average)) = (&average, &mut state.average) {
                held.lend(layers, member, average);
            }
            state.loss = *loss;
            *loss = kernels.take(member, rules, &mut state);
            parameters.take_back(layers, member, &state.parameters);
            first.take_back(layers, member, &state.first);
            second.take_back(layers, member, &state.second);
            if let (Some(held), Some(average)) = (&mut average, &state.average) {
                held.take_back(layers, member, average);
            }
        }
        for held in [Some(parameters), Some(first), Some(second), average].into_iter().flatten() {
            held.put_back();
        }
        self.adam.steps += steps.len() as i32;
        self.loss.copy_(&Tensor::from_slice(&losses));
        true
    }

    /// What each member does in steps of a block: none of those after its last one.
    fn rules(&self, steps: &Range<usize>) -> Vec<Vec<(usize, Rule)>> {
        let clip = self.settings.gradient_clip.map(|limit| limit as f32);
        let (adam, kept, done) = (&self.adam, &self.kept, self.done);
        let of = |member: usize| {
            let rate = self.members[member].trained.rate;
            let left = self.ends_after(member).saturating_sub(done);
            let steps = steps.clone().enumerate().take(left);
            let rule = |(ahead, step)| {
                let (pull, rule) = (kept.pull(done + ahead) as f32, adam.rule(rate.at(done + ahead), ahead));
                (step, Rule { clip, pull, ..rule })
            };
            steps.map(rule).collect()
        };
        (0..self.members.len()).map(of).collect()
    }
}

/// The values of a tensor of all members while kernels change them.
struct Held<'a> {
    tensor: &'a mut Tensor,
    values: Vec<f32>,
}

impl<'a> Held<'a> {
    fn of(tensor: &'a mut Tensor) -> Self {
        debug_assert_eq!((tensor.kind(), tensor.device()), (Kind::Float, Device::Cpu));
        let mut values = vec![0.0; tensor.numel()];
        tensor.copy_data(&mut values, tensor.numel());
        Self { tensor, values }
    }

    fn lend(&self, layers: &Layers, member: usize, to: &mut [f32]) {
        let len = layers.flat_len();
        layers.pad(&self.values[member * len..][..len], to);
    }

    fn take_back(&mut self, layers: &Layers, member: usize, from: &[f32]) {
        let len = layers.flat_len();
        layers.flatten(from, &mut self.values[member * len..][..len]);
    }

    /// In place, for others share the tensor.
    fn put_back(self) {
        let values = Tensor::from_slice(&self.values);
        self.tensor.copy_(&values.view_as(self.tensor));
    }
}

#[cfg(test)]
mod check;
#[cfg(test)]
pub(crate) use check::{kernels_agree, trained_alike, trained_apart};
