//! What a flow learns: the loss of a batch and its gradient.

use tch::{Kind, Tensor};

use super::network::{Flow, FlowGradient, Passage, log_normal};

/// What the flows of an ensemble learn. Rows are mapped events, `[members, features + 1, batch]`, the mass last.
pub enum Objective {
    /// The density of the events at their masses.
    Density,
    /// The way of events from their mass to that of another event, judged by a finished density there.
    ///
    /// Source: CURTAINsF4F; the context is the distance of the masses, upwards by the flow, downwards by its inverse.
    Transport(Flow),
    /// The way of another sample's events to a finished density at their own masses.
    ///
    /// Source: FETA, with the base flow on the data's side and the top flow trained on the other sample.
    Correction(Flow),
}

/// Mean loss of each member, `[members]`.
pub struct Judged {
    pub loss: Tensor,
    /// `[members, len]`
    pub gradient: Option<Tensor>,
}

/// Whether the gradient of the parameters is wanted, with room for it.
pub enum Wanted<'a> {
    Loss,
    Gradient(&'a Room),
}

/// Room for gradients: both directions of a transport each fill their own.
pub struct Room {
    first: FlowGradient,
    second: Option<FlowGradient>,
}

impl Room {
    pub fn new(objective: &Objective, flow: &Flow) -> Self {
        let second = matches!(objective, Objective::Transport(_)).then(|| flow.gradient());
        Self { first: flow.gradient(), second }
    }
}

impl Objective {
    /// The same for one member, where the density that judges is an ensemble's.
    pub fn of_member(&self, member: usize) -> Self {
        match self {
            Self::Density => Self::Density,
            Self::Transport(base) => Self::Transport(base.member(member)),
            Self::Correction(base) => Self::Correction(base.member(member)),
        }
    }

    /// The mean negative log-likelihood of a batch, and its gradient where it is wanted.
    pub fn judge(&self, flow: &Flow, rows: &Tensor, wanted: &Wanted<'_>) -> Judged {
        let features = rows.size()[1] - 1;
        let (x, mass) = (rows.narrow(1, 0, features), rows.narrow(1, features, 1));
        match self {
            Self::Density => density(flow, &x, &mass, wanted),
            Self::Transport(base) => transport(flow, base, rows, wanted),
            Self::Correction(base) => {
                let passage = flow.forward(&x, &mass);
                let arrival = Arrival::at(base, &passage.value, &mass, &passage.log_det);
                let gradient = arrival.gradient(base, wanted, |d_value, d_log_det, room| {
                    let _ = flow.backward(&passage, d_value, d_log_det, Some(&room.first));
                    room.first.flat.shallow_clone()
                });
                Judged { loss: arrival.loss(), gradient }
            }
        }
    }
}

fn density(flow: &Flow, x: &Tensor, mass: &Tensor, wanted: &Wanted<'_>) -> Judged {
    let passage = flow.forward(x, mass);
    let loss = mean(&(log_normal(&passage.value) + &passage.log_det)).neg();
    let gradient = match wanted {
        Wanted::Loss => None,
        Wanted::Gradient(room) => {
            let batch = x.size()[2] as f64;
            let d_log_det = passage.log_det.full_like(-1.0 / batch);
            let _ = flow.backward(&passage, &(&passage.value / batch), &d_log_det, Some(&room.first));
            Some(room.first.flat.shallow_clone())
        }
    };
    Judged { loss, gradient }
}

/// The first half of a batch is paired with the second: each pair goes up and down, so that the targets are a
/// permutation of the batch's masses, as many up as down.
fn transport(flow: &Flow, base: &Flow, rows: &Tensor, wanted: &Wanted<'_>) -> Judged {
    let size = rows.size();
    let (features, half) = (size[1] - 1, size[2] / 2);
    let (one, other) = (rows.narrow(2, 0, half), rows.narrow(2, half, half));
    let mass = |rows: &Tensor| rows.narrow(1, features, 1);
    let ordered = mass(&one).le_tensor(&mass(&other));
    let (low, high) = (one.where_self(&ordered, &other), other.where_self(&ordered, &one));
    let distance = mass(&high) - mass(&low);
    let up = flow.forward(&low.narrow(1, 0, features), &distance);
    let down = flow.inverse(&high.narrow(1, 0, features), &distance);
    let both = |of: fn(&Passage) -> &Tensor| Tensor::cat(&[of(&up), of(&down)], 2);
    let masses = Tensor::cat(&[mass(&high), mass(&low)], 2);
    let arrival =
        Arrival::at(base, &both(|passage| &passage.value), &masses, &both(|passage| &passage.log_det));
    let gradient = arrival.gradient(base, wanted, |d_value, d_log_det, room| {
        let of = |all: &Tensor, part: i64| all.narrow(2, part * half, half);
        let second = room.second.as_ref().expect("room for both directions");
        let _ = flow.backward(&up, &of(d_value, 0), &of(d_log_det, 0), Some(&room.first));
        let _ = flow.backward_inverse(&down, &of(d_value, 1), &of(d_log_det, 1), Some(second));
        &room.first.flat + &second.flat
    });
    Judged { loss: arrival.loss(), gradient }
}

/// Transported events where a finished density judges them.
struct Arrival {
    base: Passage,
    /// ln of the density that the whole way gives to the events, `[members, 1, batch]`.
    log_density: Tensor,
}

impl Arrival {
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
        wanted: &Wanted<'_>,
        back: impl FnOnce(&Tensor, &Tensor, &Room) -> Tensor,
    ) -> Option<Tensor> {
        let Wanted::Gradient(room) = wanted else { return None };
        let batch = self.log_density.size()[2] as f64;
        let d_log_det = self.log_density.full_like(-1.0 / batch);
        let d_value = base.backward(&self.base, &(&self.base.value / batch), &d_log_det, None);
        Some(back(&d_value, &d_log_det, room))
    }
}

fn mean(of: &Tensor) -> Tensor {
    of.mean_dim([1_i64, 2].as_slice(), false, None::<Kind>)
}
