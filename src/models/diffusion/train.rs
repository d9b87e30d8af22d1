//! Trains an ensemble of denoisers D(x; σ, m) on side-band events.

use drapes_analysis::job::DenoiserSettings;
use drapes_analysis::plan::cost::looks::VALIDATION_EVENTS;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::store::record::NoiseLoss;
use ndarray::Array2;
use tch::{Device, Tensor};

use super::by_noise::{self, Probe};
use super::denoiser::{Denoiser, DenoiserShape};
use super::fused_steps::{DenoiserKernel, DenoiserSteps};
use super::noisy::Noisy;
use crate::device::to_device_soon;
use crate::error::Error;
use crate::fused::MemberSteps;
use crate::nn::{Layout, ResNet};
use crate::sample::marginals::ColumnMaps;
use crate::training::{
    Averaging, Checkpointer, Learner, Model, Noise, Packed, StepNormals, TooFew, Trained, TrainedMember,
    Training, denoiser_recipe, next_rows,
};

/// The words of the error where events are not enough.
const TOO_FEW: TooFew = TooFew {
    region: "the side-bands",
    what: "events",
    advice: "lower denoiser.batch or widen the side-bands",
};
/// Steps whose events are chosen and moved to the device together, and whose noise a GPU computes at once.
pub const STEPS_A_BLOCK: usize = 32;

/// How the settings of a job have the weights averaged.
fn averaging(settings: &DenoiserSettings) -> Averaging {
    if settings.ema_width > 0.0 {
        Averaging::of_width(settings.ema_width)
    } else {
        Averaging::Decay(settings.ema_decay)
    }
}

/// The events of one member.
pub struct TrainingEvents {
    /// `(events, features + 1)`: the features, then the mass, in their own units.
    pub rows: Array2<f32>,
    /// Where this member's random numbers begin.
    pub stream: Stream,
}

/// A trained ensemble of denoisers, of events or of jets.
pub struct TrainedDenoisers<D> {
    /// The running averages of the weights.
    pub denoiser: D,
    /// How each member has learnt.
    pub members: Vec<TrainedMember>,
    /// Losses of each member's finished model by noise strength; none of one that diverged.
    pub by_noise: Vec<Vec<NoiseLoss>>,
}

/// Trains all members together; a member's result does not depend on the others.
///
/// # Errors
/// A member has fewer events than a batch, or all members leave the finite numbers. (Where only some do, their histories
/// say so: members never mix, and the others are as good as without them.)
///
/// # Panics
/// If there are no members.
///
/// Source: the paper, section 3.1. Differs from the paper: by default the squared error is taken of the
/// network's own target, without which small noise strengths have no weight.
pub fn train(
    shape: DenoiserShape,
    settings: &DenoiserSettings,
    members: &[TrainingEvents],
    device: Device,
    checkpointer: &Checkpointer<'_>,
) -> Result<TrainedDenoisers<Denoiser>, Error> {
    let Trained { model, parameters, mut members } =
        training(shape, settings, members, device)?.run(checkpointer)?;
    let DenoiserModel { layout, maps, learnt, validation, .. } = model;
    let denoiser = Denoiser::new(shape, layout.without_padding(&parameters), maps);
    let by_noise = by_noise::members_by_noise(&mut members, settings.epochs, |member| {
        let (learnt, kept) = (learnt[member].as_ref(), validation[member].as_ref());
        by_noise::losses(&denoiser.member(member), learnt, kept)
    })?;
    Ok(TrainedDenoisers { denoiser, members, by_noise })
}

/// All members before their first step.
fn training<'a>(
    shape: DenoiserShape,
    settings: &'a DenoiserSettings,
    members: &[TrainingEvents],
    device: Device,
) -> Result<Training<DenoiserModel<'a>>, Error> {
    let recipe = denoiser_recipe!(settings, averaging(settings));
    let (mut all, mut maps, mut learners, mut kept_aside) = (vec![], vec![], vec![], vec![]);
    let mut offset = 0;
    for TrainingEvents { rows, stream } in members {
        let map = ColumnMaps::of(rows.view(), settings.marginals);
        // A stream of its own: members whose columns need no spreading learn what they learnt without it.
        let rows = map.forward(rows.view(), &mut stream.branch("spread").generator());
        let own = next_rows(offset, rows.nrows())?;
        offset = own.end;
        let chance = (settings.validation_fraction, &stream.branch("validation"));
        let (learner, kept) = Learner::of_some(own.collect(), chance, &recipe, stream, &TOO_FEW)?;
        learners.push(learner);
        kept_aside.push(kept);
        all.extend(rows);
        maps.push(map);
    }
    let columns = shape.features as i64 + 1;
    let kernel = DenoiserKernel::new(shape, settings, &all, device);
    let events = Tensor::from_slice(&all).reshape([-1, columns]).to_device(device);
    let probe = |chosen: &[u32], stream: Stream| probe(&events, chosen, &stream);
    let each = || members.iter().map(|member| &member.stream);
    let validation = kept_aside.iter().zip(each());
    let validation =
        validation.map(|(kept, stream)| probe(kept, stream.branch("validation noise"))).collect();
    let learnt = learners.iter().zip(each());
    let learnt = learnt.map(|(own, stream)| probe(own.batches.order(), stream.branch("training check")));
    let (learnt, layout) = (learnt.collect(), shape.layout_on(device));
    let model =
        DenoiserModel { shape, settings, layout: layout.clone(), kernel, events, maps, validation, learnt };
    Ok(Training::new(model, &layout, recipe, learners, device))
}

