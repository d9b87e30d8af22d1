//! Trains an ensemble of jet models D(x; σ, p₄) on side-band jets.

use drapes_analysis::job::{JetModelSettings, LossWeighting};
use drapes_analysis::plan::cost::looks::VALIDATION_JETS;
use drapes_analysis::plan::random_stream::Stream;
use tch::{Device, Tensor};

use super::by_noise;
use super::denoiser::JetDenoiser;
use super::maps::{JetMaps, MapTensors};
use super::network::{JetModelShape, JetNetwork};
use super::noisy::{Drawn, NoisyJets};
use crate::error::Error;
use crate::models::diffusion::{TrainedDenoisers, members_by_noise};
use crate::nn::{AttentionKernel, Layout, computes_as_a_gpu, network_kind};
use crate::sample::jets::{EventJets, JetTensors, alignment, groups_by_size};
use crate::training::{
    Averaging, Checkpointer, Learner, Model, Noise, TooFew, Trained, Training, denoiser_recipe,
};

/// Jets that all members together compute at once: enough to hide overhead, few enough to stay in a core's cache.
const JETS_TOGETHER: usize = 16;
/// The same on a GPU, which is faster the more it has at once.
const JETS_TOGETHER_ON_GPU: usize = 256;
/// The words of the error where jets are not enough.
const TOO_FEW: TooFew = TooFew {
    region: "the side-bands",
    what: "jets",
    advice: "lower jet_model.batch or widen the side-bands",
};

/// The jets of one member: those of some events.
pub struct JetModelEvents<'a> {
    /// The events.
    pub events: EventJets<'a>,
    /// Where this member's random numbers begin.
    pub stream: Stream,
}

/// Trains all members together; a member's result does not depend on the others, and its events are jets.
///
/// The members' events are those of one table. The squared error is averaged over all constituents of a batch, so that each
/// constituent counts alike, as each feature of an event does in [`crate::models::diffusion::train`].
///
/// # Errors
/// A member has fewer jets than a batch, or all members leave the finite numbers. (Where only some do, their histories say
/// so: members never mix, and the others are as good as without them.)
///
/// # Panics
/// If there are no members, or their events are of several tables.
///
/// Source: the paper, section 3.3.
pub fn train(
    shape: JetModelShape,
    settings: &JetModelSettings,
    members: &[JetModelEvents<'_>],
    device: Device,
    checkpointer: &Checkpointer<'_>,
) -> Result<TrainedDenoisers<JetDenoiser>, Error> {
    let Trained { model, parameters, mut members } =
        training(shape, settings, members, device)?.run(checkpointer)?;
    // Strengths compare where none has more weight than another.
    let edm = JetModelSettings { loss_weighting: LossWeighting::Edm, ..settings.clone() };
    let by_noise = members_by_noise(&mut members, settings.epochs, |member| {
        let loss = |drawn: &Drawn| model.loss_of(&parameters, member, drawn, &edm);
        by_noise::losses(loss, &model.learnt[member], &model.validation[member], &edm)
    })?;
    let parameters = model.layout.without_padding(&parameters);
    let denoiser = JetDenoiser::new(shape, parameters, model.maps, settings.precision);
    Ok(TrainedDenoisers { denoiser, members, by_noise })
}

/// All members before their first step.
pub(super) fn training<'a>(
    shape: JetModelShape,
    settings: &'a JetModelSettings,
    members: &[JetModelEvents<'_>],
    device: Device,
) -> Result<Training<JetModel<'a>>, Error> {
    let table = members[0].events.jets();
    assert!(members.iter().all(|member| std::ptr::eq(member.events.jets(), table)), "events of one table");
    // Of the table only what some member learns from goes to the device.
    let mut used: Vec<u32> = members.iter().flat_map(|member| member.events.events()).collect();
    used.sort_unstable();
    used.dedup();
    let tensors = JetTensors::of(&[EventJets::only(table, &used)], device);
    let on_device = |jet: &u32| {
        let event = used.binary_search(&(jet / 2)).expect("an event of a member");
        2 * event as u32 + jet % 2
    };
    let recipe = denoiser_recipe!(settings, Averaging::Decay(settings.ema_decay));
    let drawn = |jets: &[u32], stream: Stream| {
        let jets = &jets[..jets.len().min(VALIDATION_JETS)];
        Drawn::new(jets, |jet| tensors.count(*jet as usize), &mut Noise::of(&stream))
    };
    let (mut maps, mut learners, mut validation, mut learnt) = (vec![], vec![], vec![], vec![]);
    for JetModelEvents { events, stream } in members {
        let jets: Vec<u32> = events.places().map(|jet| jet as u32).collect();
        maps.push(JetMaps::of(table, &jets));
        let jets = jets.iter().map(on_device).collect();
        let chance = (settings.validation_fraction, &stream.branch("validation"));
        let (learner, kept) = Learner::of_some(jets, chance, &recipe, stream, &TOO_FEW)?;
        validation.push(drawn(&kept, stream.branch("validation noise")));
        learnt.push(drawn(learner.batches.order(), stream.branch("training check")));
        learners.push(learner);
    }
    let (map_tensors, layout) = (MapTensors::new(&maps, device), shape.layout_on(device));
    let model = JetModel {
        shape,
        settings,
        layout: layout.clone(),
        jets: tensors,
        maps,
        map_tensors,
        validation,
        learnt,
    };
    Ok(Training::new(model, &layout, recipe, learners, device))
}

