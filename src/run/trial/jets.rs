//! Trials of models and classifiers of jets' constituents.

use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::{JetClassifierSettings, JetModelSettings, Job, Momentum, SamplerSettings};
use drapes_analysis::machine::Seen;
use drapes_analysis::plan::cost::jets::{constituents, jet_classifier_work, jet_model_work};
use drapes_analysis::plan::cost::{INFERENCE, TRAINING};
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::plan::work::{MakeJets, TrainJets};
use half::f16;
use rand_distr::{Distribution, StandardNormal};
use tch::Device;

use super::clock::{self, Clock};
use super::members::{members_of, two_sample};
use super::models::EPOCHS;
use crate::models::classifier::{ClassifierFamily, DataTruth, SmallestFold};
use crate::models::jet_classifier::Transformers;
use crate::models::jet_model::{JetDenoiser, JetMaps, JetModelEvents, JetModelShape, JetSampler, train};
use crate::progress_sink::NoProgress;
use crate::sample::jets::{EventJets, Jets, Kinematics, Outline};
use crate::task::{Trial, seen};
use crate::training::Checkpointer;

impl Trial for TrainJets {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        training(job, self.samples.len(), device).map(|taken| seen(taken, rates.jet_model))
    }
}

impl Trial for MakeJets {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        generation(job, device).map(|taken| seen(taken, rates.jet_sampler))
    }
}

/// A core does not take more jets than this at once in a trial: a large model needs seconds for a batch.
const JETS_A_STEP: usize = 64;
/// Jets that are made at most, on a core and on a GPU.
const MOST: [usize; 2] = [1 << 10, 1 << 12];

/// Jets with about as many constituents as the job is priced with.
fn some(job: &Job, events: usize) -> Jets {
    let mut generator = Stream::of_job(1).generator();
    let mut jets = Jets::default();
    for _ in 0..2 * events {
        let mut normal = || -> f32 { StandardNormal.sample(&mut generator) };
        let count = job.pricing.constituents_per_jet as f32 * (1.0 + 0.4 * normal());
        let count = count.round().clamp(5.0, 128.0) as usize;
        let own = (0..count).map(|slot| {
            [0.1 * (-(slot as f32) / 20.0).exp(), 0.2 * normal(), 0.2 * normal()].map(f16::from_f32)
        });
        let own: Vec<_> = own.collect();
        jets.push(Kinematics { pt: 1200.0, eta: 0.0, phi: 0.0, mass: 150.0 }, own);
    }
    jets
}

fn batch(of_job: usize, device: Device) -> usize {
    if device.is_cuda() { of_job } else { of_job.min(JETS_A_STEP) }
}

/// Operations and seconds of some training steps of models of jets.
fn training(job: &Job, members: usize, device: Device) -> Option<(f64, f64)> {
    let settings = JetModelSettings {
        epochs: EPOCHS,
        validation_fraction: 0.0,
        batch: batch(job.jet_model.batch, device),
        ..job.jet_model.clone()
    };
    let (jets, clock) = (some(job, 4 * settings.batch), Clock::of(device));
    let shape = JetModelShape::new(&settings, &job.sampler);
    let member = |seed| JetModelEvents { events: EventJets::all(&jets), stream: Stream::of_job(seed) };
    let members: Vec<JetModelEvents<'_>> = (0..members as u64).map(member).collect();
    // It ends by being stopped.
    let _ = train(shape, &settings, &members, device, &Checkpointer::without_file(&clock));
    let (steps, seconds) = clock.blocks()?;
    let seen = constituents(job, (steps * members.len() * settings.batch) as f64 / 2.0);
    Some((TRAINING * jet_model_work(job) * seen, seconds))
}

/// Operations and seconds of some jets from noise.
fn generation(job: &Job, device: Device) -> Option<(f64, f64)> {
    // Every evaluation takes the same time: a few are enough.
    let few = SamplerSettings { steps: 3, ..job.sampler.clone() };
    let most = MOST[usize::from(device.is_cuda())];
    let (shape, jets) = (JetModelShape::new(&job.jet_model, &few), some(job, most / 2));
    let all: Vec<u32> = (0..jets.len() as u32).collect();
    let parameters = shape.layout().initial(&[Stream::of_job(1)], device);
    let maps = vec![JetMaps::of(&jets, &all)];
    let denoiser = JetDenoiser::new(shape, parameters, maps, job.jet_model.precision);
    let (grid, solver) = (NoiseGrid::full(&few), few.solver);
    let sampler = JetSampler { denoiser: &denoiser, grid: &grid, solver, momentum: Momentum::Free, device };
    let outlines: Vec<Outline> = (0..jets.len()).map(|jet| jets.outline(jet)).collect();
    let mut generator = Stream::of_job(2).generator();
    let (made, seconds) = clock::events(most, 32, |count| {
        sampler.from_noise(&outlines[..count], &mut generator, &NoProgress).ok()
    })?;
    let work = constituents(job, made as f64 / 2.0) * grid.evaluations(solver) as f64;
    Some((INFERENCE * jet_model_work(job) * work, seconds))
}

/// Operations and seconds of some training steps of classifiers of jets.
pub fn classifiers(job: &Job, members: usize, device: Device) -> Option<(f64, f64)> {
    let settings = JetClassifierSettings {
        epochs: EPOCHS,
        batch: batch(job.jet_classifier.batch, device),
        ..job.jet_classifier.clone()
    };
    let (jets, none, clock) = (some(job, 2 * settings.batch), Jets::default(), Clock::of(device));
    let two_sample = two_sample(EventJets::all(&jets), DataTruth::Generated, EventJets::all(&none));
    let members = members_of(members, jets.events());
    let smallest_fold = SmallestFold { batches: 2 * jets.events() / settings.batch, validation: 0 };
    let family = Transformers { settings: &settings, device };
    // It ends by being stopped.
    let _ = family.train(&two_sample, &members, smallest_fold, &Checkpointer::without_file(&clock));
    let (steps, seconds) = clock.blocks()?;
    let seen = constituents(job, (steps * members.len() * settings.batch) as f64);
    Some((TRAINING * jet_classifier_work(job) * seen, seconds))
}
