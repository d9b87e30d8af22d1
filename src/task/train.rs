//! The training of denoisers.

use drapes_analysis::generated::{Scope, TrainingSample};
use drapes_analysis::plan::TaskId;
use drapes_analysis::record::DenoiserTraining;
use drapes_analysis::regions::Region;
use ndarray::{Array2, Axis, concatenate};

use super::{Workplace, weights};
use crate::checkpoint::Keeper;
use crate::diffusion::{Course, Denoiser, DenoiserShape, TrainingEvents, train as train_denoisers};
use crate::error::Error;

pub fn train(
    place: &Workplace,
    id: &TaskId,
    scope: Scope,
    samples: &[TrainingSample],
    keeper: &Keeper<'_>,
) -> Result<Vec<DenoiserTraining>, Error> {
    let members = samples.iter().map(|sample| {
        let regions = place.job.regions_of(sample);
        let events = |region| -> Result<Array2<f32>, Error> {
            Ok(place.sample()?.data(sample.n_signal, &regions, region)?.with_mass())
        };
        // Named by what it learns from, not by its place in the ensemble.
        let (rows, stream) = match scope {
            Scope::SideBands => (events(Region::SideBand)?, place.stream().branch("denoiser")),
            Scope::Everything => {
                let both = [events(Region::SideBand)?, events(Region::Signal)?];
                let rows = concatenate(Axis(0), &[both[0].view(), both[1].view()]);
                (rows.expect("regions have the same columns"), place.stream().branch("data denoiser"))
            }
        };
        Ok(TrainingEvents { rows, stream: stream.branch(sample) })
    });
    let members = members.collect::<Result<Vec<_>, Error>>()?;
    let training = train_denoisers(shape(place), &place.job.denoiser, &members, place.device, keeper)?;
    let denoiser = &training.denoiser;
    weights::write(place, id, denoiser.parameters(), |writer| {
        weights::write_columns(writer, denoiser.maps())
    })?;
    Ok(courses(scope, samples, training.courses))
}

/// What the records of a training tell.
pub fn courses(scope: Scope, samples: &[TrainingSample], courses: Vec<Course>) -> Vec<DenoiserTraining> {
    let of_member = |(sample, course): (&TrainingSample, Course)| DenoiserTraining {
        scope,
        sample: *sample,
        n_training: course.n_training,
        n_validation: course.n_validation,
        steps: course.rate.total,
        warmup_steps: course.rate.warmup,
        losses: course.history.losses,
        by_noise: course.by_noise,
        diverged: course.history.diverged,
    };
    samples.iter().zip(courses).map(of_member).collect()
}

fn shape(place: &Workplace) -> DenoiserShape {
    DenoiserShape::new(place.job.data.features.len(), &place.job.denoiser, &place.job.sampler)
}

/// The model of a finished training.
pub fn read(place: &Workplace, model: &(TaskId, usize)) -> Result<Denoiser, Error> {
    let (parameters, reader) = weights::read(place, model)?;
    Ok(Denoiser::new(shape(place), parameters, vec![weights::read_columns(&reader, model.1)?]))
}
