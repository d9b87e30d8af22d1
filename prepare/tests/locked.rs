//! A file that another program has open. The only test here: programs that other threads start would inherit the lock.

mod support;

use std::fs;
use std::path::Path;

use support::{answer, folder, prepare, refusal, sample};

#[test]
fn a_file_that_another_program_writes_is_not_called_damaged() {
    let place = folder();
    let (raw, out) = (place.path().join("raw.h5"), place.path().join("out.h5"));
    fs::copy(sample(), &raw).expect("a copy");
    let refused = |locked: &Path| {
        // As long as it is open for writing.
        let file = hdf5::File::open_rw(locked).expect("a file");
        let (code, message) = refusal(prepare().arg(&raw).arg("--out").arg(&out));
        drop(file);
        assert!(code == 3 && message.contains("another program writes it"), "{message}");
    };
    refused(&raw);
    answer(prepare().arg(&raw).arg("--out").arg(&out));
    refused(&out);
    assert!(out.exists());
}
