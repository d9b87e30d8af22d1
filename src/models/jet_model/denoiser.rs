//! The conditional denoiser D(x; σ, p₄) of an ensemble of jet models.

use drapes_analysis::job::Precision;
use tch::{Kind, Tensor};

use super::maps::JetMaps;
use super::network::{JetModelShape, JetNetwork};
use crate::models::diffusion::Preconditioning;
use crate::nn::{AttentionKernel, Layout, Padding, network_kind};

/// Trained jet denoisers, with the maps of the numbers that they expect.
pub struct JetDenoiser {
    shape: JetModelShape,
    layout: Layout,
    parameters: Tensor,
    maps: Vec<JetMaps>,
    precision: Precision,
}

impl JetDenoiser {
    /// An ensemble from its parameters.
    ///
    /// # Shapes
    /// `parameters` `[members, len]`; maps for each member.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn new(shape: JetModelShape, parameters: Tensor, maps: Vec<JetMaps>, precision: Precision) -> Self {
        let layout = shape.layout();
        assert_eq!(parameters.size(), [maps.len() as i64, layout.len() as i64], "parameters of the ensemble");
        Self { shape, layout, parameters, maps, precision }
    }

    /// One model of the ensemble.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn member(&self, member: usize) -> Self {
        Self {
            layout: self.layout.clone(),
            parameters: self.parameters.narrow(0, member as i64, 1),
            maps: vec![self.maps[member].clone()],
            ..*self
        }
    }

    /// The parameters, `[members, len]`.
    pub fn parameters(&self) -> &Tensor {
        &self.parameters
    }

    /// The maps of each member.
    pub fn maps(&self) -> &[JetMaps] {
        &self.maps
    }

    /// The network for many evaluations at fixed parameters.
    pub fn ready(&self) -> ReadyDenoiser<'_> {
        let kind = network_kind(self.precision, self.parameters.device());
        let network = JetNetwork::over(&self.shape, &self.layout, &self.parameters.to_kind(kind));
        ReadyDenoiser { shape: &self.shape, network, kernel: AttentionKernel::of(&self.parameters) }
    }
}

/// A denoiser whose parameters are in the form that they are computed with.
pub struct ReadyDenoiser<'a> {
    shape: &'a JetModelShape,
    network: JetNetwork,
    kernel: AttentionKernel,
}

impl ReadyDenoiser<'_> {
    /// D(x; σ, p₄) at one noise strength for all jets; what lies in padded slots changes nothing, and comes back as anything.
    ///
    /// # Shapes
    /// `x` `[members, jets · slots, 3]` in double precision, as the result; `outlines` `[members, jets, 5]`.
    ///
    /// # Units
    /// Mapped constituents and outlines.
    pub fn denoise(&self, x: &Tensor, sigma: f64, outlines: &Tensor, padding: &Padding) -> Tensor {
        let Preconditioning { c_skip, c_out, c_in } = Preconditioning::at(sigma);
        let scaled = (x * c_in).to_kind(Kind::Float);
        let sigma = Tensor::full([1, 1, 1], sigma, (Kind::Float, x.device()));
        let about = self.shape.about(outlines, &sigma);
        let out = self.network.forward(&scaled, &about, padding, self.kernel);
        x * c_skip + out.to_kind(Kind::Double) * c_out
    }
}
