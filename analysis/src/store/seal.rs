//! The digest at the end of a record's line, by which wrong bytes inside are noticed.
//!
//! ```text
//! {"id":"fit/a",...,"outcome":{...},"digest":"0123456789abcdef"}
//! ```
//!
//! It is of everything before it, so that a record is still one line of JSON and its beginning is read as cheaply as before.

use sha2::{Digest, Sha256};

/// The bytes before the digest.
const MARK: &[u8] = b",\"digest\":\"";
/// The bytes behind it: the closing quote and the end of the record.
const END: &[u8] = b"\"}";
/// Bytes of SHA-256 that are kept: wrong bytes pass once in 2⁶⁴ times.
const KEPT: usize = 8;

/// Whether the digest at the end of a record fits its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// It fits.
    Intact,
    /// The record has no digest: it was written by an earlier version.
    Absent,
    /// It does not fit: the content or the digest is damaged.
    Broken,
}

impl Seal {
    /// Compares the digest of a record's line, with or without its newline, with its content.
    pub fn of(line: &[u8]) -> Self {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        // A record without digest ends with the braces of its outcome and its own.
        let Some(rest) = line.strip_suffix(END) else { return Self::Absent };
        let Some((body, digest)) = rest.split_at_checked(rest.len().saturating_sub(2 * KEPT)) else {
            return Self::Broken;
        };
        match body.strip_suffix(MARK) {
            Some(content) if digest_of(content).as_bytes() == digest => Self::Intact,
            _ => Self::Broken,
        }
    }
}

/// The line of a record with its digest: an object of JSON becomes one with a last field.
pub fn sealed(mut object: Vec<u8>) -> Vec<u8> {
    if object.pop() == Some(b'}') {
        let digest = digest_of(&object);
        object.extend([MARK, digest.as_bytes(), END].concat());
    }
    object.push(b'\n');
    object
}

/// The first bytes of the SHA-256 of something, in hexadecimal digits.
pub fn digest_of(content: &[u8]) -> String {
    hex::encode(&Sha256::digest(content)[..KEPT])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_that_is_wrong_breaks_the_seal() {
        let line = sealed(b"{\"id\":\"fit/a\",\"outcome\":{\"done\":{\"fit\":7}}}".to_vec());
        assert_eq!(Seal::of(&line), Seal::Intact);
        assert_eq!(Seal::of(line.trim_ascii_end()), Seal::Intact);
        assert!(serde_json::from_slice::<serde_json::Value>(&line).is_ok());
        for bit in 0..8 * (line.len() - 1) {
            let mut copy = line.clone();
            copy[bit / 8] ^= 1 << (bit % 8);
            let is_noticed = match Seal::of(&copy) {
                Seal::Broken => true,
                // The closing quote or brace is no longer there.
                Seal::Absent => serde_json::from_slice::<serde_json::Value>(&copy).is_err(),
                Seal::Intact => false,
            };
            assert!(is_noticed, "bit {bit}: {}", String::from_utf8_lossy(&copy));
        }
    }

    #[test]
    fn what_an_earlier_revision_wrote_has_no_seal() {
        assert_eq!(Seal::of(b"{\"id\":\"a\",\"outcome\":{\"failed\":{\"reason\":\"no\"}}}\n"), Seal::Absent);
        assert_eq!(Seal::of(b""), Seal::Absent);
        assert_eq!(Seal::of(b"\"}"), Seal::Broken);
    }
}
