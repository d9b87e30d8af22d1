//! Flows on a processor: what [`super::objective`] and [`super::network`] compute as tensors, a tile of events at a time.

#![allow(
    clippy::inline_always,
    reason = "vectors are compiled for their processor only inside of what runs on it"
)]

use pulp::{Arch, Simd, WithSimd};
use tch::{Device, Kind, Tensor};

use super::network::Flow;
use super::objective::Objective;
use super::shape::FlowShape;
use crate::fused::{
    Aligned, FlowTile, Layers, Learning, MaskedFlow, MemberState, MemberSteps, Purpose, Rule, TILE, Way, take,
};

/// Flows that kernels know, and what they learn from.
pub struct FlowKernel {
    flow: MaskedFlow,
    objective: Goal,
    /// `(events of all members, features + 1)`, mapped.
    events: Vec<f32>,
}

/// What a flow minimises, as [`Objective`].
enum Goal {
    Density,
    Transport(BaseDensities),
    Correction(BaseDensities),
}

/// Finished densities of all members.
struct BaseDensities {
    flow: MaskedFlow,
    parameters: Vec<Aligned>,
}

/// The parameters of a single flow.
fn padded(flow: &MaskedFlow, flat: &Tensor) -> Aligned {
    let mut parameters = Aligned::zeros(flow.layers().padded_len());
    flow.layers().pad(&values(flat), &mut parameters);
    parameters
}

fn values(tensor: &Tensor) -> Vec<f32> {
    Vec::<f32>::try_from(&tensor.flatten(0, -1)).unwrap_or_default()
}

impl BaseDensities {
    fn new(flow: &Flow) -> Option<Self> {
        let masked = flow.shape().kernel(Device::Cpu)?;
        let flat = flow.parameters();
        let parameters = (0..flat.size()[0]).map(|member| padded(&masked, &flat.get(member))).collect();
        Some(Self { flow: masked, parameters })
    }
}

impl FlowKernel {
    /// A kernel for these flows; none where there is none, or a GPU computes.
    ///
    /// # Shapes
    /// `events` `(events of all members, features + 1)`
    pub fn new(shape: FlowShape, objective: &Objective, events: &[f32], device: Device) -> Option<Self> {
        let flow = shape.kernel(device)?;
        let objective = match objective {
            Objective::Density => Goal::Density,
            Objective::Transport(base) => Goal::Transport(BaseDensities::new(base)?),
            Objective::Correction(base) => Goal::Correction(BaseDensities::new(base)?),
        };
        Some(Self { flow, objective, events: events.to_vec() })
    }

    /// The mean loss of a member with these parameters over some events.
    ///
    /// # Shapes
    /// `flat` `[1, len]`
    pub fn loss(&self, member: usize, flat: &Tensor, rows: &[u32]) -> f32 {
        let parameters = padded(&self.flow, flat);
        let passages = Passages::new(self, member, Purpose::Answering);
        Arch::new().dispatch(Loss { passages, parameters: &parameters, rows })
    }

    fn base(&self) -> Option<&BaseDensities> {
        match &self.objective {
            Goal::Density => None,
            Goal::Transport(base) | Goal::Correction(base) => Some(base),
        }
    }
}

/// The events of a block.
pub struct FlowSteps<'a> {
    /// Whose steps these are.
    pub kernel: &'a FlowKernel,
    /// Rows of the table, step by step, member by member.
    pub rows: Vec<u32>,
    /// Rows of one member in one step.
    pub batch: usize,
    /// Members of the ensemble.
    pub members: usize,
}

impl MemberSteps for FlowSteps<'_> {
    fn layers(&self) -> &Layers {
        self.kernel.flow.layers()
    }

    fn take(&self, member: usize, steps: &[(usize, Rule)], state: &mut MemberState) -> f32 {
        let passages = Passages::new(self.kernel, member, Purpose::Learning);
        take(FlowLearning { steps: self, member, passages }, steps, state)
    }
}

/// Some steps of a member.
struct FlowLearning<'a, 'b> {
    steps: &'a FlowSteps<'b>,
    member: usize,
    passages: Passages<'b>,
}

