//! Room for a tile's events on their way through a flow and back.

use super::FlowSizes;
use super::spline::KEPT;
use crate::fused::aligned::Aligned;
use crate::fused::layers::{LANES, TILE};
use crate::fused::residual::Purpose;

/// Room for a tile's events.
pub struct FlowTile {
    /// Events, in whose place comes what a pass gives, `(features, TILE)`.
    pub value: Aligned,
    /// What each event's splines depend on, `(TILE)`.
    pub context: Aligned,
    /// ln |det| of the way of each event, `(TILE)`.
    pub log_det: Aligned,
    /// The gradient of the values, in whose place comes that of the events.
    pub d_value: Aligned,
    /// The gradient of `log_det`.
    pub d_log_det: Aligned,
    raw_numbers: usize,
    /// Of each layer where there is a way back, else of the present one.
    layers: Vec<LayerTile>,
    back: Back,
}

/// What a layer's network and splines leave, all `(…, TILE)`.
struct LayerTile {
    /// Context, then features.
    inputs: Aligned,
    /// The last hidden layer.
    last: Aligned,
    /// The hidden layer before each block, rectified; and between its two layers, rectified.
    rectified: Vec<Aligned>,
    /// Raw numbers of the splines, and what becomes of them.
    raw: Aligned,
    /// What the splines keep.
    kept: Aligned,
}

/// What is needed on the way back.
struct Back {
    /// Gradients before each layer of the network's blocks, and behind the last one.
    d: Vec<Aligned>,
    /// What a layer of the network was given, transposed, `(TILE, stride)`.
    turned: Aligned,
}

/// A layer's hidden nodes, and their gradients.
pub struct HiddenTile<'a> {
    pub inputs: &'a Aligned,
    pub last: &'a mut Aligned,
    pub rectified: &'a mut [Aligned],
    pub raw: &'a mut Aligned,
    pub d: &'a mut [Aligned],
    pub turned: &'a mut Aligned,
}

impl FlowTile {
    /// Room for these sizes.
    pub fn new(sizes: &FlowSizes, raw_numbers: usize, purpose: Purpose) -> Self {
        let FlowSizes { layers, features, blocks, width, .. } = *sizes;
        let rows = |rows: usize| Aligned::zeros(rows * TILE);
        let layer = || LayerTile {
            inputs: rows(features + 1),
            last: rows(width),
            rectified: (0..2 * blocks).map(|_| rows(width)).collect(),
            raw: rows(features * raw_numbers),
            kept: rows(features * KEPT),
        };
        let learns = purpose == Purpose::Learning;
        let back = if learns { 2 * blocks + 1 } else { 0 };
        Self {
            value: rows(features),
            context: rows(1),
            log_det: rows(1),
            d_value: rows(features),
            d_log_det: rows(1),
            raw_numbers,
            layers: (0..if learns { layers } else { 1 }).map(|_| layer()).collect(),
            back: Back {
                d: (0..back).map(|_| rows(width)).collect(),
                turned: rows(if learns { width.max(features + 1).next_multiple_of(LANES) } else { 0 }),
            },
        }
    }

    fn slot(&self, layer: usize) -> usize {
        layer % self.layers.len()
    }

    /// Gives a layer the context; its features follow.
    pub(super) fn begin(&mut self, layer: usize) {
        let slot = self.slot(layer);
        self.layers[slot].inputs[..TILE].copy_from_slice(&self.context);
    }

    /// Gives a layer's network the feature at a place.
    pub(super) fn set(&mut self, layer: usize, place: usize, feature: usize) {
        let slot = self.slot(layer);
        let to = &mut self.layers[slot].inputs[(place + 1) * TILE..][..TILE];
        to.copy_from_slice(&self.value[feature * TILE..][..TILE]);
    }

    /// A layer's network.
    pub(super) fn hidden(&mut self, layer: usize) -> HiddenTile<'_> {
        self.hidden_and_d_value(layer).0
    }

    /// The same, and the gradient of the features.
    pub(super) fn hidden_and_d_value(&mut self, layer: usize) -> (HiddenTile<'_>, &mut Aligned) {
        let slot = self.slot(layer);
        let LayerTile { inputs, last, rectified, raw, .. } = &mut self.layers[slot];
        let Back { d, turned } = &mut self.back;
        (HiddenTile { inputs, last, rectified, raw, d, turned }, &mut self.d_value)
    }

    /// Values and ln |det|, and raw numbers and what is kept of a place's splines.
    pub(super) fn of_spline(
        &mut self,
        layer: usize,
        place: usize,
    ) -> (&mut Aligned, &mut Aligned, (&mut [f32], &mut [f32])) {
        let (slot, count) = (self.slot(layer), self.raw_numbers * TILE);
        let LayerTile { raw, kept, .. } = &mut self.layers[slot];
        let own = (&mut raw[place * count..][..count], &mut kept[place * KEPT * TILE..][..KEPT * TILE]);
        (&mut self.value, &mut self.log_det, own)
    }

    /// Their gradients, with the same.
    pub(super) fn of_spline_back(
        &mut self,
        layer: usize,
        place: usize,
    ) -> (&mut Aligned, &Aligned, (&mut [f32], &[f32])) {
        let (slot, count) = (self.slot(layer), self.raw_numbers * TILE);
        let LayerTile { raw, kept, .. } = &mut self.layers[slot];
        let own = (&mut raw[place * count..][..count], &kept[place * KEPT * TILE..][..KEPT * TILE]);
        (&mut self.d_value, &self.d_log_det, own)
    }
}
