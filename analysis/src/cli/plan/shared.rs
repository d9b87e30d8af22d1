//! Fits, trainings and templates that several points of a scan share, so that they are computed once.

use std::collections::HashMap;

use crate::plan::{Plan, Stage, TaskId};

/// Tasks of a stage and the points that need them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// The stage.
    pub stage: Stage,
    /// Its tasks.
    pub tasks: usize,
    /// Points that need one of them at least, near or far.
    pub points: usize,
}

/// For each stage before the classifiers its tasks and the points that need them; stages without tasks are left out.
pub fn sharing(plan: &Plan) -> Vec<Sharing> {
    let bit = |stage: Stage| 1_u8 << Stage::ALL.iter().position(|other| *other == stage).unwrap_or(0);
    let (mut behind, mut points): (HashMap<&TaskId, u8>, HashMap<String, u8>) = Default::default();
    // Dependencies come first in a plan.
    for task in &plan.tasks {
        let stages =
            |needs: &[TaskId]| needs.iter().fold(0, |all, need| all | behind.get(need).copied().unwrap_or(0));
        for point in task.work.kind().points() {
            let needed = stages(&task.work.kind().needs_of(point));
            *points.entry(point.to_string()).or_default() |= needed;
        }
        let needed = stages(&task.needs);
        behind.insert(&task.id, needed | bit(task.work.stage()));
    }
    let of = |stage: Stage| Sharing {
        stage,
        tasks: plan.stage(stage).count(),
        points: points.values().filter(|stages| *stages & bit(stage) != 0).count(),
    };
    let stages = Stage::ALL.into_iter().filter(|stage| *stage != Stage::Classify);
    stages.map(of).filter(|sharing| sharing.tasks > 0).collect()
}

/// The same in a sentence: `shared: 9 fits by 18 points, 9 trainings by 18`; nothing where points share nothing.
pub fn sentence(plan: &Plan) -> Option<String> {
    let found: Vec<Sharing> = sharing(plan).into_iter().filter(|all| all.points > all.tasks).collect();
    let part = |(place, all): (usize, &Sharing)| {
        let what = match all.stage {
            Stage::Fit => "fit",
            Stage::Train => "training",
            Stage::Template | Stage::Classify => "template",
        };
        let many = if all.tasks == 1 { "" } else { "s" };
        let points = if place == 0 { " points" } else { "" };
        format!("{} {what}{many} by {}{points}", all.tasks, all.points)
    };
    let parts: Vec<String> = found.iter().enumerate().map(part).collect();
    (!parts.is_empty()).then(|| format!("shared: {}", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;

    #[test]
    fn what_points_have_in_common_is_counted_once() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[independent_background]\nsource = 'withheld'\n\
                    [[scan]]\nmethod = 'noise'\nn_signal = [0, 5]\noversampling = [1, 2, 3]\n[[scan]]\n\
                    method = 'idealised'\nn_signal = [5]\n";
        let plan = |text: &str| Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
        let all = sharing(&plan(text));
        let counts: Vec<_> = all.iter().map(|one| (one.stage, one.tasks, one.points)).collect();
        assert_eq!(counts, [(Stage::Fit, 2, 6), (Stage::Train, 2, 6), (Stage::Template, 2, 6)]);
        let said = sentence(&plan(text)).expect("they share");
        assert_eq!(said, "shared: 2 fits by 6 points, 2 trainings by 6, 2 templates by 6");
        assert_eq!(sentence(&plan(&text.replace("[1, 2, 3]", "[1]"))), None);
        // What a point needs is its own affair, also where its classifiers are trained with those of others: SR draws no masses.
        let with_sr = format!("{text}[[scan]]\nmethod = 'sr'\nn_signal = [0, 5]\noversampling = [1, 2, 3]\n");
        let together = with_sr.replace(
            "[[scan]]\nmethod = 'noise'",
            "[compute]\nclassifier_points_per_task = 4\n[[scan]]\nmethod = 'noise'",
        );
        assert!(plan(&together).tasks.iter().any(|task| task.id.0.contains("-and-3-")), "points in company");
        assert_eq!(sharing(&plan(&together)), sharing(&plan(&with_sr)));
    }
}
