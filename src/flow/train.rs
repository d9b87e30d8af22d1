//! Training an ensemble of flows.

use drapes_analysis::job::{FlowNetwork, FlowSettings, KeptMoment, Schedule};
use drapes_analysis::record::Loss;
use drapes_analysis::stream::Stream;
use ndarray::Array2;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::network::{Flow, FlowShape};
use super::objective::{Objective, Room, Wanted};
use crate::batches::{Batches, BatchesState, next_rows, restored_batches};
use crate::checkpoint::{Keeper, Resumable, Snapshot};
use crate::error::Error;
use crate::history::{History, Weights, some_are_well};
use crate::marginals::ColumnMaps;
use crate::nn::{Adam, LearningRate, Rates, clip_gradients};

/// Moments at which losses are recorded.
const MOMENTS: usize = 50;
/// Validation losses use at most so many events.
const VALIDATION_EVENTS: usize = 8192;

/// The events of one member, in their own units, and how they are mapped.
pub struct FlowEvents {
    /// `(events, features + 1)`: the features, then the mass.
    pub rows: Array2<f32>,
    /// Their own maps, or those of the density that judges them.
    pub maps: ColumnMaps,
    /// Where this member's random numbers begin.
    pub stream: Stream,
    /// Decides which events are kept aside.
    pub split: Stream,
}

/// Trained flows and the course of each member's training.
pub struct Training {
    /// `[members, len]`
    pub parameters: Tensor,
    /// One entry a member.
    pub courses: Vec<Course>,
}

/// The course of one member's training.
pub struct Course {
    /// Events it learnt from.
    pub n_training: usize,
    /// Events kept aside.
    pub n_validation: usize,
    /// Share of the feature values that lie in the tails, where a flow changes nothing.
    pub in_tails: f64,
    /// Its learning rate.
    pub rate: LearningRate,
    /// Losses on the way, the mean negative ln of the density of mapped events, and whether it diverged: it is of no use
    /// then.
    pub history: History,
}

/// Trains all members together; a member's result does not depend on the others.
///
/// # Errors
/// A member has fewer events than a batch, or the losses of all members leave the finite numbers. (Where only some do,
/// their courses say so: members never mix, and the others are as good as alone.)
///
/// # Panics
/// If there are no members.
pub fn train(
    shape: FlowShape,
    (settings, network): (&FlowSettings, &FlowNetwork),
    objective: &Objective,
    members: &[FlowEvents],
    device: Device,
    keeper: &Keeper<'_>,
) -> Result<Training, Error> {
    let mut ensemble = Ensemble::new(shape, settings, network, members, device)?;
    let flow = Flow::over(shape, &ensemble.parameters);
    let room = Room::new(objective, &flow);
    keeper.resume(&mut ensemble);
    let total = ensemble.courses.iter().map(|course| course.rate.total).max().unwrap_or(0);
    let every = total.div_ceil(MOMENTS);
    while ensemble.done < total {
        keeper.rest(&ensemble, ensemble.done as f64 / total as f64)?;
        let rows = ensemble.next_batch();
        let judged = objective.judge(&flow, &rows, &Wanted::Gradient(&room));
        let mut gradient = judged.gradient.expect("it was wanted");
        clip_gradients(&mut gradient, settings.gradient_clip);
        ensemble.step(&judged.loss, &gradient);
        if ensemble.done.is_multiple_of(every) || ensemble.done == total {
            ensemble.record(objective)?;
            keeper.progress(ensemble.done as f64 / total as f64);
        }
    }
    Ok(Training { parameters: ensemble.kept, courses: ensemble.courses })
}

struct Ensemble<'a> {
    shape: FlowShape,
    network: &'a FlowNetwork,
    /// `[events of all members, features + 1]`, mapped.
    events: Tensor,
    parameters: Tensor,
    adam: Adam,
    /// Steps taken.
    done: usize,
    /// Sum of the training losses since they were last recorded, `[members]`, and steps since then.
    loss: Tensor,
    since: usize,
    /// The parameters that are kept, and the validation loss of each member's.
    kept: Tensor,
    best: Vec<f32>,
    moment: KeptMoment,
    batches: Vec<Batches>,
    /// Mapped events that a member does not learn from, `[1, features + 1, events]`.
    validation: Vec<Option<Tensor>>,
    courses: Vec<Course>,
}

