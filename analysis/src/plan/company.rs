//! What trains together in a plan.

use std::collections::BTreeMap;
use std::fmt;

use super::Plan;
use crate::job::Job;
use crate::text::counted;

/// The largest company of each kind of model, and of the points whose classifiers train together, as people read it:
/// `9 denoisers, 12 flows and the classifiers of 4 points together`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Models by their name in the singular.
    models: BTreeMap<&'static str, usize>,
    points: usize,
}

impl Company {
    /// That of a plan.
    pub fn of(job: &Job, plan: &Plan) -> Self {
        let mut models = BTreeMap::new();
        for trained in plan.tasks.iter().filter_map(|task| task.work.kind().trained(job)) {
            let most: &mut usize = models.entry(trained.what).or_default();
            *most = trained.count.max(*most);
        }
        let points = plan.tasks.iter().map(|task| task.work.kind().points().len()).max().unwrap_or(0);
        Self { models, points }
    }
}

impl fmt::Display for Company {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = self.models.iter().filter(|(_, count)| **count > 1);
        let mut parts: Vec<String> = several.map(|(what, count)| counted(*count, what)).collect();
        if self.points > 1 {
            parts.push(format!("the classifiers of {} points", self.points));
        }
        match parts.split_last() {
            None => f.write_str("each model and point alone"),
            Some((last, [])) => write!(f, "{last} together"),
            Some((last, others)) => write!(f, "{} and {last} together", others.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;

    #[test]
    fn only_what_is_there_and_has_company_is_named() {
        let told = |compute: &str, scans: &str| {
            let text =
                format!("schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[compute]\n{compute}\n{scans}");
            let job = JobFile::from_text("job.toml", text).check().expect("a good job");
            Company::of(&job, &Plan::of(&job)).to_string()
        };
        let noise = "[[scan]]\nmethod = 'noise'\nn_signal = [0, 5, 50]\n";
        let both = format!("{noise}[[scan]]\nmethod = 'cathode'\nn_signal = [0, 5]\n");
        let twelve = "denoisers_per_task = 12\nflows_per_task = 12\n";
        let four = "classifier_points_per_task = 4";
        assert_eq!(told("", &both), "each model and point alone");
        assert_eq!(told(twelve, noise), "3 denoisers together");
        assert_eq!(told(four, noise), "the classifiers of 3 points together");
        assert_eq!(
            told(&format!("{twelve}{four}"), &both),
            "3 denoisers, 2 flows and the classifiers of 4 points together"
        );
    }
}
