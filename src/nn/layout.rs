//! Where each weight matrix lies in the flat vector of a member's parameters, and how it is initialised.

use drapes_analysis::plan::random_stream::Stream;
use rand_distr::{Distribution, Uniform};
use tch::{Device, Tensor};

use super::as_on_a_gpu::computes_as_a_gpu;

/// The parameters of each member begin at a multiple of so many numbers, and with them the weights of every layer whose widths are such
/// multiples, as those of jobs are and all of padded layouts: products on a GPU read several numbers at once from there alone.
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
    /// As the network has it.
    rows: usize,
    columns: usize,
    /// With the zeros of a padded layout.
    padded: [usize; 2],
    /// Those that a padded layout has.
    sizes: Sizes,
    offset: usize,
    initial: Initial,
}

impl Block {
    fn new(rows: usize, columns: usize, initial: Initial, sizes: Sizes) -> Self {
        Self { rows, columns, padded: [rows, columns], sizes, offset: 0, initial }
    }

    /// Where the network's own numbers lie, row after row.
    fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let Self { rows, columns, padded, offset, .. } = *self;
        (0..rows).flat_map(move |row| (0..columns).map(move |column| offset + row * padded[1] + column))
    }
}

/// The blocks of one member, in order.
///
/// Those of a padded layout have whole multiples of 16 rows and columns. What is behind the network's own is zero, and so is its
/// gradient where inputs are padded with zeros and outputs have no gradient there: it stays zero, and changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    blocks: Vec<Block>,
    sizes: Sizes,
    len: usize,
}

/// How many rows and columns there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sizes {
    /// Those of the network.
    #[default]
    AsTheyAre,
    /// Whole multiples of 16.
    Padded,
}

impl Layout {
    /// Adds a block of `rows × columns`.
    pub fn push(&mut self, rows: usize, columns: usize, initial: Initial) {
        self.push_block(Block::new(rows, columns, initial, Sizes::Padded));
    }

    /// Adds a block of heads, whose sizes mean something to the network: a padded layout has them as they are.
    pub fn push_heads(&mut self, rows: usize, columns: usize, initial: Initial) {
        self.push_block(Block::new(rows, columns, initial, Sizes::AsTheyAre));
    }

    fn push_block(&mut self, block: Block) {
        self.blocks.push(Block { offset: self.len, ..block });
        self.len += block.padded[0] * block.padded[1];
    }

    /// The same as a device computes it: padded on a GPU, where products of numbers that lie at such multiples are read several at a
    /// time, and as it is on a processor, whose kernels know no padding.
    #[must_use]
    pub fn on(self, device: Device) -> Self {
        if computes_as_a_gpu(device) { self.padded() } else { self }
    }

    /// The same with rows and columns padded. Vectors stay vectors: biases, and weights of a single output.
    #[must_use]
    pub fn padded(&self) -> Self {
        let mut padded = Self { sizes: Sizes::Padded, ..Self::default() };
        for block in &self.blocks {
            match block.sizes {
                Sizes::Padded => {
                    let sizes = [block.rows, block.columns].map(round_up);
                    padded.push_block(Block { padded: sizes, ..*block });
                }
                Sizes::AsTheyAre => {
                    padded.push_block(*block);
                    padded.align();
                }
            }
        }
        padded
    }

    /// Has what is added next begin at a whole multiple of 16.
    pub fn align(&mut self) {
        self.len = self.len.next_multiple_of(ALIGNED);
    }

    /// The same, if it is padded, with zeros behind its end: so members of copies begin at such multiples, which follow each other
    /// without room.
    #[must_use]
    pub fn aligned_in_copies(mut self) -> Self {
        if self.sizes == Sizes::Padded {
            self.align();
        }
        self
    }

    /// Adds the weight and the bias of a dense layer.
    pub fn push_dense(&mut self, inputs: usize, outputs: usize, weight: Initial, bias: Initial) {
        self.push(inputs, outputs, weight);
        self.push(1, outputs, bias);
    }

    /// The layout that was padded, if it was.
    #[must_use]
    pub fn not_padded(&self) -> Self {
        let mut own = Self::default();
        for block in &self.blocks {
            own.push_block(Block { padded: [block.rows, block.columns], ..*block });
        }
        own
    }

    /// So many inputs or outputs of a network with those that this layout pads them with.
    pub fn with_padding(&self, count: usize) -> i64 {
        match self.sizes {
            Sizes::AsTheyAre => count as i64,
            Sizes::Padded => round_up(count) as i64,
        }
    }

