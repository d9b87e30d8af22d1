//! The points and tasks that each figure needs, for the message that a figure cannot be made from the results.

use super::{Figure, select};
use crate::job::{ClassifierKind, Job, ScanPoint, SignalCount, TemplateMethod};
use crate::plan::work::{MakeJets, MakeTemplate};
use crate::plan::{Plan, TaskId, Work};
use crate::store::Results;

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
    /// The most figures that a plan can give: those that read the result of one of its tasks at least. Some of them may turn
    /// out to be empty.
    pub fn count_of(job: &Job, plan: &Plan) -> usize {
        let reads = |figure: &&Self| plan.tasks.iter().any(|task| (figure.needs().reads)(job, &task.work));
        Self::ALL.iter().filter(reads).count()
    }

    /// What the figure is made from.
    pub fn needs(self) -> Needs {
        let (what, job) = self.points_and_job();
        Needs { what, job, reads: self.reads() }
    }

    /// The points that the figure shows, for a person, and a job file of `jobs/` that has them.
    fn points_and_job(self) -> (&'static str, &'static str) {
        match self {
            Self::Fig04 | Self::Fig05 => ("DRAPES ∅ or a reference with signal", "fig04_05"),
            Self::Fig06 => (
                "DRAPES SR, SB or MC, or ∅ from less noise, without signal at several σ′",
                "fig06_07_15_16_19",
            ),
            Self::Fig07 | Self::Fig19 => {
                ("DRAPES SR, SB or MC with signal at several σ′", "fig06_07_15_16_19")
            }
            Self::Fig08 | Self::Fig17 => ("DRAPES SR, SB or MC with signal", "fig08_17_18"),
            Self::Fig18 => ("any method with signal", "fig08_17_18"),
            Self::Fig09 => ("methods with inputs = [\"llv\"] and signal", "fig09_11"),
            Self::Fig10 => ("DRAPES SR with inputs = [\"llv\"] at several σ′", "fig09_11"),
            Self::Fig11 => ("DRAPES ∅ or a reference with inputs = [\"llv\"] and signal", "fig09_11"),
            Self::Constituents | Self::JetDistances => ("templates with inputs = [\"llv\"]", "fig09_11"),
            Self::JetKinematics => (
                "templates of DRAPES ∅ or SB with inputs = [\"llv\"], or of SR with kinematics = [\"diffused\"]",
                "fig09_11",
            ),
            Self::Fig12 => {
                ("DRAPES ∅, SR or SB with several side_bands_gev at one of figures.injections", "fig12")
            }
            Self::Fig13 | Self::OversamplingMap => {
                ("DRAPES ∅ with signal and several factors of oversampling", "fig13_14")
            }
            Self::Fig14 => ("DRAPES GenSR with signal", "fig13_14"),
            Self::Fig15 => ("templates of DRAPES SR at several σ′", "fig06_07_15_16_19"),
            Self::Fig16 => ("a template of DRAPES SR", "fig06_07_15_16_19"),
            Self::MassSpectrum => ("a dijet fit", "fig04_05"),
            Self::Training => ("a trained denoiser or flow", "fig04_05"),
            Self::DenoiserNoise => ("a trained denoiser", "fig04_05"),
            Self::Corner => ("a template of DRAPES ∅", "fig04_05"),
            Self::Closure => {
                ("templates of features, independent_background, and closure.trees above 0", "fig04_05")
            }
            Self::Search => ("the windows of a [search] that is not blind any more", "search_demo"),
            Self::SearchCalibration => ("pseudo-experiments (calibrate of [search])", "ci"),
            Self::SearchSpectra | Self::SearchLimits => ("the windows of a [search]", "search_demo"),
            Self::SearchSculpting | Self::SearchDelta => ("control windows of a [search]", "ci"),
            Self::SearchSensitivity => ("pseudo-experiments with signal (sensitivity of [search])", "ci"),
            Self::SearchSignalLimits => {
                ("the windows of a [search], and pseudo-experiments with signal (sensitivity)", "ci")
            }
            Self::SearchFeatures => {
                ("windows of a [search] whose records have histograms of features", "search_demo")
            }
            Self::Solver => ("DRAPES ∅ without signal for several steps or solvers", "solver"),
            Self::Trees => ("points with classifier = [\"mlp\", \"trees\"]", "trees"),
        }
    }

    /// Whether the figure reads the result of a task.
    fn reads(self) -> fn(&Job, &Work) -> bool {
        match self {
            Self::Constituents | Self::JetDistances => |_, work| matches!(work, Work::TemplateJets(_)),
            Self::JetKinematics => {
                |_, work| matches!(work, Work::TemplateJets(MakeJets { kinematics: Some(_), .. }))
            }
            Self::Fig15 | Self::Fig16 => |job, work| is_template(job, work, TemplateMethod::SignalRegion),
            Self::Corner => |job, work| is_template(job, work, TemplateMethod::Noise),
            Self::MassSpectrum => |_, work| matches!(work, Work::Fit(_)),
            Self::Training => |_, work| matches!(work, Work::Train(_) | Work::TrainFlow(_)),
            Self::DenoiserNoise => |_, work| matches!(work, Work::Train(_)),
            Self::Fig04 | Self::Fig05 => {
                |_, work| is_classified(work, |point| select::FROM_NOISE.contains(&point.method()))
            }
            Self::Fig06 => |_, work| is_classified(work, |point| has_template(point) && is_empty(point)),
            Self::Fig12 => |_, work| is_classified(work, |point| has_template(point) && !is_empty(point)),
            Self::Fig07 | Self::Fig19 | Self::Fig08 | Self::Fig17 => {
                |_, work| is_classified(work, |point| is_partial(point) && !is_empty(point))
            }
            Self::Fig18 => |_, work| {
                is_classified(work, |point| select::ALL.contains(&point.method()) && !is_empty(point))
            },
            Self::Fig09 => |_, work| is_classified(work, |point| is_of_jets(point) && !is_empty(point)),
            Self::Fig10 => |_, work| is_classified(work, |point| is_of_jets(point) && is_partial(point)),
            Self::Fig11 => |_, work| {
                is_classified(work, |point| is_of_jets(point) && !is_partial(point) && !is_empty(point))
            },
            Self::Fig13 | Self::OversamplingMap => {
                |_, work| is_classified(work, |point| point.method() == "noise" && !is_empty(point))
            }
            Self::Closure => |_, work| matches!(work, Work::Closure(_)),
            Self::SearchCalibration => |_, work| matches!(work, Work::Pseudo(_)),
            Self::SearchSensitivity | Self::SearchSignalLimits => {
                |_, work| matches!(work, Work::Sensitivity(_) | Work::Window(_))
            }
            Self::Search | Self::SearchSpectra | Self::SearchLimits | Self::SearchFeatures => {
                |_, work| matches!(work, Work::Window(_))
            }
            Self::SearchSculpting | Self::SearchDelta => |_, work| {
                matches!(work, Work::Window(_)) && work.kind().points().into_iter().any(ScanPoint::is_control)
            },
            Self::Solver => {
                |_, work| is_classified(work, |point| point.method() == "noise" && is_empty(point))
            }
            Self::Fig14 => |_, work| is_classified(work, |point| point.method() == "gensr"),
            Self::Trees => |_, work| is_classified(work, |point| point.classifier == ClassifierKind::Trees),
        }
    }
}

fn is_classified(work: &Work, wanted: impl Fn(&ScanPoint) -> bool) -> bool {
    matches!(work, Work::Classify(_) | Work::ClassifyTogether(_))
        && work.kind().points().into_iter().any(wanted)
}

fn is_template(job: &Job, work: &Work, method: TemplateMethod) -> bool {
    matches!(work, Work::Template(MakeTemplate { template, .. })
        if template.method == method && template.sample.is_nominal(&job.regions))
}

fn has_template(point: &ScanPoint) -> bool {
    point.template().is_some()
}

fn is_of_jets(point: &ScanPoint) -> bool {
    point.classifier == ClassifierKind::Transformer
}

fn is_partial(point: &ScanPoint) -> bool {
    select::PARTIAL.contains(&point.method())
}

/// Whether there is no signal in the data.
fn is_empty(point: &ScanPoint) -> bool {
    point.n_signal() == Some(SignalCount(0))
}
