//! Compiles the shim, with the headers of libtorch where torch-sys finds them.

fn main() {
    println!("cargo::rerun-if-changed=src/operators.cpp");
    println!("cargo::rerun-if-env-changed=LIBTORCH_INCLUDE");
    println!("cargo::rerun-if-env-changed=LIBTORCH_CXX11_ABI");
    let abi = std::env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".to_owned());
    let include = std::env::var("LIBTORCH_INCLUDE").map_or_else(
        |_| std::env::var("DEP_TCH_LIBTORCH_LIB").map(|lib| format!("{lib}/../include")),
        |folder| Ok(format!("{folder}/include")),
    );
    let mut shim = cc::Build::new();
    shim.cpp(true).std("c++17").file("src/operators.cpp").flag(format!("-D_GLIBCXX_USE_CXX11_ABI={abi}"));
    // As libtorch was compiled: its objects have other members without it.
    shim.define("NDEBUG", None);
    if let Ok(include) = include {
        // Not ours, so that nothing is said of them.
        shim.flag("-isystem").flag(include);
    }
    shim.compile("drapes_operators");
    // Tests of this crate run from anywhere.
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
