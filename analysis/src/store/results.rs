//! The results of a scan: all records of a directory, the classifiers gathered by scan point.

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::job::{BandSource, ClassifierSeed, Draw, Fold, Job, ScanPoint, SignalCount};
use crate::plan::work::Recorded;
use crate::plan::{Plan, TaskId};
use crate::statistics::band::Band;
use crate::statistics::metrics::Performance;
use crate::statistics::replicas::Replicas;
use crate::store::control_searches::ControlSearch;
use crate::store::unblinding::{Blinding, Unblinding};
use crate::store::{
    Classification, Classifier, DivergedClassifier, MadeBy, RecordState, ResultOf, SampleSizes, Store,
    TaskResult,
};

/// The results of a scan, finished or not.
pub struct Results {
    /// The job.
    pub job: Job,
    /// The points of the job that have classifiers, in the order of the job.
    pub points: Vec<PointResults>,
    /// The results of all other tasks, in the order of the plan; [`Results::each`] finds those of one kind.
    pub others: Vec<TaskResult>,
    /// Tasks that have no result yet.
    pub missing: Vec<TaskId>,
    /// Those of them whose record is damaged.
    pub torn: Vec<TaskId>,
    /// Who has unblinded the search, if anybody has.
    pub unblinding: Option<Unblinding>,
    /// Other searches, whose events hold no signal, that measure the cuts of this one.
    pub control_searches: Vec<ControlSearch>,
    /// What the last run has warned of before its first task.
    pub warnings: Vec<String>,
    /// The [`digest`] of the records and settings that all of this was read from.
    pub digest: String,
    /// Who has made the records.
    pub made_by: MadeBy,
}

/// The classifiers of one point.
pub struct PointResults {
    /// The point.
    pub point: ScanPoint,
    /// The numbers of events of both classes, the mean of what was drawn.
    pub sizes: SampleSizes,
    /// Those of each injection and template.
    pub sizes_by_draw: BTreeMap<Draw, SampleSizes>,
    /// All classifiers that are done.
    pub classifiers: Vec<OfTask<Classifier>>,
    /// What those of each task achieve in replicas of the evaluation events.
    pub replicas: Vec<TaskReplicas>,
    /// Whose classifiers enter bands.
    pub band_source: BandSource,
    /// Those whose training diverged; they enter no figure of merit.
    pub diverged: Vec<OfTask<DivergedClassifier>>,
}

/// A classifier and the task that trained it.
pub struct OfTask<C> {
    /// The task.
    pub task: TaskId,
    /// Wall time of the task, shared by its classifiers.
    pub seconds: f64,
    /// What was drawn for it.
    pub draw: Draw,
    /// The classifier.
    pub classifier: C,
}

/// What the classifiers of a task achieve in replicas of the evaluation events.
pub struct TaskReplicas {
    /// What was drawn for the task.
    pub draw: Draw,
    /// How many of its classifiers learnt.
    pub classifiers: usize,
    /// The mean of these; none in records of earlier versions.
    pub mean: Option<Replicas>,
}

