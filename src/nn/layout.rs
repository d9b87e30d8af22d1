//! Where each weight matrix lies in the flat vector of a member's parameters, and how it is initialised.

use drapes_analysis::plan::random_stream::Stream;
use rand_distr::{Distribution, Uniform};
use tch::{Device, Tensor};

/// The parameters of each member begin at a multiple of so many numbers, and with them the weights of every layer whose widths are such
/// multiples, as those of jobs are: products on a GPU read several numbers at once from there alone.
const ALIGNED: usize = 16;

/// How a block starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// Uniform within ±√(6 / (inputs + outputs)).
    XavierUniform,
    /// Uniform within ±1/√inputs, of the layer that the block belongs to.
    FanIn {
        /// Inputs of the layer.
        inputs: usize,
    },
    /// All zero.
    Zero,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    rows: usize,
    columns: usize,
    offset: usize,
    initial: Initial,
}

/// The blocks of one member, in order.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    blocks: Vec<Block>,
    len: usize,
}

impl Layout {
    /// Adds a block of `rows × columns`.
    pub fn push(&mut self, rows: usize, columns: usize, initial: Initial) {
        self.blocks.push(Block { rows, columns, offset: self.len, initial });
        self.len += rows * columns;
    }

    /// Adds the weight and the bias of a dense layer.
    pub fn push_dense(&mut self, inputs: usize, outputs: usize, weight: Initial, bias: Initial) {
        self.push(inputs, outputs, weight);
        self.push(1, outputs, bias);
    }

    /// Parameters of a member.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Starting values, a stream for each member.
    ///
    /// # Shapes
    /// `[members, len]`, with room between the members that nobody sees.
    pub fn initial(&self, members: &[Stream], device: Device) -> Tensor {
        let row = self.len.next_multiple_of(ALIGNED);
        let mut values = Vec::with_capacity(members.len() * row);
        for member in members {
            let mut generator = member.branch("initial weights").generator();
            for block in &self.blocks {
                let bound = match block.initial {
                    Initial::XavierUniform => (6.0 / (block.rows + block.columns) as f32).sqrt(),
                    Initial::FanIn { inputs } => 1.0 / (inputs as f32).sqrt(),
                    Initial::Zero => 0.0,
                };
                let size = block.rows * block.columns;
                match Uniform::new(-bound, bound) {
                    Ok(uniform) => values.extend((0..size).map(|_| uniform.sample(&mut generator))),
                    // An empty range: the block starts at zero.
                    Err(_) => values.extend(std::iter::repeat_n(0.0, size)),
                }
            }
            values.extend(std::iter::repeat_n(0.0, row - self.len));
        }
        let rows = Tensor::from_slice(&values).reshape([members.len() as i64, row as i64]);
        rows.to_device(device).narrow(1, 0, self.len as i64)
    }

    /// The blocks of `[members, len]` parameters as views `[members, rows, columns]`.
    pub fn views(&self, flat: &Tensor) -> Vec<Tensor> {
        let members = flat.size()[0];
        let view = |block: &Block| {
            let (rows, columns) = (block.rows as i64, block.columns as i64);
            flat.narrow(1, block.offset as i64, rows * columns).view([members, rows, columns])
        };
        self.blocks.iter().map(view).collect()
    }

    /// Gradients of the blocks, in their order, as one tensor.
    ///
    /// # Shapes
    /// Each `[members, rows, columns]` to `[members, len]`.
    pub fn flatten(blocks: &[Tensor]) -> Tensor {
        let rows: Vec<Tensor> = blocks.iter().map(|block| block.flatten(1, -1)).collect();
        Tensor::cat(&rows, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_every_member_begin_where_products_read_several_numbers_at_once() {
        // As a denoiser of five features: the last bias is no multiple of sixteen, and the next member begins behind it.
        let mut layout = Layout::default();
        for (inputs, outputs) in [(22, 64), (64, 64), (64, 5)] {
            layout.push_dense(inputs, outputs, Initial::XavierUniform, Initial::FanIn { inputs });
        }
        let streams = [1, 2, 3].map(Stream::of_job);
        let all = layout.initial(&streams, Device::Cpu);
        assert_eq!(all.size(), [3, layout.len() as i64]);
        for block in layout.views(&all) {
            for member in 0..3 {
                assert_eq!(block.get(member).data_ptr() as usize % (4 * ALIGNED), 0, "member {member}");
            }
        }
        // The room between members changes nothing of what they begin with.
        let alone = layout.initial(&streams[1..2], Device::Cpu);
        assert!(alone.get(0).equal(&all.get(1)));
    }
}
