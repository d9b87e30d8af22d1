//! The classifiers of the paper's high-level variables: an ensemble of perceptrons, trained together on one device.

use std::num::NonZeroUsize;

use drapes_analysis::job::{ClassifierSettings, KeptMoment};
use ndarray::{Array2, ArrayView2, Axis};
use tch::{Device, Tensor};

use super::family::{ClassifierFamily, Scorer, SmallestFold};
use super::fused_steps::PerceptronKernel;
use super::member::Member;
use super::outlier_maps::OutlierMaps;
use super::table::{EventTable, to_tensor};
use super::train::{CLASSIFIERS, DescendLogits, Drawn, Ensemble, Networks, train};
use super::two_sample::{TwoSample, both};
use crate::error::Error;
use crate::fused::{self, Perceptron, answers};
use crate::nn::{Layout, Mlp};
use crate::sample::scaler::{Scaler, Standardisation};
use crate::training::{Checkpointer, ResultOf, TrainingHistory, TrainingSettings};

/// Activations that are held at once while events are scored, in events of all members.
const SCORES_AT_ONCE: usize = 1 << 15;
/// The same on a GPU, which is faster the more it has at once.
const SCORES_AT_ONCE_ON_GPU: usize = 1 << 22;

/// Perceptrons that train together on a device, as a family of classifiers.
#[derive(Clone, Copy, Debug)]
pub struct Perceptrons<'a> {
    /// Their sizes and their training.
    pub settings: &'a ClassifierSettings,
    /// Where they compute.
    pub device: Device,
}

/// The perceptrons of all members over the events of both classes.
pub struct PerceptronNetworks {
    layout: Layout,
    /// What is done to columns that outliers rule.
    outlier_maps: OutlierMaps,
    /// `(events, features)`, data first, in their own units but for those columns.
    events: EventTable,
    standardisation: Standardisation,
    /// What takes the steps, where a processor does.
    kernel: Option<Kernel>,
}

/// The network as kernels know it, and what each member subtracts and multiplies with: `(members, features)`.
struct Kernel {
    network: Perceptron,
    mean: Vec<f32>,
    inverse_deviation: Vec<f32>,
}

impl Kernel {
    /// The logits of one member for events in the units of the table.
    fn logits(&self, member: usize, parameters: &Tensor, events: ArrayView2<'_, f32>) -> Vec<f32> {
        let features = events.ncols();
        let own = |values: &'_ [f32]| values[member * features..][..features].to_vec();
        let (mean, inverse) = (own(&self.mean), own(&self.inverse_deviation));
        let scale = mean.iter().zip(&inverse).cycle();
        let x: Vec<f32> =
            events.iter().zip(scale).map(|(value, (mean, inverse))| (value - mean) * inverse).collect();
        let flat = Vec::<f32>::try_from(&parameters.get(member as i64)).unwrap_or_default();
        answers(&self.network, &flat, &x)
    }
}

impl Perceptrons<'_> {
    /// Steps between two moments at which a training can be stopped.
    pub const STEPS_A_BLOCK: usize = PerceptronNetworks::STEPS_A_BLOCK;
}

impl ClassifierFamily<ArrayView2<'_, f32>> for Perceptrons<'_> {
    type Trained = Ensemble<PerceptronNetworks>;

    const REMEDY: &'static str = "lower classifier.batch or classifier.folds";

    fn batch(&self) -> usize {
        self.settings.batch
    }

    fn train(
        &self,
        two_sample: &TwoSample<'_, ArrayView2<'_, f32>>,
        members: &[Member],
        smallest_fold: SmallestFold,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<(Self::Trained, Vec<TrainingHistory>), Error> {
        let n_data = two_sample.data.nrows();
        let networks =
            PerceptronNetworks::new(&both(two_sample), n_data, self.settings, members, self.device);
        train(networks, recipe(self.settings), members, (n_data, smallest_fold), self.device, checkpointer)
    }
}

/// How these classifiers are trained.
pub(super) fn recipe(settings: &ClassifierSettings) -> TrainingSettings {
    let ClassifierSettings { epochs, batch, learning_rate, weight_decay, .. } = *settings;
    let patience = NonZeroUsize::new(settings.patience);
    let result = match patience {
        Some(_) => ResultOf::RecordedMoment(KeptMoment::Best),
        None => CLASSIFIERS.result,
    };
    TrainingSettings { epochs, batch, learning_rate, weight_decay, result, patience, ..CLASSIFIERS }
}

impl PerceptronNetworks {
    pub(super) fn new(
        rows: &Array2<f32>,
        n_data: usize,
        settings: &ClassifierSettings,
        members: &[Member],
        device: Device,
    ) -> Self {
        let outlier_maps = OutlierMaps::of(rows.view());
        let rows = outlier_maps.rows(rows.view()).into_owned();
        let features = rows.ncols();
        let scalers: Vec<Scaler> = members
            .iter()
            .map(|member| {
                let chosen: Vec<usize> =
                    member.training.rows(n_data).iter().map(|row| *row as usize).collect();
                Scaler::of(rows.select(Axis(0), &chosen).view())
            })
            .collect();
        let scalers = scalers.iter().map(|scaler| (&scaler.mean[..], &scaler.deviation[..]));
        let standardisation = Standardisation::new(scalers, device);
        let ClassifierSettings { hidden_layers, width, .. } = *settings;
        let is_known = device == Device::Cpu && fused::is_known(width) && hidden_layers > 0;
        let kernel = is_known.then(|| {
            let (mean, inverse_deviation) = standardisation.values();
            Kernel { network: Perceptron::new(features, hidden_layers, width), mean, inverse_deviation }
        });
        Self {
            layout: Mlp::layout(features, hidden_layers, width),
            outlier_maps,
            events: EventTable::new(rows, device),
            standardisation,
            kernel,
        }
    }

