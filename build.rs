//! Tells the linker where libtorch lies, so that the program starts without `LD_LIBRARY_PATH`, and the program
//! which revision it is.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Calls of libtorch that tch does not have, those of its CUDA half with what they throw caught.
    let shims = ["src/device/recording/calls.cpp", "src/device/kernels.cpp", "src/device/operators.cpp"];
    for shim in shims {
        println!("cargo::rerun-if-changed={shim}");
    }
    // The last one has libtorch's own headers, found as torch-sys finds them.
    println!("cargo::rerun-if-env-changed=LIBTORCH_INCLUDE");
    println!("cargo::rerun-if-env-changed=LIBTORCH_CXX11_ABI");
    let abi = std::env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".to_owned());
    let include = std::env::var("LIBTORCH_INCLUDE").map_or_else(
        |_| std::env::var("DEP_TCH_LIBTORCH_LIB").map(|lib| format!("{lib}/../include")),
        |folder| Ok(format!("{folder}/include")),
    );
    let mut shims_build = cc::Build::new();
    shims_build.cpp(true).std("c++17").files(shims).flag(format!("-D_GLIBCXX_USE_CXX11_ABI={abi}"));
    // As libtorch was compiled: its objects have other members without it.
    shims_build.define("NDEBUG", None);
    if let Ok(include) = include {
        // Not ours, so that nothing is said of them.
        shims_build.flag("-isystem").flag(include);
    }
    shims_build.compile("drapes_shims");
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
