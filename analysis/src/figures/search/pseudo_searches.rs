//! What pseudo-experiments without signal say of p-values: how often they are as small as they say, and how small the smallest
//! of a whole search is by chance.

use std::collections::BTreeMap;

use super::pseudo_numbers::{PseudoNumbers, counted};
use super::scatters::Scatters;
use crate::plan::work::{PseudoExperiments, PseudoWindow};
use crate::statistics::closure::Measured;
use crate::statistics::search::calibration::{Calibration, CorrectedP};
use crate::statistics::search::intervals::{Interval, ONE_SIGMA, clopper_pearson};
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::pseudo_experiments::{GlobalP, global_p};
use crate::statistics::search::scatter::{mean_square, pull};
use crate::statistics::search::uniformity::{Uniformity, uniformity};
use crate::store::Results;

/// Below this probability by Kolmogorov and Smirnov p-values are not uniform, and are corrected.
pub const NOT_UNIFORM: f64 = 0.05;
/// The calculated p-value at which the rate is quoted.
pub const QUOTED_P: f64 = 0.05;

/// The pseudo-experiments of a search.
#[derive(Default)]
pub struct PseudoSearch {
    /// For each window, by the name of its point, and each cut.
    cuts: Vec<CutCalibration>,
    /// The smallest p-value of each pseudo-search: experiment i of all windows.
    smallest: Vec<PValue>,
}

/// The p-values of a cut in pseudo-experiments of a window.
pub struct CutCalibration {
    /// The window, by the name of its point.
    pub window: String,
    /// The share of the template that was to pass.
    pub efficiency: f64,
    /// The p-values as searches quote them.
    pub p_values: Vec<PValue>,
    /// The same as ranks.
    pub calibration: Calibration,
    /// Whether they are uniform; none of none.
    pub uniformity: Option<Uniformity>,
    /// The mean number of pseudo-data behind the cut.
    pub mean_data: f64,
    /// The mean number that their templates say.
    pub mean_background: f64,
    /// The variance of their difference over that of counts; none of fewer than two.
    pub scatter: Option<Measured>,
}

/// How often a p-value of pseudo-experiments is at most [`QUOTED_P`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The share.
    pub share: f64,
    /// Its central 68% interval, for independent experiments.
    pub interval: Interval,
}

impl CutCalibration {
    fn of(window: &str, efficiency: f64, counts: &[(PseudoNumbers, PValue)]) -> Self {
        let p_values: Vec<PValue> = counts.iter().map(|(_, p)| *p).collect();
        let numbers = || counts.iter().map(|(numbers, _)| numbers);
        let mean =
            |of: fn(&PseudoNumbers) -> f64| numbers().map(of).sum::<f64>() / counts.len().max(1) as f64;
        let pulls: Vec<f64> = numbers().map(|found| pull(found.data, found.expected, found.behind)).collect();
        Self {
            window: window.to_owned(),
            efficiency,
            calibration: Calibration::of(p_values.iter().copied()),
            uniformity: uniformity(&p_values),
            mean_data: mean(|counted| counted.data),
            mean_background: mean(|counted| counted.expected),
            scatter: mean_square(&pulls),
            p_values,
        }
    }

    /// How many are at most [`QUOTED_P`].
    pub fn low(&self) -> u64 {
        self.p_values.iter().filter(|p| p.value() <= QUOTED_P).count() as u64
    }

    /// The rate at [`QUOTED_P`].
    pub fn rate(&self) -> Rate {
        let (low, all) = (self.low(), self.p_values.len() as u64);
        Rate { share: low as f64 / all.max(1) as f64, interval: clopper_pearson(low, all, ONE_SIGMA) }
    }

    /// What a p-value is worth, where those of pseudo-experiments are not uniform; nothing where they are what they say.
    pub fn correct(&self, p: PValue) -> Option<CorrectedP> {
        let is_off = self.uniformity.is_some_and(|found| found.p < NOT_UNIFORM);
        is_off.then(|| self.calibration.correct(p))
    }
}

impl PseudoSearch {
    /// The finished pseudo-experiments of a search; without any it is empty.
    pub fn of(results: &Results) -> Self {
        let efficiencies = results.job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
        let mut by_window: Vec<(String, Vec<&PseudoWindow>)> = vec![];
        for found in results.each::<PseudoExperiments>() {
            let name = found.point.to_string();
            match by_window.iter_mut().find(|(known, _)| *known == name) {
                Some((_, parts)) => parts.push(found),
                None => by_window.push((name, vec![found])),
            }
        }
        let (mut cuts, mut lowest, scatters) = (vec![], Lowest::default(), Scatters::of(results));
        for (window, parts) in &by_window {
            for (place, efficiency) in efficiencies.iter().enumerate() {
                let (mut counts, scatter) = (vec![], scatters.at(*efficiency));
                for part in parts {
                    for (number, experiment) in (part.first..).zip(&part.experiments) {
                        let found = counted(experiment, part.n_template, place);
                        let found = found.and_then(|found| Some((found, found.p(scatter)?)));
                        lowest.see(number, window, found.map(|(_, p)| p));
                        counts.extend(found);
                    }
                }
                cuts.push(CutCalibration::of(window, *efficiency, &counts));
            }
        }
        Self { cuts, smallest: lowest.of_all(by_window.len()) }
    }

    /// Those of each window and cut that have p-values.
    pub fn cuts(&self) -> impl Iterator<Item = &CutCalibration> {
        self.cuts.iter().filter(|cut| !cut.calibration.is_empty())
    }

    /// Those of a window and cut.
    pub fn cut(&self, window: &str, efficiency: f64) -> Option<&CutCalibration> {
        self.cuts().find(|cut| cut.window == window && cut.efficiency.to_bits() == efficiency.to_bits())
    }

    /// Pseudo-searches: experiments that all windows have.
    pub fn len(&self) -> usize {
        self.smallest.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.smallest.is_empty()
    }

    /// How often the smallest p-value of a pseudo-search, over windows and cuts, is at most this; none without any.
    pub fn global(&self, p: PValue) -> Option<GlobalP> {
        (!self.is_empty()).then(|| global_p(p, &self.smallest))
    }
}

/// The smallest p-value of each pseudo-search, and the windows that have it.
#[derive(Default)]
struct Lowest<'a>(BTreeMap<usize, (Vec<&'a str>, Option<PValue>)>);

impl<'a> Lowest<'a> {
    fn see(&mut self, number: usize, window: &'a str, p: Option<PValue>) {
        let (windows, lowest) = self.0.entry(number).or_default();
        if windows.last() != Some(&window) {
            windows.push(window);
        }
        if let Some(p) = p
            && lowest.is_none_or(|known| p.ln() < known.ln())
        {
            *lowest = Some(p);
        }
    }

    /// Of the experiments that so many windows have: a search of fewer would have a larger smallest one.
    fn of_all(self, windows: usize) -> Vec<PValue> {
        let whole = self.0.into_values().filter(|(seen, _)| seen.len() == windows);
        whole.filter_map(|(_, lowest)| lowest).collect()
    }
}
