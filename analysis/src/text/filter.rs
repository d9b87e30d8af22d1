//! Filters of HDF5 files by name, for messages about files whose compression the library cannot undo.

use std::fmt;

/// The registered number of an HDF5 filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterId(pub i32);

impl FilterId {
    /// What the filter is called, if it is one that files of this field use.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "gzip",
            2 => "shuffle",
            3 => "Fletcher-32",
            4 => "SZIP",
            5 => "N-bit",
            6 => "scale-offset",
            307 => "bzip2",
            32000 => "LZF",
            32001 => "Blosc",
            32004 => "LZ4",
            32008 => "bitshuffle",
            32013 => "ZFP",
            32015 => "Zstandard",
            32026 => "Blosc2",
            _ => return None,
        })
    }
}

impl fmt::Display for FilterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "filter {}, {name}", self.0),
            None => write!(f, "filter {}", self.0),
        }
    }
}
