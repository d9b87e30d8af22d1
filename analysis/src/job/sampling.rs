//! The axes of a scan that say how events are sampled: noise strengths, solvers, steps.

use std::collections::HashMap;

use toml::de::DeValue;

use super::Solver;
use super::axes::{Surroundings, refuse_repeats, repeated, words};
use super::document::Section;
use super::limits::MOST_STEPS;
use super::read::float;
use super::seeds::whole_numbers;
use crate::generated::{Inputs, Integration, TemplateMethod};
use crate::noise_grid::NoiseGrid;
use crate::quantities::SigmaPrime;

/// The noise strengths that events start from: as the scan says, else the job's for partial diffusion, and the
/// largest for ∅.
pub fn starts(
    scan: &Section<'_>,
    method: TemplateMethod,
    inputs: Inputs,
    around: &Surroundings<'_>,
) -> Vec<Option<SigmaPrime>> {
    let (least, largest) = (around.sampler.sigma_min, around.sampler.sigma_max);
    let expected = format!("noise strengths above {least} and up to {largest}, as [0.62, 2.24]");
    let found = scan.get("sigma_prime", &expected, |value: &DeValue<'_>| {
        let items: Vec<f64> = match value {
            DeValue::Array(items) => items.iter().map(|item| float(item.get_ref())).collect::<Option<_>>()?,
            one => vec![float(one)?],
        };
        let inside = items.iter().all(|sigma| *sigma > least && *sigma <= largest);
        (inside && !items.is_empty()).then_some(items)
    });
    match found {
        Some(found) => {
            let mut sorted = found.value.clone();
            sorted.sort_by(f64::total_cmp);
            if let Some(twice) = sorted.windows(2).find(|pair| pair[0].total_cmp(&pair[1]).is_eq()) {
                repeated(scan, "sigma_prime", found.at, &twice[0].to_string());
            }
            found.value.into_iter().map(|sigma| Some(SigmaPrime(sigma))).collect()
        }
        None if method == TemplateMethod::Noise => vec![None],
        None => {
            let usual = match inputs {
                Inputs::Hlv => around.sigma_prime,
                Inputs::Llv => around.sigma_prime_llv,
            };
            if !(usual.0 > least && usual.0 <= largest) {
                let message = format!(
                    "is {usual} as in [template] (it must lie above {least} and up to {largest}, the sampler's own) name \
                     another here or there"
                );
                scan.wrong("sigma_prime", scan.at(), message);
            }
            vec![Some(usual)]
        }
    }
}

/// The solvers that a scan compares, where it names any.
pub fn integrations(scan: &Section<'_>, around: &Surroundings<'_>) -> Vec<Option<Integration>> {
    let solvers = scan.get("solver", "a list of \"heun\" and \"euler\"", |value: &DeValue<'_>| {
        words(value)?.into_iter().map(Solver::named).collect::<Option<Vec<_>>>()
    });
    let expected = format!("whole numbers from 2 to {MOST_STEPS}, as [50, 200]");
    let steps = scan.get("steps", &expected, |value: &DeValue<'_>| {
        whole_numbers(value).filter(|list| list.iter().all(|steps| (2..=MOST_STEPS).contains(steps)))
    });
    if solvers.is_none() && steps.is_none() {
        return vec![None];
    }
    let solvers = solvers.map_or(vec![around.sampler.solver], |found| found.value);
    let steps = steps.map_or(vec![around.sampler.steps as u32], |found| {
        refuse_repeats(scan, "steps", found.at, &found.value);
        found.value
    });
    let pairs = solvers.iter().flat_map(|solver| steps.iter().map(|steps| (*solver, *steps as usize)));
    pairs.map(|(solver, steps)| Some(Integration { solver, steps })).collect()
}

/// Notes noise strengths for which the grid has no step, and such as become the same.
pub fn check_grids(
    scan: &Section<'_>,
    starts: &[Option<SigmaPrime>],
    integrations: &[Option<Integration>],
    around: &Surroundings<'_>,
) {
    let inside =
        |sigma: &SigmaPrime| sigma.0 > around.sampler.sigma_min && sigma.0 <= around.sampler.sigma_max;
    let sigmas: Vec<SigmaPrime> = starts.iter().flatten().copied().filter(inside).collect();
    for integration in integrations {
        let sampler = around.sampler.with(*integration);
        let mut first_of: HashMap<usize, SigmaPrime> = HashMap::new();
        for sigma in &sigmas {
            let steps = NoiseGrid::points(&sampler, Some(*sigma));
            let first = *first_of.entry(steps).or_insert(*sigma);
            let twin = (first != *sigma).then_some(first);
            let at = scan.at();
            let grid = format!("the grid of {} steps", sampler.steps);
            if steps < 2 {
                let message = format!(
                    "contains {sigma} ({grid} has no step from there, so that no noise would be taken away) raise \
                     it, or the number of steps"
                );
                scan.wrong("sigma_prime", at, message);
            } else if let Some(same) = twin {
                let message = format!(
                    "contains {same} and {sigma} (both become the same point of {grid}) remove one, or raise the \
                     number of steps"
                );
                scan.wrong("sigma_prime", at, message);
            }
        }
    }
}
