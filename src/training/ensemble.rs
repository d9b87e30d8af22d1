//! The loop in which every network of this program is trained.

mod on_device;

use std::ops::Range;

use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::store::record::Loss;
use tch::{Device, Kind, Tensor};

use super::adam::{Adam, Rates, clip_gradients};
use super::checkpoint::Checkpointer;
use super::final_parameters::FinalParameters;
use super::history::{TrainedMember, Weights, some_are_well};
use super::learner::Learner;
use super::model::Model;
use super::settings::TrainingSettings;
use super::step_numbers::StepNumbers;
use crate::device::OwnStream;
use crate::error::Error;
use crate::nn::Layout;
use on_device::OnDevice;

/// An ensemble that learns; no member depends on the others.
pub struct Training<M: Model> {
    pub(crate) model: M,
    pub(super) settings: TrainingSettings,
    /// `[members, len]`. They change in place, and the network with them.
    pub(crate) parameters: Tensor,
    pub(crate) network: M::Network,
    pub(super) adam: Adam,
    pub(super) kept: FinalParameters,
    pub(crate) members: Vec<Learner>,
    /// Steps taken.
    pub(super) done: usize,
    /// Sum of the training losses since they were last recorded, `[members]`, and steps since then.
    pub(super) loss: Tensor,
    pub(super) since: usize,
}

/// A finished training.
pub struct Trained<M> {
    /// What was learnt.
    pub model: M,
    /// `[members, len]`
    pub parameters: Tensor,
    /// How each member has learnt.
    pub members: Vec<TrainedMember>,
}

impl<M: Model> Training<M> {
    /// A training before its first step.
    pub fn new(
        model: M,
        layout: &Layout,
        settings: TrainingSettings,
        members: Vec<Learner>,
        device: Device,
    ) -> Self {
        let streams: Vec<Stream> = members.iter().map(|member| member.stream.clone()).collect();
        let parameters = layout.initial(&streams, device);
        Self {
            network: model.network(&parameters),
            adam: Adam::new(&parameters, settings.weight_decay),
            kept: FinalParameters::new(&parameters, settings.result),
            loss: Tensor::zeros([members.len() as i64], (Kind::Float, device)),
            model,
            settings,
            parameters,
            members,
            done: 0,
            since: 0,
        }
    }

    /// Trains all members together, from where they were stopped if they were.
    ///
    /// # Errors
    /// All members leave the finite numbers (where only some do, their histories say so), or the training is told to stop.
    pub fn run(self, checkpointer: &Checkpointer<'_>) -> Result<Trained<M>, Error> {
        let on_device = OnDevice::of(&self);
        self.run_on(on_device, checkpointer)
    }

    /// The same by the steps of a GPU, on a processor.
    #[cfg(test)]
    pub(crate) fn run_as_on_a_gpu(self) -> Trained<M> {
        let on_device = OnDevice::as_on_a_gpu(&self);
        self.run_on(Some(on_device), &Checkpointer::default()).expect("an end")
    }

