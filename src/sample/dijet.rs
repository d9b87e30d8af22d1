//! The smoothly falling di-jet mass spectrum.
//!
//! f(x) = p1 (1 − x)^p2 x^(p3 + p4 ln x) with x = m/√s is an exponential family in ln(1 − x), ln x and
//! ln² x. The likelihood of its shape is therefore concave: Newton's method finds the one maximum, where the
//! expectations of these three statistics equal their means over the events. It steps along combinations of them that can be told
//! apart ([`terms`]).
//!
//! Source: the paper, Eq. 3.2; the unbinned fit of the shape is our decision.

mod terms;

use drapes_analysis::job::quantities::Gev;
use drapes_analysis::job::regions::{MassWindow, Regions};
use drapes_analysis::job::template_spec::TrainingSample;
use drapes_analysis::store::record::MassFit;
use rand_distr::{Distribution, StandardUniform};

use self::terms::Terms;
use crate::error::Error;

/// Quadrature nodes of a window.
const NODES: usize = 2001;
/// Bins over side-bands and signal region in the stored spectrum.
const BINS: f64 = 64.0;
/// Bins are merged for χ² until they expect so many events.
const LEAST_EXPECTED: f64 = 10.0;

type Vector = [f64; 3];
type Matrix = [[f64; 3]; 3];

/// The shape of the spectrum, p2 to p4, as 1 at a reference mass.
///
/// In narrow side-bands the exponents are large and nearly cancel; without the reference they overflow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DijetShape {
    exponents: Vector,
    collision_energy: Gev,
    log_reference: f64,
}

impl DijetShape {
    /// The shape with these p2, p3, p4.
    pub fn new(exponents: Vector, collision_energy: Gev, reference: Gev) -> Self {
        let log_reference = dot(&exponents, &statistics(reference.0 / collision_energy.0));
        Self { exponents, collision_energy, log_reference }
    }

    /// The shape of a fit.
    pub fn of(fit: &MassFit, collision_energy: Gev) -> Self {
        let [_, p2, p3, p4] = fit.parameters;
        Self::new([p2, p3, p4], collision_energy, reference(&fit.sample.side_bands))
    }

    /// f relative to its value at the reference mass, at a mass in GeV.
    pub fn density(&self, mass: f64) -> f64 {
        (dot(&self.exponents, &statistics(mass / self.collision_energy.0)) - self.log_reference).exp()
    }

    /// ∫ f dx over a window.
    pub fn integral(&self, window: MassWindow) -> f64 {
        let total: f64 = nodes(window).map(|(mass, weight)| weight * self.density(mass)).sum();
        total / self.collision_energy.0
    }

    /// A way to draw masses from f within a window.
    pub fn within(&self, window: MassWindow) -> MassSampler {
        let step = window.width() / (NODES - 1) as f64;
        let masses: Vec<f64> = (0..NODES).map(|node| window.low.0 + step * node as f64).collect();
        let mut cumulative = Vec::with_capacity(NODES);
        let (mut sum, mut last) = (0.0, None);
        for mass in &masses {
            let density = self.density(*mass);
            sum += last.map_or(0.0, |last| f64::midpoint(last, density));
            cumulative.push(sum);
            last = Some(density);
        }
        MassSampler { masses, cumulative }
    }
}

fn reference(outer: &MassWindow) -> Gev {
    Gev(f64::midpoint(outer.low.0, outer.high.0))
}

/// Masses distributed as f within a window (GeV).
pub struct MassSampler {
    masses: Vec<f64>,
    cumulative: Vec<f64>,
}

impl Distribution<f64> for MassSampler {
    fn sample<R: rand::Rng + ?Sized>(&self, generator: &mut R) -> f64 {
        let uniform: f64 = StandardUniform.sample(generator);
        let wanted = uniform * self.cumulative[self.cumulative.len() - 1];
        let above = self.cumulative.partition_point(|sum| *sum <= wanted).clamp(1, self.masses.len() - 1);
        let (low, high) = (self.cumulative[above - 1], self.cumulative[above]);
        let share = if high > low { (wanted - low) / (high - low) } else { 0.5 };
        self.masses[above - 1] + share * (self.masses[above] - self.masses[above - 1])
    }
}

