//! A task of kind *train flow*: the flows of CURTAINsF4F, CATHODE and FETA; and how trained ones are read.

use drapes_analysis::job::regions::Region;
use drapes_analysis::job::template_spec::{FlowKind, TrainingSample};
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::work::TrainFlows;
use drapes_analysis::store::record::{FlowTraining, TaskResult};
use ndarray::Array2;
use tch::Tensor;

use super::{Perform, Trial, Workplace, train, weights};
use crate::error::Error;
use crate::models::flow::{
    Flow, FlowEvents, FlowModel, FlowShape, Objective, TrainedFlows, train as train_flows,
};
use crate::sample::marginals::ColumnMaps;
use crate::training::Checkpointer;

impl Perform for TrainFlows {
    fn perform(
        &self,
        place: &Workplace,
        id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let Self { flow, samples, base_densities } = self;
        let (flow, settings) = (*flow, &place.job.flow);
        let based_on =
            base_densities.iter().map(|base| finished(place, base)).collect::<Result<Vec<_>, Error>>()?;
        // A member whose base density has diverged cannot learn; the others do not suffer from it.
        let lost = |member: usize| match based_on.get(member) {
            Some(Finished::Diverged(epoch)) => Some(*epoch),
            _ => None,
        };
        if let Some(epoch) =
            (0..samples.len()).map(lost).collect::<Option<Vec<_>>>().and_then(|all| all.first().copied())
        {
            return Err(Error::Diverged { epoch, what: format!("the density that judges {id}") });
        }
        let (members, base_weights) = members(place, flow, samples, &based_on)?;
        let objective = match flow.base_density() {
            None => Objective::Density,
            Some(base) => {
                let base = Flow::over(shape(place, base), &Tensor::cat(&base_weights, 0));
                if flow == FlowKind::Feta { Objective::Correction(base) } else { Objective::Transport(base) }
            }
        };
        let network = settings.network(flow);
        let trained = train_flows(
            shape(place, flow),
            (settings, &network),
            &objective,
            &members,
            place.device,
            checkpointer,
        )?;
        let (parameters, maps, histories) = gathered(flow, samples, lost, members, trained);
        weights::write(place, id, &parameters, |writer| weights::write_columns(writer, &maps))?;
        Ok(TaskResult::TrainFlow(histories))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

/// What those members learn from whose base density has not diverged, and the weights of these densities.
fn members(
    place: &Workplace,
    flow: FlowKind,
    samples: &[TrainingSample],
    based_on: &[Finished],
) -> Result<(Vec<FlowEvents>, Vec<Tensor>), Error> {
    let stream = place.stream().branch("flow").branch(flow.word());
    let (mut members, mut base_weights) = (vec![], vec![]);
    for (member, sample) in samples.iter().enumerate() {
        let rows = events(place, flow, sample)?;
        // The base density gives likelihoods of events as it has learnt them: in its own maps.
        let maps = match based_on.get(member) {
            Some(Finished::Well(parameters, maps)) => {
                base_weights.push(parameters.shallow_clone());
                maps.clone()
            }
            Some(Finished::Diverged(_)) => continue,
            None => ColumnMaps::of(rows.view(), place.job.flow.marginals),
        };
        // A flow keeps the same events aside as its base density, which has not learnt them either.
        let split = place.stream().branch("flow").branch("kept aside").branch(sample);
        members.push(FlowEvents { rows, maps, stream: stream.branch(sample), split });
    }
    Ok((members, base_weights))
}

/// Parameters, maps and history of the flow of each sample, with an empty place for those that had nothing to learn from.
fn gathered(
    flow: FlowKind,
    samples: &[TrainingSample],
    lost: impl Fn(usize) -> Option<f64>,
    members: Vec<FlowEvents>,
    trained: TrainedFlows,
) -> (Tensor, Vec<ColumnMaps>, Vec<FlowTraining>) {
    let mut trained_members = (0_i64..).zip(members).zip(trained.members.into_iter().zip(trained.in_tails));
    let (mut parameters, mut maps, mut histories) = (vec![], vec![], vec![]);
    for (member, sample) in samples.iter().enumerate() {
        if let Some(epoch) = lost(member) {
            // Its place stays, so that those behind it keep theirs.
            parameters.push(trained.parameters.narrow(0, 0, 1).zeros_like());
            maps.push(ColumnMaps::from_columns(vec![]));
            histories.push(FlowTraining { diverged: Some(epoch), ..untrained(flow, *sample) });
            continue;
        }
        let ((index, events), (member, in_tails)) =
            trained_members.next().expect("an end for each member that learnt");
        parameters.push(trained.parameters.narrow(0, index, 1));
        maps.push(events.maps);
        histories.push(FlowTraining {
            n_training: member.n_training,
            n_validation: member.n_validation,
            in_tails,
            steps: member.rate.total,
            losses: member.history.losses,
            diverged: member.history.diverged,
            ..untrained(flow, *sample)
        });
    }
    (Tensor::cat(&parameters, 0), maps, histories)
}

fn untrained(flow: FlowKind, sample: TrainingSample) -> FlowTraining {
    let losses = vec![];
    FlowTraining {
        flow,
        sample,
        n_training: 0,
        n_validation: 0,
        in_tails: 0.0,
        steps: 0,
        losses,
        diverged: None,
    }
}

/// The events that a flow learns from, with their masses.
fn events(place: &Workplace, flow: FlowKind, sample: &TrainingSample) -> Result<Array2<f32>, Error> {
    let regions = place.job.regions_of(sample);
    let data = |region| -> Result<Array2<f32>, Error> {
        Ok(place.sample()?.data(sample.injection, &regions, region)?.with_mass())
    };
    match flow {
        FlowKind::Base | FlowKind::Curtains | FlowKind::CurtainsEfficient => data(Region::SideBand),
        FlowKind::BaseOfAll => train::everything(place, sample),
        FlowKind::Feta => Ok(place.sample()?.other_in(&regions, Region::SideBand)?.with_mass()),
    }
}

fn shape(place: &Workplace, flow: FlowKind) -> FlowShape {
    let settings = &place.job.flow;
    FlowShape::new(place.job.data.generated().len(), &settings.network(flow), settings.bins, settings.tail)
}

/// How the training of a flow ended.
enum Finished {
    /// With weights and maps.
    Well(Tensor, ColumnMaps),
    /// At this epoch, beyond the finite numbers.
    Diverged(f64),
}

fn finished(place: &Workplace, model: &(TaskId, usize)) -> Result<Finished, Error> {
    if let Some(epoch) = weights::diverged(place, model)? {
        return Ok(Finished::Diverged(epoch));
    }
    let (parameters, reader) = weights::read(place, model)?;
    Ok(Finished::Well(parameters, weights::read_columns(&reader, model.1)?))
}

/// The flow of a finished training.
pub fn read(place: &Workplace, flow: FlowKind, model: &(TaskId, usize)) -> Result<FlowModel, Error> {
    let (parameters, reader) = weights::read(place, model)?;
    Ok(FlowModel { shape: shape(place, flow), parameters, maps: weights::read_columns(&reader, model.1)? })
}
