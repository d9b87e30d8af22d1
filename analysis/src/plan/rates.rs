//! How fast a device is at each kind of work, built in or measured.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::job::FlowKind;
use crate::plan::device_kind::{CORE, is_same_kind};

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
    /// Training of a flow that moves events, with its base density, alone and of one of twelve.
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

impl Rates {
    /// One core of a server processor, midway between one with AVX-512 and one with AVX2, which take about a quarter less and a
    /// quarter more: by `cargo bench --bench throughput` the first took 25 µs a classifier's step, 300 µs a denoiser's and
    /// 3.7 ms a base flow's, and made 15,800 events a second; the second was slower by 1.6. Kernels of classifiers have since
    /// become faster by 1.13, of denoisers by 1.1 and of sampling by 1.04 (docs/performance.md).
    pub const CPU_CORE: Self = Self {
        device: Cow::Borrowed("core"),
        classifier: 56.0,
        denoiser: 63.0,
        denoisers_12: 63.0,
        sampler: 73.0,
        base_flow: [65.0, 66.0],
        top_flow: [70.0, 69.0],
        flow_sampler: 77.0,
        jet_model: 64.0,
        jet_sampler: 43.0,
        jet_classifier: 34.0,
        trees: 0.045,
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

    /// Those of a GPU that nobody has measured: an H100's (data/rates/h100.json), rounded. Small networks wait for steps to be
    /// handed out more than for arithmetic, so that GPUs differ less at them than by their sheets. Trees are priced
    /// on a core whatever the ranks have.
    fn guessed_of_gpu(kind: &str) -> Self {
        Self {
            device: Cow::Owned(kind.to_owned()),
            classifier: 620.0,
            denoiser: 76.0,
            denoisers_12: 830.0,
            sampler: 2_430.0,
            base_flow: [377.0, 3_120.0],
            top_flow: [62.0, 620.0],
            flow_sampler: 1_420.0,
            jet_model: 23_000.0,
            jet_sampler: 28_000.0,
            jet_classifier: 5_100.0,
            trees: Self::CPU_CORE.trees,
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
        match kind.base_density() {
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

    #[test]
    fn rates_are_chosen_by_the_name_of_the_device() {
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
        // All others are those of the GPU that was measured, but for rounding.
        let shipped = serde_json::from_str(include_str!("../../../data/rates/h100.json")).expect("rates");
        let numbers = |rates: &Rates| -> Vec<f64> {
            let numbers = serde_json::to_value(Rates { trees: 1.0, ..rates.clone() }).expect("numbers");
            let each = numbers.as_object().expect("fields").values();
            let flat =
                each.flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]));
            flat.filter_map(|value| value.as_f64()).collect()
        };
        let (guessed, shipped) = (numbers(&guessed), numbers(&shipped));
        assert_eq!((guessed.len(), shipped.len()), (13, 13));
        for (guessed, shipped) in guessed.into_iter().zip(shipped) {
            assert!((guessed / shipped - 1.0).abs() < 0.02, "{guessed} {shipped}");
        }
    }
}
