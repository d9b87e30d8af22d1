//! The training of denoisers, and their weights on disk.

use drapes_analysis::generated::{Scope, TrainingSample};
use drapes_analysis::plan::TaskId;
use drapes_analysis::record::DenoiserTraining;
use drapes_analysis::regions::Region;
use ndarray::{Array2, Axis, concatenate};
use tch::{Device, Kind, Tensor};

use super::Workplace;
use crate::arrays::{ArrayReader, ArrayWriter};
use crate::diffusion::{Denoiser, DenoiserShape, TrainingEvents, train as train_denoisers};
use crate::error::Error;
use crate::marginals::{ColumnMap, ColumnMaps};
use crate::watch::Watch;

pub fn train(
    place: &Workplace,
    id: &TaskId,
    scope: Scope,
    samples: &[TrainingSample],
    watch: &dyn Watch,
) -> Result<Vec<DenoiserTraining>, Error> {
    let members = samples.iter().map(|sample| {
        let regions = place.job.regions_with(sample.side_bands);
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
    let training = train_denoisers(shape(place), &place.job.denoiser, &members, place.device, watch)?;
    write(place, id, &training.denoiser)?;
    let courses = samples.iter().zip(training.courses).map(|(sample, course)| DenoiserTraining {
        scope,
        sample: *sample,
        n_training: course.n_training,
        n_validation: course.n_validation,
        steps: course.rate.total,
        warmup_steps: course.rate.warmup,
        losses: course.losses,
        by_noise: course.by_noise,
    });
    Ok(courses.collect())
}

fn shape(place: &Workplace) -> DenoiserShape {
    DenoiserShape::new(place.job.data.features.len(), &place.job.denoiser, &place.job.sampler)
}

fn write(place: &Workplace, id: &TaskId, denoiser: &Denoiser) -> Result<(), Error> {
    let weights = denoiser.parameters().to_device(Device::Cpu);
    let (members, len) = (weights.size()[0] as usize, weights.size()[1] as usize);
    let values = Vec::<f32>::try_from(&weights.flatten(0, -1)).unwrap_or_default();
    let weights = Array2::from_shape_vec((members, len), values).expect("weights of every member");
    let writer = ArrayWriter::create(&place.store.arrays(id))?;
    writer.table("weights", weights.view())?;
    for (member, maps) in denoiser.maps().iter().enumerate() {
        for (column, map) in maps.columns().iter().enumerate() {
            let knots = Array2::from_shape_fn((map.own.len(), 2), |(knot, side)| {
                if side == 0 { map.own[knot] } else { map.mapped[knot] }
            });
            writer.table(&knots_name(member, column), knots.view())?;
        }
    }
    writer.finish()
}

/// The table of a column's map: knots in its own unit, and where they go.
fn knots_name(member: usize, column: usize) -> String {
    format!("knots_{member}_{column}")
}

/// The model of a finished training.
pub fn read(place: &Workplace, (id, member): &(TaskId, usize)) -> Result<Denoiser, Error> {
    let reader = ArrayReader::open(&place.store.arrays(id))?;
    let weights: Array2<f32> = reader.table("weights")?;
    let map = |column: usize| {
        let knots: Array2<f64> = reader.table(&knots_name(*member, column))?;
        Ok(ColumnMap { own: knots.column(0).to_vec(), mapped: knots.column(1).to_vec() })
    };
    let columns = (0..=place.job.data.features.len()).map(map).collect::<Result<Vec<_>, Error>>()?;
    let values = weights.index_axis(Axis(0), *member).to_vec();
    let parameters = Tensor::from_slice(&values).to_kind(Kind::Float).unsqueeze(0).to_device(place.device);
    Ok(Denoiser::new(shape(place), parameters, vec![ColumnMaps::from_columns(columns)]))
}
