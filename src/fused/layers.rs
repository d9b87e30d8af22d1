//! Where the parameters of a member lie while a kernel computes with them: each block begins at a cache line and its rows are
//! whole vectors, with zeros behind what the flat parameters hold.

use std::ops::Range;

/// Rows are multiples of this many values, the longest vector.
pub const LANES: usize = 16;
/// Events that go through a network together.
pub const TILE: usize = 64;

/// A block of parameters.
#[derive(Clone, Copy, Debug)]
struct Block {
    rows: usize,
    columns: usize,
    /// Values of a row while a kernel computes.
    width: usize,
    /// Where it begins in the flat parameters.
    flat: usize,
    /// Where it begins while a kernel computes.
    padded: usize,
}

/// A dense layer.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    weight: Block,
    bias: Block,
}

/// The dense layers of a network, in the order of the flat parameters.
#[derive(Clone, Debug)]
pub struct Layers {
    all: Vec<Dense>,
    flat: usize,
    padded: usize,
}

impl Block {
    fn range(&self) -> Range<usize> {
        self.padded..self.padded + self.rows * self.width
    }
}

impl Dense {
    /// Values that it is given.
    pub fn inputs(&self) -> usize {
        self.weight.rows
    }

    /// Values that it answers.
    pub fn outputs(&self) -> usize {
        self.weight.columns
    }

    /// Biases: the outputs also of a layer whose weights lie in one row ([`Layers::to_scalar`]).
    pub fn bias_len(&self) -> usize {
        self.bias.columns
    }

    /// The same, as whole vectors.
    pub fn width(&self) -> usize {
        self.weight.width
    }

    /// The weights, `(inputs, width)`.
    pub fn weight(&self) -> Range<usize> {
        self.weight.range()
    }

    /// The biases.
    pub fn bias(&self) -> Range<usize> {
        self.bias.range()
    }

    /// Its part of a gradient: that of the weights, that of the biases.
    pub fn gradients<'a>(&self, gradient: &'a mut [f32]) -> (&'a mut [f32], &'a mut [f32]) {
        let (weight, bias) = (self.weight(), self.bias());
        gradient[weight.start..bias.end].split_at_mut(weight.len())
    }
}

impl Layers {
    /// Layers between so many nodes.
    pub fn between(nodes: &[usize]) -> Self {
        let mut layers = Self { all: vec![], flat: 0, padded: 0 };
        for pair in nodes.windows(2) {
            layers.push((pair[0], pair[1]), pair[1]);
        }
        layers
    }

    /// The same, and then a layer with one output. Its weights lie in one row, for which the single output is a product of two
    /// rows.
    pub fn to_scalar(nodes: &[usize]) -> Self {
        let mut layers = Self::between(nodes);
        layers.push((1, nodes[nodes.len() - 1]), 1);
        layers
    }

    /// Adds a block of weights and one of biases.
    pub(super) fn push(&mut self, (rows, columns): (usize, usize), outputs: usize) {
        let weight = self.block(rows, columns);
        let bias = self.block(1, outputs);
        self.all.push(Dense { weight, bias });
    }

    fn block(&mut self, rows: usize, columns: usize) -> Block {
        let width = columns.next_multiple_of(LANES);
        let block = Block { rows, columns, width, flat: self.flat, padded: self.padded };
        self.flat += rows * columns;
        self.padded += rows * width;
        block
    }

    /// All of them.
    pub fn all(&self) -> &[Dense] {
        &self.all
    }

    /// Flat parameters of a member.
    pub fn flat_len(&self) -> usize {
        self.flat
    }

    /// Values that a kernel holds of a member.
    pub fn padded_len(&self) -> usize {
        self.padded
    }

    /// Spreads flat parameters; what lies between them stays as it is.
    pub fn pad(&self, flat: &[f32], padded: &mut [f32]) {
        for Block { rows, columns, width, flat: from, padded: to } in self.blocks() {
            let rows = flat[from..].chunks_exact(columns).take(rows);
            for (row, padded) in rows.zip(padded[to..].chunks_exact_mut(width)) {
                padded[..columns].copy_from_slice(row);
            }
        }
    }

    /// Gathers flat parameters.
    pub fn flatten(&self, padded: &[f32], flat: &mut [f32]) {
        for Block { rows, columns, width, flat: to, padded: from } in self.blocks() {
            let rows = flat[to..].chunks_exact_mut(columns).take(rows);
            for (row, padded) in rows.zip(padded[from..].chunks_exact(width)) {
                row.copy_from_slice(&padded[..columns]);
            }
        }
    }

    /// Clears what lies between the values of flat parameters.
    pub fn clear_padding(&self, padded: &mut [f32]) {
        for Block { rows, columns, width, padded: first, .. } in self.blocks() {
            for row in padded[first..].chunks_exact_mut(width).take(rows) {
                row[columns..].fill(0.0);
            }
        }
    }

    fn blocks(&self) -> impl Iterator<Item = Block> {
        self.all.iter().flat_map(|layer| [layer.weight, layer.bias])
    }
}

/// Transposes the weights of a layer, `(inputs, width)`, to `(outputs, inputs)`.
pub fn transpose(weight: &[f32], layer: &Dense, out: &mut [f32]) {
    /// Rows and columns of a square that registers hold: of each, four values are read, and written, at once.
    const SIDE: usize = 4;
    let (inputs, outputs, width) = (layer.inputs(), layer.outputs(), layer.width());
    for (columns, out) in out[..outputs * inputs].chunks_mut(SIDE * inputs).enumerate() {
        for (rows, weight) in weight.chunks(SIDE * width).enumerate() {
            let (first_row, first_column) = (SIDE * rows, SIDE * columns);
            if (weight.len(), out.len()) == (SIDE * width, SIDE * inputs) {
                let square: [[f32; SIDE]; SIDE] =
                    std::array::from_fn(|r| std::array::from_fn(|c| weight[r * width + first_column + c]));
                for (c, out) in out.chunks_exact_mut(inputs).enumerate() {
                    out[first_row..first_row + SIDE].copy_from_slice(&square.map(|row| row[c]));
                }
                continue;
            }
            for (c, out) in out.chunks_exact_mut(inputs).enumerate() {
                for (out, row) in out[first_row..].iter_mut().zip(weight.chunks_exact(width)) {
                    *out = row[first_column + c];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_transposed_whatever_is_left_of_their_squares() {
        for (inputs, outputs) in [(4, 4), (64, 64), (64, 5), (5, 32), (3, 2), (7, 9), (32, 1), (1, 16)] {
            let layers = Layers::between(&[inputs, outputs]);
            let layer = layers.all()[0];
            let weight: Vec<f32> = (0..inputs * layer.width()).map(|place| place as f32).collect();
            // What lies behind the result stays as it is.
            let mut found = vec![-1.0; outputs * inputs + 3];
            transpose(&weight, &layer, &mut found);
            let expected: Vec<f32> = (0..outputs * inputs)
                .map(|place| weight[place % inputs * layer.width() + place / inputs])
                .collect();
            assert_eq!(found[..outputs * inputs], expected, "{inputs} {outputs}");
            assert_eq!(found[outputs * inputs..], [-1.0; 3]);
        }
    }
}
