//! Autoregressive flows of rational-quadratic splines, a tile of events at a time.
//!
//! ```text
//! tile.value --inputs--> masked network, group by group --raw--> splines --> tile.value, layer by layer
//! gradients  <-- tile.d_value <-- the same, from the last layer to the first
//! ```
//!
//! Events lie side by side, so that groups of nodes may have any size, no masked weight is multiplied, and a spline is the
//! same few hundred instructions for as many events as a vector holds. A group of nodes never changes once its features are
//! known: the inverse, which finds one feature after the other, does the same products as the way forward.

mod blocks;
mod conditioner;
mod products;
mod spline;
mod tile;

use pulp::Simd;

use super::layers::{Layers, TILE};
use super::residual::Purpose;
use conditioner::Conditioner;
pub use spline::Way;
use spline::{Pass, PassBack, Spline};
pub use tile::FlowTile;

/// The sizes of a flow whose context is one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowSizes {
    /// Autoregressive layers; each second one sees the features in reverse order.
    pub layers: usize,
    /// Features of an event.
    pub features: usize,
    /// Residual blocks of each layer's network.
    pub blocks: usize,
    /// Nodes of a hidden layer.
    pub width: usize,
    /// Pieces of a spline, at least two.
    pub bins: usize,
    /// Where the tails begin.
    pub tail: f32,
    /// The raw slope whose slope is one.
    pub shift: f32,
}

/// The flow of a member.
pub struct MaskedFlow {
    sizes: FlowSizes,
    spline: Spline,
    parameters: Layers,
    networks: Vec<Conditioner>,
}

impl MaskedFlow {
    /// A flow of these sizes.
    pub fn new(sizes: FlowSizes) -> Self {
        let FlowSizes { bins, tail, shift, .. } = sizes;
        let spline = Spline { bins, tail, shift };
        let mut parameters = Layers::between(&[]);
        let networks = (0..sizes.layers)
            .map(|_| Conditioner::new(&sizes, spline.parameters(), &mut parameters))
            .collect();
        Self { sizes, spline, parameters, networks }
    }

    /// Where its parameters lie.
    pub fn layers(&self) -> &Layers {
        &self.parameters
    }

    /// Its sizes.
    pub fn sizes(&self) -> &FlowSizes {
        &self.sizes
    }

    /// Room for a tile.
    pub fn tile(&self, purpose: Purpose) -> FlowTile {
        FlowTile::new(&self.sizes, self.spline.parameters(), purpose)
    }

    /// Which feature a layer's network has at a place.
    fn feature(&self, layer: usize, place: usize) -> usize {
        if layer.is_multiple_of(2) { place } else { self.sizes.features - 1 - place }
    }

    /// Takes the events of a tile forward or back: `tile.value` changes, and `tile.log_det` becomes ln |det| of that.
    #[inline(always)]
    pub fn pass<S: Simd>(&self, simd: S, way: Way, parameters: &[f32], tile: &mut FlowTile) {
        tile.log_det.fill(0.0);
        for step in 0..self.sizes.layers {
            match way {
                Way::Forward => self.pass_forward(simd, step, parameters, tile),
                Way::Inverse => self.pass_back(simd, self.sizes.layers - 1 - step, parameters, tile),
            }
        }
    }

    #[inline(always)]
    fn pass_forward<S: Simd>(&self, simd: S, layer: usize, parameters: &[f32], tile: &mut FlowTile) {
        let (features, network) = (self.sizes.features, &self.networks[layer]);
        tile.begin(layer);
        for place in 0..features {
            tile.set(layer, place, self.feature(layer, place));
        }
        for part in 0..network.parts() {
            for group in 0..features {
                network.answer(simd, part, group, parameters, tile.hidden(layer));
            }
        }
        for place in 0..features {
            self.splines(simd, Way::Forward, (layer, place), tile);
        }
    }

    #[inline(always)]
    fn pass_back<S: Simd>(&self, simd: S, layer: usize, parameters: &[f32], tile: &mut FlowTile) {
        let network = &self.networks[layer];
        tile.begin(layer);
        for place in 0..self.sizes.features {
            for part in 0..network.parts() {
                network.answer(simd, part, place, parameters, tile.hidden(layer));
            }
            self.splines(simd, Way::Inverse, (layer, place), tile);
            tile.set(layer, place, self.feature(layer, place));
        }
    }

    #[inline(always)]
    fn splines<S: Simd>(&self, simd: S, way: Way, (layer, place): (usize, usize), tile: &mut FlowTile) {
        let feature = self.feature(layer, place);
        let (value, log_det, (raw, kept)) = tile.of_spline(layer, place);
        let x = &mut value[feature * TILE..][..TILE];
        simd.vectorize(Pass { spline: self.spline, way, x, log_det, raw, kept });
    }

    /// From the gradients `tile.d_value` and `tile.d_log_det` of what a pass gave to that of what it was given, in the place of
    /// the first; adds the gradient of the parameters where it is wanted.
    #[inline(always)]
    pub fn backward<S: Simd>(
        &self,
        simd: S,
        way: Way,
        parameters: &[f32],
        tile: &mut FlowTile,
        mut gradient: Option<&mut [f32]>,
    ) {
        for step in 0..self.sizes.layers {
            let layer = match way {
                Way::Forward => self.sizes.layers - 1 - step,
                Way::Inverse => step,
            };
            match way {
                Way::Forward => self.backward_of_forward(simd, layer, parameters, tile),
                Way::Inverse => self.backward_of_inverse(simd, layer, parameters, tile),
            }
            if let Some(gradient) = &mut gradient {
                self.networks[layer].weigh(simd, tile.hidden(layer), gradient);
            }
        }
    }

    #[inline(always)]
    fn backward_of_forward<S: Simd>(&self, simd: S, layer: usize, parameters: &[f32], tile: &mut FlowTile) {
        let (features, network) = (self.sizes.features, &self.networks[layer]);
        for place in 0..features {
            self.splines_back(simd, Way::Forward, (layer, place), tile);
        }
        for part in (1..network.parts()).rev() {
            for group in (0..features).rev() {
                network.return_hidden(simd, part, group, parameters, tile.hidden(layer));
            }
        }
        for place in 0..features {
            let feature = self.feature(layer, place);
            let (hidden, d_value) = tile.hidden_and_d_value(layer);
            network.return_feature(simd, place, parameters, hidden, &mut d_value[feature * TILE..][..TILE]);
        }
    }

    #[inline(always)]
    fn backward_of_inverse<S: Simd>(&self, simd: S, layer: usize, parameters: &[f32], tile: &mut FlowTile) {
        let network = &self.networks[layer];
        for place in (0..self.sizes.features).rev() {
            let feature = self.feature(layer, place);
            // What depends on this feature has been passed back.
            let (hidden, d_value) = tile.hidden_and_d_value(layer);
            network.return_feature(simd, place, parameters, hidden, &mut d_value[feature * TILE..][..TILE]);
            self.splines_back(simd, Way::Inverse, (layer, place), tile);
            for part in (1..network.parts()).rev() {
                network.return_hidden(simd, part, place, parameters, tile.hidden(layer));
            }
        }
    }

    #[inline(always)]
    fn splines_back<S: Simd>(&self, simd: S, way: Way, (layer, place): (usize, usize), tile: &mut FlowTile) {
        let feature = self.feature(layer, place);
        let (d_value, d_log_det, (raw, kept)) = tile.of_spline_back(layer, place);
        let d_x = &mut d_value[feature * TILE..][..TILE];
        simd.vectorize(PassBack { spline: self.spline, way, d_x, d_log_det, raw, kept });
    }
}