    fn run_on(
        mut self,
        mut on_device: Option<OnDevice<M>>,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<Trained<M>, Error> {
        checkpointer.resume(&mut self);
        let _own_stream = OwnStream::begin(self.loss.device());
        // Members with fewer events have fewer steps, and rest while the others go on.
        let total = self.members.iter().map(|member| member.trained.rate.total).max().unwrap_or(0);
        let steps_a_record = self.settings.steps_a_record(total);
        while self.done < total && self.someone_learns() {
            // Between blocks no random number is drawn that is not used.
            checkpointer.save_or_stop(&self, self.done as f64 / total as f64)?;
            let steps = M::STEPS_A_BLOCK.min(total - self.done);
            let block = self.model.draw(&mut self.members, steps);
            let block = if on_device.is_some() { self.model.at_once(block) } else { block };
            let numbers = on_device.as_ref().map(|_| OnDevice::numbers(&self, steps));
            let mut step = 0;
            while step < steps && self.someone_learns() {
                // Losses are recorded between two of these portions only.
                let until_record = steps_a_record - self.done % steps_a_record;
                let portion = step..steps.min(step + until_record);
                let taken = match (&mut on_device, &numbers) {
                    (Some(on_device), Some(numbers)) => {
                        on_device.step(&mut self, &block, numbers, step);
                        1
                    }
                    _ => self.take(&block, &portion),
                };
                step += taken;
                self.done += taken;
                self.since += taken;
                if self.done.is_multiple_of(steps_a_record) || self.done == total {
                    self.record()?;
                    checkpointer.progress(self.done as f64 / total as f64);
                }
            }
        }
        let parameters = self.kept.parameters.unwrap_or(self.parameters);
        let members = self.members.into_iter().map(|member| member.trained).collect();
        Ok(Trained { model: self.model, parameters, members })
    }

    /// Takes some steps of a block where the model has kernels for them, else the first one; how many it has taken.
    fn take(&mut self, block: &M::Block, steps: &Range<usize>) -> usize {
        if self.take_fused(block, steps) {
            return steps.len();
        }
        self.step(block, steps.start);
        1
    }

    fn step(&mut self, block: &M::Block, index: usize) {
        let mut gradient = self.model.gradient(&self.network, block, index, &mut self.loss);
        if let Some(limit) = self.settings.gradient_clip {
            clip_gradients(&mut gradient, limit);
        }
        let rates: Vec<f64> = (0..self.members.len()).map(|member| self.rate(member, self.done)).collect();
        self.adam.step(&mut self.parameters, &gradient, &Rates::of(&rates, self.loss.device()));
        let learning: Vec<bool> =
            (0..self.members.len()).map(|member| self.done < self.ends_after(member)).collect();
        self.kept.step(&self.parameters, self.done, &learning);
    }

    /// A step whose kernels are always the same, by numbers that are on the device.
    pub(super) fn kernels(&mut self, block: &M::Block, index: usize, numbers: &StepNumbers) {
        let mut gradient = self.model.gradient(&self.network, block, index, &mut self.loss);
        if let Some(limit) = self.settings.gradient_clip {
            clip_gradients(&mut gradient, limit);
        }
        self.adam.step_by(&mut self.parameters, &gradient, numbers);
        self.kept.step_by(&self.parameters, &numbers.pull);
    }

    /// How many steps a member takes, as far as is known: one that has stopped early takes none any more.
    pub(super) fn ends_after(&self, member: usize) -> usize {
        self.members[member].trained.ends_after(self.settings.patience)
    }

    /// The learning rate of a member in a step; zero where it takes none.
    pub(super) fn rate(&self, member: usize, step: usize) -> f64 {
        if step < self.ends_after(member) { self.members[member].trained.rate.at(step) } else { 0.0 }
    }

    fn someone_learns(&self) -> bool {
        (0..self.members.len()).any(|member| self.done < self.ends_after(member))
    }

    /// Records the losses of all members that still learnt.
    fn record(&mut self) -> Result<(), Error> {
        let (done, since) = (self.done, std::mem::take(&mut self.since));
        let mean = (&self.loss / since as f64).to_device(Device::Cpu);
        let training = Vec::<f32>::try_from(&mean).unwrap_or_default();
        let _ = self.loss.zero_();
        let validated = self.kept.validated(&self.parameters);
        let validation = self.model.validation(validated);
        let weights = Weights::of(validated);
        for (index, member) in self.members.iter_mut().enumerate() {
            let per_epoch = member.trained.rate.total as f64 / self.settings.epochs as f64;
            let epoch = done as f64 / per_epoch;
            let loss = Loss { epoch, training: training[index], validation: validation[index] };
            let learnt = done.saturating_sub(since) < member.trained.ends_after(self.settings.patience);
            if let Some(loss) = member.trained.history.finite(loss, weights[index]).filter(|_| learnt) {
                self.kept.record(index, &loss, &self.parameters);
                member.trained.history.losses.push(loss);
            }
        }
        some_are_well(self.members.iter().map(|member| &member.trained.history))
    }
}

#[cfg(test)]
mod tests;
