//! Random numbers of the steps of a training, each known by its member, its step and its place in the step.
//!
//! Nothing is drawn in turn: a number can be computed by whoever needs it, when it is needed. A processor computes those of a member
//! where it takes its steps, a GPU computes those of all members and steps of a block at once, and both are made to have the same
//! to the last bit, on whatever processor and GPU (none has been tried): beside the words of [Philox](philox), which are whole numbers, they add and multiply alone
//! ([unit normals](unit_normals)), in the same order.

mod on_device;
mod philox;
mod unit_normals;

use std::ops::Range;

use drapes_analysis::plan::random_stream::Stream;
use tch::{Device, Tensor};

use philox::Key;

/// The unit normals of a member's next steps.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    key: Key,
    /// The next step.
    step: u64,
}

impl Noise {
    /// Those of a stream, from its first step on.
    pub fn of(stream: &Stream) -> Self {
        Self { key: Key(stream.words()), step: 0 }
    }

    /// The same from a step on.
    #[must_use]
    pub fn from_step(self, step: usize) -> Self {
        Self { step: step as u64, ..self }
    }

    /// So many numbers of the next step.
    pub fn next_step(&mut self, numbers: usize) -> Vec<f32> {
        let own = self.next_steps(1);
        own.normals(0..1, numbers)
    }

    /// Those of so many steps, which are over then.
    fn next_steps(&mut self, steps: usize) -> Self {
        let own = *self;
        self.step += steps as u64;
        own
    }

    /// So many numbers of each of some steps, counted from the next one.
    fn normals(&self, steps: Range<usize>, each: usize) -> Vec<f32> {
        let mut normals = vec![0.0; steps.len() * each];
        for (step, of_step) in steps.zip(normals.chunks_exact_mut(each.max(1))) {
            unit_normals::fill(self.key, self.step + step as u64, of_step);
        }
        normals
    }
}

/// The unit normals of some steps of all members, computed when they are asked for.
pub struct StepNormals {
    members: Vec<Noise>,
    steps: usize,
    /// Numbers of a step of a member.
    each: usize,
}

impl StepNormals {
    /// So many numbers a step and member, of the next steps of these members.
    pub fn of<'a>(members: impl Iterator<Item = &'a mut Noise>, steps: usize, each: usize) -> Self {
        Self { members: members.map(|noise| noise.next_steps(steps)).collect(), steps, each }
    }

    /// Those of some steps of a member, one step after the other.
    pub fn of_member(&self, member: usize, steps: Range<usize>) -> Vec<f32> {
        self.members[member].normals(steps, self.each)
    }

    /// Those of a step of all members, in memory.
    ///
    /// # Shapes
    /// `[members · each]`
    pub fn of_step(&self, step: usize) -> Tensor {
        let all: Vec<f32> =
            self.members.iter().flat_map(|member| member.normals(step..step + 1, self.each)).collect();
        Tensor::from_slice(&all)
    }

    /// All of them, computed by the device.
    ///
    /// # Shapes
    /// `[steps, members, each]`
    pub fn on_device(&self, device: Device) -> Tensor {
        on_device::normals(&self.members, self.steps, self.each, device)
    }
}

#[cfg(test)]
mod tests;