/// Denoisers of all members, as they learn.
struct DenoiserModel<'a> {
    shape: DenoiserShape,
    settings: &'a DenoiserSettings,
    layout: Layout,
    /// What takes the steps, where a processor does.
    kernel: Option<DenoiserKernel>,
    /// `[events of all members, features + 1]`, mapped.
    events: Tensor,
    maps: Vec<ColumnMaps>,
    /// Events that a member does not learn from.
    validation: Vec<Option<Probe>>,
    /// A sample of the events that each member learns from.
    learnt: Vec<Option<Probe>>,
}

/// Random numbers of several steps.
enum Block {
    /// As they were drawn.
    Drawn(Draws),
    /// The fields of [`Noisy`], in their order.
    Noisy(Packed<4>),
}

/// What was drawn.
struct Draws {
    /// `[steps, members · batch]`
    events: Tensor,
    /// Of a member and step `[batch, 1 + features]`: of the noise strength, of the noise.
    normals: StepNormals,
}

impl DenoiserModel<'_> {
    /// The noisy events of some steps.
    ///
    /// # Shapes
    /// `events` `[…, members · batch]`, as many steps as `normals` has.
    fn noisy(&self, events: &Tensor, normals: &Tensor) -> Noisy {
        let (batch, columns) = (self.settings.batch as i64, self.shape.features as i64 + 1);
        let steps = &events.size()[..events.dim() - 1];
        let shape = [steps, &[-1, batch, columns]].concat();
        let rows = self.events.index_select(0, &events.flatten(0, -1)).reshape(&shape[..]);
        let noisy = Noisy::new(&self.shape, self.settings, &rows, &normals.reshape(&shape[..]));
        noisy.padded([self.shape.inputs(), self.shape.features].map(|count| self.layout.with_padding(count)))
    }
}

impl Model for DenoiserModel<'_> {
    type Network = ResNet;
    type Block = Block;

    const STEPS_A_BLOCK: usize = STEPS_A_BLOCK;

    fn network(&self, parameters: &Tensor) -> ResNet {
        self.shape.networks(&self.layout, parameters)
    }

    fn draw(&self, members: &mut [Learner], steps: usize) -> Block {
        let (batch, columns) = (self.settings.batch, self.shape.features + 1);
        let mut events = Vec::with_capacity(steps * members.len() * batch);
        for _ in 0..steps {
            for Learner { batches, .. } in &mut *members {
                events.extend(batches.next_batch().iter().map(|event| i64::from(*event)));
            }
        }
        let events = Tensor::from_slice(&events).reshape([steps as i64, -1]);
        let noise = members.iter_mut().map(|member| &mut member.noise);
        Block::Drawn(Draws {
            events: to_device_soon(&events, self.events.device()),
            normals: StepNormals::of(noise, steps, batch * columns),
        })
    }

    fn at_once(&self, block: Block) -> Block {
        let Block::Drawn(Draws { events, normals }) = &block else { return block };
        let normals = normals.on_device(self.events.device());
        let Noisy { input, target, slope, share } = self.noisy(events, &normals);
        Block::Noisy(Packed::of(&[input, target, slope, share]))
    }

    fn alone(&self, block: &Block, step: usize) -> Option<Block> {
        let Block::Noisy(noisy) = block else { return None };
        Some(Block::Noisy(noisy.alone(step)))
    }

    fn replace(&self, alone: &mut Block, block: &Block, step: usize) {
        if let (Block::Noisy(alone), Block::Noisy(block)) = (alone, block) {
            alone.put(block, step);
        }
    }

    fn gradient(&self, network: &ResNet, block: &Block, step: usize, loss: &mut Tensor) -> Tensor {
        let noisy = match block {
            Block::Noisy(noisy) => {
                let [input, target, slope, share] = noisy.step(step);
                Noisy { input, target, slope, share }
            }
            Block::Drawn(Draws { events, normals }) => {
                let normals = normals.of_step(step).to_device(self.events.device());
                self.noisy(&events.get(step as i64), &normals)
            }
        };
        network.gradient(&noisy.input, |out, place| noisy.descend(out, loss, place))
    }

    fn fused<'b>(&'b self, block: &'b Block) -> Option<Box<dyn MemberSteps + 'b>> {
        let Block::Drawn(Draws { events, normals }) = block else { return None };
        let kernel = self.kernel.as_ref()?;
        Some(Box::new(DenoiserSteps { kernel, events, normals }))
    }

    fn validation(&self, parameters: &Tensor, wanted: &[bool]) -> Vec<Option<f32>> {
        let parameters = self.layout.without_padding(parameters);
        let loss = |(member, validation): (usize, &Option<Probe>)| {
            let Probe { rows, normals } = validation.as_ref().filter(|_| wanted[member])?;
            let noisy = Noisy::new(&self.shape, self.settings, rows, normals);
            let answer = self.shape.answer(&parameters.narrow(0, member as i64, 1), &noisy.input);
            Some(noisy.loss(&answer).double_value(&[0]) as f32)
        };
        self.validation.iter().enumerate().map(loss).collect()
    }
}

/// Some events with noise of their own, the same whenever they are looked at; none if there are no events.
fn probe(events: &Tensor, chosen: &[u32], stream: &Stream) -> Option<Probe> {
    let count = chosen.len().min(VALIDATION_EVENTS);
    let columns = events.size()[1];
    if count == 0 {
        return None;
    }
    let picked: Vec<i64> = chosen[..count].iter().map(|event| i64::from(*event)).collect();
    let normals = Tensor::from_slice(&Noise::of(stream).next_step(count * columns as usize));
    let shape = [1, count as i64, columns];
    Some(Probe {
        rows: events.index_select(0, &Tensor::from_slice(&picked).to_device(events.device())).view(shape),
        normals: normals.reshape(shape).to_device(events.device()),
    })
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod toys;

#[cfg(test)]
mod kernel_tests;
