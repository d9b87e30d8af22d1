//! Training an ensemble of classifiers together, whatever their network.

use drapes_analysis::job::Schedule;
use drapes_analysis::record::Loss;
use drapes_analysis::stream::Stream;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::judges::Least;
use super::member::Member;
use crate::batches::{Batches, BatchesState, restored_batches};
use crate::checkpoint::{Keeper, Resumable, Snapshot};
use crate::error::Error;
use crate::history::{History, Weights, some_are_well};
use crate::nn::{Adam, Layout, LearningRate, Rates};

/// Validation losses use at most so many events.
const VALIDATION_EVENTS: usize = 4096;

/// Networks of all members, which know the events of both classes by their rows.
pub trait Networks {
    /// Steps whose events are chosen and moved to the device together. Only between such blocks is a training saved.
    const STEPS_A_BLOCK: usize;

    /// The parameters of a member.
    fn layout(&self) -> &Layout;

    /// The logits.
    ///
    /// # Shapes
    /// `parameters` `[members, len]`; the result is `[members, events, 1]`.
    fn logits(&self, parameters: &Tensor, drawn: &Drawn<'_>) -> Tensor;

    /// The gradient of the parameters, `[members, len]`, for a gradient of the logits.
    ///
    /// The events may be taken in portions: `d_logits` is given the place of a portion's first event and its logits
    /// `[members, portion, 1]`, and answers with their gradient.
    fn gradient(
        &self,
        parameters: &Tensor,
        drawn: &Drawn<'_>,
        d_logits: &mut dyn FnMut(usize, &Tensor) -> Tensor,
    ) -> Tensor;
}

/// Events of all members, as many of each, by their rows in the table of both classes.
pub struct Drawn<'a> {
    /// Those of the first member first.
    pub rows: &'a [u32],
    /// The same on the device, `[members · events]`.
    pub on_device: Tensor,
}

/// How networks are trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Passes over the training parts.
    pub epochs: usize,
    /// Events a step.
    pub batch: usize,
    /// Learning rate at the start of the cosine schedule.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
}

/// Classifiers that train together; none depends on the others.
pub struct Ensemble<N> {
    pub(crate) networks: N,
    /// `[members, len]`
    pub(crate) parameters: Tensor,
    pub(crate) device: Device,
    n_data: i64,
    /// Loss weights of the classes, `[members, 1, 1]`.
    data_weight: Tensor,
    template_weight: Tensor,
    adam: Adam,
    batch: usize,
    batches: Vec<Batches>,
    /// Rows of validation events, as many for each member.
    validation: Vec<u32>,
    rate: LearningRate,
    steps_per_epoch: usize,
    /// Steps taken.
    done: usize,
    /// Sum of the training losses of this epoch, `[members]`.
    sum: Tensor,
    /// Of each member, by epoch.
    histories: Vec<History>,
}

impl<N: Networks> Ensemble<N> {
    /// An ensemble before its first step; the first `n_data` rows are data.
    pub fn new(
        networks: N,
        recipe: Recipe,
        members: &[Member],
        n_data: usize,
        least: Least,
        device: Device,
    ) -> Self {
        let weights: Vec<[f32; 2]> = members
            .iter()
            .map(|member| member.training.class_weights().map(|weight| weight as f32))
            .collect();
        let class = |index: usize| {
            let weights: Vec<f32> = weights.iter().map(|weights| weights[index]).collect();
            Tensor::from_slice(&weights).reshape([-1, 1, 1]).to_device(device)
        };
        let batches = members.iter().map(|member| {
            Batches::new(member.training.rows(n_data), recipe.batch, least.batches, &member.stream)
        });
        let streams: Vec<Stream> = members.iter().map(|member| member.stream.clone()).collect();
        let parameters = networks.layout().initial(&streams, device);
        let total = recipe.epochs * least.batches;
        Self {
            networks,
            device,
            n_data: n_data as i64,
            data_weight: class(0),
            template_weight: class(1),
            adam: Adam::new(&parameters, recipe.weight_decay),
            parameters,
            batch: recipe.batch,
            batches: batches.collect(),
            validation: validation_rows(members, n_data, least.validation.min(VALIDATION_EVENTS)),
            rate: LearningRate { peak: recipe.learning_rate, warmup: 0, total, schedule: Schedule::Cosine },
            steps_per_epoch: least.batches,
            done: 0,
            sum: Tensor::zeros([members.len() as i64], (Kind::Float, device)),
            histories: vec![History::default(); members.len()],
        }
    }

    /// Members.
    pub fn members(&self) -> usize {
        self.batches.len()
    }

    /// Trains all epochs; the losses of each member by epoch.
    ///
    /// # Errors
    /// The training of every member diverges, or is told to stop.
    pub fn train(&mut self, keeper: &Keeper<'_>) -> Result<Vec<History>, Error> {
        keeper.resume(self);
        while self.done < self.rate.total {
            // Between blocks no random number is drawn that is not used.
            keeper.rest(self, self.done as f64 / self.rate.total as f64)?;
            let steps = N::STEPS_A_BLOCK.min(self.steps_per_epoch - self.done % self.steps_per_epoch);
            let block = self.draw(steps);
            let on_device = self.to_device(&block).reshape([steps as i64, -1]);
            for (step, rows) in block.chunks_exact(self.members() * self.batch).enumerate() {
                self.step(&Drawn { rows, on_device: on_device.get(step as i64) });
            }
            if self.done.is_multiple_of(self.steps_per_epoch) {
                self.record()?;
                keeper.progress(self.done as f64 / self.rate.total as f64);
            }
        }
        Ok(std::mem::take(&mut self.histories))
    }

