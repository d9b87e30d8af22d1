//! Tells the linker where libtorch lies, so that the program starts without `LD_LIBRARY_PATH`, and the program
//! which revision it is.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Calls of libtorch that tch does not have, those of its CUDA half with what they throw caught.
    let shims = ["src/device/recording/calls.cpp", "src/device/kernels.cpp"];
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
    let git =
        std::process::Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
    let revision =
        git.ok().filter(|git| git.status.success()).and_then(|git| String::from_utf8(git.stdout).ok());
    println!("cargo::rustc-env=DRAPES_REVISION={}", revision.as_deref().unwrap_or("unknown").trim());
}
