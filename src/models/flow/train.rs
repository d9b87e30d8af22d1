//! Trains an ensemble of flows together in the loop of [`crate::training`].

use drapes_analysis::job::{FlowNetwork, FlowSettings, Schedule};
use drapes_analysis::plan::cost::looks::VALIDATION_EVENTS;
use drapes_analysis::plan::random_stream::Stream;
use ndarray::Array2;
use tch::{Device, Tensor};

use super::kernel::{FlowKernel, FlowSteps};
use super::network::Flow;
use super::objective::{GradientBuffers, Objective, Output};
use super::shape::FlowShape;
use crate::device::to_device_soon;
use crate::error::Error;
use crate::fused::MemberSteps;
use crate::sample::marginals::ColumnMaps;
use crate::training::{
    Checkpointer, Learner, Model, Recorded, ResultOf, TooFew, Trained, TrainedMember, Training,
    TrainingSettings, next_rows, put_step, step_alone,
};

/// Steps that are taken between two looks at the clock. Between blocks the state of a member goes into a kernel and back, which
/// takes about as long as half a step.
pub const STEPS_A_BLOCK: usize = 8;
/// The words of the error where events are not enough.
const TOO_FEW: TooFew =
    TooFew { region: "a flow's events", what: "events", advice: "lower flow.batch or widen the side-bands" };

/// The events of one member, in their own units, and how they are mapped.
pub struct FlowEvents {
    /// `(events, features + 1)`: the features, then the mass.
    pub rows: Array2<f32>,
    /// Their own maps, or those of the base density.
    pub maps: ColumnMaps,
    /// Where this member's random numbers begin.
    pub stream: Stream,
    /// Decides which events are kept aside.
    pub split: Stream,
}

/// A trained ensemble of flows.
pub struct TrainedFlows {
    /// `[members, len]`
    pub parameters: Tensor,
    /// How each member has learnt. Losses are the mean negative ln of the density of mapped events.
    pub members: Vec<TrainedMember>,
    /// The share of each member's feature values that lie in the tails, where a flow changes nothing.
    pub in_tails: Vec<f64>,
}

/// Trains all members together; a member's result does not depend on the others.
///
/// # Errors
/// A member has fewer events than a batch, or the losses of all members leave the finite numbers. (Where only some do,
/// their histories say so: members never mix, and the others are as good as alone.)
///
/// # Panics
/// If there are no members.
pub fn train(
    shape: FlowShape,
    (settings, network): (&FlowSettings, &FlowNetwork),
    objective: &Objective,
    members: &[FlowEvents],
    device: Device,
    checkpointer: &Checkpointer<'_>,
) -> Result<TrainedFlows, Error> {
    let training = training(shape, (settings, network), objective, members, device)?;
    let Trained { model, parameters, members } = training.run(checkpointer)?;
    Ok(TrainedFlows { parameters, members, in_tails: model.in_tails })
}

/// All members before their first step.
fn training<'a>(
    shape: FlowShape,
    (settings, network): (&FlowSettings, &FlowNetwork),
    objective: &'a Objective,
    members: &[FlowEvents],
    device: Device,
) -> Result<Training<FlowsModel<'a>>, Error> {
    let recipe = recipe(settings, network);
    let (mut all, mut learners, mut kept_aside, mut in_tails) = (vec![], vec![], vec![], vec![]);
    let mut offset = 0;
    for member in members {
        let spread = &mut member.stream.branch("spread").generator();
        let rows = member.maps.forward(member.rows.view(), spread);
        let own = next_rows(offset, rows.nrows())?;
        offset = own.end;
        let chance = (settings.validation_fraction, &member.split);
        let (learner, kept) = Learner::of_some(own.collect(), chance, &recipe, &member.stream, &TOO_FEW)?;
        let features = rows.slice(ndarray::s![.., ..shape.conditioner.features]);
        let outside = features.iter().filter(|x| f64::from(x.abs()) >= settings.tail).count();
        in_tails.push(outside as f64 / features.len() as f64);
        learners.push(learner);
        kept_aside.push(kept);
        all.extend(rows);
    }
    let columns = shape.conditioner.features as i64 + 1;
    let kernel = FlowKernel::new(shape, objective, &all, device);
    let events = Tensor::from_slice(&all).reshape([-1, columns]).to_device(device);
    for kept in &mut kept_aside {
        // Pairs need an even number.
        kept.truncate(kept.len().min(VALIDATION_EVENTS) / 2 * 2);
    }
    let batch = settings.batch;
    let model = FlowsModel { shape, objective, kernel, batch, events, kept_aside, in_tails };
    Ok(Training::new(model, &shape.layout(), recipe, learners, device))
}

