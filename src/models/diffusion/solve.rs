//! The steps of the probability-flow equation dx/dσ = (x − D(x; σ)) / σ down a grid of noise strengths, by Euler or Heun, for events
//! and constituents alike.

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
/// Source: the paper, sections 3.1 to 3.3; Karras et al. 2022, Algorithm 1 without its step to zero.
pub fn descend(
    mut x: Tensor,
    (grid, solver): (&NoiseGrid, Solver),
    sink: &dyn ProgressSink,
    denoise: impl Fn(&Tensor, f64) -> Tensor,
) -> Result<Tensor, Error> {
    debug_assert_eq!(x.kind(), Kind::Double);
    let slope = |x: &Tensor, sigma: f64| (x - denoise(x, sigma)) / sigma;
    for pair in grid.sigmas.windows(2) {
        if sink.should_stop() {
            return Err(Error::Stopped);
        }
        let (sigma, next) = (pair[0], pair[1]);
        let here = slope(&x, sigma);
        let step = next - sigma;
        x = match solver {
            Solver::Euler => x + here * step,
            Solver::Heun => {
                let ahead = slope(&(&x + &here * step), next);
                x + (here + ahead) * (step / 2.0)
            }
        };
    }
    Ok(x)
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;
    use crate::progress_sink::NoProgress;

    #[test]
    fn heun_is_of_second_order_and_euler_of_first() {
        // A denoiser of events that are all zero: dx/dt = x / t, so that x falls as the noise does; and one of unit normals,
        // D = x / (1 + t²), for which x falls as √(1 + t²).
        let solved = |solver, steps: usize, denoise: &dyn Fn(&Tensor, f64) -> Tensor| {
            let sigmas = (0..=steps).map(|step| 2.0 * 0.25_f64.powf(step as f64 / steps as f64)).collect();
            let grid = NoiseGrid { sigmas };
            let x = Tensor::full([1], 3.0, (Kind::Double, Device::Cpu));
            descend(x, (&grid, solver), &NoProgress, denoise).expect("nobody stops it").double_value(&[0])
        };
        let zero = |x: &Tensor, _: f64| x.zeros_like();
        for solver in [Solver::Euler, Solver::Heun] {
            assert!((solved(solver, 5, &zero) - 3.0 * 0.25).abs() < 1e-12, "exact, for x is straight in t");
        }
        let normal = |x: &Tensor, sigma: f64| x / (1.0 + sigma * sigma);
        let exact = 3.0 * (1.25_f64 / 5.0).sqrt();
        let far = |solver, steps| (solved(solver, steps, &normal) - exact).abs();
        for (solver, order) in [(Solver::Euler, 1), (Solver::Heun, 2)] {
            let ratio = far(solver, 20) / far(solver, 40);
            let expected = 2.0_f64.powi(order);
            assert!((ratio / expected - 1.0).abs() < 0.15, "{solver:?}: {ratio}");
        }
    }
}