    /// From now on its steps are computed as tensors.
    #[cfg(test)]
    pub(super) fn forget_kernel(&mut self) {
        self.kernel = None;
    }

    /// Standardised features of drawn events, `[members, events, features]`.
    fn standardised(&self, drawn: &Drawn<'_>) -> Tensor {
        self.standardisation.of_each(self.events.select(drawn))
    }
}

impl Networks for PerceptronNetworks {
    const STEPS_A_BLOCK: usize = 32;

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn logits(&self, parameters: &Tensor, drawn: &Drawn<'_>) -> Tensor {
        if let (Some(kernel), EventTable::Here(events)) = (&self.kernel, &self.events) {
            let members = parameters.size()[0];
            let rows: Vec<usize> = drawn.rows.iter().map(|row| *row as usize).collect();
            let own = rows.chunks(rows.len() / members as usize).enumerate();
            let logits = own
                .map(|(member, rows)| kernel.logits(member, parameters, events.select(Axis(0), rows).view()));
            let logits: Vec<f32> = logits.flatten().collect();
            return Tensor::from_slice(&logits).reshape([members, -1, 1]);
        }
        Mlp::over(&self.layout, parameters).forward(&self.standardised(drawn))
    }

    fn gradient(&self, parameters: &Tensor, drawn: &Drawn<'_>, d_logits: &mut DescendLogits<'_>) -> Tensor {
        let network = Mlp::over(&self.layout, parameters);
        let inputs = drawn.inputs.as_ref().map_or_else(|| self.standardised(drawn), Tensor::shallow_clone);
        network.gradient(&inputs, |logits, place| d_logits(0, logits, place))
    }

    fn inputs(&self, of_steps: &Drawn<'_>, steps: usize) -> Option<Tensor> {
        let events = self.events.select(of_steps);
        let shape = [steps as i64, self.standardisation.members() as i64, -1, events.size()[1]];
        Some(self.standardisation.of(&events.view(shape)))
    }

    fn kernel(&self) -> Option<PerceptronKernel<'_>> {
        let Kernel { network, mean, inverse_deviation } = self.kernel.as_ref()?;
        let EventTable::Here(events) = &self.events else { return None };
        Some(PerceptronKernel { network, events: events.view(), mean, inverse_deviation })
    }
}

impl Scorer<ArrayView2<'_, f32>> for Ensemble<PerceptronNetworks> {
    fn score_by_all(&self, events: ArrayView2<'_, f32>) -> Vec<Vec<f32>> {
        let PerceptronNetworks { layout, outlier_maps, standardisation, kernel, .. } = &self.networks;
        if let Some(kernel) = kernel {
            let events = outlier_maps.rows(events);
            let members = 0..self.members();
            return members.map(|member| kernel.logits(member, &self.parameters, events.view())).collect();
        }
        let network = Mlp::over(layout, &self.parameters);
        let mut scores = vec![Vec::with_capacity(events.nrows()); self.members()];
        for portion in
            events.axis_chunks_iter(Axis(0), (scores_at_once(self.device()) / self.members()).max(1))
        {
            let portion = outlier_maps.rows(portion);
            let x = standardisation.of(&to_tensor(portion.view(), self.device()).unsqueeze(0));
            let found = network.forward(&x).squeeze_dim(2).to_device(Device::Cpu);
            for (member, scores) in scores.iter_mut().enumerate() {
                scores.extend(Vec::<f32>::try_from(&found.get(member as i64)).unwrap_or_default());
            }
        }
        scores
    }

    fn score_by_one(&self, member: usize, events: ArrayView2<'_, f32>, rows: &[usize]) -> Vec<f32> {
        let PerceptronNetworks { layout, outlier_maps, standardisation, kernel, .. } = &self.networks;
        if let Some(kernel) = kernel {
            let chosen = events.select(Axis(0), rows);
            return kernel.logits(member, &self.parameters, outlier_maps.rows(chosen.view()).view());
        }
        let standardisation = standardisation.member(member);
        let network = Mlp::over(layout, &self.parameters.narrow(0, member as i64, 1));
        let mut scores = Vec::with_capacity(rows.len());
        for rows in rows.chunks(scores_at_once(self.device())) {
            let portion = events.select(Axis(0), rows);
            let portion = outlier_maps.rows(portion.view());
            let x = standardisation.of(&to_tensor(portion.view(), self.device()).unsqueeze(0));
            let found = network.forward(&x).flatten(0, -1).to_device(Device::Cpu);
            scores.extend(Vec::<f32>::try_from(&found).unwrap_or_default());
        }
        scores
    }
}

fn scores_at_once(device: Device) -> usize {
    if device.is_cuda() { SCORES_AT_ONCE_ON_GPU } else { SCORES_AT_ONCE }
}
