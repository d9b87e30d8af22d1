//! The network of the jet model: a transformer encoder of constituents, conditioned on σ and the jet's four-momentum.

use drapes_analysis::job::{JetModelSettings, SamplerSettings};
use tch::{Device, Kind, Tensor};

use crate::models::diffusion::cosines;
use crate::nn::{
    AttentionKernel, Encoder, EncoderShape, FeedForward, FeedForwardShape, Initial, Layout, Padding,
    is_aligned, pad,
};
use crate::sample::jets::{CONSTITUENT_FEATURES, OUTLINE_FEATURES};

/// The network behind a jet denoiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JetModelShape {
    encoder: EncoderShape,
    noise_features: usize,
    /// The least noise strength that it learns, which is that of the sampler.
    sigma_min: f64,
    /// The largest one, whose lowest cosine feature is half a turn.
    sigma_max: f64,
}

impl JetModelShape {
    /// The network that a job asks for.
    pub fn new(settings: &JetModelSettings, sampler: &SamplerSettings) -> Self {
        let JetModelSettings { context, width, heads, hidden, blocks, noise_features, .. } = *settings;
        let inputs = CONSTITUENT_FEATURES;
        let encoder = EncoderShape { inputs, context, width, heads, hidden, blocks };
        let SamplerSettings { sigma_min, sigma_max, .. } = *sampler;
        Self { encoder, noise_features, sigma_min, sigma_max }
    }

    /// The noise strengths that it learns.
    pub fn noise_range(&self) -> (f64, f64) {
        (self.sigma_min, self.sigma_max)
    }

    fn context(&self) -> FeedForwardShape {
        FeedForwardShape {
            inputs: OUTLINE_FEATURES + self.noise_features,
            context: 0,
            hidden: self.encoder.hidden,
            outputs: self.encoder.context,
        }
    }

    fn output(&self) -> FeedForwardShape {
        let EncoderShape { context, width, hidden, .. } = self.encoder;
        FeedForwardShape { inputs: width, context, hidden, outputs: CONSTITUENT_FEATURES }
    }

    /// The parameters of one model.
    pub fn layout(&self) -> Layout {
        let mut layout = Layout::default();
        self.context().push(&mut layout, Initial::FanIn { inputs: self.encoder.hidden });
        self.encoder.push(&mut layout);
        self.output().push(&mut layout, Initial::Zero);
        layout
    }

    /// The same as a device trains it. A layout is padded on a GPU, unless its norms would take zeros for nodes.
    pub fn layout_on(&self, device: Device) -> Layout {
        let layout = self.layout();
        // Half-precision copies of the parameters are made in each step.
        if is_aligned(self.encoder.width) { layout.on(device).aligned_in_copies() } else { layout }
    }

    /// The condition of the network for each jet: its standardised outline and the cosine features of its noise.
    ///
    /// # Shapes
    /// `outlines` `[members, jets, 5]`; `sigma` broadcasts to `[members, jets, 1]`.
    pub fn about(&self, outlines: &Tensor, sigma: &Tensor) -> Tensor {
        let size = outlines.size();
        let noise = cosines(sigma, self.noise_features, self.sigma_max);
        let noise = noise.expand([size[0], size[1], self.noise_features as i64], false);
        Tensor::cat(&[outlines, &noise], 2)
    }
}

/// An ensemble of networks over shared parameters, or a gradient of them.
///
/// A transformer encoder of the constituents; the context, made of what is known of the jet, goes into the embedding, into
/// every feed-forward part and into the output. The output starts at zero.
///
/// Source: the paper, section 3.3, after the group's own model of jets (three blocks, 256 nodes, 16 heads, hidden layers
/// of 512 nodes, a context of 64).
pub struct JetNetwork {
    context: FeedForward,
    encoder: Encoder,
    output: FeedForward,
    /// Numbers of a jet, of a constituent and of what is answered of one, with those that the layout pads them with.
    sizes: [i64; 3],
}

impl JetNetwork {
    /// The networks of `[members, len]` parameters, which they share; or the place of a gradient, which is all zero and has no other
    /// network over it.
    pub fn over(shape: &JetModelShape, layout: &Layout, flat: &Tensor) -> Self {
        let mut views = layout.views(flat).into_iter();
        Self {
            context: FeedForward::take(&shape.context(), &mut views),
            encoder: Encoder::take(shape.encoder, &mut views),
            output: FeedForward::take(&shape.output(), &mut views),
            sizes: [shape.context().inputs, shape.encoder.inputs, CONSTITUENT_FEATURES]
                .map(|count| layout.with_padding(count)),
        }
    }

    /// # Shapes
    /// `x` `[members, jets · slots, 3]` and `about` `[members, jets, 5 + noise_features]`; the result is like `x`, in single
    /// precision, and means nothing in padded slots.
    pub fn forward(&self, x: &Tensor, about: &Tensor, padding: &Padding, kernel: AttentionKernel) -> Tensor {
        let [of_jet, of_constituent, _] = self.sizes;
        let (_, context) = self.context.forward(&pad(about, of_jet), None);
        let h = self.encoder.forward(&pad(x, of_constituent), Some(&context), padding, kernel);
        let (_, out) = self.output.forward(&self.output.normalised(&h).values, Some(&context));
        own(&out)
    }

    /// Runs forward, asks for the gradient of the output, runs backward and adds the gradient of the parameters to `sum`.
    ///
    /// # Shapes
    /// As [`JetNetwork::forward`]. `d_output` maps outputs to their gradient, which must be zero in padded slots.
    pub fn gradient(
        &self,
        (x, about): (&Tensor, &Tensor),
        padding: &Padding,
        kernel: AttentionKernel,
        d_output: impl FnOnce(&Tensor) -> Tensor,
        sum: &Self,
    ) {
        let [of_jet, of_constituent, answered] = self.sizes;
        let about = &self.context.rounded(&pad(about, of_jet));
        let (hidden, context) = self.context.forward(about, None);
        let (h, saved) =
            self.encoder.forward_saving(&pad(x, of_constituent), Some(&context), padding, kernel);
        let last = self.output.normalised(&h);
        let (last_hidden, out) = self.output.forward(&last.values, Some(&context));
        let d_out = pad(&d_output(&own(&out)), answered);
        let (d_last, d_context) =
            self.output.backward(&last.values, Some(&context), &last_hidden, &d_out, &sum.output);
        let d_h = last.backward(&d_last);
        let from_encoder = self.encoder.backward(&saved, Some(&context), d_h, &sum.encoder);
        if let (Some(one), Some(other)) = (d_context, from_encoder) {
            let _ = self.context.backward(about, None, &hidden, &(one + other), &sum.context);
        }
    }
}

/// What a network answers of constituents, without the zeros of a padded layout.
fn own(out: &Tensor) -> Tensor {
    out.narrow(2, 0, CONSTITUENT_FEATURES as i64).to_kind(Kind::Float)
}
