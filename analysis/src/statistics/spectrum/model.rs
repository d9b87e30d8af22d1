//! The Poisson likelihood of binned counts, with its derivatives.

use nalgebra::{DMatrix, DVector};

use crate::statistics::special::log_deficit;
use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::basis::{Basis, Nodes};
use crate::statistics::spectrum::binned::{Fitted, Spectrum, Window};
use crate::statistics::spectrum::shape::{Link, Shape};
use crate::statistics::spectrum::signal::SignalShape;

/// How many signal events a fit assumes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SignalEvents {
    /// So many.
    Fixed(f64),
    /// As many as fit best; the last parameter.
    Free,
}

/// Counts of the fitted bins, and what the background and the signal put into them.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) basis: Basis,
    bins: Vec<Nodes>,
    pub(super) windows: Vec<Window>,
    pub(super) counts: Vec<f64>,
    /// The share of the signal in each bin; all 0 where there is none.
    pub(super) shares: Vec<f64>,
}

/// −ln L, against a mean that is the count in each bin, with its derivatives.
pub(super) struct Derivatives {
    pub(super) nll: f64,
    pub(super) gradient: DVector<f64>,
    /// Second derivatives.
    pub(super) observed: DMatrix<f64>,
    /// Their expectation, which is never negative.
    pub(super) information: DMatrix<f64>,
}

impl Model {
    pub(super) fn new(spectrum: &Spectrum, fitted: Fitted, shape: Shape) -> Result<Self, SpectrumError> {
        check(spectrum, shape)?;
        let places = spectrum.fitted(fitted);
        let all: Vec<Window> = spectrum.bins().collect();
        let bins: Vec<(Window, f64)> =
            places.iter().map(|place| (all[*place], spectrum.counts()[*place])).collect();
        if bins.len() < shape.parameters() {
            return Err(SpectrumError::TooFewBins { bins: bins.len(), parameters: shape.parameters() });
        }
        let events: f64 = bins.iter().map(|(_, count)| count).sum();
        if events <= 0.0 {
            return Err(SpectrumError::TooFewEvents(events));
        }
        let basis = Basis::new(shape, spectrum.range(), &bins)?;
        let (windows, counts): (Vec<Window>, Vec<f64>) = bins.into_iter().unzip();
        let nodes = windows.iter().map(|bin| basis.nodes(*bin)).collect();
        let shares = vec![0.0; windows.len()];
        Ok(Self { basis, bins: nodes, windows, counts, shares })
    }

    pub(super) fn with_signal(mut self, signal: SignalShape) -> Result<Self, SpectrumError> {
        self.shares = self.windows.iter().map(|bin| signal.share(*bin)).collect();
        if self.shares.iter().sum::<f64>() > 1e-6 { Ok(self) } else { Err(SpectrumError::SignalElsewhere) }
    }

    pub(super) fn link(&self) -> Link {
        self.basis.shape.link()
    }

    /// Parameters of the background.
    pub(super) fn parameters(&self) -> usize {
        self.basis.shape.parameters()
    }

    /// Background and signal events in each bin.
    pub(super) fn expected(&self, background: &DVector<f64>, signal: f64) -> Vec<f64> {
        let link = self.link();
        let of_bin = |(bin, share): (&Nodes, &f64)| bin.value(link, background) + signal * share;
        self.bins.iter().zip(&self.shares).map(of_bin).collect()
    }

    /// −ln L; infinite where an event is seen that cannot be.
    pub(super) fn nll(&self, background: &DVector<f64>, signal: f64) -> f64 {
        let expected = self.expected(background, signal);
        expected.iter().zip(&self.counts).map(|(mean, count)| bin_nll(*count, *mean)).sum()
    }

    /// −ln L with its derivatives by the parameters of the background and, where it is free, the signal.
    pub(super) fn derivatives(&self, parameters: &DVector<f64>, signal: SignalEvents) -> Derivatives {
        let (own, link) = (self.parameters(), self.link());
        let background = parameters.rows(0, own).into_owned();
        let events = match signal {
            SignalEvents::Fixed(events) => events,
            SignalEvents::Free => parameters[own],
        };
        let size = parameters.len();
        let mut sum = Derivatives {
            nll: 0.0,
            gradient: DVector::zeros(size),
            observed: DMatrix::zeros(size, size),
            information: DMatrix::zeros(size, size),
        };
        let mut bent = DMatrix::zeros(own, own);
        for ((bin, share), count) in self.bins.iter().zip(&self.shares).zip(&self.counts) {
            // An empty bin may expect nothing, too.
            let ratio = |mean: f64| if *count > 0.0 { count / mean } else { 0.0 };
            let integral = bin.integral(link, &background);
            let mean = integral.value + events * share;
            bin.add_curvature(link, &background, 1.0 - ratio(mean), &mut bent);
            let mut gradient = integral.gradient;
            if signal == SignalEvents::Free {
                gradient = gradient.push(*share);
            }
            sum.nll += bin_nll(*count, mean);
            sum.gradient.axpy(1.0 - ratio(mean), &gradient, 1.0);
            if mean > 0.0 {
                sum.observed.ger(ratio(mean) / mean, &gradient, &gradient, 1.0);
                sum.information.ger(1.0 / mean, &gradient, &gradient, 1.0);
            }
        }
        let mut of_background = sum.observed.view_mut((0, 0), (own, own));
        of_background += bent;
        sum
    }
}

/// −ln L of one bin: half its deviance, which is what is distributed as χ².
pub(super) fn bin_nll(count: f64, mean: f64) -> f64 {
    if mean.is_nan() || mean < 0.0 || (mean == 0.0 && count > 0.0) {
        return f64::INFINITY;
    }
    if count > 0.0 { count * log_deficit(mean / count - 1.0) } else { mean }
}

fn check(spectrum: &Spectrum, shape: Shape) -> Result<(), SpectrumError> {
    let range = spectrum.range();
    match shape {
        Shape::Dijet { parameters, collision_energy } => {
            if !(2..=4).contains(&parameters) {
                return Err(SpectrumError::BadShape("a dijet function has 2 to 4 parameters"));
            }
            if range.low <= 0.0 {
                return Err(SpectrumError::BadBins("the dijet function has no value at a mass of 0"));
            }
            if collision_energy.is_nan() || collision_energy <= range.high {
                let (high, energy) = (range.high, collision_energy);
                return Err(SpectrumError::BeyondCollisionEnergy { high, energy });
            }
        }
        Shape::ExponentialOfPolynomial { degree } if !(1..=5).contains(&degree) => {
            return Err(SpectrumError::BadShape("an exponential has a polynomial of degree 1 to 5"));
        }
        Shape::Bernstein { degree } if !(1..=6).contains(&degree) => {
            return Err(SpectrumError::BadShape("a Bernstein polynomial has a degree of 1 to 6"));
        }
        Shape::ExponentialOfPolynomial { .. } | Shape::Bernstein { .. } => {}
    }
    Ok(())
}
