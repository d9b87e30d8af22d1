//! How fast a device is at each kind of work, built in or measured.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::generated::FlowKind;
use crate::job::Job;
use crate::noise_grid::NoiseGrid;
use crate::price::{
    INFERENCE, TRAINING, classifier_weights, denoiser_weights, flow_training_operations, flow_weights, jets,
};
use crate::standing::is_gpu;

/// The kind of a processor core, as [`Rates::device`].
pub const CORE: &str = "core";
/// A GPU whose kind is not known.
pub const ANY_GPU: &str = "GPU";
/// A GPU of which nothing is known is taken to be so many times as fast as a core.
pub const GPU_AGAINST_CORE: f64 = 100.0;

/// The kind of a device as records name it, `cpu`, `cuda:0` or `cuda:0 (NVIDIA H200)`: as [`Rates::device`].
pub fn kind_of(device: &str) -> &str {
    if !is_gpu(device) {
        return CORE;
    }
    device.split_once('(').and_then(|(_, name)| name.strip_suffix(')')).unwrap_or(ANY_GPU)
}

/// Whether two kinds of device are as fast as each other, as far as is known: a GPU without a name may be any.
pub fn is_same_kind(one: &str, other: &str) -> bool {
    let is_any = |kind: &str| kind == ANY_GPU;
    one.eq_ignore_ascii_case(other) || (is_any(one) && other != CORE) || (is_any(other) && one != CORE)
}

/// Where rates come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// They were measured on such a device.
    Measured,
    /// They are a guess: nobody has measured such a device.
    Guessed,
}

/// Arithmetic throughput of one rank, in 10⁹ floating-point operations a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// What a rank computes on, as people say it: `core`, `NVIDIA H200`.
    pub device: Cow<'static, str>,
    /// Training of classifier ensembles.
    pub classifier: f64,
    /// Training of a denoiser alone.
    pub denoiser: f64,
    /// Training of twelve denoisers together.
    pub denoisers_12: f64,
    /// Sampling.
    pub sampler: f64,
    /// Training of a density alone, and of one of twelve together.
    pub base_flow: [f64; 2],
    /// Training of a flow that moves events, with the density that judges it, alone and of one of twelve.
    pub top_flow: [f64; 2],
    /// Passing events through flows.
    pub flow_sampler: f64,
    /// Training of a model of jets' constituents.
    pub jet_model: f64,
    /// Generating constituents.
    pub jet_sampler: f64,
    /// Training of classifiers of constituents.
    pub jet_classifier: f64,
    /// Growing trees, in 10⁹ events times features times trees a second.
    pub trees: f64,
}

/// Times that rates follow from.
pub struct Measured {
    /// What was measured, as [`Rates::device`].
    pub device: String,
    /// Seconds of one classifier's training step, among fifty.
    pub classifier_step: f64,
    /// Seconds of one denoiser's training step, alone and among twelve.
    pub denoiser_steps: [f64; 2],
    /// Events a second from noise with the sampler of the job.
    pub events_per_second: f64,
    /// Seconds of a density's training step, alone and among twelve.
    pub base_flow_steps: [f64; 2],
    /// The same of a flow that moves events.
    pub top_flow_steps: [f64; 2],
    /// Events a second from a density.
    pub flow_events_per_second: f64,
    /// Events times features times trees a second.
    pub tree_growth: f64,
    /// Jets a second in the training of a model of constituents.
    pub jets_trained_per_second: f64,
    /// Jets a second from noise with the sampler of the job.
    pub jets_made_per_second: f64,
    /// Seconds of one constituent classifier's training step, among several.
    pub jet_classifier_step: f64,
}

impl Rates {
    /// One core of a shared server processor with AVX2, from the times of `cargo bench --bench throughput`: 86 µs a
    /// classifier's step, 1,150 µs a lone denoiser's, 1,064 µs that of one of twelve, 4,600 events a second. The rates of flows
    /// and of models of jets, at the paper's sizes, were measured on a core twice as fast (docs/performance.md) and are halved
    /// here.
    pub const CPU_CORE: Self = Self {
        device: Cow::Borrowed("core"),
        classifier: 20.0,
        denoiser: 19.0,
        denoisers_12: 20.5,
        sampler: 25.0,
        base_flow: [21.0, 23.0],
        top_flow: [7.2, 15.8],
        flow_sampler: 21.0,
        jet_model: 44.0,
        jet_sampler: 34.0,
        jet_classifier: 27.0,
        trees: 0.04,
    };