/// Fits the side-bands of the data.
///
/// # Units
/// `masses`: every data event, in GeV; those of the signal region are counted but not fitted.
///
/// # Errors
/// There are fewer side-band events than parameters, or the fit does not converge.
pub fn fit(
    masses: &[f64],
    regions: &Regions,
    collision_energy: Gev,
    sample: TrainingSample,
) -> Result<MassFit, Error> {
    let bands = regions.side_bands();
    let fitted: Vec<f64> =
        masses.iter().copied().filter(|mass| bands.iter().any(|band| band.contains(*mass))).collect();
    let failed = |why| Error::DijetFit { n_events: fitted.len(), why };
    if fitted.len() < 10 {
        return Err(failed("too few events for four parameters"));
    }
    let (exponents, covariance) = maximise(&fitted, regions, collision_energy).map_err(failed)?;
    let shape = DijetShape::new(exponents, collision_energy, reference(&regions.outer));
    let norm = fitted.len() as f64 / bands.iter().map(|band| shape.integral(*band)).sum::<f64>();

    let edges = edges(regions);
    let windows: Vec<MassWindow> = edges.windows(2).map(|pair| MassWindow::new(pair[0], pair[1])).collect();
    let mut counts = vec![0.0; windows.len()];
    for mass in masses {
        let above = edges.partition_point(|edge| edge <= mass);
        if (1..edges.len()).contains(&above) {
            counts[above - 1] += 1.0;
        }
    }
    let expected: Vec<f64> = windows.iter().map(|window| norm * shape.integral(*window)).collect();
    let (chi_squared, bins) = chi_squared(&windows, &counts, &expected, regions);
    let [p2, p3, p4] = exponents;
    Ok(MassFit {
        sample,
        parameters: [norm.ln() - shape.log_reference, p2, p3, p4],
        covariance,
        chi_squared,
        degrees_of_freedom: bins.saturating_sub(4),
        n_events: fitted.len(),
        edges,
        counts,
        expected,
    })
}

/// Maximises the likelihood of the shape; returns p2 to p4 and their covariance.
fn maximise(
    masses: &[f64],
    regions: &Regions,
    collision_energy: Gev,
) -> Result<(Vector, Matrix), &'static str> {
    let bands = &regions.side_bands();
    let terms = Terms::over(bands, collision_energy, reference(&regions.outer))
        .ok_or("its three terms cannot be told apart in these side-bands")?;
    let count = masses.len() as f64;
    let mut mean = [0.0; 3];
    for mass in masses {
        let term = terms.at(*mass);
        for axis in 0..3 {
            mean[axis] += term[axis] / count;
        }
    }
    let mut factors = terms.of_falling();
    let (mut likelihood, mut expectation, mut covariance) = terms.moments(&factors, bands, &mean);
    for _ in 0..200 {
        let slope = [0, 1, 2].map(|axis| mean[axis] - expectation[axis]);
        let step =
            solve(&covariance, &slope).ok_or("its three terms cannot be told apart in these side-bands")?;
        let gain = dot(&slope, &step);
        if gain < 1e-12 {
            let inverse = invert(&covariance).ok_or("its covariance is singular")?;
            let of_factors = inverse.map(|row| row.map(|entry| entry / count));
            return Ok((terms.exponents(&factors), terms.covariance(&of_factors)));
        }
        // Halve the step until the likelihood rises: far from the maximum a full step may overshoot.
        let mut length = 1.0;
        loop {
            let trial = [0, 1, 2].map(|axis| factors[axis] + length * step[axis]);
            let found = terms.moments(&trial, bands, &mean);
            if found.0.is_finite() && found.0 >= likelihood {
                (likelihood, expectation, covariance) = found;
                factors = trial;
                break;
            }
            length /= 2.0;
            if length < 1e-10 {
                return Err("no step improves the likelihood");
            }
        }
    }
    Err("the maximum was not reached in 200 steps")
}

