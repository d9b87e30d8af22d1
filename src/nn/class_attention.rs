//! Class attention: a learnt token attends to the elements of a set and gathers what tells the classes apart.

use tch::{Kind, Tensor};

use super::dense::Dense;
use super::feed_forward::{FeedForward, FeedForwardShape};
use super::layout::{Initial, Layout};
use super::norm::{Normalised, normalise};
use super::padding::Padding;

/// Sizes of class attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassAttentionShape {
    /// Nodes of an element and of the token.
    pub width: usize,
    /// Heads of each attention.
    pub heads: usize,
    /// Hidden nodes of each feed-forward part.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
}

/// An ensemble of class attentions over shared parameters, or a gradient of them.
///
/// Each layer adds `attention(norm(t), norm(h))` and then `feed_forward(norm(t))` to the token t: its queries are the
/// token's, its keys and values those of the elements h. The result does not depend on the order of the elements.
///
/// With one query a set, q · (K h) = (Kᵀ q) · h and Σ a V h = V Σ a h: keys and values of single elements are never
/// computed, which saves all but 1 / width of their products. Biases of keys would cancel in the softmax, and biases of
/// values are those of the mixing layer, so there are none.
///
/// Source: H. Touvron et al., arXiv:2103.17239, section 2.2.
pub struct ClassAttention {
    shape: ClassAttentionShape,
    /// `[members, 1, width]`
    token: Tensor,
    layers: Vec<ClassLayer>,
}

struct ClassLayer {
    queries: Dense,
    keys: Heads,
    values: Heads,
    mixing: Dense,
    feed_forward: FeedForward,
}

/// A matrix for each head, `[members, heads · width, width / heads]`.
struct Heads(Tensor);

/// What a forward pass of class attention saves for its gradient.
pub struct ClassAttentionSaved {
    elements: Normalised,
    layers: Vec<LayerSaved>,
}

struct LayerSaved {
    before_attention: Normalised,
    /// `[members · heads, sets, width / heads]`
    queries: Tensor,
    /// Queries as the elements see them, `[members · sets, heads, width]`.
    seen: Tensor,
    /// `[members · sets, heads, slots]`
    weights: Tensor,
    /// Weighted elements, `[members · sets, heads, width]`.
    gathered: Tensor,
    /// `[members, sets, width]`
    attended: Tensor,
    before_feed_forward: Normalised,
    hidden: Tensor,
}

impl ClassAttentionShape {
    fn feed_forward(&self) -> FeedForwardShape {
        FeedForwardShape { inputs: self.width, context: 0, hidden: self.hidden, outputs: self.width }
    }

    /// Adds the parameters.
    pub fn push(&self, layout: &mut Layout) {
        let width = Initial::FanIn { inputs: self.width };
        layout.push(1, self.width, width);
        for _ in 0..self.layers {
            layout.push_dense(self.width, self.width, width, width);
            for _ in ["keys", "values"] {
                layout.push_heads(self.heads * self.width, self.width / self.heads, width);
            }
            layout.push_dense(self.width, self.width, width, width);
            self.feed_forward().push(layout, Initial::FanIn { inputs: self.hidden });
        }
    }
}

impl Heads {
    /// `[members · heads, width, width / heads]`
    fn matrices(&self, heads: i64) -> Tensor {
        let [members, rows, size] = [0, 1, 2].map(|axis| self.0.size()[axis]);
        self.0.reshape([members * heads, rows / heads, size])
    }

    /// Adds a gradient of the matrices.
    fn add(&self, d: &Tensor) {
        let _ = self.0.shallow_clone().g_add_(&d.view(self.0.size().as_slice()));
    }
}

impl ClassAttention {
    /// Takes the views from those of a network.
    ///
    /// # Panics
    /// If there are too few.
    pub fn take(shape: ClassAttentionShape, views: &mut impl Iterator<Item = Tensor>) -> Self {
        let mut next = || views.next().expect("a view for each block of the layout");
        let token = next();
        let layer = |_| {
            let mut next = || views.next().expect("a view for each block of the layout");
            ClassLayer {
                queries: Dense::new(next(), next()),
                keys: Heads(next()),
                values: Heads(next()),
                mixing: Dense::new(next(), next()),
                feed_forward: FeedForward::take(&shape.feed_forward(), views),
            }
        };
        Self { shape, token, layers: (0..shape.layers).map(layer).collect() }
    }

