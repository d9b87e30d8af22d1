//! Compiles the bridge to FastJet and says where FastJet lies.

use std::env;
use std::process::{Command, exit};

fn main() {
    println!("cargo:rerun-if-changed=src/fastjet/bridge.cpp");
    println!("cargo:rerun-if-changed=src/fastjet/bridge.hpp");
    println!("cargo:rerun-if-env-changed=FASTJET_CONFIG");
    let include = ask("--cxxflags");
    let mut build = cxx_build::bridge("src/fastjet/mod.rs");
    build.file("src/fastjet/bridge.cpp").std("c++17");
    for folder in include.split_whitespace().filter_map(|flag| flag.strip_prefix("-I")) {
        build.include(folder);
    }
    build.compile("drapes-fastjet-bridge");
    for folder in ask("--libs").split_whitespace().filter_map(|flag| flag.strip_prefix("-L")) {
        println!("cargo:rustc-link-search=native={folder}");
        // Where the system's own libraries lie, the loader looks anyway.
        if !folder.starts_with("/usr/lib") {
            println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
        }
    }
    // The core alone: no plugin and none of the tools is used.
    println!("cargo:rustc-link-lib=fastjet");
}

/// What FastJet's own script says; `FASTJET_CONFIG` names a script that is not in the path.
fn ask(question: &str) -> String {
    let script = env::var("FASTJET_CONFIG").unwrap_or_else(|_| "fastjet-config".to_owned());
    match Command::new(&script).arg(question).output() {
        Ok(answer) if answer.status.success() => String::from_utf8_lossy(&answer.stdout).into_owned(),
        _ => {
            eprintln!(
                "cannot run {script} (drapes-prepare finds jets with FastJet) install it with `apt-get install \
                 libfastjet-dev` or `PREPARE=1 make setup`, or set FASTJET_CONFIG to the script of another FastJet"
            );
            exit(1)
        }
    }
}
