//! Training an ensemble of denoisers on side-band events.

use drapes_analysis::job::{DenoiserSettings, LossWeighting};
use drapes_analysis::record::{Loss, NoiseLoss};
use drapes_analysis::stream::Stream;
use ndarray::Array2;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::by_noise::{self, Probe};
use super::denoiser::{Denoiser, DenoiserShape};
use super::noise::Scalings;
use crate::batches::{Batches, BatchesState, next_rows, restored_batches};
use crate::checkpoint::{Keeper, Resumable, Snapshot};
use crate::error::Error;
use crate::history::{History, Weights, some_are_well};
use crate::marginals::ColumnMaps;
use crate::nn::{Adam, LearningRate, Rates, ResNet, RunningAverage, clip_gradients};

/// The warm-up takes at most this share of a training, about the share that it has in the paper.
pub const LARGEST_WARMUP: f64 = 1.0 / 20.0;
/// Moments at which losses are recorded.
pub const MOMENTS: usize = 50;
/// Validation losses use at most so many events.
const VALIDATION_EVENTS: usize = 8192;
/// Steps whose random numbers are drawn and moved to the device together.
const STEPS_A_BLOCK: usize = 32;

/// The events of one member.
pub struct TrainingEvents {
    /// `(events, features + 1)`: the features, then the mass, in their own units.
    pub rows: Array2<f32>,
    /// Where this member's random numbers begin.
    pub stream: Stream,
}

/// A trained ensemble and the course of each member's training.
pub struct Training {
    /// The running averages of the weights.
    pub denoiser: Denoiser,
    /// One entry a member.
    pub courses: Vec<Course>,
}

/// The course of one member's training.
pub struct Course {
    /// Events it learnt from.
    pub n_training: usize,
    /// Events kept aside.
    pub n_validation: usize,
    /// Its learning rate.
    pub rate: LearningRate,
    /// Losses on the way, and whether it diverged: it is of no use then.
    pub history: History,
    /// Losses of the finished model by noise strength; none of one that diverged.
    pub by_noise: Vec<NoiseLoss>,
}

/// Trains all members together; a member's result does not depend on the others.
///
/// # Errors
/// A member has fewer events than a batch, or all members leave the finite numbers. (Where only some do, their courses
/// say so: members never mix, and the others are as good as without them.)
///
/// # Panics
/// If there are no members.
///
/// Source: the paper, section 3.1. Differs from the paper: by default the squared error is taken of the
/// network's own target, without which small noise strengths have no weight.
pub fn train(
    shape: DenoiserShape,
    settings: &DenoiserSettings,
    members: &[TrainingEvents],
    device: Device,
    keeper: &Keeper<'_>,
) -> Result<Training, Error> {
    let mut ensemble = Ensemble::new(shape, settings, members, device)?;
    keeper.resume(&mut ensemble);
    let total = ensemble.courses.iter().map(|course| course.rate.total).max().unwrap_or(0);
    let every = total.div_ceil(MOMENTS);
    while ensemble.done < total {
        // Between blocks no random number is drawn that is not used.
        keeper.rest(&ensemble, ensemble.done as f64 / total as f64)?;
        let steps = STEPS_A_BLOCK.min(total - ensemble.done);
        let block = ensemble.draw(steps);
        for index in 0..steps {
            ensemble.step(&block, index as i64);
            if ensemble.done.is_multiple_of(every) || ensemble.done == total {
                ensemble.record()?;
                keeper.progress(ensemble.done as f64 / total as f64);
            }
        }
    }
    ensemble.finish()
}

impl Course {
    /// Looks at the finished model by noise strength, unless it has diverged; it has if it is not finite there.
    pub fn judge(&mut self, epochs: usize, by_noise: impl FnOnce() -> Vec<NoiseLoss>) {
        if self.history.diverged.is_some() {
            return;
        }
        self.by_noise = by_noise();
        let mut losses =
            self.by_noise.iter().flat_map(|loss| [Some(loss.training), loss.validation]).flatten();
        if losses.any(|loss| !loss.is_finite()) {
            self.by_noise.clear();
            self.history.diverged = Some(epochs as f64);
        }
    }
}

