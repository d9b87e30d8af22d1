//! By how much the fit of the side-bands would err in a window if another function were the truth.

use super::numbers::{CutNumbers, hidden, side_band_fit};
use crate::job::Job;
use crate::plan::random_stream::Stream;
use crate::statistics::spectrum::bias::{ACCEPTED_PULL, SideBandBias, side_band_bias};
use crate::statistics::spectrum::binned::{Fitted, Spectrum};
use crate::statistics::spectrum::choice::{QUOTED_LEVEL, choose_member};
use crate::statistics::spectrum::shape::Shape;

/// Pseudo-experiments of each other function: the mean pull is known to a tenth.
const EXPERIMENTS: usize = 100;

/// The largest bias of the chosen function against the best one of each other family that describes the side-bands, by pseudo-experiments,
/// which are the same whenever this is asked. None where no other function does, or nothing passes.
///
/// All of it follows from the side-bands, so that a blind search may know it.
pub fn largest_bias(job: &Job, found: &CutNumbers<'_>) -> Option<SideBandBias> {
    let counts = found.counts()?;
    let chosen = side_band_fit(job, &found.regions, &found.window.edges, counts).ok()?;
    let (shape, window) = (chosen.fit().shape(), hidden(&found.regions));
    let counts = counts.iter().copied().map(f64::from).collect();
    let spectrum = Spectrum::new(found.window.edges.clone(), counts).ok()?;
    let stream = Stream::of_job(job.seed).branch("side-band bias");
    let stream = stream.branch(found.window.point.to_string()).branch(found.efficiency);
    let against = |family: &Vec<Shape>| {
        let truth = choose_member(&spectrum, Fitted::Outside(window), family).ok()?;
        if truth.quality().p.is_none_or(|p| p < QUOTED_LEVEL) {
            return None;
        }
        let mut generator = stream.branch(truth.fit().shape()).generator();
        side_band_bias(&spectrum, truth.fit(), (shape, window), EXPERIMENTS, &mut generator).ok()?
    };
    let others =
        Shape::families(job.collision_energy.0).into_iter().filter(|family| !family.contains(&shape));
    others.filter_map(|family| against(&family)).max_by(|one, other| {
        let size = |bias: &SideBandBias| bias.pull.value.abs();
        size(one).total_cmp(&size(other))
    })
}

/// What is to be noted of a bias that searches do not accept. A flexible function knows little of a window that it has not seen: within
/// twice its own error it contradicts nothing.
pub fn note(bias: &SideBandBias) -> Option<String> {
    let pull = bias.pull.value;
    (pull.abs() > ACCEPTED_PULL && bias.events.value.abs() > 2.0 * bias.truth_error).then(|| {
        let which = if pull > 0.0 { "more" } else { "less" };
        format!(
            "the fit of the side-bands expects {which} in the window than a {} of the same side-bands, by {:.1} of its error",
            bias.truth,
            pull.abs()
        )
    })
}