    fn step(&mut self, drawn: &Drawn<'_>) {
        let truth = self.truth(drawn);
        let mut sum = self.sum.shallow_clone();
        let gradient = self.networks.gradient(&self.parameters, drawn, &mut |first, logits| {
            let events = logits.size()[1];
            let (loss, d_logits) = self.loss_and_gradient(logits, &truth.narrow(1, first as i64, events));
            // The mean over a portion counts for its share of the batch.
            let share = events as f64 / self.batch as f64;
            sum += loss * share;
            d_logits / self.batch as f64
        });
        let rate = self.rate.at(self.done);
        self.adam.step(&mut self.parameters, &gradient, &Rates::Same(rate));
        self.done += 1;
    }

    /// Records the losses of an epoch that has just ended.
    fn record(&mut self) -> Result<(), Error> {
        let epoch = (self.done / self.steps_per_epoch) as f64;
        let mean = (&self.sum / self.steps_per_epoch as f64).to_device(Device::Cpu);
        let training = Vec::<f32>::try_from(&mean).unwrap_or_default();
        let _ = self.sum.zero_();
        let validation = self.validation_loss();
        let weights = Weights::of(&self.parameters);
        for (member, history) in self.histories.iter_mut().enumerate() {
            let validation = validation.as_ref().map(|losses| losses[member]);
            let finite =
                history.finite(Loss { epoch, training: training[member], validation }, weights[member]);
            history.losses.extend(finite);
        }
        some_are_well(&self.histories)
    }

    /// The events of the next steps: step by step, member by member.
    fn draw(&mut self, steps: usize) -> Vec<u32> {
        let mut rows = Vec::with_capacity(steps * self.members() * self.batch);
        for _ in 0..steps {
            for batches in &mut self.batches {
                rows.extend_from_slice(batches.next_batch());
            }
        }
        rows
    }

    fn to_device(&self, rows: &[u32]) -> Tensor {
        let rows: Vec<i64> = rows.iter().map(|row| i64::from(*row)).collect();
        Tensor::from_slice(&rows).to_device(self.device)
    }

    /// The classes of events, 1 for data, `[members, events, 1]`.
    fn truth(&self, drawn: &Drawn<'_>) -> Tensor {
        drawn.on_device.lt(self.n_data).to_kind(Kind::Float).view([self.members() as i64, -1, 1])
    }

    /// Weighted binary cross-entropy of each member, its mean `[members]`, and the gradient of its sum.
    fn loss_and_gradient(&self, logits: &Tensor, truth: &Tensor) -> (Tensor, Tensor) {
        let weight = truth * (&self.data_weight - &self.template_weight) + &self.template_weight;
        let d_logits = (logits.sigmoid() - truth) * &weight;
        // ln(1 + e^z) − y z, without overflow.
        let entropy = (logits.softplus() - truth * logits) * weight;
        (entropy.mean_dim([1_i64, 2].as_slice(), false, Kind::Float), d_logits)
    }

    fn validation_loss(&self) -> Option<Vec<f32>> {
        if self.validation.is_empty() {
            return None;
        }
        let drawn = Drawn { rows: &self.validation, on_device: self.to_device(&self.validation) };
        let logits = self.networks.logits(&self.parameters, &drawn);
        let (loss, _) = self.loss_and_gradient(&logits, &self.truth(&drawn));
        Vec::<f32>::try_from(&loss.to_device(Device::Cpu)).ok()
    }
}

/// Validation rows of all members, shuffled so that a part of them is a fair sample.
fn validation_rows(members: &[Member], n_data: usize, count: usize) -> Vec<u32> {
    let mut chosen = Vec::with_capacity(count * members.len());
    for member in members {
        let rows = member.validation.rows(n_data);
        let mut order = Batches::new(rows, count, 1, &member.stream.branch("validation"));
        chosen.extend_from_slice(order.next_batch());
    }
    chosen
}

/// What a checkpoint holds besides tensors and orders of events.
#[derive(Serialize, Deserialize)]
struct Stand {
    done: usize,
    adam_steps: i32,
    histories: Vec<History>,
    batches: Vec<BatchesState>,
}

impl<N> Resumable for Ensemble<N> {
    fn snapshot(&self) -> Snapshot {
        let ([first, second], adam_steps) = self.adam.state();
        let tensors = [&self.parameters, first, second, &self.sum].map(Tensor::shallow_clone);
        let stand = Stand {
            done: self.done,
            adam_steps,
            histories: self.histories.clone(),
            batches: self.batches.iter().map(Batches::state).collect(),
        };
        let orders = self.batches.iter().map(|batches| batches.order().to_vec());
        Snapshot::new(tensors.into(), orders.collect(), &stand)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Option<()> {
        let stand: Stand = snapshot.rest()?;
        if stand.histories.len() != self.histories.len() {
            return None;
        }
        // All that can be wrong is looked at before anything changes: tensors come last, and are taken all or none.
        let batches = restored_batches(&self.batches, stand.batches, &snapshot.lists)?;
        let ([first, second], adam_steps) = self.adam.state_mut();
        snapshot.copy_tensors(&mut [&mut self.parameters, first, second, &mut self.sum])?;
        *adam_steps = stand.adam_steps;
        self.batches = batches;
        (self.done, self.histories) = (stand.done, stand.histories);
        Some(())
    }
}