struct Ensemble<'a> {
    shape: DenoiserShape,
    settings: &'a DenoiserSettings,
    device: Device,
    /// `[events of all members, features + 1]`, mapped.
    events: Tensor,
    maps: Vec<ColumnMaps>,
    parameters: Tensor,
    network: ResNet,
    adam: Adam,
    average: RunningAverage,
    batches: Vec<Batches>,
    noise: Vec<Pcg64>,
    courses: Vec<Course>,
    /// Steps taken.
    done: usize,
    /// Sum of the training losses since they were last recorded, `[members]`, and steps since then.
    loss: Tensor,
    since: usize,
    validation: Vec<Option<Probe>>,
    /// A sample of the events that each member learns from.
    learnt: Vec<Option<Probe>>,
}

/// Random numbers of several steps.
struct Block {
    /// `[steps, members · batch]`
    events: Tensor,
    /// `[steps, members, batch, 1 + features]`: of the noise strength, of the noise.
    normals: Tensor,
}

impl<'a> Ensemble<'a> {
    fn new(
        shape: DenoiserShape,
        settings: &'a DenoiserSettings,
        members: &[TrainingEvents],
        device: Device,
    ) -> Result<Self, Error> {
        let mut all = Vec::new();
        let (mut maps, mut batches, mut noise, mut courses) = (vec![], vec![], vec![], vec![]);
        let (mut validation, mut learnt) = (vec![], vec![]);
        let mut offset = 0;
        for member in members {
            let map = ColumnMaps::of(member.rows.view(), settings.marginals);
            // A stream of its own: members whose columns need no spreading learn what they learnt without it.
            let rows = map.forward(member.rows.view(), &mut member.stream.branch("spread").generator());
            let count = rows.nrows();
            let own = next_rows(offset, count)?;
            offset = own.end;
            let mut order: Vec<u32> = own.collect();
            order.shuffle(&mut member.stream.branch("validation").generator());
            let kept = (settings.validation_fraction * count as f64) as usize;
            let training = order.split_off(kept);
            let per_epoch = training.len() / settings.batch;
            if per_epoch == 0 {
                return Err(Error::TooFew {
                    region: "the training part of the side-bands".to_owned(),
                    what: "events",
                    found: training.len(),
                    needed: settings.batch,
                    advice: "lower denoiser.batch or widen the side-bands".to_owned(),
                });
            }
            let total = per_epoch * settings.epochs;
            courses.push(Course {
                n_training: training.len(),
                n_validation: kept,
                rate: LearningRate {
                    peak: settings.learning_rate,
                    warmup: settings.warmup_steps.min((total as f64 * LARGEST_WARMUP) as usize),
                    total,
                    schedule: settings.schedule,
                },
                history: History::default(),
                by_noise: Vec::new(),
            });
            learnt.push(training[..training.len().min(VALIDATION_EVENTS)].to_vec());
            batches.push(Batches::new(training, settings.batch, per_epoch, &member.stream));
            noise.push(member.stream.branch("noise").generator());
            validation.push(order);
            all.extend(rows);
            maps.push(map);
        }
        let columns = shape.features as i64 + 1;
        let events = Tensor::from_slice(&all).reshape([-1, columns]).to_device(device);
        let streams: Vec<Stream> = members.iter().map(|member| member.stream.clone()).collect();
        let probes = |events_of: &[Vec<u32>], name: &str| -> Vec<Option<Probe>> {
            let members = events_of.iter().zip(&streams);
            members.map(|(chosen, stream)| probe(&events, chosen, &stream.branch(name))).collect()
        };
        let (kept, learnt) = (probes(&validation, "validation noise"), probes(&learnt, "training check"));
        let layout = shape.layout();
        let parameters = layout.initial(&streams, device);
        Ok(Self {
            shape,
            settings,
            device,
            validation: kept,
            learnt,
            events,
            maps,
            network: ResNet::over(&layout, &parameters),
            adam: Adam::new(&parameters, settings.weight_decay),
            average: RunningAverage::new(&parameters, settings.ema_decay),
            parameters,
            batches,
            noise,
            courses,
            done: 0,
            loss: Tensor::zeros([members.len() as i64], (Kind::Float, device)),
            since: 0,
        })
    }

    fn members(&self) -> i64 {
        self.courses.len() as i64
    }

