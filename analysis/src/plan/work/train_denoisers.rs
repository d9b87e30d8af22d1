//! The training of denoisers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::{ModelName, Planning, distinct, over_sampled, templates};
use super::{DenoiserTraining, Network, Recorded, Settings, TaskKind, Trained, Work};
use crate::job::{Chip, Inputs, Job, NoisePath, ScanPoint, Scope, TemplateSpec, TrainingSample};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{self, ROWS, SINGLE, STEPS_A_BLOCK, TRAINED};
use crate::plan::cost::{EventCounts, TRAINING, at_rate, denoiser_weights, looks, product, stored_networks};
use crate::plan::{PaceKind, Plan, Rates, Task};

/// The training of denoisers, together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainDenoisers {
    /// Which events they learn from.
    pub scope: Scope,
    /// The path that events take to noise. Absent where it is that of the paper.
    #[serde(default, skip_serializing_if = "NoisePath::is_diffusion")]
    pub path: NoisePath,
    /// The data of each member.
    pub samples: Vec<TrainingSample>,
}

impl TrainDenoisers {
    /// What a model of this scope and path is called.
    pub fn model_name((scope, path): (Scope, NoisePath)) -> ModelName {
        let one = match (scope, path) {
            (Scope::SideBands, NoisePath::Diffusion) => "denoiser",
            (Scope::SideBands, NoisePath::Straight) => "flow-matching",
            (Scope::Everything, NoisePath::Straight) => "flow-matching-of-all",
            (Scope::Everything, NoisePath::Diffusion) => "gensr",
        };
        ModelName { one: one.to_owned(), several: format!("{one}s") }
    }

    /// The sort of the denoiser that makes a template, and the data that it learns from. One that learns all data serves every signal
    /// region, and every window of a search, whose side-bands may differ.
    pub fn of_template(template: &TemplateSpec, job: &Job) -> ((Scope, NoisePath), TrainingSample) {
        let (sort, sample) = ((template.method.scope(), template.method.path()), template.sample);
        if sort.0 == Scope::SideBands {
            return (sort, sample);
        }
        let windows = || {
            let all = job.points.iter().filter(|point| point.is_window()).filter_map(ScanPoint::template);
            all.filter(|window| window.method == template.method).map(|window| window.sample)
        };
        let side_bands = if windows().any(|window| window == sample) {
            windows().fold(sample.side_bands, |hull, window| hull.and(window.side_bands))
        } else {
            sample.side_bands
        };
        (sort, TrainingSample { signal_region: None, left_out: None, side_bands, ..sample })
    }

    /// The denoisers that points of a job need: those of templates, and of all data where these are over-sampled.
    fn wanted(points: &[ScanPoint], job: &Job) -> Vec<((Scope, NoisePath), TrainingSample)> {
        let templates = templates(points).into_iter().map(|wanted| wanted.what);
        let diffused = templates.filter(|what| what.inputs == Inputs::Hlv && what.method.flow().is_none());
        let of_templates = diffused.map(|what| Self::of_template(&what, job));
        let of_everything = over_sampled(points)
            .into_iter()
            .map(|data| ((Scope::Everything, NoisePath::Diffusion), data.what));
        of_templates.chain(of_everything).collect()
    }

    /// Events that each member learns from.
    fn events_each(&self, counts: EventCounts) -> usize {
        match self.scope {
            Scope::SideBands => counts.side_band,
            Scope::Everything => counts.side_band.saturating_add(counts.signal_region),
        }
    }
}

impl TaskKind for TrainDenoisers {
    fn plan(planning: &mut Planning<'_>) {
        let together = planning.job().compute.denoisers_per_task;
        let job = planning.job();
        let wanted = |points: &[ScanPoint]| Self::wanted(points, job);
        planning.train(wanted, together, Self::model_name, |_, (scope, path), samples| {
            Work::Train(Self { scope, path, samples })
        });
    }

    fn notes(plan: &Plan) -> Vec<String> {
        let serves_one = |samples: &[TrainingSample], task: &Task| {
            let made = plan.tasks.iter().filter_map(|other| match &other.work {
                Work::Template(made) if made.model.0 == task.id => Some(made),
                _ => None,
            });
            let served = |member: usize| {
                let made = made.clone().filter(|made| made.model.1 == member);
                distinct(made.map(|made| made.template.sample.signal_region), |region| format!("{region:?}"))
                    .len()
            };
            (0..samples.len()).filter(|member| served(*member) == 1).count()
        };
        let alone = plan.tasks.iter().map(|task| match &task.work {
            Work::Train(Self { scope: Scope::Everything, samples, .. }) => serves_one(samples, task),
            _ => 0,
        });
        match alone.sum::<usize>() {
            0 => vec![],
            count => vec![format!(
                "noise_efficient and flow_matching_efficient share a network between signal regions, but {count} of these networks \
                 serve one: there they save no training; name more in signal_region_gev, or more windows"
            )],
        }
    }

    fn pace(&self) -> PaceKind {
        PaceKind::Denoiser
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([of.split, of.job.denoiser, of.noise, of.job.compute.threads])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let (members, events) = (self.samples.len(), self.events_each(counts));
        let steps = TRAINING * product([job.denoiser.epochs, events]);
        let each = steps + looks::of_denoiser(events, job.denoiser.validation_fraction);
        at_rate(denoiser_weights(job) * each * members as f64, rates.denoiser(members))
    }

    fn bytes(&self, job: &Job, _counts: EventCounts) -> f64 {
        stored_networks(self.samples.len(), denoiser_weights(job))
    }

    fn memory(&self, job: &Job, counts: EventCounts, chip: Chip) -> f64 {
        let (denoiser, columns) = (&job.denoiser, memory::columns(job));
        let waves = denoiser.mass_features as f64;
        let nodes =
            product([denoiser.hidden_layers, denoiser.width]) + denoiser.noise_features as f64 + waves;
        // A GPU has the inputs, targets and weights of all steps of a block at once, and what they are made of beside them.
        let prepared = if chip == Chip::Gpu { 4.0 * (nodes_of_inputs(job) + 3.0 * columns) } else { 0.0 };
        let values = denoiser.batch as f64 * (nodes + STEPS_A_BLOCK * (columns + prepared));
        let rows = (ROWS * columns + waves) * self.events_each(counts) as f64;
        self.samples.len() as f64 * SINGLE * (TRAINED * denoiser_weights(job) + values + rows)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        keys::denoiser(job, self.samples.len(), cost)
    }

    fn trained(&self, job: &Job) -> Option<Trained> {
        Some(Trained { count: self.samples.len(), what: "denoiser", epochs: job.denoiser.epochs })
    }
}

impl Recorded for TrainDenoisers {
    type Result = Vec<DenoiserTraining>;

    fn networks(trainings: &Vec<DenoiserTraining>) -> Vec<Network> {
        DenoiserTraining::networks(trainings)
    }

    fn remarks(trainings: &Vec<DenoiserTraining>, job: &Job) -> Vec<String> {
        DenoiserTraining::short_warmups(trainings, job.denoiser.warmup_steps)
    }
}

/// What the network of a denoiser sees of an event.
fn nodes_of_inputs(job: &Job) -> f64 {
    memory::columns(job) + (job.denoiser.noise_features + job.denoiser.mass_features) as f64
}