/// A number of one classifier, which its seed and fold name.
pub type OfClassifier = ((ClassifierSeed, Fold), f64);

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
        let (states, made_by) = store.states_as_made(&stored, &plan);
        Ok(Self { made_by, ..Self::of(store, stored.job, &plan, &states)? })
    }

    /// Reads the results of tasks whose states are known.
    ///
    /// # Errors
    /// A record cannot be read. One that is damaged is no error, but named.
    pub fn of(store: &Store, job: Job, plan: &Plan, states: &[RecordState]) -> Result<Self, Error> {
        let (unblinding, control_searches) = (store.unblinding(), store.control_searches()?);
        let warnings = store.warnings();
        let mut results = Self {
            digest: digest(&job, plan, states, unblinding.as_ref(), (&control_searches, &warnings)),
            unblinding,
            control_searches,
            warnings,
            job,
            points: vec![],
            others: vec![],
            missing: vec![],
            torn: vec![],
            made_by: MadeBy::ThisVersion,
        };
        // Where each point stands in the results.
        let mut known: HashMap<String, usize> = HashMap::new();
        for (task, state) in plan.tasks.iter().zip(states) {
            let RecordState::Done(run) = state else {
                if state.is_torn() {
                    results.torn.push(task.id.clone());
                }
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
            match result {
                TaskResult::Classify(found) => {
                    results.classified(&task.id, run.seconds, vec![found], &mut known);
                }
                TaskResult::ClassifiedTogether(found) => {
                    results.classified(&task.id, run.seconds, found, &mut known);
                }
                other => results.others.push(other),
            }
        }
        results.sort_points();
        Ok(results)
    }

    /// Tasks of several points come behind those of one: the order of the job is that of tables and curves.
    fn sort_points(&mut self) {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, point) in self.job.points.iter().enumerate() {
            places.entry(point.of_first_seeds().to_string()).or_insert(place);
        }
        self.points.sort_by_key(|found| places.get(&found.point.to_string()).copied());
    }

    /// Adds the classifiers of a task, of one point or several, which share its time. `known` tells where each point stands.
    fn classified(
        &mut self,
        task: &TaskId,
        seconds: f64,
        found: Vec<Classification>,
        known: &mut HashMap<String, usize>,
    ) {
        let trained: usize = found.iter().map(Classification::trained).sum();
        let each = seconds / trained.max(1) as f64;
        for found in found {
            // Injections and templates of all seeds are one point of every figure.
            let point = found.point.of_first_seeds();
            let place = *known.entry(point.to_string()).or_insert(self.points.len());
            if place == self.points.len() {
                let band_source = self.job.figures.band;
                self.points.push(PointResults::without_classifiers(point, &found, band_source));
            }
            self.points[place].add(task, each, found);
        }
    }
}

/// The classifiers of a task.
fn of_task<C>(
    task: &TaskId,
    seconds: f64,
    draw: Draw,
    classifiers: Vec<C>,
) -> impl Iterator<Item = OfTask<C>> {
    let of = move |classifier| OfTask { task: task.clone(), seconds, draw, classifier };
    classifiers.into_iter().map(of)
}

