//! Raw events to parts, on several threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::error::PrepareError;
use crate::event::{AxisChoice, event};
use crate::parts::Parts;
use crate::progress::Progress;
use crate::raw::RawFile;
use crate::table::{Storage, Table, TableWriter};
use crate::units;
use crate::whole::Whole;

/// How often the state is shown, also where nothing happens.
const POLL: Duration = Duration::from_millis(200);

/// Makes these parts.
///
/// Each part depends on its own events alone: any number of threads makes the same.
///
/// # Errors
/// The first error of a thread. The others stop; what is finished stays.
pub fn make(
    raw: &RawFile,
    parts: &Parts,
    missing: &[usize],
    axes: AxisChoice,
    threads: usize,
    progress: &mut Progress,
) -> Result<(), PrepareError> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = |news: Sender<usize>| -> Result<(), PrepareError> {
        while let Some(part) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let made = part_of(raw, parts, *part, axes, &news);
            if made.is_err() {
                stop.store(true, Ordering::Relaxed);
                return made;
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let (news, told) = channel();
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let (worker, news) = (&worker, news.clone());
                scope.spawn(move || worker(news))
            })
            .collect();
        // The channel ends with the last worker.
        drop(news);
        watch(&told, progress);
        let ended = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        // All are waited for before the first error is told.
        ended.collect::<Vec<_>>().into_iter().collect()
    })
}

fn watch(told: &Receiver<usize>, progress: &mut Progress) {
    loop {
        match told.recv_timeout(POLL) {
            Ok(events) => progress.add(events),
            Err(RecvTimeoutError::Timeout) => progress.show(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
}

fn part_of(
    raw: &RawFile,
    parts: &Parts,
    part: usize,
    axes: AxisChoice,
    news: &Sender<usize>,
) -> Result<(), PrepareError> {
    let mut table = Table::new(raw.is_labelled());
    for rows in raw.batches(parts.rows(part)) {
        let batch = raw.read(rows.clone())?;
        units::check(raw.path(), &batch)?;
        for (row, particles, label) in batch.rows() {
            table.push(row, &event(row, particles, label, axes)?);
        }
        // Nobody listens any more only where the program ends anyway.
        let _ = news.send(rows.len());
    }
    let path = parts.path(part);
    let draft = Whole::begin(&path, parts.folder())?;
    let write = |table: &mut Table| {
        let mut writer =
            TableWriter::create(draft.draft(), table.len(), table.label.is_some(), Storage::Part)?;
        writer.append(table)?;
        writer.finish(table)
    };
    write(&mut table).map_err(|error| PrepareError::cannot_write(&path, &error))?;
    draft.finish()
}
