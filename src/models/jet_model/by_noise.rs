//! The loss of a finished jet model as a function of the noise strength σ.

use drapes_analysis::job::JetModelSettings;
use drapes_analysis::plan::cost::looks::JETS_A_STRENGTH;
use drapes_analysis::store::record::NoiseLoss;

use super::noisy::Drawn;
use crate::models::diffusion::strengths;

/// The loss on jets learnt from and on jets kept aside; `loss` is the mean one of some jets.
pub fn losses(
    loss: impl Fn(&Drawn) -> Option<f64>,
    learnt: &Drawn,
    validation: &Drawn,
    settings: &JetModelSettings,
) -> Vec<NoiseLoss> {
    strengths()
        .filter_map(|sigma| {
            let normal = ((sigma.ln() - settings.log_noise_mean) / settings.log_noise_std) as f32;
            let training = loss(&learnt.at_strength(JETS_A_STRENGTH, normal))?;
            Some(NoiseLoss {
                sigma,
                training,
                validation: loss(&validation.at_strength(JETS_A_STRENGTH, normal)),
            })
        })
        .collect()
}
