//! Newton's method to the greatest likelihood, within bounds where parameters must not be negative.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::model::{Derivatives, Model, SignalEvents};
use crate::statistics::spectrum::shape::Link;

/// Steps to the maximum; ten are usual.
const MOST_STEPS: usize = 300;
/// What the next step would gain in −ln L where the maximum is reached; that step is then taken, and squares it.
const LEAST_GAIN: f64 = 1e-9;

/// The place of the greatest likelihood.
#[derive(Clone, Debug)]
pub(super) struct Minimum {
    /// The background's parameters, and the signal where it is free.
    pub(super) parameters: DVector<f64>,
    pub(super) nll: f64,
    /// The covariance by the second derivatives; 0 for parameters at their bound. None where the likelihood is flat, as it is where
    /// a background goes to 0 beneath a signal that is too large.
    pub(super) covariance: Option<DMatrix<f64>>,
}

/// What is added to the second derivatives, relative to each, where they lead nowhere: a valley with a flat floor has a direction
/// that is all rounding.
const RIDGES: [f64; 3] = [0.0, 1e-6, 1e-2];

/// What is minimised.
pub(super) struct Task<'a> {
    pub(super) model: &'a Model,
    pub(super) signal: SignalEvents,
}

impl Task<'_> {
    fn at(&self, parameters: &DVector<f64>) -> Derivatives {
        self.model.derivatives(parameters, self.signal)
    }

    fn nll(&self, parameters: &DVector<f64>) -> f64 {
        let own = self.model.parameters();
        let events = match self.signal {
            SignalEvents::Fixed(events) => events,
            SignalEvents::Free => parameters[own],
        };
        self.model.nll(&parameters.rows(0, own).into_owned(), events)
    }

    /// Whether a parameter must not be negative.
    fn is_bounded(&self, place: usize) -> bool {
        self.model.link() == Link::Sum && place < self.model.parameters()
    }

    /// The greatest likelihood, from a place where it is not 0.
    pub(super) fn minimise(&self, start: DVector<f64>) -> Result<Minimum, SpectrumError> {
        let mut parameters = start;
        let mut here = self.at(&parameters);
        for step in 0..MOST_STEPS {
            let tried = RIDGES.iter().find_map(|ridge| {
                let direction = self.direction(&parameters, &here, *ridge)?;
                let there = self.walk(&parameters, &here, &direction);
                // Where rounding hides what is left to gain, this is the maximum.
                let there = there.or_else(|| (direction.gain < 1e-6).then(|| parameters.clone()))?;
                Some((there, direction))
            });
            let (there, Direction { gain, free, .. }) = tried.ok_or(SpectrumError::NoStep(step))?;
            parameters = there;
            here = self.at(&parameters);
            if gain < LEAST_GAIN {
                let covariance = covariance(&here.observed, &free);
                return Ok(Minimum { parameters, nll: here.nll, covariance });
            }
        }
        Err(SpectrumError::TooManySteps(MOST_STEPS))
    }

    /// The step of Newton's method among parameters that are not held at their bounds; none where there is no valley.
    fn direction(&self, parameters: &DVector<f64>, here: &Derivatives, ridge: f64) -> Option<Direction> {
        let is_at_bound = |place: usize| self.is_bounded(place) && parameters[place] <= 0.0;
        let mut free: Vec<usize> = (0..parameters.len())
            .filter(|place| !is_at_bound(*place) || here.gradient[*place] < 0.0)
            .collect();
        loop {
            let along = newton(here, &free, ridge)?;
            // A parameter that would leave its bound to the wrong side stays there for this step.
            let before = free.len();
            free.retain(|place| !(is_at_bound(*place) && along[*place] < 0.0));
            if free.len() == before {
                let gain = -here.gradient.dot(&along);
                return Some(Direction { along, gain, free });
            }
        }
    }

    /// The place after as much of a step as improves the likelihood, and ends at the first bound.
    fn walk(
        &self,
        parameters: &DVector<f64>,
        here: &Derivatives,
        Direction { along, gain, .. }: &Direction,
    ) -> Option<DVector<f64>> {
        let to_bound = |place: usize| {
            let leaves = self.is_bounded(place) && along[place] < 0.0;
            leaves.then(|| -parameters[place] / along[place])
        };
        let bound = (0..along.len()).filter_map(|place| Some((to_bound(place)?, place)));
        let first = bound.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(length, _)| *length < 1.0);
        let mut length = first.map_or(1.0, |(length, _)| length);
        let mut reaches_bound = first;
        loop {
            let mut there = parameters + along * length;
            if let Some((_, place)) = reaches_bound {
                there[place] = 0.0;
            }
            let gained = here.nll - self.nll(&there);
            let rounding = 1e-13 * here.nll.abs();
            if gained >= 1e-4 * length * gain - rounding {
                return Some(there);
            }
            (length, reaches_bound) = (0.5 * length, None);
            if length < 1e-12 {
                return None;
            }
        }
    }
}

/// Where to go.
struct Direction {
    along: DVector<f64>,
    /// Twice what −ln L would lose, were it a parabola.
    gain: f64,
    free: Vec<usize>,
}

/// −H⁻¹ g of the free parameters, 0 of others. Where the second derivatives are not those of a valley, their expectation takes
/// their place.
fn newton(here: &Derivatives, free: &[usize], ridge: f64) -> Option<DVector<f64>> {
    let factor = |matrix: &DMatrix<f64>| scaled_factor(matrix, free, ridge);
    let (factor, scale) = factor(&here.observed).or_else(|| factor(&here.information))?;
    let slope = DVector::from_iterator(
        free.len(),
        free.iter().zip(&scale).map(|(place, s)| here.gradient[*place] * s),
    );
    let solved = factor.solve(&slope);
    let mut along = DVector::zeros(here.gradient.len());
    for (index, place) in free.iter().enumerate() {
        along[*place] = -solved[index] * scale[index];
    }
    Some(along)
}

/// The inverse among the free parameters.
pub(super) fn covariance(matrix: &DMatrix<f64>, free: &[usize]) -> Option<DMatrix<f64>> {
    let (factor, scale) = scaled_factor(matrix, free, 0.0)?;
    let inverse = factor.inverse();
    let mut covariance = DMatrix::zeros(matrix.nrows(), matrix.nrows());
    for (row, of_row) in free.iter().enumerate() {
        for (column, of_column) in free.iter().enumerate() {
            covariance[(*of_row, *of_column)] = inverse[(row, column)] * scale[row] * scale[column];
        }
    }
    Some(covariance)
}

/// Cholesky's factor of the free part with a diagonal of 1 and a ridge, and the scale of each parameter; none where it has no inverse to
/// speak of.
fn scaled_factor(
    matrix: &DMatrix<f64>,
    free: &[usize],
    ridge: f64,
) -> Option<(Cholesky<f64, Dyn>, Vec<f64>)> {
    let scale: Vec<f64> = free.iter().map(|place| 1.0 / matrix[(*place, *place)].sqrt()).collect();
    if scale.iter().any(|scale| !scale.is_finite()) {
        return None;
    }
    let entry = |row: usize, column: usize| {
        let on_diagonal = if row == column { ridge } else { 0.0 };
        matrix[(free[row], free[column])] * scale[row] * scale[column] + on_diagonal
    };
    let factor = DMatrix::from_fn(free.len(), free.len(), entry).cholesky()?;
    let least = factor.l_dirty().diagonal().iter().copied().fold(f64::INFINITY, f64::min);
    (least > 1e-7).then_some((factor, scale))
}
