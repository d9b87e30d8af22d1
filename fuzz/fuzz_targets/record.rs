//! Any bytes as a record: a record, a torn one or a foreign one, never a panic; and what is read from its beginning is what
//! the whole says.
#![no_main]

use drapes_analysis::store::Header;
use drapes_analysis::store::record::TaskRecord;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let header = Header::of_line(bytes);
    if let Ok(record) = serde_json::from_slice::<TaskRecord>(bytes) {
        let line = record.to_line();
        let again = Header::of_line(&line).expect("a record has a header");
        assert_eq!((again.id, again.fingerprint), (record.id, record.fingerprint));
    } else if let Some(header) = header {
        // The beginning of a record whose end is damaged.
        assert!(header.failed.is_none());
    }
});