fn recipe(settings: &FlowSettings, network: &FlowNetwork) -> TrainingSettings {
    TrainingSettings {
        epochs: network.epochs,
        batch: settings.batch,
        learning_rate: network.learning_rate,
        warmup_steps: 0,
        schedule: Schedule::Cosine,
        weight_decay: 0.0,
        gradient_clip: Some(settings.gradient_clip),
        result: ResultOf::RecordedMoment(settings.kept),
        recorded: Recorded::FiftyTimes,
        patience: None,
    }
}

/// Flows of all members, as they learn.
struct FlowsModel<'a> {
    shape: FlowShape,
    objective: &'a Objective,
    /// What takes the steps, where a processor does.
    kernel: Option<FlowKernel>,
    batch: usize,
    /// `[events of all members, features + 1]`, mapped.
    events: Tensor,
    /// Those that a member does not learn from.
    kept_aside: Vec<Vec<u32>>,
    in_tails: Vec<f64>,
}

impl Model for FlowsModel<'_> {
    /// Flows, and where their gradients are put.
    type Network = (Flow, GradientBuffers);
    /// Which events of all members the steps see, `[steps, members · batch]`.
    type Block = Tensor;

    const STEPS_A_BLOCK: usize = STEPS_A_BLOCK;

    fn network(&self, parameters: &Tensor) -> (Flow, GradientBuffers) {
        let flow = Flow::over(self.shape, parameters);
        let buffers = GradientBuffers::new(self.objective, &flow);
        (flow, buffers)
    }

    fn draw(&self, members: &mut [Learner], steps: usize) -> Tensor {
        let mut chosen: Vec<u32> = vec![];
        for _ in 0..steps {
            for member in &mut *members {
                chosen.extend_from_slice(member.batches.next_batch());
            }
        }
        to_device_soon(&numbers(&chosen).reshape([steps as i64, -1]), self.events.device())
    }

    fn alone(&self, block: &Tensor, step: usize) -> Option<Tensor> {
        Some(step_alone(block, step))
    }

    fn replace(&self, alone: &mut Tensor, block: &Tensor, step: usize) {
        put_step(alone, block, step);
    }

    fn gradient(
        &self,
        (flow, buffers): &(Flow, GradientBuffers),
        block: &Tensor,
        step: usize,
        loss: &mut Tensor,
    ) -> Tensor {
        let rows = pick(&self.events, &block.get(step as i64), loss.size()[0]);
        let found = self.objective.evaluate(flow, &rows, &Output::Gradient(buffers));
        *loss += found.loss;
        found.gradient.expect("it was wanted")
    }

    fn fused<'b>(&'b self, block: &'b Tensor) -> Option<Box<dyn MemberSteps + 'b>> {
        let kernel = self.kernel.as_ref()?;
        let rows = Vec::<i64>::try_from(&block.flatten(0, -1)).ok()?;
        let rows = rows.into_iter().map(|row| row as u32).collect();
        Some(Box::new(FlowSteps { kernel, rows, batch: self.batch, members: self.kept_aside.len() }))
    }

    fn validation(&self, parameters: &Tensor, wanted: &[bool]) -> Vec<Option<f32>> {
        let loss = |(member, rows): (usize, &Vec<u32>)| {
            let own = parameters.narrow(0, member as i64, 1);
            (wanted[member] && !rows.is_empty()).then(|| match &self.kernel {
                Some(kernel) => kernel.loss(member, &own, rows),
                None => self.loss(member, &own, rows),
            })
        };
        self.kept_aside.iter().enumerate().map(loss).collect()
    }
}

impl FlowsModel<'_> {
    /// The mean loss of a member with these parameters over some events, by tensors.
    fn loss(&self, member: usize, parameters: &Tensor, rows: &[u32]) -> f32 {
        let rows = pick(&self.events, &numbers(rows).to_device(self.events.device()), 1);
        let flow = Flow::over(self.shape, parameters);
        let found = self.objective.of_member(member).evaluate(&flow, &rows, &Output::Loss);
        found.loss.double_value(&[0]) as f32
    }
}

fn numbers(rows: &[u32]) -> Tensor {
    Tensor::from_slice(&rows.iter().map(|row| i64::from(*row)).collect::<Vec<_>>())
}

/// Events, as many for each of so many members.
///
/// # Shapes
/// `chosen` `[members · events]`; the result is `[members, features + 1, events]`.
fn pick(events: &Tensor, chosen: &Tensor, members: i64) -> Tensor {
    events.index_select(0, chosen).view([members, -1, events.size()[1]]).transpose(1, 2).contiguous()
}

#[cfg(test)]
mod kernel_tests;
#[cfg(test)]
mod tests;