    /// The rates of a kind of device: those given for it, or the built-in ones of a core, or a guess.
    pub fn of_kind(kind: &str, given: &[Self]) -> (Self, Origin) {
        if let Some(given) = given.iter().find(|given| is_same_kind(&given.device, kind)) {
            return (given.clone(), Origin::Measured);
        }
        if kind == CORE {
            return (Self::CPU_CORE, Origin::Measured);
        }
        (Self::guessed_of_gpu(kind), Origin::Guessed)
    }

    /// Those of a GPU that nobody has measured. Trees are grown on a core whatever the ranks have.
    fn guessed_of_gpu(kind: &str) -> Self {
        let (core, times) = (Self::CPU_CORE, GPU_AGAINST_CORE);
        Self {
            device: Cow::Owned(kind.to_owned()),
            classifier: times * core.classifier,
            denoiser: times * core.denoiser,
            denoisers_12: times * core.denoisers_12,
            sampler: times * core.sampler,
            base_flow: core.base_flow.map(|rate| times * rate),
            top_flow: core.top_flow.map(|rate| times * rate),
            flow_sampler: times * core.flow_sampler,
            jet_model: times * core.jet_model,
            jet_sampler: times * core.jet_sampler,
            jet_classifier: times * core.jet_classifier,
            trees: core.trees,
        }
    }

    /// The rates behind measured times of the job's networks.
    pub fn measured(job: &Job, times: &Measured) -> Self {
        let training =
            |weights: f64, batch: usize, seconds: f64| TRAINING * weights * batch as f64 / seconds / 1e9;
        let denoiser = |seconds| training(denoiser_weights(job), job.denoiser.batch, seconds);
        let flow =
            |kind, seconds: f64| flow_training_operations(job, kind) * job.flow.batch as f64 / seconds / 1e9;
        let per_jet = job.pricing.constituents_per_jet as f64;
        let evaluations = NoiseGrid::full(&job.sampler).evaluations(job.sampler.solver) as f64;
        Self {
            device: Cow::Owned(times.device.clone()),
            classifier: training(classifier_weights(job), job.classifier.batch, times.classifier_step),
            denoiser: denoiser(times.denoiser_steps[0]),
            denoisers_12: denoiser(times.denoiser_steps[1]),
            sampler: INFERENCE * denoiser_weights(job) * evaluations * times.events_per_second / 1e9,
            base_flow: times.base_flow_steps.map(|seconds| flow(FlowKind::Base, seconds)),
            top_flow: times.top_flow_steps.map(|seconds| flow(FlowKind::Curtains, seconds)),
            flow_sampler: INFERENCE * flow_weights(job, &job.flow.base) * times.flow_events_per_second / 1e9,
            trees: times.tree_growth / 1e9,
            jet_model: TRAINING * jets::jet_model_work(job) * per_jet * times.jets_trained_per_second / 1e9,
            jet_sampler: INFERENCE
                * jets::jet_model_work(job)
                * per_jet
                * evaluations
                * times.jets_made_per_second
                / 1e9,
            jet_classifier: {
                let constituents = jets::constituents(job, job.jet_classifier.batch as f64);
                TRAINING * jets::jet_classifier_work(job) * constituents / times.jet_classifier_step / 1e9
            },
        }
    }

    /// The rate at which so many denoisers train together, all of them counted.
    ///
    /// A step costs a fixed time and a time for each member; both follow from the two rates that are measured.
    pub fn denoiser(&self, members: usize) -> f64 {
        together([self.denoiser, self.denoisers_12], members)
    }

    /// The rate at which so many flows of a kind train together, all of them counted.
    pub fn flow(&self, kind: FlowKind, members: usize) -> f64 {
        match kind.judge() {
            None => together(self.base_flow, members),
            Some(_) => together(self.top_flow, members),
        }
    }

