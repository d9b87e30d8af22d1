//! The loss of a finished denoiser as a function of the noise strength σ: where it has learnt more than the mean of the data, and
//! where it over-trains.

use drapes_analysis::plan::cost::looks::STRENGTHS;
use drapes_analysis::store::record::NoiseLoss;
use tch::{Kind, Tensor};

use super::denoiser::Denoiser;
use super::noise::Preconditioning;
use crate::error::Error;
use crate::training::{TrainedMember, some_are_well};

/// Their range: below, events hardly change; above, the network sees nothing but noise.
const RANGE: (f64, f64) = (1e-3, 80.0);

/// Mapped events with noise of unit strength.
pub struct Probe {
    /// `[1, events, features + 1]`, the mass last.
    pub rows: Tensor,
    /// `[1, events, 1 + features]`, of which the first column is left alone.
    pub normals: Tensor,
}

/// The losses of each member's finished model at each noise strength. A member that has diverged has none, and one whose losses
/// are not finite here has diverged.
///
/// # Errors
/// All members have diverged.
pub fn members_by_noise(
    members: &mut [TrainedMember],
    epochs: usize,
    losses: impl Fn(usize) -> Vec<NoiseLoss>,
) -> Result<Vec<Vec<NoiseLoss>>, Error> {
    let mut by_noise = Vec::with_capacity(members.len());
    for (index, member) in members.iter_mut().enumerate() {
        let own = if member.history.diverged.is_none() { losses(index) } else { vec![] };
        let mut values = own.iter().flat_map(|loss| [Some(loss.training), loss.validation]).flatten();
        if values.any(|loss| !loss.is_finite()) {
            member.history.diverged = Some(epochs as f64);
        }
        by_noise.push(if member.history.diverged.is_none() { own } else { vec![] });
    }
    some_are_well(members.iter().map(|member| &member.history))?;
    Ok(by_noise)
}

/// The mean square error of the network's own target on events learnt from and on events kept aside.
///
/// `member` is a single model.
pub fn losses(member: &Denoiser, training: Option<&Probe>, validation: Option<&Probe>) -> Vec<NoiseLoss> {
    let Some(training) = training else { return vec![] };
    let losses = strengths().map(|sigma| NoiseLoss {
        sigma,
        training: loss(member, training, sigma),
        validation: validation.map(|probe| loss(member, probe, sigma)),
    });
    losses.collect()
}

/// The noise strengths looked at.
pub fn strengths() -> impl Iterator<Item = f64> {
    let step = (RANGE.1 / RANGE.0).ln() / (STRENGTHS - 1) as f64;
    (0..STRENGTHS).map(move |index| RANGE.0 * (step * index as f64).exp())
}

fn loss(member: &Denoiser, probe: &Probe, sigma: f64) -> f64 {
    let features = member.features() as i64;
    let x0 = probe.rows.narrow(2, 0, features).to_kind(Kind::Double);
    let mass = probe.rows.narrow(2, features, 1);
    let noise = probe.normals.narrow(2, 1, features).to_kind(Kind::Double);
    let denoised = member.denoise_alone(&(&x0 + noise * sigma), sigma, &mass);
    let error = (denoised - x0) / Preconditioning::on(member.shape().path, sigma).c_out;
    error.square().mean(Kind::Double).double_value(&[])
}
