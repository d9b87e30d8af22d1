//! Mass spectra, and features of templates and data, as histograms in the JSON of UHI, schema 1.
//!
//! Source: <https://uhi.readthedocs.io/en/latest/serialization.html>

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::job::{Job, hlv};
use crate::plan::{Plan, TaskId};
use crate::store::{JetSummary, MassFit, RecordState, Store, TaskResult, TemplateSummary};

/// The meaning of the contents of bins.
#[derive(Clone, Copy)]
enum Content {
    /// Events.
    Events,
    /// Shares of the events.
    Shares,
}

/// All histograms of a scan by name, `STAGE/TASK/QUANTITY/SAMPLE`.
///
/// # Errors
/// A record cannot be read, or none has a histogram.
pub fn histograms(store: &Store) -> Result<Map<String, Value>, Error> {
    let stored = store.job()?;
    store.check_folded()?;
    let plan = Plan::of(&stored.job);
    let mut all = Map::new();
    for (task, state) in plan.tasks.iter().zip(store.states(&stored, &plan)) {
        if !matches!(state, RecordState::Done(_)) {
            continue;
        }
        match store.result(&task.id)? {
            TaskResult::Fit(fit) => add_spectrum(&mut all, &task.id, &stored.job, &fit),
            TaskResult::Template(template) => add_template(&mut all, &task.id, &stored.job, &template),
            TaskResult::Jets(jets) => add_jets(&mut all, &task.id, &jets),
            TaskResult::Train(_)
            | TaskResult::TrainFlow(_)
            | TaskResult::TrainKinematics(_)
            | TaskResult::TrainJets(_)
            | TaskResult::Classify(_) => {}
        }
    }
    if all.is_empty() {
        return Err(Error::NothingToExport {
            directory: store.directory().to_owned(),
            missing: "no record in tasks/ has a spectrum or a template",
        });
    }
    Ok(all)
}

fn add_spectrum(all: &mut Map<String, Value>, task: &TaskId, job: &Job, fit: &MassFit) {
    let axis = Axis { name: &job.data.resonant, label: &hlv::label(&job.data.resonant), edges: &fit.edges };
    for (sample, values) in [("data", &fit.counts), ("fit", &fit.expected)] {
        add(all, task, &axis, sample, Content::Events, values);
    }
}

fn add_template(all: &mut Map<String, Value>, task: &TaskId, job: &Job, template: &TemplateSummary) {
    for (feature, spectra) in job.data.features.iter().zip(&template.spectra) {
        let axis = Axis { name: feature, label: &hlv::label(feature), edges: &spectra.edges };
        let samples = [
            ("background", &spectra.background),
            ("signal", &spectra.signal),
            ("generated", &spectra.generated),
            ("from_background", &spectra.from_background),
            ("from_signal", &spectra.from_signal),
        ];
        for (sample, values) in samples {
            add(all, task, &axis, sample, Content::Shares, values);
        }
    }
}

fn add_jets(all: &mut Map<String, Value>, task: &TaskId, jets: &JetSummary) {
    for spectrum in &jets.spectra {
        let quantity = spectrum.quantity;
        let axis = Axis { name: quantity.word(), label: quantity.label(), edges: &spectrum.edges };
        let samples = [
            ("background", &spectrum.background),
            ("signal", &spectrum.signal),
            ("generated", &spectrum.generated),
        ];
        for (sample, values) in samples {
            add(all, task, &axis, sample, Content::Shares, values);
        }
    }
}

/// The quantity of a histogram, and its bins.
struct Axis<'a> {
    name: &'a str,
    /// In the markup of figures, a unit in brackets at its end.
    label: &'a str,
    edges: &'a [f64],
}

/// Adds a histogram; one without events, or without a bin of any width, is none.
fn add(
    all: &mut Map<String, Value>,
    task: &TaskId,
    axis: &Axis,
    sample: &str,
    content: Content,
    values: &[f64],
) {
    let rise = axis.edges.is_sorted_by(|one, next| one < next);
    if values.is_empty() || values.len() + 1 != axis.edges.len() || !rise {
        return;
    }
    let content = match content {
        Content::Events => "events",
        Content::Shares => "share of events",
    };
    let (label, unit) = super::hepdata::label(axis.label);
    let histogram = json!({
        "uhi_schema": 1,
        "writer_info": { "drapes": { "version": env!("CARGO_PKG_VERSION") } },
        "metadata": { "task": task.0, "sample": sample, "content": content },
        "axes": [{
            "type": "variable",
            "edges": axis.edges,
            "underflow": false,
            "overflow": false,
            "circular": false,
            "metadata": { "name": axis.name, "label": label, "unit": unit },
        }],
        "storage": { "type": "double", "values": values },
    });
    all.insert(format!("{task}/{}/{sample}", axis.name), histogram);
}
