//! Adam with decoupled weight decay, for all members at once.

use tch::{Kind, Tensor};

use super::step_numbers::StepNumbers;
use crate::fused::Rule;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;
/// A step runs over five arrays several times; in portions of this size they stay in a core's cache.
const CACHED_VALUES: i64 = 1 << 14;

/// The moments of an ensemble's parameters.
///
/// tch cannot save the state of its optimisers, and its own would need a step a tensor; this one needs a
/// handful of kernels for the whole ensemble.
pub struct Adam {
    weight_decay: f64,
    /// Averages of the gradient and of its square, and the number of steps: all that later steps depend on.
    pub(super) first: Tensor,
    pub(super) second: Tensor,
    pub(super) steps: i32,
}

impl Adam {
    /// An optimiser at rest, for parameters of this shape.
    pub fn new(parameters: &Tensor, weight_decay: f64) -> Self {
        Self { weight_decay, first: parameters.zeros_like(), second: parameters.zeros_like(), steps: 0 }
    }

    /// A member's step at this rate, with `ahead` steps between the present and it, for a kernel that takes it.
    pub(super) fn rule(&self, rate: f64, ahead: usize) -> Rule {
        let (scale, epsilon) = self.corrections(ahead + 1);
        Rule {
            clip: None,
            moments: ((1.0 - BETA1) as f32, (1.0 - BETA2) as f32),
            keep: self.keep(rate) as f32,
            rate: (rate * scale) as f32,
            epsilon: epsilon as f32,
            pull: 0.0,
        }
    }

    /// One step downhill.
    ///
    /// # Shapes
    /// Parameters and gradient `[members, len]`. `rates` is one learning rate, or `[members, 1]` of them; a
    /// member with rate zero stays as it is.
    pub fn step(&mut self, parameters: &mut Tensor, gradient: &Tensor, rates: &Rates) {
        self.steps += 1;
        let [members, len] = [parameters.size()[0], parameters.size()[1]];
        let portion = if parameters.device().is_cuda() { members } else { (CACHED_VALUES / len).max(1) };
        for first in (0..members).step_by(portion as usize) {
            let part = |all: &Tensor| all.narrow(0, first, portion.min(members - first));
            let rates = match rates {
                Rates::Same(rate) => Rates::Same(*rate),
                Rates::Each(rates) => Rates::Each(part(rates)),
            };
            self.step_part(part(parameters), &part(gradient), part(&self.first), part(&self.second), &rates);
        }
    }

    /// What a step takes that many after the present one, counted from 1: √(1 − β₂ᵗ) / (1 − β₁ᵗ), and ε √(1 − β₂ᵗ).
    pub(super) fn corrections(&self, ahead: usize) -> (f64, f64) {
        corrections(self.steps + ahead as i32)
    }

    /// What weight decay leaves of a parameter at this learning rate.
    pub(super) fn keep(&self, rate: f64) -> f64 {
        1.0 - rate * self.weight_decay
    }

    /// One step downhill by numbers that are on the device, so that the same kernels run in every step. The step is not
    /// counted.
    ///
    /// # Shapes
    /// Parameters and gradient `[members, len]`.
    pub(super) fn step_by(&self, parameters: &mut Tensor, gradient: &Tensor, numbers: &StepNumbers) {
        let (mut first, mut second) = (self.first.shallow_clone(), self.second.shallow_clone());
        let _ = first.lerp_(gradient, 1.0 - BETA1);
        let _ = second.lerp_(&gradient.square(), 1.0 - BETA2);
        let denominator = numbers.epsilon.addcmul(&second.sqrt(), &numbers.inverse_rate);
        if self.weight_decay > 0.0 {
            let _ = parameters.g_mul_(&numbers.keep);
        }
        let _ = parameters.addcdiv_(&first, &denominator);
    }

    /// What [`Adam::step_by`] takes of a step at this rate, that many after the present one, counted from 1: the inverse rate and ε
    /// of [`StepNumbers`].
    ///
    /// A rate of zero has no inverse: the largest number of this kind moves a parameter by less than its last digit, and one that is
    /// zero by less than 10⁻³⁷.
    pub(super) fn divisors(&self, rate: f64, ahead: usize) -> (f64, f64) {
        let (scale, epsilon) = self.corrections(ahead);
        let inverse = (-rate * scale).recip().max(f64::from(f32::MIN));
        (inverse, epsilon * inverse)
    }

    /// Counts a step of [`Adam::step_by`].
    pub(super) fn count(&mut self) {
        self.steps += 1;
    }

    fn step_part(
        &self,
        mut p: Tensor,
        gradient: &Tensor,
        mut first: Tensor,
        mut second: Tensor,
        rates: &Rates,
    ) {
        let _ = first.lerp_(gradient, 1.0 - BETA1);
        let _ = second.lerp_(&gradient.square(), 1.0 - BETA2);
        let (scale, epsilon) = corrections(self.steps);
        let denominator = second.sqrt().g_add_scalar_(epsilon);
        match rates {
            Rates::Same(rate) => {
                if self.weight_decay > 0.0 {
                    let _ = p.g_mul_scalar_(1.0 - rate * self.weight_decay);
                }
                let _ = p.addcdiv_(&(first * (-rate * scale)), &denominator);
            }
            Rates::Each(rates) => {
                if self.weight_decay > 0.0 {
                    let _ = p.g_mul_(&(1.0 - rates * self.weight_decay));
                }
                let _ = p.addcdiv_(&(first * (rates * -scale)), &denominator);
            }
        }
    }
}

