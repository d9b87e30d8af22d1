//! The axes of a scan that say how events are sampled: noise strengths, solvers, steps.

use std::collections::HashMap;

use super::Job;
use super::checks::{refuse_repeats, repeated};
use super::document::Section;
use super::limits::MOST_STEPS;
use super::noise_grid::NoiseGrid;
use super::rules::{Rule, one_or_many, read_whole_numbers, words};
use crate::job::{Inputs, Integration, SigmaPrime, TemplateMethod};

/// The noise strengths that events start from: as the scan says, else the job's for partial diffusion, and the
/// largest for ∅.
pub fn starts(
    scan: &Section<'_>,
    method: TemplateMethod,
    inputs: Inputs,
    job: &Job,
) -> Vec<Option<SigmaPrime>> {
    let (least, largest) = (job.sampler.sigma_min, job.sampler.sigma_max);
    let expected = format!("noise strengths above {least} and up to {largest}, as [0.62, 2.24]");
    let inside = |sigma: &SigmaPrime| sigma.0 > least && sigma.0 <= largest;
    let rule = Rule::new(expected, |value| {
        one_or_many(value).filter(|strengths| !strengths.is_empty() && strengths.iter().all(inside))
    });
    match scan.find("sigma_prime", &rule) {
        Some(strengths) => {
            let mut sorted = strengths.clone();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                repeated(scan, "sigma_prime", &twice[0].to_string());
            }
            strengths.into_iter().map(Some).collect()
        }
        None if method == TemplateMethod::Noise => vec![None],
        None => {
            let usual = match inputs {
                Inputs::Hlv => job.sigma_prime,
                Inputs::Llv => job.sigma_prime_llv,
            };
            if !inside(&usual) {
                let message = format!(
                    "is {usual} as in [template] (it must lie above {least} and up to {largest}, the sampler's own) name \
                     another here or there"
                );
                scan.wrong("sigma_prime", message);
            }
            vec![Some(usual)]
        }
    }
}

/// The solvers that a scan compares, where it names any.
pub fn integrations(scan: &Section<'_>, job: &Job) -> Vec<Option<Integration>> {
    let solvers = scan.find("solver", &words());
    let rule = Rule::new(format!("whole numbers from 2 to {MOST_STEPS}, as [50, 200]"), |value| {
        read_whole_numbers(value).filter(|list| list.iter().all(|steps| (2..=MOST_STEPS).contains(steps)))
    });
    let steps = scan.find("steps", &rule);
    if solvers.is_none() && steps.is_none() {
        return vec![None];
    }
    let solvers = solvers.unwrap_or_else(|| vec![job.sampler.solver]);
    let steps = steps.unwrap_or_else(|| vec![job.sampler.steps as u32]);
    refuse_repeats(scan, "steps", &steps, |steps| *steps);
    let pairs = solvers.iter().flat_map(|solver| steps.iter().map(|steps| (*solver, *steps as usize)));
    pairs.map(|(solver, steps)| Some(Integration { solver, steps })).collect()
}

/// Notes noise strengths for which the grid has no step, and such as become the same.
pub fn check_grids(
    scan: &Section<'_>,
    starts: &[Option<SigmaPrime>],
    integrations: &[Option<Integration>],
    job: &Job,
) {
    let inside = |sigma: &SigmaPrime| sigma.0 > job.sampler.sigma_min && sigma.0 <= job.sampler.sigma_max;
    let sigmas: Vec<SigmaPrime> = starts.iter().flatten().copied().filter(inside).collect();
    for integration in integrations {
        let sampler = job.sampler.with(*integration);
        let mut first_of: HashMap<usize, SigmaPrime> = HashMap::new();
        for sigma in &sigmas {
            let steps = NoiseGrid::points(&sampler, Some(*sigma));
            let first = *first_of.entry(steps).or_insert(*sigma);
            let twin = (first != *sigma).then_some(first);
            let grid = format!("the grid of {} steps", sampler.steps);
            if steps < 2 {
                let message = format!(
                    "contains {sigma} ({grid} has no step from there, so that no noise would be taken away) raise \
                     it, or the number of steps"
                );
                scan.wrong("sigma_prime", message);
            } else if let Some(same) = twin {
                let message = format!(
                    "contains {same} and {sigma} (both become the same point of {grid}) remove one, or raise the \
                     number of steps"
                );
                scan.wrong("sigma_prime", message);
            }
        }
    }
}