impl<'a> Ensemble<'a> {
    fn new(
        shape: FlowShape,
        settings: &FlowSettings,
        network: &'a FlowNetwork,
        members: &[FlowEvents],
        device: Device,
    ) -> Result<Self, Error> {
        let (mut all, mut batches, mut courses, mut kept_aside) = (vec![], vec![], vec![], vec![]);
        let mut offset = 0;
        for member in members {
            let spread = &mut member.stream.branch("spread").generator();
            let rows = member.maps.forward(member.rows.view(), spread);
            let count = rows.nrows();
            let own = next_rows(offset, count)?;
            offset = own.end;
            let mut order: Vec<u32> = own.collect();
            order.shuffle(&mut member.split.generator());
            let kept = (settings.validation_fraction * count as f64) as usize;
            let training = order.split_off(kept);
            let per_epoch = training.len() / settings.batch;
            if per_epoch == 0 {
                return Err(Error::TooFew {
                    region: "the training part of a flow's events".to_owned(),
                    what: "events",
                    found: training.len(),
                    needed: settings.batch,
                    advice: "lower flow.batch or widen the side-bands".to_owned(),
                });
            }
            let features = rows.slice(ndarray::s![.., ..shape.conditioner.features]);
            let outside = features.iter().filter(|x| f64::from(x.abs()) >= settings.tail).count();
            courses.push(Course {
                n_training: training.len(),
                n_validation: kept,
                in_tails: outside as f64 / features.len() as f64,
                rate: LearningRate {
                    peak: network.learning_rate,
                    warmup: 0,
                    total: per_epoch * network.epochs,
                    schedule: Schedule::Cosine,
                },
                history: History::default(),
            });
            batches.push(Batches::new(training, settings.batch, per_epoch, &member.stream));
            kept_aside.push(order);
            all.extend(rows);
        }
        let columns = shape.conditioner.features as i64 + 1;
        let events = Tensor::from_slice(&all).reshape([-1, columns]).to_device(device);
        let streams: Vec<Stream> = members.iter().map(|member| member.stream.clone()).collect();
        let validation = kept_aside.iter().map(|chosen| {
            // Pairs need an even number.
            let count = chosen.len().min(VALIDATION_EVENTS) / 2 * 2;
            (count > 0).then(|| pick(&events, &[&chosen[..count]]))
        });
        let validation = validation.collect();
        let parameters = shape.initial(&streams, device);
        Ok(Self {
            shape,
            network,
            kept: parameters.copy(),
            adam: Adam::new(&parameters, 0.0),
            parameters,
            done: 0,
            loss: Tensor::zeros([members.len() as i64], (Kind::Float, device)),
            since: 0,
            best: vec![f32::INFINITY; members.len()],
            moment: settings.kept,
            validation,
            events,
            batches,
            courses,
        })
    }

    /// The events of all members' next step, `[members, features + 1, batch]`.
    fn next_batch(&mut self) -> Tensor {
        let chosen: Vec<&[u32]> = self.batches.iter_mut().map(Batches::next_batch).collect();
        pick(&self.events, &chosen)
    }

    fn step(&mut self, loss: &Tensor, gradient: &Tensor) {
        self.loss += loss;
        let rates: Vec<f64> = self.courses.iter().map(|course| course.rate.at(self.done)).collect();
        self.adam.step(&mut self.parameters, gradient, &Rates::of(&rates, self.loss.device()));
        self.done += 1;
        self.since += 1;
    }

