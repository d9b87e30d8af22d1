//! Shapes of the background's spectrum.

use std::fmt;

use crate::statistics::spectrum::binned::Window;

/// A function of the resonant variable m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// p₁ (1 − x)^p₂ x^(p₃ + p₄ ln x) with x = m/√s. Two parameters are p₁ and p₃, a power law; the third is p₂, the fourth p₄.
    ///
    /// Source: the paper, Eq. 3.2; which parameters come first is ours.
    Dijet {
        /// 2, 3 or 4, the normalisation counted.
        parameters: u8,
        /// √s, in units of m.
        collision_energy: f64,
    },
    /// exp(a₀ + a₁ y + … ) with y from −1 to 1 over the fitted range.
    ExponentialOfPolynomial {
        /// 1 to 5.
        degree: u8,
    },
    /// Σ cⱼ Bⱼ(y), Bernstein polynomials of y from 0 to 1 over the fitted range, each with an integral of 1, and all cⱼ ≥ 0: cⱼ is
    /// a number of events.
    Bernstein {
        /// 1 to 6.
        degree: u8,
    },
}

/// How parameters come to a density.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// The density is the exponential of a sum of terms.
    Exponential,
    /// The density is a sum of terms that are not negative.
    Sum,
}

impl Shape {
    /// The members of the dijet family, each within the next.
    pub fn dijets(collision_energy: f64) -> Vec<Self> {
        (2..=4).map(|parameters| Self::Dijet { parameters, collision_energy }).collect()
    }

    /// The exponentials of polynomials, each within the next.
    pub fn exponentials() -> Vec<Self> {
        (1..=5).map(|degree| Self::ExponentialOfPolynomial { degree }).collect()
    }

    /// The Bernstein polynomials, each within the next.
    pub fn bernsteins() -> Vec<Self> {
        (1..=6).map(|degree| Self::Bernstein { degree }).collect()
    }

    /// All families.
    pub fn families(collision_energy: f64) -> [Vec<Self>; 3] {
        [Self::dijets(collision_energy), Self::exponentials(), Self::bernsteins()]
    }

    /// Parameters, the normalisation among them.
    pub fn parameters(self) -> usize {
        match self {
            Self::Dijet { parameters, .. } => usize::from(parameters),
            Self::ExponentialOfPolynomial { degree } | Self::Bernstein { degree } => usize::from(degree) + 1,
        }
    }

    pub(super) fn link(self) -> Link {
        match self {
            Self::Dijet { .. } | Self::ExponentialOfPolynomial { .. } => Link::Exponential,
            Self::Bernstein { .. } => Link::Sum,
        }
    }

    /// The terms of the shape at m, around the middle of the range: with numbers near 1 they differ, where powers of x would be huge
    /// and alike.
    pub(super) fn terms(self, m: f64, range: Window) -> Vec<f64> {
        let middle = f64::midpoint(range.low, range.high);
        match self {
            Self::Dijet { parameters, collision_energy } => {
                let power = (m / middle).ln();
                let edge = (-m / collision_energy).ln_1p() - (-middle / collision_energy).ln_1p();
                let mut terms = vec![1.0, power, edge, power * power];
                terms.truncate(usize::from(parameters));
                terms
            }
            Self::ExponentialOfPolynomial { degree } => {
                let y = (m - middle) / (0.5 * range.width());
                (0..=degree).map(|power| y.powi(i32::from(power))).collect()
            }
            Self::Bernstein { degree } => {
                let y = (m - range.low) / range.width();
                let norm = f64::from(degree + 1) / range.width();
                (0..=degree)
                    .map(|j| {
                        let choose = (0..j).fold(1.0, |c, i| c * f64::from(degree - i) / f64::from(i + 1));
                        norm * choose * y.powi(i32::from(j)) * (1.0 - y).powi(i32::from(degree - j))
                    })
                    .collect()
            }
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dijet { parameters, .. } => write!(f, "dijet function of {parameters} parameters"),
            Self::ExponentialOfPolynomial { degree } => {
                write!(f, "exponential of a polynomial of degree {degree}")
            }
            Self::Bernstein { degree } => write!(f, "Bernstein polynomial of degree {degree}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_has_as_many_terms_as_parameters_and_holds_the_smaller_ones() {
        let range = Window { low: 2000.0, high: 6000.0 };
        for family in [Shape::dijets(13_000.0), Shape::exponentials(), Shape::bernsteins()] {
            for shape in &family {
                assert_eq!(shape.terms(2500.0, range).len(), shape.parameters(), "{shape}");
            }
            assert!(family.windows(2).all(|pair| pair[0].parameters() + 1 == pair[1].parameters()));
        }
        // Those of Bernstein add up to a constant with an integral of their number.
        for shape in Shape::bernsteins() {
            let sum: f64 = shape.terms(2700.0, range).iter().sum();
            assert!((sum * range.width() - shape.parameters() as f64).abs() < 1e-12, "{shape}: {sum}");
        }
        assert_eq!(Shape::dijets(13_000.0)[2].terms(4000.0, range), [1.0, 0.0, 0.0, 0.0]);
    }
}
