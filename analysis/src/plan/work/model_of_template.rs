//! The model that makes a template: a flow, or a denoiser.

use super::planning::Planning;
use super::{ModelPlace, TrainDenoisers, TrainFlows};
use crate::job::TemplateSpec;

/// Where the model is trained that makes a template of features.
///
/// # Panics
/// As [`Planning::model`].
pub fn model_of_template(planning: &Planning<'_>, template: &TemplateSpec) -> ModelPlace {
    if let Some(flow) = template.method.flow() {
        return planning.model(&TrainFlows::model_name(flow), template.sample);
    }
    let (sort, sample) = TrainDenoisers::of_template(template, planning.job());
    planning.model(&TrainDenoisers::model_name(sort), sample)
}
