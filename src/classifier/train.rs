//! Training an ensemble of classifiers together.

use drapes_analysis::job::{ClassifierSettings, Schedule};
use drapes_analysis::quantities::{ClassifierSeed, Fold};
use drapes_analysis::record::Loss;
use drapes_analysis::stream::Stream;
use ndarray::{ArrayView2, Axis};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::contest::{Contest, both};
use super::judge::Scorer;
use crate::batches::{Batches, BatchesState, restored_batches};
use crate::checkpoint::{Keeper, Resumable, Snapshot};
use crate::error::Error;
use crate::nn::{Adam, Layout, LearningRate, Mlp, Rates};
use crate::scaler::Scaler;

/// Steps whose events are chosen and moved to the device together.
const STEPS_A_BLOCK: usize = 32;
/// Validation losses use at most so many events.
const VALIDATION_EVENTS: usize = 4096;
/// Activations that are held at once while events are scored, in events of all members.
const SCORES_AT_ONCE: usize = 1 << 15;

/// Events of both classes, by their rows.
pub struct Parts {
    pub data: Vec<usize>,
    pub template: Vec<usize>,
}

/// One classifier of the ensemble and the events that it may see.
pub struct Member {
    pub seed: ClassifierSeed,
    pub fold: Fold,
    pub training: Parts,
    pub validation: Parts,
    pub evaluated: Parts,
    pub stream: Stream,
}

/// Classifiers that train together; none depends on the others.
pub struct Ensemble<'a> {
    settings: &'a ClassifierSettings,
    device: Device,
    n_data: i64,
    /// `[events, features]`, data first, in their own units.
    events: Tensor,
    /// `[members, 1, features]`
    mean: Tensor,
    inverse_deviation: Tensor,
    /// Loss weights of the classes, `[members, 1, 1]`.
    data_weight: Tensor,
    template_weight: Tensor,
    layout: Layout,
    parameters: Tensor,
    adam: Adam,
    batches: Vec<Batches>,
    /// `[members · events]`, as many for each.
    validation: Option<Tensor>,
    rate: LearningRate,
    steps_per_epoch: usize,
    /// Steps taken.
    done: usize,
    /// Sum of the training losses of this epoch, `[members]`.
    sum: Tensor,
    /// By member and epoch.
    losses: Vec<Vec<Loss>>,
}

impl<'a> Ensemble<'a> {
    pub fn new(
        contest: &Contest<'_>,
        settings: &'a ClassifierSettings,
        members: &[Member],
        steps_per_epoch: usize,
        device: Device,
    ) -> Self {
        let rows = both(contest);
        let (n_data, features) = (contest.data.nrows(), rows.ncols());
        let per_member = [members.len() as i64, 1, features as i64];
        let (mut mean, mut inverse, mut weights, mut batches) = (vec![], vec![], vec![], vec![]);
        for member in members {
            let training = member.training.rows(n_data);
            let chosen: Vec<usize> = training.iter().map(|row| *row as usize).collect();
            let scaler = Scaler::of(rows.select(Axis(0), &chosen).view());
            mean.extend(scaler.mean.iter().map(|mean| *mean as f32));
            inverse.extend(scaler.deviation.iter().map(|deviation| (1.0 / deviation) as f32));
            // Both classes weigh alike: N / (2 N_class).
            let half = training.len() as f64 / 2.0;
            let of_class = |count: usize| (half / count.max(1) as f64) as f32;
            weights.push([of_class(member.training.data.len()), of_class(member.training.template.len())]);
            batches.push(Batches::new(training, settings.batch, steps_per_epoch, &member.stream));
        }
        let tensor =
            |values: &[f32], shape: &[i64]| Tensor::from_slice(values).reshape(shape).to_device(device);
        let class = |index: usize| {
            let weights: Vec<f32> = weights.iter().map(|weights| weights[index]).collect();
            tensor(&weights, &[members.len() as i64, 1, 1])
        };
        let layout = Mlp::layout(features, settings.hidden_layers, settings.width);
        let streams: Vec<Stream> = members.iter().map(|member| member.stream.clone()).collect();
        let parameters = layout.initial(&streams, device);
        let total = settings.epochs * steps_per_epoch;
        let values: Vec<f32> = rows.iter().copied().collect();
        Self {
            settings,
            device,
            n_data: n_data as i64,
            events: tensor(&values, &[-1, features as i64]),
            mean: tensor(&mean, &per_member),
            inverse_deviation: tensor(&inverse, &per_member),
            data_weight: class(0),
            template_weight: class(1),
            adam: Adam::new(&parameters, settings.weight_decay),
            layout,
            parameters,
            batches,
            validation: validation_rows(members, contest, settings.folds, device),
            rate: LearningRate { peak: settings.learning_rate, warmup: 0, total, schedule: Schedule::Cosine },
            steps_per_epoch,
            done: 0,
            sum: Tensor::zeros([members.len() as i64], (Kind::Float, device)),
            losses: vec![Vec::with_capacity(settings.epochs); members.len()],
        }
    }

