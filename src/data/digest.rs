//! Digests of files, by which a result knows whether it was made from the same data.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use drapes_analysis::plan::fingerprint::InputFile;
use sha2::{Digest, Sha256};

use super::error::DataError;
use super::place::check_place;

/// The SHA-256 of a file's bytes; `name` is what the job calls the file.
///
/// # Errors
/// The file is missing, is no file, or cannot be read.
pub fn digest(path: &Path, name: &str) -> Result<InputFile, DataError> {
    let cannot_read = |source| DataError::CannotRead { path: path.to_owned(), source };
    check_place(path)?;
    let mut file = File::open(path).map_err(cannot_read)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer).map_err(cannot_read)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        bytes += count as u64;
    }
    let mut sha256 = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(InputFile { name: name.to_owned(), sha256, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_of_three_letters() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("abc.txt");
        std::fs::write(&path, "abc").expect("a writable folder");
        let file = digest(&path, "letters").expect("a readable file");
        assert_eq!((file.name.as_str(), file.bytes), ("letters", 3));
        // The example of FIPS 180-4.
        assert_eq!(file.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = digest(Path::new("nowhere.h5"), "x").expect_err("there is no such file").to_string();
        assert!(message.starts_with("cannot read nowhere.h5 (No such file or directory"), "{message}");
    }
}
