//! Rates from measured times of a job's networks: the arithmetic of a price, backwards.

use std::borrow::Cow;

use crate::job::{FlowKind, Job, NoiseGrid};
use crate::plan::Rates;
use crate::plan::cost::{
    INFERENCE, TRAINING, classifier_weights, denoiser_weights, flow_training_operations, flow_weights, jets,
};

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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::job::{DEFAULTS, JobFile};

    #[test]
    fn measured_times_come_back_as_prices() {
        let job = JobFile::from_text("job.toml", DEFAULTS.as_str()).check().expect("a good job");
        let times = Measured {
            device: "core".to_owned(),
            classifier_step: 30.7e-6,
            denoiser_steps: [342e-6, 342e-6],
            events_per_second: 13_150.0 * 99.0 / 199.0,
            base_flow_steps: [4.78e-3, 4.74e-3],
            top_flow_steps: [3.435e-3, 3.48e-3],
            flow_events_per_second: 188_800.0,
            tree_growth: 0.045e9,
            jets_trained_per_second: 61.6,
            jets_made_per_second: 0.312,
            jet_classifier_step: 0.425,
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
        assert!(near(rates.jet_model, known.jet_model), "{rates:?}");
        assert!(near(rates.jet_sampler, known.jet_sampler), "{rates:?}");
        assert!(near(rates.jet_classifier, known.jet_classifier), "{rates:?}");
        assert!(near(rates.flow(FlowKind::Curtains, 12), known.top_flow[1]));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rates.json");
        std::fs::write(&path, serde_json::to_vec(&rates).expect("JSON")).expect("room");
        assert_eq!(Rates::read(&path).expect("rates"), rates);
        std::fs::write(&path, "{}").expect("room");
        assert!(matches!(Rates::read(&path), Err(Error::Corrupt { .. })));
    }
}
