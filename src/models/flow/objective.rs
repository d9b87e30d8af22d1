//! What a flow minimises: the negative log-likelihood of a batch, directly or under a base density, and its gradient.

use tch::{Kind, Tensor};

use super::network::{Flow, FlowGradient, Pass, log_normal};

/// The objective of the flows of an ensemble. Rows are mapped events, `[members, features + 1, batch]`, the mass last.
pub enum Objective {
    /// The density of the events at their masses.
    Density,
    /// The way of events from their mass to that of another event, where a finished density gives their likelihood.
    ///
    /// Source: CURTAINsF4F; the context is the distance of the masses, upwards by the flow, downwards by its inverse.
    Transport(Flow),
    /// The way of another sample's events to a finished density at their own masses.
    ///
    /// Source: FETA, with the base flow on the data's side and the top flow trained on the other sample.
    Correction(Flow),
}

/// Mean loss of each member, `[members]`.
pub struct LossAndGradient {
    pub loss: Tensor,
    /// `[members, len]`
    pub gradient: Option<Tensor>,
}

/// What is computed: the loss alone, or its gradient too, with buffers for it.
pub enum Output<'a> {
    Loss,
    Gradient(&'a GradientBuffers),
}

/// Buffers of gradients: both directions of a transport each fill their own.
pub struct GradientBuffers {
    first: FlowGradient,
    second: Option<FlowGradient>,
}

impl GradientBuffers {
    pub fn new(objective: &Objective, flow: &Flow) -> Self {
        // Through dense networks both ways have one gradient.
        let needs_two = matches!(objective, Objective::Transport(_)) && !flow.goes_through_dense_networks();
        let second = needs_two.then(|| flow.gradient());
        Self { first: flow.gradient(), second }
    }
}

impl Objective {
    /// The same for one member, where the base density is that of an ensemble.
    pub fn of_member(&self, member: usize) -> Self {
        match self {
            Self::Density => Self::Density,
            Self::Transport(base) => Self::Transport(base.member(member)),
            Self::Correction(base) => Self::Correction(base.member(member)),
        }
    }

    /// The mean negative log-likelihood of a batch, and its gradient where it is wanted.
    pub fn evaluate(&self, flow: &Flow, rows: &Tensor, output: &Output<'_>) -> LossAndGradient {
        let features = rows.size()[1] - 1;
        let (x, mass) = (rows.narrow(1, 0, features), rows.narrow(1, features, 1));
        match self {
            Self::Density => density(flow, &x, &mass, output),
            Self::Transport(base) => transport(flow, base, rows, output),
            Self::Correction(base) => {
                let pass = flow.forward(&x, &mass);
                let transformed = Transformed::at(base, &pass.value, &mass, &pass.log_det);
                let gradient = transformed.gradient(base, output, |d_value, d_log_det, buffers| {
                    let _ = flow.backward(&pass, d_value, d_log_det, Some(&buffers.first));
                    buffers.first.flat.shallow_clone()
                });
                LossAndGradient { loss: transformed.loss(), gradient }
            }
        }
    }
}

fn density(flow: &Flow, x: &Tensor, mass: &Tensor, output: &Output<'_>) -> LossAndGradient {
    let pass = flow.forward(x, mass);
    let loss = mean(&(log_normal(&pass.value) + &pass.log_det)).neg();
    let gradient = match output {
        Output::Loss => None,
        Output::Gradient(buffers) => {
            let batch = x.size()[2] as f64;
            let d_log_det = pass.log_det.full_like(-1.0 / batch);
            let _ = flow.backward(&pass, &(&pass.value / batch), &d_log_det, Some(&buffers.first));
            Some(buffers.first.flat.shallow_clone())
        }
    };
    LossAndGradient { loss, gradient }
}

/// The first half of a batch is paired with the second: each pair goes up and down, so that the targets are a
/// permutation of the batch's masses, as many up as down.
fn transport(flow: &Flow, base: &Flow, rows: &Tensor, output: &Output<'_>) -> LossAndGradient {
    let size = rows.size();
    let (features, half) = (size[1] - 1, size[2] / 2);
    let (one, other) = (rows.narrow(2, 0, half), rows.narrow(2, half, half));
    let mass = |rows: &Tensor| rows.narrow(1, features, 1);
    let ordered = mass(&one).le_tensor(&mass(&other));
    let (low, high) = (one.where_self(&ordered, &other), other.where_self(&ordered, &one));
    let distance = mass(&high) - mass(&low);
    if let Output::Gradient(buffers) = output
        && let Some(ways) =
            flow.both_ways(&low.narrow(1, 0, features), &high.narrow(1, 0, features), &distance)
    {
        let masses = Tensor::cat(&[mass(&high), mass(&low)], 2);
        let transformed = Transformed::at(base, &ways.value, &masses, &ways.log_det);
        let gradient = transformed.gradient(base, output, |d_value, d_log_det, _| {
            flow.backward_both_ways(&ways, d_value, d_log_det, &buffers.first);
            buffers.first.flat.shallow_clone()
        });
        return LossAndGradient { loss: transformed.loss(), gradient };
    }
    let up = flow.forward(&low.narrow(1, 0, features), &distance);
    let down = flow.inverse(&high.narrow(1, 0, features), &distance);
    let both = |of: fn(&Pass) -> &Tensor| Tensor::cat(&[of(&up), of(&down)], 2);
    let masses = Tensor::cat(&[mass(&high), mass(&low)], 2);
    let transformed = Transformed::at(base, &both(|pass| &pass.value), &masses, &both(|pass| &pass.log_det));
    let gradient = transformed.gradient(base, output, |d_value, d_log_det, buffers| {
        let of = |all: &Tensor, part: i64| all.narrow(2, part * half, half);
        let second = buffers.second.as_ref().expect("buffers for both directions");
        let _ = flow.backward(&up, &of(d_value, 0), &of(d_log_det, 0), Some(&buffers.first));
        let _ = flow.backward_inverse(&down, &of(d_value, 1), &of(d_log_det, 1), Some(second));
        &buffers.first.flat + &second.flat
    });
    LossAndGradient { loss: transformed.loss(), gradient }
}

/// Events after the flow under training, with their likelihood under the base density.
struct Transformed {
    base: Pass,
    /// ln of the density that the whole way gives to the events, `[members, 1, batch]`.
    log_density: Tensor,
}

impl Transformed {
    fn at(base: &Flow, value: &Tensor, mass: &Tensor, log_det: &Tensor) -> Self {
        let base = base.forward(value, mass);
        let log_density = log_normal(&base.value) + &base.log_det + log_det;
        Self { base, log_density }
    }

    fn loss(&self) -> Tensor {
        mean(&self.log_density).neg()
    }

    /// Passes the gradient back through the finished density, and on to the flow under training.
    fn gradient(
        &self,
        base: &Flow,
        output: &Output<'_>,
        back: impl FnOnce(&Tensor, &Tensor, &GradientBuffers) -> Tensor,
    ) -> Option<Tensor> {
        let Output::Gradient(buffers) = output else { return None };
        let batch = self.log_density.size()[2] as f64;
        let d_log_det = self.log_density.full_like(-1.0 / batch);
        let d_value = base.backward(&self.base, &(&self.base.value / batch), &d_log_det, None);
        Some(back(&d_value, &d_log_det, buffers))
    }
}

fn mean(of: &Tensor) -> Tensor {
    of.mean_dim([1_i64, 2].as_slice(), false, None::<Kind>)
}
