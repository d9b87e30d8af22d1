//! The axes of a scan that say how events are sampled: noise strengths, solvers, steps.

use std::collections::HashMap;

use super::checks::{refuse_equal, refuse_repeats, repeated};
use super::diffusion::too_few;
use super::document::Section;
use super::limits::MOST_STEPS;
use super::noise_grid::NoiseGrid;
use super::rules::{Rule, one_or_many, read_whole_numbers, words};
use super::solver::LEAST_EVALUATIONS;
use super::{Job, SamplerSettings, Solver};
use crate::job::point::ScanPoint;
use crate::job::{Inputs, Integration, MassCondition, SigmaPrime, TemplateMethod};

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
    if method.is_flow_matching() {
        if scan.names("sigma_prime") {
            let message = "has no meaning here (flow matching begins with noise alone) remove it; noise begins from less";
            scan.wrong("sigma_prime", message);
        }
        return vec![None];
    }
    match scan.find("sigma_prime", &rule) {
        Some(strengths) => {
            let mut sorted = strengths.clone();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                repeated(scan, "sigma_prime", &twice[0].to_string());
            }
            strengths.into_iter().map(Some).collect()
        }
        None if matches!(method, TemplateMethod::Noise | TemplateMethod::NoiseEfficient) => vec![None],
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
    let solvers: Vec<Solver> = solvers.unwrap_or_else(|| vec![job.sampler.solver]);
    refuse_equal(scan, "solver", &solvers, |solver| solver.word().to_owned());
    let steps = steps.unwrap_or_else(|| vec![job.sampler.steps as u32]);
    refuse_repeats(scan, "steps", &steps, |steps| *steps);
    for solver in &solvers {
        if let Some(few) = steps.iter().find(|steps| (**steps as usize) < solver.least_points()) {
            scan.wrong(
                if scan.names("steps") { "steps" } else { "solver" },
                too_few(*solver, *few as usize).replacen("is", "contains", 1),
            );
        }
    }
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
        match sampler.solver {
            Solver::Heun | Solver::Euler => check_rounded(scan, &sigmas, &sampler),
            Solver::Dpmpp2m => check_even(scan, &sigmas, &sampler),
        }
    }
}

/// What is said of a noise strength from where too few evaluations are left; none where they are enough.
fn too_few_from(sigma: SigmaPrime, sampler: &SamplerSettings) -> Option<String> {
    let evaluations = sampler.solver.evaluations(NoiseGrid::points(sampler, Some(sigma)));
    let message = || {
        format!(
            "contains {sigma} ({} steps of {} leave {evaluations} network evaluations from there, and fewer than \
             {LEAST_EVALUATIONS} do not make events) raise it, or the number of steps",
            sampler.steps,
            sampler.solver.word()
        )
    };
    (evaluations < LEAST_EVALUATIONS).then(message)
}

/// The same on a grid whose starts are rounded to whole numbers of steps.
fn check_rounded(scan: &Section<'_>, sigmas: &[SigmaPrime], sampler: &SamplerSettings) {
    let mut first_of: HashMap<usize, SigmaPrime> = HashMap::new();
    for sigma in sigmas {
        let steps = NoiseGrid::points(sampler, Some(*sigma));
        let first = *first_of.entry(steps).or_insert(*sigma);
        let twin = (first != *sigma).then_some(first);
        if let Some(message) = too_few_from(*sigma, sampler) {
            scan.wrong("sigma_prime", message);
        } else if let Some(same) = twin {
            let message = format!(
                "contains {same} and {sigma} (both become the same point of the grid of {} steps) remove one, or raise the \
                 number of steps",
                sampler.steps
            );
            scan.wrong("sigma_prime", message);
        }
    }
}

/// The same on a grid that is even in ln σ and begins where it is told to.
fn check_even(scan: &Section<'_>, sigmas: &[SigmaPrime], sampler: &SamplerSettings) {
    let (end, word) = (sampler.end(), sampler.solver.word());
    for sigma in sigmas {
        if sigma.0 <= end {
            let message = format!(
                "contains {sigma} (the grid of {word} ends at sampler.sigma_last = {end}, so that no noise would be taken \
                 away) raise it, or lower sampler.sigma_last"
            );
            scan.wrong("sigma_prime", message);
        } else if let Some(message) = too_few_from(*sigma, sampler) {
            scan.wrong("sigma_prime", message);
        }
    }
}

/// Notes keys of the sampler that belong to another solver or method than those that the job uses, and an end of the grid that is none.
pub fn check_solvers(sampler: &Section<'_>, job: &Job) {
    let templates = job.points.iter().filter_map(|point| point.template()?.integration);
    let solvers: Vec<Solver> =
        std::iter::once(job.sampler.solver).chain(templates.map(|integration| integration.solver)).collect();
    let steps_evenly = solvers.contains(&Solver::Dpmpp2m);
    let SamplerSettings { sigma_min, sigma_max, sigma_last, .. } = job.sampler;
    if !steps_evenly && sampler.departs("sigma_last") {
        let message = "belongs to solver = \"dpmpp_2m\", which this job does not use (the grid of heun and euler ends at \
                       sigma_min) remove it, or choose that solver";
        sampler.wrong("sigma_last", message);
    }
    if solvers.iter().all(|solver| *solver == Solver::Dpmpp2m) && sampler.departs("rho") {
        let message = "belongs to heun and euler, which this job does not use (the grid of dpmpp_2m is even in the logarithm \
                       of the noise) remove it";
        sampler.wrong("rho", message);
    }
    let asks_at_edges = |point: &ScanPoint| {
        point.template().is_some_and(|template| template.method.mass_condition() == MassCondition::Edges)
    };
    if sampler.departs("edge_margin") && !job.points.iter().any(asks_at_edges) {
        let message = "belongs to noise_efficient and flow_matching_efficient, which this job does not use (other networks are told \
                       the mass of each event) remove it, or name one of these methods";
        sampler.wrong("edge_margin", message);
    }
    if steps_evenly && sigma_last >= sigma_max {
        let message =
            format!("is {sigma_last}, not below sigma_max = {sigma_max} (noise must fall) lower it");
        sampler.wrong("sigma_last", message);
    } else if steps_evenly && sigma_last < sigma_min {
        let message = format!(
            "is {sigma_last}, below sigma_min = {sigma_min} (trainings learn no weaker noise) raise it, or lower sigma_min"
        );
        sampler.wrong("sigma_last", message);
    }
}

#[cfg(test)]
mod tests;
