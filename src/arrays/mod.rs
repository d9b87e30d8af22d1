//! The arrays of a task on disk: weights of networks, events of templates. Tensors and tables come in, HDF5 files go out and back.
//!
//! Written beside their final name, waited for, and renamed: a file that is there is whole. The record of the
//! task follows only after that. What is wrong in it later, its checksums show when it is read.

mod columns;
mod fault;
mod folded;
mod layout;
mod reader;
mod retries;
mod writer;

use std::path::Path;

use drapes_analysis::error::remedy::against_refused_writing;
use rustix::fs::{Access, access};

use crate::device::free_bytes;
use crate::error::Error;

pub use columns::{Column, SCHEMA};
pub use fault::Fault;
pub use folded::{Copied, IfDamaged, check_folded, fold};
pub use reader::ArrayReader;
pub use retries::{AfterWait, Retries};
pub use writer::ArrayWriter;

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Arrays {
        action: "write",
        path: path.to_owned(),
        reason: format!("{}{}", first_line(error), free_space(path)),
        advice: path.parent().and_then(refusal).map_or("free space there", |no| against_refused_writing(&no)),
    }
}

/// Why a folder may not be written, which HDF5 says in its own way; none where it may be.
fn refusal(folder: &Path) -> Option<std::io::Error> {
    access(folder, Access::WRITE_OK).err().map(Into::into)
}

/// The error that arrays in a file, or in a group of it, cannot be read, with the reason.
fn cannot_read(path: &Path, file: &Path, error: &dyn std::fmt::Display) -> Error {
    let fault = Fault::of(file);
    Error::Arrays {
        action: "read",
        path: path.to_owned(),
        reason: fault.reason(first_line(error)),
        advice: fault.advice(),
    }
}

/// What HDF5 does not say: whether the disk is full.
fn free_space(path: &Path) -> String {
    let free = path.parent().and_then(free_bytes);
    free.map_or(String::new(), |free| format!("; free space there: {:.2} MB", free / 1e6))
}

/// HDF5 appends its whole stack of calls.
fn first_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
