//! Names of files in `running/`, by which files of drapes are told from other files.

/// Whether a name is that of a lock file: `2-of-8.json`.
pub(super) fn is_place(name: &str) -> bool {
    let numbers = name.strip_suffix(".json").and_then(|stem| stem.split_once("-of-"));
    numbers.is_some_and(|(index, count)| index.parse::<u32>().is_ok() && count.parse::<u32>().is_ok())
}

/// Whether a name is that of the file of a rank that waits for others.
pub(super) fn is_arrival(name: &str) -> bool {
    let parts = name.strip_suffix(".waits").and_then(|stem| stem.split_once(".rank-"));
    parts.is_some_and(|(shard, rank)| [shard, rank].iter().all(|pair| is_place(&format!("{pair}.json"))))
}
