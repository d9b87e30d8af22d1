//! The request behind a scan: its job, the axes of its points, its data and their numbers of events.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::job::axis_headings::{AXES, INJECTION_SEEDS, TEMPLATE_SEEDS, distinct};
use crate::job::method_names::{label, rank};
use crate::job::{ClassifierKind, Job, ScanPoint, Search, SignalCount};
use crate::plan::Plan;
use crate::plan::work::Fit;
use crate::store::{Results, Store, StoredJob};
use crate::text::grouped;

/// The request behind a scan.
#[derive(Serialize)]
pub struct Asked {
    pub points: usize,
    pub tasks: usize,
    pub classifiers: String,
    pub seed: u64,
    pub methods: Vec<String>,
    pub axes: Vec<Axis>,
    pub resonant: String,
    /// The unit of masses.
    pub unit: String,
    pub features: Vec<String>,
    pub signal_region: String,
    pub side_bands: String,
    pub files: Vec<File>,
    pub counts: Vec<Counts>,
    /// The job file as it lies in the directory, with what the command line and a GPU changed.
    pub text: String,
}

/// An axis with its values.
#[derive(Serialize)]
pub struct Axis {
    pub heading: &'static str,
    pub values: Vec<String>,
}

/// A file of events.
#[derive(Serialize)]
pub struct File {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// How many events there are at an injection.
#[derive(Serialize)]
pub struct Counts {
    pub injected: u32,
    /// Events of the side-bands, as far as a fit knows them.
    pub side_bands: Option<usize>,
    /// True background and true signal of the signal region.
    pub background: Option<usize>,
    pub signal: Option<usize>,
    /// S/√B.
    pub significance: Option<f64>,
}

impl Axis {
    /// Whether anybody needs to read it: of seeds nobody does where there is but the first.
    fn is_told(&self) -> bool {
        let is_of_seeds = [TEMPLATE_SEEDS, INJECTION_SEEDS].contains(&self.heading);
        self.values.len() > usize::from(is_of_seeds)
    }
}

/// What tells data from templates, in words: of the points of a scan, and of the windows of a search.
fn classifiers(job: &Job) -> String {
    let mut parts = vec![];
    if job.points.iter().any(|point| !point.is_window()) {
        parts.push(format!("{} classifiers a point", job.classifiers_per_point()));
    }
    if let Some((search, window)) = job.search.as_ref().zip(job.points.iter().find(|point| point.is_window()))
    {
        let what =
            if window.classifier == ClassifierKind::Trees { "trainings of trees" } else { "perceptrons" };
        parts.push(format!("{} {what} a window", search.trainings * Search::FOLDS as usize));
    }
    parts.join(", ")
}

impl Asked {
    pub fn of(store: &Store, stored: &StoredJob, plan: &Plan, results: &Results) -> Self {
        let job = &stored.job;
        let mut methods = distinct(job.points.iter().map(ScanPoint::method));
        methods.sort_by_key(|method| rank(method));
        let axes = AXES.into_iter().map(|(heading, axis)| {
            let values = distinct(job.points.iter().filter_map(axis));
            Axis { heading, values }
        });
        let text = std::fs::read_to_string(store.directory().join("job.toml"));
        Self {
            points: job.points.len(),
            tasks: plan.tasks.len(),
            classifiers: classifiers(job),
            seed: job.seed,
            methods: methods.into_iter().map(|method| label(method).to_owned()).collect(),
            axes: axes.filter(Axis::is_told).collect(),
            resonant: job.data.resonant.clone(),
            unit: job.unit.to_string(),
            features: job.data.features.clone(),
            signal_region: job.regions.signal.to_string(),
            side_bands: job.regions.outer.to_string(),
            files: stored
                .inputs
                .iter()
                .map(|input| File {
                    name: input.name.clone(),
                    bytes: input.bytes,
                    sha256: input.sha256.clone(),
                })
                .collect(),
            counts: counts(job, results),
            // Where only the records were brought home, the job with all its defaults says as much.
            text: text.unwrap_or_else(|_| serde_json::to_string_pretty(job).unwrap_or_default()),
        }
    }
}

/// Events by injection, for the job's own windows.
fn counts(job: &Job, results: &Results) -> Vec<Counts> {
    let mut found: BTreeMap<SignalCount, Counts> = BTreeMap::new();
    let mut at = |count: SignalCount, take: &mut dyn FnMut(&mut Counts)| {
        take(found.entry(count).or_insert(Counts {
            injected: count.0,
            side_bands: None,
            background: None,
            signal: None,
            significance: None,
        }));
    };
    for fit in results.each::<Fit>().filter(|fit| fit.sample.is_nominal(&job.regions)) {
        at(fit.sample.injection.n_signal, &mut |counts| counts.side_bands = Some(fit.n_events));
    }
    for point in results.points.iter().filter(|found| found.point.method() != "gensr") {
        let is_nominal =
            point.point.template().is_none_or(|template| template.sample.signal_region.is_none());
        if let Some(count) = point.point.n_signal().filter(|_| is_nominal) {
            at(count, &mut |counts| {
                counts.background = Some(point.sizes.data_background);
                counts.signal = Some(point.sizes.data_signal);
                counts.significance = Some(point.sizes.significance()).filter(|value| value.is_finite());
            });
        }
    }
    found.into_values().collect()
}

impl Counts {
    /// Events of side-bands, background and signal, with their thousands apart.
    pub fn texts(&self) -> [String; 3] {
        [self.side_bands, self.background, self.signal].map(|count| {
            count.map_or("–".to_owned(), |count| grouped(count.try_into().unwrap_or(u32::MAX)))
        })
    }

    /// S/√B in words.
    pub fn significance_text(&self) -> String {
        self.significance.map_or("–".to_owned(), |value| format!("{value:.2}"))
    }
}

impl File {
    /// The size in words.
    pub fn size(&self) -> String {
        match self.bytes as f64 {
            bytes if bytes < 1e6 => format!("{:.0} kB", bytes / 1e3),
            bytes if bytes < 1e9 => format!("{:.1} MB", bytes / 1e6),
            bytes => format!("{:.1} GB", bytes / 1e9),
        }
    }
}