    fn members(&self) -> i64 {
        self.batches.len() as i64
    }

    /// Trains all epochs; the losses of each member by epoch.
    pub fn train(&mut self, keeper: &Keeper<'_>) -> Result<Vec<Vec<Loss>>, Error> {
        keeper.resume(self);
        while self.done < self.rate.total {
            // Between blocks no random number is drawn that is not used.
            keeper.rest(self)?;
            let steps = STEPS_A_BLOCK.min(self.steps_per_epoch - self.done % self.steps_per_epoch);
            let block = self.draw(steps);
            for index in 0..steps {
                self.step(&block.get(index as i64));
            }
            if self.done.is_multiple_of(self.steps_per_epoch) {
                self.record()?;
                keeper.progress(self.done as f64 / self.rate.total as f64);
            }
        }
        Ok(std::mem::take(&mut self.losses))
    }

    fn step(&mut self, rows: &Tensor) {
        let (x, truth) = self.rows(rows);
        let network = Mlp::over(&self.layout, &self.parameters);
        let mut loss = None;
        let gradient = network.gradient(&x, |logits| {
            let (member_loss, d_logits) = self.loss_and_gradient(logits, &truth);
            loss = Some(member_loss);
            d_logits
        });
        if let Some(loss) = loss {
            self.sum += loss;
        }
        let rate = self.rate.at(self.done);
        self.adam.step(&mut self.parameters, &gradient, &Rates::Same(rate));
        self.done += 1;
    }

    /// Records the losses of an epoch that has just ended.
    fn record(&mut self) -> Result<(), Error> {
        let epoch = (self.done / self.steps_per_epoch) as f64;
        let mean = (&self.sum / self.steps_per_epoch as f64).to_device(Device::Cpu);
        let training = Vec::<f32>::try_from(&mean).unwrap_or_default();
        let _ = self.sum.zero_();
        let validation = self.validation_loss(&Mlp::over(&self.layout, &self.parameters));
        for (member, losses) in self.losses.iter_mut().enumerate() {
            if !training[member].is_finite() {
                return Err(Error::Diverged { epoch, what: format!("the loss of classifier {member}") });
            }
            let validation = validation.as_ref().map(|losses| losses[member]);
            losses.push(Loss { epoch, training: training[member], validation });
        }
        Ok(())
    }

    /// The events of the next steps, `[steps, members · batch]`.
    fn draw(&mut self, steps: usize) -> Tensor {
        let mut rows = Vec::with_capacity(steps * self.batches.len() * self.settings.batch);
        for _ in 0..steps {
            for batches in &mut self.batches {
                rows.extend(batches.next_batch().iter().map(|row| i64::from(*row)));
            }
        }
        Tensor::from_slice(&rows).reshape([steps as i64, -1]).to_device(self.device)
    }

    /// Standardised features and classes (1 for data) of `[members · batch]` rows.
    fn rows(&self, rows: &Tensor) -> (Tensor, Tensor) {
        let features = self.events.size()[1];
        let mut x = self.events.index_select(0, rows).view([self.members(), -1, features]);
        x -= &self.mean;
        x *= &self.inverse_deviation;
        let truth = rows.lt(self.n_data).to_kind(Kind::Float).view([self.members(), -1, 1]);
        (x, truth)
    }

    /// Weighted binary cross-entropy of each member `[members]`, and its gradient.
    fn loss_and_gradient(&self, logits: &Tensor, truth: &Tensor) -> (Tensor, Tensor) {
        let weight = truth * (&self.data_weight - &self.template_weight) + &self.template_weight;
        let batch = logits.size()[1] as f64;
        let d_logits = (logits.sigmoid() - truth) * &weight / batch;
        // ln(1 + e^z) − y z, without overflow.
        let entropy = (logits.softplus() - truth * logits) * weight;
        (entropy.mean_dim([1_i64, 2].as_slice(), false, Kind::Float), d_logits)
    }

    fn validation_loss(&self, network: &Mlp) -> Option<Vec<f32>> {
        let (x, truth) = self.rows(self.validation.as_ref()?);
        let (loss, _) = self.loss_and_gradient(&network.forward(&x), &truth);
        Vec::<f32>::try_from(&loss).ok()
    }

