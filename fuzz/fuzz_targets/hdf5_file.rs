//! Any bytes as an HDF5 file: events, a description, or a short message; never a panic.
//!
//! The HDF5 library is C code without instrumentation: this looks for what drapes makes of its answers.
#![no_main]

#[path = "../events.rs"]
mod events;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Without the signature nothing is asked of the library.
    let mut file = b"\x89HDF\r\n\x1a\n".to_vec();
    file.extend(bytes.strip_prefix(&file[..]).unwrap_or(bytes));
    events::read("events.h5", &file);
});
