//! The training of flows, and flows at work.

use drapes_analysis::generated::{FlowKind, TrainingSample};
use drapes_analysis::plan::TaskId;
use drapes_analysis::record::{FlowTraining, TaskResult};
use drapes_analysis::regions::Region;
use ndarray::{Array2, Axis, concatenate};
use tch::Tensor;

use super::{Workplace, weights};
use crate::error::Error;
use crate::flow::{Flow, FlowEvents, FlowModel, FlowShape, Objective, train as train_flows};
use crate::marginals::ColumnMaps;
use crate::watch::Watch;

pub fn train(
    place: &Workplace,
    id: &TaskId,
    flow: FlowKind,
    (samples, judges): (&[TrainingSample], &[(TaskId, usize)]),
    watch: &dyn Watch,
) -> Result<Vec<FlowTraining>, Error> {
    let judging = judges.iter().map(|judge| finished(place, judge)).collect::<Result<Vec<_>, Error>>()?;
    let settings = &place.job.flow;
    let stream = place.stream().branch("flow").branch(flow.word());
    let members = samples.iter().enumerate().map(|(member, sample)| {
        let rows = events(place, flow, sample)?;
        // Events are judged where the finished density has learnt them: in its own maps.
        let maps = match judging.get(member) {
            Some((_, maps)) => maps.clone(),
            None => ColumnMaps::of(rows.view(), settings.marginals),
        };
        Ok(FlowEvents { rows, maps, stream: stream.branch(sample) })
    });
    let members = members.collect::<Result<Vec<_>, Error>>()?;
    let objective = match flow.judge() {
        None => Objective::Density,
        Some(judge) => {
            let parameters: Vec<&Tensor> = judging.iter().map(|(parameters, _)| parameters).collect();
            let judge = Flow::over(shape(place, judge), &Tensor::cat(&parameters, 0));
            if flow == FlowKind::Feta { Objective::Correction(judge) } else { Objective::Transport(judge) }
        }
    };
    let network = settings.network(flow);
    let trained =
        train_flows(shape(place, flow), (settings, &network), &objective, &members, place.device, watch)?;
    let maps: Vec<ColumnMaps> = members.into_iter().map(|member| member.maps).collect();
    weights::write(place, id, &trained.parameters, &maps)?;
    let courses = samples.iter().zip(trained.courses).map(|(sample, course)| FlowTraining {
        flow,
        sample: *sample,
        n_training: course.n_training,
        n_validation: course.n_validation,
        in_tails: course.in_tails,
        steps: course.rate.total,
        losses: course.losses,
        diverged: course.diverged,
    });
    Ok(courses.collect())
}

/// The events that a flow learns from, with their masses.
fn events(place: &Workplace, flow: FlowKind, sample: &TrainingSample) -> Result<Array2<f32>, Error> {
    let regions = place.job.regions_of(sample);
    let data = |region| -> Result<Array2<f32>, Error> {
        Ok(place.sample()?.data(sample.n_signal, &regions, region)?.with_mass())
    };
    match flow {
        FlowKind::Base | FlowKind::Curtains | FlowKind::CurtainsEfficient => data(Region::SideBand),
        FlowKind::BaseOfAll => {
            let both = [data(Region::SideBand)?, data(Region::Signal)?];
            Ok(concatenate(Axis(0), &[both[0].view(), both[1].view()])
                .expect("regions have the same columns"))
        }
        FlowKind::Feta => Ok(place.sample()?.other_in(&regions, Region::SideBand)?.with_mass()),
    }
}

fn shape(place: &Workplace, flow: FlowKind) -> FlowShape {
    let settings = &place.job.flow;
    FlowShape::new(place.job.data.features.len(), &settings.network(flow), settings.bins, settings.tail)
}

/// Weights and maps of a flow whose training ended well.
fn finished(place: &Workplace, model: &(TaskId, usize)) -> Result<(Tensor, ColumnMaps), Error> {
    let (id, member) = model;
    if let TaskResult::TrainFlow(flows) = place.store.result(id)?
        && let Some(epoch) = flows.get(*member).and_then(|flow| flow.diverged)
    {
        return Err(Error::Diverged { epoch, what: format!("the loss of member {member} of {id}") });
    }
    weights::read(place, model)
}

/// The flow of a finished training.
pub fn read(place: &Workplace, flow: FlowKind, model: &(TaskId, usize)) -> Result<FlowModel, Error> {
    let (parameters, maps) = finished(place, model)?;
    Ok(FlowModel { shape: shape(place, flow), parameters, maps })
}
