//! Any text as a CSV file: events, a description, or a short message; never a panic.
#![no_main]

#[path = "../events.rs"]
mod events;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| events::read("events.csv", bytes));
