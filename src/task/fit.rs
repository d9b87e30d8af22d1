//! The dijet fit of one training sample.

use drapes_analysis::generated::TrainingSample;
use drapes_analysis::record::MassFit;

use super::Workplace;
use crate::dijet;
use crate::error::Error;

pub fn fit(place: &Workplace, sample: TrainingSample) -> Result<MassFit, Error> {
    let masses = place.sample()?.masses(sample.n_signal)?;
    let regions = place.job.regions_of(&sample);
    dijet::fit(&masses, &regions, place.job.collision_energy, sample)
}
