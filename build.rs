//! Tells the linker where libtorch lies, so that the program starts without `LD_LIBRARY_PATH`, and the program
//! which revision it is.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Calls of libtorch that tch does not have, those of its CUDA half with what they throw caught.
    let shims = ["src/device/recording/calls.cpp", "src/device/kernels.cpp", "src/nn/layer_norm.cpp"];
    for shim in shims {
        println!("cargo::rerun-if-changed={shim}");
    }
    cc::Build::new().cpp(true).std("c++17").files(shims).compile("drapes_shims");
    // torch-sys reports the folder that it links against.
    // An installed program finds it from its own place, with whatever has become of the folder of the build.
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/../lib/drapes/torch/lib");
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
    // Results name the revision that made them.
    // HEAD changes with the branch, its log with every commit, the index with what is added.
    for file in [".git/HEAD", ".git/logs/HEAD", ".git/index", "src", "analysis/src", "draw/src"] {
        if std::path::Path::new(file).exists() {
            println!("cargo::rerun-if-changed={file}");
        }
    }
    // `describe --dirty` would write the index that it reads, and the next build would do all of this again.
    let revision = git(&["describe", "--always", "--abbrev=12"]).unwrap_or_else(|| "unknown".to_owned());
    let changed = git(&["--no-optional-locks", "status", "--porcelain", "--untracked-files=no"]);
    let dirty = if changed.is_some_and(|changed| !changed.is_empty()) { "-dirty" } else { "" };
    println!("cargo::rustc-env=DRAPES_REVISION={revision}{dirty}");
}

/// What git answers; nothing where there is no git, or no repository.
fn git(words: &[&str]) -> Option<String> {
    let answer = std::process::Command::new("git").args(words).output().ok()?;
    let text = answer.status.success().then(|| String::from_utf8(answer.stdout).ok())??;
    Some(text.trim().to_owned())
}
