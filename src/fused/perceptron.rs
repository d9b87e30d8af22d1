//! The perceptron with ReLU and one output, a tile of events at a time.

use pulp::{Simd, WithSimd};

use super::aligned::Aligned;
use super::answer::Network;
use super::finish::{Mask, Relu};
use super::layers::{LANES, Layers, TILE, transpose};
use super::outer::OuterProduct;
use super::product::{Product, Rows};

/// The network of a member.
#[derive(Clone)]
pub struct Perceptron {
    layers: Layers,
    width: usize,
}

/// Room for a tile's events on their way through the network and back.
pub struct PerceptronTile {
    /// What the network is given, `(TILE, stride)`.
    pub x: Aligned,
    /// From the beginning of an event to that of the next.
    pub stride: usize,
    /// Behind each hidden layer.
    hidden: Vec<Aligned>,
    /// What it answers.
    pub logits: Aligned,
    /// The gradient of that.
    pub d_logits: Aligned,
    d: Aligned,
    d_below: Aligned,
    /// Of all layers between hidden ones.
    transposed: Vec<Aligned>,
}

impl Perceptron {
    /// A network of hidden layers of `width` nodes, which are whole vectors.
    pub fn new(inputs: usize, hidden_layers: usize, width: usize) -> Self {
        let mut nodes = vec![inputs];
        nodes.extend(std::iter::repeat_n(width, hidden_layers));
        Self { layers: Layers::to_scalar(&nodes), width }
    }

    /// Where its parameters lie.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    fn hidden_layers(&self) -> usize {
        self.layers.all().len() - 1
    }

    /// Room for a tile.
    pub fn tile(&self) -> PerceptronTile {
        let whole = || Aligned::zeros(TILE * self.width);
        let hidden = self.hidden_layers();
        let stride = self.layers.all()[0].inputs().next_multiple_of(LANES);
        PerceptronTile {
            x: Aligned::zeros(TILE * stride),
            stride,
            hidden: (0..hidden).map(|_| whole()).collect(),
            logits: Aligned::zeros(TILE),
            d_logits: Aligned::zeros(TILE),
            d: whole(),
            d_below: whole(),
            transposed: (1..hidden).map(|_| Aligned::zeros(self.width * self.width)).collect(),
        }
    }

    /// What the way back needs of the parameters besides themselves.
    pub fn prepare(&self, parameters: &[f32], tile: &mut PerceptronTile) {
        for (layer, out) in self.layers.all()[1..].iter().zip(&mut tile.transposed) {
            transpose(&parameters[layer.weight()], layer, out);
        }
    }

    /// From the first `rows` of `tile.x` to `tile.logits`.
    #[inline(always)]
    pub fn forward<S: Simd>(&self, simd: S, parameters: &[f32], tile: &mut PerceptronTile, rows: usize) {
        let (width, hidden) = (self.width, self.hidden_layers());
        for (index, layer) in self.layers.all()[..hidden].iter().enumerate() {
            let (below, own) = tile.hidden.split_at_mut(index);
            let x = match below.last() {
                Some(below) => Rows { values: &below[..rows * width], stride: width },
                None => Rows { values: &tile.x[..rows * tile.stride], stride: tile.stride },
            };
            simd.vectorize(Product {
                x,
                depth: layer.inputs(),
                weight: &parameters[layer.weight()],
                width,
                bias: Some(&parameters[layer.bias()]),
                finish: Relu { out: &mut own[0], width },
            });
        }
        let out = &self.layers.all()[hidden];
        simd.vectorize(Score {
            x: &tile.hidden[hidden - 1][..rows * width],
            weight: &parameters[out.weight()],
            bias: parameters[out.bias().start],
            out: &mut tile.logits,
        });
    }

    /// Adds the gradient of the parameters for `tile.d_logits`, of what went forward last.
    #[inline(always)]
    pub fn backward<S: Simd>(
        &self,
        simd: S,
        parameters: &[f32],
        tile: &mut PerceptronTile,
        rows: usize,
        gradient: &mut [f32],
    ) {
        let (width, hidden) = (self.width, self.hidden_layers());
        let out = &self.layers.all()[hidden];
        let (d_weight, d_bias) = out.gradients(gradient);
        simd.vectorize(Unscore {
            d: &tile.d_logits[..rows],
            x: &tile.hidden[hidden - 1],
            weight: &parameters[out.weight()],
            d_x: &mut tile.d,
            d_weight,
            d_bias: &mut d_bias[0],
        });
        for (index, layer) in self.layers.all()[..hidden].iter().enumerate().rev() {
            let (d_weight, d_bias) = layer.gradients(gradient);
            let d = &tile.d[..rows * width];
            let below = index.checked_sub(1);
            let x = match below {
                Some(below) => Rows { values: &tile.hidden[below][..rows * width], stride: width },
                None => Rows { values: &tile.x[..rows * tile.stride], stride: tile.stride },
            };
            simd.vectorize(OuterProduct {
                x,
                depth: layer.inputs(),
                d,
                width,
                weight: d_weight,
                bias: d_bias,
            });
            let Some(below) = below else { break };
            simd.vectorize(Product {
                x: Rows { values: d, stride: width },
                depth: width,
                weight: &tile.transposed[below],
                width,
                bias: None,
                finish: Mask { activation: &tile.hidden[below], out: &mut tile.d_below, width },
            });
            std::mem::swap(&mut tile.d, &mut tile.d_below);
        }
    }
}