    fn to_tensor(&self, rows: ArrayView2<'_, f32>) -> Tensor {
        let values: Vec<f32> = rows.iter().copied().collect();
        Tensor::from_slice(&values).reshape([rows.nrows() as i64, rows.ncols() as i64]).to_device(self.device)
    }
}

/// What a checkpoint holds besides tensors and orders of events.
#[derive(Serialize, Deserialize)]
struct Stand {
    done: usize,
    adam_steps: i32,
    losses: Vec<Vec<Loss>>,
    batches: Vec<BatchesState>,
}

impl Resumable for Ensemble<'_> {
    fn snapshot(&self) -> Snapshot {
        let ([first, second], adam_steps) = self.adam.state();
        let tensors = [&self.parameters, first, second, &self.sum].map(Tensor::shallow_clone);
        let stand = Stand {
            done: self.done,
            adam_steps,
            losses: self.losses.clone(),
            batches: self.batches.iter().map(Batches::state).collect(),
        };
        let orders = self.batches.iter().map(|batches| batches.order().to_vec());
        Snapshot::new(tensors.into(), orders.collect(), &stand)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Option<()> {
        let stand: Stand = snapshot.rest()?;
        if stand.losses.len() != self.losses.len() {
            return None;
        }
        // All that can be wrong is looked at before anything changes: tensors come last, and are taken all or none.
        let batches = restored_batches(&self.batches, stand.batches, &snapshot.lists)?;
        let ([first, second], adam_steps) = self.adam.state_mut();
        snapshot.copy_tensors(&mut [&mut self.parameters, first, second, &mut self.sum])?;
        *adam_steps = stand.adam_steps;
        self.batches = batches;
        (self.done, self.losses) = (stand.done, stand.losses);
        Some(())
    }
}

impl Scorer for Ensemble<'_> {
    fn score_by_all(&self, rows: ArrayView2<'_, f32>) -> Vec<Vec<f32>> {
        let members = self.batches.len();
        let network = Mlp::over(&self.layout, &self.parameters);
        let mut scores = vec![Vec::with_capacity(rows.nrows()); members];
        for portion in rows.axis_chunks_iter(Axis(0), (SCORES_AT_ONCE / members).max(1)) {
            let x = (self.to_tensor(portion).unsqueeze(0) - &self.mean) * &self.inverse_deviation;
            let found = network.forward(&x).squeeze_dim(2).to_device(Device::Cpu);
            for (member, scores) in scores.iter_mut().enumerate() {
                scores.extend(Vec::<f32>::try_from(&found.get(member as i64)).unwrap_or_default());
            }
        }
        scores
    }

    fn score_by_one(&self, member: usize, rows: ArrayView2<'_, f32>) -> Vec<f32> {
        let of_member = |all: &Tensor| all.narrow(0, member as i64, 1);
        let network = Mlp::over(&self.layout, &of_member(&self.parameters));
        let mut scores = Vec::with_capacity(rows.nrows());
        for portion in rows.axis_chunks_iter(Axis(0), SCORES_AT_ONCE) {
            let x = (self.to_tensor(portion).unsqueeze(0) - of_member(&self.mean))
                * of_member(&self.inverse_deviation);
            let found = network.forward(&x).flatten(0, -1).to_device(Device::Cpu);
            scores.extend(Vec::<f32>::try_from(&found).unwrap_or_default());
        }
        scores
    }
}

impl Parts {
    /// Rows in the table of both classes.
    pub fn rows(&self, n_data: usize) -> Vec<u32> {
        let template = self.template.iter().map(|event| event + n_data);
        self.data.iter().copied().chain(template).map(|row| row as u32).collect()
    }
}

/// Validation rows of all members, as many for each, shuffled so that a part of them is a fair sample.
fn validation_rows(members: &[Member], contest: &Contest<'_>, folds: u32, device: Device) -> Option<Tensor> {
    let n_data = contest.data.nrows();
    // What every part has at least, so that no member depends on the others.
    let least_of = |count: usize| count / folds as usize;
    let least = least_of(n_data) + contest.least_template(least_of);
    let count = least.min(VALIDATION_EVENTS);
    let mut chosen: Vec<i64> = Vec::with_capacity(count * members.len());
    for member in members {
        let rows = member.validation.rows(n_data);
        let mut order = Batches::new(rows, count, 1, &member.stream.branch("validation"));
        chosen.extend(order.next_batch().iter().map(|row| i64::from(*row)));
    }
    (count > 0).then(|| Tensor::from_slice(&chosen).to_device(device))
}
