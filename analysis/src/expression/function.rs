//! Functions and operators of formulae.

use std::cmp::Ordering;
use std::f64::consts::{PI, TAU};

use strum::{EnumString, VariantNames};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub(super) enum Unary {
    Abs,
    Sqrt,
    Exp,
    Ln,
    Log10,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Floor,
    Ceil,
    Round,
    /// `-x`, which has no name.
    #[strum(disabled)]
    Minus,
    /// `!x`
    #[strum(disabled)]
    Not,
}

/// A function of two numbers, or an operator between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Binary {
    Min,
    Max,
    Atan2,
    Hypot,
    /// The difference of two azimuths, from −π to π.
    DeltaPhi,
    #[strum(disabled)]
    Plus,
    #[strum(disabled)]
    Minus,
    #[strum(disabled)]
    Times,
    #[strum(disabled)]
    Over,
    #[strum(disabled)]
    Power,
    #[strum(disabled)]
    Below,
    #[strum(disabled)]
    AtMost,
    #[strum(disabled)]
    Above,
    #[strum(disabled)]
    AtLeast,
    #[strum(disabled)]
    Equal,
    #[strum(disabled)]
    Unequal,
    #[strum(disabled)]
    And,
    #[strum(disabled)]
    Or,
}

/// The names of all functions that a text can call.
pub(super) fn names() -> Vec<&'static str> {
    let named = Unary::VARIANTS.iter().filter(|name| name.parse::<Unary>().is_ok());
    named.chain(Binary::VARIANTS.iter().filter(|name| name.parse::<Binary>().is_ok())).copied().collect()
}

impl Unary {
    /// Its value.
    pub fn of(self, x: f64) -> f64 {
        match self {
            Self::Abs => x.abs(),
            Self::Sqrt => x.sqrt(),
            Self::Exp => x.exp(),
            Self::Ln => x.ln(),
            Self::Log10 => x.log10(),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Tan => x.tan(),
            Self::Asin => x.asin(),
            Self::Acos => x.acos(),
            Self::Atan => x.atan(),
            Self::Sinh => x.sinh(),
            Self::Cosh => x.cosh(),
            Self::Tanh => x.tanh(),
            Self::Asinh => x.asinh(),
            Self::Acosh => x.acosh(),
            Self::Atanh => x.atanh(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            Self::Round => x.round(),
            Self::Minus => -x,
            Self::Not => truth(x).map_or(f64::NAN, |truth| number(!truth)),
        }
    }
}

impl Binary {
    /// Its value.
    pub fn of(self, x: f64, y: f64) -> f64 {
        match self {
            // `f64::min` and `f64::max` pass over NaN.
            Self::Min => extreme(x, y, x < y),
            Self::Max => extreme(x, y, x > y),
            Self::Atan2 => x.atan2(y),
            Self::Hypot => x.hypot(y),
            Self::DeltaPhi => delta_phi(x, y),
            Self::Plus => x + y,
            Self::Minus => x - y,
            Self::Times => x * y,
            Self::Over => x / y,
            Self::Power => power(x, y),
            Self::Below => compared(x, y, x < y),
            Self::AtMost => compared(x, y, x <= y),
            Self::Above => compared(x, y, x > y),
            Self::AtLeast => compared(x, y, x >= y),
            Self::Equal => compared(x, y, is_equal(x, y)),
            Self::Unequal => compared(x, y, !is_equal(x, y)),
            Self::And => joined(x, y, false),
            Self::Or => joined(x, y, true),
        }
    }
}

fn extreme(x: f64, y: f64, is_first: bool) -> f64 {
    if x.is_nan() || y.is_nan() {
        f64::NAN
    } else if is_first {
        x
    } else {
        y
    }
}

fn is_equal(x: f64, y: f64) -> bool {
    x.partial_cmp(&y).is_some_and(Ordering::is_eq)
}

fn power(x: f64, y: f64) -> f64 {
    // Squares are in every formula of kinematics.
    if y.to_bits() == 2.0_f64.to_bits() { x * x } else { x.powf(y) }
}

fn delta_phi(x: f64, y: f64) -> f64 {
    let turned = (x - y).rem_euclid(TAU);
    if turned > PI { turned - TAU } else { turned }
}

fn number(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

/// Whether a number stands for true; nothing where it could not be computed.
fn truth(x: f64) -> Option<bool> {
    x.is_finite().then_some(x != 0.0)
}

/// A comparison with what could not be computed has no answer.
fn compared(x: f64, y: f64, truth: bool) -> f64 {
    if x.is_finite() && y.is_finite() { number(truth) } else { f64::NAN }
}

/// And (decided by a false one) or or (decided by a true one); without an answer where the one that is left has none.
fn joined(x: f64, y: f64, decides: bool) -> f64 {
    let both = [truth(x), truth(y)];
    if both.contains(&Some(decides)) {
        number(decides)
    } else if both.contains(&None) {
        f64::NAN
    } else {
        number(!decides)
    }
}
