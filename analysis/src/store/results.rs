//! The results of a scan: all records of a directory, the classifiers gathered by scan point.

use std::collections::HashMap;
use std::io::ErrorKind;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::job::{Job, ScanPoint, SignalCount};
use crate::plan::{Plan, TaskId};
use crate::statistics::band::Band;
use crate::store::{
    Classifier, DenoiserTraining, DivergedClassifier, FlowTraining, JetSummary, MassFit, RecordState,
    SampleSizes, Store, TaskResult, TemplateSummary,
};

/// The results of a scan, finished or not.
pub struct Results {
    /// The job.
    pub job: Job,
    /// The points of the job that have classifiers, in the order of the job.
    pub points: Vec<PointResults>,
    /// All dijet fits.
    pub fits: Vec<MassFit>,
    /// All trainings.
    pub trainings: Vec<DenoiserTraining>,
    /// How each flow was trained.
    pub flows: Vec<FlowTraining>,
    /// How each model of the jets' kinematics was trained.
    pub kinematics: Vec<DenoiserTraining>,
    /// How each model of jets' constituents was trained.
    pub jet_models: Vec<DenoiserTraining>,
    /// All copies of templates of constituents.
    pub jets: Vec<JetSummary>,
    /// All templates.
    pub templates: Vec<TemplateSummary>,
    /// Tasks that have no result yet.
    pub missing: Vec<TaskId>,
    /// Those of them whose record is damaged.
    pub torn: Vec<TaskId>,
    /// The [`digest`] of the records and settings that all of this was read from.
    pub digest: String,
}

/// The classifiers of one point.
pub struct PointResults {
    /// The point.
    pub point: ScanPoint,
    /// The numbers of events of both classes.
    pub sizes: SampleSizes,
    /// All classifiers that are done.
    pub classifiers: Vec<OfTask<Classifier>>,
    /// Those whose training diverged; they enter no figure of merit.
    pub diverged: Vec<OfTask<DivergedClassifier>>,
}

/// A classifier and the task that trained it.
pub struct OfTask<C> {
    /// The task.
    pub task: TaskId,
    /// Wall time of the task, shared by its classifiers.
    pub seconds: f64,
    /// The classifier.
    pub classifier: C,
}

impl Results {
    /// Reads the records of a directory.
    ///
    /// # Errors
    /// The directory's job or a record cannot be read. One that is damaged is no error, but named.
    pub fn read(store: &Store) -> Result<Self, Error> {
        let stored = store.job()?;
        // Without them their tasks would count as missing, and tables that are good would be set aside.
        store.check_folded()?;
        let plan = Plan::of(&stored.job);
        let states = store.states(&stored, &plan);
        Self::of(store, stored.job, &plan, &states)
    }

    /// Reads the results of tasks whose states are known.
    ///
    /// # Errors
    /// A record cannot be read. One that is damaged is no error, but named.
    pub fn of(store: &Store, job: Job, plan: &Plan, states: &[RecordState]) -> Result<Self, Error> {
        let mut results = Self {
            digest: digest(&job, plan, states),
            job,
            points: vec![],
            fits: vec![],
            trainings: vec![],
            flows: vec![],
            kinematics: vec![],
            jet_models: vec![],
            jets: vec![],
            templates: vec![],
            missing: vec![],
            torn: vec![],
        };
        // Where each point stands in the results.
        let mut known: HashMap<String, usize> = HashMap::new();
        for (task, state) in plan.tasks.iter().zip(states) {
            let RecordState::Done(run) = state else {
                results.missing.push(task.id.clone());
                continue;
            };
            let result = match store.result(&task.id) {
                Ok(result) => result,
                // What was read is not what was written; what could not be read may be whole.
                Err(Error::Corrupt { .. }) => {
                    results.torn.push(task.id.clone());
                    results.missing.push(task.id.clone());
                    continue;
                }
                Err(Error::CannotRead { source, .. }) if source.kind() == ErrorKind::NotFound => {
                    results.missing.push(task.id.clone());
                    continue;
                }
                Err(error) => return Err(error),
            };
            let seconds = run.seconds;
            match result {
                TaskResult::Fit(fit) => results.fits.push(fit),
                TaskResult::Train(trainings) => results.trainings.extend(trainings),
                TaskResult::TrainFlow(flows) => results.flows.extend(flows),
                TaskResult::TrainKinematics(trainings) => results.kinematics.extend(trainings),
                TaskResult::TrainJets(trainings) => results.jet_models.extend(trainings),
                TaskResult::Template(template) => results.templates.push(*template),
                TaskResult::Jets(jets) => results.jets.push(*jets),
                TaskResult::Classify(found) => {
                    let place = *known.entry(found.point.to_string()).or_insert(results.points.len());
                    if place == results.points.len() {
                        let (point, sizes) = (found.point, found.sizes);
                        let (classifiers, diverged) = (vec![], vec![]);
                        results.points.push(PointResults { point, sizes, classifiers, diverged });
                    }
                    let trained = (found.classifiers.len() + found.diverged.len()).max(1);
                    let of_point = &mut results.points[place];
                    let (task, seconds) = (&task.id, seconds / trained as f64);
                    of_point.classifiers.extend(of_task(task, seconds, found.classifiers));
                    of_point.diverged.extend(of_task(task, seconds, found.diverged));
                }
            }
        }
        Ok(results)
    }
}

/// The classifiers of a task.
fn of_task<C>(task: &TaskId, seconds: f64, classifiers: Vec<C>) -> impl Iterator<Item = OfTask<C>> {
    classifiers.into_iter().map(move |classifier| OfTask { task: task.clone(), seconds, classifier })
}

impl Results {
    /// The injections that have classifiers, in rising order.
    pub fn injections(&self) -> Vec<SignalCount> {
        let mut found: Vec<_> = self.points.iter().filter_map(|found| found.point.n_signal()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl PointResults {
    /// The band of a figure of merit over the point's classifiers; none if one of them lacks it.
    pub fn band(&self, value: impl Fn(&Classifier) -> Option<f64>) -> Option<Band> {
        Band::of(self.classifiers.iter().map(|result| value(&result.classifier)))
    }

    /// True background events behind each value, averaged over the classifiers.
    pub fn background_events(&self) -> f64 {
        let total: usize =
            self.classifiers.iter().map(|result| result.classifier.performance.n_background).sum();
        total as f64 / self.classifiers.len().max(1) as f64
    }
}

/// A digest of everything that tables and pictures depend on.
pub fn digest(job: &Job, plan: &Plan, states: &[RecordState]) -> String {
    let mut digest = Sha256::new();
    digest.update(serde_json::to_vec(&(&job.figures, job.closure)).unwrap_or_default());
    for (task, state) in plan.tasks.iter().zip(states) {
        // A task that is done again takes another time: its run tells records of one task apart.
        let (what, run) = match state {
            RecordState::Done(run) => ("done", Some(run)),
            RecordState::Failed { run, .. } => ("failed", Some(run)),
            RecordState::Missing | RecordState::Ignored { .. } => ("missing", None),
        };
        digest.update(serde_json::to_vec(&(&task.id, what, run)).unwrap_or_default());
    }
    hex::encode(digest.finalize())
}
