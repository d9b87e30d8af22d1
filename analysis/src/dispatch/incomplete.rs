//! Tasks that were done without some of what they need, and may now be done as a whole.

use super::graph::Graph;
use super::schedule::Known;

/// The tasks that are to be done again as a whole: `lacked` says how many needs each did without, and fewer than that are
/// lost now. A need is lost if it has failed and is not tried again, or needs something that is.
///
/// # Panics
/// If `known` and `lacked` are not as many as the tasks.
pub fn incomplete(graph: &Graph, known: &[Known], lacked: &[usize]) -> Vec<usize> {
    let mut lost = vec![0_usize; graph.len()];
    let mut found = vec![];
    // What a task needs comes before it.
    for task in 0..graph.len() {
        let least = if graph.goes_without(task) { graph.needs(task).max(1) as usize } else { 1 };
        let is_lost = match known[task] {
            Known::Done => false,
            Known::Failed => true,
            Known::Open | Known::Elsewhere => lost[task] >= least,
        };
        if is_lost {
            graph.dependants(task).iter().for_each(|dependant| lost[*dependant as usize] += 1);
        }
        if known[task] == Known::Done && lost[task] < lacked[task] {
            found.push(task);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::Schedule;
    use crate::job::JobFile;
    use crate::plan::Plan;

    /// Three points in one task: fits, trainings, templates, classifiers.
    fn graph() -> (Graph, Vec<usize>, usize) {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = [0]\n[compute]\n\
                    classifier_points_per_task = 3\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 5, 50]\n";
        let plan = Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
        let of_stage = |stage: &str| -> Vec<usize> {
            (0..plan.tasks.len()).filter(|task| plan.tasks[*task].id.0.starts_with(stage)).collect()
        };
        let group = of_stage("classify")[0];
        assert!(plan.tasks[group].needs.len() == 3 && of_stage("classify").len() == 1);
        (Graph::of(&plan), of_stage("train"), group)
    }

    fn drain(schedule: &mut Schedule, fails: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut taken = vec![];
        while let Some(task) = schedule.take() {
            taken.push(task);
            if fails(task) {
                schedule.fail(task);
            } else {
                schedule.complete(task);
            }
        }
        taken
    }

    #[test]
    fn a_group_goes_without_what_is_lost_and_is_lost_with_all_of_it() {
        let (graph, trainings, group) = graph();
        let open = vec![Known::Open; graph.len()];
        let seconds = vec![1.0; graph.len()];
        let of = |fails: &dyn Fn(usize) -> bool| {
            let mut schedule = Schedule::new(graph.clone(), &seconds, &open);
            let taken = drain(&mut schedule, fails);
            assert!(schedule.is_over());
            (taken.contains(&group), schedule.lacks(group).len(), schedule.is_lost(group))
        };
        assert_eq!(of(&|_| false), (true, 0, false));
        assert_eq!(of(&|task| task == trainings[1]), (true, 1, false));
        assert_eq!(of(&|task| trainings[..2].contains(&task)), (true, 2, false));
        assert_eq!(of(&|task| trainings.contains(&task)), (false, 3, true));
        // A failure of an earlier run counts the same.
        let mut known = open.clone();
        known[trainings[0]] = Known::Failed;
        let mut schedule = Schedule::new(graph.clone(), &seconds, &known);
        assert!(drain(&mut schedule, |_| false).contains(&group) && schedule.lacks(group).len() == 1);
    }

    #[test]
    fn what_a_group_lacks_is_waited_for_no_more_when_another_need_is_made_again() {
        let (graph, trainings, group) = graph();
        let count = graph.len();
        let mut schedule = Schedule::new(graph, &vec![1.0; count], &vec![Known::Open; count]);
        drain(&mut schedule, |task| task == trainings[0]);
        // A template that it has read turns out to be of no use: it is made again, and the group with it.
        let template = group - 1;
        assert!(schedule.undo(template));
        assert_eq!(schedule.take(), Some(template));
        schedule.complete(template);
        schedule.wait_again(group);
        assert_eq!(schedule.take(), Some(group), "the lost one is not waited for");
    }

    #[test]
    fn a_part_is_done_as_a_whole_once_less_is_lost() {
        let (graph, trainings, group) = graph();
        let mut known = vec![Known::Done; graph.len()];
        let mut lacked = vec![0; graph.len()];
        lacked[group] = 1;
        let template = group - 1;
        known[template] = Known::Failed;
        assert_eq!(incomplete(&graph, &known, &lacked), [0; 0], "it has failed, and stays so");
        known[template] = Known::Open;
        assert_eq!(incomplete(&graph, &known, &lacked), [group], "it is tried again");
        known[trainings[2]] = Known::Failed;
        assert_eq!(incomplete(&graph, &known, &lacked), [0; 0], "what it needs stays failed");
        known[trainings[2]] = Known::Done;
        known[template] = Known::Done;
        assert_eq!(incomplete(&graph, &known, &lacked), [group], "it has been made since");
        lacked[group] = 0;
        assert_eq!(incomplete(&graph, &known, &lacked), [0; 0], "nothing is lacking");
    }
}