    /// The tokens of the sets, and what their gradient needs.
    ///
    /// # Shapes
    /// `elements` `[members, sets · slots, width]`, finite also in padded slots; the result is `[members, sets, width]`, in
    /// single precision.
    pub fn forward_saving(&self, elements: &Tensor, padding: &Padding) -> (Tensor, ClassAttentionSaved) {
        let mut elements = normalise(elements);
        if let Some(layer) = self.layers.first() {
            elements = elements.rounded_for(&layer.queries);
        }
        let by_set = self.by_set(&elements, padding);
        let mut token = self.start(padding);
        let layers = self.layers.iter().map(|layer| self.pass(layer, &mut token, &by_set, padding)).collect();
        (token, ClassAttentionSaved { elements, layers })
    }

    /// The tokens of the sets.
    ///
    /// # Shapes
    /// As [`ClassAttention::forward_saving`].
    pub fn forward(&self, elements: &Tensor, padding: &Padding) -> Tensor {
        let by_set = self.by_set(&normalise(elements), padding);
        let mut token = self.start(padding);
        for layer in &self.layers {
            let _ = self.pass(layer, &mut token, &by_set, padding);
        }
        token
    }

    fn start(&self, padding: &Padding) -> Tensor {
        let token = self.token.to_kind(Kind::Float);
        token.expand([padding.members, padding.sets, self.shape.width as i64], false).contiguous()
    }

    /// Normalised elements, `[members · sets, slots, width]`, in the precision of the products.
    fn by_set(&self, elements: &Normalised, padding: &Padding) -> Tensor {
        let shape = [padding.all_sets(), padding.slots, self.shape.width as i64];
        elements.values.to_kind(self.token.kind()).view(shape)
    }

    fn pass(&self, layer: &ClassLayer, token: &mut Tensor, by_set: &Tensor, padding: &Padding) -> LayerSaved {
        let before_attention = normalise(token).rounded_for(&layer.queries);
        let queries = self.by_head(&layer.queries.forward(&before_attention.values));
        let keys = layer.keys.matrices(self.shape.heads as i64);
        let seen = self.to_sets(&queries.bmm(&keys.transpose(1, 2)), padding);
        let mut scores = seen.bmm(&by_set.transpose(1, 2)).to_kind(Kind::Float).g_mul_scalar_(self.scale());
        if let Some(mask) = padding.mask() {
            scores += mask.view([padding.all_sets(), 1, padding.slots]);
        }
        let weights = scores.softmax(-1, Kind::Float).to_kind(by_set.kind());
        let gathered = weights.bmm(by_set);
        let values = layer.values.matrices(self.shape.heads as i64);
        let attended = self.merged(&self.to_heads(&gathered, padding).bmm(&values), padding);
        *token = &*token + layer.mixing.forward(&attended);
        let before_feed_forward = layer.feed_forward.normalised(token);
        let (hidden, out) = layer.feed_forward.forward(&before_feed_forward.values, None);
        *token = &*token + out;
        LayerSaved {
            before_attention,
            queries,
            seen,
            weights,
            gathered,
            attended,
            before_feed_forward,
            hidden,
        }
    }

