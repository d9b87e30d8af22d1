//! The three terms of the dijet function, combined so that they can be told apart.
//!
//! In narrow side-bands, or where masses are small against the collision energy, ln(1 − x), ln x and ln² x are nearly the same function
//! of the mass: exponents are large and nearly cancel, and a likelihood that is computed from them loses the digits by which one step
//! is better than another. Combinations that are orthonormal over the side-bands have factors near 1.

use drapes_analysis::job::quantities::Gev;
use drapes_analysis::job::regions::MassWindow;

use super::{Matrix, Vector, dot, nodes};

/// What is left of a term without the earlier ones, relative to it, where it is one of its own.
const DISTINCT: f64 = 1e-11;
/// The power of the mass that is near enough for the first step of every spectrum that we meet.
const FALLING: f64 = -5.0;

/// Orthonormal combinations of ln[(1 − x)/(1 − x₀)], u = ln(x/x₀) and u² with x₀ at a reference mass.
pub(super) struct Terms {
    collision_energy: Gev,
    reference: f64,
    /// A combination a row; the plain terms have one column each.
    combine: Matrix,
    /// What is subtracted from each combination: its mean over the side-bands.
    means: Vector,
    /// Of each combination, how much of u is in it.
    of_power: Vector,
}

impl Terms {
    /// Those over some side-bands; none where they are fewer than three there.
    pub(super) fn over(bands: &[MassWindow], collision_energy: Gev, reference: Gev) -> Option<Self> {
        let mut terms = Self {
            collision_energy,
            reference: reference.0 / collision_energy.0,
            combine: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            means: [0.0; 3],
            of_power: [0.0; 3],
        };
        // The power of the mass first: it is most of any spectrum.
        terms.combine.swap(0, 1);
        let masses: Vec<(f64, f64)> = bands.iter().flat_map(|band| nodes(*band)).collect();
        let total: f64 = masses.iter().map(|(_, weight)| weight).sum();
        let mut values: Vec<(Vector, f64)> =
            masses.iter().map(|(mass, weight)| (terms.at(*mass), weight / total)).collect();
        let power: Vec<f64> = values.iter().map(|(term, _)| term[0]).collect();
        for axis in 0..3 {
            let before = terms.centre(&mut values, axis);
            // Twice, for what rounding has left of the earlier ones the first time.
            for _ in 0..2 {
                for earlier in 0..axis {
                    let common: f64 =
                        values.iter().map(|(term, weight)| weight * term[axis] * term[earlier]).sum();
                    for (term, _) in &mut values {
                        term[axis] -= common * term[earlier];
                    }
                    terms.subtract(axis, earlier, common);
                }
            }
            let left: f64 =
                values.iter().map(|(term, weight)| weight * term[axis].powi(2)).sum::<f64>().sqrt();
            if left.is_nan() || left <= DISTINCT * before {
                return None;
            }
            for (term, _) in &mut values {
                term[axis] /= left;
            }
            terms.combine[axis] = terms.combine[axis].map(|factor| factor / left);
            terms.means[axis] /= left;
        }
        terms.of_power = [0, 1, 2].map(|axis| {
            values.iter().zip(&power).map(|((term, weight), power)| weight * term[axis] * power).sum()
        });
        Some(terms)
    }

    /// Takes the mean of a term away, and returns its standard deviation.
    fn centre(&mut self, values: &mut [(Vector, f64)], axis: usize) -> f64 {
        let mean: f64 = values.iter().map(|(term, weight)| weight * term[axis]).sum();
        for (term, _) in values.iter_mut() {
            term[axis] -= mean;
        }
        self.means[axis] = mean;
        values.iter().map(|(term, weight)| weight * term[axis].powi(2)).sum::<f64>().sqrt()
    }

    fn subtract(&mut self, from: usize, which: usize, factor: f64) {
        for column in 0..3 {
            self.combine[from][column] -= factor * self.combine[which][column];
        }
        self.means[from] -= factor * self.means[which];
    }

    /// The combinations at a mass.
    pub(super) fn at(&self, mass: f64) -> Vector {
        let x = mass / self.collision_energy.0;
        let edge = (-(x - self.reference) / (1.0 - self.reference)).ln_1p();
        let power = (x / self.reference).ln();
        let plain = [edge, power, power * power];
        [0, 1, 2].map(|axis| dot(&self.combine[axis], &plain) - self.means[axis])
    }

    /// The factors of a falling power of the mass.
    pub(super) fn of_falling(&self) -> Vector {
        self.of_power.map(|part| FALLING * part)
    }

    /// Log-likelihood per event, and mean and covariance of the combinations under the shape of these factors.
    pub(super) fn moments(
        &self,
        factors: &Vector,
        bands: &[MassWindow],
        data_mean: &Vector,
    ) -> (f64, Vector, Matrix) {
        let all = bands.iter().flat_map(|band| nodes(*band));
        let weighed: Vec<(Vector, f64)> = all
            .map(|(mass, weight)| {
                let term = self.at(mass);
                (term, weight * dot(factors, &term).exp())
            })
            .collect();
        let norm: f64 = weighed.iter().map(|(_, weight)| weight).sum();
        let mean = [0, 1, 2]
            .map(|axis| weighed.iter().map(|(term, weight)| weight * term[axis]).sum::<f64>() / norm);
        let mut covariance = [[0.0; 3]; 3];
        for (term, weight) in &weighed {
            for row in 0..3 {
                for column in 0..3 {
                    covariance[row][column] +=
                        weight / norm * (term[row] - mean[row]) * (term[column] - mean[column]);
                }
            }
        }
        (dot(factors, data_mean) - norm.ln(), mean, covariance)
    }

    /// p2, p3 and p4 of some factors.
    pub(super) fn exponents(&self, factors: &Vector) -> Vector {
        self.rows().map(|row| dot(&row, factors))
    }

    /// Their covariance.
    pub(super) fn covariance(&self, of_factors: &Matrix) -> Matrix {
        let rows = self.rows();
        rows.map(|one| rows.map(|other| dot(&one, &of_factors.map(|row| dot(&row, &other)))))
    }

    /// p2, p3 and p4 a row, from the factors: with u = ln x − ln x₀, a u² is a ln² x − 2 a ln x₀ ln x and a constant.
    fn rows(&self) -> Matrix {
        let log = self.reference.ln();
        let column = |plain: usize| self.combine.map(|row| row[plain]);
        let [edge, power, square] = [column(0), column(1), column(2)];
        [edge, [0, 1, 2].map(|axis| power[axis] - 2.0 * log * square[axis]), square]
    }
}
