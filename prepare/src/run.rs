//! The command: what is there already, what is missing, and what to say in the end.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::PrepareError;
use crate::event::AxisChoice;
use crate::output::{Finished, finished};
use crate::parts::{CHUNK, Parts, SCHEMA, Work};
use crate::progress::Progress;
use crate::raw::RawFile;
use crate::share::Share;
use crate::source::Source;
use crate::{features, join, units, work};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The file of raw events.
    pub raw: PathBuf,
    /// The file to be made.
    pub out: PathBuf,
    /// A file in the published features layout, as well.
    pub features: Option<PathBuf>,
    /// Where the axes of subjets come from.
    pub axes: AxisChoice,
    /// Threads of this process.
    pub threads: usize,
    /// Raw events of a part, where it matters.
    pub chunk: Option<usize>,
    /// Which part of the work this process does.
    pub share: Share,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The file that was made.
    pub out: PathBuf,
    /// The file in the features layout.
    pub features: Option<PathBuf>,
    /// What the output holds; nothing if other processes still work on it.
    pub finished: Option<Finished>,
    /// Raw events that this process went through, and its seconds.
    pub worked: (usize, f64),
    /// Threads that did it.
    pub threads: usize,
    /// Its share.
    pub share: Share,
}

/// Makes an output, or the share of it that belongs to this process. What is there already is not made again.
///
/// # Errors
/// The raw file is of no use, the output belongs to something else, or it cannot be written.
pub fn run(request: &Request) -> Result<Summary, PrepareError> {
    check_paths(request)?;
    let raw = RawFile::open(&request.raw)?;
    let source = Source::of(raw.path(), raw.rows())?;
    let work = Work {
        schema: SCHEMA,
        source,
        axes: request.axes.name().to_owned(),
        chunk: request.chunk.unwrap_or(CHUNK),
    };
    // Before anything is computed: hours later is too late.
    if let Some(path) = &request.features {
        features::is_finished(path, &raw, &work)?;
    }
    // Before there is a folder for parts.
    let first = raw.batches(0..raw.rows()).next().unwrap_or(0..0);
    units::check(raw.path(), &raw.read(first)?)?;
    let (mut progress, mut lock) = (Progress::new(0, 0), None);
    let out = &request.out;
    if finished(out, &raw, &work)?.is_none() {
        lock = match make_parts(&raw, &work, request, &mut progress) {
            // Another process may have joined the parts, and deleted them, at any moment.
            Err(_) if finished(out, &raw, &work)?.is_some() => None,
            made => made?,
        };
    }
    let finished = finished(out, &raw, &work)?;
    if finished.is_some() {
        // By whoever has joined the parts; by the first process where that was earlier.
        if let Some(path) = &request.features
            && (lock.is_some() || request.share.rank == 0)
            && !features::is_finished(path, &raw, &work)?
        {
            features::write(out, path, &raw, &work)?;
        }
        Parts::remove(&Parts::folder_of(out))?;
    }
    drop(lock);
    Ok(Summary {
        out: out.clone(),
        features: request.features.clone(),
        finished,
        worked: (progress.done(), progress.seconds()),
        threads: progress.threads(),
        share: request.share,
    })
}

/// Each file must be another one: the advice to delete what is in the way would cost the raw events.
fn check_paths(request: &Request) -> Result<(), PrepareError> {
    let named = [
        (Some(&request.raw), "RAW"),
        (Some(&request.out), "--out"),
        (request.features.as_ref(), "--features"),
    ];
    for (path, what) in named {
        if let Some(path) = path.filter(|path| path.to_str().is_none()) {
            return Err(PrepareError::NotText { path: path.clone(), what });
        }
    }
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let same = |path: &PathBuf, other: &PathBuf| whole(path) == whole(other);
    let taken = |path: &PathBuf, reason: &str, advice: &str| {
        let (reason, advice) = (reason.to_owned(), advice.to_owned());
        Err(PrepareError::OtherResult { path: path.clone(), reason, advice })
    };
    if same(&request.out, &request.raw) {
        return taken(&request.out, "it is the raw file itself", "choose another --out");
    }
    match &request.features {
        Some(path) if same(path, &request.raw) => {
            taken(path, "it is the raw file itself", "choose another --features")
        }
        Some(path) if same(path, &request.out) => taken(path, "it is --out", "choose another --features"),
        _ => Ok(()),
    }
}

/// Makes the parts of this process that are missing, and joins all parts if none is missing any more.
///
/// The answer is the lock, where all parts are joined: others wait until it is dropped.
fn make_parts(
    raw: &RawFile,
    work: &Work,
    request: &Request,
    progress: &mut Progress,
) -> Result<Option<File>, PrepareError> {
    let out = &request.out;
    let parts = Parts::open(out, work.clone(), request.chunk)?;
    // Where another process has joined them just now, the folder is a new one.
    if finished(out, raw, work)?.is_some() {
        return Ok(None);
    }
    let missing: Vec<usize> =
        (0..parts.count()).filter(|part| request.share.has(*part) && !parts.has(*part)).collect();
    let threads = request.threads.min(missing.len());
    *progress = Progress::new(missing.iter().map(|part| parts.rows(*part).len()).sum(), threads);
    let made = work::make(raw, &parts, &missing, request.axes, threads, progress);
    progress.finish();
    made?;
    if !parts.is_complete() {
        return Ok(None);
    }
    let lock = parts.lock()?;
    // While this one waited, another process may have done it.
    if finished(out, raw, work)?.is_none() {
        join::join(raw, &parts, out)?;
    }
    Ok(Some(lock))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, seconds) = self.worked;
        if let Some(Finished { kept, counts }) = &self.finished {
            writeln!(f, "{}: {kept} of {} raw events", self.out.display(), counts.read)?;
            if let Some(features) = &self.features {
                writeln!(f, "{}: the same in the features layout", features.display())?;
            }
            writeln!(f, "  dropped  {}", counts.dropped)?;
        }
        let who = if self.share.is_alone() {
            String::new()
        } else {
            format!("process {} of {}: ", self.share.rank + 1, self.share.size)
        };
        let threads = if self.threads == 1 { "thread" } else { "threads" };
        if events == 0 {
            let end = if self.finished.is_some() { "was there already" } else { "no part was missing" };
            return writeln!(f, "  {who}nothing to do: {end}");
        }
        let rate = events as f64 / seconds.max(1e-9);
        writeln!(
            f,
            "  {who}{events} raw events in {seconds:.1} s: {rate:.0} a second on {} {threads}",
            self.threads
        )
    }
}