    /// Draws the random numbers of the next steps.
    fn draw(&mut self, steps: usize) -> Block {
        let (members, batch, columns) = (self.courses.len(), self.settings.batch, self.shape.features + 1);
        let mut events = Vec::with_capacity(steps * members * batch);
        let mut normals: Vec<f32> = Vec::with_capacity(steps * members * batch * columns);
        for _ in 0..steps {
            for (batches, noise) in self.batches.iter_mut().zip(&mut self.noise) {
                events.extend(batches.next_batch().iter().map(|event| i64::from(*event)));
                normals.extend((0..batch * columns).map(|_| -> f32 { StandardNormal.sample(noise) }));
            }
        }
        let shape = [steps as i64, members as i64, batch as i64, columns as i64];
        Block {
            events: Tensor::from_slice(&events).reshape([steps as i64, -1]).to_device(self.device),
            normals: Tensor::from_slice(&normals).reshape(shape).to_device(self.device),
        }
    }

    fn step(&mut self, block: &Block, index: i64) {
        let step = self.done;
        let (members, columns) = (self.members(), self.shape.features as i64 + 1);
        let rows = self.events.index_select(0, &block.events.get(index)).view([members, -1, columns]);
        let noisy = Noisy::new(&self.shape, self.settings, &rows, &block.normals.get(index));
        let loss = &mut self.loss;
        let mut gradient = self.network.gradient(&noisy.input, |out| {
            let (member_loss, d_out) = noisy.loss_and_gradient(out);
            *loss += member_loss;
            d_out
        });
        clip_gradients(&mut gradient, self.settings.gradient_clip);
        let rates: Vec<f64> = self.courses.iter().map(|course| course.rate.at(step)).collect();
        self.adam.step(&mut self.parameters, &gradient, &Rates::of(&rates, self.device));
        let learning: Vec<bool> = self.courses.iter().map(|course| step < course.rate.total).collect();
        self.average.update(&self.parameters, &learning);
        self.done += 1;
        self.since += 1;
    }

    /// Records the losses of all members that still learnt.
    fn record(&mut self) -> Result<(), Error> {
        let (done, since) = (self.done, std::mem::take(&mut self.since));
        let training = (&self.loss / since as f64).to_device(Device::Cpu);
        let training = Vec::<f32>::try_from(&training).unwrap_or_default();
        let _ = self.loss.zero_();
        let validation = self.validation_loss();
        let weights = Weights::of(self.average.values());
        for (member, course) in self.courses.iter_mut().enumerate() {
            let per_epoch = course.rate.total as f64 / self.settings.epochs as f64;
            let epoch = done as f64 / per_epoch;
            let loss = Loss { epoch, training: training[member], validation: validation[member] };
            let learnt = done.saturating_sub(since) < course.rate.total;
            let finite = course.history.finite(loss, weights[member]);
            course.history.losses.extend(finite.filter(|_| learnt));
        }
        some_are_well(self.courses.iter().map(|course| &course.history))
    }

    /// The loss of each member's averaged weights on the events that it keeps aside.
    fn validation_loss(&self) -> Vec<Option<f32>> {
        let layout = self.shape.layout();
        let loss = |(member, validation): (usize, &Option<Probe>)| {
            let Probe { rows, normals } = validation.as_ref()?;
            let noisy = Noisy::new(&self.shape, self.settings, rows, normals);
            let network = ResNet::over(&layout, &self.average.values().narrow(0, member as i64, 1));
            let (loss, _) = noisy.loss_and_gradient(&network.forward(&noisy.input));
            Some(loss.double_value(&[0]) as f32)
        };
        self.validation.iter().enumerate().map(loss).collect()
    }

    fn finish(self) -> Result<Training, Error> {
        let denoiser = Denoiser::new(self.shape, self.average.values().copy(), self.maps);
        let mut courses = self.courses;
        let probes = self.learnt.iter().zip(&self.validation);
        for (member, (course, (learnt, kept))) in courses.iter_mut().zip(probes).enumerate() {
            let by_noise = || by_noise::losses(&denoiser.member(member), learnt.as_ref(), kept.as_ref());
            course.judge(self.settings.epochs, by_noise);
        }
        some_are_well(courses.iter().map(|course| &course.history))?;
        Ok(Training { denoiser, courses })
    }
}

/// What a checkpoint holds besides tensors and orders of events.
#[derive(Serialize, Deserialize)]
struct Stand {
    done: usize,
    since: usize,
    adam_steps: i32,
    histories: Vec<History>,
    batches: Vec<BatchesState>,
    noise: Vec<Pcg64>,
}

