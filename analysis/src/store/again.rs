//! Reading again what could not be read a moment ago.
//!
//! A file server may answer "stale file handle" or "input/output error" once, and answer the next request well. If one failed
//! read counted as a missing record, results of days would be computed again.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Milliseconds between two attempts.
const WAITS: [u64; 4] = [50, 200, 500, 1500];
/// Milliseconds that a process waits in all: where a whole directory cannot be read, waiting for each file would take days.
const MOST: u64 = 60_000;

/// Reads something; where that fails, tries again after growing waits. That a file does not exist is an answer and no failure.
///
/// # Errors
/// It does not exist, or every attempt has failed.
pub fn read_again<T>(read: impl Fn() -> io::Result<T>) -> io::Result<T> {
    static WAITED: AtomicU64 = AtomicU64::new(0);
    for wait in WAITS {
        match read() {
            Err(error) if error.kind() != ErrorKind::NotFound => {}
            answer => return answer,
        }
        if WAITED.fetch_add(wait, Ordering::Relaxed) > MOST {
            break;
        }
        std::thread::sleep(Duration::from_millis(wait));
    }
    read()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn an_error_that_passes_is_none_and_what_is_not_there_is_not_waited_for() {
        let looks = Cell::new(0);
        let look = |good_from: usize, kind: ErrorKind| {
            looks.set(0);
            read_again(|| {
                looks.set(looks.get() + 1);
                if looks.get() >= good_from { Ok(looks.get()) } else { Err(kind.into()) }
            })
        };
        assert_eq!(look(3, ErrorKind::StaleNetworkFileHandle).expect("the third look"), 3);
        assert!(look(usize::MAX, ErrorKind::StaleNetworkFileHandle).is_err());
        assert_eq!(looks.get(), WAITS.len() + 1);
        assert!(look(3, ErrorKind::NotFound).is_err());
        assert_eq!(looks.get(), 1);
    }
}
