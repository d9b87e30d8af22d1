//! Whether a search of other events, which hold no signal, measures the cuts of the search of a job.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::search::SearchClassifier;
use super::{ClassifierKind, Comparison, Job, MassWindow, Start, TemplateMethod, TemplateSpec};

/// In what two searches differ beyond their events, masses and windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unlike {
    /// Keys by which δ of one says nothing of the other, with what both have.
    pub decisive: Vec<String>,
    /// Keys that change δ to some extent.
    pub told: Vec<&'static str>,
}

/// The events that are data of a search, whatever their file is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchedEvents {
    /// The digest of the content of the file.
    pub content: String,
    /// Where in it they lie.
    pub layout: String,
    /// What selects among them; nothing where all are taken.
    pub selection: String,
}

/// What the events of two searches have in common, as far as it follows from their files and selections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InCommon {
    /// Nothing that is known: they come from different files.
    Nothing,
    /// They come from one file by two selections, which may exclude each other, or from two places in it.
    Perhaps,
    /// Those of one are among those of the other, or the same.
    Certainly,
}

impl SearchedEvents {
    /// What they have in common with others.
    pub fn in_common(&self, other: &Self) -> InCommon {
        if self.content != other.content {
            InCommon::Nothing
        } else if self.layout != other.layout {
            InCommon::Perhaps
        } else if self == other || self.selection.is_empty() || other.selection.is_empty() {
            InCommon::Certainly
        } else {
            InCommon::Perhaps
        }
    }
}

/// What a physicist may have changed on purpose, and may also have forgotten: where it is in the tree of a job, and its key.
const TOLD: [(&str, &str); 5] = [
    ("/data/columns", "[data.columns]"),
    ("/data/resonant", "data.resonant"),
    ("/data/missing", "data.missing"),
    ("/sigma_prime", "[template] sigma_prime"),
    ("/search/trainings", "search.trainings"),
];
/// The same of templates that a diffusion model makes, and of those that a flow makes.
const OF_DIFFUSION: [(&str, &str); 2] = [("/denoiser", "[denoiser]"), ("/sampler", "[sampler]")];
const OF_FLOWS: [(&str, &str); 1] = [("/flow", "[flow]")];

impl Job {
    /// In what the search of another job differs from that of this one.
    pub fn unlike(&self, other: &Self) -> Unlike {
        let method = |job: &Self| job.searched().map(|(template, _)| template.method);
        let word = |job: &Self| method(job).map_or("", |method| method.word()).to_owned();
        let classifier =
            |job: &Self| job.points.iter().find(|point| point.is_searched()).map(|point| point.classifier);
        let classifier_word = |job: &Self| classifier(job).map_or("", SearchClassifier::word_of).to_owned();
        let decisive = [
            ("data.features", in_order(&self.data.features), in_order(&other.data.features)),
            ("[data.generated] columns", in_order(self.data.generated()), in_order(other.data.generated())),
            ("data.unit", self.unit.to_string(), other.unit.to_string()),
            ("search.method", word(self), word(other)),
            ("search.classifier", classifier_word(self), classifier_word(other)),
        ];
        let decisive = decisive.into_iter().filter(|(_, here, there)| here != there);
        let models = match method(self).and_then(TemplateMethod::flow) {
            Some(_) => &OF_FLOWS[..],
            None => &OF_DIFFUSION[..],
        };
        let (here, there) = (self.physics(), other.physics());
        let is_other = |at: &str| here.pointer(at) != there.pointer(at);
        let mut told: Vec<_> =
            TOLD.iter().chain(models).filter(|(at, _)| is_other(at)).map(|(_, key)| *key).collect();
        match classifier(self) {
            Some(ClassifierKind::Trees) if self.trees != other.trees => told.push("[trees]"),
            Some(ClassifierKind::Mlp) if self.window_classifier() != other.window_classifier() => {
                told.push("[classifier]");
            }
            _ => {}
        }
        for (place, key) in ["search.oversampling", "search.templates"].into_iter().enumerate() {
            let of = |job: &Self| job.searched().map(|(_, numbers)| numbers[place]);
            if of(self) != of(other) {
                told.push(key);
            }
        }
        if self.bridges_otherwise(other) {
            told.push("its side-bands");
        }
        if self.searches_by_other_sample() && how_sampled(&here) != how_sampled(&there) {
            told.push("[other_sample]");
        }
        Unlike {
            decisive: decisive
                .map(|(key, here, there)| format!("{key} is {there} there and {here} here"))
                .collect(),
            told,
        }
    }

    /// Whether a window that both searches have lies between other side-bands in the other one; where they have none in common, whether
    /// the job's side-bands are others.
    fn bridges_otherwise(&self, other: &Self) -> bool {
        let bands = |job: &Self| -> Vec<(MassWindow, MassWindow)> {
            let points = job.points.iter().filter(|point| point.is_searched());
            points.filter_map(|point| Some((job.signal_region_of(point), point.side_bands()?))).collect()
        };
        let (own, others) = (bands(self), bands(other));
        let shared = own.iter().filter_map(|(window, outer)| {
            Some((outer, &others.iter().find(|(known, _)| known == window)?.1))
        });
        let shared: Vec<_> = shared.collect();
        if shared.is_empty() {
            self.regions.outer != other.regions.outer
        } else {
            shared.iter().any(|(one, other)| one != other)
        }
    }

    /// The events that are data of the search, where their file has a content of this digest.
    pub fn searched_events(&self, sha256: &str) -> SearchedEvents {
        let layout = serde_json::to_string(&self.data.layout).unwrap_or_default();
        SearchedEvents { content: sha256.to_owned(), layout, selection: self.selection() }
    }

    /// What selects among the events: a formula without its blanks, and those that it needs.
    fn selection(&self) -> String {
        let Some(select) = &self.data.select else { return String::new() };
        let behind = self.data.columns.behind(select.names().iter().map(String::as_str));
        let formulae =
            behind.iter().filter_map(|name| Some(format!("{name}={}", self.data.columns.get(name)?.text())));
        let all = std::iter::once(select.text().to_owned()).chain(formulae).collect::<Vec<_>>().join(";");
        all.split_whitespace().collect()
    }

    /// The template of the first window that is searched, its over-sampling, and how many models make it.
    fn searched(&self) -> Option<(&TemplateSpec, [u32; 2])> {
        self.points.iter().find(|point| point.is_searched()).and_then(|point| match &point.comparison {
            Comparison::Window { template, oversampling, templates } => {
                Some((template, [oversampling.0, templates.0]))
            }
            _ => None,
        })
    }

    /// Whether templates of the search are made of the events of another sample.
    pub fn searches_by_other_sample(&self) -> bool {
        self.searched().is_some_and(|(template, _)| template.method.starts() == Start::OtherSample)
    }
}

/// How another sample is taken, whatever its file is called.
fn how_sampled(tree: &Value) -> Value {
    let mut sample = tree.get("other_sample").cloned().unwrap_or_default();
    let mut keys = [Some(&mut sample)].into_iter().flatten().collect::<Vec<_>>();
    while let Some(value) = keys.pop() {
        if let Some(object) = value.as_object_mut() {
            object.remove("events");
            keys.extend(object.values_mut());
        }
    }
    sample
}

/// Names in an order in which two lists of the same are equal.
fn in_order(names: &[String]) -> String {
    names.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
