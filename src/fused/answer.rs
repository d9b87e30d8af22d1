//! What a network answers to events outside of its training: losses on events that are kept aside, and scores.

use pulp::{Arch, Simd, WithSimd};

use super::aligned::Aligned;
use super::layers::{Layers, TILE};

/// A network that events go through a tile at a time.
pub trait Network {
    /// Room for a tile on its way forward.
    type Tile;

    /// Where its parameters lie.
    fn layers(&self) -> &Layers;

    /// Room for a tile that only goes forward.
    fn answering_tile(&self) -> Self::Tile;

    /// Where a tile's events are put, and how many values each of them has there.
    fn events(tile: &mut Self::Tile) -> (&mut [f32], usize);

    /// Takes the first `rows` events of a tile through the network.
    fn pass<S: Simd>(&self, simd: S, parameters: &[f32], tile: &mut Self::Tile, rows: usize);

    /// What it has answered, and how many values there are for each event, those that count first.
    fn answered<'a>(&self, tile: &'a Self::Tile) -> (&'a [f32], usize);
}

/// What one member answers.
///
/// # Shapes
/// `flat` its parameters, `x` `(events, inputs)`, the result `(events, outputs)`.
pub fn answers<N: Network>(network: &N, flat: &[f32], x: &[f32]) -> Vec<f32> {
    let mut parameters = Aligned::zeros(network.layers().padded_len());
    network.layers().pad(flat, &mut parameters);
    Arch::new().dispatch(Answers { network, parameters, x })
}

struct Answers<'a, N> {
    network: &'a N,
    parameters: Aligned,
    x: &'a [f32],
}

impl<N: Network> WithSimd for Answers<'_, N> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let layers = self.network.layers().all();
        let (inputs, outputs) = (layers[0].inputs(), layers[layers.len() - 1].bias_len());
        let mut tile = self.network.answering_tile();
        let mut all = Vec::with_capacity(self.x.len() / inputs * outputs);
        for x in self.x.chunks(TILE * inputs) {
            let (events, stride) = N::events(&mut tile);
            for (event, x) in events.chunks_exact_mut(stride).zip(x.chunks_exact(inputs)) {
                event[..inputs].copy_from_slice(x);
            }
            let rows = x.len() / inputs;
            self.network.pass(simd, &self.parameters, &mut tile, rows);
            let (answered, width) = self.network.answered(&tile);
            all.extend(answered.chunks_exact(width).take(rows).flat_map(|answer| &answer[..outputs]));
        }
        all
    }
}
