//! Whether results can be stored: what records, locks and arrays ask of a file system.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::device::free_bytes;

/// Less free space than this is worth a word.
const LITTLE: f64 = 1e9;

/// Tries everything that a run does with its directory.
pub fn directory(out: &Path) -> Vec<Finding> {
    let out = nearest(out);
    let shown = out.display();
    let probe = out.join(format!(".drapes-doctor-{}", std::process::id()));
    let tried = try_all(&probe);
    let _ = fs::remove_dir_all(&probe);
    let mut findings = Vec::new();
    match tried {
        Err((what, error)) => {
            let remedy =
                "name another directory with --out, on a file system of the site's that all nodes share";
            findings.push(Finding::fail("directory", format!("{shown}: cannot {what} ({error})"), remedy));
        }
        Ok(false) => findings.push(Finding::fail(
            "directory",
            format!("{shown}: HDF5 cannot lock files there"),
            "export HDF5_USE_FILE_LOCKING=FALSE, or name another directory with --out",
        )),
        Ok(true) => findings.push(Finding::ok("directory", format!("{shown} can be written"))),
    }
    if let Some(free) = free_bytes(&out) {
        let found = format!("{:.1} GB free in {shown}", free / 1e9);
        findings.push(if free < LITTLE {
            Finding::warn("space", found, "`drapes plan JOB` says what a job needs")
        } else {
            Finding::ok("space", found)
        });
    }
    findings
}

/// The directory, or the nearest above it that is there.
fn nearest(out: &Path) -> PathBuf {
    let there = out.ancestors().find(|folder| folder.is_dir() && !folder.as_os_str().is_empty());
    there.map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Whether HDF5 works there, or what else does not.
fn try_all(probe: &Path) -> Result<bool, (&'static str, std::io::Error)> {
    let step = |what: &'static str| move |error| (what, error);
    fs::create_dir_all(probe).map_err(step("create a folder"))?;
    let (part, whole, link) = (probe.join("a.part"), probe.join("a"), probe.join("b"));
    let mut file = File::create(&part).map_err(step("create a file"))?;
    file.write_all(b"drapes").map_err(step("write a file"))?;
    file.sync_all().map_err(step("wait for the disk"))?;
    fs::rename(&part, &whole).map_err(step("rename a file"))?;
    fs::hard_link(&whole, &link).map_err(step("link a file, which tells two runs apart"))?;
    let arrays = hdf5::File::create(probe.join("a.h5"));
    Ok(arrays.and_then(hdf5::File::close).is_ok())
}
