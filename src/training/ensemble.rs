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
    pub(super) layout: Layout,
    pub(crate) network: M::Network,
    pub(super) adam: Adam,
    pub(super) kept: FinalParameters,
    pub(crate) members: Vec<Learner>,
    /// How many steps each member takes, as far as is known.
    ends: Vec<usize>,
    /// Steps taken.
    pub(super) done: usize,
    /// Sum of each member's training losses since they were last recorded, `[members]`.
    pub(super) loss: Tensor,
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
            layout: layout.clone(),
            ends: members.iter().map(|member| member.trained.ends_after(settings.patience)).collect(),
            members,
            done: 0,
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
        self.find_ends();
        let _own_stream = OwnStream::begin(self.loss.device());
        // Members with fewer events have fewer steps, and rest while the others go on.
        let total = self.members.iter().map(|member| member.trained.rate.total).max().unwrap_or(0);
        while self.done < total && self.someone_learns() {
            // Between blocks no random number is drawn that is not used.
            checkpointer.save_or_stop(&self, self.done as f64 / total as f64)?;
            let steps = M::STEPS_A_BLOCK.min(total - self.done);
            let block = self.model.draw(&mut self.members, steps);
            let block = if on_device.is_some() { self.model.at_once(block) } else { block };
            let numbers = on_device.as_ref().map(|_| OnDevice::numbers(&self, steps));
            let mut step = 0;
            while step < steps && self.someone_learns() {
                let taken = match (&mut on_device, &numbers) {
                    (Some(on_device), Some(numbers)) => {
                        on_device.step(&mut self, &block, numbers, step);
                        1
                    }
                    // Losses are recorded between two of these portions only.
                    _ => self.take(&block, &(step..steps.min(step + self.until_record()))),
                };
                step += taken;
                self.done += taken;
                if self.record()? == LossesWere::Recorded {
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
        self.ends[member]
    }

    /// Finds out which members have learnt enough.
    fn find_ends(&mut self) {
        let of = |member: &Learner| member.trained.ends_after(self.settings.patience);
        self.ends = self.members.iter().map(of).collect();
    }

    /// The learning rate of a member in a step; zero where it takes none.
    pub(super) fn rate(&self, member: usize, step: usize) -> f64 {
        if step < self.ends_after(member) { self.members[member].trained.rate.at(step) } else { 0.0 }
    }

    fn someone_learns(&self) -> bool {
        (0..self.members.len()).any(|member| self.done < self.ends_after(member))
    }

    /// Steps between two records of a member, by its own epochs: it is recorded when it would be without the others.
    fn steps_a_record(&self, member: usize) -> usize {
        self.settings.steps_a_record(self.members[member].trained.rate.total)
    }

    /// Steps that a member has taken since its last record, if it still learns: none of one that was recorded just now.
    fn since_record(&self, member: usize) -> usize {
        self.done % self.steps_a_record(member)
    }

    /// Steps until the losses of some member are recorded.
    fn until_record(&self) -> usize {
        let learning = (0..self.members.len()).filter(|member| self.done < self.ends_after(*member));
        let until = learning.map(|member| {
            let until_end = self.ends_after(member) - self.done;
            until_end.min(self.steps_a_record(member) - self.since_record(member))
        });
        until.min().unwrap_or(1)
    }

    /// For each member, the steps of which the losses are to be recorded now, if they are.
    fn due(&self) -> Vec<Option<usize>> {
        let of = |member: usize| {
            let (last, since) = (self.ends_after(member), self.since_record(member));
            match since {
                0 if self.done <= last => Some(self.steps_a_record(member)),
                _ if self.done == last => Some(since),
                _ => None,
            }
        };
        (0..self.members.len()).map(of).collect()
    }

    /// Records the losses of the members that are due.
    fn record(&mut self) -> Result<LossesWere, Error> {
        let due = self.due();
        let wanted: Vec<bool> = due.iter().map(Option::is_some).collect();
        if !wanted.contains(&true) {
            return Ok(LossesWere::NotRecorded);
        }
        let sums = Vec::<f32>::try_from(&self.loss.to_device(Device::Cpu)).unwrap_or_default();
        let over = Tensor::from_slice(&wanted).to_device(self.loss.device());
        let _ = self.loss.masked_fill_(&over, 0.0);
        let validated = self.kept.validated(&self.parameters);
        let validation = self.model.validation(validated, &wanted);
        let weights = Weights::of(validated);
        for (index, steps) in due.into_iter().enumerate() {
            let (Some(steps), member) = (steps, &mut self.members[index]) else { continue };
            let per_epoch = member.trained.rate.total as f64 / self.settings.epochs as f64;
            let epoch = self.done as f64 / per_epoch;
            let loss = Loss { epoch, training: sums[index] / steps as f32, validation: validation[index] };
            if let Some(loss) = member.trained.history.finite(loss, weights[index]) {
                self.kept.record(index, &loss, &self.parameters);
                member.trained.history.losses.push(loss);
            }
        }
        self.find_ends();
        some_are_well(self.members.iter().map(|member| &member.trained.history))?;
        Ok(LossesWere::Recorded)
    }
}

/// Whether the losses of some member were recorded.
#[derive(PartialEq, Eq)]
enum LossesWere {
    Recorded,
    NotRecorded,
}

#[cfg(test)]
mod tests;