/// What the averages of step t are corrected by: with c₁ = 1 − β₁ᵗ and c₂ = 1 − β₂ᵗ,
/// (m / c₁) / (√(v / c₂) + ε) = m / (√v + ε √c₂) · √c₂ / c₁.
fn corrections(step: i32) -> (f64, f64) {
    let (first, second) = (1.0 - BETA1.powi(step), 1.0 - BETA2.powi(step));
    (second.sqrt() / first, EPSILON * second.sqrt())
}

/// Learning rates of a step.
pub enum Rates {
    /// All members learn alike.
    Same(f64),
    /// `[members, 1]`.
    Each(Tensor),
}

impl Rates {
    /// The rates of the members, as one where they agree.
    pub fn of(rates: &[f64], device: tch::Device) -> Self {
        match rates.split_first() {
            Some((first, rest)) if rest.iter().all(|rate| rate.total_cmp(first).is_eq()) => {
                Self::Same(*first)
            }
            _ => Self::Each(Tensor::from_slice(rates).to_kind(Kind::Float).unsqueeze(1).to_device(device)),
        }
    }
}

/// Shortens the gradient of every member whose norm exceeds `limit`.
///
/// # Shapes
/// `[members, len]`.
pub fn clip_gradients(gradient: &mut Tensor, limit: f64) {
    let norm = gradient.norm_scalaropt_dim(2.0, [1_i64].as_slice(), true);
    let _ = gradient.g_div_(&(norm / limit).clamp_min_(1.0));
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    /// The textbook rule for one parameter, in double precision.
    fn textbook(gradients: &[f64], rate: f64, decay: f64) -> f64 {
        let (mut p, mut m, mut v) = (1.0, 0.0, 0.0);
        for (index, g) in gradients.iter().enumerate() {
            let t = i32::try_from(index).expect("few steps") + 1;
            m = BETA1 * m + (1.0 - BETA1) * g;
            v = BETA2 * v + (1.0 - BETA2) * g * g;
            p -= rate * decay * p;
            p -= rate * (m / (1.0 - BETA1.powi(t))) / ((v / (1.0 - BETA2.powi(t))).sqrt() + EPSILON);
        }
        p
    }

    #[test]
    fn steps_follow_the_textbook() {
        let gradients = [0.5, -2.0, 1e-3, 3.0];
        for (rates, second_rate) in [([0.1, 0.1], 0.1), ([0.1, 0.02], 0.02)] {
            let mut parameters = Tensor::ones([2, 1], (Kind::Float, Device::Cpu));
            let mut adam = Adam::new(&parameters, 0.1);
            for g in gradients {
                let gradient = Tensor::full([2, 1], g, (Kind::Float, Device::Cpu));
                adam.step(&mut parameters, &gradient, &Rates::of(&rates, Device::Cpu));
            }
            let expected = [textbook(&gradients, 0.1, 0.1), textbook(&gradients, second_rate, 0.1)];
            for (member, expected) in expected.into_iter().enumerate() {
                assert!((parameters.double_value(&[member as i64, 0]) - expected).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn steps_by_numbers_follow_the_textbook_and_rest_where_the_rate_is_zero() {
        let gradients = [0.5, -2.0, 1e-3, 3.0];
        let mut parameters = Tensor::from_slice(&[1.0_f32, 1.0, 0.0]).view([3, 1]);
        let mut adam = Adam::new(&parameters, 0.1);
        for g in gradients {
            let gradient = Tensor::full([3, 1], g, (Kind::Float, Device::Cpu));
            let of = |rate: f64| {
                let (inverse_rate, epsilon) = adam.divisors(rate, 1);
                [inverse_rate, adam.keep(rate), epsilon, 0.0].map(|number| number as f32)
            };
            let numbers = Tensor::from_slice(&[of(0.1), of(0.0), of(0.0)].concat()).view([3, 4]);
            adam.step_by(&mut parameters, &gradient, &StepNumbers::of(&numbers));
            adam.count();
        }
        let found = |member: i64| parameters.double_value(&[member, 0]);
        assert!((found(0) - textbook(&gradients, 0.1, 0.1)).abs() < 1e-5);
        assert_eq!(found(1).to_bits(), 1.0_f64.to_bits());
        assert!(found(2).abs() < 1e-37, "{}", found(2));
    }

    #[test]
    fn only_long_gradients_are_clipped() {
        let mut gradient = Tensor::from_slice(&[3.0_f32, 4.0, 0.3, 0.4]).reshape([2, 2]);
        clip_gradients(&mut gradient, 1.0);
        let apart = |found: &Tensor, expected: [f32; 4]| {
            (found - Tensor::from_slice(&expected).reshape([2, 2])).abs().max().double_value(&[])
        };
        assert!(apart(&gradient, [0.6, 0.8, 0.3, 0.4]) < 1e-6);
        clip_gradients(&mut gradient, 0.5);
        assert!(apart(&gradient, [0.3, 0.4, 0.3, 0.4]) < 1e-6);
    }
}