impl Network for Perceptron {
    type Tile = PerceptronTile;

    fn layers(&self) -> &Layers {
        &self.layers
    }

    fn answering_tile(&self) -> PerceptronTile {
        self.tile()
    }

    fn events(tile: &mut PerceptronTile) -> (&mut [f32], usize) {
        (&mut tile.x, tile.stride)
    }

    #[inline(always)]
    fn pass<S: Simd>(&self, simd: S, parameters: &[f32], tile: &mut PerceptronTile, rows: usize) {
        self.forward(simd, parameters, tile, rows);
    }

    fn answered<'a>(&self, tile: &'a PerceptronTile) -> (&'a [f32], usize) {
        (&tile.logits, 1)
    }
}

/// The product of each row with the weights of the single output.
struct Score<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    bias: f32,
    out: &'a mut [f32],
}

impl WithSimd for Score<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let weight = S::as_simd_f32s(self.weight).0;
        for (x, out) in self.x.chunks_exact(self.weight.len()).zip(self.out) {
            let mut sum = simd.splat_f32s(0.0);
            for (x, w) in S::as_simd_f32s(x).0.iter().zip(weight) {
                sum = simd.mul_add_f32s(*x, *w, sum);
            }
            *out = simd.reduce_sum_f32s(sum) + self.bias;
        }
    }
}

/// The gradients of that, the rows being behind a ReLU.
struct Unscore<'a> {
    d: &'a [f32],
    x: &'a [f32],
    weight: &'a [f32],
    d_x: &'a mut [f32],
    d_weight: &'a mut [f32],
    d_bias: &'a mut f32,
}

impl WithSimd for Unscore<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.weight.len();
        let zero = simd.splat_f32s(0.0);
        let weight = S::as_simd_f32s(self.weight).0;
        let d_weight = S::as_mut_simd_f32s(self.d_weight).0;
        let rows = self.x.chunks_exact(width).zip(self.d_x.chunks_exact_mut(width));
        for ((x, d_x), d) in rows.zip(self.d) {
            *self.d_bias += d;
            let d = simd.splat_f32s(*d);
            let (x, d_x) = (S::as_simd_f32s(x).0, S::as_mut_simd_f32s(d_x).0);
            for ((x, d_x), (w, d_w)) in x.iter().zip(d_x).zip(weight.iter().zip(d_weight.iter_mut())) {
                *d_w = simd.mul_add_f32s(*x, d, *d_w);
                *d_x = simd.select_f32s(simd.greater_than_f32s(*x, zero), simd.mul_f32s(d, *w), zero);
            }
        }
    }
}