impl Results {
    /// The results of all tasks of one kind, in the order of the plan.
    pub fn each<'a, K: Recorded + 'a>(&'a self) -> impl Iterator<Item = &'a K::Result>
    where
        TaskResult: ResultOf<K>,
    {
        self.others.iter().filter_map(ResultOf::<K>::of_kind)
    }

    /// Whether what data do behind the cuts of the search may be seen.
    pub fn blinding(&self) -> Blinding {
        Blinding::of(&self.job, self.unblinding.as_ref())
    }

    /// Those of a job whose points have these classifiers, and of which nothing else is known.
    #[cfg(test)]
    pub fn of_points(job: Job, points: Vec<PointResults>) -> Self {
        Self {
            job,
            points,
            others: vec![],
            missing: vec![],
            torn: vec![],
            unblinding: None,
            control_searches: vec![],
            warnings: vec![],
            digest: String::new(),
            made_by: MadeBy::ThisVersion,
        }
    }

    /// The injections that have classifiers, in rising order.
    pub fn injections(&self) -> Vec<SignalCount> {
        let mut found: Vec<_> = self.points.iter().filter_map(|found| found.point.n_signal()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl PointResults {
    fn without_classifiers(point: ScanPoint, found: &Classification, band_source: BandSource) -> Self {
        Self {
            point,
            sizes: found.sizes,
            sizes_by_draw: BTreeMap::new(),
            classifiers: vec![],
            replicas: vec![],
            band_source,
            diverged: vec![],
        }
    }

    /// Adds the classifiers of a task, of which each took so many seconds.
    fn add(&mut self, task: &TaskId, seconds: f64, found: Classification) {
        let draw = found.point.draw();
        if self.band_source == BandSource::All || draw.is_first() {
            self.sizes_by_draw.insert(draw, found.sizes);
            self.sizes = SampleSizes::mean(self.sizes_by_draw.values());
        }
        let classifiers = found.classifiers.len();
        self.replicas.push(TaskReplicas { draw, classifiers, mean: found.replicas });
        self.classifiers.extend(of_task(task, seconds, draw, found.classifiers));
        self.diverged.extend(of_task(task, seconds, draw, found.diverged));
    }

    /// The band of a figure of merit over the point's classifiers; none if one of them lacks it.
    pub fn band(&self, value: impl Fn(&Classifier) -> Option<f64>) -> Option<Band> {
        let counts = |result: &&OfTask<Classifier>| match self.band_source {
            BandSource::All => true,
            BandSource::Classifiers => result.draw.is_first(),
        };
        Band::of(self.classifiers.iter().filter(counts).map(|result| value(&result.classifier)))
    }

    /// A figure of merit by injection and template, and of each template by classifier, with its seed and fold; those without it
    /// are left out.
    pub fn by_draw(&self, value: impl Fn(&Classifier) -> Option<f64>) -> BTreeMap<Draw, Vec<OfClassifier>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for OfTask { draw, classifier, .. } in &self.classifiers {
            if let Some(value) = value(classifier) {
                found.entry(*draw).or_default().push(((classifier.seed, classifier.fold), value));
            }
        }
        found
    }

    /// The figures of merit in each replica of the evaluation events, the mean over some of what was drawn; none where one of the
    /// tasks has no replicas.
    pub fn replicas_of<'a>(&self, draws: impl Iterator<Item = &'a Draw>) -> Option<Replicas> {
        let of_draw = |draw: &Draw| {
            let tasks = self.replicas.iter().filter(|task| task.draw == *draw && task.classifiers > 0);
            let tasks: Option<Vec<_>> =
                tasks.map(|task| Some((task.classifiers as f64, task.mean.as_ref()?))).collect();
            Replicas::mean(tasks?.into_iter())
        };
        let draws: Option<Vec<Replicas>> = draws.map(of_draw).collect();
        Replicas::mean(draws?.iter().map(|draw| (1.0, draw)))
    }

    /// True background events behind each value, averaged over the classifiers.
    pub fn background_events(&self) -> f64 {
        self.mean_count(|performance| performance.n_background)
    }

    /// True signal events behind each value, averaged over the classifiers.
    pub fn signal_events(&self) -> f64 {
        self.mean_count(|performance| performance.n_signal)
    }

    fn mean_count(&self, count: fn(&Performance) -> usize) -> f64 {
        let total: usize = self.classifiers.iter().map(|result| count(&result.classifier.performance)).sum();
        total as f64 / self.classifiers.len().max(1) as f64
    }
}

/// A digest of everything that tables and pictures depend on.
pub fn digest(
    job: &Job,
    plan: &Plan,
    states: &[RecordState],
    unblinding: Option<&Unblinding>,
    (control_searches, warnings): (&[ControlSearch], &[String]),
) -> String {
    let mut digest = Sha256::new();
    if !warnings.is_empty() {
        digest.update(serde_json::to_vec(warnings).unwrap_or_default());
    }
    digest.update(serde_json::to_vec(&(&job.figures, job.closure)).unwrap_or_default());
    if let Some(search) = &job.search {
        // What no task depends on, and tables do.
        let produced = search.sensitivity.as_ref().and_then(|sensitivity| sensitivity.produced);
        digest.update(
            serde_json::to_vec(&(search.blind, search.peak, &search.fit_functions, produced, unblinding))
                .unwrap_or_default(),
        );
        if !control_searches.is_empty() {
            digest.update(serde_json::to_vec(control_searches).unwrap_or_default());
        }
    }
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
