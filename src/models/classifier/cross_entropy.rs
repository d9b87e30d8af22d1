//! The weighted binary cross-entropy of drawn events, as tensors.

use std::ops::Range;

use tch::{Device, Kind, Tensor};

/// What the loss is told of events before a network has answered.
///
/// With a sign s of +1 for an event of the template and −1 for one of data, its cross-entropy is ln(1 + eᵘ) of u = s z, for a logit z,
/// and the derivative by z is s / (1 + e⁻ᵘ): two operators of libtorch know both without overflow.
pub struct Truth {
    /// `[…, events, 1]`
    pub sign: Tensor,
    /// The share of each event in the loss of its member, `[…, 1, events]`.
    pub share: Tensor,
    /// Sign times share, `[…, events, 1]`.
    pub slope: Tensor,
}

/// ln(1 + eᵘ) is taken for u beyond it, where both agree to the last digit of their kind of number: libtorch's own for `softplus`,
/// whose gradient must be told.
const THRESHOLD: f64 = 20.0;

impl Truth {
    /// # Shapes
    /// `is_data` `[…, members, events]`; `weights`, those of data and of template, `[members, 1]`.
    pub fn of(is_data: &Tensor, [data, template]: [&Tensor; 2]) -> Self {
        let events = is_data.size()[is_data.dim() - 1];
        let is_data = is_data.to_kind(Kind::Float);
        let share = (&is_data * (data - template) + template) / events as f64;
        let sign = 1.0 - is_data * 2.0;
        Self { slope: (&sign * &share).unsqueeze(-1), sign: sign.unsqueeze(-1), share: share.unsqueeze(-2) }
    }

    /// The same of a portion of the events.
    pub fn portion(&self, first: usize, events: i64) -> Self {
        let column = |of: &Tensor| of.narrow(-2, first as i64, events);
        Self {
            sign: column(&self.sign),
            share: self.share.narrow(-1, first as i64, events),
            slope: column(&self.slope),
        }
    }

    /// The losses of members.
    ///
    /// # Shapes
    /// `logits` `[members, events, 1]`; the result is `[members]`.
    pub fn loss(&self, logits: &Tensor) -> Tensor {
        self.share.bmm(&(logits * &self.sign).softplus()).flatten(0, -1)
    }

    /// Adds the same to `loss` and writes its gradient to `d_logits`: as few operators as there can be.
    pub fn descend(&self, logits: &Tensor, loss: &mut Tensor, d_logits: &Tensor) {
        let signed = logits * &self.sign;
        let _ = loss.view([-1, 1, 1]).baddbmm_(&self.share, &signed.softplus());
        let _ = signed.softplus_backward_grad_input(d_logits, &self.slope, 1.0, THRESHOLD);
    }
}

/// What members know of drawn events by their rows: which are data, and what they weigh.
pub struct Truths {
    /// The row behind the last one of a member's data, `[members, 1]`.
    data_end: Tensor,
    /// Loss weights, likewise.
    data: Tensor,
    template: Tensor,
}

impl Truths {
    /// Of members with these loss weights of data and template, whose data end before these rows.
    pub fn new(weights: &[[f32; 2]], data_ends: &[usize], device: Device) -> Self {
        let column = |values: Tensor| values.reshape([-1, 1]).to_device(device);
        let weight = |class: usize| {
            column(Tensor::from_slice(&weights.iter().map(|weights| weights[class]).collect::<Vec<f32>>()))
        };
        let ends: Vec<i64> = data_ends.iter().map(|end| *end as i64).collect();
        Self { data_end: column(Tensor::from_slice(&ends)), data: weight(0), template: weight(1) }
    }

    /// Those of some members.
    pub fn of_some(&self, members: &Range<usize>) -> Self {
        let some = |of_all: &Tensor| of_all.narrow(0, members.start as i64, members.len() as i64);
        Self { data_end: some(&self.data_end), data: some(&self.data), template: some(&self.template) }
    }

    /// What the loss is told of events by their rows, `[…, members, events]`.
    pub fn of(&self, rows: &Tensor) -> Truth {
        Truth::of(&rows.lt_tensor(&self.data_end), [&self.data, &self.template])
    }

    /// Where they are.
    pub fn device(&self) -> Device {
        self.data.device()
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn losses_and_gradients_are_those_of_the_textbook() {
        let logits = [-90.0, -3.0, -0.2, 0.0, 0.4, 5.0, 30.0, 80.0_f32];
        let is_data = [0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0_f32];
        let (of_data, of_template) = (0.7, 1.6);
        let row = |values: &[f32]| Tensor::from_slice(values).view([1, -1]);
        let weights = [of_data, of_template].map(|weight| Tensor::from_slice(&[weight as f32]).view([1, 1]));
        let truth = Truth::of(&row(&is_data), weights.each_ref());
        let z = row(&logits).unsqueeze(-1);
        let mut loss = Tensor::ones([1], (Kind::Float, Device::Cpu));
        let d = z.zeros_like();
        truth.descend(&z, &mut loss, &d);
        // By portions it is the same.
        let mut by_parts = Tensor::ones([1], (Kind::Float, Device::Cpu));
        let d_by_parts = z.zeros_like();
        for (first, events) in [(0, 3), (3, 5)] {
            let part = |of: &Tensor| of.narrow(1, first as i64, events);
            truth.portion(first, events).descend(&part(&z), &mut by_parts, &part(&d_by_parts));
        }
        assert_eq!(d, d_by_parts);
        let mut expected = 0.0;
        for (event, (z, y)) in logits.iter().zip(is_data).enumerate() {
            let (z, y) = (f64::from(*z), f64::from(y));
            let weight = if y > 0.5 { of_data } else { of_template } / logits.len() as f64;
            let chance = 1.0 / (1.0 + (-z).exp());
            expected += weight * (z.max(0.0) + (-z.abs()).exp().ln_1p() - y * z);
            let found = d.double_value(&[0, event as i64, 0]);
            assert!((found - weight * (chance - y)).abs() < 1e-8, "{event}: {found}");
        }
        for found in [loss, by_parts, truth.loss(&z) + 1.0] {
            assert!((found.double_value(&[0]) - 1.0 - expected).abs() < 1e-6 * expected, "{expected}");
        }
    }
}
