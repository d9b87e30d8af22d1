//! Whether a search of other events, which hold no signal, measures the cuts of the search of a job.

use super::{Comparison, Job, TemplateSpec};

/// In what two searches differ beyond their events, masses and windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unlike {
    /// Keys by which δ of one says nothing of the other, with what both have.
    pub decisive: Vec<String>,
    /// Keys that change δ to some extent.
    pub told: Vec<&'static str>,
}

/// What a physicist may have changed on purpose, and may also have forgotten: where it is in the tree of a job, and its key.
const TOLD: [(&str, &str); 8] = [
    ("/data/columns", "[data.columns]"),
    ("/data/resonant", "data.resonant"),
    ("/denoiser", "[denoiser]"),
    ("/sampler", "[sampler]"),
    ("/flow", "[flow]"),
    ("/sigma_prime", "[template] sigma_prime"),
    ("/trees", "[trees]"),
    ("/search/trainings", "search.trainings"),
];

impl Job {
    /// In what the search of another job differs from that of this one.
    pub fn unlike(&self, other: &Self) -> Unlike {
        let decisive = [
            ("data.features", self.data.features.join(", "), other.data.features.join(", ")),
            ("[data.generated] columns", self.data.generated().join(", "), other.data.generated().join(", ")),
            ("data.unit", self.unit.to_string(), other.unit.to_string()),
            ("search.method", self.searched_by(), other.searched_by()),
        ];
        let decisive = decisive.into_iter().filter(|(_, here, there)| here != there);
        let (here, there) = (self.physics(), other.physics());
        let is_other = |at: &str| here.pointer(at) != there.pointer(at);
        let mut told: Vec<_> = TOLD.iter().filter(|(at, _)| is_other(at)).map(|(_, key)| *key).collect();
        if self.search_oversampling() != other.search_oversampling() {
            told.push("search.oversampling");
        }
        Unlike {
            decisive: decisive
                .map(|(key, here, there)| format!("{key} is {there} there and {here} here"))
                .collect(),
            told,
        }
    }

    /// The events that are data of the search, whatever the file is called: the digest of its content, and what selects among them.
    pub fn selection_of(&self, sha256: &str) -> String {
        let Some(select) = &self.data.select else { return sha256.to_owned() };
        let behind = self.data.columns.behind(select.names().iter().map(String::as_str));
        let formulae: Vec<_> =
            behind.iter().filter_map(|name| Some((name, self.data.columns.get(name)?))).collect();
        serde_json::to_string(&(sha256, select, formulae)).unwrap_or_default()
    }

    fn searched(&self) -> Option<(&TemplateSpec, u32)> {
        self.points.iter().find(|point| point.is_searched()).and_then(|point| match &point.comparison {
            Comparison::Window { template, oversampling } => Some((template, oversampling.0)),
            _ => None,
        })
    }

    fn searched_by(&self) -> String {
        self.searched().map_or(String::new(), |(template, _)| template.method.word().to_owned())
    }

    fn search_oversampling(&self) -> Option<u32> {
        self.searched().map(|(_, oversampling)| oversampling)
    }
}

#[cfg(test)]
mod tests;
