//! Transformers as a family of classifiers of jets.

use std::ops::Range;

use drapes_analysis::job::JetClassifierSettings;
use tch::{Device, Tensor};

use super::inputs::{ConstituentInputs, moments_by_event};
use super::transformer::Transformer;
use crate::error::Error;
use crate::models::classifier::{
    CLASSIFIERS, ClassifierFamily, DescendLogits, Drawn, Ensemble, Events, Member, Networks, Scorer,
    SmallestFold, TwoSample, TwoSampleMembers, train,
};
use crate::nn::Layout;
use crate::sample::jets::{EventJets, JetTensors};
use crate::training::{Checkpointer, TrainingHistory, TrainingSettings};

/// Events that are moved to the device to be scored together.
const SCORED_AT_ONCE: usize = 4096;
/// The same on a GPU, which is faster the more it has at once.
const SCORED_AT_ONCE_ON_GPU: usize = 1 << 14;

fn scored_at_once(device: Device) -> usize {
    if device.is_cuda() { SCORED_AT_ONCE_ON_GPU } else { SCORED_AT_ONCE }
}

/// Transformers that train together on a device, as a family of classifiers.
#[derive(Clone, Copy, Debug)]
pub struct Transformers<'a> {
    /// Their sizes and their training.
    pub settings: &'a JetClassifierSettings,
    /// Where they compute.
    pub device: Device,
}

/// The transformers of all members over the events of both classes.
pub struct TransformerNetworks {
    pub(super) transformer: Transformer,
    /// Jets of both classes, data first; 2i and 2i + 1 are those of row i.
    pub(super) jets: JetTensors,
}

impl Events for EventJets<'_> {
    fn count(self) -> usize {
        self.len()
    }
}

impl ClassifierFamily<EventJets<'_>> for Transformers<'_> {
    type Trained = Ensemble<TransformerNetworks>;

    const REMEDY: &'static str = "lower jet_classifier.batch or classifier.folds";

    fn batch(&self) -> usize {
        self.settings.batch
    }

    fn train(
        &self,
        two_sample: &TwoSample<'_, EventJets<'_>>,
        members: &[Member],
        smallest_fold: SmallestFold,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<(Self::Trained, Vec<TrainingHistory>), Error> {
        let n_data = two_sample.data.len();
        let moments: Vec<_> =
            [two_sample.data, two_sample.template].into_iter().flat_map(moments_by_event).collect();
        let training: Vec<Vec<u32>> = members.iter().map(|member| member.training.rows(n_data)).collect();
        let inputs = ConstituentInputs::new(&moments, &training, self.settings.inputs, self.device);
        let networks = TransformerNetworks {
            transformer: Transformer::new(self.settings, inputs, self.device),
            jets: JetTensors::of(&[two_sample.data, two_sample.template], self.device),
        };
        let JetClassifierSettings { epochs, batch, learning_rate, weight_decay, .. } = *self.settings;
        let settings = TrainingSettings { epochs, batch, learning_rate, weight_decay, ..CLASSIFIERS };
        let all = TwoSampleMembers { members, first_row: 0, n_data, smallest_fold };
        train(networks, settings, &[all], self.device, checkpointer)
    }
}

impl Networks for TransformerNetworks {
    /// A step takes about a second where it is slow.
    const STEPS_A_BLOCK: usize = 1;

    fn layout(&self) -> &Layout {
        &self.transformer.layout
    }

    fn logits(&self, _members: Range<usize>, parameters: &Tensor, drawn: &Drawn<'_>) -> Tensor {
        // There is one task, so that these are all members.
        self.transformer.logits(parameters, &self.jets, drawn.rows)
    }

    fn gradient(&self, parameters: &Tensor, drawn: &Drawn<'_>, d_logits: &mut DescendLogits<'_>) -> Tensor {
        self.transformer.gradient(parameters, &self.jets, drawn.rows, d_logits)
    }
}

impl Scorer<EventJets<'_>> for Ensemble<TransformerNetworks> {
    fn score_by_all(&self, events: EventJets<'_>) -> Vec<Vec<f32>> {
        let mut scores = vec![Vec::with_capacity(events.len()); self.members()];
        let all: Vec<usize> = (0..events.len()).collect();
        for rows in all.chunks(scored_at_once(self.device())) {
            let found = score(&self.networks.transformer, &self.parameters, self.members(), events, rows);
            for (scores, found) in scores.iter_mut().zip(found.chunks_exact(rows.len())) {
                scores.extend_from_slice(found);
            }
        }
        scores
    }

    fn score_by_one(&self, member: usize, events: EventJets<'_>, rows: &[usize]) -> Vec<f32> {
        let parameters = self.parameters.narrow(0, member as i64, 1);
        let transformer = self.networks.transformer.member(member);
        rows.chunks(scored_at_once(self.device()))
            .flat_map(|rows| score(&transformer, &parameters, 1, events, rows))
            .collect()
    }
}

/// The scores of some events by all members of a transformer, those of the first member first.
fn score(
    transformer: &Transformer,
    parameters: &Tensor,
    members: usize,
    events: EventJets<'_>,
    rows: &[usize],
) -> Vec<f32> {
    let chosen: Vec<u32> = rows.iter().map(|row| (events.pair(*row)[0] / 2) as u32).collect();
    let jets = JetTensors::of(&[EventJets::only(events.jets(), &chosen)], parameters.device());
    let each: Vec<u32> = (0..rows.len() as u32).collect();
    let logits = transformer.logits(parameters, &jets, &each.repeat(members));
    Vec::<f32>::try_from(&logits.to_device(Device::Cpu).flatten(0, -1)).unwrap_or_default()
}
