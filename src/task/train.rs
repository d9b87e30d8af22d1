//! A task of kind *train*: the denoisers of side-bands or of data.

use drapes_analysis::job::regions::Region;
use drapes_analysis::job::template_spec::{NoisePath, Scope, TrainingSample};
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::work::TrainDenoisers;
use drapes_analysis::store::record::{DenoiserTraining, TaskResult};
use ndarray::{Array2, Axis, concatenate};

use super::{Perform, Trial, Workplace, weights};
use crate::error::Error;
use crate::models::diffusion::{
    Denoiser, DenoiserShape, TrainedDenoisers, TrainingEvents, train as train_denoisers,
};
use crate::training::{Checkpointer, TrainedMember};

impl Perform for TrainDenoisers {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let Self { scope, path, samples } = self;
        let members = samples.iter().map(|sample| {
            let regions = place.job.regions_of(sample);
            let events = |region| -> Result<Array2<f32>, Error> {
                Ok(place.sample()?.data(sample.injection, &regions, region)?.with_mass())
            };
            // Named by what it learns from, not by its place in the ensemble.
            let rows = match scope {
                Scope::SideBands => events(Region::SideBand)?,
                Scope::Everything => everything(place, sample)?,
            };
            let stream = place.stream().branch(match (scope, path) {
                (Scope::SideBands, NoisePath::Diffusion) => "denoiser",
                (Scope::SideBands, NoisePath::Straight) => "flow matching",
                (Scope::Everything, NoisePath::Diffusion) => "data denoiser",
                (Scope::Everything, NoisePath::Straight) => "flow matching of all data",
            });
            Ok(TrainingEvents { rows, stream: stream.branch(sample) })
        });
        let members = members.collect::<Result<Vec<_>, Error>>()?;
        let training =
            train_denoisers(shape(place, *path), &place.job.denoiser, &members, place.device, checkpointer)?;
        let denoiser = &training.denoiser;
        weights::write(place, id, denoiser.parameters(), |writer| {
            weights::write_columns(writer, denoiser.maps())
        })?;
        Ok(TaskResult::Train(records((*scope, *path), samples, training)))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

/// All data between the outer edges of some side-bands, with their masses. The job's own signal region may lie elsewhere, as in a search
/// with windows of its own: its events are none of these.
pub fn everything(place: &Workplace, sample: &TrainingSample) -> Result<Array2<f32>, Error> {
    let regions = place.job.regions_of(sample);
    let events = |region| -> Result<Array2<f32>, Error> {
        let events = place.sample()?.data(sample.injection, &regions, region)?;
        let inside = (0..events.len()).filter(|event| regions.outer.contains(events.masses[*event]));
        Ok(events.only(&inside.collect::<Vec<_>>()).with_mass())
    };
    let both = [events(Region::SideBand)?, events(Region::Signal)?];
    Ok(concatenate(Axis(0), &[both[0].view(), both[1].view()]).expect("regions have the same columns"))
}

/// The record of each member of a training.
pub fn records<D>(
    (scope, path): (Scope, NoisePath),
    samples: &[TrainingSample],
    trained: TrainedDenoisers<D>,
) -> Vec<DenoiserTraining> {
    let of_member = |((sample, member), by_noise): ((&TrainingSample, TrainedMember), _)| DenoiserTraining {
        scope,
        path,
        sample: *sample,
        n_training: member.n_training,
        n_validation: member.n_validation,
        steps: member.rate.total,
        warmup_steps: member.rate.warmup,
        losses: member.history.losses,
        by_noise,
        diverged: member.history.diverged,
    };
    samples.iter().zip(trained.members).zip(trained.by_noise).map(of_member).collect()
}

fn shape(place: &Workplace, path: NoisePath) -> DenoiserShape {
    DenoiserShape::new(place.job.data.generated().len(), &place.job.denoiser, &place.job.sampler).on(path)
}

/// The model of a finished training, whose events take this path to noise.
pub fn read(place: &Workplace, model: &(TaskId, usize), path: NoisePath) -> Result<Denoiser, Error> {
    let (parameters, reader) = weights::read(place, model)?;
    Ok(Denoiser::new(shape(place, path), parameters, vec![weights::read_columns(&reader, model.1)?]))
}
