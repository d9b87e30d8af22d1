//! The fit of a function to a spectrum.

use nalgebra::{DMatrix, DVector};

use crate::statistics::closure::Measured;
use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::basis::Basis;
use crate::statistics::spectrum::binned::{Fitted, Spectrum, Window};
use crate::statistics::spectrum::minimise::{Minimum, Task};
use crate::statistics::spectrum::model::{Model, SignalEvents};
use crate::statistics::spectrum::shape::{Link, Shape};
use crate::statistics::spectrum::signal::SignalShape;

/// Panels of the quadrature over a window that need not be a bin.
const PANELS: u32 = 32;

/// A function of the background at its greatest likelihood.
#[derive(Clone, Debug)]
pub struct SpectrumFit {
    basis: Basis,
    parameters: DVector<f64>,
    covariance: DMatrix<f64>,
    /// −ln L, against a mean that is the count in each bin.
    pub nll: f64,
    /// Signal events, where a signal was fitted, too; below 0 where there are too few events.
    pub signal: Option<Measured>,
    /// The bins that were fitted.
    pub bins: Vec<Window>,
    /// Their counts.
    pub counts: Vec<f64>,
    /// Events that background and signal together expect in them.
    pub expected: Vec<f64>,
}

/// A parameter of a function as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Names.
    pub names: Vec<String>,
    /// Values.
    pub values: Vec<f64>,
    /// Covariance, row by row.
    pub covariance: Vec<Vec<f64>>,
}

/// Fits a function of the background to the chosen bins.
///
/// # Errors
/// There are too few bins or events for the function, or the fit does not converge.
pub fn fit(spectrum: &Spectrum, fitted: Fitted, shape: Shape) -> Result<SpectrumFit, SpectrumError> {
    let model = Model::new(spectrum, fitted, shape)?;
    let minimum = fit_model(&model, None, SignalEvents::Fixed(0.0))?;
    SpectrumFit::of(model, minimum, SignalEvents::Fixed(0.0))
}

/// Fits a function of the background and the number of signal events. Their error is that by the second derivatives.
///
/// # Errors
/// As of [`fit`], and where nothing of the signal lies in the chosen bins.
pub fn fit_with_signal(
    spectrum: &Spectrum,
    fitted: Fitted,
    shape: Shape,
    signal: SignalShape,
) -> Result<SpectrumFit, SpectrumError> {
    let model = Model::new(spectrum, fitted, shape)?.with_signal(signal)?;
    let minimum = fit_model(&model, None, SignalEvents::Free)?;
    SpectrumFit::of(model, minimum, SignalEvents::Free)
}

/// The greatest likelihood of a model, from given parameters of the background, else from a regression.
pub(super) fn fit_model(
    model: &Model,
    start: Option<&DVector<f64>>,
    signal: SignalEvents,
) -> Result<Minimum, SpectrumError> {
    let start = match start {
        Some(start) => start.clone(),
        None => regression(model)?,
    };
    let background = Task { model, signal: SignalEvents::Fixed(0.0) };
    match signal {
        SignalEvents::Fixed(_) => Task { model, signal }.minimise(start),
        SignalEvents::Free => {
            // The background alone is the safer first step.
            let first = background.minimise(start)?.parameters;
            Task { model, signal }.minimise(first.push(0.0))
        }
    }
}

/// A first guess: the logarithms of the counts as a sum of terms, or a constant.
fn regression(model: &Model) -> Result<DVector<f64>, SpectrumError> {
    let size = model.parameters();
    if model.link() == Link::Sum {
        let events: f64 = model.counts.iter().sum();
        let covered: f64 = model.windows.iter().map(|bin| bin.width()).sum();
        let each = events * model.basis.range.width() / covered / size as f64;
        return Ok(DVector::from_element(size, each));
    }
    let (mut normal, mut right) = (DMatrix::zeros(size, size), DVector::zeros(size));
    for (bin, count) in model.windows.iter().zip(&model.counts) {
        let terms = model.basis.at(f64::midpoint(bin.low, bin.high));
        let weight = count + 0.5;
        normal.ger(weight, &terms, &terms, 1.0);
        right.axpy(weight * (weight / bin.width()).ln(), &terms, 1.0);
    }
    normal.cholesky().map(|factor| factor.solve(&right)).ok_or(SpectrumError::Degenerate)
}

