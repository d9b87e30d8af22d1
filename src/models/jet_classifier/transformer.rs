//! Passes events through the network: jets go in groups of similar size, to waste little on padding, and the tokens of an event's
//! two jets are summed, so that their order has no part in it.

use drapes_analysis::job::{JetClassifierSettings, Precision};
use tch::{Device, Kind, Tensor};

use super::inputs::ConstituentInputs;
use super::network::{JetClassifierNetwork, JetClassifierShape};
use crate::device::to_device_soon;
use crate::models::classifier::DescendLogits;
use crate::nn::{AttentionKernel, Layout, Padding, network_kind};
use crate::sample::jets::{JetTensors, alignment, groups_by_size};

/// Numbers that are kept of the jets of all members that are computed at once: enough to hide overhead, few enough to stay
/// in a core's cache.
const KEPT_TOGETHER: usize = 1 << 20;
/// Jets of each member that are computed at once at least: with fewer, overhead costs more than the cache saves.
const FEWEST_TOGETHER: usize = 3;
/// Jets that all members together compute at once where a GPU waits to be filled.
const JETS_TOGETHER_ON_GPU: usize = 4096;
/// Numbers that are kept between forward and backward at most: a quarter of a gigabyte.
const KEPT_AT_ONCE: usize = 1 << 26;
/// The same on a GPU.
const KEPT_AT_ONCE_ON_GPU: usize = 1 << 31;
/// Events whose jets are sorted by size together where nothing is kept.
const EVENTS_TOGETHER: usize = 512;
/// The same on a GPU: so many that groups of one member alone are as large as those of several together.
const EVENTS_TOGETHER_ON_GPU: usize = 1 << 13;

/// Classifiers of all members, with what they expect of constituents.
pub struct Transformer {
    pub(super) shape: JetClassifierShape,
    pub(super) layout: Layout,
    inputs: ConstituentInputs,
    precision: Precision,
    /// Numbers that are kept at most.
    pub(super) kept_at_once: usize,
}

/// Jets that are computed together, as many of each member.
struct JetGroup {
    x: Tensor,
    padding: Padding,
    /// The event of each jet among those of all members, `[members · jets]`.
    events: Tensor,
}

impl Transformer {
    /// Classifiers of a job.
    pub fn new(settings: &JetClassifierSettings, inputs: ConstituentInputs, device: Device) -> Self {
        let shape = JetClassifierShape::new(settings);
        let kept_at_once = if device.is_cuda() { KEPT_AT_ONCE_ON_GPU } else { KEPT_AT_ONCE };
        Self { layout: shape.layout_on(device), shape, inputs, precision: settings.precision, kept_at_once }
    }

    /// One of the classifiers.
    pub fn member(&self, member: usize) -> Self {
        Self { layout: self.layout.clone(), inputs: self.inputs.member(member), ..*self }
    }

    /// The logits of events, as many of each member, given by their rows, those of the first member first.
    ///
    /// # Shapes
    /// Parameters `[members, len]`; jets 2i and 2i + 1 are those of row i; the result is `[members, events, 1]`.
    pub fn logits(&self, parameters: &Tensor, jets: &JetTensors, rows: &[u32]) -> Tensor {
        let (network, kernel) = self.network(parameters);
        let logits: Vec<Tensor> = self
            .portions(rows, events_together(jets.device()))
            .map(|(_, rows)| {
                let mut events = self.no_tokens(&rows, jets.device());
                for group in self.groups(jets, &rows) {
                    self.add(&mut events, &group, &network.tokens(&group.x, &group.padding, kernel));
                }
                network.logits(&events)
            })
            .collect();
        Tensor::cat(&logits, 1)
    }

