//! Training an ensemble of jet models on side-band jets.

use drapes_analysis::job::{JetModelSettings, LossWeighting};
use drapes_analysis::record::Loss;
use drapes_analysis::stream::Stream;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::by_noise;
use super::denoiser::JetDenoiser;
use super::maps::{JetMaps, MapTensors};
use super::network::{JetModelShape, JetNetwork};
use super::noisy::{Drawn, NoisyJets};
use crate::batches::{Batches, BatchesState, restored_batches};
use crate::checkpoint::{Keeper, Resumable, Snapshot};
use crate::diffusion::{Course, LARGEST_WARMUP, MOMENTS};
use crate::error::Error;
use crate::history::{History, Weights, some_are_well};
use crate::jets::{EventJets, JetTensors, alignment, groups_by_size};
use crate::nn::{
    Adam, AttentionKernel, Layout, LearningRate, Rates, RunningAverage, clip_gradients, network_kind,
};

/// Validation losses use at most so many jets.
const VALIDATION_JETS: usize = 2048;
/// Jets that all members together compute at once: enough to hide overhead, few enough to stay in a core's cache.
const JETS_TOGETHER: usize = 16;
/// The same where a GPU waits to be filled.
const JETS_TOGETHER_ON_GPU: usize = 256;

/// The jets of one member: those of some events.
pub struct JetModelEvents<'a> {
    /// The events.
    pub events: EventJets<'a>,
    /// Where this member's random numbers begin.
    pub stream: Stream,
}

/// A trained ensemble and the course of each member's training.
pub struct JetModelTraining {
    /// The running averages of the weights.
    pub denoiser: JetDenoiser,
    /// One entry a member; events are jets.
    pub courses: Vec<Course>,
}

/// Trains all members together; a member's result does not depend on the others.
///
/// The members' events are those of one table. The squared error is averaged over all constituents of a batch, so that each
/// constituent counts alike, as each feature of an event does in [`crate::diffusion::train`].
///
/// # Errors
/// A member has fewer jets than a batch, or all members leave the finite numbers. (Where only some do, their courses say
/// so: members never mix, and the others are as good as without them.)
///
/// # Panics
/// If there are no members, or their events are of several tables.
///
/// Source: the paper, section 3.3.
pub fn train(
    shape: JetModelShape,
    settings: &JetModelSettings,
    members: &[JetModelEvents<'_>],
    device: Device,
    keeper: &Keeper<'_>,
) -> Result<JetModelTraining, Error> {
    let mut ensemble = Ensemble::new(shape, settings, members, device)?;
    keeper.resume(&mut ensemble);
    let total = ensemble.courses.iter().map(|course| course.rate.total).max().unwrap_or(0);
    let every = total.div_ceil(MOMENTS);
    while ensemble.done < total {
        keeper.rest(&ensemble, ensemble.done as f64 / total as f64)?;
        ensemble.step();
        if ensemble.done.is_multiple_of(every) || ensemble.done == total {
            ensemble.record()?;
            keeper.progress(ensemble.done as f64 / total as f64);
        }
    }
    ensemble.finish()
}

pub(super) struct Ensemble<'a> {
    shape: JetModelShape,
    settings: &'a JetModelSettings,
    layout: Layout,
    jets: JetTensors,
    maps: Vec<JetMaps>,
    map_tensors: MapTensors,
    pub(super) parameters: Tensor,
    /// Where a step's gradient is summed, `[members, len]`.
    pub(super) gradient: Tensor,
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
    /// Jets that a member does not learn from, with their noise, and some that it does.
    validation: Vec<Drawn>,
    learnt: Vec<Drawn>,
}

