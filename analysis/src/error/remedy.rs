//! What helps where the system refuses to write.

use std::io;

/// What to do about a refusal to write: a full disk wants space, a folder that may not be written wants permission, and
/// nothing is won by freeing space for it.
pub fn against_refused_writing(refusal: &io::Error) -> &'static str {
    use io::ErrorKind::{NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match refusal.kind() {
        StorageFull | QuotaExceeded => "free space there",
        PermissionDenied => "ask for permission to write there",
        ReadOnlyFilesystem => "have that file system mounted for writing",
        NotADirectory => "check the path",
        _ => "check that file system",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_the_advice_that_helps() {
        let advice = |errno| against_refused_writing(&io::Error::from_raw_os_error(errno));
        for (errno, word) in
            [(28, "free space"), (122, "free space"), (13, "permission"), (30, "mounted for writing")]
        {
            assert!(advice(errno).contains(word), "{errno}: {}", advice(errno));
        }
        assert!(!advice(5).contains("space"), "{}", advice(5));
    }
}
