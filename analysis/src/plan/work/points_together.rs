//! Which points of a scan have their perceptrons trained together.

use std::collections::HashSet;

use super::groups::groups;
use super::planning::grouped;
use crate::job::{ClassifierKind, Comparison, Job, ScanPoint, Start, TemplateSpec};

/// The points whose perceptrons train together, two at least in each group; of one group all have about as many events, and so take about as
/// many steps.
pub fn points_together(job: &Job) -> Vec<Vec<ScanPoint>> {
    let together = job.compute.classifier_points_per_task;
    if together < 2 {
        return vec![];
    }
    let of_perceptrons = |point: &&ScanPoint| {
        point.classifier == ClassifierKind::Mlp && !matches!(point.comparison, Comparison::Window { .. })
    };
    let by_era = job.points_by_era();
    let alike = grouped(job.points.iter().filter(of_perceptrons).copied(), size);
    let groups = alike.iter().flat_map(|points| groups(points, &by_era, together, ToString::to_string));
    let apart: HashSet<String> =
        job.apart.iter().filter_map(|place| job.points.get(*place)).map(ToString::to_string).collect();
    // Only now, so that the other groups keep their members.
    let is_whole = |points: &Vec<ScanPoint>| points.iter().all(|point| !apart.contains(&point.to_string()));
    groups.map(|(_, points)| points).filter(|points| points.len() > 1 && is_whole(points)).collect()
}

/// What the number of events of a point goes by, in words: what is compared, by which factors, and where events come from.
fn size(point: &ScanPoint) -> String {
    let data = match point.comparison {
        Comparison::GenSr { data_oversampling, .. } => Some(data_oversampling),
        _ => None,
    };
    let template = point.template().map(|TemplateSpec { method, sample, .. }| {
        let side_bands = (method.starts() == Start::SideBands).then_some(sample.side_bands);
        (method.starts(), sample.signal_region, side_bands)
    });
    let sort = std::mem::discriminant(&point.comparison);
    format!("{sort:?} {:?} {data:?} {template:?}", point.oversampling())
}
