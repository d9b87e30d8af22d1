//! The points of a scan, as a plan shows them: a row a method, each axis as a short list.

use crate::job::axis_headings::{AXES, AxisValue, INJECTION_SEEDS, TEMPLATE_SEEDS, distinct};
use crate::job::method_names::label;
use crate::job::{Job, ScanPoint};
use crate::plan::Plan;
use crate::plan::price::Price;
use crate::text::{WIDTH, columns, duration, wrapped};
use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

/// Values of an axis that are listed one by one where they are no longer than this together.
const SHORT: usize = 24;

/// A table of the methods with the axes that vary, and below it what all points have in common.
pub fn methods(job: &Job) -> String {
    let methods = distinct(job.points.iter().map(ScanPoint::method));
    let of = |method: &'static str| job.points.iter().filter(move |point| point.method() == method);
    let mut first = vec![vec!["method".to_owned(), "points".to_owned()]];
    first.extend(methods.iter().map(|method| vec![label(method).to_owned(), of(method).count().to_string()]));
    let (mut varying, mut common) = (Vec::new(), Vec::new());
    for (heading, axis) in AXES {
        match &values(job.points.iter(), axis)[..] {
            [] => {}
            [_] if [TEMPLATE_SEEDS, INJECTION_SEEDS].contains(&heading) => {}
            [value] => {
                let has_axis = |method: &&&'static str| of(method).any(|point| axis(point).is_some());
                let those: Vec<&&'static str> = methods.iter().filter(has_axis).collect();
                common.push(format!("{heading} {value}{}", whose(&those, methods.len())));
            }
            _ => {
                let cells = methods.iter().map(|method| short_list(values(of(method), axis)));
                varying.push(std::iter::once(heading.to_owned()).chain(cells).collect::<Vec<_>>());
            }
        }
    }
    let mut text = blocks(&first, &varying).join("\n");
    if !common.is_empty() {
        text.push_str(&wrapped(&format!("in common: {}", common.join(", "))));
    }
    text
}

/// Names the one method that has an axis, where there are several others.
fn whose(those: &[&&'static str], methods: usize) -> String {
    match those {
        [only] if methods > 2 => format!(" ({} only)", label(only)),
        _ => String::new(),
    }
}

/// Columns beside the first ones: where they do not fit into the width, another table goes on with the others.
fn blocks(first: &[Vec<String>], varying: &[Vec<String>]) -> Vec<String> {
    let (mut tables, mut lines) = (Vec::new(), first.to_vec());
    for column in varying {
        let mut wider = lines.clone();
        for (line, cell) in wider.iter_mut().zip(column) {
            line.push(cell.clone());
        }
        let is_too_wide = columns(&wider).lines().any(|line| line.chars().count() > WIDTH);
        if is_too_wide && lines[0].len() > 2 {
            tables.push(columns(&lines));
            // The number of points has been told.
            lines =
                first.iter().zip(column).map(|(line, cell)| vec![line[0].clone(), cell.clone()]).collect();
        } else {
            lines = wider;
        }
    }
    tables.push(columns(&lines));
    tables
}

/// The different values of an axis: numbers by size, others in the order of the job.
fn values<'a>(points: impl Iterator<Item = &'a ScanPoint>, axis: AxisValue) -> Vec<String> {
    let mut known = HashSet::new();
    let mut values: Vec<String> =
        points.filter_map(axis).filter(|value| known.insert(value.clone())).collect();
    let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
    if numbers.is_some() {
        values.sort_by(|a, b| a.parse().unwrap_or(f64::NAN).total_cmp(&b.parse().unwrap_or(f64::NAN)));
    }
    values
}

/// `0 500`, or `0 … 3000 (9)`.
fn short_list(values: Vec<String>) -> String {
    let all = values.join(" ");
    match &values[..] {
        [] => "-".to_owned(),
        [first, .., last] if all.chars().count() > SHORT => format!("{first} … {last} ({})", values.len()),
        _ => all,
    }
}

/// The classifiers of each point: how many tasks, and seconds of them all.
fn classifiers(plan: &Plan, price: &Price) -> HashMap<String, (usize, f64)> {
    let mut found: HashMap<String, (usize, f64)> = HashMap::new();
    for (task, seconds) in plan.tasks.iter().zip(&price.seconds) {
        let points = task.work.kind().points();
        for point in &points {
            let (tasks, sum) = found.entry(point.to_string()).or_default();
            *tasks += 1;
            *sum += seconds / points.len() as f64;
        }
    }
    found
}

/// Every point by the name that its tasks have, with its own classifiers; beside long names there is no room for the method, which they
/// tell themselves.
pub fn points(job: &Job, plan: &Plan, price: &Price, device: &str) -> String {
    let own = classifiers(plan, price);
    let mut lines = vec![["point", "method", "tasks", "time"].map(str::to_owned).to_vec()];
    lines.extend(job.points.iter().map(|point| {
        let name = point.to_string();
        let (tasks, seconds) = own.get(&name).copied().unwrap_or_default();
        vec![name, label(point.method()).to_owned(), tasks.to_string(), duration(seconds)]
    }));
    let mut table = columns(&lines);
    if table.lines().any(|line| line.chars().count() > WIDTH) {
        for line in &mut lines {
            line.remove(1);
        }
        table = columns(&lines);
    }
    format!("{}{table}", wrapped(&format!("each point and its own classifiers, on one {device}")))
}

/// The methods and their axes, for programs.
pub fn methods_json(job: &Job) -> Vec<Value> {
    let methods = distinct(job.points.iter().map(ScanPoint::method));
    let of = |method: &'static str| job.points.iter().filter(move |point| point.method() == method);
    let axes = |method: &'static str| -> serde_json::Map<String, Value> {
        let all = AXES.iter().map(|(heading, axis)| ((*heading).to_owned(), values(of(method), *axis)));
        all.filter(|(_, values)| !values.is_empty())
            .map(|(heading, values)| (heading, json!(values)))
            .collect()
    };
    let row = |method: &&'static str| json!({ "method": method, "label": label(method), "points": of(method).count(), "axes": axes(method) });
    methods.iter().map(row).collect()
}

/// Every point, for programs.
pub fn points_json(job: &Job, plan: &Plan, price: &Price) -> Vec<Value> {
    let own = classifiers(plan, price);
    let row = |point: &ScanPoint| {
        let name = point.to_string();
        let (tasks, seconds) = own.get(&name).copied().unwrap_or_default();
        json!({ "point": name, "method": point.method(), "classifier_tasks": tasks, "classifier_seconds": seconds })
    };
    job.points.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_short() {
        let list = |values: &[&str]| short_list(values.iter().map(|value| (*value).to_owned()).collect());
        assert_eq!(list(&[]), "-");
        assert_eq!(list(&["0", "500"]), "0 500");
        let many = ["0", "50", "100", "250", "333", "500", "750", "1000", "3000"];
        assert_eq!(list(&many), "0 … 3000 (9)");
        assert_eq!(list(&["a value that is long by itself"]), "a value that is long by itself");
    }
}
