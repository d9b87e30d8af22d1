//! Upper bounds of the numbers in a job, so that none of them can exhaust the memory of a machine that only reads the job.

use super::document::Section;
use super::{ClassifierSettings, ComputeSettings};
use crate::job::{ClassifierKind, Comparison, Inputs, ScanPoint};

/// Points of a noise grid at most; the paper has 200.
pub const MOST_STEPS: u32 = 100_000;
/// Noise strengths below and above which single precision tells nothing apart.
pub const LEAST_SIGMA: f64 = 1e-12;
pub const MOST_SIGMA: f64 = 1e6;
/// Tasks of a scan at most, and so points: rank 0 keeps each in memory.
pub const MOST_TASKS: f64 = 1e6;

/// Notes axes whose product has more points than a scan may have, before they are multiplied; whether there was anything
/// to note.
pub fn check_axes(scan: &Section<'_>, axes: &[(&str, usize)]) -> bool {
    let points: f64 = axes.iter().map(|(_, values)| *values as f64).product();
    let longest = axes.iter().max_by_key(|(_, values)| *values);
    let Some((key, values)) = longest.filter(|_| points > MOST_TASKS) else { return false };
    let message = format!(
        "has {values} values, and all axes of the scan together make {points:.0} points ({MOST_TASKS} tasks at most can be \
         handed out) name fewer"
    );
    scan.wrong(key, message);
    true
}

/// Notes a job of more tasks than can be handed out, with the key that makes them.
pub fn check_tasks(
    root: &Section<'_>,
    points: &[ScanPoint],
    compute: &ComputeSettings,
    classifier: &ClassifierSettings,
) {
    let chunks = |together: usize| classifier.seeds.len().div_ceil(together.max(1)) as f64;
    let (mut tasks, mut copies) = (0.0, 0.0);
    for point in points {
        let together = match point.classifier {
            // A window of a search is one task.
            _ if matches!(point.comparison, Comparison::Window { .. }) => usize::MAX,
            ClassifierKind::Mlp => compute.classifier_seeds_per_task,
            ClassifierKind::Trees => 1,
            ClassifierKind::Transformer => compute.jet_classifier_seeds_per_task,
        };
        tasks += chunks(together);
        let made = point.template().filter(|template| template.inputs == Inputs::Llv);
        if let (Some(_), Some(factor)) = (made, point.oversampling()) {
            // A task for each copy of a template of jets, which each chunk of classifiers names.
            copies += f64::from(factor.0) * (1.0 + chunks(together));
        }
    }
    if tasks + copies <= MOST_TASKS {
        return;
    }
    let lower = if copies > tasks {
        "lower oversampling"
    } else if classifier.seeds.len() > points.len() {
        "name fewer in classifier.seeds, or raise compute.classifier_seeds_per_task"
    } else {
        "name fewer values of its axes"
    };
    let message = format!(
        "makes {:.0} tasks with all classifiers ({MOST_TASKS} at most can be handed out) {lower}",
        tasks + copies
    );
    root.wrong("scan", message);
}
