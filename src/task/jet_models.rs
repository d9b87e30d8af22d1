//! Tasks that train the models of jets: of the two jets' kinematics, and of their constituents.

use drapes_analysis::job::regions::Region;
use drapes_analysis::job::template_spec::{NoisePath, Scope, TrainingSample};
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::work::{TrainJets, TrainKinematics};
use drapes_analysis::store::record::TaskResult;

use super::{Perform, Trial, Workplace, train, weights};
use crate::error::Error;
use crate::models::diffusion::{Denoiser, DenoiserShape, TrainingEvents, train as train_denoisers};
use crate::models::jet_model::{JetDenoiser, JetModelEvents, JetModelShape, train as train_jet_models};
use crate::sample::jets::{EventJets, KINEMATIC_FEATURES, KinematicMap};
use crate::training::Checkpointer;

/// A model of the jets' kinematics, and how it sees them.
pub struct KinematicModel {
    pub denoiser: Denoiser,
    pub map: KinematicMap,
}

impl Perform for TrainKinematics {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let (mut maps, mut members) = (vec![], vec![]);
        for sample in &self.samples {
            let events = side_bands(place, sample)?;
            let events = EventJets::only(place.sample()?.jets(), &events);
            let stream = place.stream().branch("kinematics").branch(sample);
            let map = KinematicMap::of(events);
            let rows = map.rows(events, &mut stream.branch("spread").generator());
            maps.push(map);
            members.push(TrainingEvents { rows, stream });
        }
        let training =
            train_denoisers(shape(place), &place.job.denoiser, &members, place.device, checkpointer)?;
        let denoiser = &training.denoiser;
        weights::write(place, id, denoiser.parameters(), |writer| {
            weights::write_columns(writer, denoiser.maps())?;
            weights::write_maps(writer, &maps)
        })?;
        Ok(TaskResult::TrainKinematics(train::records(
            (Scope::SideBands, NoisePath::Diffusion),
            &self.samples,
            training,
        )))
    }
}

impl Perform for TrainJets {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let samples = &self.samples;
        let chosen = samples.iter().map(|sample| side_bands(place, sample)).collect::<Result<Vec<_>, _>>()?;
        let jets = place.sample()?.jets();
        let stream = place.stream().branch("jets");
        let members = samples.iter().zip(&chosen).map(|(sample, events)| JetModelEvents {
            events: EventJets::only(jets, events),
            stream: stream.branch(sample),
        });
        let members: Vec<JetModelEvents<'_>> = members.collect();
        let settings = &place.job.jet_model;
        let training = train_jet_models(jet_shape(place), settings, &members, place.device, checkpointer)?;
        let denoiser = &training.denoiser;
        weights::write(place, id, denoiser.parameters(), |writer| {
            weights::write_maps(writer, denoiser.maps())
        })?;
        Ok(TaskResult::TrainJets(train::records((Scope::SideBands, NoisePath::Diffusion), samples, training)))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

fn side_bands(place: &Workplace, sample: &TrainingSample) -> Result<Vec<u32>, Error> {
    let all = place.sample()?;
    let events = all.chosen(sample.injection, &place.job.regions_of(sample), Region::SideBand)?;
    Ok(all.with_jets(events))
}

fn shape(place: &Workplace) -> DenoiserShape {
    DenoiserShape::new(KINEMATIC_FEATURES, &place.job.denoiser, &place.job.sampler)
}

fn jet_shape(place: &Workplace) -> JetModelShape {
    JetModelShape::new(&place.job.jet_model, &place.job.sampler)
}

/// The kinematic model of a finished training.
pub fn read_kinematics(place: &Workplace, model: &(TaskId, usize)) -> Result<KinematicModel, Error> {
    let (parameters, reader) = weights::read(place, model)?;
    let maps = weights::read_columns(&reader, model.1)?;
    Ok(KinematicModel {
        denoiser: Denoiser::new(shape(place), parameters, vec![maps]),
        map: weights::read_maps(&reader, model.1)?,
    })
}

/// The jet model of a finished training.
pub fn read_jets(place: &Workplace, model: &(TaskId, usize)) -> Result<JetDenoiser, Error> {
    let (parameters, reader) = weights::read(place, model)?;
    let maps = weights::read_maps(&reader, model.1)?;
    Ok(JetDenoiser::new(jet_shape(place), parameters, vec![maps], place.job.jet_model.precision))
}