impl Learning for FlowLearning<'_, '_> {
    #[inline(always)]
    fn gradient<S: Simd>(&mut self, simd: S, step: usize, parameters: &[f32], gradient: &mut [f32]) -> f32 {
        let FlowSteps { kernel, ref rows, batch, members } = *self.steps;
        let rows = &rows[(step * members + self.member) * batch..][..batch];
        let loss = self.passages.mean_loss(simd, parameters, rows, Some(gradient));
        kernel.flow.layers().clear_padding(gradient);
        loss
    }
}

/// The loss of some events.
struct Loss<'a> {
    passages: Passages<'a>,
    parameters: &'a [f32],
    rows: &'a [u32],
}

impl WithSimd for Loss<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> f32 {
        self.passages.mean_loss(simd, self.parameters, self.rows, None)
    }
}

/// The ways of a member's events through its flow, and on through the density that it ends in.
struct Passages<'a> {
    kernel: &'a FlowKernel,
    tile: FlowTile,
    base: Option<(&'a MaskedFlow, &'a [f32], FlowTile)>,
    /// Mapped masses of the events where that density is taken.
    masses: Vec<f32>,
}

impl<'a> Passages<'a> {
    fn new(kernel: &'a FlowKernel, member: usize, purpose: Purpose) -> Self {
        let base = kernel.base().map(|base| {
            let parameters: &[f32] = &base.parameters[member];
            (&base.flow, parameters, base.flow.tile(purpose))
        });
        Self { kernel, tile: kernel.flow.tile(purpose), base, masses: vec![0.0; TILE] }
    }

    /// The mean loss over some events; adds its gradient where it is wanted.
    #[inline(always)]
    fn mean_loss<S: Simd>(
        &mut self,
        simd: S,
        parameters: &[f32],
        rows: &[u32],
        mut gradient: Option<&mut [f32]>,
    ) -> f32 {
        let mut sum = 0.0;
        if let Goal::Transport(_) = self.kernel.objective {
            // The first half of a batch is paired with the second: each pair goes up and down.
            let (one, other) = rows.split_at(rows.len() / 2);
            for (one, other) in one.chunks(TILE).zip(other.chunks(TILE)) {
                for way in [Way::Forward, Way::Inverse] {
                    self.pair(way, one, other);
                    let gradient = gradient.as_deref_mut();
                    sum += self.loss(simd, way, parameters, (one.len(), rows.len()), gradient);
                }
            }
        } else {
            for chosen in rows.chunks(TILE) {
                self.own(chosen);
                let gradient = gradient.as_deref_mut();
                sum += self.loss(simd, Way::Forward, parameters, (chosen.len(), rows.len()), gradient);
            }
        }
        (sum / rows.len() as f64) as f32
    }

    fn event(kernel: &FlowKernel, row: u32) -> &[f32] {
        let columns = kernel.flow.sizes().features + 1;
        &kernel.events[row as usize * columns..][..columns]
    }

    fn put(&mut self, place: usize, event: &[f32]) {
        for (feature, value) in event[..event.len() - 1].iter().enumerate() {
            self.tile.value[feature * TILE + place] = *value;
        }
    }

    /// Puts events at their own masses into the tile.
    fn own(&mut self, rows: &[u32]) {
        let kernel = self.kernel;
        for (place, row) in rows.iter().enumerate() {
            let event = Self::event(kernel, *row);
            self.put(place, event);
            let mass = event[event.len() - 1];
            (self.tile.context[place], self.masses[place]) = (mass, mass);
        }
    }

    /// Puts the event that goes this way of each pair into the tile: the lower one goes up, the higher one down.
    fn pair(&mut self, way: Way, one: &[u32], other: &[u32]) {
        let kernel = self.kernel;
        for (place, (one, other)) in one.iter().zip(other).enumerate() {
            let (one, other) = (Self::event(kernel, *one), Self::event(kernel, *other));
            let mass = one.len() - 1;
            let (low, high) = if one[mass] <= other[mass] { (one, other) } else { (other, one) };
            let (event, target) = if way == Way::Forward { (low, high) } else { (high, low) };
            self.put(place, event);
            self.tile.context[place] = high[mass] - low[mass];
            self.masses[place] = target[mass];
        }
    }

