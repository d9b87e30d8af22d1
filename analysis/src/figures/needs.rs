//! What a figure needs, for whoever asks for one that the results cannot give.

use super::{Figure, select};
use crate::job::Job;
use crate::job::point::{ClassifierKind, ScanPoint};
use crate::job::quantities::SignalCount;
use crate::job::template_spec::TemplateMethod;
use crate::plan::work::{Classify, MakeJets, MakeTemplate};
use crate::plan::{Plan, TaskId, Work};
use crate::store::results::Results;

/// What a figure is made from.
pub struct Needs {
    /// The points, for a person.
    pub what: &'static str,
    /// A job file that makes the figure.
    pub job: &'static str,
    /// Whether the figure reads the result of a task.
    reads: fn(&Job, &Work) -> bool,
}

impl Needs {
    /// The tasks of the job that the figure reads and that have no result yet.
    pub fn missing(&self, results: &Results) -> Vec<TaskId> {
        let tasks = Plan::of(&results.job).tasks.into_iter();
        let read = tasks.filter(|task| (self.reads)(&results.job, &task.work)).map(|task| task.id);
        read.filter(|id| results.missing.contains(id)).collect()
    }
}

impl Figure {
    /// So many figures come of a plan at most: those that have something to read. Some of them may turn out to be empty.
    pub fn count_of(job: &Job, plan: &Plan) -> usize {
        let reads = |figure: &&Self| plan.tasks.iter().any(|task| (figure.needs().reads)(job, &task.work));
        Self::ALL.iter().filter(reads).count()
    }

    /// What the figure is made from.
    pub fn needs(self) -> Needs {
        let (what, job, reads): (_, _, fn(&Job, &Work) -> bool) = match self {
            Self::Fig04 | Self::Fig05 => ("DRAPES ∅ or a reference with signal", "fig04_05", |_, work| {
                is_classified(work, |point| select::FROM_NOISE.contains(&point.method()))
            }),
            Self::Fig06 => (
                "DRAPES SR, SB or MC, or ∅ from less noise, without signal at several σ′",
                "fig06_07_15_16_19",
                |_, work| is_classified(work, |point| point.template().is_some() && is_empty(point)),
            ),
            Self::Fig07 | Self::Fig19 => {
                ("DRAPES SR, SB or MC with signal at several σ′", "fig06_07_15_16_19", |_, work| {
                    is_classified(work, |point| is_partial(point) && !is_empty(point))
                })
            }
            Self::Fig08 | Self::Fig17 => ("DRAPES SR, SB or MC with signal", "fig08_17_18", |_, work| {
                is_classified(work, |point| is_partial(point) && !is_empty(point))
            }),
            Self::Fig18 => ("any method with signal", "fig08_17_18", |_, work| {
                is_classified(work, |point| select::ALL.contains(&point.method()) && !is_empty(point))
            }),
            Self::Fig09 => ("methods with inputs = [\"llv\"] and signal", "fig09_11", |_, work| {
                is_classified(work, |point| is_of_constituents(point) && !is_empty(point))
            }),
            Self::Fig10 => ("DRAPES SR with inputs = [\"llv\"] at several σ′", "fig09_11", |_, work| {
                is_classified(work, |point| is_of_constituents(point) && is_partial(point))
            }),
            Self::Fig11 => {
                ("DRAPES ∅ or a reference with inputs = [\"llv\"] and signal", "fig09_11", |_, work| {
                    is_classified(work, |point| {
                        is_of_constituents(point) && !is_partial(point) && !is_empty(point)
                    })
                })
            }
            Self::Constituents | Self::JetDistances => {
                ("templates with inputs = [\"llv\"]", "fig09_11", |_, work| {
                    matches!(work, Work::TemplateJets(_))
                })
            }
            Self::JetKinematics => (
                "templates of DRAPES ∅ or SB with inputs = [\"llv\"], or of SR with kinematics = [\"diffused\"]",
                "fig09_11",
                |_, work| matches!(work, Work::TemplateJets(MakeJets { kinematics: Some(_), .. })),
            ),
            Self::Fig12 => (
                "DRAPES ∅, SR or SB with several side_bands_gev at one of figures.injections",
                "fig12",
                |_, work| is_classified(work, |point| point.template().is_some() && !is_empty(point)),
            ),
            Self::Fig13 | Self::OversamplingMap => {
                ("DRAPES ∅ with signal and several factors of oversampling", "fig13_14", |_, work| {
                    is_classified(work, |point| point.method() == "noise" && !is_empty(point))
                })
            }
            Self::Fig14 => ("DRAPES GenSR with signal", "fig13_14", |_, work| {
                is_classified(work, |point| point.method() == "gensr")
            }),
            Self::Fig15 => ("templates of DRAPES SR at several σ′", "fig06_07_15_16_19", is_diffused),
            Self::Fig16 => ("a template of DRAPES SR", "fig06_07_15_16_19", is_diffused),
            Self::MassSpectrum => ("a dijet fit", "fig04_05", |_, work| matches!(work, Work::Fit(_))),
            Self::Training => ("a trained denoiser or flow", "fig04_05", |_, work| {
                matches!(work, Work::Train(_) | Work::TrainFlow(_))
            }),
            Self::DenoiserNoise => {
                ("a trained denoiser", "fig04_05", |_, work| matches!(work, Work::Train(_)))
            }
            Self::Corner => ("a template of DRAPES ∅", "fig04_05", |job, work| {
                is_template(job, work, TemplateMethod::Noise)
            }),
            Self::Solver => {
                ("DRAPES ∅ without signal for several steps or solvers", "solver", |_, work| {
                    is_classified(work, |point| point.method() == "noise" && is_empty(point))
                })
            }
            Self::Trees => ("points with classifier = [\"mlp\", \"trees\"]", "trees", |_, work| {
                is_classified(work, |point| point.classifier == ClassifierKind::Trees)
            }),
        };
        Needs { what, job, reads }
    }
}

fn is_classified(work: &Work, wanted: impl Fn(&ScanPoint) -> bool) -> bool {
    matches!(work, Work::Classify(Classify { point, .. }) if wanted(point))
}

fn is_diffused(job: &Job, work: &Work) -> bool {
    is_template(job, work, TemplateMethod::SignalRegion)
}

fn is_template(job: &Job, work: &Work, method: TemplateMethod) -> bool {
    matches!(work, Work::Template(MakeTemplate { template, .. })
        if template.method == method && template.sample.is_nominal(&job.regions))
}

fn is_of_constituents(point: &ScanPoint) -> bool {
    point.classifier == ClassifierKind::Transformer
}

fn is_partial(point: &ScanPoint) -> bool {
    select::PARTIAL.contains(&point.method())
}

/// Whether there is no signal in the data.
fn is_empty(point: &ScanPoint) -> bool {
    point.n_signal() == Some(SignalCount(0))
}
