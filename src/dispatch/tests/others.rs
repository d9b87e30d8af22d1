//! Tasks of other shards, which are waited for.

use super::*;

/// Another job, as it is seen look after look.
struct Other {
    listens: usize,
    /// From this look on its tasks have ended; task 1 has failed.
    ends: usize,
    /// Whether it is at work, by looks; the last holds on.
    at_work: Vec<bool>,
    asked: Vec<usize>,
}

impl OtherShards for Other {
    fn news(&mut self, task: usize) -> Option<TaskElsewhere> {
        self.asked.push(task);
        let news = if task == 1 { TaskElsewhere::Failed } else { TaskElsewhere::Done };
        (self.listens >= self.ends).then_some(news)
    }

    fn is_at_work(&mut self, _awaited: &[usize]) -> bool {
        let now = *self.at_work.get(self.listens).or(self.at_work.last()).expect("a look");
        self.listens += 1;
        now
    }
}

fn with_others(known: Vec<Known>, other: &mut Other, patience: Duration) -> Diary {
    let scan = Scan::of(&CHAIN, |_| Fate::Works);
    let (result, diary) = run(&scan, Setting { known, patience, ..setting(&scan, 2, other) });
    result.expect("good ranks");
    diary
}

#[test]
fn tasks_of_other_shards_are_waited_for_while_somebody_is_at_them() {
    let mut known = vec![Known::Open; 8];
    (known[0], known[1]) = (Known::Elsewhere, Known::Elsewhere);
    let mut slow = Other { listens: 0, ends: 2, at_work: vec![true], asked: vec![] };
    let diary = with_others(known.clone(), &mut slow, Duration::ZERO);
    assert_eq!((diary.done(), diary.lost), ([2, 3, 5, 6].into(), vec![4, 7]));
    let mut gone = Other { listens: 0, ends: usize::MAX, at_work: vec![false], asked: vec![] };
    let diary = with_others(known.clone(), &mut gone, Duration::ZERO);
    assert_eq!((diary.halted, diary.done().len()), (Some(Halt::Others), 0));
    assert_eq!(diary.activity, [Activity::Waiting]);
    // One that starts, or starts again, in time.
    let mut late = Other { listens: 0, ends: 2, at_work: vec![false, true], asked: vec![] };
    let diary = with_others(known, &mut late, Duration::from_secs(60));
    assert_eq!((diary.halted, diary.done()), (None, [2, 3, 5, 6].into()));
    assert_eq!(diary.activity, [Activity::Waiting, Activity::Working]);
}

#[test]
fn only_what_is_needed_here_is_looked_at() {
    // 0 and 2 to 6 are of others; here only 7 is to be done, behind 4 and 1.
    let mut known = vec![Known::Elsewhere; 8];
    known[7] = Known::Open;
    let mut other = Other { listens: 0, ends: 1, at_work: vec![true], asked: vec![] };
    let diary = with_others(known, &mut other, Duration::ZERO);
    other.asked.sort_unstable();
    other.asked.dedup();
    assert_eq!((other.asked, diary.lost), (vec![1, 4], vec![7]));
}