/// Jet models of all members, as they learn.
pub(super) struct JetModel<'a> {
    shape: JetModelShape,
    settings: &'a JetModelSettings,
    layout: Layout,
    jets: JetTensors,
    maps: Vec<JetMaps>,
    map_tensors: MapTensors,
    /// Jets that a member does not learn from, with their noise, and some that it does.
    validation: Vec<Drawn>,
    learnt: Vec<Drawn>,
}

impl JetModel<'_> {
    /// Sums the gradient of some jets of each member, `together` at once, and adds each member's mean loss to `loss`.
    ///
    /// Groups of jets of like size leave little to padding; their gradients add up to that of the whole.
    pub(super) fn sum_gradient(
        &self,
        parameters: &Tensor,
        drawn: &[Drawn],
        together: usize,
        loss: &mut Tensor,
    ) -> Tensor {
        let device = self.jets.device();
        let gradient = parameters.zeros_like();
        let kind = network_kind(self.settings.precision, device);
        let network = JetNetwork::over(&self.shape, &self.layout, &parameters.to_kind(kind));
        let sum = JetNetwork::over(&self.shape, &self.layout, &gradient);
        let mut own = loss.zeros_like();
        let counts: Vec<Vec<usize>> = drawn.iter().map(|drawn| drawn.counts.clone()).collect();
        for group in groups_by_size(&counts, together, alignment(device)) {
            let maps = (&self.jets, &self.map_tensors);
            let noisy = NoisyJets::new(&self.shape, self.settings, maps, drawn, &group);
            let kernel = AttentionKernel::of(parameters);
            network.gradient(
                (&noisy.scaled, &noisy.about),
                &noisy.padding,
                kernel,
                |out| {
                    let (part, d_out) = noisy.loss_and_gradient(out);
                    own += part;
                    d_out
                },
                &sum,
            );
        }
        *loss += own;
        gradient
    }

    /// The mean loss of a member on some jets; none where there are none.
    fn loss_of(
        &self,
        parameters: &Tensor,
        member: usize,
        drawn: &Drawn,
        settings: &JetModelSettings,
    ) -> Option<f64> {
        if drawn.jets.is_empty() {
            return None;
        }
        let device = self.jets.device();
        let kind = network_kind(settings.precision, device);
        let flat = parameters.narrow(0, member as i64, 1).to_kind(kind);
        let network = JetNetwork::over(&self.shape, &self.layout, &flat);
        let maps = MapTensors::new(&self.maps[member..=member], device);
        let kernel = AttentionKernel::of(&flat);
        let counts = std::slice::from_ref(&drawn.counts);
        let losses = groups_by_size(counts, together(device), alignment(device)).into_iter().map(|group| {
            let drawn = std::slice::from_ref(drawn);
            let noisy = NoisyJets::new(&self.shape, settings, (&self.jets, &maps), drawn, &group);
            let out = network.forward(&noisy.scaled, &noisy.about, &noisy.padding, kernel);
            noisy.loss_and_gradient(&out).0.double_value(&[0])
        });
        Some(losses.sum())
    }
}

impl Model for JetModel<'_> {
    /// The parameters themselves: networks may compute in lower precision, with a copy that is made in each step.
    type Network = Tensor;
    /// The jets of each member, with their noise.
    type Block = Vec<Drawn>;

    const STEPS_A_BLOCK: usize = 1;

    fn network(&self, parameters: &Tensor) -> Tensor {
        parameters.shallow_clone()
    }

    fn draw(&self, members: &mut [Learner], _steps: usize) -> Vec<Drawn> {
        let count = |jet: &u32| self.jets.count(*jet as usize);
        let draw = |own: &mut Learner| Drawn::new(own.batches.next_batch(), count, &mut own.noise);
        members.iter_mut().map(draw).collect()
    }

    fn gradient(&self, parameters: &Tensor, drawn: &Vec<Drawn>, _step: usize, loss: &mut Tensor) -> Tensor {
        let together = (together(self.jets.device()) / drawn.len()).max(1);
        self.sum_gradient(parameters, drawn, together, loss)
    }

    fn validation(&self, parameters: &Tensor, wanted: &[bool]) -> Vec<Option<f32>> {
        let loss = |(member, drawn): (usize, &Drawn)| {
            let loss = wanted[member].then(|| self.loss_of(parameters, member, drawn, self.settings));
            loss.flatten().map(|loss| loss as f32)
        };
        self.validation.iter().enumerate().map(loss).collect()
    }
}

/// Jets that are computed at once.
fn together(device: Device) -> usize {
    if computes_as_a_gpu(device) { JETS_TOGETHER_ON_GPU } else { JETS_TOGETHER }
}

#[cfg(test)]
mod tests;
