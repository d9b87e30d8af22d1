//! Trains an ensemble of classifiers together, whatever their network: cross-entropy with weights that make data and template
//! count alike.

use std::ops::Range;

use drapes_analysis::job::Schedule;
use drapes_analysis::plan::cost::looks::VALIDATION_EVENTS_OF_CLASSIFIER;
use tch::{Device, Tensor};

use super::cross_entropy::{Truth, Truths};
use super::family::SmallestFold;
use super::fused_steps::{PerceptronKernel, PerceptronSteps};
use super::member::{ClassRows, Member};
use crate::device::to_device_soon;
use crate::error::Error;
use crate::fused::MemberSteps;
use crate::nn::Layout;
use crate::training::{
    Batches, Checkpointer, Learner, Model, Packed, Recorded, ResultOf, Trained, Training, TrainingHistory,
    TrainingSettings,
};

/// Networks of all members, which know the events of both classes by their rows.
pub trait Networks {
    /// Steps whose events are chosen and moved to the device together. Only between such blocks is a training saved.
    const STEPS_A_BLOCK: usize;

    /// The parameters of a member.
    fn layout(&self) -> &Layout;

    /// The logits of some members, by their places in the ensemble.
    ///
    /// # Shapes
    /// `parameters` `[members, len]`; the result is `[members, events, 1]`.
    fn logits(&self, members: Range<usize>, parameters: &Tensor, drawn: &Drawn<'_>) -> Tensor;

    /// The gradient of the parameters, `[members, len]`, for a gradient of the logits.
    ///
    /// The events may be taken in portions: `d_logits` is given the place of a portion's first event, its logits
    /// `[members, portion, 1]`, and where their gradient belongs, which it writes.
    fn gradient(&self, parameters: &Tensor, drawn: &Drawn<'_>, d_logits: &mut DescendLogits<'_>) -> Tensor;

    /// What networks see of the events of several steps, `[steps, members, events, inputs]`; none where its shape differs from
    /// step to step.
    fn inputs(&self, _of_steps: &Drawn<'_>, _steps: usize) -> Option<Tensor> {
        None
    }

    /// Kernels for these networks on a processor, where there are any.
    fn kernel(&self) -> Option<PerceptronKernel<'_>> {
        None
    }
}

/// Writes the gradient of logits: of a portion whose first event has this place, the logits, and where it belongs.
pub type DescendLogits<'a> = dyn FnMut(usize, &Tensor, &Tensor) + 'a;

/// Events of all members, as many of each, by their rows in the table of both classes.
pub struct Drawn<'a> {
    /// Those of the first member first; none where only the device needs them.
    pub rows: &'a [u32],
    /// The same on the device, `[members · events]`; none where it has their [`Networks::inputs`].
    pub on_device: Option<Tensor>,
    /// What networks see of them, where that is known already.
    pub inputs: Option<Tensor>,
}

/// The settings that all trainings of classifiers share; the others come from the job.
pub const CLASSIFIERS: TrainingSettings = TrainingSettings {
    epochs: 1,
    batch: 1,
    learning_rate: 0.0,
    warmup_steps: 0,
    schedule: Schedule::Cosine,
    weight_decay: 0.0,
    gradient_clip: None,
    result: ResultOf::LastStep,
    recorded: Recorded::EachEpoch,
    patience: None,
};

/// Trained classifiers; none depends on the others.
pub struct Ensemble<N> {
    pub(crate) networks: N,
    /// `[members, len]`
    pub(crate) parameters: Tensor,
}

/// The members that tell apart the classes of one two-sample task, and where its events stand in the table of all.
#[derive(Clone, Copy)]
pub struct TwoSampleMembers<'m> {
    /// The members, which follow each other in the ensemble.
    pub members: &'m [Member],
    /// The row of its first event; its data come first.
    pub first_row: usize,
    /// How many of its rows are data.
    pub n_data: usize,
    /// What each of its members takes.
    pub smallest_fold: SmallestFold,
}

impl TwoSampleMembers<'_> {
    /// The row behind the last one of its data.
    fn data_end(&self) -> usize {
        self.first_row + self.n_data
    }

    /// Rows of the table of all tasks.
    fn rows(&self, of: &ClassRows) -> Vec<u32> {
        of.rows(self.n_data).into_iter().map(|row| row + self.first_row as u32).collect()
    }
}

