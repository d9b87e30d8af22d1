//! The steps of the probability-flow equation dx/dσ = (x − D(x; σ)) / σ down a grid of noise strengths, by Euler, Heun or
//! DPM-Solver++(2M), for events and constituents alike.

use drapes_analysis::job::Solver;
use drapes_analysis::job::noise_grid::NoiseGrid;
use tch::{Kind, Tensor};

use crate::error::Error;
use crate::progress_sink::ProgressSink;

/// Solves dx/dt = (x − D(x; t)) / t down a grid of noise strengths, D being `denoise`.
///
/// # Shapes
/// `x` in double precision, as the result of `denoise`, which has the same shape.
///
/// # Errors
/// It was told to stop between two noise strengths.
///
/// Source: the paper, sections 3.1 to 3.3; Karras et al. 2022, Algorithm 1 without its step to zero; for
/// [`Solver::Dpmpp2m`] Lu et al. 2022 (arXiv:2211.01095), Algorithm 2, and D at the last noise strength in the end.
pub fn descend(
    x: Tensor,
    (grid, solver): (&NoiseGrid, Solver),
    sink: &dyn ProgressSink,
    denoise: impl Fn(&Tensor, f64) -> Tensor,
) -> Result<Tensor, Error> {
    debug_assert_eq!(x.kind(), Kind::Double);
    match solver {
        Solver::Euler | Solver::Heun => by_slopes(x, (grid, solver), sink, denoise),
        Solver::Dpmpp2m => by_multistep(x, grid, sink, denoise),
    }
}

/// Heun's rule, or its first half alone, which is Euler's.
fn by_slopes(
    mut x: Tensor,
    (grid, solver): (&NoiseGrid, Solver),
    sink: &dyn ProgressSink,
    denoise: impl Fn(&Tensor, f64) -> Tensor,
) -> Result<Tensor, Error> {
    let slope = |x: &Tensor, sigma: f64| (x - denoise(x, sigma)) / sigma;
    for pair in grid.sigmas.windows(2) {
        if sink.should_stop() {
            return Err(Error::Stopped);
        }
        let (sigma, next) = (pair[0], pair[1]);
        let here = slope(&x, sigma);
        let step = next - sigma;
        x = match solver {
            Solver::Heun => {
                let ahead = slope(&(&x + &here * step), next);
                x + (here + ahead) * (step / 2.0)
            }
            Solver::Euler | Solver::Dpmpp2m => x + here * step,
        };
    }
    Ok(x)
}

/// DPM-Solver++(2M), with what the network takes the event for in the end.
fn by_multistep(
    mut x: Tensor,
    grid: &NoiseGrid,
    sink: &dyn ProgressSink,
    denoise: impl Fn(&Tensor, f64) -> Tensor,
) -> Result<Tensor, Error> {
    let mut before: Option<Tensor> = None;
    for (index, sigma) in grid.sigmas.iter().enumerate() {
        if sink.should_stop() {
            return Err(Error::Stopped);
        }
        let here = denoise(&x, *sigma);
        let Some(step) = Multistep::after(&grid.sigmas, index) else { return Ok(here) };
        x = x * step.keep + &here * step.here;
        if let Some(before) = before {
            x += before * step.before;
        }
        before = Some(here);
    }
    Ok(x)
}

/// A step of DPM-Solver++(2M): what it takes of the event, of its denoised form, and of the denoised form of the step before.
///
/// With λ = −ln σ and h = λ' − λ the exact solution for a constant denoised event D is x' = σ'/σ x + (1 − e⁻ʰ) D. Here D is
/// continued to the middle of the step, along the line through this strength and the one before: (1 + 1/2r) Dᵢ − 1/2r Dᵢ₋₁,
/// where r is the ratio of the step before to this one. The first step has no one before it.
///
/// Source: Lu et al. 2022 (arXiv:2211.01095), Eq. 4.1 and Algorithm 2, where α = 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Multistep {
    /// Of the event: σ'/σ.
    pub keep: f64,
    /// Of what the network takes it for.
    pub here: f64,
    /// Of what it took it for at the strength before.
    pub before: f64,
}

impl Multistep {
    /// The step from the strength of this index to the next; none from the last.
    pub fn after(sigmas: &[f64], index: usize) -> Option<Self> {
        let (sigma, next) = (sigmas[index], *sigmas.get(index + 1)?);
        let keep = next / sigma;
        let taken = 1.0 - keep;
        let ratio = |earlier: &f64| (earlier / sigma).ln() / (sigma / next).ln();
        let half = index.checked_sub(1).map_or(0.0, |before| 1.0 / (2.0 * ratio(&sigmas[before])));
        Some(Self { keep, here: (1.0 + half) * taken, before: -half * taken })
    }
}

#[cfg(test)]
mod tests;