    /// Parameters of a member, with the zeros of a padded layout.
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
        let mut values = vec![0.0_f32; members.len() * row];
        for (member, values) in members.iter().zip(values.chunks_exact_mut(row.max(1))) {
            let mut generator = member.branch("initial weights").generator();
            for block in &self.blocks {
                let bound = match block.initial {
                    Initial::XavierUniform => (6.0 / (block.rows + block.columns) as f32).sqrt(),
                    Initial::FanIn { inputs } => 1.0 / (inputs as f32).sqrt(),
                    Initial::Zero => 0.0,
                };
                // Else an empty range: the block starts at zero.
                if let Ok(uniform) = Uniform::new(-bound, bound) {
                    for place in block.places() {
                        values[place] = uniform.sample(&mut generator);
                    }
                }
            }
        }
        let rows = Tensor::from_slice(&values).reshape([members.len() as i64, row as i64]);
        rows.to_device(device).narrow(1, 0, self.len as i64)
    }

    /// Parameters, or gradients of them, without the zeros of a padded layout.
    ///
    /// # Shapes
    /// `[members, len]` to as many numbers as the layout has that is not padded.
    pub fn without_padding(&self, flat: &Tensor) -> Tensor {
        match self.sizes {
            Sizes::AsTheyAre => flat.shallow_clone(),
            Sizes::Padded => flat.index_select(1, &self.places(flat.device())),
        }
    }

    /// Puts parameters, or moments of them, that are not padded into their places among the zeros.
    ///
    /// # Shapes
    /// As [`Layout::without_padding`] gives them.
    pub fn put(&self, own: &Tensor, flat: &Tensor) {
        let mut flat = flat.shallow_clone();
        match self.sizes {
            Sizes::AsTheyAre => flat.copy_(own),
            Sizes::Padded => {
                let _ = flat.index_copy_(1, &self.places(flat.device()), own);
            }
        }
    }

    /// Where the numbers of a layout that is not padded lie.
    fn places(&self, device: Device) -> Tensor {
        let places: Vec<i64> = self.blocks.iter().flat_map(Block::places).map(|place| place as i64).collect();
        Tensor::from_slice(&places).to_device(device)
    }

    /// The blocks of `[members, len]` parameters as views `[members, rows, columns]`.
    pub fn views(&self, flat: &Tensor) -> Vec<Tensor> {
        let members = flat.size()[0];
        let view = |block: &Block| {
            let [rows, columns] = block.padded.map(|count| count as i64);
            flat.narrow(1, block.offset as i64, rows * columns).view([members, rows, columns])
        };
        self.blocks.iter().map(view).collect()
    }

    /// Gradients of the blocks, in their order and with the zeros of a padded layout, as one tensor.
    ///
    /// # Shapes
    /// Each `[members, rows, columns]` to `[members, len]`.
    pub fn flatten(blocks: &[Tensor]) -> Tensor {
        let rows: Vec<Tensor> = blocks.iter().map(|block| block.flatten(1, -1)).collect();
        Tensor::cat(&rows, 1)
    }
}

/// Several rows or columns as so many more that a product reads several numbers at once; a single one is a vector and stays it.
pub fn round_up(count: usize) -> usize {
    if count == 1 { 1 } else { count.next_multiple_of(ALIGNED) }
}

/// Whether layers of this width are as wide in a padded layout.
pub const fn is_aligned(width: usize) -> bool {
    width.is_multiple_of(ALIGNED)
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

    #[test]
    fn padded_layouts_begin_with_the_same_numbers_and_zeros_behind_them() {
        let mut layout = Layout::default();
        for (inputs, outputs) in [(22, 64), (64, 5), (50, 1)] {
            layout.push_dense(inputs, outputs, Initial::XavierUniform, Initial::FanIn { inputs });
        }
        let padded = layout.padded();
        let streams = [1, 2].map(Stream::of_job);
        let [own, all] = [&layout, &padded].map(|layout| layout.initial(&streams, Device::Cpu));
        assert!(padded.without_padding(&all).equal(&own) && layout.without_padding(&own).equal(&own));
        assert!(padded.not_padded().initial(&streams, Device::Cpu).equal(&own));
        let zeros = all.eq(0.0).sum(tch::Kind::Int64).int64_value(&[]) as usize;
        assert_eq!(zeros, 2 * (padded.len() - layout.len()), "numbers and zeros");
        let shapes: Vec<Vec<i64>> = padded.views(&all).iter().map(Tensor::size).collect();
        let rows_and_columns = [[32, 64], [1, 64], [64, 16], [1, 16], [64, 1], [1, 1]];
        assert_eq!(shapes, rows_and_columns.map(|[rows, columns]| vec![2, rows, columns]));
        // Every row of several numbers begins where a product reads several at once.
        for block in padded.views(&all).iter().filter(|block| block.size()[2] > 1) {
            for (member, row) in (0..2).flat_map(|member| (0..block.size()[1]).map(move |row| (member, row)))
            {
                assert_eq!(block.get(member).get(row).data_ptr() as usize % (4 * ALIGNED), 0);
            }
        }
        assert_eq!([22, 5, 1].map(|count| padded.with_padding(count)), [32, 16, 1]);
        assert_eq!([22, 5, 1].map(|count| layout.with_padding(count)), [22, 5, 1]);
    }
}
