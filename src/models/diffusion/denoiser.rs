//! The conditional denoiser D(x; σ, m) of an ensemble of models.

use drapes_analysis::job::{Conditioning, DenoiserSettings, NoiseEmbedding, NoisePath, SamplerSettings};
use tch::{Device, Kind, Tensor};

use super::mass::mass_waves;
use super::noise::{NoiseLaw, Preconditioning, cosines, log_features, time_features};
use crate::fused::{ResidualNetwork, answers, is_known};
use crate::nn::{Layout, Modulation, ResNet, is_aligned};
use crate::sample::marginals::ColumnMaps;

/// The network behind a denoiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DenoiserShape {
    /// Features of an event.
    pub features: usize,
    /// Hidden layers.
    pub hidden_layers: usize,
    /// Nodes of a hidden layer.
    pub width: usize,
    /// Features of the noise strength.
    pub noise_features: usize,
    /// Waves of the mass, beside the mass.
    pub mass_features: usize,
    /// What those of the noise strength are.
    pub noise_embedding: NoiseEmbedding,
    /// Where noise strength and mass enter.
    pub conditioning: Conditioning,
    /// The path that events take to noise.
    pub path: NoisePath,
    /// The least noise strength that it learns, which is that of the sampler.
    pub sigma_min: f64,
    /// The largest one, whose lowest cosine feature is half a turn.
    pub sigma_max: f64,
}

impl DenoiserShape {
    /// The network that a job asks for.
    pub fn new(features: usize, denoiser: &DenoiserSettings, sampler: &SamplerSettings) -> Self {
        let DenoiserSettings {
            hidden_layers,
            width,
            noise_features,
            mass_features,
            noise_embedding,
            conditioning,
            ..
        } = *denoiser;
        let SamplerSettings { sigma_min, sigma_max, .. } = *sampler;
        let path = NoisePath::Diffusion;
        Self {
            features,
            hidden_layers,
            width,
            noise_features,
            mass_features,
            noise_embedding,
            conditioning,
            path,
            sigma_min,
            sigma_max,
        }
    }

    /// The same for events that take this path to noise.
    #[must_use]
    pub fn on(self, path: NoisePath) -> Self {
        Self { path, ..self }
    }

    /// How noise strengths are drawn in its training.
    pub fn noise_law(&self, settings: &DenoiserSettings) -> NoiseLaw {
        NoiseLaw {
            path: self.path,
            log_sigma: (settings.log_noise_mean, settings.log_noise_std),
            range: (self.sigma_min, self.sigma_max),
        }
    }

    /// What the network sees beside an event's features: those of its noise strength, its mass and waves of it.
    fn condition(&self) -> usize {
        self.noise_features + 1 + self.mass_features
    }

    /// What the network sees of an event.
    pub(super) fn inputs(&self) -> usize {
        self.features + self.condition()
    }

    fn modulation(&self) -> Option<Modulation> {
        match self.conditioning {
            Conditioning::Input => None,
            Conditioning::Layers => Some(Modulation { inputs: self.condition() }),
        }
    }

    /// The parameters of one model.
    pub fn layout(&self) -> Layout {
        ResNet::layout(self.inputs(), (self.hidden_layers, self.width), self.features, self.modulation())
    }

    /// The same as a device trains it. A layout is padded on a GPU, unless its norms or its condition would take zeros for nodes.
    pub fn layout_on(&self, device: Device) -> Layout {
        let layout = self.layout();
        let can_be_padded = is_aligned(self.width) && self.conditioning == Conditioning::Input;
        if can_be_padded { layout.on(device) } else { layout }
    }

    /// The networks of `[members, len]` parameters of this layout.
    pub fn networks(&self, layout: &Layout, parameters: &Tensor) -> ResNet {
        ResNet::over(layout, parameters, self.modulation())
    }

    /// The same network for kernels, if they know such a one.
    pub(super) fn kernel(&self) -> Option<ResidualNetwork> {
        (is_known(self.width) && self.conditioning == Conditioning::Input)
            .then(|| ResidualNetwork::new(self.inputs(), self.hidden_layers, self.width, self.features))
    }

    /// What a single model answers to inputs, by kernels where a processor computes and they know the network.
    ///
    /// # Shapes
    /// `parameters` `[1, len]`, `input` `[1, batch, inputs]`; the result is `[1, batch, features]`.
    pub(super) fn answer(&self, parameters: &Tensor, input: &Tensor) -> Tensor {
        let kernel = self.kernel().filter(|_| input.device() == Device::Cpu);
        let Some(network) = kernel else {
            return self.networks(&self.layout(), parameters).forward(input);
        };
        let values = |tensor: &Tensor| Vec::<f32>::try_from(&tensor.flatten(0, -1)).unwrap_or_default();
        let answered = answers(&network, &values(parameters), &values(input));
        Tensor::from_slice(&answered).reshape([1, -1, self.features as i64])
    }

