//! The counts of a search as workspaces of pyhf: one for each window, cut and estimate of the background.
//!
//! Source: <https://pyhf.readthedocs.io/en/stable/likelihood.html>

use serde_json::{Value, json};

use super::new_path::{File, file};
use crate::error::{Error, SearchError};
use crate::figures::search::numbers::{CutNumbers, Estimate, of_all};
use crate::statistics::search::background::Background;
use crate::store::unblinding::Blinding;
use crate::store::{Results, Store};

/// The ending of the names of workspaces that are for limits alone.
const OF_LIMITS: &str = "-limits";
/// Signal events that limits are looked for among at most, in events that an expected limit has about.
const FAR: f64 = 10.0;

/// The workspaces of all cuts that have a background and data, each by the name of its file, as `3300-3700_0.01_template.json`.
///
/// In each, one channel of one bin observes N. The signal is one event times `mu`, the parameter of interest, which so is the
/// number of signal events that pass. The background is b with a `shapesys` of `σ_b`: the likelihood by which search.csv has its
/// Z and its limits. Limits over the template have a background of their own (docs/search.md), and workspaces for it, as
/// `3300-3700_0.01_template-limits.json`.
///
/// # Errors
/// There is no search, it is blind, a record cannot be read, or no cut has a background yet.
pub fn workspaces(store: &Store) -> Result<Vec<File>, Error> {
    let results = Results::read(store)?;
    let path = || store.directory().to_owned();
    if results.job.search.is_none() {
        return Err(SearchError::None { path: path() }.into());
    }
    if results.blinding() == Blinding::Blind {
        return Err(SearchError::Blind { path: path(), what: "workspaces" }.into());
    }
    if let Some(torn) = results.torn.first() {
        store.result(torn)?;
    }
    let all = of_all(&results);
    let files: Vec<File> =
        all.iter().flat_map(|cut| Estimate::BOTH.map(|estimate| of_cut(cut, estimate))).flatten().collect();
    if files.is_empty() {
        return Err(Error::NothingToExport {
            directory: path(),
            missing: "no window of its search has a background yet",
        });
    }
    Ok(files)
}

/// The workspaces of a cut, where it has a background by this estimate that counts: that of Z, and that of limits where it is another.
fn of_cut(cut: &CutNumbers<'_>, estimate: Estimate) -> Vec<File> {
    let (Some(excess), Some(data)) = (cut.evidence(estimate), cut.data) else { return vec![] };
    let window = cut.regions.signal;
    let of = |ending: &str, background: Background| {
        let name = format!("{window}_{}_{}{ending}.json", cut.efficiency, estimate.word());
        let text = serde_json::to_string_pretty(&content(background, data, &window.to_string()));
        file(name, text.unwrap_or_default() + "\n")
    };
    let of_limits = excess.limit_background.filter(|background| *background != excess.background);
    let own = std::iter::once(of("", excess.background));
    own.chain(of_limits.map(|background| of(OF_LIMITS, background))).collect()
}

fn content(background: Background, data: usize, channel: &str) -> Value {
    let most = FAR * (data as f64 + background.expected + background.error + FAR);
    json!({
        "version": "1.0.0",
        "channels": [{
            "name": channel,
            "samples": [
                {
                    "name": "signal",
                    "data": [1.0],
                    "modifiers": [{ "name": "mu", "type": "normfactor", "data": null }],
                },
                {
                    "name": "background",
                    "data": [background.expected],
                    "modifiers": [{ "name": "background", "type": "shapesys", "data": [background.error] }],
                },
            ],
        }],
        "observations": [{ "name": channel, "data": [data as f64] }],
        "measurements": [{
            "name": "signal events",
            "config": {
                "poi": "mu",
                "parameters": [{ "name": "mu", "bounds": [[0.0, most]], "inits": [1.0] }],
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::search::numbers::Excess;

    #[test]
    fn a_workspace_has_the_count_the_background_and_its_error() {
        let background = Background { expected: 12.5, error: 2.5 };
        let excess = Excess::of(20, background, Estimate::SideBands);
        let found = content(background, 20, "3300-3700");
        assert_eq!(found["observations"][0]["data"][0], 20.0);
        let background = &found["channels"][0]["samples"][1];
        assert_eq!(
            (&background["data"][0], &background["modifiers"][0]["data"][0]),
            (&json!(12.5), &json!(2.5))
        );
        let bounds = &found["measurements"][0]["config"]["parameters"][0]["bounds"][0];
        assert!(bounds[1].as_f64() > excess.limits.map(|limits| 5.0 * limits.observed), "{bounds}");
    }
}