/// ln(1 − x), ln x, ln² x.
fn statistics(x: f64) -> Vector {
    let log = x.ln();
    [(-x).ln_1p(), log, log * log]
}

/// Simpson nodes and weights of a window (GeV).
fn nodes(window: MassWindow) -> impl Iterator<Item = (f64, f64)> {
    let step = window.width() / (NODES - 1) as f64;
    (0..NODES).map(move |node| {
        let weight = match node {
            0 => 1.0,
            last if last == NODES - 1 => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        (window.low.0 + step * node as f64, weight * step / 3.0)
    })
}

/// About equal bins over side-bands and signal region that keep its edges.
fn edges(regions: &Regions) -> Vec<f64> {
    let width = regions.outer.width() / BINS;
    let mut edges = vec![regions.outer.low.0];
    for window in regions.parts() {
        let bins = (window.width() / width).round().max(1.0);
        edges.extend((1..=bins as usize).map(|bin| window.low.0 + window.width() * bin as f64 / bins));
    }
    edges
}

/// Pearson χ² of the side-band bins, merged until each expects enough, and how many are left.
fn chi_squared(windows: &[MassWindow], counts: &[f64], expected: &[f64], regions: &Regions) -> (f64, usize) {
    let (mut total, mut bins) = (0.0, 0);
    for band in regions.side_bands() {
        let (mut count, mut expect) = (0.0, 0.0);
        for (index, window) in windows.iter().enumerate() {
            if !band.contains(f64::midpoint(window.low.0, window.high.0)) {
                continue;
            }
            count += counts[index];
            expect += expected[index];
            if expect >= LEAST_EXPECTED {
                total += (count - expect).powi(2) / expect;
                bins += 1;
                (count, expect) = (0.0, 0.0);
            }
        }
        // What is left at the upper end is too little for a bin of its own.
    }
    (total, bins)
}

fn dot(a: &Vector, b: &Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn invert(m: &Matrix) -> Option<Matrix> {
    let column = |axis: usize| {
        let mut unit = [0.0; 3];
        unit[axis] = 1.0;
        solve(m, &unit)
    };
    let columns = [column(0)?, column(1)?, column(2)?];
    Some([0, 1, 2].map(|row| [0, 1, 2].map(|axis| columns[axis][row])))
}

/// Solves `m x = b` for a positive definite `m`, by its Cholesky factor; none if it is not.
pub(super) fn solve(m: &Matrix, b: &Vector) -> Option<Vector> {
    // Unit diagonal: the three statistics differ by orders of magnitude.
    let scale = [0, 1, 2].map(|axis| 1.0 / m[axis][axis].sqrt());
    let mut factor = [[0.0; 3]; 3];
    for row in 0..3 {
        for column in 0..=row {
            let known: f64 = (0..column).map(|k| factor[row][k] * factor[column][k]).sum();
            let rest = m[row][column] * scale[row] * scale[column] - known;
            factor[row][column] = if row == column {
                if rest.is_nan() || rest <= 1e-14 {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / factor[column][column]
            };
        }
    }
    let mut x = [0, 1, 2].map(|axis| b[axis] * scale[axis]);
    for row in 0..3 {
        let known: f64 = (0..row).map(|k| factor[row][k] * x[k]).sum();
        x[row] = (x[row] - known) / factor[row][row];
    }
    for row in (0..3).rev() {
        let known: f64 = (row + 1..3).map(|k| factor[k][row] * x[k]).sum();
        x[row] = (x[row] - known) / factor[row][row];
    }
    Some([0, 1, 2].map(|axis| x[axis] * scale[axis]))
}

#[cfg(test)]
mod tests;
