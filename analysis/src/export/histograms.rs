//! Mass spectra, and features of templates and data, as histograms in the JSON of UHI, schema 1.
//!
//! Source: <https://uhi.readthedocs.io/en/latest/serialization.html>

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::plan::work::{Content, Histogram};
use crate::plan::{Plan, TaskId};
use crate::store::unblinding::Blinding;
use crate::store::{RecordState, Store};

/// All histograms of a scan by name, `STAGE/TASK/QUANTITY/SAMPLE`.
///
/// # Errors
/// A record cannot be read, or none has a histogram.
pub fn histograms(store: &Store) -> Result<Map<String, Value>, Error> {
    let stored = store.job()?;
    store.check_folded()?;
    let plan = Plan::of(&stored.job);
    let is_blind = stored.job.is_unlabelled()
        && Blinding::of(&stored.job, store.unblinding().as_ref()) == Blinding::Blind;
    let mut all = Map::new();
    for (task, state) in plan.tasks.iter().zip(store.states(&stored, &plan)) {
        if !matches!(state, RecordState::Done(_)) {
            continue;
        }
        for histogram in store.result(&task.id)?.histograms(&stored.job) {
            // Without labels the background of a window is its data, and a blind search does not compare them with the template.
            let is_withheld =
                |sample: &str| is_blind && histogram.content == Content::Shares && sample == "background";
            for (sample, values) in histogram.samples.iter().filter(|(sample, _)| !is_withheld(sample)) {
                add(&mut all, &task.id, &histogram, sample, values);
            }
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

/// Adds a histogram; one without events, or without a bin of any width, is none.
fn add(all: &mut Map<String, Value>, task: &TaskId, histogram: &Histogram<'_>, sample: &str, values: &[f64]) {
    let rise = histogram.edges.is_sorted_by(|one, next| one < next);
    if values.is_empty() || values.len() + 1 != histogram.edges.len() || !rise {
        return;
    }
    let content = match histogram.content {
        Content::Events => "events",
        Content::Shares => "share of events",
    };
    let quantity = histogram.quantity;
    let (label, unit) = super::hepdata::label(&histogram.label);
    let json = json!({
        "uhi_schema": 1,
        "writer_info": { "drapes": { "version": env!("CARGO_PKG_VERSION") } },
        "metadata": { "task": task.0, "sample": sample, "content": content },
        "axes": [{
            "type": "variable",
            "edges": histogram.edges,
            "underflow": false,
            "overflow": false,
            "circular": false,
            "metadata": { "name": quantity, "label": label, "unit": unit },
        }],
        "storage": { "type": "double", "values": values },
    });
    all.insert(format!("{task}/{quantity}/{sample}"), json);
}
