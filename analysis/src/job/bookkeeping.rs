//! The sections of a job that say how its work is cut, priced, checked and drawn.

use super::document::Section;
use super::read::{number, positive};
use super::seeds::whole_numbers;
use super::{ClosureSettings, ComputeSettings, FigureSettings, Pricing};
use crate::quantities::SignalCount;

/// Reads `[closure]`: when templates are warned of.
pub fn closure(section: Section<'_>) -> Option<ClosureSettings> {
    let threshold = number(&section, "threshold", "an AUC from 0.5 to 1", |x| (0.5..=1.0).contains(&x));
    section.finish();
    Some(ClosureSettings { threshold: threshold? })
}

/// Reads `[compute]`: how the work is cut into tasks.
pub fn compute(section: Section<'_>) -> Option<ComputeSettings> {
    let denoisers = positive(&section, "denoisers_per_task");
    let flows = positive(&section, "flows_per_task");
    let seeds = positive(&section, "classifier_seeds_per_task");
    let jet_models = positive(&section, "jet_models_per_task");
    let jet_seeds = positive(&section, "jet_classifier_seeds_per_task");
    let threads = positive(&section, "threads");
    section.finish();
    Some(ComputeSettings {
        denoisers_per_task: denoisers?,
        flows_per_task: flows?,
        classifier_seeds_per_task: seeds?,
        jet_models_per_task: jet_models?,
        jet_classifier_seeds_per_task: jet_seeds?,
        threads: threads?,
    })
}

/// Reads `[pricing]`: event numbers for a plan before the data are read.
pub fn pricing(section: Section<'_>) -> Option<Pricing> {
    let side_band = positive(&section, "side_band_events");
    let signal_region = positive(&section, "signal_region_events");
    let other_sample = positive(&section, "other_sample_events");
    let independent = positive(&section, "independent_background_events");
    let constituents = positive(&section, "constituents_per_jet");
    section.finish();
    Some(Pricing {
        side_band_events: side_band?,
        signal_region_events: signal_region?,
        other_sample_events: other_sample?,
        independent_background_events: independent?,
        constituents_per_jet: constituents?,
    })
}

/// Reads `[figures]`: what is drawn.
pub fn figures(section: Section<'_>) -> Option<FigureSettings> {
    let injections = section.get("injections", "whole numbers, as [1000, 3000]", whole_numbers);
    section.finish();
    Some(FigureSettings { injections: injections?.value.into_iter().map(SignalCount).collect() })
}
