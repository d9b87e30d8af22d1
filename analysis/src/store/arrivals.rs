//! Which ranks of a run have started, before they can send each other messages.
//!
//! A rank that waits inside MPI for the others cannot tell which of them is missing. If it waits for longer than usual, it
//! writes to `running/1-of-1.rank-3-of-8.waits` every second. A rank whose file nobody writes to has not started.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Store;
use crate::dispatch::Shard;

/// Files that were touched so long before the own one are of ranks that are gone: of an earlier start, for instance. Both times
/// are those of the file server.
const FRESH: Duration = Duration::from_secs(4);

/// A rank among those that wait for each other.
pub struct Arrivals {
    running: PathBuf,
    shard: Shard,
    rank: usize,
    ranks: usize,
}

impl Arrivals {
    /// Rank `rank` of so many, which share the directory; none where the directory is somebody else's, and nothing may be
    /// written there.
    pub fn of(directory: &Path, shard: Shard, rank: usize, ranks: usize) -> Option<Self> {
        Store::claim(directory).ok()?;
        Some(Self { running: Store::at(directory).running(), shard, rank, ranks })
    }

    /// Writes that this rank has started; to be repeated every second. If that fails, only a message lacks this rank.
    pub fn touch(&self) {
        let _ = fs::create_dir_all(&self.running).and_then(|()| fs::write(self.file(self.rank), ""));
    }

    /// The ranks that have not started; none if this one could not write that it has.
    pub fn absent(&self) -> Option<Vec<usize>> {
        // Makes a network file system look again.
        let _ = fs::read_dir(&self.running);
        let own = self.touched(self.rank)?;
        let is_there = |rank: &usize| self.touched(*rank).is_some_and(|touched| touched + FRESH >= own);
        Some((0..self.ranks).filter(|rank| !is_there(rank)).collect())
    }

    /// Removes the file of this rank: the ranks have found each other.
    pub fn have_met(&self) {
        let _ = fs::remove_file(self.file(self.rank));
    }

    fn touched(&self, rank: usize) -> Option<SystemTime> {
        fs::metadata(self.file(rank)).and_then(|file| file.modified()).ok()
    }

    fn file(&self, rank: usize) -> PathBuf {
        let Shard { index, count } = self.shard;
        self.running.join(format!("{index}-of-{count}.rank-{rank}-of-{}.waits", self.ranks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::names::is_arrival;

    #[test]
    fn whoever_has_not_touched_its_file_for_a_while_is_absent() {
        let place = tempfile::tempdir().expect("a temporary directory");
        let out = place.path().join("out");
        let [first, second, third] =
            [0, 1, 2].map(|rank| Arrivals::of(&out, Shard::WHOLE, rank, 4).expect("nobody's directory"));
        assert_eq!(first.absent(), None, "it has not said itself that it is there");
        for rank in [&first, &second, &third] {
            rank.touch();
        }
        assert_eq!(first.absent(), Some(vec![3]));
        // One of an earlier start.
        let before = SystemTime::now() - Duration::from_secs(6);
        let file = fs::File::options().append(true).open(third.file(2)).expect("its file");
        file.set_modified(before).expect("an older file");
        assert_eq!(first.absent(), Some(vec![2, 3]));
        third.touch();
        assert_eq!(first.absent(), Some(vec![3]));
        // What is left of a start that failed neither makes the directory somebody else's nor stays.
        Store::claim(&out).expect("nobody's directory");
        first.have_met();
        assert_eq!(fs::read_dir(out.join("running")).expect("a folder").count(), 2);
        Store::at(&out).sweep_arrivals();
        assert_eq!(fs::read_dir(out.join("running")).expect("a folder").count(), 0);
    }

    #[test]
    fn nothing_is_written_where_somebody_keeps_other_things() {
        let place = tempfile::tempdir().expect("a temporary directory");
        fs::write(place.path().join("thesis.tex"), "").expect("room");
        assert!(Arrivals::of(place.path(), Shard::WHOLE, 0, 2).is_none());
        assert!(is_arrival("2-of-8.rank-0-of-64.waits"));
        for name in ["thesis.waits", "2-of-8.rank-0.waits", "2-of-8.rank-0-of-64", "2-of-8.waits"] {
            assert!(!is_arrival(name), "{name}");
        }
    }
}