/// Trains the classifiers of one task or of several together; beside them, the losses of each by epoch.
///
/// # Errors
/// The training of every member diverges, or is told to stop.
pub fn train<N: Networks>(
    networks: N,
    settings: TrainingSettings,
    tasks: &[TwoSampleMembers<'_>],
    device: Device,
    checkpointer: &Checkpointer<'_>,
) -> Result<(Ensemble<N>, Vec<TrainingHistory>), Error> {
    let training = training(networks, settings, tasks, device);
    let Trained { model, parameters, members } = training.run(checkpointer)?;
    let histories = members.into_iter().map(|member| member.history).collect();
    Ok((Ensemble { networks: model.networks, parameters }, histories))
}

/// All members before their first step.
fn training<N: Networks>(
    networks: N,
    settings: TrainingSettings,
    tasks: &[TwoSampleMembers<'_>],
    device: Device,
) -> Training<Classifiers<N>> {
    let (mut learners, mut weights, mut data_ends, mut validation) = (vec![], vec![], vec![], vec![]);
    for task in tasks {
        let first = learners.len();
        let mut rows_of_all = vec![];
        for member in task.members {
            let (rows, kept) = (task.rows(&member.training), task.rows(&member.validation));
            let batches = task.smallest_fold.batches;
            learners.push(Learner::new(rows, kept.len(), batches, &settings, &member.stream));
            // As many of each member, shuffled so that a part of them is a fair sample.
            let count = task.smallest_fold.validation.min(VALIDATION_EVENTS_OF_CLASSIFIER);
            let mut order = Batches::new(kept, count, 1, &member.stream.branch("validation"));
            rows_of_all.extend_from_slice(order.next_batch());
            weights.push(member.training.class_weights().map(|weight| weight as f32));
            data_ends.push(task.data_end());
        }
        validation.push(Validation { members: first..learners.len(), rows: rows_of_all });
    }
    let layout = networks.layout().clone();
    let truths = Truths::new(&weights, &data_ends, device);
    let model = Classifiers { networks, data_ends, weights, truths, validation };
    Training::new(model, &layout, settings, learners, device)
}

impl<N> Ensemble<N> {
    /// Members.
    pub fn members(&self) -> usize {
        self.parameters.size()[0] as usize
    }

    /// The device on which they compute.
    pub fn device(&self) -> Device {
        self.parameters.device()
    }
}

/// Classifiers of all members, as they learn.
struct Classifiers<N> {
    networks: N,
    /// For each member, the row behind the last one of its data.
    data_ends: Vec<usize>,
    /// Loss weights of the classes, data first.
    weights: Vec<[f32; 2]>,
    /// The same on the device.
    truths: Truths,
    /// Of each two-sample task.
    validation: Vec<Validation>,
}

/// Events of a two-sample task that tell how far its members have learnt.
struct Validation {
    /// Their places in the ensemble.
    members: Range<usize>,
    /// Rows, as many for each member.
    rows: Vec<u32>,
}

/// The events of some steps.
enum Block {
    /// By their rows.
    Drawn(Chosen),
    /// What networks see of them, and the fields of [`Truth`], in their order.
    Known(Packed<4>),
}

/// Events that were chosen.
struct Chosen {
    /// Step by step, member by member.
    rows: Vec<u32>,
    /// The same on the device, `[steps, members · batch]`.
    on_device: Tensor,
}

impl Chosen {
    fn step(&self, step: usize) -> Drawn<'_> {
        let on_device = self.on_device.get(step as i64);
        let events = on_device.numel();
        let rows = self.rows.get(step * events..(step + 1) * events).unwrap_or_default();
        Drawn { rows, on_device: Some(on_device), inputs: None }
    }
}

impl<N: Networks> Model for Classifiers<N> {
    /// The parameters themselves: networks may compute in lower precision, with a copy that is made in each step.
    type Network = Tensor;
    type Block = Block;

    const STEPS_A_BLOCK: usize = N::STEPS_A_BLOCK;

    fn network(&self, parameters: &Tensor) -> Tensor {
        parameters.shallow_clone()
    }

    fn draw(&self, members: &mut [Learner], steps: usize) -> Block {
        let mut rows = vec![];
        for _ in 0..steps {
            for member in members.iter_mut() {
                rows.extend_from_slice(member.batches.next_batch());
            }
        }
        let on_device = self.to_device(&rows).reshape([steps as i64, -1]);
        Block::Drawn(Chosen { rows, on_device })
    }

    fn at_once(&self, block: Block) -> Block {
        let Block::Drawn(Chosen { rows, on_device }) = &block else { return block };
        let drawn = Drawn { rows, on_device: Some(on_device.flatten(0, -1)), inputs: None };
        let [steps, members] = [on_device.size()[0], self.members()];
        let Some(inputs) = self.networks.inputs(&drawn, steps as usize) else { return block };
        let Truth { sign, share, slope } = self.truths.of(&on_device.view([steps, members, -1]));
        Block::Known(Packed::of(&[inputs, sign, share, slope]))
    }

    fn alone(&self, block: &Block, step: usize) -> Option<Block> {
        let Block::Known(known) = block else { return None };
        Some(Block::Known(known.alone(step)))
    }

    fn replace(&self, alone: &mut Block, block: &Block, step: usize) {
        if let (Block::Known(alone), Block::Known(block)) = (alone, block) {
            alone.put(block, step);
        }
    }

    fn gradient(&self, parameters: &Tensor, block: &Block, step: usize, loss: &mut Tensor) -> Tensor {
        let (drawn, truth) = match block {
            Block::Known(known) => {
                let [inputs, sign, share, slope] = known.step(step);
                let drawn = Drawn { rows: &[], on_device: None, inputs: Some(inputs) };
                (drawn, Truth { sign, share, slope })
            }
            Block::Drawn(chosen) => {
                let rows = chosen.on_device.get(step as i64).view([self.members(), -1]);
                (chosen.step(step), self.truths.of(&rows))
            }
        };
        self.networks.gradient(parameters, &drawn, &mut |first, logits, d_logits| {
            truth.portion(first, logits.size()[1]).descend(logits, loss, d_logits);
        })
    }

    fn fused<'a>(&'a self, block: &'a Block) -> Option<Box<dyn MemberSteps + 'a>> {
        let Block::Drawn(Chosen { rows, on_device }) = block else { return None };
        let kernel = self.networks.kernel()?;
        let weights = self.weights.clone();
        let batch = on_device.size()[1] as usize / weights.len();
        let data_ends = &self.data_ends;
        Some(Box::new(PerceptronSteps { kernel, rows, batch, data_ends, weights }))
    }

    fn validation(&self, parameters: &Tensor, wanted: &[bool]) -> Vec<Option<f32>> {
        // Members of a two-sample task have as many batches, hence their records are due together.
        let losses = |of_task: &Validation| {
            if wanted[of_task.members.clone()].contains(&true) {
                self.losses(parameters, of_task)
            } else {
                vec![None; of_task.members.len()]
            }
        };
        self.validation.iter().flat_map(losses).collect()
    }
}

impl<N: Networks> Classifiers<N> {
    /// The losses of the members of a task on events that they do not learn from; none where there are none.
    fn losses(&self, parameters: &Tensor, Validation { members, rows }: &Validation) -> Vec<Option<f32>> {
        if rows.is_empty() {
            return vec![None; members.len()];
        }
        let of_task = |of_all: &Tensor| of_all.narrow(0, members.start as i64, members.len() as i64);
        let on_device = self.to_device(rows);
        let truth = self.truths.of_some(members).of(&on_device.view([members.len() as i64, -1]));
        let drawn = Drawn { rows, on_device: Some(on_device), inputs: None };
        let logits = self.networks.logits(members.clone(), &of_task(parameters), &drawn);
        // One member after the other: the order in which libtorch adds up goes by how many there are beside it.
        let loss = |member: usize| {
            let Truth { sign, share, slope } = &truth;
            let own = |of_all: &Tensor| of_all.narrow(0, member as i64, 1);
            let truth = Truth { sign: own(sign), share: own(share), slope: own(slope) };
            truth.loss(&own(&logits)).double_value(&[0]) as f32
        };
        (0..members.len()).map(|member| Some(loss(member))).collect()
    }
}

impl<N> Classifiers<N> {
    fn members(&self) -> i64 {
        self.weights.len() as i64
    }

    fn to_device(&self, rows: &[u32]) -> Tensor {
        let rows: Vec<i64> = rows.iter().map(|row| i64::from(*row)).collect();
        to_device_soon(&Tensor::from_slice(&rows), self.truths.device())
    }
}

#[cfg(test)]
mod kernel_tests;