    /// The gradient of the elements, zero in padded slots; those of the parameters are added to `sum`.
    ///
    /// # Shapes
    /// `d_token` `[members, sets, width]`; the result is `[members, sets · slots, width]`.
    pub fn backward(
        &self,
        saved: &ClassAttentionSaved,
        padding: &Padding,
        d_token: &Tensor,
        sum: &Self,
    ) -> Tensor {
        let heads = self.shape.heads as i64;
        let by_set = self.by_set(&saved.elements, padding);
        let mut d_token = d_token.copy();
        // What an element adds to each head's sum and to each head's score; all layers in one product at the end.
        let (mut shares, mut causes) = (Vec::new(), Vec::new());
        for ((layer, saved), sum) in self.layers.iter().zip(&saved.layers).zip(&sum.layers).rev() {
            let normalised = &saved.before_feed_forward;
            let (d_normalised, _) = layer.feed_forward.backward(
                &normalised.values,
                None,
                &saved.hidden,
                &d_token,
                &sum.feed_forward,
            );
            d_token += normalised.backward(&d_normalised);
            let rounded = layer.mixing.rounded(&d_token);
            layer.mixing.accumulate(&saved.attended, (&d_token, &rounded), &sum.mixing);
            let d_attended = self.by_head(&layer.mixing.backward(&rounded));
            sum.values.add(&self.to_heads(&saved.gathered, padding).transpose(1, 2).bmm(&d_attended));
            let values = layer.values.matrices(heads);
            let d_gathered = self.to_sets(&d_attended.bmm(&values.transpose(1, 2)), padding);
            let drift =
                (&d_gathered * &saved.gathered).sum_dim_intlist([-1_i64].as_slice(), true, Kind::Float);
            let d_weights = d_gathered.bmm(&by_set.transpose(1, 2));
            let d_scores = ((d_weights - drift) * &saved.weights * self.scale()).to_kind(by_set.kind());
            let d_seen = self.to_heads(&d_scores.bmm(&by_set), padding);
            sum.keys.add(&d_seen.transpose(1, 2).bmm(&saved.queries));
            let d_queries = self.merged(&d_seen.bmm(&layer.keys.matrices(heads)), padding);
            let normalised = &saved.before_attention;
            let rounded = layer.queries.rounded(&d_queries);
            layer.queries.accumulate(&normalised.values, (&d_queries, &rounded), &sum.queries);
            d_token += normalised.backward(&layer.queries.backward(&rounded));
            shares.extend([saved.weights.shallow_clone(), d_scores]);
            causes.extend([d_gathered, saved.seen.shallow_clone()]);
        }
        let d_start = d_token.sum_dim_intlist([1_i64].as_slice(), true, Kind::Float);
        let _ = sum.token.shallow_clone().g_add_(&d_start);
        let d_by_set = Tensor::cat(&shares, 1).transpose(1, 2).bmm(&Tensor::cat(&causes, 1));
        saved.elements.backward(&d_by_set.view(saved.elements.values.size().as_slice()))
    }

    fn scale(&self) -> f64 {
        (self.shape.heads as f64 / self.shape.width as f64).sqrt()
    }

    /// `[members, sets, width]` to `[members · heads, sets, width / heads]`.
    fn by_head(&self, values: &Tensor) -> Tensor {
        let [members, sets, width] = [0, 1, 2].map(|axis| values.size()[axis]);
        let heads = self.shape.heads as i64;
        let split = values.view([members, sets, heads, width / heads]).transpose(1, 2);
        split.reshape([members * heads, sets, width / heads])
    }

    /// `[members · heads, sets, width / heads]` to `[members, sets, width]`.
    fn merged(&self, values: &Tensor, padding: &Padding) -> Tensor {
        let by_set = values.view([padding.members, self.shape.heads as i64, padding.sets, -1]);
        by_set.transpose(1, 2).reshape([padding.members, padding.sets, self.shape.width as i64])
    }

    /// `[members · heads, sets, width]` to `[members · sets, heads, width]`.
    fn to_sets(&self, values: &Tensor, padding: &Padding) -> Tensor {
        let [heads, width] = [self.shape.heads as i64, self.shape.width as i64];
        let split = values.view([padding.members, heads, padding.sets, width]).transpose(1, 2);
        split.reshape([padding.all_sets(), heads, width])
    }

    /// `[members · sets, heads, width]` to `[members · heads, sets, width]`.
    fn to_heads(&self, values: &Tensor, padding: &Padding) -> Tensor {
        let [heads, width] = [self.shape.heads as i64, self.shape.width as i64];
        let split = values.view([padding.members, padding.sets, heads, width]).transpose(1, 2);
        split.reshape([padding.members * heads, padding.sets, width])
    }
}

#[cfg(test)]
mod tests;
