//! The trainings of flows.

use std::collections::HashMap;

use super::trainings::window;
use super::work::TrainFlows;
use super::{Task, TaskId, TemplateRequest, Work, distinct, grouped, groups};
use crate::job::{FlowKind, TrainingSample};

/// The trainings of flows, densities first, and where each flow is trained.
#[derive(Default)]
pub struct Flows {
    pub tasks: Vec<Task>,
    pub places: HashMap<(FlowKind, String), (TaskId, usize)>,
}

impl Flows {
    /// The flows that templates need, densities first, each once.
    pub fn wanted(templates: &[TemplateRequest]) -> Vec<(FlowKind, TrainingSample)> {
        let makers =
            || templates.iter().filter_map(|order| Some((order.what.method.flow()?, order.what.sample)));
        let base_densities = makers().filter_map(|(flow, sample)| {
            let base = flow.base_density()?;
            Some((base, base.learns(sample)))
        });
        let mut wanted =
            distinct(base_densities.chain(makers()), |(flow, sample)| (*flow, sample.to_string()));
        // A density of CATHODE may come after a flow that another density judges.
        wanted.sort_by_key(|(flow, _)| flow.base_density().is_some());
        wanted
    }

    /// Cuts the trainings of flows into tasks; `eras` are those that each generation of points needs.
    pub fn of(
        wanted: &[(FlowKind, TrainingSample)],
        eras: &[Vec<(FlowKind, TrainingSample)>],
        per_task: usize,
    ) -> Self {
        let mut flows = Self::default();
        let key = |(flow, sample): &(FlowKind, TrainingSample)| (*flow, sample.to_string());
        for together in grouped(wanted.iter().copied(), |(flow, sample)| (*flow, window(sample))) {
            let flow = together[0].0;
            for (chunk, group) in groups(&together, eras, per_task, key) {
                let samples: Vec<TrainingSample> = group.iter().map(|(_, sample)| *sample).collect();
                flows.push(flow, &samples, chunk, per_task);
            }
        }
        flows
    }

    fn push(&mut self, flow: FlowKind, samples: &[TrainingSample], chunk: usize, per_task: usize) {
        let word = flow.word();
        let id = match samples {
            [sample] if per_task == 1 => format!("train/flow-{word}-{sample}"),
            _ => format!("train/flows-{word}-{}-c{chunk:02}", window(&samples[0])),
        };
        let id = TaskId(id);
        let base = |sample: &TrainingSample| {
            let base = flow.base_density()?;
            Some(self.places[&(base, base.learns(*sample).to_string())].clone())
        };
        let base_densities: Vec<(TaskId, usize)> = samples.iter().filter_map(base).collect();
        for (member, sample) in samples.iter().enumerate() {
            self.places.insert((flow, sample.to_string()), (id.clone(), member));
        }
        let work = Work::TrainFlow(TrainFlows { flow, samples: samples.to_vec(), base_densities });
        self.tasks.push(Task::new(id, work));
    }
}