    /// What the network sees: the scaled event, the features of its noise strength, its mass and waves of it.
    ///
    /// # Shapes
    /// `scaled` `[members, batch, features]`, `sigma` and `mass` broadcast to `[members, batch, 1]`; the result
    /// is `[members, batch, inputs]`.
    ///
    /// # Units
    /// All standardised.
    ///
    /// Source: the paper, section 3.1: the noise is embedded by cosines and concatenated with the mass. Differs from the
    /// paper where a job asks for [`NoiseEmbedding::Log`].
    pub fn network_input(&self, scaled: &Tensor, sigma: &Tensor, mass: &Tensor) -> Tensor {
        let size = scaled.size();
        let noise = self.embedded(sigma).expand([size[0], size[1], self.noise_features as i64], false);
        if self.mass_features == 0 {
            return Tensor::cat(&[scaled, &noise, mass], 2);
        }
        Tensor::cat(&[scaled, &noise, mass, &mass_waves(mass, self.mass_features)], 2)
    }

    /// The features of noise strengths, `[…, 1]` to `[…, noise_features]`.
    pub(super) fn embedded(&self, sigma: &Tensor) -> Tensor {
        match (self.path, self.noise_embedding) {
            (NoisePath::Straight, _) => time_features(sigma, self.noise_features),
            (NoisePath::Diffusion, NoiseEmbedding::Cosine) => {
                cosines(sigma, self.noise_features, self.sigma_max)
            }
            (NoisePath::Diffusion, NoiseEmbedding::Log) => log_features(sigma, self.noise_features),
        }
    }
}

/// Trained denoisers, with the maps of the columns that they expect.
pub struct Denoiser {
    shape: DenoiserShape,
    layout: Layout,
    parameters: Tensor,
    maps: Vec<ColumnMaps>,
}

impl Denoiser {
    /// An ensemble from its parameters.
    ///
    /// # Shapes
    /// `parameters` `[members, len]`; maps for each member, of the features and then the mass.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn new(shape: DenoiserShape, parameters: Tensor, maps: Vec<ColumnMaps>) -> Self {
        let layout = shape.layout();
        assert_eq!(parameters.size(), [maps.len() as i64, layout.len() as i64], "parameters of the ensemble");
        Self { shape, layout, parameters, maps }
    }

    /// One model of the ensemble.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn member(&self, member: usize) -> Self {
        let parameters = self.parameters.narrow(0, member as i64, 1);
        Self {
            shape: self.shape,
            layout: self.layout.clone(),
            parameters,
            maps: vec![self.maps[member].clone()],
        }
    }

    /// The network behind each member.
    pub(super) fn shape(&self) -> &DenoiserShape {
        &self.shape
    }

    /// The parameters, `[members, len]`.
    pub fn parameters(&self) -> &Tensor {
        &self.parameters
    }

    /// The maps of each member's columns: features, then mass.
    pub fn maps(&self) -> &[ColumnMaps] {
        &self.maps
    }

    /// Features of an event.
    pub fn features(&self) -> usize {
        self.shape.features
    }

    /// D(x; σ, m) at one noise strength for all events.
    ///
    /// # Shapes
    /// `x` `[members, batch, features]` in double precision, as the result; `mass` `[members, batch, 1]`.
    ///
    /// # Units
    /// Mapped events and masses.
    pub fn denoise(&self, x: &Tensor, sigma: f64, mass: &Tensor) -> Tensor {
        let network = self.shape.networks(&self.layout, &self.parameters);
        self.denoised(x, sigma, &network.forward(&self.input(x, sigma, mass)))
    }

    /// The same of a single model, by kernels where a processor computes and they know the network.
    ///
    /// # Shapes
    /// `[1, …]`, else as for [`Denoiser::denoise`].
    pub fn denoise_alone(&self, x: &Tensor, sigma: f64, mass: &Tensor) -> Tensor {
        self.denoised(x, sigma, &self.shape.answer(&self.parameters, &self.input(x, sigma, mass)))
    }

    fn input(&self, x: &Tensor, sigma: f64, mass: &Tensor) -> Tensor {
        let scaled = (x * Preconditioning::on(self.shape.path, sigma).c_in).to_kind(Kind::Float);
        let sigma = Tensor::full([1, 1, 1], sigma, (Kind::Float, x.device()));
        self.shape.network_input(&scaled, &sigma, mass)
    }

    /// The denoised event, by the network's answer.
    fn denoised(&self, x: &Tensor, sigma: f64, answer: &Tensor) -> Tensor {
        let Preconditioning { c_skip, c_out, .. } = Preconditioning::on(self.shape.path, sigma);
        x * c_skip + answer.to_kind(Kind::Double) * c_out
    }
}
