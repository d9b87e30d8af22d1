//! The beginning of a record: enough to know whether a task is done, without reading its curves.
//!
//! A record is one line of JSON that ends with the only newline of the file, so a file that was cut short has none. Its
//! fields come in the order of [`TaskRecord`]: what identifies the task and its run first, the result last.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use serde::Deserialize;

use crate::plan::{Fingerprint, TaskId};
use crate::store::seal::Seal;
use crate::store::{Outcome, RunInfo, TaskRecord};

/// What a record begins with.
#[derive(Debug, PartialEq)]
pub struct Header {
    /// The task.
    pub id: TaskId,
    /// What its result depends on.
    pub fingerprint: Fingerprint,
    /// Where and how long.
    pub run: RunInfo,
    /// Why the task failed, if it did.
    pub failed: Option<String>,
}

/// Where the result of a task begins. Within a text of the record its quotes would be escaped.
const RESULT: &[u8] = b",\"outcome\":{\"done\":";
/// Bytes that hold every header whose host and reason have a sensible length.
const FIRST: usize = 2048;

impl Header {
    /// Reads the header of a record's file; none if the file is torn or no record.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(file: &File) -> io::Result<Option<Self>> {
        let size = file.metadata()?.len();
        let mut last = [0];
        if size == 0 {
            return Ok(None);
        }
        file.read_exact_at(&mut last, size - 1)?;
        if last != *b"\n" {
            return Ok(None);
        }
        let mut first = vec![0; FIRST.min(size as usize)];
        file.read_exact_at(&mut first, 0)?;
        if let Some(header) = Self::of_done(&first) {
            return Ok(Some(header));
        }
        let mut whole = vec![0; size as usize];
        file.read_exact_at(&mut whole, 0)?;
        Ok(Self::of_line(&whole))
    }

    /// The header of a record's line; none if it is torn or no record.
    pub fn of_line(line: &[u8]) -> Option<Self> {
        Self::of_done(&line[..line.len().min(FIRST)]).or_else(|| {
            // A failure is read as a whole, so that its digest is looked at here; that of a result, where it is read.
            if Seal::of(line) == Seal::Broken {
                return None;
            }
            let TaskRecord { id, fingerprint, run, outcome } = serde_json::from_slice(line).ok()?;
            let failed = match outcome {
                Outcome::Failed { reason } => Some(reason),
                Outcome::Done(_) => None,
            };
            Some(Self { id, fingerprint, run, failed })
        })
    }

    /// The header of a task with a result, from the beginning of its record.
    fn of_done(first: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Beginning {
            id: TaskId,
            fingerprint: Fingerprint,
            run: RunInfo,
        }
        let end = first.windows(RESULT.len()).position(|bytes| bytes == RESULT)?;
        let text = [&first[..end], b"}"].concat();
        let Beginning { id, fingerprint, run } = serde_json::from_slice(&text).ok()?;
        Some(Self { id, fingerprint, run, failed: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::TaskResult;

    fn record(outcome: Outcome) -> TaskRecord {
        let run = RunInfo { host: "a\",\"outcome\":{\"done\":".to_owned(), ..RunInfo::default() };
        let id = TaskId("fit/a".to_owned());
        TaskRecord { id, fingerprint: Fingerprint("f".to_owned()), run, outcome }
    }

    #[test]
    fn a_header_says_what_the_record_says() {
        for outcome in [
            Outcome::Done(Box::new(TaskResult::Train(vec![]))),
            Outcome::Failed { reason: "no luck, \"outcome\":{\"done\": nothing".repeat(100) },
        ] {
            let record = record(outcome);
            let line = record.to_line();
            let header = Header::of_line(&line).expect("a header");
            assert_eq!(
                (&header.id, &header.fingerprint, &header.run),
                (&record.id, &record.fingerprint, &record.run)
            );
            assert_eq!(header.failed.is_some(), matches!(record.outcome, Outcome::Failed { .. }));
        }
    }
}
