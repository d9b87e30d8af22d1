//! The residual network of the denoiser, a tile of events at a time.

use pulp::Simd;

use super::aligned::Aligned;
use super::answer::Network;
use super::finish::{Keep, LeakyResidual};
use super::layers::{LANES, Layers, TILE, transpose};
use super::outer::OuterProduct;
use super::product::{Product, Rows};
use super::rows::{Denormalise, Normalise};

/// Slope of the activation for negative values.
const LEAK: f32 = 0.1;

/// The network of a member, as [`crate::nn::ResNet`] has it.
pub struct ResidualNetwork {
    layers: Layers,
    width: usize,
}

/// What a tile is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Forward and back.
    Learning,
    /// Forward alone.
    Answering,
}

/// Room for a tile's events on their way through the network and back.
pub struct ResidualTile {
    /// What the network is given, `(TILE, stride)`.
    pub x: Aligned,
    /// From the beginning of an event to that of the next.
    pub stride: usize,
    /// What it answers, `(TILE, width of the answers)`.
    pub out: Aligned,
    /// The gradient of that.
    pub d_out: Aligned,
    sum: Aligned,
    /// Of each hidden layer where the tile is for learning, else of the present one.
    activations: Vec<Aligned>,
    normalised: Vec<Aligned>,
    inverse_deviations: Vec<Aligned>,
    d_normalised: Aligned,
    d_sum: Aligned,
    d_before: Aligned,
    /// Weights of all layers but the first.
    transposed: Vec<Aligned>,
}

impl ResidualNetwork {
    /// A network whose hidden layers have `width` nodes, which are whole vectors.
    pub fn new(inputs: usize, hidden_layers: usize, width: usize, outputs: usize) -> Self {
        let mut nodes = vec![inputs];
        nodes.extend(std::iter::repeat_n(width, hidden_layers));
        nodes.push(outputs);
        Self { layers: Layers::between(&nodes), width }
    }

    /// Where its parameters lie.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// Values of an answer in a tile, with zeros behind it.
    pub fn answer_width(&self) -> usize {
        self.layers.all()[self.hidden_layers()].width()
    }

    fn hidden_layers(&self) -> usize {
        self.layers.all().len() - 1
    }

    /// Room for a tile.
    pub fn tile(&self, purpose: Purpose) -> ResidualTile {
        let slots = if purpose == Purpose::Learning { self.hidden_layers() } else { 1 };
        let whole = || Aligned::zeros(TILE * self.width);
        let each = |one: &dyn Fn() -> Aligned| (0..slots).map(|_| one()).collect();
        let answers = || Aligned::zeros(TILE * self.answer_width());
        let stride = self.layers.all()[0].inputs().next_multiple_of(LANES);
        let transposed = self.layers.all()[1..].iter();
        ResidualTile {
            x: Aligned::zeros(TILE * stride),
            stride,
            out: answers(),
            d_out: answers(),
            sum: whole(),
            activations: each(&whole),
            normalised: each(&whole),
            inverse_deviations: each(&|| Aligned::zeros(TILE)),
            d_normalised: whole(),
            d_sum: whole(),
            d_before: whole(),
            transposed: transposed.map(|layer| Aligned::zeros(layer.outputs() * self.width)).collect(),
        }
    }

    /// What the way back needs of the parameters besides themselves.
    pub fn prepare(&self, parameters: &[f32], tile: &mut ResidualTile) {
        for (layer, out) in self.layers.all()[1..].iter().zip(&mut tile.transposed) {
            transpose(&parameters[layer.weight()], layer, out);
        }
    }

    /// From the first `rows` of `tile.x` to `tile.out`.
    #[inline(always)]
    pub fn forward<S: Simd>(&self, simd: S, parameters: &[f32], tile: &mut ResidualTile, rows: usize) {
        let (width, hidden, slots) = (self.width, self.hidden_layers(), tile.normalised.len());
        tile.sum.fill(0.0);
        for (index, layer) in self.layers.all().iter().enumerate() {
            let (weight, bias) = (&parameters[layer.weight()], Some(&parameters[layer.bias()]));
            let depth = layer.inputs();
            let x = match index.checked_sub(1) {
                None => Rows { values: &tile.x[..rows * tile.stride], stride: tile.stride },
                Some(below) => {
                    Rows { values: &tile.normalised[below % slots][..rows * width], stride: width }
                }
            };
            if index == hidden {
                let width = layer.width();
                let finish = Keep { out: &mut tile.out, width };
                simd.vectorize(Product { x, depth, weight, width, bias, finish });
                return;
            }
            let activation = &mut tile.activations[index % slots];
            let finish = LeakyResidual { activation, sum: &mut tile.sum, width, leak: LEAK };
            simd.vectorize(Product { x, depth, weight, width, bias, finish });
            simd.vectorize(Normalise {
                x: &tile.sum[..rows * width],
                out: &mut tile.normalised[index % slots],
                inverse_deviation: &mut tile.inverse_deviations[index % slots],
                width,
            });
        }
    }

    /// Adds the gradient of the parameters for `tile.d_out`, of what went forward last.
    #[inline(always)]
    pub fn backward<S: Simd>(&self, simd: S, tile: &mut ResidualTile, rows: usize, gradient: &mut [f32]) {
        let (width, hidden) = (self.width, self.hidden_layers());
        tile.d_sum.fill(0.0);
        for (index, layer) in self.layers.all().iter().enumerate().rev() {
            let d = if index == hidden { &tile.d_out } else { &tile.d_before };
            let d = &d[..rows * layer.width()];
            let below = index.checked_sub(1);
            let x = match below {
                None => Rows { values: &tile.x[..rows * tile.stride], stride: tile.stride },
                Some(below) => Rows { values: &tile.normalised[below][..rows * width], stride: width },
            };
            let (weight, bias) = layer.gradients(gradient);
            simd.vectorize(OuterProduct { x, depth: layer.inputs(), d, width: layer.width(), weight, bias });
            let Some(below) = below else { return };
            simd.vectorize(Product {
                x: Rows { values: d, stride: layer.width() },
                depth: layer.outputs(),
                weight: &tile.transposed[below],
                width,
                bias: None,
                finish: Keep { out: &mut tile.d_normalised, width },
            });
            simd.vectorize(Denormalise {
                d_out: &tile.d_normalised[..rows * width],
                normalised: &tile.normalised[below],
                inverse_deviation: &tile.inverse_deviations[below],
                d_sum: &mut tile.d_sum,
                activation: &tile.activations[below],
                d_before: &mut tile.d_before,
                width,
                leak: LEAK,
            });
        }
    }
}

impl Network for ResidualNetwork {
    type Tile = ResidualTile;

    fn layers(&self) -> &Layers {
        &self.layers
    }

    fn answering_tile(&self) -> ResidualTile {
        self.tile(Purpose::Answering)
    }

    fn events(tile: &mut ResidualTile) -> (&mut [f32], usize) {
        (&mut tile.x, tile.stride)
    }

    #[inline(always)]
    fn pass<S: Simd>(&self, simd: S, parameters: &[f32], tile: &mut ResidualTile, rows: usize) {
        self.forward(simd, parameters, tile, rows);
    }

    fn answered<'a>(&self, tile: &'a ResidualTile) -> (&'a [f32], usize) {
        (&tile.out, self.answer_width())
    }
}
