//! A transformer encoder of sets.

use tch::{Kind, Tensor};

use super::attention::{Attended, AttentionKernel, attend};
use super::dense::Dense;
use super::feed_forward::{FeedForward, FeedForwardShape};
use super::layout::{Initial, Layout};
use super::norm::{Normalised, normalise};
use super::padding::Padding;

/// Sizes of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderShape {
    /// Inputs of an element.
    pub inputs: usize,
    /// Context of a set; 0 where there is none.
    pub context: usize,
    /// Nodes of an element between the blocks.
    pub width: usize,
    /// Heads of each attention.
    pub heads: usize,
    /// Hidden nodes of each feed-forward part.
    pub hidden: usize,
    /// Blocks.
    pub blocks: usize,
}

/// An ensemble of encoders over shared parameters, or a gradient of them.
///
/// Elements are embedded by a feed-forward part; each block adds `attention(norm(h))` and then `feed_forward(norm(h), c)`
/// to h. The result does not depend on the order of the elements, but for its own order.
///
/// Source: A. Vaswani et al. 2017, with the normalisation before each part.
pub struct Encoder {
    shape: EncoderShape,
    embedding: FeedForward,
    blocks: Vec<Block>,
}

struct Block {
    queries_keys_values: Dense,
    mixing: Dense,
    feed_forward: FeedForward,
}

/// What a forward pass of the encoder saves for its gradient.
pub struct EncoderSaved {
    x: Tensor,
    hidden: Tensor,
    blocks: Vec<BlockSaved>,
}

struct BlockSaved {
    before_attention: Normalised,
    attended: Attended,
    before_feed_forward: Normalised,
    hidden: Tensor,
}

impl EncoderShape {
    fn embedding(&self) -> FeedForwardShape {
        let Self { inputs, context, width, hidden, .. } = *self;
        FeedForwardShape { inputs, context, hidden, outputs: width }
    }

    fn feed_forward(&self) -> FeedForwardShape {
        FeedForwardShape { inputs: self.width, ..self.embedding() }
    }

    /// Adds the parameters.
    pub fn push(&self, layout: &mut Layout) {
        let hidden = Initial::FanIn { inputs: self.hidden };
        let width = Initial::FanIn { inputs: self.width };
        self.embedding().push(layout, hidden);
        for _ in 0..self.blocks {
            layout.push_dense(self.width, 3 * self.width, width, width);
            layout.push_dense(self.width, self.width, width, width);
            self.feed_forward().push(layout, hidden);
        }
    }
}

impl Encoder {
    /// Takes the encoder's views from those of a network.
    ///
    /// # Panics
    /// If there are too few.
    pub fn take(shape: EncoderShape, views: &mut impl Iterator<Item = Tensor>) -> Self {
        let embedding = FeedForward::take(&shape.embedding(), views);
        let block = |_| {
            let mut dense = || {
                let mut next = || views.next().expect("a view for each block of the layout");
                Dense::new(next(), next())
            };
            Block {
                queries_keys_values: dense(),
                mixing: dense(),
                feed_forward: FeedForward::take(&shape.feed_forward(), views),
            }
        };
        Self { shape, embedding, blocks: (0..shape.blocks).map(block).collect() }
    }

    /// The encoded elements.
    ///
    /// # Shapes
    /// `x` `[members, sets · slots, inputs]`, `context` `[members, sets, context]`; the result is
    /// `[members, sets · slots, width]`, in single precision.
    pub fn forward(
        &self,
        x: &Tensor,
        context: Option<&Tensor>,
        padding: &Padding,
        kernel: AttentionKernel,
    ) -> Tensor {
        let (_, embedded) = self.embedding.forward(&padding.zeroed(x), context);
        let mut h = embedded.to_kind(Kind::Float);
        for block in &self.blocks {
            // What a gradient would need is not held beyond its block, so that fewer values pass through the cache.
            let _ = self.pass(block, &mut h, context, padding, kernel);
        }
        h
    }

    /// The encoded elements, and what their gradient needs.
    ///
    /// # Shapes
    /// As [`Encoder::forward`].
    pub fn forward_saving(
        &self,
        x: &Tensor,
        context: Option<&Tensor>,
        padding: &Padding,
        kernel: AttentionKernel,
    ) -> (Tensor, EncoderSaved) {
        let x = self.embedding.rounded(&padding.zeroed(x));
        let (hidden, embedded) = self.embedding.forward(&x, context);
        let mut h = embedded.to_kind(Kind::Float);
        let blocks =
            self.blocks.iter().map(|block| self.pass(block, &mut h, context, padding, kernel)).collect();
        (h, EncoderSaved { x, hidden, blocks })
    }

    fn pass(
        &self,
        block: &Block,
        h: &mut Tensor,
        context: Option<&Tensor>,
        padding: &Padding,
        kernel: AttentionKernel,
    ) -> BlockSaved {
        let before_attention = normalise(h).rounded_for(&block.queries_keys_values);
        let qkv = block.queries_keys_values.forward(&before_attention.values);
        let attended = attend(&qkv, self.shape.heads, padding, kernel);
        // New tensors: the gradient of a normalisation may need what it was given.
        *h = &*h + block.mixing.forward(&attended.values);
        let before_feed_forward = block.feed_forward.normalised(h);
        let (hidden, out) = block.feed_forward.forward(&before_feed_forward.values, context);
        *h = &*h + out;
        BlockSaved { before_attention, attended, before_feed_forward, hidden }
    }

    /// The gradient of the context; those of the parameters are added to `sum`.
    ///
    /// `d_h` must be zero in padded slots; its memory is used.
    pub fn backward(
        &self,
        saved: &EncoderSaved,
        context: Option<&Tensor>,
        d_h: Tensor,
        sum: &Self,
    ) -> Option<Tensor> {
        let mut d_h = d_h;
        let mut d_context: Option<Tensor> = None;
        let mut add = |part: Option<Tensor>| {
            d_context = match (d_context.take(), part) {
                (Some(sum), Some(part)) => Some(sum + part),
                (sum, part) => sum.or(part),
            };
        };
        for ((block, saved), sum) in self.blocks.iter().zip(&saved.blocks).zip(&sum.blocks).rev() {
            let normalised = &saved.before_feed_forward;
            let (d_normalised, part) = block.feed_forward.backward(
                &normalised.values,
                context,
                &saved.hidden,
                &d_h,
                &sum.feed_forward,
            );
            add(part);
            d_h += normalised.backward(&d_normalised);
            let rounded = block.mixing.rounded(&d_h);
            block.mixing.accumulate(&saved.attended.values, (&d_h, &rounded), &sum.mixing);
            let d_qkv = saved.attended.backward(&block.mixing.backward(&rounded));
            let normalised = &saved.before_attention;
            let layer = &block.queries_keys_values;
            layer.accumulate(&normalised.values, (&d_qkv, &layer.rounded(&d_qkv)), &sum.queries_keys_values);
            d_h += normalised.backward(&layer.backward(&d_qkv));
        }
        let (_, part) = self.embedding.backward(&saved.x, context, &saved.hidden, &d_h, &sum.embedding);
        add(part);
        d_context
    }
}

#[cfg(test)]
mod tests;