impl Resumable for Ensemble<'_> {
    fn snapshot(&self) -> Snapshot {
        let ([first, second], adam_steps) = self.adam.state();
        let tensors = [&self.parameters, self.average.values(), first, second, &self.loss];
        let stand = Stand {
            done: self.done,
            since: self.since,
            adam_steps,
            histories: self.courses.iter().map(|course| course.history.clone()).collect(),
            batches: self.batches.iter().map(Batches::state).collect(),
            noise: self.noise.clone(),
        };
        let orders = self.batches.iter().map(|batches| batches.order().to_vec());
        Snapshot::new(tensors.map(Tensor::shallow_clone).into(), orders.collect(), &stand)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Option<()> {
        let stand: Stand = snapshot.rest()?;
        let members = self.courses.len();
        if [stand.histories.len(), stand.batches.len(), stand.noise.len()] != [members; 3] {
            return None;
        }
        // All that can be wrong is looked at before anything changes: tensors come last, and are taken all or none.
        let batches = restored_batches(&self.batches, stand.batches, &snapshot.lists)?;
        let ([first, second], adam_steps) = self.adam.state_mut();
        let average = self.average.values_mut();
        snapshot.copy_tensors(&mut [&mut self.parameters, average, first, second, &mut self.loss])?;
        *adam_steps = stand.adam_steps;
        self.batches = batches;
        for (course, history) in self.courses.iter_mut().zip(stand.histories) {
            course.history = history;
        }
        (self.done, self.since, self.noise) = (stand.done, stand.since, stand.noise);
        Some(())
    }
}

/// Some events with noise of their own, the same whenever they are looked at; none if there are no events.
fn probe(events: &Tensor, chosen: &[u32], stream: &Stream) -> Option<Probe> {
    let count = chosen.len().min(VALIDATION_EVENTS);
    let columns = events.size()[1];
    if count == 0 {
        return None;
    }
    let picked: Vec<i64> = chosen[..count].iter().map(|event| i64::from(*event)).collect();
    let mut generator = stream.generator();
    let draws = (0..count * columns as usize).map(|_| -> f32 { StandardNormal.sample(&mut generator) });
    let normals = Tensor::from_slice(&draws.collect::<Vec<_>>());
    let shape = [1, count as i64, columns];
    Some(Probe {
        rows: events.index_select(0, &Tensor::from_slice(&picked).to_device(events.device())).view(shape),
        normals: normals.reshape(shape).to_device(events.device()),
    })
}

/// Noisy events as the network sees them, and what it should answer.
struct Noisy {
    input: Tensor,
    target: Tensor,
    /// Weight of each event's squared error; none where all count alike.
    weight: Option<Tensor>,
}

impl Noisy {
    /// # Shapes
    /// `rows` `[members, batch, features + 1]`, mapped; `normals` likewise.
    fn new(shape: &DenoiserShape, settings: &DenoiserSettings, rows: &Tensor, normals: &Tensor) -> Self {
        let features = shape.features as i64;
        let (x0, mass) = (rows.narrow(2, 0, features), rows.narrow(2, features, 1));
        let noise = normals.narrow(2, 1, features);
        let log_sigma = normals.narrow(2, 0, 1) * settings.log_noise_std + settings.log_noise_mean;
        let sigma = log_sigma.exp().clamp(shape.sigma_min, shape.sigma_max);
        let Scalings { c_out, c_in, .. } = Scalings::at(&sigma);
        let scaled = (&x0 + &sigma * &noise) * &c_in;
        Self {
            input: shape.network_input(&scaled, &sigma, &mass),
            // (x0 − c_skip x) / c_out without its cancellation at small σ.
            target: (x0 * &sigma - noise) * c_in,
            weight: match settings.loss_weighting {
                LossWeighting::Edm => None,
                LossWeighting::Printed => Some(c_out.square()),
            },
        }
    }

    /// Mean squared error of each member `[members]`, and its gradient.
    fn loss_and_gradient(&self, out: &Tensor) -> (Tensor, Tensor) {
        let size = out.size();
        let count = (size[1] * size[2]) as f64;
        let error = out - &self.target;
        let weighted = self.weight.as_ref().map_or_else(|| error.shallow_clone(), |weight| &error * weight);
        let loss = (&weighted * &error).sum_dim_intlist([1_i64, 2].as_slice(), false, Kind::Float) / count;
        (loss, weighted * (2.0 / count))
    }
}

#[cfg(test)]
mod tests;