    /// Reads the rates that `cargo bench --bench throughput -- --rates FILE` has written.
    ///
    /// # Errors
    /// The file cannot be read or holds no rates.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read(path).map_err(|source| Error::CannotRead {
            what: "the rates",
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_slice(&text)
            .map_err(|error| Error::Corrupt { path: path.to_owned(), reason: error.to_string() })
    }
}

/// The rate of so many members from those of one and of twelve.
fn together([alone, twelve]: [f64; 2], members: usize) -> f64 {
    let fixed = (1.0 / alone - 1.0 / twelve) * 12.0 / 11.0;
    1.0 / (1.0 / alone - fixed + fixed / members as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{DEFAULTS, JobFile};

    #[test]
    fn rates_are_chosen_by_the_name_of_the_device() {
        assert_eq!(kind_of("cpu"), CORE);
        assert_eq!(kind_of("cuda:0"), ANY_GPU);
        assert_eq!(kind_of("cuda:3 (NVIDIA H200)"), "NVIDIA H200");
        assert!(is_same_kind("nvidia h200", "NVIDIA H200") && is_same_kind(ANY_GPU, "NVIDIA H200"));
        assert!(!is_same_kind(ANY_GPU, CORE) && !is_same_kind("NVIDIA H100", "NVIDIA H200"));
        let of = |device: &'static str, sampler| Rates { device: device.into(), sampler, ..Rates::CPU_CORE };
        let given = [of("NVIDIA H100", 7.0), of("NVIDIA H200", 9.0)];
        assert_eq!(Rates::of_kind("NVIDIA H200", &given), (given[1].clone(), Origin::Measured));
        assert_eq!(Rates::of_kind(CORE, &given), (Rates::CPU_CORE, Origin::Measured));
        let measured = of(CORE, 3.0);
        assert_eq!(Rates::of_kind(CORE, std::slice::from_ref(&measured)).0, measured);
        let (guessed, origin) = Rates::of_kind("NVIDIA A100", &given);
        assert_eq!(origin, Origin::Guessed);
        assert_eq!(guessed.device, "NVIDIA A100");
        assert!((guessed.trees - Rates::CPU_CORE.trees).abs() < 1e-12, "trees grow on a core");
        assert!(guessed.sampler > 10.0 * Rates::CPU_CORE.sampler, "it is not priced as a core");
    }

    #[test]
    fn measured_times_come_back_as_prices() {
        let job = JobFile::from_text("job.toml", DEFAULTS).check().expect("a good job");
        let times = Measured {
            device: "core".to_owned(),
            classifier_step: 86e-6,
            denoiser_steps: [1150e-6, 1064e-6],
            events_per_second: 4600.0 * 99.0 / 199.0,
            base_flow_steps: [14.8e-3, 13.6e-3],
            top_flow_steps: [33.4e-3, 15.2e-3],
            flow_events_per_second: 51_500.0,
            tree_growth: 0.04e9,
            jets_trained_per_second: 20.0,
            jets_made_per_second: 0.3,
            jet_classifier_step: 0.5,
        };
        let rates = Rates::measured(&job, &times);
        // The built-in rates are those of these times (100 Heun steps there, 200 here), rounded.
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 0.03;
        let known = Rates::CPU_CORE;
        assert!(near(rates.classifier, known.classifier), "{rates:?}");
        assert!(near(rates.denoiser(1), known.denoiser) && near(rates.denoiser(12), known.denoisers_12));
        assert!(near(rates.sampler, known.sampler) && near(rates.trees, known.trees), "{rates:?}");
        let pairs = [(rates.base_flow, known.base_flow), (rates.top_flow, known.top_flow)];
        for (found, known) in pairs.iter().flat_map(|(found, known)| found.iter().zip(known)) {
            assert!(near(*found, *known), "{rates:?}");
        }
        assert!(near(rates.flow_sampler, known.flow_sampler), "{rates:?}");
        assert!(near(rates.flow(FlowKind::Curtains, 12), known.top_flow[1]));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rates.json");
        std::fs::write(&path, serde_json::to_vec(&rates).expect("JSON")).expect("room");
        assert_eq!(Rates::read(&path).expect("rates"), rates);
        std::fs::write(&path, "{}").expect("room");
        assert!(matches!(Rates::read(&path), Err(Error::Corrupt { .. })));
    }
}
