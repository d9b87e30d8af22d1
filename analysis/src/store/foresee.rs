//! What a run would find in a directory, for a dry run that writes nothing there.

use std::path::Path;

use super::{Liveness, Store, StoredJob};
use crate::dispatch::Shard;
use crate::error::Error;

/// A directory before a run begins there.
pub struct Foreseen {
    /// The directory, if it holds a scan.
    pub store: Option<Store>,
    /// The job as the directory would have it.
    pub stored: StoredJob,
}

impl Store {
    /// What a run of this job would find.
    ///
    /// # Errors
    /// It would be refused: the directory is somebody else's, somebody is at work there, or finished results would change.
    pub fn foresee(directory: &Path, stored: &StoredJob, shard: Shard) -> Result<Foreseen, Error> {
        Self::claim(directory)?;
        let Ok(store) = Self::open(directory) else {
            return Ok(Foreseen { store: None, stored: stored.clone() });
        };
        let settled = store.succeed(stored)?;
        let is_in_the_way = |(index, count): (u32, u32)| count != shard.count || index == shard.index;
        let mut others = store.lock_owners().into_iter().filter(|(_, liveness)| *liveness == Liveness::Alive);
        match others.find(|(who, _)| is_in_the_way((who.shard, who.shards))) {
            Some((who, _)) => Err(Error::Occupied { path: directory.to_owned(), who: who.to_string() }),
            None => Ok(Foreseen { store: Some(store), stored: settled }),
        }
    }
}