    /// The gradient of the parameters, `[members, len]`.
    ///
    /// What is kept between forward and backward is bounded: events are taken in portions. `d_logits` is given the place of
    /// a portion's first event, its logits `[members, portion, 1]`, and where their gradient belongs, which it writes.
    ///
    /// # Shapes
    /// As [`Transformer::logits`].
    pub fn gradient(
        &self,
        parameters: &Tensor,
        jets: &JetTensors,
        rows: &[u32],
        d_logits: &mut DescendLogits<'_>,
    ) -> Tensor {
        let (network, kernel) = self.network(parameters);
        let gradient = parameters.zeros_like();
        let sum = JetClassifierNetwork::over(&self.shape, &self.layout, &gradient);
        let slots = rows.iter().flat_map(|row| pair(*row)).map(|jet| jets.count(jet as usize)).max();
        let saved = 2 * self.inputs.members() * self.shape.saved(slots.unwrap_or(1));
        for (first, rows) in self.portions(rows, (self.kept_at_once / saved).max(1)) {
            let mut events = self.no_tokens(&rows, jets.device());
            let mut all_kept = Vec::new();
            for group in self.groups(jets, &rows) {
                let (tokens, saved) = network.tokens_saving(&group.x, &group.padding, kernel);
                self.add(&mut events, &group, &tokens);
                all_kept.push((group, saved));
            }
            let d_events =
                network.logits_backward(&events, |logits, place| d_logits(first, logits, place), &sum);
            let d_events = d_events.flatten(0, 1);
            // The last group's numbers are freed first, while its neighbours' still wait.
            while let Some((JetGroup { padding, events, .. }, saved)) = all_kept.pop() {
                let d_tokens = d_events.index_select(0, &events).view([padding.members, padding.sets, -1]);
                network.tokens_backward(&saved, &padding, &d_tokens, &sum);
            }
        }
        gradient
    }

    fn network(&self, parameters: &Tensor) -> (JetClassifierNetwork, AttentionKernel) {
        let kind = network_kind(self.precision, parameters.device());
        let network = JetClassifierNetwork::over(&self.shape, &self.layout, &parameters.to_kind(kind));
        (network, AttentionKernel::of(parameters))
    }

    /// Portions of the events of each member, with the place of their first.
    fn portions<'a>(
        &self,
        rows: &'a [u32],
        most: usize,
    ) -> impl Iterator<Item = (usize, Vec<&'a [u32]>)> + use<'a> {
        let events = rows.len() / self.inputs.members();
        (0..events).step_by(most).map(move |first| {
            let portion = first..events.min(first + most);
            (first, rows.chunks_exact(events).map(|rows| &rows[portion.clone()]).collect())
        })
    }

    /// Groups of the jets of some events of each member.
    fn groups<'a>(&'a self, jets: &'a JetTensors, rows: &'a [&[u32]]) -> impl Iterator<Item = JetGroup> {
        let counts: Vec<Vec<usize>> = rows
            .iter()
            .map(|rows| rows.iter().flat_map(|row| pair(*row)).map(|jet| jets.count(jet as usize)).collect())
            .collect();
        let device = jets.device();
        let together = self.together(&counts, device);
        let groups = groups_by_size(&counts, together, alignment(device));
        groups.into_iter().map(move |group| {
            let (mut chosen, mut events) = (Vec::new(), Vec::new());
            for (place, member) in group.places.iter().zip((0..rows.len()).flat_map(|m| vec![m; group.sets]))
            {
                chosen.push(pair(rows[member][place / 2])[place % 2]);
                events.push((member * rows[member].len() + place / 2) as i64);
            }
            JetGroup {
                x: self.inputs.of(jets, &chosen, group.slots),
                padding: Padding::new(&group.counts, rows.len(), group.slots, device),
                events: to_device_soon(&Tensor::from_slice(&events), device),
            }
        })
    }

    /// How many jets of a member are computed at once.
    fn together(&self, counts: &[Vec<usize>], device: Device) -> usize {
        if device.is_cuda() {
            return (JETS_TOGETHER_ON_GPU / counts.len()).max(1);
        }
        let jets = counts.iter().map(Vec::len).sum::<usize>();
        let constituents = counts.iter().flatten().sum::<usize>() / jets.max(1);
        (KEPT_TOGETHER / (counts.len() * self.shape.saved(constituents.max(1)))).max(FEWEST_TOGETHER)
    }

    /// Sums of no tokens yet, `[members, events, width]`.
    fn no_tokens(&self, rows: &[&[u32]], device: Device) -> Tensor {
        let shape = [rows.len() as i64, rows[0].len() as i64, self.shape.width() as i64];
        Tensor::zeros(shape, (Kind::Float, device))
    }

    /// Adds the tokens of jets to their events.
    fn add(&self, events: &mut Tensor, group: &JetGroup, tokens: &Tensor) {
        let width = self.shape.width() as i64;
        let _ = events.view([-1, width]).index_add_(0, &group.events, &tokens.reshape([-1, width]));
    }
}

/// Events whose jets are sorted by size together.
fn events_together(device: Device) -> usize {
    if device.is_cuda() { EVENTS_TOGETHER_ON_GPU } else { EVENTS_TOGETHER }
}

/// The jets of an event.
fn pair(row: u32) -> [u32; 2] {
    [2 * row, 2 * row + 1]
}
