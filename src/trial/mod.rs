//! How fast this machine is at the work of a job: a moment of each kind, on events that nobody has seen.
//!
//! A run whose machine is not known does a quarter of a second of each kind of work that matters before it says how long it
//! will take. What is computed is thrown away: it draws from no stream of the job and writes no file.

mod classifiers;
mod clock;
mod jets;
mod models;

use std::panic::{AssertUnwindSafe, catch_unwind};

use drapes_analysis::dispatch::Known;
use drapes_analysis::job::Job;
use drapes_analysis::job::point::ClassifierKind;
use drapes_analysis::machine::{Seen, Shown};
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::plan::work::{Classify, MakeTemplate, TrainDenoisers, TrainFlows, TrainJets};
use drapes_analysis::plan::{PaceKind, Plan, Task, Work};
use tch::Device;

/// A kind of work that makes up less than this of a scan is not worth a trial.
const LEAST_SHARE: f64 = 0.03;
/// A scan that ends within so many seconds of work needs no better estimate.
const SHORT: f64 = 15.0;

/// Tasks to try: the largest of each kind that matters to what is left and is not known.
pub fn worth_trying(plan: &Plan, seconds: &[f64], known: &[Known], ranks: usize, shown: &Shown) -> Vec<Task> {
    let open = || {
        plan.tasks.iter().zip(seconds).zip(known).filter(|(_, known)| **known == Known::Open).map(|(t, _)| t)
    };
    let total: f64 = open().map(|(_, seconds)| seconds).sum();
    if total < SHORT * ranks as f64 {
        return vec![];
    }
    let of = |kind: PaceKind| open().filter(move |(task, _)| task.work.pace() == kind);
    let matters = |kind: &PaceKind| of(*kind).map(|(_, seconds)| seconds).sum::<f64>() >= LEAST_SHARE * total;
    let untried = PaceKind::ALL.into_iter().filter(|kind| !shown.knows(*kind)).filter(matters);
    let largest = untried.filter_map(|kind| of(kind).max_by(|one, other| one.1.total_cmp(other.1)));
    largest.map(|(task, _)| task).filter(|task| can_be_tried(&task.work)).cloned().collect()
}

/// Fits take no time, and the model of the kinematics is a denoiser, whose kind is tried.
fn can_be_tried(work: &Work) -> bool {
    !matches!(work, Work::Fit(_) | Work::TrainKinematics(_))
}

/// Does a moment of each of these tasks; what it took against the price at these rates. A trial that fails tells nothing: if
/// the work itself cannot be done here, its task says so.
pub fn of(job: &Job, tasks: &[Task], device: Device, rates: &Rates) -> Shown {
    let mut shown = Shown::default();
    for task in tasks {
        let seen = catch_unwind(AssertUnwindSafe(|| of_task(job, &task.work, device, rates)));
        if let Ok(Some(seen)) = seen {
            shown.learn(task.work.pace(), seen);
        }
    }
    shown
}

fn of_task(job: &Job, work: &Work, device: Device, rates: &Rates) -> Option<Seen> {
    let (operations, taken, rate) = match work {
        Work::Train(TrainDenoisers { samples, .. }) => {
            let (operations, taken) = models::denoisers(job, samples.len(), device)?;
            (operations, taken, rates.denoiser(samples.len()))
        }
        Work::TrainFlow(TrainFlows { flow, samples, .. }) => {
            let (operations, taken) = models::flows(job, *flow, samples.len(), device)?;
            (operations, taken, rates.flow(*flow, samples.len()))
        }
        Work::TrainJets(TrainJets { samples }) => {
            let (operations, taken) = jets::training(job, samples.len(), device)?;
            (operations, taken, rates.jet_model)
        }
        Work::TemplateJets(_) => {
            let (operations, taken) = jets::generation(job, device)?;
            (operations, taken, rates.jet_sampler)
        }
        Work::Template(MakeTemplate { template, .. }) if template.method.flow().is_some() => {
            let (operations, taken) = models::flow_sampling(job, template.method.flow()?, device)?;
            (operations, taken, rates.flow_sampler)
        }
        Work::Template(_) | Work::Resample(_) => {
            let (operations, taken) = models::sampling(job, device)?;
            (operations, taken, rates.sampler)
        }
        Work::Classify(Classify { point, seeds, .. }) => {
            let members = seeds.len() * job.classifier.folds as usize;
            match point.classifier {
                ClassifierKind::Mlp => {
                    let (operations, taken) = classifiers::perceptrons(job, members, device)?;
                    (operations, taken, rates.classifier)
                }
                ClassifierKind::Trees => {
                    let (operations, taken) = classifiers::trees(job)?;
                    (operations, taken, rates.trees)
                }
                ClassifierKind::Transformer => {
                    let (operations, taken) = jets::classifiers(job, members, device)?;
                    (operations, taken, rates.jet_classifier)
                }
            }
        }
        // Nothing to try: a kind that has no trial is known once its tasks have ended.
        _ => return None,
    };
    Some(Seen { priced: operations / (rate * 1e9), taken })
}

#[cfg(test)]
mod tests;
