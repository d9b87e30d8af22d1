//! The growth of a job: which points and seeds were added to its directory, and in which order.
//!
//! Models and seeds are trained in groups. A group that is finished must keep its members when a job gets further points,
//! so a job remembers in which order, and together with what, its points and seeds came.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Job;
use crate::job::axis_headings::distinct;
use crate::job::method_names::label;
use crate::job::{ClassifierSeed, ScanPoint};

/// Points and seeds that came to a job together, by their places in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// Places in [`Job::points`], in the order in which their job named them.
    pub points: Vec<usize>,
    /// Places in the list of seeds, in the same way.
    pub seeds: Vec<usize>,
}

/// What has come to a job since its directory was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Growth {
    /// How often it has grown.
    pub times: usize,
    /// Further points.
    pub points: usize,
    /// Further seeds of classifiers.
    pub seeds: usize,
    /// Methods that the first job lacked, as people call them.
    pub methods: Vec<String>,
}

impl Job {
    /// Points and seeds in the order in which they came; a job that has not grown has one generation.
    pub fn eras(&self) -> Vec<Generation> {
        if self.generations.is_empty() {
            let (points, seeds) = (self.points.len(), self.classifier.seeds.len());
            return vec![Generation { points: (0..points).collect(), seeds: (0..seeds).collect() }];
        }
        self.generations.clone()
    }

    /// The points of each generation.
    pub fn points_by_era(&self) -> Vec<Vec<ScanPoint>> {
        let points = |era: Generation| {
            era.points.iter().filter_map(|place| self.points.get(*place)).copied().collect()
        };
        self.eras().into_iter().map(points).collect()
    }

    /// The seeds of each generation.
    pub fn seeds_by_era(&self) -> Vec<Vec<ClassifierSeed>> {
        let all = &self.classifier.seeds;
        let seeds = |era: Generation| era.seeds.iter().filter_map(|place| all.get(*place)).copied().collect();
        self.eras().into_iter().map(seeds).collect()
    }

    /// This job where an older one was: what both have keeps its generation, all else makes a new one.
    #[must_use]
    pub fn successor_of(&self, old: &Self) -> Self {
        let places: HashMap<String, usize> =
            self.points.iter().enumerate().map(|(place, point)| (point.to_string(), place)).collect();
        let seeds = &self.classifier.seeds;
        let mut generations: Vec<Generation> = Vec::new();
        for (points, old_seeds) in old.points_by_era().into_iter().zip(old.seeds_by_era()) {
            generations.push(Generation {
                points: points.iter().filter_map(|point| places.get(&point.to_string())).copied().collect(),
                seeds: old_seeds.iter().filter_map(|seed| seeds.iter().position(|own| own == seed)).collect(),
            });
        }
        let known_points: HashSet<usize> = generations.iter().flat_map(|era| &era.points).copied().collect();
        let known_seeds: HashSet<usize> = generations.iter().flat_map(|era| &era.seeds).copied().collect();
        generations.push(Generation {
            points: (0..self.points.len()).filter(|place| !known_points.contains(place)).collect(),
            seeds: (0..seeds.len()).filter(|place| !known_seeds.contains(place)).collect(),
        });
        generations.retain(|era| !(era.points.is_empty() && era.seeds.is_empty()));
        let apart = old.apart.iter().filter_map(|place| old.points.get(*place));
        let apart = apart.filter_map(|point| places.get(&point.to_string())).copied().collect();
        let mut job = Self { generations: Vec::new(), apart, ..self.clone() };
        // One generation in the order of the file is what a job begins with.
        if generations != job.eras() {
            job.generations = generations;
        }
        job
    }

    /// What has come to the job since its directory was begun; none if nothing has.
    pub fn growth(&self) -> Option<Growth> {
        let (points, seeds) = (self.points_by_era(), self.seeds_by_era());
        let times = points.len() - 1;
        let methods =
            |points: &[ScanPoint]| distinct(points.iter().map(|point| label(point.method()).to_owned()));
        let first = methods(&points[0]);
        let later = methods(&points[1..].concat());
        (times > 0).then(|| Growth {
            times,
            points: points[1..].iter().map(Vec::len).sum(),
            seeds: seeds[1..].iter().map(Vec::len).sum(),
            methods: later.into_iter().filter(|method| !first.contains(method)).collect(),
        })
    }
}

impl fmt::Display for Growth {
    /// `the job has grown, by 4 points (new: DRAPES SB) and 1 seed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the job has grown")?;
        if self.times > 1 {
            write!(f, " {} times", self.times)?;
        }
        let counted =
            |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let mut parts = Vec::new();
        if self.points > 0 {
            let new = match &self.methods[..] {
                [] => String::new(),
                methods => format!(" (new: {})", methods.join(", ")),
            };
            parts.push(counted(self.points, "point") + &new);
        }
        if self.seeds > 0 {
            parts.push(counted(self.seeds, "seed"));
        }
        write!(f, ", by {}", parts.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;

    fn job(seeds: &str, injections: &str, more: &str) -> Job {
        let text = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = {seeds}\n[[scan]]\nmethod = 'noise'\n\
             n_signal = {injections}\n{more}"
        );
        JobFile::from_text("job.toml", text).check().expect("a good job")
    }

    #[test]
    fn a_job_remembers_what_came_when() {
        let first = job("[0, 1]", "[0, 500]", "");
        assert_eq!(first.successor_of(&first), first);
        assert_eq!(first.growth(), None);
        let second =
            job("[0, 1]", "[500, 250, 0]", "[[scan]]\nmethod = 'sb'\nn_signal = [0]\n").successor_of(&first);
        let eras = [
            Generation { points: vec![2, 0], seeds: vec![0, 1] },
            Generation { points: vec![1, 3], seeds: vec![] },
        ];
        assert_eq!(second.generations, eras);
        let third = job("[0, 1, 2]", "[500, 250, 0]", "[[scan]]\nmethod = 'sb'\nn_signal = [0]\n")
            .successor_of(&second);
        assert_eq!(third.generations[..2], eras);
        assert_eq!(
            third.growth().expect("growth").to_string(),
            "the job has grown 2 times, by 2 points (new: DRAPES SB) and 1 seed"
        );
        // What has gone leaves no trace.
        assert_eq!(first.successor_of(&second), first);
    }
}
