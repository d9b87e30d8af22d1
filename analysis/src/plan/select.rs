//! Selecting a part of a plan: tasks or points whose names fit a pattern, with all tasks that these need.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use glob::Pattern;

use super::{Plan, Task, TaskId};
use crate::error::Error;

/// Names with `*` for any characters, `?` for one, and `[ab]` for one of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(Pattern);

/// Near names that a message has at most.
const NEAR: usize = 3;
/// How alike two names must be for that.
const ALIKE: f64 = 0.7;

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Pattern::new(text).map(Self).map_err(|error| {
            format!(
                "that is no pattern ({}) write * for any characters, ? for one, [ab] for a or b",
                error.msg
            )
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// What a task may be called: its id, the id without its stage, and its points.
fn names(task: &Task) -> Vec<String> {
    let TaskId(id) = &task.id;
    let short = id.split_once('/').map(|(_, name)| name.to_owned());
    let points = task.work.kind().points();
    let points = points.into_iter().map(ToString::to_string);
    std::iter::once(id.clone()).chain(short).chain(points).collect()
}

impl Plan {
    /// Which tasks selectors name, and all that these need; every task where there are no selectors.
    ///
    /// # Errors
    /// A selector fits nothing.
    pub fn selected(&self, selectors: &[Selector]) -> Result<Vec<bool>, Error> {
        if selectors.is_empty() {
            return Ok(vec![true; self.tasks.len()]);
        }
        let all: Vec<Vec<String>> = self.tasks.iter().map(names).collect();
        let fits = |selector: &Selector, names: &[String]| names.iter().any(|name| selector.0.matches(name));
        for selector in selectors {
            if !all.iter().any(|names| fits(selector, names)) {
                return Err(Error::NothingSelected {
                    selector: selector.to_string(),
                    near: near(selector, &all),
                });
            }
        }
        let places: HashMap<&TaskId, usize> =
            self.tasks.iter().enumerate().map(|(place, task)| (&task.id, place)).collect();
        let named = all.iter().map(|names| selectors.iter().any(|selector| fits(selector, names)));
        let mut wanted: Vec<bool> = named.collect();
        // Dependencies come first in a plan.
        for place in (0..wanted.len()).rev().filter(|place| wanted[*place]).collect::<Vec<_>>() {
            want(self, &places, place, &mut wanted);
        }
        Ok(wanted)
    }
}

/// Marks all that a task needs, near and far.
fn want(plan: &Plan, places: &HashMap<&TaskId, usize>, place: usize, wanted: &mut [bool]) {
    let mut open = vec![place];
    while let Some(next) = open.pop() {
        for need in plan.tasks[next].needs.iter().filter_map(|need| places.get(need)) {
            if !std::mem::replace(&mut wanted[*need], true) {
                open.push(*need);
            }
        }
    }
}

/// Names that are like a pattern without its wildcards.
fn near(selector: &Selector, all: &[Vec<String>]) -> Vec<String> {
    let wanted = selector.0.as_str().replace(['*', '?', '[', ']'], "");
    let likeness = |name: &str| strsim::jaro_winkler(name, &wanted);
    let mut found: Vec<(f64, &str)> = Vec::new();
    // A point before the tasks that are called after it.
    for name in all.iter().flat_map(|names| names.iter().rev()) {
        let alike = likeness(name);
        if alike > ALIKE && !found.iter().any(|(_, other)| other == name) {
            found.push((alike, name));
            found.sort_by(|a, b| b.0.total_cmp(&a.0));
            found.truncate(NEAR);
        }
    }
    found.into_iter().map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;

    fn plan() -> Plan {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = '0-1'\n[compute]\n\
                    classifier_seeds_per_task = 1\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 500]\noversampling = [1, 5]\n";
        Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"))
    }

    fn only(selectors: &[&str]) -> Result<Vec<String>, Error> {
        let selectors: Vec<Selector> =
            selectors.iter().map(|text| text.parse().expect("a pattern")).collect();
        let plan = plan();
        let selected = plan.selected(&selectors)?;
        let chosen = plan.tasks.into_iter().zip(selected).filter(|(_, selected)| *selected);
        Ok(chosen.map(|(task, _)| task.id.0).collect())
    }

    #[test]
    fn a_point_comes_with_all_that_it_needs() {
        let all = only(&[]).expect("a plan");
        assert_eq!(all.len(), 2 + 2 + 2 + 4 * 2);
        let point = only(&["noise-s500-w2800-6000-x1"]).expect("a point");
        let expected = [
            "fit/dijet-s500-w2800-6000",
            "train/denoiser-s500-w2800-6000",
            "template/noise-s500-w2800-6000",
            "classify/noise-s500-w2800-6000-x1-c00",
            "classify/noise-s500-w2800-6000-x1-c01",
        ];
        assert_eq!(point, expected);
        assert_eq!(only(&["classify/*-s500-*-x1-*"]).expect("tasks"), expected);
        assert_eq!(only(&["train/*"]).expect("tasks"), [all[2].clone(), all[3].clone()]);
        assert_eq!(only(&["*"]).expect("all"), all);
        let two = only(&["dijet-s0-*", "denoiser-s500-*"]).expect("tasks");
        assert_eq!(two, ["fit/dijet-s0-w2800-6000", "train/denoiser-s500-w2800-6000"]);
    }

    #[test]
    fn what_fits_nothing_is_refused_with_near_names() {
        let message = only(&["*", "noize-s500-w2800-6000-x*"]).expect_err("a mistake").to_string();
        assert!(
            message.starts_with("--only noize-s500-w2800-6000-x* names no task and no point of the job (")
                && message.contains("did you mean noise-s500-w2800-6000-x"),
            "{message}"
        );
        let message = only(&["qqq*"]).expect_err("a mistake").to_string();
        assert!(
            message.contains("`drapes plan JOB --points`") && !message.contains("did you mean"),
            "{message}"
        );
        let message = "a[".parse::<Selector>().expect_err("no pattern");
        assert!(message.contains("that is no pattern ("), "{message}");
    }
}