impl<'a> Ensemble<'a> {
    pub(super) fn new(
        shape: JetModelShape,
        settings: &'a JetModelSettings,
        members: &[JetModelEvents<'_>],
        device: Device,
    ) -> Result<Self, Error> {
        let table = members[0].events.jets();
        assert!(
            members.iter().all(|member| std::ptr::eq(member.events.jets(), table)),
            "events of one table"
        );
        // Of the table only what some member learns from goes to the device.
        let mut used: Vec<u32> = members.iter().flat_map(|member| member.events.events()).collect();
        used.sort_unstable();
        used.dedup();
        let tensors = JetTensors::of(&[EventJets::only(table, &used)], device);
        let on_device = |jet: &u32| {
            let event = used.binary_search(&(jet / 2)).expect("an event of a member");
            2 * event as u32 + jet % 2
        };
        let (mut maps, mut batches, mut noise, mut courses) = (vec![], vec![], vec![], vec![]);
        let (mut validation, mut learnt) = (vec![], vec![]);
        for member in members {
            let mut order: Vec<u32> = member.events.places().map(|jet| jet as u32).collect();
            maps.push(JetMaps::of(table, &order));
            for jet in &mut order {
                *jet = on_device(jet);
            }
            order.shuffle(&mut member.stream.branch("validation").generator());
            let kept = (settings.validation_fraction * order.len() as f64) as usize;
            let training = order.split_off(kept);
            let per_epoch = training.len() / settings.batch;
            if per_epoch == 0 {
                return Err(Error::TooFew {
                    region: "the training part of the side-bands".to_owned(),
                    what: "jets",
                    found: training.len(),
                    needed: settings.batch,
                    advice: "lower jet_model.batch or widen the side-bands".to_owned(),
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
            let drawn = |jets: &[u32], name: &str| {
                let jets = &jets[..jets.len().min(VALIDATION_JETS)];
                let count = |jet: &u32| tensors.count(*jet as usize);
                Drawn::new(jets, count, &mut member.stream.branch(name).generator())
            };
            validation.push(drawn(&order, "validation noise"));
            learnt.push(drawn(&training, "training check"));
            batches.push(Batches::new(training, settings.batch, per_epoch, &member.stream));
            noise.push(member.stream.branch("noise").generator());
        }
        let streams: Vec<Stream> = members.iter().map(|member| member.stream.clone()).collect();
        let layout = shape.layout();
        let parameters = layout.initial(&streams, device);
        Ok(Self {
            shape,
            settings,
            layout,
            jets: tensors,
            map_tensors: MapTensors::new(&maps, device),
            maps,
            gradient: parameters.zeros_like(),
            adam: Adam::new(&parameters, settings.weight_decay),
            average: RunningAverage::new(&parameters, settings.ema_decay),
            parameters,
            batches,
            noise,
            courses,
            done: 0,
            loss: Tensor::zeros([members.len() as i64], (Kind::Float, device)),
            since: 0,
            validation,
            learnt,
        })
    }

    /// Draws the jets of the next step and their noise.
    pub(super) fn draw(&mut self) -> Vec<Drawn> {
        let count = |jet: &u32| self.jets.count(*jet as usize);
        let members = self.batches.iter_mut().zip(&mut self.noise);
        members.map(|(batches, noise)| Drawn::new(batches.next_batch(), count, noise)).collect()
    }

    /// Sums the gradient of some jets of each member, `together` at once; the result is each member's mean loss.
    ///
    /// Groups of jets of like size leave little to padding; their gradients add up to that of the whole.
    pub(super) fn sum_gradient(&mut self, drawn: &[Drawn], together: usize) -> Tensor {
        let device = self.jets.device();
        let _ = self.gradient.zero_();
        let kind = network_kind(self.settings.precision, device);
        let network = JetNetwork::over(&self.shape, &self.layout, &self.parameters.to_kind(kind));
        let sum = JetNetwork::over(&self.shape, &self.layout, &self.gradient);
        let mut loss = self.loss.zeros_like();
        let counts: Vec<Vec<usize>> = drawn.iter().map(|drawn| drawn.counts.clone()).collect();
        for group in groups_by_size(&counts, together, alignment(device)) {
            let maps = (&self.jets, &self.map_tensors);
            let noisy = NoisyJets::new(&self.shape, self.settings, maps, drawn, &group);
            let kernel = AttentionKernel::of(&self.parameters);
            network.gradient(
                (&noisy.scaled, &noisy.about),
                &noisy.padding,
                kernel,
                |out| {
                    let (part, d_out) = noisy.loss_and_gradient(out);
                    loss += part;
                    d_out
                },
                &sum,
            );
        }
        loss
    }

    fn step(&mut self) {
        let step = self.done;
        let device = self.jets.device();
        let drawn = self.draw();
        let most = if device.is_cuda() { JETS_TOGETHER_ON_GPU } else { JETS_TOGETHER };
        let together = (most / self.courses.len()).max(1);
        let loss = self.sum_gradient(&drawn, together);
        self.loss += loss;
        clip_gradients(&mut self.gradient, self.settings.gradient_clip);
        let rates: Vec<f64> = self.courses.iter().map(|course| course.rate.at(step)).collect();
        self.adam.step(&mut self.parameters, &self.gradient, &Rates::of(&rates, device));
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

    /// The loss of each member's averaged weights on the jets that it keeps aside.
    fn validation_loss(&self) -> Vec<Option<f32>> {
        let members = self.validation.iter().enumerate();
        let loss = |(member, drawn)| self.loss_of(member, drawn, self.settings).map(|loss| loss as f32);
        members.map(loss).collect()
    }

    /// The mean loss of a member's averaged weights on some jets; none where there are none.
    fn loss_of(&self, member: usize, drawn: &Drawn, settings: &JetModelSettings) -> Option<f64> {
        if drawn.jets.is_empty() {
            return None;
        }
        let device = self.jets.device();
        let kind = network_kind(settings.precision, device);
        let flat = self.average.values().narrow(0, member as i64, 1).to_kind(kind);
        let network = JetNetwork::over(&self.shape, &self.layout, &flat);
        let maps = MapTensors::new(&self.maps[member..=member], device);
        let together = if device.is_cuda() { JETS_TOGETHER_ON_GPU } else { JETS_TOGETHER };
        let kernel = AttentionKernel::of(&flat);
        let groups = groups_by_size(std::slice::from_ref(&drawn.counts), together, alignment(device));
        let losses = groups.iter().map(|group| {
            let drawn = std::slice::from_ref(drawn);
            let noisy = NoisyJets::new(&self.shape, settings, (&self.jets, &maps), drawn, group);
            let out = network.forward(&noisy.scaled, &noisy.about, &noisy.padding, kernel);
            noisy.loss_and_gradient(&out).0.double_value(&[0])
        });
        Some(losses.sum())
    }

    fn finish(mut self) -> Result<JetModelTraining, Error> {
        // Strengths compare where none has more weight than another.
        let settings = JetModelSettings { loss_weighting: LossWeighting::Edm, ..self.settings.clone() };
        let mut courses = std::mem::take(&mut self.courses);
        let probes = self.learnt.iter().zip(&self.validation);
        for (member, (course, (learnt, kept))) in courses.iter_mut().zip(probes).enumerate() {
            let loss = |drawn: &Drawn| self.loss_of(member, drawn, &settings);
            course.judge(settings.epochs, || by_noise::losses(loss, learnt, kept, &settings));
        }
        some_are_well(courses.iter().map(|course| &course.history))?;
        let averages = self.average.values().copy();
        let denoiser = JetDenoiser::new(self.shape, averages, self.maps, self.settings.precision);
        Ok(JetModelTraining { denoiser, courses })
    }
}

/// What a checkpoint holds besides tensors and orders of jets.
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
        if [stand.histories.len(), stand.noise.len()] != [self.courses.len(); 2] {
            return None;
        }
        // All that can be wrong is looked at before anything changes: tensors come last, and are taken all or none.
        let batches = restored_batches(&self.batches, stand.batches, &snapshot.lists)?;
        let ([first, second], adam_steps) = self.adam.state_mut();
        let (average, loss) = (self.average.values_mut(), &mut self.loss);
        snapshot.copy_tensors(&mut [&mut self.parameters, average, first, second, loss])?;
        *adam_steps = stand.adam_steps;
        self.batches = batches;
        for (course, history) in self.courses.iter_mut().zip(stand.histories) {
            course.history = history;
        }
        self.noise = stand.noise;
        (self.done, self.since) = (stand.done, stand.since);
        Some(())
    }
}

#[cfg(test)]
mod tests;
