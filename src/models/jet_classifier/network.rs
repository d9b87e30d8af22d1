//! The network of the jet classifier: constituents to one token a jet, by self-attention and class attention.

use drapes_analysis::job::{JetClassifierSettings, JetInputs};
use tch::{Device, Kind, Tensor};

use crate::nn::{
    AttentionKernel, ClassAttention, ClassAttentionSaved, ClassAttentionShape, Encoder, EncoderSaved,
    EncoderShape, FeedForward, FeedForwardShape, Initial, Layout, Padding, is_aligned, pad,
};
use crate::sample::jets::CONSTITUENT_FEATURES;

/// Sizes of a classifier of jets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JetClassifierShape {
    encoder: EncoderShape,
    class_attention: ClassAttentionShape,
}

impl JetClassifierShape {
    /// The network that a job asks for.
    pub fn new(settings: &JetClassifierSettings) -> Self {
        let JetClassifierSettings { width, heads, hidden, .. } = *settings;
        let (inputs, blocks) = (inputs(settings.inputs), settings.self_attention_layers);
        Self {
            encoder: EncoderShape { inputs, context: 0, width, heads, hidden, blocks },
            class_attention: ClassAttentionShape {
                width,
                heads,
                hidden,
                layers: settings.class_attention_layers,
            },
        }
    }

    fn output(&self) -> FeedForwardShape {
        let width = self.width();
        FeedForwardShape { inputs: width, context: 0, hidden: width, outputs: 1 }
    }

    /// Nodes of a constituent, and of a jet.
    pub fn width(&self) -> usize {
        self.encoder.width
    }

    /// The parameters of one classifier.
    pub fn layout(&self) -> Layout {
        let mut layout = Layout::default();
        self.encoder.push(&mut layout);
        self.class_attention.push(&mut layout);
        self.output().push(&mut layout, Initial::FanIn { inputs: self.width() });
        layout
    }

    /// The same where a device computes. A layout is padded on a GPU, unless its norms would take zeros for nodes.
    pub fn layout_on(&self, device: Device) -> Layout {
        let layout = self.layout();
        // Half-precision copies of the parameters are made in each step.
        if is_aligned(self.width()) { layout.on(device).aligned_in_copies() } else { layout }
    }

    /// Numbers that are kept of a jet with so many slots until its gradient is known, about.
    pub fn saved(&self, slots: usize) -> usize {
        let EncoderShape { width, heads, hidden, blocks, .. } = self.encoder;
        let of_block = 8 * width + hidden + heads * slots;
        let of_layer = 2 * heads;
        slots * (hidden + 2 * width + blocks * of_block + self.class_attention.layers * of_layer)
    }
}

/// Numbers that a classifier is given of a constituent.
pub fn inputs(inputs: JetInputs) -> usize {
    match inputs {
        JetInputs::Relative => CONSTITUENT_FEATURES,
        JetInputs::Absolute => CONSTITUENT_FEATURES + 1,
    }
}

/// An ensemble of networks over shared parameters, or a gradient of them.
///
/// A transformer encoder of the constituents and a class token that gathers them, the same for both jets; a small
/// perceptron of the sum of both tokens. The result depends neither on the order of the constituents nor on that of the jets.
///
/// Source: the paper, section 4.3 and Fig. 3; sizes are our decision.
pub struct JetClassifierNetwork {
    encoder: Encoder,
    class_attention: ClassAttention,
    output: FeedForward,
    /// Numbers of a constituent, with those that the layout pads them with.
    inputs: i64,
}

/// What a forward pass to the tokens of some jets saves for its gradient.
pub struct TokensSaved {
    encoder: EncoderSaved,
    class_attention: ClassAttentionSaved,
}

impl JetClassifierNetwork {
    /// The networks of `[members, len]` parameters, which they share; or the place of a gradient, which is all zero and has no other
    /// network over it.
    pub fn over(shape: &JetClassifierShape, layout: &Layout, flat: &Tensor) -> Self {
        let mut views = layout.views(flat).into_iter();
        Self {
            encoder: Encoder::take(shape.encoder, &mut views),
            class_attention: ClassAttention::take(shape.class_attention, &mut views),
            output: FeedForward::take(&shape.output(), &mut views),
            inputs: layout.with_padding(shape.encoder.inputs),
        }
    }

    /// The tokens of jets.
    ///
    /// # Shapes
    /// `x` `[members, jets · slots, inputs]`, whatever in padded slots; the result is `[members, jets, width]`, in single
    /// precision.
    pub fn tokens(&self, x: &Tensor, padding: &Padding, kernel: AttentionKernel) -> Tensor {
        let h = self.encoder.forward(&pad(x, self.inputs), None, padding, kernel);
        self.class_attention.forward(&h, padding)
    }

    /// The tokens of jets, and what their gradient needs.
    ///
    /// # Shapes
    /// As [`JetClassifierNetwork::tokens`].
    pub fn tokens_saving(
        &self,
        x: &Tensor,
        padding: &Padding,
        kernel: AttentionKernel,
    ) -> (Tensor, TokensSaved) {
        let (h, encoder) = self.encoder.forward_saving(&pad(x, self.inputs), None, padding, kernel);
        let (tokens, class_attention) = self.class_attention.forward_saving(&h, padding);
        (tokens, TokensSaved { encoder, class_attention })
    }

    /// Adds the gradient of the parameters behind the tokens of jets to `sum`.
    ///
    /// # Shapes
    /// `d_tokens` `[members, jets, width]`.
    pub fn tokens_backward(&self, saved: &TokensSaved, padding: &Padding, d_tokens: &Tensor, sum: &Self) {
        let d_h =
            self.class_attention.backward(&saved.class_attention, padding, d_tokens, &sum.class_attention);
        let _ = self.encoder.backward(&saved.encoder, None, d_h, &sum.encoder);
    }

    /// The logits of events.
    ///
    /// # Shapes
    /// `events` are the sums of their jets' tokens, `[members, events, width]`; the result is `[members, events, 1]`, in
    /// single precision.
    pub fn logits(&self, events: &Tensor) -> Tensor {
        let (_, logits) = self.output.forward(&self.output.normalised(events).values, None);
        logits.to_kind(Kind::Float)
    }

    /// Has the gradient of the logits written to a place beside them, runs backward, and adds the gradient of the parameters to
    /// `sum`; the result is the gradient of the events.
    ///
    /// # Shapes
    /// As [`JetClassifierNetwork::logits`].
    pub fn logits_backward(
        &self,
        events: &Tensor,
        d_logits: impl FnOnce(&Tensor, &Tensor),
        sum: &Self,
    ) -> Tensor {
        let normalised = self.output.normalised(events);
        let (hidden, logits) = self.output.forward(&normalised.values, None);
        let logits = logits.to_kind(Kind::Float);
        let d_out = logits.empty_like();
        d_logits(&logits, &d_out);
        let (d_normalised, _) = self.output.backward(&normalised.values, None, &hidden, &d_out, &sum.output);
        normalised.backward(&d_normalised)
    }
}
