//! Perceptrons: classifiers of features.

use drapes_analysis::job::ClassifierSettings;
use ndarray::{Array2, ArrayView2, Axis};
use tch::{Device, Tensor};

use super::judges::{Judges, Least, Scorer};
use super::member::Member;
use super::tamed::Tamed;
use super::train::{Drawn, Ensemble, Networks, Recipe};
use super::two_sample::{Contest, both};
use crate::checkpoint::Keeper;
use crate::error::Error;
use crate::history::History;
use crate::nn::{Layout, Mlp};
use crate::scaler::Scaler;

/// Activations that are held at once while events are scored, in events of all members.
const SCORES_AT_ONCE: usize = 1 << 15;

/// Perceptrons that train together on a device, as judges.
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
    tamed: Tamed,
    /// `[events, features]`, data first, in their own units but for those columns.
    events: Tensor,
    /// `[members, 1, features]`
    mean: Tensor,
    inverse_deviation: Tensor,
}

impl Judges<ArrayView2<'_, f32>> for Perceptrons<'_> {
    type Trained = Ensemble<PerceptronNetworks>;

    const REMEDY: &'static str = "lower classifier.batch or classifier.folds";

    fn batch(&self) -> usize {
        self.settings.batch
    }

    fn train(
        &self,
        contest: &Contest<'_, ArrayView2<'_, f32>>,
        members: &[Member],
        least: Least,
        keeper: &Keeper<'_>,
    ) -> Result<(Self::Trained, Vec<History>), Error> {
        let mut ensemble = self.ensemble(contest, members, least);
        let histories = ensemble.train(keeper)?;
        Ok((ensemble, histories))
    }
}

impl Perceptrons<'_> {
    /// All members before their first step.
    pub(super) fn ensemble(
        &self,
        contest: &Contest<'_, ArrayView2<'_, f32>>,
        members: &[Member],
        least: Least,
    ) -> Ensemble<PerceptronNetworks> {
        let n_data = contest.data.nrows();
        let ClassifierSettings { epochs, batch, learning_rate, weight_decay, .. } = *self.settings;
        let recipe = Recipe { epochs, batch, learning_rate, weight_decay };
        let networks = PerceptronNetworks::new(&both(contest), n_data, self.settings, members, self.device);
        Ensemble::new(networks, recipe, members, n_data, least, self.device)
    }
}

impl PerceptronNetworks {
    fn new(
        rows: &Array2<f32>,
        n_data: usize,
        settings: &ClassifierSettings,
        members: &[Member],
        device: Device,
    ) -> Self {
        let tamed = Tamed::of(rows.view());
        let rows = tamed.rows(rows.view());
        let features = rows.ncols();
        let per_member = [members.len() as i64, 1, features as i64];
        let (mut mean, mut inverse) = (vec![], vec![]);
        for member in members {
            let chosen: Vec<usize> = member.training.rows(n_data).iter().map(|row| *row as usize).collect();
            let scaler = Scaler::of(rows.select(Axis(0), &chosen).view());
            mean.extend(scaler.mean.iter().map(|mean| *mean as f32));
            inverse.extend(scaler.deviation.iter().map(|deviation| (1.0 / deviation) as f32));
        }
        let tensor = |values: &[f32]| Tensor::from_slice(values).reshape(per_member).to_device(device);
        Self {
            layout: Mlp::layout(features, settings.hidden_layers, settings.width),
            tamed,
            events: to_tensor(rows.view(), device),
            mean: tensor(&mean),
            inverse_deviation: tensor(&inverse),
        }
    }

    /// Standardised features of drawn events, `[members, events, features]`.
    fn standardised(&self, drawn: &Drawn<'_>) -> Tensor {
        let shape = [self.mean.size()[0], -1, self.mean.size()[2]];
        let mut x = self.events.index_select(0, &drawn.on_device).view(shape);
        x -= &self.mean;
        x *= &self.inverse_deviation;
        x
    }
}

impl Networks for PerceptronNetworks {
    const STEPS_A_BLOCK: usize = 32;

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn logits(&self, parameters: &Tensor, drawn: &Drawn<'_>) -> Tensor {
        Mlp::over(&self.layout, parameters).forward(&self.standardised(drawn))
    }

    fn gradient(
        &self,
        parameters: &Tensor,
        drawn: &Drawn<'_>,
        d_logits: &mut dyn FnMut(usize, &Tensor) -> Tensor,
    ) -> Tensor {
        let network = Mlp::over(&self.layout, parameters);
        network.gradient(&self.standardised(drawn), |logits| d_logits(0, logits))
    }
}

impl Scorer<ArrayView2<'_, f32>> for Ensemble<PerceptronNetworks> {
    fn score_by_all(&self, events: ArrayView2<'_, f32>) -> Vec<Vec<f32>> {
        let PerceptronNetworks { layout, tamed, mean, inverse_deviation, .. } = &self.networks;
        let network = Mlp::over(layout, &self.parameters);
        let mut scores = vec![Vec::with_capacity(events.nrows()); self.members()];
        for portion in events.axis_chunks_iter(Axis(0), (SCORES_AT_ONCE / self.members()).max(1)) {
            let portion = tamed.rows(portion);
            let x = (to_tensor(portion.view(), self.device).unsqueeze(0) - mean) * inverse_deviation;
            let found = network.forward(&x).squeeze_dim(2).to_device(Device::Cpu);
            for (member, scores) in scores.iter_mut().enumerate() {
                scores.extend(Vec::<f32>::try_from(&found.get(member as i64)).unwrap_or_default());
            }
        }
        scores
    }

    fn score_by_one(&self, member: usize, events: ArrayView2<'_, f32>, rows: &[usize]) -> Vec<f32> {
        let of_member = |all: &Tensor| all.narrow(0, member as i64, 1);
        let PerceptronNetworks { layout, tamed, mean, inverse_deviation, .. } = &self.networks;
        let network = Mlp::over(layout, &of_member(&self.parameters));
        let mut scores = Vec::with_capacity(rows.len());
        for rows in rows.chunks(SCORES_AT_ONCE) {
            let portion = events.select(Axis(0), rows);
            let portion = tamed.rows(portion.view());
            let x = (to_tensor(portion.view(), self.device).unsqueeze(0) - of_member(mean))
                * of_member(inverse_deviation);
            let found = network.forward(&x).flatten(0, -1).to_device(Device::Cpu);
            scores.extend(Vec::<f32>::try_from(&found).unwrap_or_default());
        }
        scores
    }
}

fn to_tensor(rows: ArrayView2<'_, f32>, device: Device) -> Tensor {
    let values: Vec<f32> = rows.iter().copied().collect();
    Tensor::from_slice(&values).reshape([rows.nrows() as i64, rows.ncols() as i64]).to_device(device)
}
