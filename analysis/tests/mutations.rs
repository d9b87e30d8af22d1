//! Job files and records with bytes changed, moved and cut: a job or mistakes, a record or none, and never a panic.
//!
//! A short walk over what `cargo fuzz run job_file` and `cargo fuzz run record` (folder fuzz) search for hours.

use std::fs;
use std::path::Path;

use drapes_analysis::error::Error;
use drapes_analysis::job::JobFile;
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::plan::{Plan, TaskId};
use drapes_analysis::store::Header;
use drapes_analysis::store::record::{Outcome, RunInfo, TaskRecord, TaskResult};
use drapes_analysis::store::seal::Seal;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// Changed copies of each text.
const COPIES: usize = 400;

/// A copy with a few bytes changed, removed, repeated, or moved.
fn changed(text: &[u8], generator: &mut Pcg64) -> Vec<u8> {
    let mut copy = text.to_vec();
    let mut below = |most: usize| generator.next_u64() as usize % most.max(1);
    for _ in 0..=below(4) {
        let at = below(copy.len());
        let length = 1 + below(12).min(copy.len().saturating_sub(at + 1));
        match below(5) {
            0 if !copy.is_empty() => copy[at] = b"\"'[]{}=,.#\n-0e_\xff"[below(16)],
            1 => drop(copy.drain(at..(at + length).min(copy.len()))),
            2 => {
                let part = copy[at..(at + length).min(copy.len())].to_vec();
                copy.splice(at..at, part);
            }
            3 => copy.truncate(at),
            _ => {
                let part: Vec<u8> = copy.drain(at..(at + length).min(copy.len())).collect();
                let to = below(copy.len());
                copy.splice(to..to, part);
            }
        }
    }
    copy
}

#[test]
fn changed_job_files_are_jobs_or_say_their_mistakes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../jobs");
    let mut generator = Pcg64::seed_from_u64(1);
    let (mut jobs, mut refused) = (0, 0);
    for entry in fs::read_dir(folder).expect("jobs") {
        let text = fs::read(entry.expect("an entry").path()).expect("a job file");
        for _ in 0..COPIES {
            let copy = String::from_utf8_lossy(&changed(&text, &mut generator)).into_owned();
            match JobFile::from_text("job.toml", copy).check() {
                Ok(job) => {
                    jobs += 1;
                    assert!(job.points.len() > 1000 || !Plan::of(&job).tasks.is_empty());
                }
                Err(Error::JobFile { problems, .. }) => {
                    refused += 1;
                    assert!(!problems.is_empty());
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    // Comments take many changes; the rest does not.
    assert!(jobs > 100 && refused > 1000, "{jobs} {refused}");
}

#[test]
fn changed_records_are_records_or_none() {
    let mut generator = Pcg64::seed_from_u64(2);
    let run = RunInfo {
        host: "node".to_owned(),
        device: "cpu".to_owned(),
        rank: 3,
        seconds: 1.5,
        began: None,
        diverged: 2,
    };
    let record = |outcome| TaskRecord {
        id: TaskId("train/a".to_owned()),
        fingerprint: Fingerprint("0123456789".to_owned()),
        run: run.clone(),
        outcome,
    };
    let outcomes = [
        Outcome::Done(Box::new(TaskResult::Train(vec![]))),
        Outcome::Failed { reason: "no luck".to_owned() },
    ];
    let (mut whole, mut torn) = (0, 0);
    // With a digest almost every change is noticed; without, as earlier revisions wrote them, many are not.
    let unsealed = |record: &TaskRecord| [serde_json::to_vec(record).expect("JSON"), b"\n".to_vec()].concat();
    for line in outcomes.map(record).iter().flat_map(|record| [record.to_line(), unsealed(record)]) {
        for _ in 0..20 * COPIES {
            let copy = changed(&line, &mut generator);
            match (Header::of_line(&copy), serde_json::from_slice::<TaskRecord>(&copy)) {
                (Some(header), Ok(record)) => {
                    whole += 1;
                    assert_eq!((header.id, header.run), (record.id, record.run));
                }
                // Only what begins like the record of a finished task may have a header without being whole.
                (Some(header), Err(_)) => assert!(header.failed.is_none()),
                (None, Ok(_)) if Seal::of(&copy) == Seal::Broken => torn += 1,
                (None, Ok(record)) => panic!("a record without a header: {record:?}"),
                (None, Err(_)) => torn += 1,
            }
        }
    }
    assert!(whole > 50 && torn > 1000, "{whole} {torn}");
}
