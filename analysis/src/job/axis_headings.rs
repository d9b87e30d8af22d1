//! The axes of a scan, as people read them.

use crate::job::{Comparison, ScanPoint};

/// One value of a point on an axis, as people read it.
pub type AxisValue = fn(&ScanPoint) -> Option<String>;

/// The heading of signal regions, which points in the job's own do not name.
pub const SIGNAL_REGION: &str = "signal region";

/// The heading of noise strengths.
pub const STRENGTH: &str = "σ′";

/// The heading of the seeds of templates, which nobody needs to read where there is but the first.
pub const TEMPLATE_SEEDS: &str = "template seeds";

/// The heading of the seeds of injections, likewise.
pub const INJECTION_SEEDS: &str = "injection seeds";

/// The axes of a scan and their headings.
pub const AXES: [(&str, AxisValue); 11] = [
    ("injected", |point| point.n_signal().map(|count| count.to_string())),
    (INJECTION_SEEDS, |point| point.injection().map(|injection| injection.injection_seed.0.to_string())),
    ("side-bands", |point| point.side_bands().map(|window| window.to_string())),
    (SIGNAL_REGION, |point| point.template()?.sample.signal_region.map(|window| window.to_string())),
    (TEMPLATE_SEEDS, |point| point.template().map(|template| template.sample.template_seed.0.to_string())),
    (STRENGTH, |point| point.template()?.sigma_prime.map(|sigma| sigma.to_string())),
    ("kinematics", |point| point.kinematics().map(|kinematics| kinematics.word().to_owned())),
    ("solver", |point| {
        let integration = point.template()?.integration?;
        Some(format!("{} {}", integration.solver.word(), integration.steps))
    }),
    ("over-sampling", |point| point.oversampling().map(|factor| factor.to_string())),
    ("of data", |point| match point.comparison {
        Comparison::GenSr { data_oversampling, .. } => Some(data_oversampling.to_string()),
        _ => None,
    }),
    ("classifiers", |point| Some(point.classifier.word().to_owned())),
];

/// The different values, in the order of their first.
pub fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}
