//! By how much the fit of the side-bands would err in a window if another function were the truth.

use std::cmp::Ordering;

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
/// which are the same whenever this is asked; one that is to be noted comes before any other. None where no other function does, where
/// fits of pseudo-experiments fail often, or nothing passes.
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
        let found =
            side_band_bias(&spectrum, truth.fit(), (shape, window), EXPERIMENTS, &mut generator).ok()??;
        // Those that have a fit are not a fair part of all.
        (found.failed <= EXPERIMENTS / 10).then_some(found)
    };
    let others =
        Shape::families(job.collision_energy.0).into_iter().filter(|family| !family.contains(&shape));
    others.filter_map(|family| against(&family)).max_by(order)
}

/// Which of two is told.
fn order(one: &SideBandBias, other: &SideBandBias) -> Ordering {
    let [one, other] = [one, other].map(|bias| (is_noted(bias), bias.pull.value.abs()));
    one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
}

/// Whether searches do not accept it. A flexible function knows little of a window that it has not seen: within twice its own error it
/// contradicts nothing.
fn is_noted(bias: &SideBandBias) -> bool {
    bias.pull.value.abs() > ACCEPTED_PULL && bias.events.value.abs() > 2.0 * bias.truth_error
}

/// What is to be noted of a bias that searches do not accept.
pub fn note(bias: &SideBandBias) -> Option<String> {
    is_noted(bias).then(|| {
        let which = if bias.events.value > 0.0 { "more" } else { "less" };
        let other = bias.truth.to_string();
        let article = if other.starts_with('e') { "an" } else { "a" };
        format!(
            "the fit of the side-bands expects {which} in the window than {article} {other} of the same side-bands, by {:.1} of its error",
            bias.pull.value.abs()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::closure::Measured;

    fn bias(degree: u8, [pull, events, truth_error]: [f64; 3]) -> SideBandBias {
        let of = |value| Measured { value, error: 0.1 };
        let truth = Shape::Bernstein { degree };
        SideBandBias { truth, truth_error, events: of(events), pull: of(pull), failed: 0 }
    }

    #[test]
    fn what_contradicts_a_fit_is_told_before_what_is_only_far_from_it() {
        let (flexible, rigid) = (bias(6, [2.0, 20.0, 15.0]), bias(2, [-1.5, -15.0, 5.0]));
        assert_eq!(note(&flexible), None, "within twice its own error");
        let said = note(&rigid).expect("three errors away");
        assert!(
            said.contains("expects less in the window than a Bernstein polynomial of degree 2"),
            "{said}"
        );
        assert!(said.ends_with("by 1.5 of its error"), "{said}");
        assert_eq!(order(&flexible, &rigid), Ordering::Less);
        // Of two that are no contradiction the one with the larger pull is told.
        assert_eq!(order(&flexible, &bias(3, [0.4, 15.0, 1.0])), Ordering::Greater);
        assert_eq!(note(&bias(3, [0.4, 15.0, 1.0])), None);
    }
}
