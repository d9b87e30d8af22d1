//! Terms of a shape that can be told apart: orthonormal ones over the counts.
//!
//! In narrow side-bands the terms of the dijet function are nearly the same function of m, and its parameters nearly cancel: a fit
//! that steps along them loses all digits. Combinations of them that are orthonormal over the counts have a likelihood that
//! is nearly round.

use nalgebra::{DMatrix, DVector};

use crate::statistics::spectrum::SpectrumError;
use crate::statistics::spectrum::binned::Window;
use crate::statistics::spectrum::shape::{Link, Shape};

/// Nodes and weights of Gauss' and Legendre's quadrature over −1 to 1, exact for polynomials up to degree 9.
const QUADRATURE: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_1),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (0.906_179_845_938_664, 0.236_926_885_056_189_1),
];

/// Terms of which the part that earlier ones do not have is smaller than this are no terms of their own.
const INDISTINCT: f64 = 1e-9;

/// A shape with its terms combined.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    pub(super) shape: Shape,
    pub(super) range: Window,
    /// Terms to combinations; the identity where terms must stay positive.
    pub(super) combine: DMatrix<f64>,
}

/// A bin where the shape is to be integrated: the combined terms at each node of the quadrature, and its weight.
#[derive(Clone, Debug)]
pub(super) struct Nodes(Vec<(DVector<f64>, f64)>);

/// An integral of the density over a bin, and its derivatives by the parameters.
pub(super) struct Integral {
    pub(super) value: f64,
    pub(super) gradient: DVector<f64>,
}

impl Basis {
    /// Of the terms over bins with these counts; each bin counts as one event more, so that empty ones have a say.
    pub(super) fn new(shape: Shape, range: Window, bins: &[(Window, f64)]) -> Result<Self, SpectrumError> {
        let count = shape.parameters();
        let mut basis = Self { shape, range, combine: DMatrix::identity(count, count) };
        if shape.link() == Link::Sum {
            return Ok(basis);
        }
        let total: f64 = bins.iter().map(|(_, events)| events + 1.0).sum();
        let rows = bins.iter().map(|(bin, events)| {
            let middle = f64::midpoint(bin.low, bin.high);
            basis.at(middle).transpose() * ((events + 1.0) / total).sqrt()
        });
        let terms = DMatrix::from_rows(&rows.collect::<Vec<_>>());
        let lengths: Vec<f64> = terms.column_iter().map(|column| column.norm()).collect();
        let upper = terms.qr().r();
        let distinct =
            upper.diagonal().iter().zip(&lengths).all(|(own, length)| own.abs() > INDISTINCT * length);
        basis.combine = upper.try_inverse().filter(|_| distinct).ok_or(SpectrumError::Degenerate)?;
        Ok(basis)
    }

    /// The combined terms at m.
    pub(super) fn at(&self, m: f64) -> DVector<f64> {
        self.combine.tr_mul(&DVector::from_vec(self.shape.terms(m, self.range)))
    }

    /// Where a bin is integrated.
    pub(super) fn nodes(&self, bin: Window) -> Nodes {
        let (middle, half) = (f64::midpoint(bin.low, bin.high), 0.5 * bin.width());
        Nodes(QUADRATURE.map(|(node, weight)| (self.at(middle + half * node), half * weight)).to_vec())
    }

    /// The density at m of these parameters.
    pub(super) fn density(&self, m: f64, parameters: &DVector<f64>) -> f64 {
        let sum = self.at(m).dot(parameters);
        match self.shape.link() {
            Link::Exponential => sum.exp(),
            Link::Sum => sum,
        }
    }
}

impl Nodes {
    /// The integral of the density.
    pub(super) fn value(&self, link: Link, parameters: &DVector<f64>) -> f64 {
        let density = |terms: &DVector<f64>| match link {
            Link::Exponential => terms.dot(parameters).exp(),
            Link::Sum => terms.dot(parameters),
        };
        self.0.iter().map(|(terms, weight)| weight * density(terms)).sum()
    }

    /// The integral with its derivatives by the parameters.
    pub(super) fn integral(&self, link: Link, parameters: &DVector<f64>) -> Integral {
        let mut found = Integral { value: 0.0, gradient: DVector::zeros(parameters.len()) };
        for (terms, weight) in &self.0 {
            let sum = terms.dot(parameters);
            let (value, slope) = match link {
                Link::Exponential => (weight * sum.exp(), weight * sum.exp()),
                Link::Sum => (weight * sum, *weight),
            };
            found.value += value;
            found.gradient.axpy(slope, terms, 1.0);
        }
        found
    }

    /// Adds a share of the integral's second derivatives to a matrix; a sum has none.
    pub(super) fn add_curvature(
        &self,
        link: Link,
        parameters: &DVector<f64>,
        share: f64,
        curvature: &mut DMatrix<f64>,
    ) {
        if link == Link::Exponential {
            for (terms, weight) in &self.0 {
                curvature.ger(share * weight * terms.dot(parameters).exp(), terms, terms, 1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: Window = Window { low: 3200.0, high: 3800.0 };

    #[test]
    fn combined_terms_are_orthonormal_where_terms_are_nearly_alike() {
        let bins: Vec<(Window, f64)> = (0..30)
            .map(|i| {
                (Window { low: 3200.0 + 20.0 * f64::from(i), high: 3220.0 + 20.0 * f64::from(i) }, 100.0)
            })
            .collect();
        let shape = Shape::Dijet { parameters: 4, collision_energy: 13_000.0 };
        let basis = Basis::new(shape, RANGE, &bins).expect("terms");
        let product = bins.iter().fold(DMatrix::zeros(4, 4), |sum: DMatrix<f64>, (bin, _)| {
            let terms = basis.at(f64::midpoint(bin.low, bin.high));
            sum + &terms * terms.transpose() / 30.0
        });
        assert!((product - DMatrix::identity(4, 4)).norm() < 1e-6);
        // Two bins cannot tell three terms apart.
        let few =
            Basis::new(Shape::ExponentialOfPolynomial { degree: 2 }, RANGE, &[bins[0], bins[1], bins[1]]);
        assert_eq!(few.expect_err("too few"), SpectrumError::Degenerate);
    }

    #[test]
    fn integrals_have_the_derivatives_that_differences_show() {
        let shape = Shape::ExponentialOfPolynomial { degree: 2 };
        let bins: Vec<(Window, f64)> = (0..6)
            .map(|i| {
                (Window { low: 3200.0 + 100.0 * f64::from(i), high: 3300.0 + 100.0 * f64::from(i) }, 9.0)
            })
            .collect();
        let basis = Basis::new(shape, RANGE, &bins).expect("terms");
        let nodes = basis.nodes(bins[2].0);
        let parameters = DVector::from_vec(vec![1.0, -2.0, 0.5]);
        let mut curvature = DMatrix::zeros(3, 3);
        let found = nodes.integral(Link::Exponential, &parameters);
        nodes.add_curvature(Link::Exponential, &parameters, 2.0, &mut curvature);
        for axis in 0..3 {
            let shifted = |by: f64| {
                let mut there = parameters.clone();
                there[axis] += by;
                nodes.integral(Link::Exponential, &there)
            };
            let (up, down) = (shifted(1e-5), shifted(-1e-5));
            let slope = (up.value - down.value) / 2e-5;
            assert!((slope - found.gradient[axis]).abs() < 1e-6 * found.value, "{axis}: {slope}");
            let bent = (up.gradient - down.gradient) / 1e-5;
            assert!((bent - curvature.column(axis)).norm() < 1e-5 * found.value, "{axis}");
        }
    }
}
