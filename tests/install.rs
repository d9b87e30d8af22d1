//! Installed programs: they run from where they are, with nothing of the checkout.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{answer, directory, refusal, small_job};

/// A folder with the program alone: others that lie beside it may be of earlier builds.
fn built(place: &Path) -> PathBuf {
    let folder = place.join("built");
    fs::create_dir(&folder).expect("room");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_drapes"), folder.join("drapes")).expect("room");
    folder
}

fn install(built: &Path, prefix: &str) -> Command {
    let mut install = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("setup/install.sh"));
    install.arg(built).env("PREFIX", prefix).env_remove("DESTDIR");
    install
}

#[test]
fn an_installed_program_finds_its_libraries_from_its_own_place() {
    let place = directory();
    let prefix = place.path().join("a prefix");
    let built = built(place.path());
    let text = answer(&mut install(&built, &prefix.display().to_string()));
    assert!(text.contains("install: drapes 0.") && text.contains("is not on PATH"), "{text}");
    // As a whole it may go elsewhere.
    let moved = place.path().join("moved");
    fs::rename(&prefix, &moved).expect("room");
    let drapes = |arguments: &[&str]| {
        let mut drapes = Command::new(moved.join("bin/drapes"));
        drapes.args(arguments).env_remove("LD_LIBRARY_PATH").env_remove("LIBTORCH").current_dir(place.path());
        drapes
    };
    let found = answer(&mut drapes(&["doctor", "--device", "cpu"]));
    let expected = format!("2.11.0 in {}", moved.join("lib/drapes/torch/lib/libtorch_cpu.so").display());
    assert!(found.replace("a prefix", "moved").contains(&expected), "{expected}:\n{found}");
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    answer(drapes(&["run", "--ranks", "2", "--out"]).arg(&out).arg(&job));
    for file in [
        "share/bash-completion/completions/drapes",
        "share/zsh/site-functions/_drapes",
        "share/fish/vendor_completions.d/drapes.fish",
        "share/man/man1/drapes.1",
        "share/man/man1/drapes-run.1",
        "share/man/man1/drapes-stop.1",
    ] {
        assert!(fs::metadata(moved.join(file)).is_ok_and(|file| file.len() > 100), "{file}");
    }
}

#[test]
fn what_cannot_be_installed_is_told() {
    let place = directory();
    let built = built(place.path());
    let (code, message) = refusal(&mut install(place.path(), "/nowhere"));
    assert!(code == 3 && message.contains("holds no drapes (it was not built)"), "{message}");
    let (code, message) = refusal(&mut install(&built, "here"));
    assert!(code == 3 && message.contains("is not a whole path"), "{message}");
    let (code, message) = refusal(install(&built, "/nowhere").env("LIBTORCH", place.path()));
    assert!(code == 3 && message.contains("holds no libtorch"), "{message}");
}