    /// Records the losses of all members that still learnt.
    fn record(&mut self, objective: &Objective) -> Result<(), Error> {
        let (done, since) = (self.done, std::mem::take(&mut self.since));
        let mean = (&self.loss / since as f64).to_device(Device::Cpu);
        let training = Vec::<f32>::try_from(&mean).unwrap_or_default();
        let _ = self.loss.zero_();
        let weights = Weights::of(&self.parameters);
        for (member, course) in self.courses.iter_mut().enumerate() {
            let per_epoch = course.rate.total as f64 / self.network.epochs as f64;
            let validation = self.validation[member].as_ref().map(|rows| {
                let flow = Flow::over(self.shape, &self.parameters.narrow(0, member as i64, 1));
                let objective = objective.of_member(member);
                objective.judge(&flow, rows, &Wanted::Loss).loss.double_value(&[0]) as f32
            });
            let loss = Loss { epoch: done as f64 / per_epoch, training: training[member], validation };
            let learnt = done.saturating_sub(since) < course.rate.total;
            if let Some(loss) = course.history.finite(loss, weights[member]).filter(|_| learnt) {
                let better = loss.validation.is_none_or(|loss| loss < self.best[member]);
                if better || self.moment == KeptMoment::Last {
                    let of = |all: &Tensor| all.get(member as i64);
                    of(&self.kept).copy_(&of(&self.parameters));
                    self.best[member] = loss.validation.unwrap_or(f32::INFINITY);
                }
                course.history.losses.push(loss);
            }
        }
        some_are_well(self.courses.iter().map(|course| &course.history))
    }
}

/// What a checkpoint holds besides tensors and orders of events.
#[derive(Serialize, Deserialize)]
struct Stand {
    done: usize,
    since: usize,
    adam_steps: i32,
    histories: Vec<History>,
    /// None where nothing is kept yet: JSON knows no infinity.
    best: Vec<Option<f32>>,
    batches: Vec<BatchesState>,
}

impl Resumable for Ensemble<'_> {
    fn snapshot(&self) -> Snapshot {
        let ([first, second], adam_steps) = self.adam.state();
        let tensors = [&self.parameters, &self.kept, first, second, &self.loss].map(Tensor::shallow_clone);
        let stand = Stand {
            done: self.done,
            since: self.since,
            adam_steps,
            histories: self.courses.iter().map(|course| course.history.clone()).collect(),
            best: self.best.iter().map(|loss| loss.is_finite().then_some(*loss)).collect(),
            batches: self.batches.iter().map(Batches::state).collect(),
        };
        let orders = self.batches.iter().map(|batches| batches.order().to_vec());
        Snapshot::new(tensors.into(), orders.collect(), &stand)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Option<()> {
        let stand: Stand = snapshot.rest()?;
        if [stand.histories.len(), stand.best.len()] != [self.courses.len(); 2] {
            return None;
        }
        // All that can be wrong is looked at before anything changes: tensors come last, and are taken all or none.
        let batches = restored_batches(&self.batches, stand.batches, &snapshot.lists)?;
        let ([first, second], adam_steps) = self.adam.state_mut();
        let loss = &mut self.loss;
        snapshot.copy_tensors(&mut [&mut self.parameters, &mut self.kept, first, second, loss])?;
        *adam_steps = stand.adam_steps;
        self.batches = batches;
        for (course, history) in self.courses.iter_mut().zip(stand.histories) {
            course.history = history;
        }
        self.best = stand.best.into_iter().map(|loss| loss.unwrap_or(f32::INFINITY)).collect();
        (self.done, self.since) = (stand.done, stand.since);
        Some(())
    }
}

/// Events, as many for each member, `[members, features + 1, events]`.
fn pick(events: &Tensor, chosen: &[&[u32]]) -> Tensor {
    let indices: Vec<i64> =
        chosen.iter().flat_map(|member| member.iter().map(|event| i64::from(*event))).collect();
    let indices = Tensor::from_slice(&indices).to_device(events.device());
    let shape = [chosen.len() as i64, -1, events.size()[1]];
    events.index_select(0, &indices).view(shape).transpose(1, 2).contiguous()
}

#[cfg(test)]
mod tests;