    /// The summed loss of the first `events` of the tile, of `all` in the batch.
    #[inline(always)]
    fn loss<S: Simd>(
        &mut self,
        simd: S,
        way: Way,
        parameters: &[f32],
        (events, all): (usize, usize),
        gradient: Option<&mut [f32]>,
    ) -> f64 {
        let (flow, tile) = (&self.kernel.flow, &mut self.tile);
        flow.pass(simd, way, parameters, tile);
        let share = 1.0 / all as f32;
        let Some((base, base_parameters, base_tile)) = &mut self.base else {
            let sum = log_density(tile, events, flow.sizes().features);
            if let Some(gradient) = gradient {
                slopes(tile, events, share);
                flow.backward(simd, way, parameters, tile, Some(gradient));
            }
            return -sum;
        };
        base_tile.value.copy_from_slice(&tile.value);
        base_tile.context.copy_from_slice(&self.masses);
        base.pass(simd, Way::Forward, base_parameters, base_tile);
        let own: f64 = tile.log_det[..events].iter().map(|log_det| f64::from(*log_det)).sum();
        let sum = log_density(base_tile, events, flow.sizes().features) + own;
        if let Some(gradient) = gradient {
            slopes(base_tile, events, share);
            base.backward(simd, Way::Forward, base_parameters, base_tile, None);
            tile.d_value.copy_from_slice(&base_tile.d_value);
            tile.d_log_det.copy_from_slice(&base_tile.d_log_det);
            flow.backward(simd, way, parameters, tile, Some(gradient));
        }
        -sum
    }
}

/// The sum of ln p of a tile's first events, of which a unit normal came.
fn log_density(tile: &FlowTile, events: usize, features: usize) -> f64 {
    let constant = features as f64 * (2.0 * std::f64::consts::PI).ln();
    let of_event = |event: usize| {
        let values = (0..features).map(|feature| f64::from(tile.value[feature * TILE + event]));
        f64::from(tile.log_det[event]) - 0.5 * (values.map(|value| value * value).sum::<f64>() + constant)
    };
    (0..events).map(of_event).sum()
}

/// The gradients of minus that, times a share; those of other places in the tile are zero.
fn slopes(tile: &mut FlowTile, events: usize, share: f32) {
    let rows = tile.d_value.chunks_exact_mut(TILE).zip(tile.value.chunks_exact(TILE));
    for (d_value, value) in rows {
        for (d_value, value) in d_value.iter_mut().zip(value).take(events) {
            *d_value = value * share;
        }
        d_value[events..].fill(0.0);
    }
    tile.d_log_det[..events].fill(-share);
    tile.d_log_det[events..].fill(0.0);
}

/// A trained flow that events pass, without what a gradient would need.
pub struct FlowPasses {
    flow: MaskedFlow,
    parameters: Aligned,
}

impl FlowPasses {
    /// Those of a single flow; none where there is none, or a GPU computes.
    pub fn new(shape: FlowShape, parameters: &Tensor) -> Option<Self> {
        let flow = shape.kernel(parameters.device()).filter(|_| parameters.kind() == Kind::Float)?;
        let parameters = padded(&flow, parameters);
        Some(Self { flow, parameters })
    }

    /// Events behind the flow, or the events that it would bring here.
    ///
    /// # Shapes
    /// `x` `[1, features, events]`, `context` `[1, 1, events]`.
    pub fn pass(&self, way: Way, x: &Tensor, context: &Tensor) -> Tensor {
        let (mut value, context) = (values(x), values(context));
        let tile = self.flow.tile(Purpose::Answering);
        let portions = Portions { passes: self, way, value: &mut value, context: &context, tile };
        Arch::new().dispatch(portions);
        Tensor::from_slice(&value).view_as(x)
    }
}

/// Events that pass, tile by tile.
struct Portions<'a> {
    passes: &'a FlowPasses,
    way: Way,
    /// `(features, events)`
    value: &'a mut [f32],
    context: &'a [f32],
    tile: FlowTile,
}

impl WithSimd for Portions<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { passes: FlowPasses { flow, parameters }, way, value, context, mut tile } = self;
        let all = context.len();
        for first in (0..all).step_by(TILE) {
            let count = TILE.min(all - first);
            tile.context[..count].copy_from_slice(&context[first..][..count]);
            for (own, value) in tile.value.chunks_exact_mut(TILE).zip(value.chunks_exact(all)) {
                own[..count].copy_from_slice(&value[first..][..count]);
            }
            flow.pass(simd, way, parameters, &mut tile);
            for (own, value) in tile.value.chunks_exact(TILE).zip(value.chunks_exact_mut(all)) {
                value[first..][..count].copy_from_slice(&own[..count]);
            }
        }
    }
}