impl SpectrumFit {
    fn of(model: Model, minimum: Minimum, signal: SignalEvents) -> Result<Self, SpectrumError> {
        let all = minimum.covariance.ok_or(SpectrumError::Degenerate)?;
        let own = model.parameters();
        let parameters = minimum.parameters.rows(0, own).into_owned();
        let covariance = all.view((0, 0), (own, own)).into_owned();
        let found = match signal {
            SignalEvents::Fixed(_) => None,
            SignalEvents::Free => {
                let error = all[(own, own)].sqrt();
                Some(Measured { value: minimum.parameters[own], error })
            }
        };
        let expected = model.expected(&parameters, found.map_or(0.0, |signal| signal.value));
        let Model { basis, windows: bins, counts, .. } = model;
        let nll = minimum.nll;
        Ok(Self { basis, parameters, covariance, nll, signal: found, bins, counts, expected })
    }

    /// The function.
    pub fn shape(&self) -> Shape {
        self.basis.shape
    }

    /// Parameters of the fit, those of the background and the signal.
    pub fn free_parameters(&self) -> usize {
        self.parameters.len() + usize::from(self.signal.is_some())
    }

    /// Background events a unit of m at m.
    pub fn density(&self, m: f64) -> f64 {
        self.basis.density(m, &self.parameters)
    }

    /// Background events in a window, with their error by the covariance. Bernstein polynomials end with the spectrum.
    pub fn expected_in(&self, window: Window) -> Measured {
        let link = self.shape().link();
        let edge = |panel: u32| window.low + window.width() * f64::from(panel) / f64::from(PANELS);
        let (mut value, mut gradient) = (0.0, DVector::zeros(self.parameters.len()));
        for panel in 0..PANELS {
            let nodes = self.basis.nodes(Window { low: edge(panel), high: edge(panel + 1) });
            let integral = nodes.integral(link, &self.parameters);
            value += integral.value;
            gradient += integral.gradient;
        }
        let variance = (gradient.transpose() * &self.covariance * &gradient)[(0, 0)];
        Measured { value, error: variance.max(0.0).sqrt() }
    }

    /// Background events in every bin of a spectrum.
    pub fn expected_counts(&self, spectrum: &Spectrum) -> Vec<f64> {
        let link = self.shape().link();
        spectrum.bins().map(|bin| self.basis.nodes(bin).value(link, &self.parameters)).collect()
    }

    /// The parameters as the function is written, of the density of events in m.
    pub fn parameters(&self) -> Parameters {
        let range = self.basis.range;
        let (names, write): (Vec<String>, DMatrix<f64>) = match self.shape() {
            Shape::Dijet { parameters, collision_energy } => {
                let write = dijet_parameters(range, collision_energy);
                let (rows, named): (&[usize], &[&str]) = match parameters {
                    2 => (&[0, 2], &["ln p1", "p3"]),
                    3 => (&[0, 1, 2], &["ln p1", "p2", "p3"]),
                    _ => (&[0, 1, 2, 3], &["ln p1", "p2", "p3", "p4"]),
                };
                let write = write.select_rows(rows).columns(0, rows.len()).into_owned();
                (named.iter().map(|name| (*name).to_owned()).collect(), write)
            }
            Shape::ExponentialOfPolynomial { .. } => self.numbered("a"),
            Shape::Bernstein { .. } => self.numbered("c"),
        };
        let write = write * &self.basis.combine;
        let covariance = &write * &self.covariance * write.transpose();
        Parameters {
            names,
            values: (write * &self.parameters).iter().copied().collect(),
            covariance: covariance.row_iter().map(|row| row.iter().copied().collect()).collect(),
        }
    }

    fn numbered(&self, letter: &str) -> (Vec<String>, DMatrix<f64>) {
        let size = self.parameters.len();
        ((0..size).map(|place| format!("{letter}{place}")).collect(), DMatrix::identity(size, size))
    }
}

/// ln p₁, p₂, p₃ and p₄ from the factors of 1, u = ln(x/x₀), v = ln[(1 − x)/(1 − x₀)] and u²: with L = ln x₀ and M = ln(1 − x₀),
/// a + b u + c v + d u² = (a − b L − c M + d L²) + c ln(1 − x) + (b − 2 d L) ln x + d ln² x.
fn dijet_parameters(range: Window, collision_energy: f64) -> DMatrix<f64> {
    let x = f64::midpoint(range.low, range.high) / collision_energy;
    let (l, m) = (x.ln(), (-x).ln_1p());
    #[rustfmt::skip]
    let rows = [
        1.0, -l, -m, l * l,
        0.0, 0.0, 1.0, 0.0,
        0.0, 1.0, 0.0, -2.0 * l,
        0.0, 0.0, 0.0, 1.0,
    ];
    DMatrix::from_row_slice(4, 4, &rows)
}

#[cfg(test)]
mod tests;
