//! Throughput of the models of jets' constituents.

use std::cell::RefCell;
use std::time::Instant;

use drapes::models::classifier::{
    ClassRows, ClassifierFamily, DataTruth, Member, SmallestFold, TemplateFolds, TemplateTruth, TwoSample,
};
use drapes::models::jet_classifier::Transformers;
use drapes::models::jet_model::{JetDenoiser, JetMaps, JetModelEvents, JetModelShape, JetSampler, train};
use drapes::progress_sink::{NoProgress, ProgressSink};
use drapes::sample::jets::{EventJets, Jets, Kinematics, Outline};
use drapes::training::Checkpointer;
use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::job::{JetClassifierSettings, JetModelSettings, Job, Momentum, SamplerSettings};
use drapes_analysis::plan::random_stream::Stream;
use half::f16;
use rand_distr::{Distribution, StandardNormal};
use tch::Device;

/// Steps behind each median, after a first one.
const STEPS: usize = 5;
/// Events of a table, more than any batch here.
const EVENTS: usize = 600;
/// Classifiers that train together: five folds of a seed.
const FOLDS: u64 = 5;

/// Lets a training take some steps, and notes when each begins.
#[derive(Default)]
struct Clock(RefCell<Vec<Instant>>);

impl ProgressSink for Clock {
    fn progress(&self, _share: f64) {}

    fn should_stop(&self) -> bool {
        // A GPU is given work faster than it does it.
        if tch::Cuda::is_available() {
            tch::Cuda::synchronize(0);
        }
        let mut ticks = self.0.borrow_mut();
        ticks.push(Instant::now());
        ticks.len() > STEPS + 1
    }
}

impl Clock {
    /// Median of the seconds of a step, but for the first.
    fn seconds_a_step(&self) -> f64 {
        let ticks = self.0.borrow();
        let steps = ticks[1..].windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64());
        let mut seconds: Vec<f64> = steps.collect();
        seconds.sort_unstable_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    }
}

/// The networks of the demonstration instead of those of the paper.
pub fn demo(job: &Job) -> Job {
    Job {
        jet_model: JetModelSettings {
            blocks: 2,
            width: 32,
            heads: 4,
            hidden: 64,
            context: 16,
            batch: 64,
            ..job.jet_model.clone()
        },
        jet_classifier: JetClassifierSettings {
            width: 16,
            heads: 2,
            hidden: 32,
            self_attention_layers: 1,
            class_attention_layers: 1,
            batch: 64,
            ..job.jet_classifier.clone()
        },
        ..job.clone()
    }
}

/// Jets with about as many constituents as those of the paper's sample.
fn jets(job: &Job) -> Jets {
    let mut generator = Stream::of_job(1).generator();
    let mut jets = Jets::default();
    for _ in 0..2 * EVENTS {
        let mut normal = || -> f32 { StandardNormal.sample(&mut generator) };
        let count = job.pricing.constituents_per_jet as f32 + 22.0 * normal();
        let count = count.round().clamp(5.0, 128.0) as usize;
        let constituents: Vec<_> = (0..count)
            .map(|slot| {
                [0.1 * (-(slot as f32) / 20.0).exp(), 0.2 * normal(), 0.2 * normal()].map(f16::from_f32)
            })
            .collect();
        jets.push(Kinematics { pt: 1200.0, eta: 0.0, phi: 0.0, mass: 150.0 }, constituents);
    }
    jets
}

/// Jets a second in the training of a model.
pub fn training(job: &Job, device: Device) -> (f64, &'static str) {
    let (jets, clock) = (jets(job), Clock::default());
    let settings = JetModelSettings { validation_fraction: 0.0, ..job.jet_model.clone() };
    let shape = JetModelShape::new(&settings, &job.sampler);
    let members = [JetModelEvents { events: EventJets::all(&jets), stream: Stream::of_job(1) }];
    let found = train(shape, &settings, &members, device, &Checkpointer::without_file(&clock));
    assert!(found.is_err(), "it was stopped");
    (settings.batch as f64 / clock.seconds_a_step(), "jets/s")
}

/// Jets a second from noise with the job's sampler.
pub fn generation(job: &Job, device: Device) -> (f64, &'static str) {
    // Every evaluation takes the same time: a few are enough.
    let few = SamplerSettings { steps: 3, ..job.sampler.clone() };
    let shape = JetModelShape::new(&job.jet_model, &few);
    let jets = jets(job);
    let all: Vec<u32> = (0..jets.len() as u32).collect();
    let parameters = shape.layout().initial(&[Stream::of_job(1)], device);
    let denoiser =
        JetDenoiser::new(shape, parameters, vec![JetMaps::of(&jets, &all)], job.jet_model.precision);
    let (grid, solver) = (NoiseGrid::full(&few), few.solver);
    let sampler = JetSampler { denoiser: &denoiser, grid: &grid, solver, momentum: Momentum::Free, device };
    let count = if device.is_cuda() { jets.len() } else { 64 };
    let outlines: Vec<Outline> = (0..count).map(|jet| jets.outline(jet)).collect();
    let seconds = super::median(|| {
        let made = sampler.from_noise(&outlines, &mut Stream::of_job(2).generator(), &NoProgress);
        assert_eq!(made.expect("an end").len(), count);
    });
    let evaluations = |grid: &NoiseGrid| grid.evaluations(solver) as f64;
    let share = evaluations(&grid) / evaluations(&NoiseGrid::full(&job.sampler));
    (count as f64 / seconds * share, "jets/s")
}

/// A training step of one of five classifiers of constituents.
pub fn classifier(job: &Job, device: Device) -> (f64, &'static str) {
    let (jets, clock, none) = (jets(job), Clock::default(), Jets::default());
    let (events, none) = (EventJets::all(&jets), EventJets::all(&none));
    let two_sample = TwoSample {
        data: events,
        data_truth: DataTruth::Generated,
        template: events,
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: none,
        unseen_signal: none,
        counts: None,
    };
    let class_rows = |count: usize| ClassRows { data: (0..count).collect(), template: (0..count).collect() };
    let members: Vec<Member> = (0..FOLDS)
        .map(|fold| Member {
            seed: ClassifierSeed(0),
            fold: Fold(fold as u32),
            training: class_rows(EVENTS),
            validation: class_rows(0),
            evaluated: class_rows(0),
            stream: Stream::of_job(fold),
        })
        .collect();
    let family = Transformers { settings: &job.jet_classifier, device };
    let smallest_fold = SmallestFold { batches: 2 * EVENTS / job.jet_classifier.batch, validation: 0 };
    let found = family.train(&two_sample, &members, smallest_fold, &Checkpointer::without_file(&clock));
    assert!(found.is_err(), "it was stopped");
    (clock.seconds_a_step() / members.len() as f64 * 1e3, "ms a model step")
}
