//! The trainings of flows.

use std::collections::HashMap;

use super::trainings::window;
use super::{Order, Task, TaskId, Work, distinct, grouped};
use crate::generated::{FlowKind, TrainingSample};

/// The trainings of flows, densities first, and where each flow is trained.
#[derive(Default)]
pub struct Flows {
    pub tasks: Vec<Task>,
    pub places: HashMap<(FlowKind, String), (TaskId, usize)>,
}

impl Flows {
    pub fn of(templates: &[Order], per_task: usize) -> Self {
        let makers =
            || templates.iter().filter_map(|order| Some((order.what.method.flow()?, order.what.sample)));
        let judges = makers().filter_map(|(flow, sample)| {
            let judge = flow.judge()?;
            Some((judge, judge.learns(sample)))
        });
        let mut wanted = distinct(judges.chain(makers()), |(flow, sample)| (*flow, sample.to_string()));
        // A density of CATHODE may come after a flow that another density judges.
        wanted.sort_by_key(|(flow, _)| flow.judge().is_some());
        let mut flows = Self::default();
        for together in grouped(wanted.into_iter(), |(flow, sample)| (*flow, window(sample))) {
            let flow = together[0].0;
            let members: Vec<TrainingSample> = together.into_iter().map(|(_, sample)| sample).collect();
            for (chunk, samples) in members.chunks(per_task).enumerate() {
                flows.push(flow, samples, chunk, per_task);
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
        let judge = |sample: &TrainingSample| {
            let judge = flow.judge()?;
            Some(self.places[&(judge, judge.learns(*sample).to_string())].clone())
        };
        let judges: Vec<(TaskId, usize)> = samples.iter().filter_map(judge).collect();
        for (member, sample) in samples.iter().enumerate() {
            self.places.insert((flow, sample.to_string()), (id.clone(), member));
        }
        let needs = distinct(judges.iter().map(|(judge, _)| judge.clone()), TaskId::clone);
        let work = Work::TrainFlow { flow, samples: samples.to_vec(), judges };
        self.tasks.push(Task { id, work, needs });
    }
}
