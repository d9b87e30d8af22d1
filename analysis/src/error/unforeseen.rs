//! Panics end the program with a message of two lines, without a stack trace.

use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

use crate::error::Exit;

/// Runs a program, and ends it as something unforeseen where it panics.
///
/// A panic is told in two lines: what happened, and what to do about it. The stack follows where `RUST_BACKTRACE` is set,
/// for whoever looks for the cause. `report` are the things that a report needs, `the job file`; a thread of the name `quiet`
/// tells its panics itself.
pub fn guarded(report: &'static str, quiet: Option<&'static str>, run: impl FnOnce() -> u8) -> u8 {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if quiet.is_some() && std::thread::current().name() == quiet {
            return;
        }
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            usual(panic);
        }
        // Nobody may be listening any more.
        let _ = std::io::stderr().write_all(told(panic, report).as_bytes());
    }));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Exit::Unexpected as u8)
}

fn told(panic: &PanicHookInfo<'_>, report: &str) -> String {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    lines(text.unwrap_or("no message"), &place, report)
}

/// The two lines: what happened, and where to report it.
fn lines(message: &str, place: &str, report: &str) -> String {
    const MOST: usize = 300;
    // Errors of libraries may bring their whole stack.
    let line = message.lines().next().unwrap_or_default();
    let line = line.split("\\nException raised").next().unwrap_or(line);
    let end = line.char_indices().nth(MOST).map_or(line.len(), |(end, _)| end);
    format!(
        "error: {} (nobody has foreseen this)\nplease report it with {report}, this message and its place in the \
         program: {place}\n",
        &line[..end]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_two_lines() {
        let long = "x".repeat(10_000);
        for message in ["broken", "broken\nand\nmore", "", long.as_str()] {
            let told = lines(message, "src/a.rs:1:2", "the job file");
            assert_eq!(told.lines().count(), 2, "{told}");
            assert!(told.len() < 600 && told.contains("src/a.rs:1:2"), "{told}");
        }
    }

    #[test]
    fn a_panic_ends_with_one() {
        assert_eq!(guarded("the job file", None, || 75), 75);
        assert_eq!(guarded("the job file", None, || panic!("as a test of itself")), Exit::Unexpected as u8);
        // Other tests of this process panic as usual.
        drop(std::panic::take_hook());
    }
}
