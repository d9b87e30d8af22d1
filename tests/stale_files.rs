//! A file server that answers "stale file handle" or "input/output error" to the first looks: nothing is made again.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::launcher::Mpi;
use support::{answer, arrays, directory, drapes, records, small_job, write};

/// Opens of finished arrays fail so many times, for all processes together: each takes a byte of a file away.
const SERVER: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(const char *path, int flags) {
    const char *wanted = getenv("STALE_PATH"), *left = getenv("STALE_LEFT"), *number = getenv("STALE_ERRNO");
    if (!wanted || !left || !number || !strstr(path, wanted) || (flags & O_ACCMODE) != O_RDONLY) return 0;
    size_t length = strlen(path);
    if (length < 3 || strcmp(path + length - 3, ".h5")) return 0;
    char taken[4096];
    for (int count = 0; count < 3; count++) {
        snprintf(taken, sizeof taken, "%s/%d", left, count);
        if (unlink(taken) == 0) { errno = atoi(number); return 1; }
    }
    return 0;
}

#define OPEN(name)                                                        \
    int name(const char *path, int flags, ...) {                          \
        static int (*real)(const char *, int, ...);                       \
        if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        va_list list; va_start(list, flags); int mode = va_arg(list, int); va_end(list); \
        if (fails(path, flags)) return -1;                                \
        return real(path, flags, mode);                                   \
    }
OPEN(open)
OPEN(open64)
"#;

/// The library that stands between programs and their files; none where there is no C compiler.
fn server(place: &Path) -> Option<PathBuf> {
    let (source, library) = (write(place, "server.c", SERVER), place.join("server.so"));
    let made =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no C compiler to make a bad file server with");
        return None;
    }
    Some(library)
}

#[test]
fn a_read_error_that_passes_makes_nothing_again() {
    let place = directory();
    let Some(library) = server(place.path()) else { return };
    let job = small_job(place.path(), "");
    let alone = place.path().join("alone");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&alone));
    // Stale file handle, input/output error.
    for number in ["116", "5"] {
        let (out, left) =
            (place.path().join(format!("out{number}")), place.path().join(format!("left{number}")));
        fs::create_dir(&left).expect("a folder");
        (0..3).for_each(|count| fs::write(left.join(count.to_string()), "").expect("room"));
        let mut command = Mpi::Open.launch(2, Mpi::Open.program());
        command.args(["run"]).arg(&job).arg("--out").arg(&out).env("LD_PRELOAD", &library);
        command.env("STALE_PATH", "/tasks/train/").env("STALE_LEFT", &left).env("STALE_ERRNO", number);
        let output = command.output().expect("a launcher");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{number}: {told}");
        let rest = fs::read_dir(&left).expect("a folder").count();
        assert_eq!(rest, 0, "the arrays were not looked at: {told}");
        assert!(!told.contains("is done again") && !told.contains("failed"), "{number}: {told}");
        for id in ["train/denoiser-s0-w2800-6000", "train/denoiser-s500-w2800-6000"] {
            assert_eq!(told.matches(&format!("{id}: done in")).count(), 1, "{number}: {told}");
        }
        assert_eq!((records(&out), arrays(&out)), (records(&alone), arrays(&alone)), "{number}");
    }
}
