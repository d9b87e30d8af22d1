//! A Python with packages from PyPI, for the tests of what other programs read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the tests need, at versions that were tried; all from PyPI.
const PACKAGES: [&str; 8] = [
    "pandas",
    "h5py",
    "matplotlib",
    "uhi[schema]==1.2.1",
    "hepdata-validator==0.3.6",
    "scipy==1.17.1",
    "pyhf==0.7.6",
    "iminuit==2.33.0",
];

/// How pip says that it reaches nobody.
const UNREACHED: [&str; 6] = [
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "Connection refused",
    "Network is unreachable",
    "ProxyError",
];

/// A Python in which the packages are, made once below this folder.
///
/// # Errors
/// The reason why there can be none here: no Python, or PyPI is not reached.
///
/// # Panics
/// PyPI is reached, and does not give the packages.
pub fn python(folder: &Path) -> Result<PathBuf, String> {
    let environment = folder.join("python");
    fs::create_dir_all(&environment).expect("room");
    // Tests run beside each other, and one makes it for all.
    let lock = File::create(environment.join("lock")).expect("room");
    lock.lock().expect("a lock");
    let (ready, python) = (environment.join("ready"), environment.join("venv/bin/python"));
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&ready).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    let _ = fs::remove_dir_all(environment.join("venv"));
    run(Command::new("python3").args(["-m", "venv"]).arg(environment.join("venv")))
        .map_err(|reason| format!("no Python with venv here: {reason}"))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]);
    if let Err(reason) = run(pip.args(["--timeout", "10"]).args(PACKAGES)) {
        let unreached = UNREACHED.iter().any(|words| reason.contains(words));
        assert!(unreached, "pip cannot install {PACKAGES:?}: {reason}");
        return Err("PyPI is not reached".to_owned());
    }
    fs::write(&ready, wanted).expect("room");
    Ok(python)
}

/// Runs a program that should end well.
///
/// # Errors
/// What it says where it does not.
pub fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    if output.status.success() { Ok(said) } else { Err(said) }
}
